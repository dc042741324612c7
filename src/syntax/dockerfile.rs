//! Dockerfiles: each instruction is a value below its stage; what a shell runs of it is commands as well.
//!
//! An instruction is put together from its lines, read, and then moved to where those lines stand.

mod words;

use std::ops::Range;

use super::{Address, Document, Room, Step, Syntax, Text, Unparsed, Value, part};

/// What a file says. Addresses are `STAGE.INSTRUCTION` or `STAGE.INSTRUCTION.NAME`; a stage without a name has its number.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut file = File {
        bytes,
        at: 0,
        escape: escape(bytes),
        stages: 0,
        stage: Address::default(),
        shell: Syntax::Shell,
    };
    let mut document = Document::default();
    while let Some(text) = file.logical_line() {
        file.enter(text.bytes());
        match Instruction::of(text.bytes(), &file).read(room) {
            Ok(said) => document.append(said.through(&text)),
            Err(full) => {
                let at = text.source(&(full.at..full.at)).start;
                return document.ended(Err(Unparsed { at, ..full }));
            }
        }
    }
    document.ended(Ok(()))
}

/// The character that continues a line: a backslash, or what `# escape=` at the beginning says.
fn escape(bytes: &[u8]) -> u8 {
    let directives =
        bytes.split(|it| *it == b'\n').map_while(|it| it.trim_ascii().strip_prefix(b"#"));
    let mut values = directives.filter_map(|it| {
        let at = memchr::memchr(b'=', it)?;
        let (name, value) = (it[..at].trim_ascii(), it[at + 1..].trim_ascii());
        name.eq_ignore_ascii_case(b"escape").then_some(value)
    });
    match values.next() {
        Some(b"`") => b'`',
        _ => b'\\',
    }
}

/// A file and what it has said so far.
struct File<'b> {
    bytes: &'b [u8],
    at: usize,
    escape: u8,
    stages: usize,
    stage: Address,
    shell: Syntax,
}

impl<'b> File<'b> {
    /// The next instruction without the ends of its continued lines and the comments between them, and with its
    /// here-documents.
    fn logical_line(&mut self) -> Option<Text> {
        let mut text = Text::at(self.at);
        while self.at < self.bytes.len() {
            let (line, start) = self.line();
            let trimmed = line.trim_ascii();
            if trimmed.is_empty() || trimmed[0] == b'#' {
                continue;
            }
            let content = line.trim_ascii_end();
            let continued = content.ends_with(&[self.escape]);
            let content = &content[..content.len() - usize::from(continued)];
            text.copy(content, start);
            if !continued {
                break;
            }
        }
        if text.bytes().is_empty() {
            return None;
        }
        for (delimiter, stripped) in words::here_documents(text.bytes()) {
            self.body(&mut text, &delimiter, stripped);
        }
        Some(text)
    }

    /// Appends the lines of a here-document, with the line that ends it.
    fn body(&mut self, text: &mut Text, delimiter: &[u8], stripped: bool) {
        if !text.bytes().ends_with(b"\n") {
            text.decode(b"\n", self.at..self.at);
        }
        while self.at < self.bytes.len() {
            let (line, start) = self.line();
            text.copy(line, start);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let tabs = line.iter().take_while(|it| stripped && **it == b'\t').count();
            if line[tabs..] == *delimiter {
                break;
            }
        }
    }

    /// The next physical line with its end, and where it begins.
    fn line(&mut self) -> (&'b [u8], usize) {
        let (start, rest) = (self.at, &self.bytes[self.at..]);
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |it| it + 1);
        self.at += end;
        (&rest[..end], start)
    }

    /// `FROM` begins a stage, and `SHELL` says what runs the scripts that follow in it.
    fn enter(&mut self, line: &[u8]) {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty());
        let name = words.next().unwrap_or_default().to_ascii_uppercase();
        if name == b"SHELL" {
            let says = |it: &[u8]| memchr::memmem::find(line, it).is_some();
            self.shell = match () {
                () if says(b"powershell") || says(b"pwsh") => Syntax::Powershell,
                () if says(b"cmd") => Syntax::Batch,
                () => Syntax::Shell,
            };
        }
        if name == b"FROM" {
            let words: Vec<_> = words.collect();
            let number = self.stages.to_string();
            let name = match *words {
                [.., before, name] if before.eq_ignore_ascii_case(b"AS") => name,
                _ => number.as_bytes(),
            };
            self.stage = Address::default();
            self.stage.push(Step::named(name));
            self.stages += 1;
            self.shell = Syntax::Shell;
        }
    }
}

