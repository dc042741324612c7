//! Redirections and here-documents.

use std::ops::Range;

use super::Reader;
use super::word::Place;
use crate::syntax::{Command, Redirect, Text, Unparsed, Word};

/// Every operator, the longer before its beginning.
const OPERATORS: [&[u8]; 12] =
    [b"&>>", b"&>", b"<<<", b"<<-", b"<<", b"<&", b"<>", b"<", b">>", b">|", b">&", b">"];

/// A here-document whose body has not come yet.
pub(super) struct Awaited {
    /// The commands that read it: one, or those of a block.
    commands: Range<usize>,
    operator: String,
    delimiter: Vec<u8>,
    /// Whether its variables stay as they are.
    quoted: bool,
}

impl Reader<'_> {
    /// Whether a redirection stands here.
    pub(super) fn redirects(&self) -> bool {
        if self.template().is_some() {
            return false;
        }
        let rest = &self.bytes[self.at..];
        match rest[self.descriptor()..] {
            [b'<' | b'>', b'(', ..] => false,
            [b'<' | b'>', ..] => true,
            [b'&', b'>', ..] => self.descriptor() == 0,
            _ => false,
        }
    }

    /// How long the number in front of a redirection is.
    fn descriptor(&self) -> usize {
        let rest = &self.bytes[self.at..];
        rest.iter().position(|it| !it.is_ascii_digit()).unwrap_or(rest.len())
    }

    /// Reads a redirection of some commands.
    pub(super) fn redirect(&mut self, commands: Range<usize>) -> Result<(), Unparsed> {
        let start = self.at;
        self.at += self.descriptor();
        let rest = &self.bytes[self.at..];
        self.at += OPERATORS.into_iter().find(|it| rest.starts_with(it)).map_or(0, <[u8]>::len);
        let operator = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        self.blanks();
        if let "<<" | "<<-" = operator.trim_start_matches(|it: char| it.is_ascii_digit()) {
            let (delimiter, quoted) = self.delimiter();
            self.end_command(&commands);
            self.awaited.push(Awaited { commands, operator, delimiter, quoted });
            return Ok(());
        }
        let target = self.word(Place::Argument)?.word(self.at);
        self.end_command(&commands);
        self.attach(commands, &Redirect { operator, target })
    }

    /// The command that is being read goes up to here. A block's are over.
    fn end_command(&mut self, commands: &Range<usize>) {
        if let (1, false) = (commands.len(), self.closed) {
            self.document.commands[commands.start].span.end = self.at;
        }
    }

    /// Gives some commands a redirection, but those of a block that have their own for the same descriptor.
    fn attach(&mut self, commands: Range<usize>, redirect: &Redirect) -> Result<(), Unparsed> {
        let size = size_of::<Redirect>() + redirect.target.text.len();
        self.room.take(commands.len() * size, self.at)?;
        let one = commands.len() == 1;
        for command in &mut self.document.commands[commands] {
            if one || !has_same(command, redirect) {
                command.redirects.push(redirect.clone());
            }
        }
        Ok(())
    }

    /// Reads what ends a here-document, and whether a part of it is quoted.
    fn delimiter(&mut self) -> (Vec<u8>, bool) {
        let start = self.at;
        let mut delimiter = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => {
                    break;
                }
                b'\'' | b'"' => {
                    let rest = &self.bytes[self.at + 1..];
                    let end = memchr::memchr2(byte, b'\n', rest).unwrap_or(rest.len());
                    delimiter.extend_from_slice(&rest[..end]);
                    let closed = rest.get(end) == Some(&byte);
                    self.at += 1 + end + usize::from(closed);
                }
                b'\\' if self.ahead(1).is_some_and(|it| it != b'\n') => {
                    delimiter.push(self.bytes[self.at + 1]);
                    self.at += 2;
                }
                _ => {
                    delimiter.push(byte);
                    self.at += 1;
                }
            }
        }
        let quoted = delimiter.len() < self.at - start;
        (delimiter, quoted)
    }

    /// Reads the here-documents that begin here.
    pub(super) fn bodies(&mut self) -> Result<(), Unparsed> {
        for Awaited { commands, operator, delimiter, quoted } in std::mem::take(&mut self.awaited) {
            let text = self.body_text(&delimiter, operator.ends_with('-'));
            let body = text.source(&(0..text.bytes().len()));
            self.room.take(text.held(), self.at)?;
            let target = if quoted {
                Word { span: body, text: text.into_string(), expansions: Vec::new() }
            } else {
                let len = text.bytes().len();
                let mut word = self.inside(&text, |it| Ok(it.body()?.word(len)))?;
                word.map(&text);
                word
            };
            self.attach(commands, &Redirect { operator, target })?;
        }
        Ok(())
    }

    /// The lines up to the delimiter, and passes over that.
    fn body_text(&mut self, delimiter: &[u8], stripped: bool) -> Text {
        let mut text = Text::at(self.at);
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |it| it + 1);
            let tabs = rest[..end].iter().take_while(|it| stripped && **it == b'\t').count();
            let line = &rest[tabs..end];
            let start = self.at + tabs;
            self.at += end;
            let line_end = line.strip_suffix(b"\n").unwrap_or(line);
            if line_end.strip_suffix(b"\r").unwrap_or(line_end) == delimiter {
                break;
            }
            text.copy(line, start);
        }
        text
    }
}

/// Whether a command has a redirection of its own for the same descriptor.
fn has_same(command: &Command, redirect: &Redirect) -> bool {
    fn descriptor(it: &Redirect) -> (&str, bool) {
        let number = it.operator.trim_end_matches(|it: char| !it.is_ascii_digit());
        let writes = it.operator.contains('>');
        (if writes && number == "1" || !writes && number == "0" { "" } else { number }, writes)
    }
    command.redirects.iter().any(|it| descriptor(it) == descriptor(redirect))
}
