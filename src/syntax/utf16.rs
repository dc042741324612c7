//! Text of two bytes for each character, as text that parsers read, and where in the file each part of it stands.

use std::ops::Range;

/// A file in UTF-16, decoded.
pub struct Utf16 {
    text: String,
    /// Runs of characters of one width, side by side in both texts.
    runs: Vec<Run>,
}

/// Characters that take `wide` bytes in the file and `narrow` ones here.
#[derive(Clone, Copy)]
struct Run {
    source: usize,
    here: usize,
    wide: usize,
    narrow: usize,
}

impl Utf16 {
    /// Decodes a file in UTF-16, which a byte order mark tells or the bytes at its beginning. What is no character becomes
    /// `�`.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (unit, mut source): (fn([u8; 2]) -> u16, usize) = match bytes {
            [0xFF, 0xFE, ..] => (u16::from_le_bytes, 2),
            [0xFE, 0xFF, ..] => (u16::from_be_bytes, 2),
            _ => (unmarked(bytes)?, 0),
        };
        let units = bytes[source..].chunks_exact(2).map(|it| unit([it[0], it[1]]));
        let mut decoded = Self { text: String::new(), runs: Vec::new() };
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            let (wide, narrow) = (2 * character.len_utf16(), character.len_utf8());
            let last = decoded.runs.last().map(|it| (it.wide, it.narrow));
            if last != Some((wide, narrow)) {
                decoded.runs.push(Run { source, here: decoded.text.len(), wide, narrow });
            }
            decoded.text.push(character);
            source += wide;
        }
        Some(decoded)
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Where in the file a range of the text stands.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let place = |here: usize| {
            let run = self.runs.partition_point(|it| it.here <= here).checked_sub(1);
            run.map(|it| self.runs[it])
                .map_or(0, |it| it.source + (here - it.here).div_ceil(it.narrow) * it.wide)
        };
        place(range.start)..place(range.end)
    }

    /// Where in the text a range of the file landed.
    pub fn here(&self, range: &Range<usize>) -> Range<usize> {
        let place = |source: usize| {
            let run = self.runs.partition_point(|it| it.source <= source).checked_sub(1);
            run.map(|it| self.runs[it])
                .map_or(0, |it| it.here + (source - it.source).div_ceil(it.wide) * it.narrow)
        };
        place(range.start)..place(range.end).min(self.text.len())
    }
}

/// How many bytes of a file without a mark tell how it is written.
const SAMPLE: usize = 1024;

/// The order of the bytes in what looks like UTF-16 without a mark: every other byte of most files in it is 0, as all that
/// they are written for has Latin keys, and hardly one of the others.
fn unmarked(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    // Other files show with their first bytes that they are none.
    memchr::memchr(0, &sample[..sample.len().min(16)])?;
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|it| **it == 0).count();
    let (first, second, units) = (zeros(0), zeros(1), sample.len() / 2);
    let is_text =
        |high: usize, low: usize| 4 <= units && units * 7 <= high * 10 && low * 50 <= units;
    match (is_text(second, first), is_text(first, second)) {
        (true, _) => Some(u16::from_le_bytes),
        (_, true) => Some(u16::from_be_bytes),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_of_characters_is_found_in_both_texts() {
        let text = "a: é\n日本 😀 b\r\n";
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            let bytes: Vec<u8> = units.flat_map(order).collect();
            let decoded = Utf16::decode(&bytes).expect("it has a mark");
            assert_eq!(decoded.bytes(), text.as_bytes());
            for (start, _) in text.char_indices() {
                for (end, _) in text.char_indices().filter(|it| start < it.0) {
                    let source = decoded.source(&(start..end));
                    let wide: Vec<u8> = text[start..end].encode_utf16().flat_map(order).collect();
                    assert_eq!(bytes[source.clone()], wide, "{start} {end}");
                    assert_eq!(decoded.here(&source), start..end);
                }
            }
        }
        assert!(Utf16::decode(b"a: b").is_none());
        assert!(Utf16::decode(b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0").is_none());
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            let latin: Vec<u8> = "a: é b c d e f".encode_utf16().flat_map(order).collect();
            let decoded = Utf16::decode(&latin).expect("every other byte is 0");
            assert_eq!(decoded.bytes(), "a: é b c d e f".as_bytes());
            assert_eq!(decoded.source(&(0..1)), 0..2);
            assert!(Utf16::decode(&bytes).is_none(), "too few characters are Latin");
        }
        let odd = Utf16::decode(b"\xFF\xFEa\0\0\xD8b").expect("it has a mark");
        assert_eq!(odd.bytes(), "a\u{FFFD}".as_bytes());
        assert_eq!(odd.source(&(0..4)), 2..6);
    }
}
