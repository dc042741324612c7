//! HCL: blocks by their labels, attributes, objects and lists, each template and each expression between them.

use std::ops::Range;

use super::hcl_token::{Kind, Token, Tokens, decoded};
use super::outline::{Outline, Shape};
use super::{Document, Room, Unparsed};

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let mut reader = Reader { tokens: Tokens::new(source), outline: Outline::new(source, room) };
    let end = reader.body();
    reader.outline.finish(end)
}

struct Reader<'b> {
    tokens: Tokens<'b>,
    outline: Outline<'b>,
}

impl Reader<'_> {
    /// Reads attributes and blocks.
    fn body(&mut self) -> Result<(), Unparsed> {
        let mut blocks: Vec<usize> = Vec::new();
        loop {
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Newline => {}
                Kind::End if blocks.is_empty() => return Ok(()),
                Kind::Mark(b'}') if !blocks.is_empty() => {
                    for _ in 0..blocks.pop().unwrap_or(0) {
                        self.outline.close(token.span.end)?;
                    }
                }
                Kind::Word | Kind::Quoted => {
                    if let Some(labels) = self.item(token)? {
                        blocks.push(labels);
                    }
                }
                _ => return Err(malformed(&token)),
            }
        }
    }

    /// Reads an attribute, or opens a block with so many names.
    fn item(&mut self, first: Token) -> Result<Option<usize>, Unparsed> {
        let mut names = vec![first];
        loop {
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Word | Kind::Quoted => names.push(token),
                Kind::Mark(b'=') if names.len() == 1 => {
                    self.entry(&names[0]);
                    return self.expression().map(|()| None);
                }
                Kind::Mark(b'{') => {
                    for name in &names {
                        self.entry(name);
                        self.outline.open(Shape::Mapping, token.span.start)?;
                    }
                    // A block's label is a value, too: what the block declares, whatever stands inside.
                    if let [_, .., label] = &names[..] {
                        let text = decoded(self.outline.source(), label);
                        self.outline.scalar(label.span.clone(), text)?;
                    }
                    return Ok(Some(names.len()));
                }
                _ => return Err(malformed(&token)),
            }
        }
    }

    fn entry(&mut self, name: &Token) {
        let text = decoded(self.outline.source(), name);
        self.outline.entry(text.lossy(), name.span.clone());
    }

    /// Reads an expression up to what ends it. What it holds has one address: the texts, the operators and names between
    /// them, and the arguments of calls, so that `merge(local.a, { X = "…" })` has an `X` as `{ X = "…" }` has.
    fn expression(&mut self) -> Result<(), Unparsed> {
        let mut brackets = Vec::new();
        let mut bare: Option<Range<usize>> = None;
        self.outline.open(Shape::Same, self.tokens.at())?;
        loop {
            let before = self.tokens.clone();
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Newline | Kind::Mark(b',' | b')' | b']' | b'}') if brackets.is_empty() => {
                    self.tokens = before;
                    break;
                }
                Kind::End => break,
                Kind::Newline => {}
                Kind::Quoted | Kind::Heredoc { .. } => {
                    self.bare(bare.take())?;
                    let text = decoded(self.outline.source(), &token);
                    self.outline.template(token.span, text)?;
                }
                Kind::Mark(b'[' | b'{') if !self.is_operator(&token)? => {
                    self.bare(bare.take())?;
                    self.collection(&token)?;
                }
                Kind::Word | Kind::Mark(_) => {
                    nest(&mut brackets, &token)?;
                    bare.get_or_insert(token.span.clone()).end = token.span.end;
                }
            }
        }
        self.bare(bare)?;
        self.outline.close(self.tokens.at())
    }

    /// Whether the bracket just read is an index or a `for`, and no list or object.
    fn is_operator(&self, bracket: &Token) -> Result<bool, Unparsed> {
        let source = self.outline.source();
        let before = &source[..bracket.span.start];
        let index = before.ends_with(|it: char| it.is_alphanumeric() || "_)]}\"*".contains(it));
        if index && bracket.kind == Kind::Mark(b'[') {
            return Ok(true);
        }
        let mut tokens = self.tokens.clone();
        let mut next = tokens.next()?;
        while next.kind == Kind::Newline {
            next = tokens.next()?;
        }
        Ok(&source[next.span] == "for")
    }

    /// Adds what stands between texts, if it names anything.
    fn bare(&mut self, span: Option<Range<usize>>) -> Result<(), Unparsed> {
        let Some(span) = span else { return Ok(()) };
        match self.outline.source()[span.clone()].contains(char::is_alphanumeric) {
            true => self.outline.scalar(span.clone(), self.outline.raw(span)),
            false => Ok(()),
        }
    }

    /// Reads the list or the object that a bracket opens.
    fn collection(&mut self, bracket: &Token) -> Result<(), Unparsed> {
        let list = bracket.kind == Kind::Mark(b'[');
        let (shape, close) = if list { (Shape::Sequence, b']') } else { (Shape::Mapping, b'}') };
        self.outline.open(shape, bracket.span.start)?;
        loop {
            let before = self.tokens.clone();
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Newline | Kind::Mark(b',') => continue,
                Kind::Mark(it) if it == close => return self.outline.close(token.span.end),
                Kind::End | Kind::Mark(b')' | b']' | b'}') => return Err(malformed(&token)),
                _ if list => self.tokens = before,
                _ => self.key(token)?,
            }
            self.expression()?;
        }
    }

    /// Reads the key of an object's entry, which may be an expression, and what parts it from the value.
    fn key(&mut self, first: Token) -> Result<(), Unparsed> {
        let (mut last, mut depth) = (first.clone(), usize::from(first.kind == Kind::Mark(b'(')));
        loop {
            let token = self.tokens.next()?;
            match token.kind {
                Kind::Mark(b'=' | b':') if depth == 0 => break,
                Kind::Mark(b'(') => depth += 1,
                Kind::Mark(b')') => depth = depth.saturating_sub(1),
                Kind::End | Kind::Newline | Kind::Mark(b'{' | b'}') => {
                    return Err(malformed(&token));
                }
                _ => {}
            }
            last = token;
        }
        if first.span == last.span {
            self.entry(&first);
        } else {
            let span = first.span.start..last.span.end;
            self.outline.entry(&self.outline.source()[span.clone()], span);
        }
        Ok(())
    }
}

/// Keeps account of the brackets of calls, indices and `for`.
fn nest(brackets: &mut Vec<u8>, token: &Token) -> Result<(), Unparsed> {
    match token.kind {
        Kind::Mark(b'(') => brackets.push(b')'),
        Kind::Mark(b'[') => brackets.push(b']'),
        Kind::Mark(b'{') => brackets.push(b'}'),
        Kind::Mark(close @ (b')' | b']' | b'}')) if brackets.pop() != Some(close) => {
            return Err(malformed(token));
        }
        _ => {}
    }
    Ok(())
}

fn malformed(token: &Token) -> Unparsed {
    Unparsed { at: token.span.start, reason: "it is not HCL" }
}
