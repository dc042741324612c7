//! Reads text as the program that owns it would: through percent, backslash and character-reference escapes, and
//! across the joints of a literal that was split.

use std::ops::Range;

use super::Encoding;
use super::family::Prefix;
use crate::lazy::LazyRegex;

/// The longest body that is read; what goes on beyond it is no token.
const LONGEST_RUN: usize = 96;
/// The longest joint between two pieces of a literal, in bytes.
const LONGEST_JOINT: usize = 200;
/// How far to the left an escape that ends just before a token can begin, in bytes.
const LEFT_CONTEXT: usize = 24;

/// Between two pieces of one literal.
const JOINT: &str = r#"(?x-u)^(?:
    \\{0,3}["'`] (?:\)\s*\.(?:append|concat|push|join)\(|\s|\+|\.\.?|&|<>|~|\|\||,|[\\`_]\r?\n)* [A-Za-z]{0,2} \\{0,3}["'`]
  | [\\^`]\r?\n[\ \t]* | =\r?\n
)"#;

/// A flag that a token is glued to, as in `curl -uTOKEN:`.
const FLAG_BEFORE: &str = r"(?-u)(?:^|[^A-Za-z0-9_-])-[A-Za-z]$";

/// Emphasis, as in `__TOKEN__`; it must end as it began.
const EMPHASIS_BEFORE: &str = r"(?-u)(?:^|[^A-Za-z0-9_])_{1,3}$";

/// An escape that ends in a letter or digit, and so would look like the beginning of a longer word.
const ESCAPE_BEFORE: &str = r"(?x-u)(?:
    %(?:25)*[0-9A-Fa-f]{2} | \\[abefnrtvz0] | \\x[0-9A-Fa-f]{2} | \\u[0-9A-Fa-f]{4} | \\U[0-9A-Fa-f]{8} | \\[0-7]{3}
  | =(?:3D|20|22|0A)
  | (?: \x1b | \\x1[bB] | \\u001[bB] | \\u\{1[bB]\} | \\e | \\0?33 | \^\[ | \xe2\x90\x9b ) \[ [0-9;:]* m
)$";

/// Whether pieces of a split literal are put together, and up to which length of the body.
#[derive(Clone, Copy)]
pub(super) enum Joins {
    None,
    Until(usize),
}

/// What stands after a prefix: the characters of any token alphabet, and where each of them ends in the source.
pub(super) struct Reading {
    /// Index of the prefix.
    pub(super) prefix: usize,
    prefix_end: usize,
    /// Letters, digits, `-` and `_`, decoded.
    pub(super) run: Vec<u8>,
    ends: Vec<usize>,
    /// The character after the run, decoded.
    pub(super) next: Option<u8>,
    pub(super) encoding: Encoding,
}

impl Reading {
    /// Where the source of the first `len` characters of the body ends.
    pub(super) fn end_of(&self, len: usize) -> usize {
        len.checked_sub(1).map_or(self.prefix_end, |last| self.ends[last])
    }
}

pub(super) struct Reader {
    joint: LazyRegex,
    escape_before: LazyRegex,
    flag_before: LazyRegex,
    emphasis_before: LazyRegex,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            joint: LazyRegex::new(JOINT),
            escape_before: LazyRegex::new(ESCAPE_BEFORE),
            flag_before: LazyRegex::new(FLAG_BEFORE),
            emphasis_before: LazyRegex::new(EMPHASIS_BEFORE),
        }
    }
}

impl Reader {
    /// Whether a word can begin at `at`: nothing of a word stands before it but the end of an escape.
    pub(super) fn begins_word(&self, bytes: &[u8], at: usize) -> bool {
        let before = &bytes[at.saturating_sub(LEFT_CONTEXT)..at];
        if !before.last().is_some_and(|&b| is_word(b)) {
            return true;
        }
        if self.flag_before.is_match(before) {
            return true;
        }
        // `%20` is a space, but `%61` is a letter.
        let escape = self.escape_before.get().find(before);
        escape.and_then(|it| character(it.as_bytes())).is_some_and(|(b, ..)| !is_word(b))
    }

    /// Whether a token with this reading is emphasised, so that an underscore at `at` is no part of a word.
    pub(super) fn is_emphasised(&self, bytes: &[u8], at: usize, reading: &Reading) -> bool {
        let before = &bytes[at.saturating_sub(LEFT_CONTEXT)..at];
        reading.run.last() == Some(&b'_') && self.emphasis_before.is_match(before)
    }

    /// Reads a prefix and the run after it.
    pub(super) fn read(
        &self,
        bytes: &[u8],
        at: usize,
        prefixes: &[Prefix],
        joins: Joins,
    ) -> Option<Reading> {
        let mut cursor = Cursor { reader: self, bytes, at, encoding: Encoding::Plain };
        let join_prefix = matches!(joins, Joins::Until(_));
        let mut text = String::new();
        let prefix = loop {
            text.push(char::from(cursor.next(join_prefix)?));
            if !prefixes.iter().any(|it| it.text.starts_with(&text)) {
                return None;
            }
            if let Some(found) = prefixes.iter().position(|it| *it.text == *text) {
                break found;
            }
        };
        let (prefix_end, mut run, mut ends) = (cursor.at, Vec::new(), Vec::new());
        let mut next = None;
        // A token ends where the next one begins.
        let next_begins =
            |at: usize| prefixes.iter().any(|it| bytes[at..].starts_with(it.text.as_bytes()));
        while run.len() < LONGEST_RUN && !next_begins(cursor.at) {
            let join = matches!(joins, Joins::Until(length) if run.len() < length);
            let before = cursor.encoding;
            match cursor.next(join) {
                Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') => {
                    run.push(b);
                    ends.push(cursor.at);
                }
                // The escape that ends the token is no part of how the token is written.
                other => {
                    cursor.encoding = before;
                    next = other;
                    break;
                }
            }
        }
        Some(Reading { prefix, prefix_end, run, ends, next, encoding: cursor.encoding })
    }
}

struct Cursor<'r> {
    reader: &'r Reader,
    bytes: &'r [u8],
    at: usize,
    encoding: Encoding,
}

impl Cursor<'_> {
    fn next(&mut self, join: bool) -> Option<u8> {
        while join && let Some(joint) = self.joint() {
            self.at = joint.end;
            self.encoding = Encoding::Split;
        }
        let (value, len, encoding) = character(&self.bytes[self.at..])?;
        self.at += len;
        if self.encoding == Encoding::Plain {
            self.encoding = encoding;
        }
        Some(value)
    }

    fn joint(&self) -> Option<Range<usize>> {
        let rest = &self.bytes[self.at..];
        // Only these can begin a joint; asking first keeps the pattern off almost every character.
        if !matches!(rest.first()?, b'"' | b'\'' | b'`' | b'\\' | b'^' | b'=') {
            return None;
        }
        let window = &rest[..rest.len().min(LONGEST_JOINT)];
        self.reader.joint.get().find(window).map(|it| self.at..self.at + it.end())
    }
}

