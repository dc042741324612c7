//! The words of HCL: names, quoted templates, heredocs and marks.

use std::ops::Range;

use super::text::escape;
use super::{Text, Unparsed};

/// What a piece of HCL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of a line.
    Newline,
    /// A name or a number.
    Word,
    /// A template in quotes.
    Quoted,
    /// A template of whole lines, with the spaces that are left out of each.
    Heredoc { indent: usize },
    /// Any other character; operators of more than one are one.
    Mark(u8),
    /// The end of the file.
    End,
}

/// A piece of HCL. A heredoc's span is its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Operators that hold a character which means something else alone.
const OPERATORS: [&str; 7] = ["==", "!=", "<=", ">=", "=>", "...", "::"];
const ESCAPES: &[(char, &str)] =
    &[('n', "\n"), ('r', "\r"), ('t', "\t"), ('"', "\""), ('\\', "\\")];

/// The pieces of a file, one after the other.
#[derive(Clone)]
pub(super) struct Tokens<'b> {
    source: &'b str,
    at: usize,
}

impl<'b> Tokens<'b> {
    pub(super) fn new(source: &'b str) -> Self {
        let at = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, at }
    }

    /// The end of the last piece.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Token, Unparsed> {
        self.skip();
        let start = self.at;
        let rest = &self.source[start..];
        let Some(first) = rest.chars().next() else {
            return Ok(Token { kind: Kind::End, span: start..start });
        };
        let open = Unparsed { at: start, reason: "a text does not end" };
        if rest.starts_with("<<") {
            return self.heredoc().ok_or(open);
        }
        let (kind, len) = match first {
            '\n' => (Kind::Newline, 1),
            '"' => (Kind::Quoted, end_of(rest, 1, b'"').ok_or(open)?),
            _ if is_word(first) => (Kind::Word, rest.find(|it| !is_word(it)).unwrap_or(rest.len())),
            _ => match OPERATORS.iter().find(|it| rest.starts_with(**it)) {
                Some(operator) => (Kind::Mark(b'~'), operator.len()),
                None => (Kind::Mark(rest.as_bytes()[0]), first.len_utf8()),
            },
        };
        self.at += len;
        Ok(Token { kind, span: start..self.at })
    }

    /// Passes over white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.source[self.at..].trim_start_matches([' ', '\t', '\r']);
            self.at = self.source.len() - rest.len();
            let comment = match rest.as_bytes() {
                [b'#', ..] | [b'/', b'/', ..] => rest.find('\n'),
                [b'/', b'*', ..] => rest[2..].find("*/").map(|it| it + 4),
                _ => return,
            };
            self.at += comment.unwrap_or(rest.len());
        }
    }

    /// The heredoc that begins here, if it ends somewhere.
    fn heredoc(&mut self) -> Option<Token> {
        let rest = &self.source[self.at..];
        let (opening, _) = rest.split_once('\n')?;
        let flush = opening.starts_with("<<-");
        let marker = opening[2 + usize::from(flush)..].trim_end();
        if marker.is_empty() || !marker.chars().all(is_word) {
            return None;
        }
        let start = self.at + opening.len() + 1;
        let (mut end, mut indent) = (start, usize::MAX);
        for line in self.source[start..].split_inclusive('\n') {
            if line.trim() == marker {
                self.at = end + line.trim_end().len();
                let indent = if flush && indent < usize::MAX { indent } else { 0 };
                return Some(Token { kind: Kind::Heredoc { indent }, span: start..end });
            }
            if !line.trim().is_empty() {
                indent = indent.min(line.len() - line.trim_start_matches([' ', '\t']).len());
            }
            end += line.len();
        }
        None
    }
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_' || it == '-'
}

/// Where the template ends that begins `text`, in which `from` bytes and their end, `close`, are known. Quotes inside `${…}`
/// and `%{…}` are of other templates.
fn end_of(text: &str, from: usize, close: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (vec![close], from);
    while let Some(&last) = open.last() {
        let rest = bytes.get(at..)?;
        at += 1;
        match (last, rest) {
            (b'"', [b'\\', _, ..]) => at += 1,
            (b'"', [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..]) => at += 2,
            (b'"', [b'$' | b'%', b'{', ..]) => {
                at += 1;
                open.push(b'}');
            }
            (b'"', [b'\n', ..]) | (_, []) => return None,
            (_, [it, ..]) if *it == last => {
                open.pop();
            }
            (b'}', [b'{', ..]) => open.push(b'}'),
            (b'}', [b'"', ..]) => open.push(b'"'),
            _ => {}
        }
    }
    Some(at)
}

/// What the template in a token means; what it interpolates stays as it is written.
pub(super) fn decoded(source: &str, token: &Token) -> Text {
    let mut text = Text::at(token.span.start);
    let raw = &source[token.span.clone()];
    match token.kind {
        Kind::Quoted => {
            let inner = &raw[1..raw.len() - 1];
            text.read(inner, token.span.start + 1, "\\$%", |it| match it.as_bytes() {
                [b'\\', ..] => escape(it, ESCAPES),
                _ => doubled(it).or_else(|| interpolation(it)),
            });
        }
        Kind::Heredoc { indent } => {
            let mut at = token.span.start;
            for line in raw.split_inclusive('\n') {
                let spaces = line.len() - line.trim_start_matches([' ', '\t']).len();
                let spaces = spaces.min(indent);
                text.read(&line[spaces..], at + spaces, "$%", doubled);
                at += line.len();
            }
        }
        Kind::Newline | Kind::Word | Kind::Mark(_) | Kind::End => {
            text.copy(raw.as_bytes(), token.span.start);
        }
    }
    text
}

/// `$${` and `%%{` are `${` and `%{`.
fn doubled(text: &str) -> Option<(usize, String)> {
    let doubled = text.starts_with("$${") || text.starts_with("%%{");
    doubled.then(|| (3, text[1..3].to_owned()))
}

/// Escapes inside an interpolation are those of its own texts.
fn interpolation(text: &str) -> Option<(usize, String)> {
    let begins = text.starts_with("${") || text.starts_with("%{");
    let len = begins.then(|| end_of(text, 2, b'}'))??;
    Some((len, text.get(..len)?.to_owned()))
}
