//! A file with its places: what each value is for, who sees it, and the commands of the scripts that it holds.

mod addresses;
mod build;

use std::collections::BTreeMap;
use std::ops::Range;

use super::Place;
use super::prefixes::Prefixes;
use crate::platform::Platform;
use crate::syntax::{Address, Command, Room, Step, Unparsed, Value, Word};

/// How far before a byte the value or command that holds it may begin, in values or commands: they nest, and not deeply.
const NESTED: usize = 64;

/// A file as its platform reads it.
#[derive(Debug, Default)]
pub struct Layout {
    /// The file's own values, in order, then those of them that are meant at a second address.
    values: Values,
    /// The variables that its scripts set, those of each part in order.
    inner: Values,
    /// The commands of its scripts, those of each part in order.
    commands: Vec<Run>,
    /// What is meant where it is written.
    written: Part,
    /// What is meant again elsewhere, by the value that is written.
    again: BTreeMap<usize, Vec<Part>>,
    /// The marks that hold for each part of the file.
    marks: Prefixes<Vec<String>>,
    /// Where parsers gave up: that of the file, and those of the scripts that some values are.
    broken: BTreeMap<Option<usize>, Unparsed>,
}

/// A value and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'l> {
    /// The value.
    pub value: &'l Value,
    /// What it is for.
    pub place: Place,
    /// Whether the system takes it as it is.
    pub verbatim: bool,
    purpose: &'l Purpose,
}

/// What a value is for.
#[derive(Debug)]
struct Purpose {
    place: Place,
    verbatim: bool,
    /// The variable that it fills, if that is not called by its last key.
    named: Option<Box<Naming>>,
    /// The innermost scope that it belongs to: its number in the platform's list, and how much of the address it is.
    scope: Option<(usize, usize)>,
    /// How much of the address is that of the script which it belongs to.
    script: usize,
}

/// The name of a variable.
#[derive(Debug)]
struct Naming {
    name: String,
    /// The value that says so.
    by: Option<usize>,
}

/// Some values and what each is for. A file may have many: those that a parser made are not made again.
#[derive(Debug, Default)]
struct Values {
    values: Vec<Value>,
    purposes: Vec<Purpose>,
}

/// A command and the value that holds it.
#[derive(Debug)]
pub struct Run {
    /// The command.
    pub command: Command,
    owner: Option<usize>,
}

/// A part of a layout in which no byte is meant twice.
#[derive(Clone, Debug, Default)]
struct Part {
    values: Range<usize>,
    inner: Range<usize>,
    commands: Range<usize>,
}

/// Where in a layout a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    value: Option<usize>,
    inner: Option<usize>,
    command: Option<usize>,
    word: Option<usize>,
}

impl Purpose {
    fn new(value: &Value, place: Place, scope: Option<(usize, usize)>) -> Self {
        // A list of commands is one script.
        let steps = value.address.steps();
        let script = steps.iter().rposition(|it| matches!(it, Step::Key(_))).map_or(0, |it| it + 1);
        Self { place, verbatim: false, named: None, scope, script }
    }
}

impl Values {
    fn get(&self, index: usize) -> Placed<'_> {
        let (value, purpose) = (&self.values[index], &self.purposes[index]);
        Placed { value, place: purpose.place, verbatim: purpose.verbatim, purpose }
    }

    fn iter(&self) -> impl Iterator<Item = Placed<'_>> {
        (0..self.values.len()).map(|it| self.get(it))
    }

    /// The value among some whose key or text holds a byte.
    fn containing(&self, among: &Range<usize>, at: usize) -> Option<usize> {
        let begins = |it: &Value| match it.key.is_empty() {
            true => it.span.start,
            false => it.key.start.min(it.span.start),
        };
        let values = &self.values[among.clone()];
        let begun = values.partition_point(|it| begins(it) <= at);
        let mut near = (begun.saturating_sub(NESTED)..begun).rev();
        let found = near.find(|&i| {
            let Value { key, span, .. } = &values[i];
            key.contains(&at) || span.contains(&at)
        });
        found.map(|i| among.start + i)
    }
}

impl<'l> Placed<'l> {
    /// The variable that it fills, if it is the value of one.
    pub fn variable(self) -> Option<&'l str> {
        let own = || self.value.address.name().filter(|_| self.place == Place::Env);
        self.purpose.named.as_ref().map(|it| it.name.as_str()).or_else(own)
    }

    /// The innermost scope that it belongs to, as its number in the platform's list and its address.
    pub fn scope(self) -> (Option<usize>, &'l [Step]) {
        match self.purpose.scope {
            Some((index, len)) => (Some(index), &self.value.address.steps()[..len]),
            None => (None, &[]),
        }
    }
}

impl Spot {
    /// What tells the value that it is in, or in the key of which, from others.
    pub fn in_value(self) -> Option<impl Ord> {
        (self.value.is_some() || self.inner.is_some()).then_some((self.value, self.inner))
    }
}

impl Layout {
    /// Reads a whole file as its platform does.
    pub fn of(platform: &Platform, path: &str, bytes: &[u8]) -> Self {
        let structure = &platform.structure;
        let room = Room::default();
        match structure.syntax_of(path).parse(bytes, &room) {
            Ok(document) => Self::built(structure, document),
            Err(unparsed) => Self::unparsed(unparsed),
        }
    }

    /// A file of which nothing is known, and why.
    pub fn unparsed(why: Unparsed) -> Self {
        Self { broken: BTreeMap::from([(None, why)]), ..Self::default() }
    }

