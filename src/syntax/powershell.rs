//! `PowerShell` scripts: commands, pipelines, assignments. Expressions are passed over for what they hold.

mod word;

use std::ops::Range;

use super::{Address, Command, DEEPEST, Document, Output, Redirect, Room, Step, Unparsed};

/// What a script says. `$env:X = …` and `$X = …` are addressed by `X`, the entries of `$X = @{ … }` below that.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut reader =
        Reader { bytes, at: 0, depth: 0, room, document: Document::default(), feeding: None };
    let end = reader.script();
    reader.document.ended(end)
}

/// Words that begin a statement without being the name of a command.
const KEYWORDS: [&[u8]; 24] = [
    b"if",
    b"elseif",
    b"else",
    b"foreach",
    b"for",
    b"while",
    b"do",
    b"until",
    b"switch",
    b"try",
    b"catch",
    b"finally",
    b"function",
    b"filter",
    b"param",
    b"return",
    b"throw",
    b"begin",
    b"process",
    b"end",
    b"break",
    b"continue",
    b"default",
    b"trap",
];

/// The longest attributes and type of a variable, in bytes.
const LONGEST: usize = 128;

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: usize,
    room: &'b Room,
    document: Document,
    /// The commands whose output the next one reads.
    feeding: Option<Range<usize>>,
}

