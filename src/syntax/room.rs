//! How much of a file is kept: what a parser makes of one byte may take a hundred.

use std::cell::Cell;

use super::{Command, Document, Expansion, Unparsed, Value, Word};

/// The most bytes that the values, commands and words of a file take, and those of its scripts. People write at most a tenth of
/// that.
const ROOM: usize = 12 << 20;
/// What an allocation takes beside its bytes.
const HEADER: usize = 16;

/// What is left of the memory for what one file says.
#[derive(Debug)]
pub struct Room(Cell<usize>);

/// Why the rest of a file is not kept.
const FULL: &str = "it says more than fits into 12 MiB";

impl Default for Room {
    fn default() -> Self {
        Self(Cell::new(ROOM))
    }
}

impl Room {
    /// Takes so many bytes for something that stands at `at`. Where there are too few, nothing is left for anything else:
    /// a file is kept up to a place.
    pub(super) fn take(&self, bytes: usize, at: usize) -> Result<(), Unparsed> {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or(0));
        left.map_or(Err(Unparsed { at, reason: FULL }), |_| Ok(()))
    }

    /// Takes what a value needs.
    pub(super) fn value(&self, it: &Value) -> Result<(), Unparsed> {
        let steps = size_of_val(it.address.steps());
        self.take(size_of::<Value>() + 3 * HEADER + steps + it.text.held(), it.span.start)
    }

    /// Takes what a word needs, but for the variables in it.
    pub(super) fn word(&self, it: &Word) -> Result<(), Unparsed> {
        self.take(size_of::<Word>() + HEADER + it.text.len(), it.span.start)
    }

    /// Takes what a variable in a word needs. A word may have as many as there are bytes.
    pub(super) fn expansion(&self, it: &Expansion) -> Result<(), Unparsed> {
        self.take(size_of::<Expansion>() + HEADER + it.name.len(), it.span.start)
    }

    /// Takes what a command needs beside its words.
    pub(super) fn command(&self, at: usize) -> Result<(), Unparsed> {
        self.take(size_of::<Command>() + 2 * HEADER, at)
    }
}

impl Document {
    /// The document of a parser that came to an end: what it had no room for costs nothing else.
    pub(super) fn ended(mut self, end: Result<(), Unparsed>) -> Result<Self, Unparsed> {
        self.sort();
        match end {
            Err(broken) if broken.reason != FULL => Err(broken),
            end => {
                self.broken = self.broken.or(end.err());
                Ok(self)
            }
        }
    }

    /// Adds a value, unless there is no room for it.
    pub(super) fn add(&mut self, value: Value, room: &Room) -> Result<(), Unparsed> {
        room.value(&value)?;
        self.values.push(value);
        Ok(())
    }

    /// Adds a command that has all its words, unless there is no room for it.
    pub(super) fn add_command(&mut self, command: Command, room: &Room) -> Result<(), Unparsed> {
        room.command(command.span.start)?;
        let targets = command.redirects.iter().map(|it| &it.target);
        command.words.iter().chain(targets).try_for_each(|it| room.word(it))?;
        self.commands.push(command);
        Ok(())
    }
}