    /// Where a byte of the file is written.
    pub fn spot(&self, at: usize) -> Spot {
        self.spot_in(&self.written, at)
    }

    /// Where a byte of the file is meant: where it is written, and where that is repeated.
    pub fn spots(&self, at: usize) -> impl Iterator<Item = Spot> {
        let written = self.spot(at);
        let again = written.value.and_then(|it| self.again.get(&it));
        let again = again.into_iter().flatten();
        std::iter::once(written).chain(again.map(move |it| self.spot_in(it, at)))
    }

    fn spot_in(&self, part: &Part, at: usize) -> Spot {
        let value = self.values.containing(&part.values, at);
        let inner = self.inner.containing(&part.inner, at);
        let commands = &self.commands[part.commands.clone()];
        let begun = commands.partition_point(|it| it.command.span.start <= at);
        let mut near = (begun.saturating_sub(NESTED)..begun).rev();
        let command = near.find(|&i| commands[i].command.span.contains(&at));
        let command = command.map(|i| part.commands.start + i);
        let word = command.and_then(|i| {
            self.commands[i].command.words.iter().position(|it| it.span.contains(&at))
        });
        Spot { value, inner, command, word }
    }

    /// The spots of all commands.
    pub fn command_spots(&self) -> impl Iterator<Item = Spot> {
        self.commands_from(0)
    }

    /// The spots of the commands behind that of a spot.
    pub fn later_commands(&self, spot: Spot) -> impl Iterator<Item = Spot> {
        self.commands_from(spot.command.map_or(self.commands.len(), |it| it + 1))
    }

    fn commands_from(&self, first: usize) -> impl Iterator<Item = Spot> {
        let spot =
            |(i, it): (usize, &Run)| Spot { value: it.owner, command: Some(i), ..Spot::default() };
        self.commands.iter().enumerate().skip(first).map(spot)
    }

    /// The spots of the values, but for those that scripts set.
    pub fn value_spots(&self) -> impl Iterator<Item = Spot> {
        (0..self.values.values.len()).map(|i| Spot { value: Some(i), ..Spot::default() })
    }

    /// The commands, for what [`Output::PipedTo`](crate::syntax::Output) says.
    pub fn commands(&self) -> &[Run] {
        &self.commands
    }

    /// Every value, of the file and of its scripts, wherever it is meant.
    pub fn values(&self) -> impl Iterator<Item = Placed<'_>> {
        self.values.iter().chain(self.inner.iter())
    }

    /// The value at a spot: a script's own variable before the script.
    pub fn value(&self, spot: Spot) -> Option<Placed<'_>> {
        spot.inner.map(|i| self.inner.get(i)).or_else(|| spot.value.map(|i| self.values.get(i)))
    }

    /// Where another value says which variable the value at a spot fills.
    pub fn namer(&self, spot: Spot) -> Option<Spot> {
        let by = self.value(spot)?.purpose.named.as_ref()?.by?;
        Some(Spot { value: Some(by), ..Spot::default() })
    }

    /// The command at a spot.
    pub fn command(&self, spot: Spot) -> Option<&Run> {
        spot.command.map(|i| &self.commands[i])
    }

    /// The word at a spot, and whether it is more than the command's name.
    pub fn word(&self, spot: Spot) -> Option<(&Word, bool)> {
        let words = &self.command(spot)?.command.words;
        spot.word.map(|i| (&words[i], i > 0))
    }

    /// The address of the script that a spot belongs to, or nothing for a file that is one.
    pub fn script(&self, spot: Spot) -> Option<&[Step]> {
        let is_script = |i: &usize| self.values.get(*i).place == Place::Script;
        let owner = self.command(spot).map_or(spot.value.filter(is_script), |it| it.owner)?;
        let owner = self.values.get(owner);
        Some(&owner.value.address.steps()[..owner.purpose.script])
    }

    /// The scope at a spot, as its number in the platform's list and its address; no steps for the whole file.
    pub fn scope(&self, spot: Spot) -> (Option<usize>, &[Step]) {
        self.value(spot).map_or((None, &[]), Placed::scope)
    }

    /// The address of a spot.
    pub fn address(&self, spot: Spot) -> Option<&Address> {
        self.value(spot).map(|it| &it.value.address)
    }

    /// The steps of that address; none where there is no value.
    pub fn steps(&self, spot: Spot) -> &[Step] {
        self.address(spot).map_or(&[], Address::steps)
    }

    /// The address under which the byte at a spot is written.
    pub fn written_at(&self, spot: Spot, at: usize) -> Option<&Address> {
        let is_written = spot.value.is_none_or(|it| it < self.written.values.end);
        self.address(if is_written { spot } else { self.spot(at) })
    }

    /// Why less is known of a byte at a spot than of others: its file or script was read as text from some byte on.
    pub fn gap(&self, spot: Spot, at: usize) -> Option<&Unparsed> {
        let broken = self.broken.get(&spot.value).filter(|it| it.at <= at);
        broken.filter(|_| spot.command.is_none())
    }

    /// Where parsers first gave up, if one did.
    pub fn first_gap(&self) -> Option<&Unparsed> {
        self.broken.values().min_by_key(|it| it.at)
    }

    /// Whether a mark holds at a spot.
    pub fn marked(&self, spot: Spot, mark: &str) -> bool {
        self.marks.above(self.steps(spot)).flatten().any(|it| it == mark)
    }
}