/// The first character of `rest`, the bytes it takes, and how it is written. Any character beyond ASCII is 0x80.
fn character(rest: &[u8]) -> Option<(u8, usize, Encoding)> {
    let plain = (*rest.first()?, 1, Encoding::Plain);
    let escaped = match plain.0 {
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        b'&' => reference(rest),
        _ => None,
    };
    Some(escaped.unwrap_or(plain))
}

/// `%5F`, and the same encoded again: `%255F`.
fn percent(rest: &[u8]) -> Option<(u8, usize, Encoding)> {
    let mut at = 1;
    while rest.get(at..at + 2) == Some(b"25") && number(rest.get(at + 2..at + 4)?, 16).is_some() {
        at += 2;
    }
    let value = number(rest.get(at..at + 2)?, 16)?;
    Some((ascii(value), at + 2, Encoding::Percent))
}

/// `\u005f`, `\u{5f}`, `\U0000005f`, `\x5f`, `\137`, `\n`, Markdown's `\_`; also where the backslash itself is escaped.
fn backslash(rest: &[u8]) -> Option<(u8, usize, Encoding)> {
    let slashes = rest.iter().take(8).take_while(|&&b| b == b'\\').count();
    let tail = &rest[slashes..];
    let digits = |from: usize, len: usize, radix| {
        let value = number(tail.get(from..from + len)?, radix)?;
        Some((ascii(value), slashes + from + len, Encoding::Escaped))
    };
    match tail.first()? {
        b'u' if tail.get(1) == Some(&b'{') => {
            let len = tail.iter().skip(2).take(7).position(|&b| b == b'}')?;
            let (value, end, encoding) = digits(2, len, 16)?;
            Some((value, end + 1, encoding))
        }
        b'u' => digits(1, 4, 16),
        b'U' => digits(1, 8, 16),
        b'x' => digits(1, 2, 16),
        b'0'..=b'3' => digits(0, 3, 8),
        b'n' | b'r' | b't' | b'b' | b'f' => Some((b'\n', slashes + 1, Encoding::Escaped)),
        &b @ (b'_' | b'-') => Some((b, slashes + 1, Encoding::Escaped)),
        _ => None,
    }
}

/// `&#95;` and `&#x5f;`; by name only the underscore, since letters, digits and the dash have none.
fn reference(rest: &[u8]) -> Option<(u8, usize, Encoding)> {
    let end = rest.iter().take(10).position(|&b| b == b';')?;
    let named = rest.get(1..end)?;
    if matches!(named, b"lowbar" | b"UnderBar") {
        return Some((b'_', end + 1, Encoding::Escaped));
    }
    let body = named.strip_prefix(b"#")?;
    let value = match body.strip_prefix(b"x").or(body.strip_prefix(b"X")) {
        Some(digits) => number(digits, 16),
        None => number(body, 10),
    };
    Some((ascii(value?), end + 1, Encoding::Escaped))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let plain = digits.iter().all(u8::is_ascii_alphanumeric);
    plain.then(|| {
        std::str::from_utf8(digits).ok().and_then(|it| u32::from_str_radix(it, radix).ok())
    })?
}

fn ascii(value: u32) -> u8 {
    u8::try_from(value).ok().filter(u8::is_ascii).unwrap_or(0x80)
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
