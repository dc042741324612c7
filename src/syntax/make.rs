//! Makefiles and justfiles: variables, and recipes with their commands.

use std::ops::Range;

use super::shell::{self, Dollar};
use super::{Address, Document, Room, Step, Text, Unparsed, Value, part};

mod just;

pub(super) use just::parse as parse_just;

/// What a makefile says. Addresses are `VARIABLE`, `TARGET.VARIABLE` and `TARGET.recipe`; a line of a recipe is a value
/// with its `@`.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut file = File { bytes, at: 0, room, document: Document::default() };
    let end = file.rules();
    file.document.ended(end)
}

struct File<'b> {
    bytes: &'b [u8],
    at: usize,
    room: &'b Room,
    document: Document,
}

impl<'b> File<'b> {
    /// Reads everything.
    fn rules(&mut self) -> Result<(), Unparsed> {
        let mut target = None;
        while self.at < self.bytes.len() {
            if let (Some(target), b'\t') = (&target, self.bytes[self.at]) {
                let text = self.recipe_line();
                self.recipe(target, text)?;
                continue;
            }
            let text = self.logical_line();
            let line = text.bytes();
            if let Some(name) = define(line) {
                self.define(&text, name)?;
            } else if let Some(assignment) = assignment(line, Address::default(), 0) {
                self.document.add(assignment.value(line).through(&text), self.room)?;
            } else if let Some(colon) = rule(line) {
                target = Some(self.rule(&text, colon)?);
            }
        }
        Ok(())
    }

    /// The next physical line without its end, and where it begins.
    fn line(&mut self) -> (&'b [u8], usize) {
        let (start, rest) = (self.at, &self.bytes[self.at..]);
        let end = memchr::memchr(b'\n', rest);
        self.at += end.map_or(rest.len(), |it| it + 1);
        let line = &rest[..end.unwrap_or(rest.len())];
        (line.strip_suffix(b"\r").unwrap_or(line), start)
    }

    /// The next line with those that continue it, joined by blanks.
    fn logical_line(&mut self) -> Text {
        let mut text = Text::at(self.at);
        loop {
            let (line, start) = self.line();
            let skipped = match text.bytes().is_empty() {
                true => 0,
                false => line.iter().take_while(|it| it.is_ascii_whitespace()).count(),
            };
            let continued = continued(line) && self.at < self.bytes.len();
            text.copy(&line[skipped..line.len() - usize::from(continued)], start + skipped);
            if !continued {
                return text;
            }
            text.decode(b" ", self.at - 1..self.at);
        }
    }

    /// The next line of a recipe with those that continue it, which the shell will join.
    fn recipe_line(&mut self) -> Text {
        let mut text = Text::at(self.at);
        loop {
            let (line, start) = self.line();
            let tab = usize::from(line.first() == Some(&b'\t'));
            text.copy(&line[tab..], start + tab);
            if !continued(line) || self.at == self.bytes.len() {
                return text;
            }
            text.copy(b"\n", self.at - 1);
        }
    }

    /// Adds a line of a recipe. Its prefixes say whether it is shown before it runs.
    fn recipe(&mut self, target: &Address, text: Text) -> Result<(), Unparsed> {
        let address = target.key("recipe");
        let prefix = text.bytes().iter().take_while(|it| b"@-+ \t".contains(it)).count();
        let script = text.tail(prefix);
        let said = part(shell::parse(script.bytes(), Dollar::Make, self.room));
        let span = text.source(&(0..text.bytes().len()));
        let key = span.start..span.start;
        let recipe = Value { address: address.clone(), key, span, text, interpolates: true };
        self.document.add(recipe, self.room)?;
        self.document.append(said.through(&script).below(&address));
        Ok(())
    }

    /// Reads the lines up to `endef`.
    fn define(&mut self, name: &Text, key: Range<usize>) -> Result<(), Unparsed> {
        let mut address = Address::default();
        address.push(Step::named(&name.bytes()[key.clone()]));
        let mut text = Text::at(self.at);
        while self.at < self.bytes.len() {
            let (line, start) = self.line();
            if line.trim_ascii() == b"endef" {
                break;
            }
            text.copy(&self.bytes[start..self.at], start);
        }
        let (key, span) = (name.source(&key), text.source(&(0..text.bytes().len())));
        self.document.add(Value { address, key, span, text, interpolates: true }, self.room)
    }

