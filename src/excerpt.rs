//! The only door from bytes to text that people see: one line, masked, printable, at most 160 characters.

use std::fmt;
use std::ops::Range;

use crate::detect::{Detector, Fragments, Token, is_secretive};

/// The most characters that an excerpt shows.
pub const LONGEST: usize = 160;
/// How many bytes before the mark are looked at.
const BEFORE: usize = 96;
/// More than the longest way of writing a token, in bytes.
const LONGEST_TOKEN: usize = 16 << 10;
/// How many bytes after it.
const AFTER: usize = 160;

/// What of a file must not be shown: its tokens, and every piece of their bodies, wherever that stands. Whatever people see
/// of a file, its name included, has passed through the file's veil.
#[derive(Clone)]
pub struct Veil {
    detector: &'static Detector,
    tokens: Vec<Token>,
    fragments: Fragments,
}

impl Veil {
    /// That of the file with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::new(bytes, Detector::shared().find(bytes))
    }

    /// The same, if its tokens are known already.
    pub fn new(bytes: &[u8], tokens: Vec<Token>) -> Self {
        let detector = Detector::shared();
        Self { detector, fragments: Fragments::new(detector, bytes, &tokens), tokens }
    }

    /// Hides as well what is a piece of the tokens in something else, such as the file's name.
    #[must_use]
    pub fn and(mut self, other: &[u8]) -> Self {
        if self.detector.may_hold(other) {
            let tokens = self.detector.find(other);
            self.fragments.extend(Fragments::new(self.detector, other, &tokens));
            self.fragments.sort();
        }
        self
    }

    /// Its tokens, of any certainty, in their order.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The line around `span`, of the bytes that the veil was made of.
    pub fn excerpt(&self, bytes: &[u8], span: &Range<usize>) -> Excerpt {
        Excerpt::new(bytes, span, self)
    }

    /// A name of something that belongs to the file, such as its path or an address in it. Digests in a name stay as they are:
    /// a path must lead to what it names.
    pub fn name(&self, name: &str) -> String {
        named(name, self.detector, &self.fragments)
    }

    /// What of other files might be a piece of its tokens.
    pub fn into_fragments(self) -> Fragments {
        self.fragments
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Veil").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// One line around a finding, fit to be shown.
///
/// Invariants: no token of any certainty, no piece of one that stands in the file, no control or bidirectional character, no more
/// than [`LONGEST`] characters, and `mark` (in characters) lies inside the text. Only a [`Veil`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    text: Box<str>,
    /// Few bytes: a run may keep a million excerpts.
    mark: Range<u8>,
}

impl Excerpt {
    fn new(bytes: &[u8], span: &Range<usize>, veil: &Veil) -> Self {
        let line = line_around(bytes, span);
        let mut shown = Line { bytes, text: String::new(), span, mark: [None; 2] };
        let mut at = line.start;
        // Only what is near can touch the line; a file may hold a million tokens.
        let near = line.start.saturating_sub(LONGEST_TOKEN);
        let first = veil.tokens.partition_point(|it| it.span.start < near);
        let last = veil.tokens.partition_point(|it| it.span.start < line.end);
        for token in veil.tokens[first..last].iter().filter(|it| touches(&it.mask, &line)) {
            shown.copy(at..token.mask.start.max(at));
            shown.mask(token);
            at = at.max(token.mask.end);
        }
        shown.copy(at.min(line.end)..line.end);
        let Line { text, mark, .. } = shown;
        let start = mark[0].unwrap_or(0);
        let mark = start..mark[1].unwrap_or(text.len()).max(start);
        // Only now: what is not shown, such as the zeros of two-byte text, may stand in the middle of a word.
        let hidden = |before: &str, it: &[u8]| {
            is_secretive(it) || veil.fragments.touch(it) || follows_mask(before) && is_mixed(it)
        };
        let (text, mark) = without(&text, mark, hidden);
        let characters = |to: usize| text[..to].chars().count();
        Self::cropped(&text, characters(mark.start)..characters(mark.end))
    }

