//! Words: quotes, escapes, and what template engines put into them before a shell sees them.

use super::{Dollar, Reader};
use crate::syntax::draft::{Draft, Quote};
use crate::syntax::{Output, Text, Unparsed};

/// What a template engine replaces, from its first characters to its last. All of it is one character for the shell.
const TEMPLATES: [(&[u8], &[u8]); 5] =
    [(b"${{", b"}}"), (b"$[[", b"]]"), (b"{{", b"}}"), (b"{%", b"%}"), (b"<%", b"%>")];
/// The longest template expression, in bytes.
const LONGEST: usize = 1024;

/// Where a word stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Where a parenthesis is a part of it.
    Argument,
    /// In `[[ ]]` and in patterns, where a parenthesis stands alone.
    Alone,
}

impl Reader<'_> {
    /// Reads a word, which may be empty.
    pub(super) fn word(&mut self, place: Place) -> Result<Draft, Unparsed> {
        let mut draft = Draft::at(self.at);
        while let Some(byte) = self.peek() {
            let before = self.at;
            match byte {
                b'\r' if self.ahead(1) == Some(b'\n') => break,
                b'\'' => self.single(&mut draft)?,
                b'"' => self.double(&mut draft)?,
                b'\\' => self.escape(&mut draft),
                b'$' if self.ahead(1) == Some(b'\'') => self.ansi(&mut draft),
                b'$' if self.ahead(1) == Some(b'"') => self.at += 1,
                b'$' | b'`' => self.replaced(&mut draft, Quoting::None)?,
                b'{' | b'<' if self.template().is_some() => {
                    self.opaque(&mut draft, Quote::Interpolated);
                }
                b'<' | b'>' if place == Place::Argument && self.ahead(1) == Some(b'(') => {
                    self.at += 1;
                    self.parenthesized(&mut draft, before)?;
                }
                b'(' if place == Place::Argument => self.parenthesized(&mut draft, before)?,
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                _ => self.plain(&mut draft),
            }
        }
        Ok(draft)
    }

    /// Reads characters that mean themselves, at least one.
    fn plain(&mut self, draft: &mut Draft) {
        let rest = &self.bytes[self.at + 1..];
        let end = rest.iter().position(|it| b" \t\r\n;&|<>()'\"\\$`{".contains(it));
        self.take(draft, self.at + 1 + end.unwrap_or(rest.len()), Quote::Interpolated);
    }

    /// Copies up to `end`.
    fn take(&mut self, draft: &mut Draft, end: usize, quote: Quote) {
        draft.copy(self.bytes, self.at..end, quote);
        self.at = end;
    }

    /// Copies a template expression, or one byte that begins none.
    fn opaque(&mut self, draft: &mut Draft, quote: Quote) {
        self.take(draft, self.template().unwrap_or(self.at + 1), quote);
    }

    /// The end of the template expression that begins here.
    pub(super) fn template(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST)];
        let (_, close) = TEMPLATES.iter().find(|(open, _)| rest.starts_with(open))?;
        let end = memchr::memmem::find(rest, close)?;
        let one_line = rest[0] == b'$' || memchr::memchr(b'\n', &rest[..end]).is_none();
        one_line.then_some(self.at + end + close.len())
    }

    /// Reads a variable, a substitution or a template, and copies it as it is written.
    fn replaced(&mut self, draft: &mut Draft, quoting: Quoting) -> Result<(), Unparsed> {
        let before = self.at;
        match self.bytes[before] {
            b'$' if quoting == Quoting::Single => match self.ahead(1) {
                Some(b'$') => self.at += 2,
                _ => self.make_variable(&mut draft.expansions)?,
            },
            b'$' => self.dollar(&mut draft.expansions, quoting)?,
            _ => self.backtick(quoting)?,
        }
        draft.copy(self.bytes, before..self.at, Quote::Interpolated);
        Ok(())
    }

    /// Reads a parenthesis in a word: `@(a|b)` of a pattern, `((x))` of a template, `<(…)`, `(…)` of `fish`.
    fn parenthesized(&mut self, draft: &mut Draft, before: usize) -> Result<(), Unparsed> {
        let pattern = draft.bytes().last().is_some_and(|it| b"@?*+!".contains(it));
        let pattern_end = || {
            let end = self.at + memchr::memchr2(b')', b'\n', &self.bytes[self.at..])?;
            (self.bytes[end] == b')').then_some(end + 1)
        };
        if let Some(end) = self.arithmetic_end(1) {
            self.arithmetic(end, &mut draft.expansions)?;
        } else if let Some(end) = pattern.then(pattern_end).flatten() {
            self.at = end;
        } else {
            self.at += 1;
            self.substitution(match self.bytes[before] {
                b'>' => Output::Shown,
                _ => Output::Captured,
            })?;
        }
        draft.copy(self.bytes, before..self.at, Quote::Interpolated);
        Ok(())
    }

    fn escape(&mut self, draft: &mut Draft) {
        match self.continuation() {
            0 => {
                self.at += usize::from(self.at + 1 < self.bytes.len());
                self.take(draft, self.at + 1, Quote::Literal);
            }
            len => self.at += len,
        }
    }

    fn single(&mut self, draft: &mut Draft) -> Result<(), Unparsed> {
        self.at += 1;
        draft.copy(self.bytes, self.at..self.at, Quote::Literal);
        while let Some(len) = memchr::memchr2(b'\'', b'$', &self.bytes[self.at..]) {
            self.take(draft, self.at + len, Quote::Literal);
            match self.bytes[self.at] {
                b'\'' => {
                    self.at += 1;
                    return Ok(());
                }
                _ if self.dollar == Dollar::Make => self.replaced(draft, Quoting::Single)?,
                _ => self.opaque(draft, Quote::Literal),
            }
        }
        self.take(draft, self.bytes.len(), Quote::Literal);
        Ok(())
    }

    fn double(&mut self, draft: &mut Draft) -> Result<(), Unparsed> {
        self.at += 1;
        draft.copy(self.bytes, self.at..self.at, Quote::Interpolated);
        self.interpolated(draft, Some(b'"'))?;
        self.at = self.bytes.len().min(self.at + 1);
        Ok(())
    }

    /// Reads what stands in double quotes or in a here-document, up to `close` or to the end.
    fn interpolated(&mut self, draft: &mut Draft, close: Option<u8>) -> Result<(), Unparsed> {
        loop {
            let rest = &self.bytes[self.at..];
            let len = rest.iter().position(|it| b"\"\\$`{".contains(it)).unwrap_or(rest.len());
            self.take(draft, self.at + len, Quote::Interpolated);
            match self.peek() {
                None => return Ok(()),
                Some(byte) if Some(byte) == close => return Ok(()),
                Some(b'$' | b'`') => self.replaced(draft, Quoting::Double)?,
                Some(b'\\') if self.escapes() => self.escape(draft),
                Some(_) => self.opaque(draft, Quote::Interpolated),
            }
        }
    }

    /// Whether the backslash here means something in double quotes.
    fn escapes(&self) -> bool {
        0 < self.continuation() || self.ahead(1).is_some_and(|it| b"\"\\$`".contains(&it))
    }

    /// Reads the body of a here-document.
    pub(super) fn body(&mut self) -> Result<Draft, Unparsed> {
        let mut draft = Draft::at(self.at);
        self.interpolated(&mut draft, None)?;
        Ok(draft)
    }

    /// Reads `$'…'`.
    fn ansi(&mut self, draft: &mut Draft) {
        self.at += 2;
        draft.copy(self.bytes, self.at..self.at, Quote::Literal);
        while let Some(len) = memchr::memchr2(b'\'', b'\\', &self.bytes[self.at..]) {
            self.take(draft, self.at + len, Quote::Literal);
            if self.peek() == Some(b'\'') {
                self.at += 1;
                return;
            }
            let (meaning, len) = ansi_escape(&self.bytes[self.at + 1..]);
            draft.decode(meaning.as_slice(), self.at..self.at + 1 + len);
            self.at += 1 + len;
        }
        self.take(draft, self.bytes.len(), Quote::Literal);
    }

    /// Reads `` `…` ``: its commands, in which a backslash keeps its next character from ending it.
    pub(super) fn backtick(&mut self, quoting: Quoting) -> Result<(), Unparsed> {
        self.at += 1;
        let mut text = Text::at(self.at);
        loop {
            let rest = &self.bytes[self.at..];
            let len = memchr::memchr2(b'`', b'\\', rest).unwrap_or(rest.len());
            text.copy(&rest[..len], self.at);
            self.at += len;
            if self.peek() != Some(b'\\') {
                break;
            }
            let escapes = self.ahead(1).is_some_and(|it| {
                b"`\\$".contains(&it) || it == b'"' && quoting == Quoting::Double
            });
            let start = self.at + usize::from(escapes);
            self.at = self.bytes.len().min(self.at + 2);
            text.copy(&self.bytes[start..self.at], start);
        }
        self.at = self.bytes.len().min(self.at + 1);
        let first = self.document.commands.len();
        #[expect(clippy::redundant_closure_for_method_calls, reason = "it is for any lifetime")]
        self.inside(&text, |it| it.script())?;
        self.become_of(first..self.document.commands.len(), Output::Captured);
        Ok(())
    }
}

