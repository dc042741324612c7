//! XML: the text of elements and the values of attributes, by the names of the elements around them.

use std::ops::Range;

use xmlparser::{ElementEnd, StrSpan, Token, Tokenizer};

use super::outline::{Outline, Shape};
use super::{Document, Room, Text, Unparsed};

const MALFORMED: &str = "it is not XML";

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let mut outline = Outline::new(source, room);
    let end = read(&mut outline);
    outline.finish(end)
}

fn read(outline: &mut Outline<'_>) -> Result<(), Unparsed> {
    let source = outline.source();
    let mut names = Vec::new();
    for token in Tokenizer::from(source) {
        let token = token.map_err(|error| {
            let above = error.pos().row.saturating_sub(1) as usize;
            let at = source.split_inclusive('\n').take(above).map(str::len).sum();
            Unparsed { at, reason: MALFORMED }
        })?;
        take(outline, &mut names, token)?;
    }
    match names.is_empty() {
        true => Ok(()),
        false => Err(Unparsed { at: source.len(), reason: "it ends too early" }),
    }
}

/// Takes up a token inside the elements with these names.
fn take<'b>(
    outline: &mut Outline<'b>,
    names: &mut Vec<&'b str>,
    token: Token<'b>,
) -> Result<(), Unparsed> {
    match token {
        Token::ElementStart { local, span, .. } => {
            names.push(local.as_str());
            outline.entry(local.as_str(), local.range());
            outline.open(Shape::Mapping, span.start())
        }
        Token::Attribute { local, value, .. } => {
            outline.entry(format!("@{local}"), local.range());
            let span = value.start() - 1..value.end() + 1;
            outline.scalar(span, decoded(outline.source(), value.range()))
        }
        Token::Text { text } => self::text(outline, text),
        Token::Cdata { text, span } => outline.scalar(span.range(), outline.raw(text.range())),
        Token::ElementEnd { end: ElementEnd::Close(_, name), span } => {
            if names.pop() != Some(name.as_str()) {
                return Err(Unparsed { at: span.start(), reason: MALFORMED });
            }
            outline.close(span.end())
        }
        Token::ElementEnd { end: ElementEnd::Empty, span } => {
            names.pop();
            outline.close(span.end())
        }
        // An entity of the file's own stands somewhere else than it is used: it stays a name.
        _ => Ok(()),
    }
}

/// Adds a text that is more than white space.
fn text(outline: &mut Outline<'_>, text: StrSpan<'_>) -> Result<(), Unparsed> {
    let start = text.end() - text.as_str().trim_start().len();
    let span = start..start + text.as_str().trim().len();
    match span.is_empty() {
        true => Ok(()),
        false => outline.scalar(span.clone(), decoded(outline.source(), span)),
    }
}

/// What stands there, with its character references read.
fn decoded(source: &str, span: Range<usize>) -> Text {
    let mut text = Text::at(span.start);
    text.read(&source[span.clone()], span.start, "&", |it| {
        // The longest is that of a character in hexadecimal digits.
        let end = it.bytes().take(LONGEST).position(|it| it == b';')?;
        let name = &it[1..end];
        let hexadecimal = name.strip_prefix("#x").map(|it| u32::from_str_radix(it, 16));
        let means = match (name, hexadecimal) {
            ("lt", _) => '<',
            ("gt", _) => '>',
            ("amp", _) => '&',
            ("quot", _) => '"',
            ("apos", _) => '\'',
            (_, Some(code)) => char::from_u32(code.ok()?)?,
            (_, None) => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
        };
        Some((end + 1, means.to_string()))
    });
    text
}

/// The longest character reference, in bytes.
const LONGEST: usize = "&#x10FFFF;".len();