    /// Hides pieces of the tokens of another file, which says something about this line.
    pub fn hide(&mut self, others: &Fragments) {
        let (text, mark) = without(&self.text, self.mark_bytes(), |_, it| others.touch(it));
        let characters = |to: usize| text[..to].chars().count();
        *self = Self::cropped(&text, characters(mark.start)..characters(mark.end));
    }

    fn cropped(text: &str, mark: Range<usize>) -> Self {
        let len = text.chars().count();
        let from = if mark.end > LONGEST { mark.start.saturating_sub(LONGEST / 3) } else { 0 };
        let to = (from + LONGEST).min(len);
        let text: String = text.chars().skip(from).take(to - from).collect();
        let indent = text.chars().take_while(|it| *it == ' ').count().min(mark.start - from);
        let text = text.chars().skip(indent).collect::<String>().trim_end().to_owned();
        let shift = from + indent;
        let end = text.chars().count();
        let short = |to: usize| u8::try_from((to - shift).min(end)).unwrap_or(u8::MAX);
        Self { mark: short(mark.start)..short(mark.end), text: text.into() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The reported part, in characters of the text.
    pub fn mark(&self) -> Range<usize> {
        self.mark.start.into()..self.mark.end.into()
    }

    /// The reported part, in bytes of the text.
    pub fn mark_bytes(&self) -> Range<usize> {
        let byte = |n: usize| self.text.char_indices().nth(n).map_or(self.text.len(), |(i, _)| i);
        byte(self.mark().start)..byte(self.mark().end)
    }
}

/// A line in the making: shown text, and where in it the marked span begins and ends, in bytes.
struct Line<'b> {
    bytes: &'b [u8],
    text: String,
    span: &'b Range<usize>,
    mark: [Option<usize>; 2],
}

impl Line<'_> {
    fn copy(&mut self, range: Range<usize>) {
        let mut from = range.start;
        for (i, cut) in [self.span.start, self.span.end].into_iter().enumerate() {
            if self.mark[i].is_none() && (from..=range.end).contains(&cut) {
                push(&mut self.text, &self.bytes[from..cut]);
                self.mark[i] = Some(self.text.len());
                from = cut;
            }
        }
        push(&mut self.text, &self.bytes[from..range.end]);
    }

    fn mask(&mut self, token: &Token) {
        let before = self.text.len();
        self.text.push_str(&token.masked());
        if token.span.start <= self.span.start && self.span.start < token.mask.end {
            self.mark[0] = Some(before);
        }
        if token.span.start < self.span.end && self.span.end <= token.mask.end {
            self.mark[1] = Some(self.text.len());
        }
    }
}

/// Masks every token in a name, an argument or a message. Control characters stay: see [`printable`].
pub fn masked(text: &str, detector: &Detector) -> String {
    let bytes = text.as_bytes();
    let (mut shown, mut at) = (Vec::with_capacity(bytes.len()), 0);
    for token in detector.find(bytes) {
        shown.extend_from_slice(&bytes[at..token.mask.start.max(at)]);
        shown.extend_from_slice(token.masked().as_bytes());
        at = at.max(token.mask.end);
        // What is masked already stays as it is.
        at += bytes[at..].iter().take_while(|b| **b == b'*').count();
    }
    shown.extend_from_slice(&bytes[at..]);
    String::from_utf8_lossy(&shown).into_owned()
}

/// Masks every token in a name of something that belongs to a file, such as its path, and every word of it that gives away
/// a token of the file. Digests in a name stay as they are: a path must lead to what it names.
pub fn named(name: &str, detector: &Detector, fragments: &Fragments) -> String {
    without(&masked(name, detector), 0..0, |_, it| fragments.touch(it)).0
}

