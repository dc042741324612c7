//! Scripts of `cmd`: lines of commands, `%X%`, `set`.

use std::ops::Range;

use super::draft::{Draft, Quote};
use super::{Address, Command, Document, Expansion, Output, Redirect, Room, Unparsed, Word};

/// What a script says. Variables are addressed by their names, as they are written.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut reader = Reader { bytes, at: 0, room, document: Document::default(), feeding: None };
    let end = reader.script();
    reader.document.ended(end)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    room: &'b Room,
    document: Document,
    /// The command whose output the next one reads.
    feeding: Option<usize>,
}

impl Reader<'_> {
    fn script(&mut self) -> Result<(), Unparsed> {
        while self.at < self.bytes.len() {
            self.statement()?;
        }
        Ok(())
    }

    /// Reads a command and what ends it.
    fn statement(&mut self) -> Result<(), Unparsed> {
        while self.peek().is_some_and(|it| b" \t\r@(),;=".contains(&it)) {
            self.at += 1;
        }
        let word = self.bare().to_ascii_lowercase();
        match &*word {
            b"rem" => self.line_end(),
            _ if word.starts_with(b":") => self.line_end(),
            b"if" => self.condition()?,
            b"for" => self.for_head(),
            b"else" | b"do" | b"call" | b"start" => self.at += word.len(),
            b"set" if self.set()? => {}
            _ => self.command()?,
        }
        self.feeding = None;
        let rest = &self.bytes[self.at..];
        self.at += match rest {
            [b'|', b'|', ..] | [b'&', b'&', ..] => 2,
            [b'|', ..] => {
                self.feeding = self.document.commands.len().checked_sub(1);
                1
            }
            [b'&' | b'\n' | b')', ..] => 1,
            _ => 0,
        };
        Ok(())
    }

    /// Reads the words and redirections of a command.
    fn command(&mut self) -> Result<(), Unparsed> {
        self.blanks();
        let index = self.document.commands.len();
        let (mut words, mut redirects) = (Vec::new(), Vec::new());
        let start = self.at;
        let mut end = start;
        loop {
            self.blanks();
            if let None | Some(b'\n' | b'|' | b'&' | b')') = self.peek() {
                break;
            }
            match self.operator() {
                Some(operator) => redirects.push(self.redirect(operator)?),
                None => words.push(self.kept_word()?),
            }
            end = self.at;
        }
        if words.is_empty() && redirects.is_empty() {
            return Ok(());
        }
        if let Some(writer) = self.feeding.take() {
            self.document.commands[writer].output = Output::PipedTo(index);
        }
        let output = Output::Shown;
        self.room.command(start)?;
        self.document.commands.push(Command { span: start..end, words, redirects, output });
        Ok(())
    }

    /// `set X=value` and `set "X=value"`: the value goes to the end of the command. Answers whether it is one.
    fn set(&mut self) -> Result<bool, Unparsed> {
        let line = &self.bytes[self.at..];
        let past = |at: usize| at + line[at..].iter().take_while(|it| b" \t".contains(it)).count();
        let quoted = line.get(past(3)) == Some(&b'"');
        let name = past(3) + usize::from(quoted);
        let len =
            line[name.min(line.len())..].iter().take_while(|it| !b"=\"\r\n&|/ \t".contains(it));
        let key = self.at + name..self.at + name + len.count();
        if key.is_empty() || self.bytes.get(key.end) != Some(&b'=') {
            return Ok(false);
        }
        let start = self.at;
        self.at = key.end + 1;
        let mut draft = Draft::at(self.at);
        let rest = &self.bytes[self.at..];
        let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let quote = quoted.then(|| memchr::memrchr(b'"', &rest[..line])).flatten();
        let end = self.at + quote.unwrap_or(line);
        while self.at < end && (quote.is_some() || !b"\r&|".contains(&self.bytes[self.at])) {
            self.piece(&mut draft)?;
        }
        let address = variable(&self.bytes[key.clone()]);
        let value = draft.value(address, key, self.at);
        self.at = self.bytes.len().min(self.at + usize::from(quote.is_some()));
        self.document.add(value, self.room)?;
        self.set_command(start, draft)?;
        Ok(true)
    }

    /// `set` is a command as well, with the assignment as one word.
    fn set_command(&mut self, start: usize, draft: Draft) -> Result<(), Unparsed> {
        let word = |span: Range<usize>, expansions: Vec<Expansion>| {
            let text = String::from_utf8_lossy(&self.bytes[span.clone()]).into_owned();
            Word { span, text, expansions }
        };
        let argument =
            start + 3 + self.bytes[start + 3..].iter().take_while(|it| b" \t".contains(it)).count();
        let words =
            vec![word(start..start + 3, Vec::new()), word(argument..self.at, draft.expansions)];
        let (span, output) = (start..self.at, Output::Shown);
        self.document.add_command(Command { span, words, redirects: Vec::new(), output }, self.room)
    }

    /// Passes over the condition of `if`.
    fn condition(&mut self) -> Result<(), Unparsed> {
        self.at += "if".len();
        loop {
            self.blanks();
            match &*self.bare().to_ascii_lowercase() {
                b"not" | b"/i" => drop(self.word()?),
                b"exist" | b"defined" | b"errorlevel" | b"cmdextversion" => {
                    self.word()?;
                    self.blanks();
                    self.word()?;
                    return Ok(());
                }
                _ => break,
            }
        }
        let left = self.word()?.span;
        let left = &self.bytes[left];
        if let Some(equals) = memchr::memmem::find(left, b"==") {
            if equals + 2 == left.len() {
                self.blanks();
                self.word()?;
            }
            return Ok(());
        }
        self.blanks();
        let operator = self.bare().len();
        if operator == 3 || self.bytes[self.at..].starts_with(b"==") {
            self.word()?;
            self.blanks();
            self.word()?;
        }
        Ok(())
    }

    /// Passes over `for … in (…)`.
    fn for_head(&mut self) {
        self.at += "for".len();
        while self.peek().is_some_and(|it| !b"(\n".contains(&it)) {
            self.at += 1;
        }
        while self.peek().is_some_and(|it| !b")\n".contains(&it)) {
            self.at += 1;
        }
        self.at += usize::from(self.peek() == Some(b')'));
    }

    /// Reads a word of a command.
    fn kept_word(&mut self) -> Result<Word, Unparsed> {
        let word = self.word()?;
        self.room.word(&word)?;
        Ok(word)
    }

    fn word(&mut self) -> Result<Word, Unparsed> {
        let mut draft = Draft::at(self.at);
        let mut quoted = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => break,
                b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => break,
                b' ' | b'\t' | b'|' | b'&' | b'<' | b'>' | b')' if !quoted => break,
                b'"' => {
                    quoted = !quoted;
                    self.at += 1;
                }
                b'^' if !quoted && self.continuation().is_some() => break,
                b'^' if !quoted => {
                    self.at += 1;
                    self.literal(&mut draft);
                }
                _ => self.piece(&mut draft)?,
            }
        }
        Ok(draft.word(self.at))
    }

    fn literal(&mut self, draft: &mut Draft) {
        if self.at < self.bytes.len() {
            draft.copy(self.bytes, self.at..self.at + 1, Quote::Literal);
            self.at += 1;
        }
    }

    /// Reads a variable or a byte.
    fn piece(&mut self, draft: &mut Draft) -> Result<(), Unparsed> {
        let start = self.at;
        let (span, name) = variable_at(self.bytes, start).unwrap_or((start..start + 1, None));
        draft.copy(self.bytes, span.clone(), Quote::Interpolated);
        self.at = span.end;
        if let Some(name) = name {
            let name = String::from_utf8_lossy(&self.bytes[name]).into_owned();
            let expansion = Expansion { span, name, fallback: None, doubled: false };
            self.room.expansion(&expansion)?;
            draft.expansions.push(expansion);
        }
        Ok(())
    }

    /// The redirection here, if there is one.
    fn operator(&self) -> Option<Range<usize>> {
        let digit = usize::from(self.peek().is_some_and(|it| it.is_ascii_digit()));
        let rest = &self.bytes[self.at + digit..];
        let operators = [&b">>"[..], b">&", b"<&", b">", b"<"];
        let operator = operators.iter().find(|it| rest.starts_with(it))?;
        Some(self.at..self.at + digit + operator.len())
    }

    fn redirect(&mut self, operator: Range<usize>) -> Result<Redirect, Unparsed> {
        self.at = operator.end;
        self.blanks();
        let operator = String::from_utf8_lossy(&self.bytes[operator]).into_owned();
        Ok(Redirect { operator, target: self.kept_word()? })
    }

    /// The characters here that need no quotes.
    fn bare(&self) -> &[u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|it| b" \t\r\n|&<>()\"%!^".contains(it));
        &rest[..end.unwrap_or(rest.len())]
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') if self.bytes.get(self.at + 1) == Some(&b'\n') => self.at += 1,
                Some(b'^') if self.continuation().is_some() => {
                    self.at += self.continuation().unwrap_or(0);
                }
                _ => return,
            }
        }
    }

    fn continuation(&self) -> Option<usize> {
        match self.bytes[self.at..] {
            [b'^', b'\n', ..] => Some(2),
            [b'^', b'\r', b'\n', ..] => Some(3),
            _ => None,
        }
    }

    fn line_end(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

fn variable(name: &[u8]) -> Address {
    Address::from([&*String::from_utf8_lossy(name)])
}

/// The variable that begins here and its name: `%X%`, `%X:a=b%`, `!X!`, `%1`. `%%` is a percent sign.
fn variable_at(bytes: &[u8], at: usize) -> Option<(Range<usize>, Option<Range<usize>>)> {
    let sign = *bytes.get(at).filter(|it| b"%!".contains(it))?;
    let rest = &bytes[at + 1..];
    let word = |it: &&u8| it.is_ascii_alphanumeric() || b"_-.()".contains(it);
    let name = at + 1..at + 1 + rest.iter().take_while(word).count();
    match bytes.get(name.end) {
        Some(it) if *it == sign && sign == b'%' && name.is_empty() => Some((at..at + 2, None)),
        Some(it) if *it == sign && !name.is_empty() => Some((at..name.end + 1, Some(name))),
        Some(b':') if !name.is_empty() => {
            let line = &bytes[name.end..bytes.len().min(name.end + 256)];
            let end = memchr::memchr2(sign, b'\n', line).filter(|it| line[*it] == sign)?;
            Some((at..name.end + end + 1, Some(name)))
        }
        _ if sign == b'%' && rest.first().is_some_and(u8::is_ascii_digit) => {
            Some((at..at + 2, Some(at + 1..at + 2)))
        }
        _ => None,
    }
}