/// The quotes around a variable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    None,
    /// In which only `make` replaces something.
    Single,
    Double,
}

/// What stands for the characters after a backslash in `$'…'`, and how many those are.
fn ansi_escape(rest: &[u8]) -> (Vec<u8>, usize) {
    let number = |from: usize, most: usize, base: u32| {
        let digits = rest[from.min(rest.len())..].iter().take(most);
        let digits: String =
            digits.map(|it| char::from(*it)).take_while(|it| it.is_digit(base)).collect();
        (u32::from_str_radix(&digits, base).ok(), from + digits.len())
    };
    let byte = |(value, len): (Option<u32>, usize)| {
        (value.map_or(Vec::new(), |it| vec![it.to_le_bytes()[0]]), len)
    };
    let scalar = |(value, len): (Option<u32>, usize)| {
        (value.and_then(char::from_u32).map_or(Vec::new(), |it| it.to_string().into_bytes()), len)
    };
    match rest.first() {
        None => (b"\\".to_vec(), 0),
        Some(b'n') => (b"\n".to_vec(), 1),
        Some(b't') => (b"\t".to_vec(), 1),
        Some(b'r') => (b"\r".to_vec(), 1),
        Some(b'a') => (b"\x07".to_vec(), 1),
        Some(b'e' | b'E') => (b"\x1b".to_vec(), 1),
        Some(b'x') => byte(number(1, 2, 16)),
        Some(b'u') => scalar(number(1, 4, 16)),
        Some(b'U') => scalar(number(1, 8, 16)),
        Some(b'0'..=b'7') => byte(number(0, 3, 8)),
        Some(it) => (vec![*it], 1),
    }
}