/// Spells out whatever a terminal would obey or hide: control, bidirectional and invisible characters.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for it in disarmed(text).chars() {
        if obeyed(it) { shown.extend(it.escape_default()) } else { shown.push(it) }
    }
    shown
}

/// Some build agents obey `##vso[…]` and `##[…]` wherever these stand in a log.
fn disarmed(text: &str) -> String {
    text.replace("##vso[", "#\u{200b}#vso[").replace("##[", "#\u{200b}#[")
}

/// Whether a terminal or a reader of code would be misled by this character.
pub fn obeyed(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(it, '\u{061c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Hides long runs of letters and digits that vary like a secret: masking must be wider than detection. Digests and
/// identifiers go with them, which costs a reader nothing.
pub fn veiled(text: &str) -> String {
    without(text, 0..0, |_, it| is_secretive(it)).0
}

/// Hides the words of which that is asked, by what is shown before and the word itself, and finds a mark again: of a hidden word
/// it takes in all.
fn without(
    text: &str,
    mark: Range<usize>,
    hidden: impl Fn(&str, &[u8]) -> bool,
) -> (String, Range<usize>) {
    let mut shown = String::with_capacity(text.len());
    let (mut at, mut cuts) = (0, [None; 2]);
    for piece in text.split_inclusive(|it: char| !it.is_ascii_alphanumeric()) {
        let run = piece.trim_end_matches(|it: char| !it.is_ascii_alphanumeric());
        let before = shown.len();
        let is_hidden = hidden(&shown, run.as_bytes());
        shown.push_str(if is_hidden { "****" } else { run });
        let after = shown.len();
        shown.push_str(&piece[run.len()..]);
        let moved = |cut: usize, inside| match cut - at {
            0 => before,
            off if off >= run.len() => after + off - run.len(),
            off if after - before == run.len() => before + off,
            _ => inside,
        };
        let here = at..at + piece.len();
        if cuts[0].is_none() && here.contains(&mark.start) {
            cuts[0] = Some(moved(mark.start, before));
        }
        if cuts[1].is_none() && here.contains(&mark.end) {
            cuts[1] = Some(moved(mark.end, after));
        }
        at = here.end;
    }
    let [start, end] = cuts.map(|it| it.unwrap_or(shown.len()));
    (shown, start..end)
}

/// How near a mask a run stands that may be the rest of what is masked: something came between that no token has.
const NEAR: usize = 8;

/// Whether a text ends with a mask, or nearly so.
fn follows_mask(text: &str) -> bool {
    let tail = text.char_indices().rev().take(NEAR + 4).last().map_or("", |(i, _)| &text[i..]);
    tail.contains("****")
}

/// Whether a run is no word: eight characters or more, with digits or capitals inside.
fn is_mixed(run: &[u8]) -> bool {
    let inner = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    run.len() >= 8 && run[1..].iter().any(inner) && run.iter().any(u8::is_ascii_alphabetic)
}

fn push(text: &mut String, bytes: &[u8]) {
    for it in disarmed(&String::from_utf8_lossy(bytes)).chars() {
        match it {
            '\t' => text.push_str("    "),
            '\0' | '\r' | '\u{feff}' => {}
            '\n' => text.push(' '),
            it if obeyed(it) => text.push('\u{fffd}'),
            it => text.push(it),
        }
    }
}

fn line_around(bytes: &[u8], span: &Range<usize>) -> Range<usize> {
    // A byte order mark of two bytes is no text, and no UTF-8 either.
    let mark = if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) { 2 } else { 0 };
    let from = span.start.saturating_sub(BEFORE).max(mark.min(span.start));
    let start = memchr::memrchr(b'\n', &bytes[from..span.start]).map_or(from, |i| from + i + 1);
    let to = (span.end + AFTER).min(bytes.len());
    let end = memchr::memchr(b'\n', &bytes[span.end..to]).map_or(to, |i| span.end + i);
    start..end
}

fn touches(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
