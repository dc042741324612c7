//! Words: quotes, here-strings, variables, what is nested.

use std::ops::Range;

use super::Reader;
use crate::syntax::draft::{Draft, Quote};
use crate::syntax::{Address, Expansion, Output, Unparsed};

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || 128 <= byte
}

impl Reader<'_> {
    /// Reads a word, which may be empty.
    pub(super) fn word(&mut self) -> Result<Draft, Unparsed> {
        let mut draft = Draft::at(self.at);
        while let Some(byte) = self.peek() {
            let before = self.at;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b')' | b'}' | b'>' => break,
                b'&' if self.at != draft.start() => break,
                b'<' if self.ahead(1) == Some(b'#') => break,
                b'`' => self.escape(&mut draft),
                b'\'' => self.single(&mut draft),
                b'"' => self.double(&mut draft)?,
                b'@' if self.here_string(&mut draft)? => {}
                b'@' if self.ahead(1) == Some(b'{') => {
                    self.at += 1;
                    self.nested(Output::Shown, &Address::from(["@"]))?;
                    self.raw(&mut draft, before)?;
                }
                b'{' => {
                    self.nested(Output::Shown, &Address::default())?;
                    self.raw(&mut draft, before)?;
                }
                b'(' if draft.bytes().last().is_some_and(|it| is_name(*it)) => {
                    self.arguments()?;
                    self.raw(&mut draft, before)?;
                }
                b'(' => {
                    self.nested(Output::Captured, &Address::default())?;
                    self.raw(&mut draft, before)?;
                }
                b'$' => self.dollar(&mut draft)?,
                _ => self.plain(&mut draft),
            }
        }
        Ok(draft)
    }

    fn plain(&mut self, draft: &mut Draft) {
        let rest = &self.bytes[self.at + 1..];
        let end = rest.iter().position(|it| b" \t\r\n;|&<>(){}'\"`$@".contains(it));
        self.take(draft, self.at + 1 + end.unwrap_or(rest.len()), Quote::Interpolated);
    }

    fn take(&mut self, draft: &mut Draft, end: usize, quote: Quote) {
        draft.copy(self.bytes, self.at..end, quote);
        self.at = end;
    }

    /// Copies what has been read since `start` as it is written.
    fn raw(&mut self, draft: &mut Draft, start: usize) -> Result<(), Unparsed> {
        // What is nested stands in the word around it as well.
        self.room.take(self.at - start, start)?;
        draft.copy(self.bytes, start..self.at, Quote::Interpolated);
        Ok(())
    }

    /// Reads a backtick and its character; in front of a line's end it is the end of a word.
    fn escape(&mut self, draft: &mut Draft) {
        let span = self.at..self.bytes.len().min(self.at + 2);
        match self.ahead(1) {
            Some(b'n') => draft.decode(b"\n", span.clone()),
            Some(b't') => draft.decode(b"\t", span.clone()),
            Some(b'r') => draft.decode(b"\r", span.clone()),
            Some(b'0') => draft.decode(b"\0", span.clone()),
            Some(b'\n' | b'\r') | None => {}
            Some(_) => draft.copy(self.bytes, self.at + 1..span.end, Quote::Literal),
        }
        self.at = span.end;
    }

    /// Reads `'…'`, in which `''` is a quote.
    fn single(&mut self, draft: &mut Draft) {
        self.at += 1;
        draft.copy(self.bytes, self.at..self.at, Quote::Literal);
        while let Some(len) = memchr::memchr(b'\'', &self.bytes[self.at..]) {
            let twice = self.ahead(len + 1) == Some(b'\'');
            self.take(draft, self.at + len + usize::from(twice), Quote::Literal);
            self.at += 1;
            if !twice {
                return;
            }
        }
        self.take(draft, self.bytes.len(), Quote::Literal);
    }

    /// Reads `"…"`, in which `""` is a quote.
    fn double(&mut self, draft: &mut Draft) -> Result<(), Unparsed> {
        self.at += 1;
        let end = self.bytes.len();
        loop {
            self.interpolated(draft, end)?;
            if self.peek().is_none() {
                return Ok(());
            }
            self.at += 1;
            if self.peek() != Some(b'"') {
                return Ok(());
            }
            self.take(draft, self.at + 1, Quote::Interpolated);
        }
    }

    /// Reads up to a quote or to `end`.
    fn interpolated(&mut self, draft: &mut Draft, end: usize) -> Result<(), Unparsed> {
        draft.copy(self.bytes, self.at..self.at, Quote::Interpolated);
        while self.at < end {
            let rest = &self.bytes[self.at..end];
            let len = rest.iter().position(|it| b"\"`$".contains(it)).unwrap_or(rest.len());
            self.take(draft, self.at + len, Quote::Interpolated);
            match self.bytes[..end].get(self.at) {
                Some(b'`') => self.escape(draft),
                Some(b'$') => self.dollar(draft)?,
                Some(_) if end < self.bytes.len() => {
                    self.take(draft, self.at + 1, Quote::Interpolated);
                }
                Some(_) | None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Reads `@"`, a line's end, text, a line's end, `"@`, or the same with single quotes. Answers whether it is one.
    fn here_string(&mut self, draft: &mut Draft) -> Result<bool, Unparsed> {
        let (start, close): (_, &[u8]) = match self.bytes[self.at..] {
            [b'@', b'"', b'\n', ..] => (3, b"\n\"@"),
            [b'@', b'"', b'\r', b'\n', ..] => (4, b"\n\"@"),
            [b'@', b'\'', b'\n', ..] => (3, b"\n'@"),
            [b'@', b'\'', b'\r', b'\n', ..] => (4, b"\n'@"),
            _ => return Ok(false),
        };
        // The body may be empty: then the first line's end is also the last.
        let from = self.at + start - 1;
        let end = memchr::memmem::find(&self.bytes[from..], close).map(|it| from + it);
        self.at += start;
        let body = self.at..end.unwrap_or(self.bytes.len()).max(self.at);
        if close == b"\n'@" {
            self.take(draft, body.end, Quote::Literal);
        } else {
            self.here_body(draft, body)?;
        }
        self.at = end.map_or(self.bytes.len(), |it| it + close.len()).max(self.at);
        Ok(true)
    }

    fn here_body(&mut self, draft: &mut Draft, body: Range<usize>) -> Result<(), Unparsed> {
        while self.at < body.end {
            self.interpolated(draft, body.end)?;
            if self.at < body.end {
                self.take(draft, self.at + 1, Quote::Interpolated);
            }
        }
        Ok(())
    }

    /// Reads `$X`, `$env:X`, `${X}` or `$(…)`.
    fn dollar(&mut self, draft: &mut Draft) -> Result<(), Unparsed> {
        let start = self.at;
        self.at += 1;
        if self.peek() == Some(b'(') {
            self.nested(Output::Captured, &Address::default())?;
            return self.raw(draft, start);
        }
        let braces = self.peek() == Some(b'{');
        self.at += usize::from(braces);
        let rest = &self.bytes[self.at..];
        let len = match braces {
            true => memchr::memchr2(b'}', b'\n', rest).unwrap_or(rest.len()),
            false => variable(rest),
        };
        let name = &self.bytes[self.at..self.at + len];
        self.at += len + usize::from(braces && rest.get(len) == Some(&b'}'));
        let name = &name[memchr::memrchr(b':', name).map_or(0, |it| it + 1)..];
        let constant =
            [&b"true"[..], b"false", b"null"].iter().any(|it| it.eq_ignore_ascii_case(name));
        if !name.is_empty() && !constant {
            let name = String::from_utf8_lossy(name).into_owned();
            let span = start..self.at;
            let expansion = Expansion { span, name, fallback: None, doubled: false };
            self.room.expansion(&expansion)?;
            draft.expansions.push(expansion);
        }
        self.raw(draft, start)
    }
}

/// How long a name with its scope is: `X`, `env:X`.
fn variable(rest: &[u8]) -> usize {
    let len = rest.iter().take_while(|it| is_name(**it)).count();
    let scope = rest.get(len) == Some(&b':') && rest.get(len + 1).is_some_and(|it| is_name(*it));
    match scope && 0 < len {
        true => len + 1 + rest[len + 1..].iter().take_while(|it| is_name(**it)).count(),
        false => len,
    }
}
