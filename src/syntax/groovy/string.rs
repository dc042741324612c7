//! The strings of Groovy: `'…'`, `"…"`, three of either, `/…/`, `$/…/$`.

use std::ops::Range;

use super::Text;

/// The longest `${…}` in a string and the longest string between slashes, in bytes.
const LONGEST: usize = 512;

pub(super) struct Literal {
    pub(super) text: Text,
    /// What stands between the quotes.
    pub(super) inner: Range<usize>,
    pub(super) end: usize,
    pub(super) interpolates: bool,
}

/// Reads the string that begins at a byte. What nobody closes ends with its line, or with the file where it may have lines.
pub(super) fn read(bytes: &[u8], start: usize) -> Literal {
    let rest = &bytes[start..];
    let (open, close): (usize, &[u8]) = match rest {
        [b'\'', b'\'', b'\'', ..] => (3, b"'''"),
        [b'"', b'"', b'"', ..] => (3, b"\"\"\""),
        [b'$', b'/', ..] => (2, b"/$"),
        [b'\'', ..] => (1, b"'"),
        [b'"', ..] => (1, b"\""),
        _ => (1, b"/"),
    };
    let (interpolates, escapes) = (close[0] != b'\'', close[0] != b'/');
    let (mut at, mut text) = (start + open, Text::at(start + open));
    while at < bytes.len() && !bytes[at..].starts_with(close) {
        match bytes[at] {
            b'\n' if close.len() == 1 => break,
            b'\\' if escapes => at += escape(bytes, at, &mut text),
            b'\\' if bytes.get(at + 1) == Some(&b'/') && close == b"/" => {
                text.copy(b"/", at + 1);
                at += 2;
            }
            b'$' if interpolates => {
                let end = expression(bytes, at).unwrap_or(at + 1);
                text.copy(&bytes[at..end], at);
                at = end;
            }
            _ => {
                let plain = bytes[at + 1..].iter().position(|it| b"'\"/$\\\n".contains(it));
                let end = plain.map_or(bytes.len(), |it| at + 1 + it);
                text.copy(&bytes[at..end], at);
                at = end;
            }
        }
    }
    let inner = start + open..at;
    let end = if bytes[at..].starts_with(close) { at + close.len() } else { at };
    Literal { text, inner, end, interpolates }
}

/// The end of a string between slashes that begins here, if it is one.
pub(super) fn slashed(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..bytes.len().min(start + LONGEST)];
    if rest.starts_with(b"$/") {
        return memchr::memmem::find(&rest[2..], b"/$").map(|it| start + it + 4);
    }
    let line = &rest[1..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let is = rest[0] == b'/' && line.first().is_some_and(|it| !b" /*=".contains(it));
    is.then(|| memchr::memchr(b'/', line)).flatten().map(|it| start + it + 2)
}

/// Reads a backslash and what it changes; answers how long that is.
fn escape(bytes: &[u8], at: usize, text: &mut Text) -> usize {
    let meaning = match bytes.get(at + 1) {
        Some(b'n') => b"\n",
        Some(b't') => b"\t",
        Some(b'r') => b"\r",
        Some(b'b') => b"\x08",
        Some(b'f') => b"\x0c",
        Some(b'\n') => return 2,
        Some(b'u') => {
            let digits = bytes.get(at + 2..at + 6).and_then(|it| std::str::from_utf8(it).ok());
            let code = digits.and_then(|it| u32::from_str_radix(it, 16).ok());
            let Some(meaning) = code.and_then(char::from_u32) else {
                text.copy(b"u", at + 1);
                return 2;
            };
            text.decode(meaning.to_string().as_bytes(), at..at + 6);
            return 6;
        }
        Some(_) => {
            text.copy(&bytes[at + 1..at + 2], at + 1);
            return 2;
        }
        None => {
            text.copy(b"\\", at);
            return 1;
        }
    };
    text.decode(meaning, at..at + 2);
    2
}

/// The end of `${…}`, through the strings and braces in it.
fn expression(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = &bytes[start..bytes.len().min(start + LONGEST)];
    if !rest.starts_with(b"${") {
        return None;
    }
    let (mut depth, mut quote) = (0_usize, None);
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match (quote, *byte) {
            (Some(it), byte) if it == byte => quote = None,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth == 1 => return Some(start + at + 1),
            (None, b'}') => depth -= 1,
            (None, b'\n') => return None,
            (Some(_) | None, _) => {}
        }
    }
    None
}
