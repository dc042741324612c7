//! Encodings that change every byte: peels base64, hexadecimal and two-byte characters around a place into text, and
//! remembers where each byte of the text came from.

use std::ops::Range;

use super::Encoding;

/// How much text is peeled after a place, in decoded bytes: more than the longest split token.
const AFTER: usize = 320;
/// How much before it: enough for the left boundary.
const BEFORE: usize = 24;
/// A line of base64 this long goes on in the next line.
const WRAPPED_LINE: usize = 40;
/// How far the beginning of a base64 run is sought, in characters.
const LONGEST_LEFT_RUN: usize = 512;

/// One encoding around a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer {
    Base64(Alignment),
    Hex,
    Utf16,
}

/// Where in a group of three bytes the text begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alignment(usize);

/// Decoded bytes around a place, and the source of each.
pub(super) struct Peeled {
    pub(super) bytes: Vec<u8>,
    /// Source offsets: byte `i` came from `starts[i]..ends[i]`.
    starts: Vec<usize>,
    ends: Vec<usize>,
    /// The place, in `bytes`.
    pub(super) at: usize,
}

impl Peeled {
    fn new() -> Self {
        Self { bytes: Vec::new(), starts: Vec::new(), ends: Vec::new(), at: 0 }
    }

    fn push(&mut self, byte: u8, source: Range<usize>) {
        self.bytes.push(byte);
        self.starts.push(source.start);
        self.ends.push(source.end);
    }

    /// The source of a non-empty span of `bytes`.
    pub(super) fn source(&self, span: &Range<usize>) -> Range<usize> {
        self.starts[span.start]..self.ends[span.end - 1]
    }
}

impl Layer {
    pub(super) fn encoding(self) -> Encoding {
        match self {
            Self::Base64(_) => Encoding::Base64,
            Self::Hex => Encoding::Hex,
            Self::Utf16 => Encoding::Utf16,
        }
    }

    /// How many bytes at the beginning of a run are no word: an encoder in groups of three can be made to begin
    /// anywhere in a group by one or two bytes that mean nothing.
    pub(super) fn padding(self) -> usize {
        match self {
            Self::Base64(_) => 2,
            Self::Hex | Self::Utf16 => 0,
        }
    }

    /// Decodes what stands around `at`, where a needle of this layer begins: in each way in which that can be meant. `nested`
    /// bytes were peeled themselves and may begin anywhere.
    pub(super) fn peel(self, bytes: &[u8], at: usize, nested: bool) -> Vec<Peeled> {
        match self {
            // Two long lines may be one text that was wrapped, or two texts.
            Self::Base64(alignment) => std::iter::once(Lines::Apart)
                .chain(may_be_wrapped(bytes, at).then_some(Lines::Wrapped))
                .filter_map(|lines| peel_base64(bytes, at, alignment, lines))
                .collect(),
            Self::Hex => vec![peel_pairs(bytes, at, &hex_pair)],
            Self::Utf16 => {
                let big = usize::from(!nested && is_big_endian(bytes, at));
                let character = |pair: [u8; 2]| pair.contains(&0).then_some(pair[big]);
                vec![peel_pairs(bytes, at - big, &character)]
            }
        }
    }
}

/// Decodes pairs of bytes to both sides of `at` for as long as they decode. The last character of two bytes may have no
/// partner, where a needle is all that is left of it.
fn peel_pairs(bytes: &[u8], at: usize, decode: &dyn Fn([u8; 2]) -> Option<u8>) -> Peeled {
    let pair = |from: usize| Some([*bytes.get(from)?, bytes.get(from + 1).copied().unwrap_or(0)]);
    let left = (1..=BEFORE)
        .map_while(|n| at.checked_sub(2 * n))
        .map_while(|from| decode(pair(from)?).map(|b| (b, from)));
    let mut left: Vec<_> = left.collect();
    left.reverse();
    let right =
        (0..AFTER).map(|n| at + 2 * n).map_while(|from| decode(pair(from)?).map(|b| (b, from)));
    let mut peeled = Peeled::new();
    peeled.at = left.len();
    for (byte, from) in left.into_iter().chain(right) {
        peeled.push(byte, from..(from + 2).min(bytes.len()));
    }
    peeled
}

/// Whether the zero that belongs to the character at `at` stands before it: as a byte order mark says, or else where the
/// text begins, if that is near, or else because every character of a file begins at an even place.
fn is_big_endian(bytes: &[u8], at: usize) -> bool {
    match bytes {
        [0xFE, 0xFF, ..] => return true,
        [0xFF, 0xFE, ..] => return false,
        _ => {}
    }
    let mut first = at;
    for _ in 0..BEFORE {
        match first.checked_sub(1).map(|it| (it, bytes[it])) {
            Some((0, 0)) => return true,
            Some((high, 0)) if bytes[high - 1].is_ascii() && bytes[high - 1] != 0 => {
                first = high - 1;
            }
            // Not even ASCII: the half of a character that needs both bytes.
            Some((_, 0)) => break,
            None | Some(_) => return false,
        }
    }
    at % 2 == 1
}

fn hex_pair(pair: [u8; 2]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|it| u8::try_from(it).ok());
    Some(digit(pair[0])? << 4 | digit(pair[1])?)
}

/// ASCII as two-byte characters, without the last zero, so that it is found in either byte order.
pub(super) fn utf16(word: &[u8]) -> Vec<u8> {
    let mut wide: Vec<u8> = word.iter().flat_map(|&b| [b, 0]).collect();
    wide.pop();
    wide
}

