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

    /// The decoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The decoded text, with `�` for what is not UTF-8.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
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
        let piece = self.pieces.iter().rev().find(|it| it.source <= source)?;
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
