//! Finds the marker in bytes and reads what stands behind it, to the end of its line.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use crate::date::Date;
use crate::rule::RuleId;
use crate::yaml_file::meant;

/// What every suppression begins with.
const MARKER: &[u8] = b"lynklint:";
/// How much of a line is looked at, before the marker and behind it.
const REACH: usize = 4096;
/// What begins a comment, longer ones first, and what ends it; nothing, where the line does.
const SIGNS: [(&str, &str); 16] = [
    ("{{/*", "*/"),
    ("<%--", "--%>"),
    ("<!--", "-->"),
    ("/**", "*/"),
    ("/*", "*/"),
    ("{#", "#}"),
    ("(*", "*)"),
    ("//!", ""),
    ("//", ""),
    ("--", ""),
    ("rem", ""),
    ("dnl", ""),
    ("#", ""),
    (";", ""),
    ("%", ""),
    ("*", "*/"),
];

/// A suppression where it stands.
pub(super) struct Marker {
    /// From the marker to the end of the reason.
    pub(super) span: Range<usize>,
    /// Whether nothing else stands on its line.
    pub(super) alone: bool,
    pub(super) said: Result<Said, &'static str>,
}

pub(super) struct Said {
    pub(super) rules: Vec<(RuleId, Range<usize>)>,
    pub(super) until: (Date, Range<usize>),
    pub(super) reason: String,
}

/// Every marker behind the sign of a comment whose next word is `allow`, or seems to want to be.
pub(super) fn markers(bytes: &[u8]) -> impl Iterator<Item = Marker> + '_ {
    // What a reason says about suppressions is none.
    let mut past = 0;
    memmem::find_iter(bytes, MARKER).filter_map(move |at| {
        let marker = marker(bytes, at).filter(|_| past <= at)?;
        past = marker.span.end;
        Some(marker)
    })
}

fn marker(bytes: &[u8], at: usize) -> Option<Marker> {
    let from = at.saturating_sub(REACH);
    let start = memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |i| from + i + 1);
    let before = bytes[start..at].trim_ascii_end();
    let (sign, close) = SIGNS.iter().find(|(sign, _)| ends_with(before, sign.as_bytes()))?;
    let rest = at + MARKER.len();
    let to = (rest + REACH).min(bytes.len());
    let end = memchr::memchr(b'\n', &bytes[rest..to]).map_or(to, |i| rest + i);
    let closed = Some(*close).filter(|it| !it.is_empty());
    let closed = closed.and_then(|it| memmem::find(&bytes[rest..end], it.as_bytes()));
    let text_end = closed.map_or(end, |i| rest + i);
    let text_end = rest + bytes[rest..text_end].trim_ascii_end().len();
    let has_word = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_alphanumeric);
    let ahead = &before[..before.len() - sign.len()];
    let behind = closed.map_or(&b""[..], |_| &bytes[text_end..end]);
    // A reason may be in another encoding; what stands before it is ASCII.
    let (text, tail) = readable(&bytes[rest..text_end]);
    Some(Marker {
        span: at..text_end,
        alone: !has_word(ahead) && !has_word(behind),
        said: Reader { text, tail, rest: text, base: rest }.read()?,
    })
}

/// The part of the bytes that is UTF-8, and the rest as far as it can be read.
fn readable(bytes: &[u8]) -> (&str, Cow<'_, str>) {
    let valid = bytes.utf8_chunks().next().map_or("", |it| it.valid());
    (valid, String::from_utf8_lossy(&bytes[valid.len()..]))
}

fn ends_with(bytes: &[u8], sign: &[u8]) -> bool {
    let Some(at) =
        bytes.len().checked_sub(sign.len()).filter(|at| bytes[*at..].eq_ignore_ascii_case(sign))
    else {
        return false;
    };
    // A word must be one: `rem` is no end of `theorem`.
    !sign[0].is_ascii_alphabetic() || bytes[..at].last().is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// Reads the text behind the marker.
struct Reader<'t> {
    text: &'t str,
    /// What follows the text and is not UTF-8 as a whole.
    tail: Cow<'t, str>,
    rest: &'t str,
    /// Where the text begins, in the file.
    base: usize,
}

impl Reader<'_> {
    /// Nothing, if the text speaks of lynklint and not to it.
    fn read(mut self) -> Option<Result<Said, &'static str>> {
        self.rest = self.rest.trim_start();
        let len = self.rest.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let word = self.rest.split_at(len).0.to_ascii_lowercase();
        let called = self.rest[len..].trim_start().starts_with('(');
        match word == "allow" {
            true => self.rest = &self.rest[len..],
            false if called || (!word.is_empty() && !meant(&word, ["allow"]).is_empty()) => {
                return Some(Err("a suppression that is not allow(…)"));
            }
            false => return None,
        }
        Some(self.read_allowance())
    }

    fn read_allowance(&mut self) -> Result<Said, &'static str> {
        let list = self.rest.trim_start().strip_prefix('(');
        let (list, rest) = list.and_then(|it| it.split_once(')')).ok_or("allow without (…)")?;
        let rules = self.rules(list)?;
        let (terms, reason) = rest.split_once("--").ok_or("a suppression without -- reason")?;
        let reason = format!("{reason}{}", self.tail);
        let reason = reason.trim();
        if !reason.bytes().any(|b| b.is_ascii_alphanumeric() || !b.is_ascii()) {
            return Err("a suppression without a reason");
        }
        let terms = terms.trim();
        let until = terms.strip_prefix("until=").ok_or("a suppression without until=DATE")?;
        let date = Date::parse(until).ok_or("a suppression whose until is no date")?;
        Ok(Said { rules, until: (date, self.span(terms)), reason: reason.to_owned() })
    }

    fn rules(&self, list: &str) -> Result<Vec<(RuleId, Range<usize>)>, &'static str> {
        let mut rules: Vec<(RuleId, Range<usize>)> = Vec::new();
        for name in list.split(',').map(str::trim) {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if name.is_empty() || !name.bytes().all(fits) {
                return Err("a suppression without the name of a rule");
            }
            let id = RuleId::new(name);
            if rules.iter().any(|it| it.0 == id) {
                return Err("a suppression that names a rule twice");
            }
            rules.push((id, self.span(name)));
        }
        Ok(rules)
    }

    /// Where a part of the text stands in the file.
    fn span(&self, part: &str) -> Range<usize> {
        let at = self.base + (part.as_ptr() as usize - self.text.as_ptr() as usize);
        at..at + part.len()
    }
}