impl Alignment {
    pub(super) const ALL: [Self; 3] = [Self(0), Self(1), Self(2)];

    /// The characters that do not depend on what stands before and after `word` in the encoded text.
    pub(super) fn stem(self, word: &[u8]) -> Vec<u8> {
        let mut padded = vec![0; self.0];
        padded.extend_from_slice(word);
        let bits = padded.len() * 8;
        let first = (self.0 * 8).div_ceil(6);
        (first..bits / 6).map(|n| ALPHABET[sextet(&padded, n)]).collect()
    }

    /// How many characters of its group of four stand before the stem.
    fn offset(self) -> usize {
        (self.0 * 8).div_ceil(6)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn sextet(bytes: &[u8], n: usize) -> usize {
    let bit = |i: usize| usize::from(bytes[i / 8] >> (7 - i % 8) & 1);
    (n * 6..n * 6 + 6).fold(0, |value, i| value << 1 | bit(i))
}

fn base64_value(b: u8) -> Option<u32> {
    match b {
        b'A'..=b'Z' => Some(u32::from(b - b'A')),
        b'a'..=b'z' => Some(u32::from(b - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(b - b'0') + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Whether long lines of base64 that follow each other are one text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    Apart,
    Wrapped,
}

fn peel_base64(bytes: &[u8], at: usize, alignment: Alignment, lines: Lines) -> Option<Peeled> {
    let wanted = alignment.offset() + BEFORE / 3 * 4;
    let (mut left, length) = base64_left(bytes, at, lines, wanted);
    if length < alignment.offset() {
        return None;
    }
    // Letters that do not fill whole groups before ours belong to something else, such as the `path/` before it.
    let foreign = length < LONGEST_LEFT_RUN && !(length - alignment.offset()).is_multiple_of(4);
    left.truncate(if foreign { alignment.offset() } else { wanted });
    left.reverse();
    let before = left.len();
    let characters: Vec<usize> = left.into_iter().chain(base64_right(bytes, at, lines)).collect();
    let mut peeled = Peeled::new();
    for group in characters.chunks(4) {
        let value =
            group.iter().fold(0, |value, &i| value << 6 | base64_value(bytes[i]).unwrap_or(0));
        let value = value << (6 * (4 - group.len()));
        // n characters carry n - 1 whole bytes; byte i lies in characters i and i + 1.
        for i in 0..group.len().saturating_sub(1) {
            let byte = value.to_be_bytes()[1 + i];
            peeled.push(byte, group[i]..group[i + 1] + 1);
        }
    }
    peeled.at = (before - alignment.offset()) / 4 * 3 + alignment.0;
    (peeled.at < peeled.bytes.len()).then_some(peeled)
}

/// The first `wanted` characters of the run before `at`, nearest first, and how many there are.
fn base64_left(bytes: &[u8], at: usize, lines: Lines, wanted: usize) -> (Vec<usize>, usize) {
    let (mut characters, mut length, mut i) = (Vec::with_capacity(wanted), 0, at);
    loop {
        let before = bytes[..i].iter().rev().take(LONGEST_LEFT_RUN - length);
        let run = before.take_while(|&&b| base64_value(b).is_some()).count();
        characters.extend((i - run..i).rev().take(wanted - characters.len()));
        (length, i) = (length + run, i - run);
        if lines == Lines::Apart || length == LONGEST_LEFT_RUN {
            break;
        }
        let end =
            i - bytes[..i].iter().rev().take(256).take_while(|b| b.is_ascii_whitespace()).count();
        let gap = &bytes[end..i];
        let line = bytes[..end]
            .iter()
            .rev()
            .take(WRAPPED_LINE)
            .take_while(|&&b| base64_value(b).is_some());
        if !gap.contains(&b'\n') || line.count() < WRAPPED_LINE {
            break;
        }
        i = end;
    }
    (characters, length)
}

/// Whether white space ends the run at `at` on either side, so that it may go on in another line.
fn may_be_wrapped(bytes: &[u8], at: usize) -> bool {
    let ends = |b: &&u8| base64_value(**b).is_none();
    let before = bytes[..at].iter().rev().take(LONGEST_LEFT_RUN).find(ends);
    let after = || bytes[at..].iter().take(AFTER / 3 * 4).find(ends);
    let is_space = |b: Option<&u8>| b.is_some_and(u8::is_ascii_whitespace);
    is_space(before) || is_space(after())
}

/// The characters of the run from `at` on.
fn base64_right(bytes: &[u8], at: usize, lines: Lines) -> Vec<usize> {
    let mut characters = Vec::with_capacity(AFTER / 3 * 4);
    let mut i = at;
    while i < bytes.len() && characters.len() < AFTER / 3 * 4 {
        if base64_value(bytes[i]).is_some() {
            characters.push(i);
            i += 1;
            continue;
        }
        if lines == Lines::Apart {
            break;
        }
        let gap = bytes[i..].iter().take(256).take_while(|b| b.is_ascii_whitespace()).count();
        let line =
            bytes[..i].iter().rev().take(WRAPPED_LINE).take_while(|&&b| base64_value(b).is_some());
        if !bytes[i..i + gap].contains(&b'\n') || line.count() < WRAPPED_LINE {
            break;
        }
        i += gap;
    }
    characters
}
