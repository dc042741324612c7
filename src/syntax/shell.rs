//! Shell scripts: `sh`, `bash`, `zsh`, `ksh`, and `fish` as far as it is like them.
//!
//! A script of a pipeline is seldom whole: a template engine will still fill it in, or it belongs to a dialect that was
//! not asked for. So the reader refuses nothing. It goes once over the bytes, takes template expressions for characters
//! of a word, and lets a block that nobody closes, or that nobody opened, be.

mod block;
mod dollar;
mod program;
mod redirect;
mod simple;
mod word;

use std::ops::Range;

use block::Block;
use redirect::Awaited;

use super::{Command, DEEPEST, Document, Output, Room, Text, Unparsed, Value};

/// Who replaces what a `$` begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dollar {
    /// The shell.
    Shell,
    /// `make`, which hands `$$X` over as `$X`; `$(X)` and `${X}` are its own variables.
    Make,
}

/// What a script says. Variables of its assignments are addressed by their names.
pub(super) fn parse(bytes: &[u8], dollar: Dollar, room: &Room) -> Result<Document, Unparsed> {
    let mut reader = Reader { dollar, ..Reader::new(bytes, room) };
    let end = reader.script();
    reader.document.ended(end)
}

/// One pass over a script.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    dollar: Dollar,
    document: Document,
    /// How many substitutions are open.
    depth: usize,
    room: &'b Room,
    /// The open blocks of this substitution.
    blocks: Vec<Block>,
    /// Whether a block has just been closed, so that redirections are its.
    closed: bool,
    /// The first command of the present part of a pipeline.
    part: usize,
    /// The commands whose output the next one reads.
    feeding: Option<Range<usize>>,
    /// The here-documents that begin with the next line.
    awaited: Vec<Awaited>,
}

impl<'b> Reader<'b> {
    fn new(bytes: &'b [u8], room: &'b Room) -> Self {
        Self {
            bytes,
            at: 0,
            dollar: Dollar::Shell,
            document: Document::default(),
            depth: 0,
            room,
            blocks: Vec::new(),
            closed: false,
            part: 0,
            feeding: None,
            awaited: Vec::new(),
        }
    }

    /// Reads everything. A `)` that closes nothing is passed over.
    fn script(&mut self) -> Result<(), Unparsed> {
        // The line that names the interpreter is a command: it may have options.
        if self.bytes.starts_with(b"#!") {
            self.at = 2;
        }
        self.list()?;
        while self.at < self.bytes.len() {
            self.at += 1;
            self.list()?;
        }
        self.bodies()
    }

