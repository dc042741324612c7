//! Who and when, as commits and tags write it: `Name <address> seconds zone`.

/// A person and a moment.
pub(super) struct Person<'p> {
    /// Name and address.
    pub(super) name: &'p [u8],
    /// Seconds since 1970.
    pub(super) when: i64,
    /// Minutes east of Greenwich.
    zone: i64,
}

pub(super) fn parse(line: &[u8]) -> Option<Person<'_>> {
    let end = memchr::memrchr(b'>', line)? + 1;
    let mut moment = str::from_utf8(&line[end..]).ok()?.split_ascii_whitespace();
    let when = moment.next()?.parse().ok()?;
    let zone: i64 = moment.next().and_then(|it| it.parse().ok()).unwrap_or(0);
    let zone = zone / 100 * 60 + zone % 100;
    // No place on earth is further from Greenwich than this.
    Some(Person { name: &line[..end], when, zone: if zone.abs() < 24 * 60 { zone } else { 0 } })
}

impl Person<'_> {
    /// The moment as ISO 8601 writes it, in the person's own zone.
    pub(super) fn date(&self) -> String {
        const DAY: i64 = 24 * 60 * 60;
        // The years that such dates can have, whatever a damaged object says.
        let local = self.when.clamp(-62_000_000_000, 250_000_000_000) + self.zone * 60;
        let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let sign = if self.zone < 0 { '-' } else { '+' };
        let (east, past) = (self.zone.abs() / 60, self.zone.abs() % 60);
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{east:02}:{past:02}"
        )
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar: years begin in March, so that a leap day ends one.
fn civil(days: i64) -> (i64, i64, i64) {
    const FOUR_CENTURIES: i64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(FOUR_CENTURIES), days.rem_euclid(FOUR_CENTURIES));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (month, day) = ((month + 2) % 12 + 1, day - (153 * month + 2) / 5 + 1);
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_its_own_zone() {
        for (line, date) in [
            ("A <a@b> 0 +0000", "1970-01-01T00:00:00+00:00"),
            ("A <a@b> 951782400 +0000", "2000-02-29T00:00:00+00:00"),
            ("A <a@b> 1735689599 -0330", "2024-12-31T20:29:59-03:30"),
            ("A <a@b> 1735689599 +0100", "2025-01-01T00:59:59+01:00"),
            ("A <a@b> -1 +0000", "1969-12-31T23:59:59+00:00"),
            ("A <a@b> 1 +9999", "1970-01-01T00:00:01+00:00"),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap().date(), date, "{line}");
        }
        assert!(parse(b"nobody").is_none());
        assert!(parse(b"A <a@b> soon").is_none());
    }
}
