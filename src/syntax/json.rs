//! JSON, also with comments, trailing commas and unquoted keys, and also one value after another as in JSON lines.

use std::ops::Range;

use jsonc_parser::tokens::Token;
use jsonc_parser::{Scanner, ScannerOptions};

use super::outline::{Outline, Shape};
use super::text::escape;
use super::{Document, Room, Text, Unparsed};

const ESCAPES: &[(char, &str)] = &[
    ('n', "\n"),
    ('t', "\t"),
    ('r', "\r"),
    ('b', "\u{8}"),
    ('f', "\u{c}"),
    ('v', "\u{b}"),
    ('0', "\0"),
    ('"', "\""),
    ('\'', "'"),
    ('\\', "\\"),
    ('/', "/"),
    ('\n', ""),
];

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let mut outline = Outline::new(source, room);
    let end = read(&mut outline);
    outline.finish(end)
}

fn read(outline: &mut Outline<'_>) -> Result<(), Unparsed> {
    let source = outline.source();
    let from = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner::new(&source[from..], &ScannerOptions::default());
    loop {
        let token = scanner.scan();
        let span = from + scanner.token_start()..from + scanner.token_end();
        match token {
            Err(_) => return Err(Unparsed { at: span.start, reason: "it is not JSON" }),
            Ok(Some(token)) => take(outline, token, span)?,
            Ok(None) if outline.shape().is_none() => return Ok(()),
            Ok(None) => return Err(Unparsed { at: source.len(), reason: "it ends too early" }),
        }
    }
}

fn take(outline: &mut Outline<'_>, token: Token<'_>, span: Range<usize>) -> Result<(), Unparsed> {
    let unexpected = Err(Unparsed { at: span.start, reason: "it is not JSON" });
    match token {
        Token::Comma | Token::Colon | Token::CommentLine(_) | Token::CommentBlock(_) => Ok(()),
        Token::CloseBrace if outline.wants_key() => outline.close(span.end),
        Token::CloseBracket if outline.shape() == Some(Shape::Sequence) => outline.close(span.end),
        Token::CloseBrace | Token::CloseBracket => unexpected,
        Token::String(name) if outline.wants_key() => {
            outline.entry(name, span);
            Ok(())
        }
        Token::Word(name) | Token::Number(name) if outline.wants_key() => {
            outline.entry(name, span);
            Ok(())
        }
        _ if outline.wants_key() => unexpected,
        Token::OpenBrace => outline.open(Shape::Mapping, span.start),
        Token::OpenBracket => outline.open(Shape::Sequence, span.start),
        Token::String(_) => {
            let mut text = Text::at(span.start + 1);
            let inner = &outline.source()[span.start + 1..span.end - 1];
            text.read(inner, span.start + 1, "\\", |it| escape(it, ESCAPES));
            outline.scalar(span, text)
        }
        Token::Boolean(_) | Token::Number(_) | Token::Null => {
            outline.scalar(span.clone(), outline.raw(span))
        }
        Token::Word(_) => unexpected,
    }
}
