//! What a scalar means, and where each of its bytes came from.

use std::ops::Range;

/// Decoded text that remembers its source: quotes removed, escapes read, a block scalar without its indentation.
///
/// Invariant: pieces are in order in both texts, and the first begins at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    bytes: Vec<u8>,
    /// For each run of copied bytes: where it begins here, where in the source, and how long it is. What lies between two
    /// runs was an escape.
    pieces: Vec<Piece>,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    here: usize,
    source: usize,
    len: usize,
}

impl Text {
    /// How many bytes it holds, its own aside.
    pub(super) fn held(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.pieces)
    }

    /// An empty text that begins at a byte of the source.
    pub fn at(source: usize) -> Self {
        Self { bytes: Vec::new(), pieces: vec![Piece { here: 0, source, len: 0 }], end: source }
    }

    /// Text that is written as it is.
    pub fn plain(bytes: &[u8], source: usize) -> Self {
        let mut text = Self::at(source);
        text.copy(bytes, source);
        text
    }

    /// Appends bytes that stand in the source as they are, from `source` on.
    pub fn copy(&mut self, bytes: &[u8], source: usize) {
        let here = self.bytes.len();
        match self.pieces.last_mut() {
            Some(last) if last.here + last.len == here && last.source + last.len == source => {
                last.len += bytes.len();
            }
            _ => self.pieces.push(Piece { here, source, len: bytes.len() }),
        }
        self.bytes.extend_from_slice(bytes);
        self.end = source + bytes.len();
    }

    /// Appends bytes that are written in another way: all of them stand for `source`.
    pub fn decode(&mut self, bytes: &[u8], source: Range<usize>) {
        let here = self.bytes.len();
        self.pieces.push(Piece { here, source: source.start, len: 0 });
        self.bytes.extend_from_slice(bytes);
        self.end = source.end;
        self.pieces.push(Piece { here: here + bytes.len(), source: source.end, len: 0 });
    }

    /// A part of it.
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Self {
        Self::plain(&self.bytes[range.clone()], range.start).through(self)
    }

    /// What it ends with, from a decoded byte on.
    #[must_use]
    pub fn tail(&self, start: usize) -> Self {
        self.range(start..self.bytes.len())
    }

    /// This text, whose source is the decoded bytes of `outer`, with the source of `outer`.
    #[must_use]
    pub fn through(&self, outer: &Self) -> Self {
        let place = |source: usize| outer.source(&(source..source)).start;
        let end_of = |source: usize| outer.source(&(source.saturating_sub(1)..source)).end;
        let mut text = Self { bytes: self.bytes.clone(), pieces: Vec::new(), end: 0 };
        let mut before = (0, 0);
        for piece in &self.pieces {
            let (mut here, mut source, end) = (piece.here, piece.source, piece.source + piece.len);
            // What is decoded here ends where its last byte does there, and not where the next one begins.
            if before.0 < here && before.1 < source {
                text.pieces.push(Piece { here, source: end_of(source), len: 0 });
            }
            before = (here + piece.len, end);
            loop {
                let len = outer.run(source).min(end - source);
                text.pieces.push(Piece { here, source: place(source), len });
                let step = len.max(1);
                (here, source) = (here + step, source + step);
                if end < source {
                    break;
                }
                if len == 0 {
                    text.pieces.push(Piece { here, source: end_of(source), len: 0 });
                }
                if end == source {
                    break;
                }
            }
        }
        text.end = match self.bytes.is_empty() {
            true => place(self.end),
            false => outer.source(&(self.end.saturating_sub(1)..self.end)).end,
        };
        text
    }

    /// How many decoded bytes from one on stand in the source as they are, side by side.
    fn run(&self, here: usize) -> usize {
        let after = self.pieces.partition_point(|it| it.here <= here);
        let piece = after.checked_sub(1).map(|it| self.pieces[it]);
        piece.map_or(0, |it| (it.here + it.len).saturating_sub(here))
    }

    /// Appends what `raw`, which stands at `source`, means. At each of the ASCII characters `marks`, `unit` is asked how
    /// many bytes from there on are written in another way, and what they mean.
    pub(super) fn read(
        &mut self,
        raw: &str,
        source: usize,
        marks: &str,
        unit: impl Fn(&str) -> Option<(usize, String)>,
    ) {
        let (mut done, mut at) = (0, 0);
        let bytes = raw.as_bytes();
        let next = |from: usize| bytes[from..].iter().position(|it| marks.as_bytes().contains(it));
        while let Some(skipped) = next(at) {
            at += skipped;
            match unit(&raw[at..]) {
                Some((len, means)) if means != raw[at..at + len] => {
                    self.copy(&bytes[done..at], source + done);
                    self.decode(means.as_bytes(), source + at..source + at + len);
                    at += len;
                    done = at;
                }
                Some((len, _)) => at += len.max(1),
                None => at += 1,
            }
        }
        self.copy(&bytes[done..], source + done);
    }

    /// Changes bytes of it in their places.
    pub(super) fn rewrite(&mut self, change: impl FnOnce(&mut [u8])) {
        change(&mut self.bytes);
    }

    /// The decoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The decoded text, with `�` for what is not UTF-8.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The decoded text as a string, with `�` for what is not UTF-8.
    pub fn into_string(self) -> String {
        String::from_utf8(self.bytes)
            .unwrap_or_else(|it| String::from_utf8_lossy(it.as_bytes()).into_owned())
    }

    /// Where in the source a range of the decoded bytes stands.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.start_of(range.start);
        let end = match range.is_empty() {
            true => start,
            false => self.end_of(range.end),
        };
        start..end.max(start)
    }

    /// Where in the decoded bytes a byte of the source landed; inside an escape, where the escape did.
    pub fn here(&self, source: usize) -> Option<usize> {
        let after = self.pieces.partition_point(|it| it.source <= source);
        let piece = self.pieces[after.checked_sub(1)?];
        (source <= self.end).then(|| piece.here + (source - piece.source).min(piece.len))
    }

    fn start_of(&self, here: usize) -> usize {
        let last = self.pieces.partition_point(|it| it.here <= here);
        let Some(piece) = last.checked_sub(1).map(|it| self.pieces[it]) else {
            return self.end;
        };
        piece.source + (here - piece.here).min(piece.len)
    }

    /// The byte after the source of the byte before `here`.
    fn end_of(&self, here: usize) -> usize {
        let last = here - 1;
        let after = self.pieces.partition_point(|it| it.here <= last);
        let piece = self.pieces[after.saturating_sub(1)];
        match last - piece.here < piece.len {
            true => piece.source + (last - piece.here) + 1,
            false => self.pieces.get(after).map_or(self.end, |it| it.source),
        }
    }
}