/// An instruction in its logical line.
struct Instruction<'t> {
    bytes: &'t [u8],
    name: Range<usize>,
    address: Address,
    escape: u8,
    /// How its scripts are written.
    shell: Syntax,
}

impl<'t> Instruction<'t> {
    fn of(bytes: &'t [u8], file: &File<'_>) -> Self {
        let File { escape, shell, .. } = *file;
        let mut it = Self { bytes, name: 0..0, address: file.stage.clone(), escape, shell };
        it.step();
        if it.bytes[it.name.clone()].eq_ignore_ascii_case(b"ONBUILD") {
            it.step();
        }
        it
    }

    /// Takes the next word for the name of the instruction.
    fn step(&mut self) {
        let start = words::past_blanks(self.bytes, self.name.end);
        self.name = start..words::word_end(self.bytes, start);
        let name = self.bytes[self.name.clone()].to_ascii_uppercase();
        self.address.push(Step::named(&name));
    }

    fn read(self, room: &Room) -> Result<Document, Unparsed> {
        let mut document = Document::default();
        let at = self.flags(&mut document, room)?;
        let name = self.bytes[self.name.clone()].to_ascii_uppercase();
        match &*name {
            b"ENV" | b"LABEL" | b"ARG" => self.pairs(at, &name, &mut document, room)?,
            b"RUN" | b"CMD" | b"ENTRYPOINT" => self.run(at, &mut document, room)?,
            b"HEALTHCHECK" => {
                let command = words::word_end(self.bytes, at);
                self.run(words::past_blanks(self.bytes, command), &mut document, room)?;
            }
            _ => self.plain(at, &mut document, room)?,
        }
        Ok(document)
    }

    /// Reads `--mount=…` and the like; answers where the rest begins.
    fn flags(&self, document: &mut Document, room: &Room) -> Result<usize, Unparsed> {
        let mut at = words::past_blanks(self.bytes, self.name.end);
        while self.bytes[at..].starts_with(b"--") {
            let end = words::word_end(self.bytes, at);
            let name = memchr::memchr(b'=', &self.bytes[at..end]).map_or(end, |it| at + it);
            let mut address = self.address.clone();
            address.push(Step::named(&self.bytes[at..name]));
            let span = end.min(name + 1)..end;
            document.add(words::raw(self.bytes, address, at..name, span), room)?;
            at = words::past_blanks(self.bytes, end);
        }
        Ok(at)
    }

    /// Reads `NAME=value …`, the `NAME value` of old, and an `ARG` without a value.
    fn pairs(
        &self,
        start: usize,
        name: &[u8],
        document: &mut Document,
        room: &Room,
    ) -> Result<(), Unparsed> {
        let mut at = start;
        while at < self.bytes.len() {
            let key = at..words::name_end(self.bytes, at);
            let mut address = self.address.clone();
            address.push(Step::named(words::unquoted(&self.bytes[key.clone()])));
            let (value, end) = if self.bytes.get(key.end) == Some(&b'=') {
                words::value(self.bytes, address, key.clone(), self.escape)
            } else if name == b"ARG" {
                (words::raw(self.bytes, address, key.clone(), key.end..key.end), key.end)
            } else {
                let rest = words::past_blanks(self.bytes, key.end)..self.bytes.len();
                let value = words::raw(self.bytes, address, key.clone(), rest);
                (Value { interpolates: true, ..value }, self.bytes.len())
            };
            document.add(value, room)?;
            at = words::past_blanks(self.bytes, end.max(at + 1));
        }
        Ok(())
    }

    /// Reads a script, or the words of a program as a JSON array.
    fn run(&self, at: usize, document: &mut Document, room: &Room) -> Result<(), Unparsed> {
        let span = words::script(self.bytes, at);
        let text = Text::plain(&self.bytes[span.clone()], span.start);
        if let Some(command) = words::exec_form(self.bytes, at) {
            document.add_command(command, room)?;
        } else if words::is_shell(text.bytes()) {
            document.append(part(self.shell.parse_text(&text, room)).below(&self.address));
        }
        let said = words::raw(self.bytes, self.address.clone(), self.name.clone(), span);
        document.add(said, room)
    }

    fn plain(&self, at: usize, document: &mut Document, room: &Room) -> Result<(), Unparsed> {
        let value =
            words::raw(self.bytes, self.address.clone(), self.name.clone(), at..self.bytes.len());
        document.add(Value { interpolates: true, ..value }, room)
    }
}
