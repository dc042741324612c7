//! Environment files: `NAME=value` lines, with and without `export` and quotes.

use std::ops::Range;

use super::outline::Outline;
use super::text::escape;
use super::{Document, Room, Text, Unparsed};

const ESCAPES: &[(char, &str)] = &[
    ('n', "\n"),
    ('t', "\t"),
    ('r', "\r"),
    ('"', "\""),
    ('\\', "\\"),
    ('$', "$"),
    ('`', "`"),
    ('\n', ""),
];

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let mut outline = Outline::new(source, room);
    let end = read(&mut outline);
    outline.finish(end)
}

fn read(outline: &mut Outline<'_>) -> Result<(), Unparsed> {
    let source = outline.source();
    let mut at = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < source.len() {
        let end = source[at..].find('\n').map_or(source.len(), |it| at + it);
        let after = match assignment(&source[at..end]) {
            Some((name, value)) => {
                let key = at + name.start..at + name.end;
                outline.entry(&source[key.clone()], key);
                value_at(outline, at + value, end)?
            }
            None => end,
        };
        at = source[after..].find('\n').map_or(source.len(), |it| after + it + 1);
    }
    Ok(())
}

/// Where the name stands in a line, and where the value begins.
fn assignment(line: &str) -> Option<(Range<usize>, usize)> {
    let (left, right) = line.split_once('=')?;
    let name = left.trim();
    let name = name.strip_prefix("export").filter(|it| it.starts_with(is_blank)).unwrap_or(name);
    let name = name.trim();
    let letters = |it: char| it.is_alphanumeric() || "_-.".contains(it);
    if name.is_empty() || !name.chars().all(letters) {
        return None;
    }
    let start = left.trim_end().len() - name.len();
    let value = line.len() - right.trim_start_matches(is_blank).len();
    Some((start..start + name.len(), value))
}

/// Adds the value that begins at a byte of a line that ends at another; answers where the value ends.
fn value_at(outline: &mut Outline<'_>, start: usize, end: usize) -> Result<usize, Unparsed> {
    let source = outline.source();
    let quote = source[start..end].chars().next().filter(|it| "\"'`".contains(*it));
    if let Some(quote) = quote
        && let Some(close) = closing(&source[start + 1..], quote)
    {
        let (inner, span) = (start + 1..start + 1 + close, start..start + close + 2);
        if quote == '"' {
            let mut text = Text::at(inner.start);
            text.read(&source[inner.clone()], inner.start, "\\", |it| escape(it, ESCAPES));
            outline.template(span.clone(), text)?;
        } else {
            outline.scalar(span.clone(), outline.raw(inner))?;
        }
        return Ok(span.end);
    }
    let line = &source[start..end];
    let comment = line.match_indices('#').find(|(i, _)| line[..*i].ends_with(is_blank));
    let comment = if line.starts_with('#') { Some(0) } else { comment.map(|it| it.0) };
    let value = line[..comment.unwrap_or(line.len())].trim_end();
    let span = start..start + value.len();
    outline.template(span.clone(), outline.raw(span))?;
    Ok(end)
}

/// Where the quote is closed. Only in double quotes can one be escaped.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|it| {
        let closes = it == quote as u8 && !escaped;
        escaped = it == b'\\' && !escaped && quote == '"';
        closes
    })
}

fn is_blank(it: char) -> bool {
    it == ' ' || it == '\t'
}