impl Reader<'_> {
    /// Reads everything. A bracket that closes nothing is passed over.
    fn script(&mut self) -> Result<(), Unparsed> {
        while self.at < self.bytes.len() {
            self.list(&Address::default())?;
            self.at += 1;
        }
        Ok(())
    }

    /// Reads statements up to the end or to what closes a block. What `@{ … }` holds is addressed below `base`.
    fn list(&mut self, base: &Address) -> Result<(), Unparsed> {
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { return Ok(()) };
            match byte {
                b')' | b'}' => return Ok(()),
                b'\n' | b';' | b'&' | b'|' | b',' => self.at += 1,
                _ => self.pipeline(base)?,
            }
        }
    }

    fn pipeline(&mut self, base: &Address) -> Result<(), Unparsed> {
        loop {
            let first = self.document.commands.len();
            self.statement(base)?;
            self.feeding = None;
            self.blanks();
            if self.peek() != Some(b'|') || self.ahead(1) == Some(b'|') {
                return Ok(());
            }
            self.feeding = Some(first..self.document.commands.len());
            self.at += 1;
            while self.peek().is_some_and(|it| it == b'&' || it.is_ascii_whitespace()) {
                self.at += 1;
            }
            self.blanks();
            if self.ends() {
                return Ok(());
            }
        }
    }

    fn statement(&mut self, base: &Address) -> Result<(), Unparsed> {
        if let None | Some(b')' | b'}') = self.peek() {
            return Ok(());
        }
        let before = self.at;
        let name = self.bare().to_ascii_lowercase();
        if KEYWORDS.contains(&&*name) {
            self.at += name.len();
            if matches!(&*name, b"function" | b"filter") {
                self.blanks();
                self.at += self.bare().len();
            }
            return Ok(());
        }
        if let Some((address, key, value)) = self.assignment(base) {
            self.at = value;
            return self.assigned(&address, key);
        }
        match self.peek() {
            Some(b'{') => self.nested(Output::Shown, base)?,
            Some(b'(') => drop(self.word()?),
            Some(b'$' | b'"' | b'\'' | b'@' | b'[' | b',' | b'-' | b'!' | b'+' | b'0'..=b'9') => {
                self.expression()?;
            }
            _ => self.command()?,
        }
        self.at += usize::from(self.at == before);
        Ok(())
    }

    /// Reads the words and redirections of a command. `&` and `.` in front of it are the caller's.
    fn command(&mut self) -> Result<(), Unparsed> {
        if self.peek() == Some(b'.') && self.ahead(1) == Some(b' ') {
            self.at += 1;
            self.blanks();
        }
        if self.ends() {
            return Ok(());
        }
        let index = self.document.commands.len();
        let start = self.at;
        self.room.command(start)?;
        if let Some(writers) = self.feeding.take() {
            self.become_of(writers, Output::PipedTo(index));
        }
        let output = Output::Shown;
        let (words, redirects) = (Vec::new(), Vec::new());
        self.document.commands.push(Command { span: start..start, words, redirects, output });
        loop {
            self.blanks();
            if self.ends() {
                break;
            }
            if let Some(operator) = self.operator() {
                self.at += operator;
                let operator =
                    String::from_utf8_lossy(&self.bytes[self.at - operator..self.at]).into_owned();
                self.blanks();
                let target = self.word()?.word(self.at);
                self.room.word(&target)?;
                self.document.commands[index].redirects.push(Redirect { operator, target });
            } else {
                let before = self.at;
                let draft = self.word()?;
                self.at += usize::from(self.at == before);
                let word = draft.word(self.at);
                self.room.word(&word)?;
                self.document.commands[index].words.push(word);
            }
            self.document.commands[index].span.end = self.at;
        }
        Ok(())
    }

    /// Reads an expression for the commands in it.
    fn expression(&mut self) -> Result<(), Unparsed> {
        loop {
            self.blanks();
            if self.ends() {
                return Ok(());
            }
            let before = self.at;
            self.word()?;
            self.at += usize::from(self.at == before);
        }
    }

    /// Whether a command or an expression ends here.
    fn ends(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b';' | b'|' | b')' | b'}' | b'&'))
    }

    /// The assignment here: its address, where its name stands, where its value begins.
    fn assignment(&self, base: &Address) -> Option<(Address, Range<usize>, usize)> {
        let start = match self.bytes.get(self.at + self.cast())? {
            b'$' => self.at + self.cast() + 1,
            _ if base.steps().is_empty() => return None,
            _ => self.at,
        };
        let braces = usize::from(self.bytes.get(start) == Some(&b'{'));
        let quote = usize::from(matches!(self.bytes.get(start), Some(b'"' | b'\'')));
        let start = start + braces + quote;
        let rest = self.bytes.get(start..)?;
        let end = start
            + rest
                .iter()
                .take_while(|it| {
                    word::is_name(**it) || **it == b':' || (quote == 1 && b".-".contains(it))
                })
                .count();
        let scope = memchr::memrchr(b':', &self.bytes[start..end]).map_or(0, |it| it + 1);
        let key = start + scope..end;
        let mut at = end + braces + quote;
        at += self.bytes.get(at..)?.iter().take_while(|it| b" \t".contains(it)).count();
        at += usize::from(self.bytes.get(at) == Some(&b'+'));
        if key.is_empty()
            || self.bytes.get(at) != Some(&b'=')
            || self.bytes.get(at + 1) == Some(&b'=')
        {
            return None;
        }
        let mut address = base.clone();
        address.push(Step::named(&self.bytes[key.clone()]));
        Some((address, key, at + 1))
    }

    /// How long `[attribute][type]` is.
    fn cast(&self) -> usize {
        let rest = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST)];
        let mut len = 0;
        while rest.get(len) == Some(&b'[') {
            match memchr::memchr2(b']', b'\n', &rest[len..]).filter(|it| rest[len + it] == b']') {
                Some(end) => len += end + 1,
                None => return 0,
            }
        }
        len
    }

    /// Reads what is assigned: a value, a table of values, or the output of a command.
    fn assigned(&mut self, address: &Address, key: Range<usize>) -> Result<(), Unparsed> {
        self.blanks();
        match (self.peek(), self.ahead(1)) {
            (Some(b'@'), Some(b'{')) => {
                self.at += 1;
                self.nested(Output::Shown, address)
            }
            (Some(b'$' | b'"' | b'\'' | b'0'..=b'9' | b'['), _)
            | (Some(b'@'), Some(b'"' | b'\'')) => {
                let draft = self.word()?;
                self.document.add(draft.value(address.clone(), key, self.at), self.room)?;
                self.expression()
            }
            _ => {
                let first = self.document.commands.len();
                self.pipeline(&Address::default())?;
                self.become_of(first..self.document.commands.len(), Output::Captured);
                Ok(())
            }
        }
    }

    /// Reads what stands in parentheses or braces.
    fn nested(&mut self, output: Output, base: &Address) -> Result<(), Unparsed> {
        self.enter()?;
        let first = self.document.commands.len();
        let feeding = self.feeding.take();
        self.at += 1;
        self.list(base)?;
        self.at = self.bytes.len().min(self.at + 1);
        self.become_of(first..self.document.commands.len(), output);
        self.feeding = feeding;
        self.depth -= 1;
        Ok(())
    }

    /// Reads the arguments of a method, which are no commands.
    fn arguments(&mut self) -> Result<(), Unparsed> {
        self.enter()?;
        self.at += 1;
        loop {
            self.expression()?;
            let end = self.peek();
            self.at += usize::from(end.is_some());
            if let None | Some(b')') = end {
                self.depth -= 1;
                return Ok(());
            }
        }
    }

    fn enter(&mut self) -> Result<(), Unparsed> {
        self.depth += 1;
        match self.depth <= DEEPEST {
            true => Ok(()),
            false => Err(Unparsed { at: self.at, reason: "it is nested deeper than 64 levels" }),
        }
    }

    fn become_of(&mut self, commands: Range<usize>, output: Output) {
        let shown = self.document.commands[commands].iter_mut();
        shown.filter(|it| it.output == Output::Shown).for_each(|it| it.output = output);
    }

    /// How long the redirection here is; 0 is none.
    fn operator(&self) -> Option<usize> {
        let from = usize::from(self.peek().is_some_and(|it| it.is_ascii_digit() || it == b'*'));
        let rest = &self.bytes[self.at + from..];
        let len = [&b">>"[..], b">&", b">"].iter().find(|it| rest.starts_with(it))?.len();
        Some(from + len)
    }

    /// The letters here that need no quotes.
    fn bare(&self) -> &[u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|it| !word::is_name(*it) && *it != b'-');
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Passes over blanks, comments and continued lines.
    fn blanks(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            self.at += match rest {
                [b' ' | b'\t' | b'\r', ..] => 1,
                [b'`', b'\n', ..] => 2,
                [b'`', b'\r', b'\n', ..] => 3,
                [b'<', b'#', ..] => {
                    memchr::memmem::find(rest, b"#>").map_or(rest.len(), |it| it + 2)
                }
                [b'#', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                _ => return,
            };
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn ahead(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.at + distance).copied()
    }
}