    /// Reads a rule whose first colon is at `colon`; answers the address of its target.
    fn rule(&mut self, text: &Text, colon: usize) -> Result<Address, Unparsed> {
        let line = text.bytes();
        let mut target = Address::default();
        target.push(Step::named(line[..colon].trim_ascii()));
        let start = colon + line[colon..].iter().take_while(|it| **it == b':').count();
        if let Some(assignment) = assignment(line, target.clone(), start) {
            self.document.add(assignment.value(line).through(text), self.room)?;
        } else if let Some(semicolon) = memchr::memchr(b';', line) {
            self.recipe(&target, text.tail(semicolon + 1))?;
        }
        Ok(target)
    }
}

/// Whether a line ends with a backslash that another does not take away.
fn continued(line: &[u8]) -> bool {
    line.iter().rev().take_while(|it| **it == b'\\').count() % 2 == 1
}

/// An assignment in a line.
struct Assignment {
    address: Address,
    key: Range<usize>,
    value: Range<usize>,
}

impl Assignment {
    fn value(self, line: &[u8]) -> Value {
        let Self { address, key, value: span } = self;
        let text = Text::plain(&line[span.clone()], span.start);
        Value { address, key, span, text, interpolates: true }
    }
}

/// The assignment that a line is from `start` on: `X = …`, `export X := …`, `X ?= …`, or `export X` without a value.
fn assignment(line: &[u8], mut address: Address, start: usize) -> Option<Assignment> {
    let words = [&b"export"[..], b"override", b"private", b"unexport"];
    let past = |at: usize| at + line[at..].iter().take_while(|it| b" \t".contains(it)).count();
    let end_of = |at: usize| {
        let name = |it: &&u8| !b" \t:=?+!#()\"'".contains(it);
        at + line[at..].iter().take_while(name).count()
    };
    let (mut at, mut exported) = (past(start), false);
    while words.contains(&&line[at..end_of(at)]) && past(end_of(at)) < line.len() {
        exported |= line[at..].starts_with(b"export");
        at = past(end_of(at));
    }
    let key = at..end_of(at);
    let operator = &line[past(key.end)..];
    let operators = [&b":::="[..], b"::=", b":=", b"?=", b"+=", b"!=", b"="];
    let len = operators.iter().find(|it| operator.starts_with(it)).map(|it| it.len());
    let value = match len {
        Some(len) => past(past(key.end) + len)..comment(line),
        None if exported && operator.is_empty() => key.end..key.end,
        None => return None,
    };
    if key.is_empty() {
        return None;
    }
    address.push(Step::named(&line[key.clone()]));
    let end = value.start + line[value.start..value.end.max(value.start)].trim_ascii_end().len();
    Some(Assignment { address, key, value: value.start..end })
}

/// Where the comment of a line begins, or the line's end.
fn comment(line: &[u8]) -> usize {
    let begins = |at: &usize| *at == 0 || line[at - 1].is_ascii_whitespace();
    memchr::memchr_iter(b'#', line).find(begins).unwrap_or(line.len())
}

/// The name of `define NAME`.
fn define(line: &[u8]) -> Option<Range<usize>> {
    let blanks = line.len() - line.trim_ascii_start().len();
    let rest = line[blanks..].strip_prefix(b"define")?;
    let name = rest.trim_ascii_start();
    let start = line.len() - name.len();
    let len = name.iter().take_while(|it| !b" \t:=?+".contains(it)).count();
    (name.len() < rest.len() && 0 < len).then_some(start..start + len)
}

/// The colon of a rule, outside of `$(…)`.
fn rule(line: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in line[..comment(line)].iter().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => return (!line[..at].trim_ascii().is_empty()).then_some(at),
            _ => {}
        }
    }
    None
}