/// Reads the backslash escape that begins `raw`: how long it is, and what it means. `one` are the escapes of one character;
/// `x`, `u` and `U` are followed by 2, 4 and 8 hexadecimal digits.
pub(super) fn escape(raw: &str, one: &[(char, &str)]) -> Option<(usize, String)> {
    let mark = raw[1..].chars().next()?;
    if let Some((_, means)) = one.iter().find(|it| it.0 == mark) {
        return Some((1 + mark.len_utf8(), (*means).to_owned()));
    }
    let digits = match mark {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let code = |from: usize| {
        let digits = raw.get(from..from + digits)?;
        let hex = digits.bytes().all(|it| it.is_ascii_hexdigit());
        hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let (len, code) = match code(2)? {
        high @ 0xD800..0xDC00 if raw.get(6..8) == Some("\\u") => {
            (12, 0x1_0000 + ((high - 0xD800) << 10) + code(8)?.checked_sub(0xDC00)?)
        }
        code => (2 + digits, code),
    };
    Some((len, char::from_u32(code)?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoded_range_is_found_in_its_source() {
        // Source: `a\u0062c` from byte 10 on, so the escape is 11..17.
        let mut text = Text::at(10);
        text.copy(b"a", 10);
        text.decode(b"b", 11..17);
        text.copy(b"c", 17);
        assert_eq!(text.bytes(), b"abc");
        assert_eq!(text.source(&(0..1)), 10..11);
        assert_eq!(text.source(&(1..2)), 11..17);
        assert_eq!(text.source(&(1..3)), 11..18);
        assert_eq!(text.source(&(2..3)), 17..18);
        assert_eq!((text.here(10), text.here(12), text.here(17)), (Some(0), Some(1), Some(2)));
    }

    #[test]
    fn a_text_in_a_text_is_found_in_the_source_of_both() {
        // Source: `a\u0062c` from byte 10 on; a script in it takes `bc` and drops a character between them and `a`.
        let mut outer = Text::at(10);
        outer.copy(b"a", 10);
        outer.decode(b"b", 11..17);
        outer.copy(b"cd", 17);
        let mut inner = Text::at(0);
        inner.copy(b"a", 0);
        inner.copy(b"cd", 2);
        let text = inner.through(&outer);
        assert_eq!((text.source(&(0..1)), text.source(&(1..3))), (10..11, 17..19));
        let text = Text::plain(b"bcd", 1).through(&outer);
        assert_eq!((text.source(&(0..1)), text.source(&(1..3))), (11..17, 17..19));
        assert_eq!(Text::at(4).through(&outer).source(&(0..0)), 19..19);
    }

    #[test]
    fn lines_of_a_block_are_found_without_their_indentation() {
        let mut text = Text::at(4);
        text.copy(b"one\n", 4);
        text.copy(b"two\n", 12);
        assert_eq!(text.source(&(0..4)), 4..8);
        assert_eq!(text.source(&(4..7)), 12..15);
        assert_eq!(text.source(&(0..8)), 4..16);
        assert_eq!(text.here(13), Some(5));
    }
}
