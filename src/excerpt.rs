//! The only door from bytes to text that people see: one line, masked, printable, at most 160 characters.

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

/// One line around a finding, fit to be shown.
///
/// Invariants: no token of any certainty, no control or bidirectional character, no more than [`LONGEST`] characters,
/// and `mark` (in characters) lies inside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    text: String,
    mark: Range<usize>,
}

impl Excerpt {
    /// Shows the line around `span`; `tokens` are all tokens of `bytes` in their order.
    pub fn new(bytes: &[u8], span: &Range<usize>, tokens: &[Token]) -> Self {
        // Text is cut at a token in any case.
        let span = match tokens.binary_search_by_key(&span.start, |it| it.span.start) {
            Ok(_) => span.clone(),
            Err(_) => whole_words(bytes, span),
        };
        let line = line_around(bytes, &span);
        let mut line_text = Line { bytes, text: String::new(), span, mark: [None; 2] };
        let mut at = line.start;
        // Only what is near can touch the line; a file may hold a million tokens.
        let near = line.start.saturating_sub(LONGEST_TOKEN);
        let first = tokens.partition_point(|it| it.span.start < near);
        let last = tokens.partition_point(|it| it.span.start < line.end);
        for token in tokens[first..last].iter().filter(|it| touches(&it.mask, &line)) {
            line_text.copy(at..token.mask.start.max(at));
            line_text.mask(token);
            at = at.max(token.mask.end);
        }
        line_text.copy(at.min(line.end)..line.end);
        let Line { text, mark, .. } = line_text;
        let start = mark[0].unwrap_or(0);
        let mark = start..mark[1].unwrap_or_else(|| text.chars().count()).max(start);
        Self::cropped(&text, mark)
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
        Self { mark: (mark.start - shift).min(end)..(mark.end - shift).min(end), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The reported part, in characters of the text.
    pub fn mark(&self) -> Range<usize> {
        self.mark.clone()
    }

    /// The reported part, in bytes of the text.
    pub fn mark_bytes(&self) -> Range<usize> {
        let byte = |n: usize| self.text.char_indices().nth(n).map_or(self.text.len(), |(i, _)| i);
        byte(self.mark.start)..byte(self.mark.end)
    }
}

/// A line in the making: shown text, and where in it the marked span begins and ends.
struct Line<'b> {
    bytes: &'b [u8],
    text: String,
    span: Range<usize>,
    mark: [Option<usize>; 2],
}

impl Line<'_> {
    fn copy(&mut self, range: Range<usize>) {
        let mut from = range.start;
        for (i, cut) in [self.span.start, self.span.end].into_iter().enumerate() {
            if self.mark[i].is_none() && (from..=range.end).contains(&cut) {
                push(&mut self.text, &self.bytes[from..cut]);
                self.mark[i] = Some(self.text.chars().count());
                from = cut;
            }
        }
        push(&mut self.text, &self.bytes[from..range.end]);
    }

    fn mask(&mut self, token: &Token) {
        let before = self.text.chars().count();
        self.text.push_str(&token.masked());
        if token.span.start <= self.span.start && self.span.start < token.mask.end {
            self.mark[0] = Some(before);
        }
        if token.span.start < self.span.end && self.span.end <= token.mask.end {
            self.mark[1] = Some(self.text.chars().count());
        }
    }
}

/// The span, widened to whole words: a secret that nobody recognises must not be cut into pieces too short to be veiled.
fn whole_words(bytes: &[u8], span: &Range<usize>) -> Range<usize> {
    let word = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_alphanumeric);
    let (mut start, mut end) = (span.start, span.end);
    while start > 0 && span.start - start < BEFORE && word(start) && word(start - 1) {
        start -= 1;
    }
    while end > start && end - span.end < AFTER && word(end - 1) && word(end) {
        end += 1;
    }
    start..end
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
    without(&masked(name, detector), |it| fragments.touch(it))
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
    without(text, is_secretive)
}

/// Hides the words of which that is asked.
fn without(text: &str, hidden: impl Fn(&[u8]) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|it: char| !it.is_ascii_alphanumeric()) {
        let run = piece.trim_end_matches(|it: char| !it.is_ascii_alphanumeric());
        if hidden(run.as_bytes()) {
            shown.push_str("****");
            shown.push_str(&piece[run.len()..]);
        } else {
            shown.push_str(piece);
        }
    }
    shown
}

fn push(text: &mut String, bytes: &[u8]) {
    for it in disarmed(&veiled(&String::from_utf8_lossy(bytes))).chars() {
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
