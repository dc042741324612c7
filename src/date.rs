//! A day of the calendar, as policies write it. The clock is not read here: today is always given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::yaml_file;

/// A day from 0001-01-01 to 9999-12-31, ordered as days are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `2027-01-31`, and nothing that only looks like it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape =
            |(i, b): (usize, &u8)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() };
        if bytes.len() != 10 || !bytes.iter().enumerate().all(shape) {
            return None;
        }
        let date = Self {
            year: text[..4].parse().ok()?,
            month: text[5..7].parse().ok()?,
            day: text[8..].parse().ok()?,
        };
        let real = date.year > 0 && (1..=12).contains(&date.month) && date.day > 0;
        (real && date.day <= date.days_of_month()).then_some(date)
    }

    /// The day of a moment in seconds since 1970, in UTC: a policy ends at the same moment for everyone.
    pub fn of_unix(seconds: u64) -> Option<Self> {
        let epoch = Self { year: 1970, month: 1, day: 1 };
        epoch.plus(u32::try_from(seconds / 86_400).ok()?)
    }

    /// So many days later.
    pub fn plus(self, days: u32) -> Option<Self> {
        Self::of_number(self.number() + i64::from(days))
    }

    /// Days from `earlier` to this one; negative if it is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.number() - earlier.number()
    }

    // A year that begins in March has its leap day at the end, and its months' lengths follow one line:
    // <https://howardhinnant.github.io/date_algorithms.html>.

    /// Days since the first of March of the year 0.
    fn number(self) -> i64 {
        let (month, early) = (i64::from(self.month), self.month <= 2);
        let year = i64::from(self.year) - i64::from(early);
        let of_year =
            (153 * (month + if early { 9 } else { -3 }) + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year / 4 - year / 100 + year / 400 + of_year
    }

    fn of_number(days: i64) -> Option<Self> {
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let date = Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        };
        (date.year <= 9999).then_some(date)
    }

    fn days_of_month(self) -> u8 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = Self::parse(text);
        date.ok_or_else(|| format!("`{text}` is no date: write it like 2027-01-31"))
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        yaml_file::parsed(from, "a date like 2027-01-31")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        let first = Date::parse("1999-12-25").unwrap();
        let mut last = first;
        for n in 1..=1500 {
            let date = first.plus(n).unwrap();
            assert_eq!(date.days_since(last), 1, "{last} {date}");
            assert_eq!(Date::parse(&date.to_string()), Some(date));
            last = date;
        }
        assert_eq!(last.to_string(), "2004-02-02");
        assert_eq!(Date::of_unix(1_795_478_400).unwrap().to_string(), "2026-11-24");
        assert_eq!(Date::of_unix(u64::MAX), None);
    }

    #[test]
    fn what_only_looks_like_a_date_is_none() {
        for text in [
            "2027-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "2026-01-32",
            "+026-01-01",
            "0000-01-01",
            "2026-01-01 ",
            "20é6-01-1",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2024-02-29").is_some());
    }
}