    /// Reads commands up to the end or to a `)` that closes no block.
    fn list(&mut self) -> Result<(), Unparsed> {
        loop {
            self.blanks();
            let before = self.at;
            match self.peek() {
                None => return Ok(()),
                Some(b'#') => self.comment(),
                Some(b'\n') => self.newline()?,
                Some(_) if self.in_pattern() => self.pattern()?,
                Some(b')') if !self.close(block::Kind::Parenthesis) => return Ok(()),
                Some(b')') => self.at += 1,
                Some(b'(') => self.parenthesis()?,
                Some(b';' | b'&' | b'|') if !self.redirects() => self.operator(),
                Some(_) => self.command()?,
            }
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// Reads what separates two commands.
    fn operator(&mut self) {
        let rest = &self.bytes[self.at..];
        let all: [&[u8]; 8] = [b";;&", b";;", b";&", b"&&", b"||", b"|&", b";", b"&"];
        let operator = all.into_iter().find(|it| rest.starts_with(it)).unwrap_or(b"|");
        self.at += operator.len();
        self.feeding = match operator {
            b"|" | b"|&" => Some(self.part..self.document.commands.len()),
            _ => None,
        };
        if let b";;&" | b";;" | b";&" = operator {
            self.next_pattern();
        }
        self.begin_part();
    }

    fn begin_part(&mut self) {
        self.part = self.document.commands.len();
        self.closed = false;
    }

    /// A parenthesis where a command may stand: arithmetic or a subshell.
    fn parenthesis(&mut self) -> Result<(), Unparsed> {
        if let Some(end) = self.arithmetic_end(1) {
            return self.arithmetic(end, &mut Vec::new());
        }
        self.open(block::Kind::Parenthesis);
        self.at += 1;
        Ok(())
    }

    /// Reads the commands of a substitution that has just been opened, and what closes it.
    fn substitution(&mut self, output: Output) -> Result<(), Unparsed> {
        self.enter()?;
        let outside =
            (std::mem::take(&mut self.blocks), self.part, self.feeding.take(), self.closed);
        let first = self.document.commands.len();
        self.begin_part();
        self.list()?;
        self.at = self.bytes.len().min(self.at + 1);
        self.become_of(first..self.document.commands.len(), output);
        (self.blocks, self.part, self.feeding, self.closed) = outside;
        self.depth -= 1;
        Ok(())
    }

    /// Reads a part of the script that is written in another way, and then says what its places in the script are.
    fn inside<T>(
        &mut self,
        text: &Text,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Unparsed>,
    ) -> Result<T, Unparsed> {
        self.enter()?;
        let Self { dollar, depth, room, .. } = *self;
        let mut reader = Reader { dollar, depth, ..Reader::new(text.bytes(), room) };
        let place = |it: Unparsed| Unparsed { at: text.source(&(it.at..it.at)).start, ..it };
        let result = read(&mut reader).map_err(place)?;
        self.depth -= 1;
        self.document.append(reader.document.through(text));
        Ok(result)
    }

    /// Begins a command here, which reads what the part before it prints. Answers its index.
    fn begin(&mut self) -> Result<usize, Unparsed> {
        let index = self.document.commands.len();
        self.room.command(self.at)?;
        if let Some(writers) = self.feeding.take() {
            self.become_of(writers, Output::PipedTo(index));
        }
        self.document.commands.push(Command {
            span: self.at..self.at,
            words: Vec::new(),
            redirects: Vec::new(),
            output: Output::Shown,
        });
        Ok(index)
    }

    fn assigned(&mut self, value: Value) -> Result<(), Unparsed> {
        self.document.add(value, self.room)
    }

    /// Says where the output of some commands goes, unless it has gone elsewhere before.
    fn become_of(&mut self, commands: Range<usize>, output: Output) {
        let shown = self.document.commands[commands].iter_mut();
        shown.filter(|it| it.output == Output::Shown).for_each(|it| it.output = output);
    }

    fn enter(&mut self) -> Result<(), Unparsed> {
        self.depth += 1;
        match self.depth <= DEEPEST {
            true => Ok(()),
            false => Err(self.refuse("it is nested deeper than 64 levels")),
        }
    }

    fn refuse(&self, reason: &'static str) -> Unparsed {
        Unparsed { at: self.at, reason }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn ahead(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.at + distance).copied()
    }

    /// Passes over blanks and continued lines.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') if self.ahead(1) == Some(b'\n') => self.at += 1,
                Some(b'\\') if 0 < self.continuation() => self.at += self.continuation(),
                _ => return,
            }
        }
    }

    /// How long a backslash with the end of its line is; 0 for any other.
    fn continuation(&self) -> usize {
        match self.bytes[self.at..] {
            [b'\\', b'\n', ..] => 2,
            [b'\\', b'\r', b'\n', ..] => 3,
            _ => 0,
        }
    }

    fn comment(&mut self) {
        let line = memchr::memchr(b'\n', &self.bytes[self.at..]);
        self.at = line.map_or(self.bytes.len(), |it| self.at + it);
    }

    /// Ends a line, and reads the here-documents that begin behind it.
    fn newline(&mut self) -> Result<(), Unparsed> {
        self.at += 1;
        self.begin_part();
        self.bodies()
    }
}
