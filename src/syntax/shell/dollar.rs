//! What a `$` begins: variables, substitutions, arithmetic.

use std::ops::Range;

use super::word::Quoting;
use super::{Dollar, Reader};
use crate::syntax::{Expansion, Output, Unparsed};

/// The longest arithmetic expression, in bytes. What is longer is read as commands.
const LONGEST: usize = 256;

/// What stands in front of a variable's name.
#[derive(Clone, Copy)]
struct Sigil {
    start: usize,
    doubled: bool,
}

impl Reader<'_> {
    /// Reads what a `$` begins; a `$` that begins nothing is passed over.
    pub(super) fn dollar(
        &mut self,
        expansions: &mut Vec<Expansion>,
        quoting: Quoting,
    ) -> Result<(), Unparsed> {
        if let Some(end) = self.template() {
            self.at = end;
            return Ok(());
        }
        let two = self.ahead(1) == Some(b'$');
        let make = self.dollar == Dollar::Make;
        if make && !two {
            return self.make_variable(expansions);
        }
        let doubled = two && !make;
        let sigil = Sigil { start: self.at, doubled };
        self.at += 1;
        if two {
            if self.template().is_some() {
                return Ok(());
            }
            self.at += 1;
        }
        match self.peek() {
            Some(b'(') => {
                if let Some(end) = self.arithmetic_end(1) {
                    return self.arithmetic(end, expansions);
                }
                self.at += 1;
                self.substitution(Output::Captured)
            }
            Some(b'{') => self.braced(sigil, expansions, quoting),
            Some(b'_' | b'a'..=b'z' | b'A'..=b'Z') => {
                let name = self.at..self.at + self.name();
                self.at = name.end;
                expansions.push(self.expansion(sigil, name, None)?);
                Ok(())
            }
            Some(byte) if !doubled => self.special(sigil, byte, expansions),
            _ => Ok(()),
        }
    }

    /// Reads the one character of a positional parameter, or of what tells about the shell and is no variable.
    fn special(
        &mut self,
        sigil: Sigil,
        byte: u8,
        expansions: &mut Vec<Expansion>,
    ) -> Result<(), Unparsed> {
        let positional = matches!(byte, b'@' | b'*' | b'0'..=b'9');
        self.at += usize::from(positional || b"?!#-".contains(&byte));
        if positional {
            expansions.push(self.expansion(sigil, self.at - 1..self.at, None)?);
        }
        Ok(())
    }

    /// Reads `$(X)`, `${X}` or `$X` as `make` does.
    pub(super) fn make_variable(
        &mut self,
        expansions: &mut Vec<Expansion>,
    ) -> Result<(), Unparsed> {
        let sigil = Sigil { start: self.at, doubled: false };
        let rest = &self.bytes[self.at + 1..];
        if rest.starts_with(b"(shell ") {
            self.at += "$(shell ".len();
            return self.substitution(Output::Captured);
        }
        let close = match rest.first() {
            Some(b'(') => b')',
            Some(b'{') => b'}',
            Some(it) if it.is_ascii_graphic() => {
                self.at += 2;
                expansions.push(self.expansion(sigil, self.at - 1..self.at, None)?);
                return Ok(());
            }
            Some(_) | None => {
                self.at += 1;
                return Ok(());
            }
        };
        self.at += 2;
        let word = |it: &&u8| it.is_ascii_alphanumeric() || b"_.-@<^*%?/".contains(it);
        let name = self.at..self.at + rest[1..].iter().take_while(word).count();
        let is_name = matches!(self.bytes.get(name.end), Some(it) if *it == close || *it == b':');
        let outer = expansions.len();
        self.enter()?;
        self.braced_body(close, expansions, Quoting::Double)?;
        self.depth -= 1;
        if is_name && !name.is_empty() {
            let expansion = self.expansion(sigil, name, None)?;
            expansions.insert(outer, expansion);
        }
        Ok(())
    }

    /// How long the name of a variable here is.
    pub(super) fn name(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let word = |it: &u8| it.is_ascii_alphanumeric() || *it == b'_';
        match rest.first() {
            Some(b'0'..=b'9') | None => 0,
            Some(_) => rest.iter().position(|it| !word(it)).unwrap_or(rest.len()),
        }
    }

    fn expansion(
        &mut self,
        sigil: Sigil,
        name: Range<usize>,
        fallback: Option<Range<usize>>,
    ) -> Result<Expansion, Unparsed> {
        let name = String::from_utf8_lossy(&self.bytes[name]).into_owned();
        let Sigil { start, doubled } = sigil;
        let expansion = Expansion { span: start..self.at, name, fallback, doubled };
        self.room.expansion(&expansion)?;
        Ok(expansion)
    }

    /// Reads `{X}`, `{X:-…}` and the like.
    fn braced(
        &mut self,
        sigil: Sigil,
        expansions: &mut Vec<Expansion>,
        quoting: Quoting,
    ) -> Result<(), Unparsed> {
        self.enter()?;
        self.at += 1;
        let counts = self.peek() == Some(b'#');
        self.at += usize::from(matches!(self.peek(), Some(b'#' | b'!')));
        let name = self.at..self.at + self.name().max(self.digits());
        self.at = name.end;
        let outer = expansions.len();
        if self.peek() == Some(b'[') {
            self.braced_body(b']', expansions, quoting)?;
        }
        let colon = usize::from(self.peek() == Some(b':'));
        let operator = self.ahead(colon);
        let body = self.at + colon + 1;
        self.braced_body(b'}', expansions, quoting)?;
        self.depth -= 1;
        let end = self.at - usize::from(self.bytes[self.at - 1] == b'}');
        let fallback = matches!(operator, Some(b'-' | b'=')).then(|| body..end.max(body));
        let replaced = match operator {
            Some(b'+') | None => false,
            Some(it) => colon == 1 || b"}-=?#%/^,@".contains(&it),
        };
        if replaced && !counts && !name.is_empty() {
            let expansion = self.expansion(sigil, name, fallback)?;
            expansions.insert(outer, expansion);
        }
        Ok(())
    }

    /// How long the name of a positional parameter here is.
    fn digits(&self) -> usize {
        let rest = &self.bytes[self.at..];
        match rest.first() {
            Some(b'@' | b'*') => 1,
            _ => rest.iter().position(|it| !it.is_ascii_digit()).unwrap_or(rest.len()),
        }
    }

    /// Reads up to `close` and past it, through quotes and what is nested.
    fn braced_body(
        &mut self,
        close: u8,
        expansions: &mut Vec<Expansion>,
        quoting: Quoting,
    ) -> Result<(), Unparsed> {
        let mut quoted = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'$' => {
                    self.dollar(expansions, Quoting::Double)?;
                    continue;
                }
                b'`' => {
                    self.backtick(quoting)?;
                    continue;
                }
                b'\\' => self.at += usize::from(self.at + 1 < self.bytes.len()),
                b'"' => quoted = !quoted,
                b'\'' if !quoted && quoting == Quoting::None => {
                    let end = memchr::memchr(b'\'', &self.bytes[self.at + 1..]);
                    self.at = end.map_or(self.bytes.len() - 1, |it| self.at + 1 + it);
                }
                _ if byte == close && !quoted => {
                    self.at += 1;
                    return Ok(());
                }
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Where the `))` stands that ends the arithmetic whose second parenthesis is `second` bytes away.
    pub(super) fn arithmetic_end(&self, second: usize) -> Option<usize> {
        let open = self.at + second - 1;
        if self.bytes.get(open..open + 2) != Some(b"((") {
            return None;
        }
        let mut depth = 0_usize;
        for at in (open + 2..self.bytes.len()).take(LONGEST) {
            match self.bytes[at] {
                b'(' => depth += 1,
                b')' if depth == 0 => return (self.bytes.get(at + 1) == Some(&b')')).then_some(at),
                b')' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Reads arithmetic up to the `))` at `end` and past it.
    pub(super) fn arithmetic(
        &mut self,
        end: usize,
        expansions: &mut Vec<Expansion>,
    ) -> Result<(), Unparsed> {
        self.enter()?;
        while self.at < end {
            match self.bytes[self.at] {
                b'$' => self.dollar(expansions, Quoting::Double)?,
                b'`' => self.backtick(Quoting::Double)?,
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len().min(self.at.max(end + 2));
        self.depth -= 1;
        Ok(())
    }
}
