//! Justfiles: variables, and recipes that are indented. `{{X}}` is a template for the shell's reader.

use std::ops::Range;

use super::{Address, Document, File, Room, Step, Text, Unparsed, Value};
use crate::syntax::draft::{Draft, Quote};
use crate::syntax::{Output, Syntax, part};

/// What a justfile says. Addresses are `VARIABLE` and `RECIPE.recipe`; a line of a recipe is a value with its `@`, and the
/// script of one with a shebang is a single value.
pub(in crate::syntax) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut file = File { bytes, at: 0, room, document: Document::default() };
    let end = file.recipes();
    file.document.ended(end)
}

impl File<'_> {
    /// Reads everything.
    fn recipes(&mut self) -> Result<(), Unparsed> {
        let mut recipe = None;
        while self.at < self.bytes.len() {
            match (&recipe, self.bytes[self.at]) {
                (Some(address), b' ' | b'\t') => {
                    let body = self.body();
                    self.lines(address, &body)?;
                }
                (None, b' ' | b'\t') => drop(self.line()),
                _ => {
                    let text = self.logical_line();
                    if let Some((name, value)) = variable(text.bytes()) {
                        self.variable(&text, name, value)?;
                    } else {
                        let last = recipe.filter(|_| text.bytes().is_empty());
                        recipe = header(text.bytes()).or(last);
                    }
                }
            }
        }
        Ok(())
    }

    /// The next indented lines without the indentation of the first.
    fn body(&mut self) -> Text {
        let blank = |it: &&u8| b" \t".contains(it);
        let indent = self.bytes[self.at..].iter().take_while(blank).count();
        let mut text = Text::at(self.at);
        while self.bytes.get(self.at).is_some_and(|it| b" \t\r\n".contains(it)) {
            let (line, start) = self.line();
            let skipped = line.iter().take_while(blank).count().min(indent);
            text.copy(&self.bytes[start + skipped..self.at], start + skipped);
        }
        text
    }

    /// Adds the lines of a recipe, or its script.
    fn lines(&mut self, address: &Address, body: &Text) -> Result<(), Unparsed> {
        if body.bytes().starts_with(b"#!") {
            let line = body.bytes().split(|it| *it == b'\n').next().unwrap_or_default();
            return self.script(address, body, 0, line.trim_ascii_end().ends_with(b"sh"));
        }
        let mut lines =
            File { bytes: body.bytes(), at: 0, room: self.room, document: Document::default() };
        while lines.at < lines.bytes.len() {
            let start = lines.at;
            while super::continued(lines.line().0) && lines.at < lines.bytes.len() {}
            let line = lines.bytes[start..lines.at].trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            let prefix = line.iter().take_while(|it| b"@- \t".contains(it)).count();
            let text = Text::plain(line, start).through(body);
            self.script(address, &text, prefix, true)?;
        }
        Ok(())
    }

    fn script(
        &mut self,
        address: &Address,
        text: &Text,
        prefix: usize,
        shell: bool,
    ) -> Result<(), Unparsed> {
        let span = text.source(&(0..text.bytes().len()));
        let key = span.start..span.start;
        let (address, text) = (address.key("recipe"), text.clone());
        if shell {
            let said = part(Syntax::Shell.parse_text(&text.tail(prefix), self.room));
            self.document.append(said.below(&address));
        }
        self.document.add(Value { address, key, span, text, interpolates: true }, self.room)
    }

    /// Adds a variable. What stands in backticks is a command.
    fn variable(
        &mut self,
        text: &Text,
        key: Range<usize>,
        span: Range<usize>,
    ) -> Result<(), Unparsed> {
        let line = text.bytes();
        let mut address = Address::default();
        address.push(Step::named(&line[key.clone()]));
        let value = string(line, &span).value(address.clone(), key, span.end);
        if line[span.clone()].starts_with(b"`") {
            let end = span.end - usize::from(line[span.start + 1..span.end].ends_with(b"`"));
            let mut said =
                part(Syntax::Shell.parse_text(&text.range(span.start + 1..end), self.room));
            let shown = said.commands.iter_mut().filter(|it| it.output == Output::Shown);
            shown.for_each(|it| it.output = Output::Captured);
            self.document.append(said.below(&address));
        }
        self.document.add(value.through(text), self.room)
    }
}

/// The name and the value of `X := …`, `export X := …`.
fn variable(line: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let operator = memchr::memmem::find(line, b":=")?;
    let name = line[..operator].trim_ascii();
    let name = name.strip_prefix(b"export ").unwrap_or(name).trim_ascii_start();
    let start = line[..operator].trim_ascii_end().len() - name.len();
    let word = |it: &u8| it.is_ascii_alphanumeric() || b"_-".contains(it);
    let value =
        operator + 2 + line[operator + 2..].len() - line[operator + 2..].trim_ascii_start().len();
    let end = value + line[value..].trim_ascii_end().len();
    (!name.is_empty() && name.iter().all(word)).then_some((start..start + name.len(), value..end))
}

/// A string without its quotes; any other expression as it is written.
fn string(line: &[u8], span: &Range<usize>) -> Draft {
    let mut draft = Draft::at(span.start);
    let written = &line[span.clone()];
    let quote = match written.first() {
        Some(it @ (b'\'' | b'"')) if 2 <= written.len() && written.ends_with(&[*it]) => it,
        _ => {
            draft.copy(line, span.clone(), Quote::Interpolated);
            return draft;
        }
    };
    let (mut at, end) = (span.start + 1, span.end - 1);
    draft.copy(line, at..at, Quote::Literal);
    while at < end {
        match (quote, line[at], line[at + 1]) {
            (b'"', b'\\', escaped) if at + 1 < end => {
                let meaning = match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    it => it,
                };
                draft.decode(&[meaning], at..at + 2);
                at += 2;
            }
            _ => {
                draft.copy(line, at..at + 1, Quote::Literal);
                at += 1;
            }
        }
    }
    draft
}

/// The address of the recipe that a line begins: `name arguments: dependencies`.
fn header(line: &[u8]) -> Option<Address> {
    let line = line.strip_prefix(b"@").unwrap_or(line);
    let word = |it: &&u8| it.is_ascii_alphanumeric() || b"_-".contains(it);
    let name = line.iter().take_while(word).count();
    let is = 0 < name && memchr::memchr(b':', line).is_some();
    let mut address = Address::default();
    address.push(Step::named(&line[..name]));
    is.then_some(address)
}
