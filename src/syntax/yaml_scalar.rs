//! What a YAML scalar means, byte for byte: quotes, escapes, folded lines, indentation.

use std::ops::Range;

use granit_parser::ScalarStyle;

use super::Text;
use super::text::escape;

const ESCAPES: &[(char, &str)] = &[
    ('0', "\0"),
    ('a', "\u{7}"),
    ('b', "\u{8}"),
    ('t', "\t"),
    ('\t', "\t"),
    ('n', "\n"),
    ('v', "\u{b}"),
    ('f', "\u{c}"),
    ('r', "\r"),
    ('e', "\u{1b}"),
    (' ', " "),
    ('"', "\""),
    ('/', "/"),
    ('\\', "\\"),
    ('N', "\u{85}"),
    ('_', "\u{a0}"),
    ('L', "\u{2028}"),
    ('P', "\u{2029}"),
];

/// Where a scalar stands and its text, from where its parser says it is and what it means. Should the two not agree on
/// where a part of it came from, all of it stands for all of it.
pub(super) fn scalar(
    source: &str,
    span: Range<usize>,
    means: &str,
    style: ScalarStyle,
    indent: Option<usize>,
) -> (Range<usize>, Text) {
    if span.is_empty() {
        return (span.clone(), Text::at(span.start));
    }
    let (span, text) = match style {
        ScalarStyle::Plain => (span.clone(), flow(source, span, "\r\n \t")),
        ScalarStyle::SingleQuoted => (span.clone(), flow(source, within(span), "'\r\n \t")),
        ScalarStyle::DoubleQuoted => (span.clone(), flow(source, within(span), "\\\r\n \t")),
        ScalarStyle::Literal | ScalarStyle::Folded => {
            block(source, span, means, style, indent.unwrap_or(0))
        }
    };
    if text.bytes() == means.as_bytes() {
        return (span, text);
    }
    let mut whole = Text::at(span.start);
    whole.decode(means.as_bytes(), span.clone());
    (span, whole)
}

fn within(span: Range<usize>) -> Range<usize> {
    span.start + 1..(span.end - 1).max(span.start + 1)
}

/// A scalar of the flow styles.
fn flow(source: &str, span: Range<usize>, marks: &str) -> Text {
    let mut text = Text::at(span.start);
    let raw = source.get(span.clone()).unwrap_or_default();
    let lines = raw.contains(['\n', '\r']);
    let marks = if lines { marks } else { marks.trim_end_matches(is_white) };
    text.read(raw, span.start, marks, |it| match it.as_bytes() {
        [b'\'', ..] => Some(((2).min(it.len()), "'".to_owned())),
        [b'\\', b'\r' | b'\n', ..] => {
            let (len, breaks) = white(&it[1..]);
            Some((1 + len, "\n".repeat(breaks - 1)))
        }
        [b'\\', ..] => escape(it, ESCAPES),
        _ => match white(it) {
            (len, 0) => Some((len, it[..len].to_owned())),
            (len, 1) => Some((len, " ".to_owned())),
            (len, breaks) => Some((len, "\n".repeat(breaks - 1))),
        },
    });
    text
}

/// A scalar of the block styles: from the first byte of its content to the end of its last line.
fn block(
    source: &str,
    span: Range<usize>,
    means: &str,
    style: ScalarStyle,
    indent: usize,
) -> (Range<usize>, Text) {
    let empty = means.len() - means.trim_start_matches('\n').len();
    let start = back(source, span.start, empty);
    let mut text = Text::at(start);
    let (mut at, mut rest) = (start, means);
    while !rest.is_empty() {
        at += indentation(source, at, indent);
        let line = line(&source[at..]);
        let Some(after) = rest.strip_prefix(line) else { break };
        text.copy(line.as_bytes(), at);
        (at, rest) = (at + line.len(), after);
        let mut end = at + line_break(&source[at..]);
        let mut glue = usize::from(rest.starts_with(['\n', ' ']));
        if style == ScalarStyle::Folded {
            glue = glue.max(rest.len() - rest.trim_start_matches('\n').len());
            end = blank_lines(source, end, indent);
        }
        match source[at..end] == rest[..glue] {
            true => text.copy(&rest.as_bytes()[..glue], at),
            false => text.decode(&rest.as_bytes()[..glue], at..end),
        }
        if end == at && glue == 0 {
            break;
        }
        (at, rest) = (end, &rest[glue..]);
    }
    let end = text.source(&(0..text.bytes().len())).end;
    (start..end, text)
}

/// The beginning of the line that is `lines` above a byte, or the byte.
fn back(source: &str, from: usize, lines: usize) -> usize {
    let bytes = source.as_bytes();
    let mut at = from;
    for _ in 0..lines {
        at -= bytes[..at].iter().rev().take_while(|it| **it == b' ').count();
        at -= usize::from(bytes[..at].ends_with(b"\n"));
        at -= usize::from(bytes[..at].ends_with(b"\r"));
    }
    match lines {
        0 => from,
        _ => at - bytes[..at].iter().rev().take_while(|it| **it == b' ').count(),
    }
}

/// The spaces of the indentation, if a line begins here.
fn indentation(source: &str, at: usize, most: usize) -> usize {
    let begins = at == 0 || matches!(source.as_bytes()[at - 1], b'\n' | b'\r');
    let spaces = source.as_bytes()[at..].iter().take_while(|it| **it == b' ');
    if begins { spaces.take(most).count() } else { 0 }
}

/// The end of the lines without content that begin here.
fn blank_lines(source: &str, from: usize, indent: usize) -> usize {
    let mut at = from;
    loop {
        let content = at + indentation(source, at, indent);
        match line_break(&source[content..]) {
            0 => return at,
            len => at = content + len,
        }
    }
}

fn line(text: &str) -> &str {
    &text[..text.find(['\n', '\r']).unwrap_or(text.len())]
}

fn line_break(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// How long the white space is, and how many line breaks are in it.
fn white(text: &str) -> (usize, usize) {
    let len = text.find(|it| !is_white(it)).unwrap_or(text.len());
    let run = &text[..len];
    (len, run.matches(['\n', '\r']).count() - run.matches("\r\n").count())
}

fn is_white(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\r' | '\n')
}
