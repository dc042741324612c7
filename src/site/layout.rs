//! A file with its places: what each value is for, who sees it, and the commands of the scripts that it holds.

use super::Place;
use crate::platform::{Condition, PlaceAt, Platform, Structure};
use crate::syntax::{Address, Command, Document, Output, Step, Syntax, Unparsed, Value, Word};

/// How far before a byte the value or command that holds it may begin, in values or commands: they nest, and not deeply.
const NESTED: usize = 64;

/// A file as its platform reads it.
#[derive(Debug, Default)]
pub struct Layout {
    /// The file's own values, in order.
    values: Vec<Placed>,
    /// The variables that its scripts set, in order.
    inner: Vec<Placed>,
    /// The commands of its scripts, in order.
    commands: Vec<Run>,
    /// The marks that hold for a part of the file, which begins with the address.
    marks: Vec<(Vec<Step>, String)>,
    /// Why there is nothing in it, if it could not be parsed.
    pub unparsed: Option<Unparsed>,
}

/// A value and what it is for.
#[derive(Debug)]
pub struct Placed {
    /// The value.
    pub value: Value,
    /// What it is for.
    pub place: Place,
    /// Whether the system takes it as it is.
    pub verbatim: bool,
    /// The innermost scope that it belongs to: its number in the platform's list, and how much of the address it is.
    scope: Option<(usize, usize)>,
}

/// A command and the value that holds it.
#[derive(Debug)]
pub struct Run {
    /// The command.
    pub command: Command,
    owner: Option<usize>,
}

/// Where in a layout a byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    value: Option<usize>,
    inner: Option<usize>,
    command: Option<usize>,
    word: Option<usize>,
}

impl Spot {
    /// Whether two spots are in one value, or in its key.
    pub fn is_in_same_value(self, other: Self) -> bool {
        (self.value, self.inner) == (other.value, other.inner)
            && (self.value.is_some() || self.inner.is_some())
    }
}

impl Layout {
    /// Reads a whole file as its platform does.
    pub fn of(platform: &Platform, bytes: &[u8]) -> Self {
        let structure = &platform.structure;
        match structure.syntax.parse(bytes) {
            Ok(document) => Self::built(structure, document),
            Err(unparsed) => Self { unparsed: Some(unparsed), ..Self::default() },
        }
    }

    fn built(structure: &Structure, document: Document) -> Self {
        let Document { values, commands, .. } = document;
        let mut layout = Self::default();
        for value in values {
            let scope = innermost(structure, &value.address);
            let (place, verbatim) = (Place::Value, false);
            layout.values.push(Placed { value, place, verbatim, scope });
        }
        let found: Vec<_> =
            (0..layout.values.len()).map(|i| layout.place_at(structure, i)).collect();
        for (i, entry) in found.into_iter().enumerate() {
            let Some(entry) = entry else { continue };
            (layout.values[i].place, layout.values[i].verbatim) = (entry.is, entry.verbatim);
            if entry.is == Place::Script {
                layout.embed(i, entry.syntax);
            }
        }
        let is_script = |&i: &usize| layout.values[i].place == Place::Script;
        let owners: Vec<_> =
            commands.iter().map(|it| layout.value_at(it.span.start).filter(is_script)).collect();
        layout.push(commands, owners);
        layout.mark(structure);
        layout
    }

    /// Reads the script that a value is.
    fn embed(&mut self, owner: usize, syntax: Syntax) {
        let Placed { value, scope, .. } = &self.values[owner];
        let Ok(script) = syntax.parse_text(&value.text) else { return };
        let (address, scope) = (value.address.clone(), *scope);
        let owners = vec![Some(owner); script.commands.len()];
        self.push(script.commands, owners);
        self.inner.extend(script.values.into_iter().map(|mut value| {
            let mut full = address.clone();
            value.address.steps().iter().for_each(|it| full.push(it.clone()));
            value.address = full;
            Placed { value, place: Place::Env, verbatim: false, scope }
        }));
    }

    /// Appends the commands of a script, which speak of each other by number.
    fn push(&mut self, commands: Vec<Command>, owners: Vec<Option<usize>>) {
        let first = self.commands.len();
        for (mut command, owner) in commands.into_iter().zip(owners) {
            if let Output::PipedTo(next) = &mut command.output {
                *next += first;
            }
            self.commands.push(Run { command, owner });
        }
    }

    fn place_at<'s>(&self, structure: &'s Structure, index: usize) -> Option<&'s PlaceAt> {
        let steps = self.values[index].value.address.steps();
        structure.places.iter().find(|it| {
            it.at.matches(steps) && it.conditions.iter().all(|it| self.beside(index, it))
        })
    }

    /// Whether a condition holds in the scope of a value, or beside it where there is none.
    fn beside(&self, index: usize, condition: &Condition) -> bool {
        let Placed { value, scope, .. } = &self.values[index];
        let steps = value.address.steps();
        let len = scope.map_or(steps.len().saturating_sub(1), |(_, len)| len);
        self.says(&steps[..len], condition)
    }

    /// Whether a condition holds for what stands below an address.
    fn says(&self, prefix: &[Step], condition: &Condition) -> bool {
        let mut below =
            self.values.iter().filter(|it| it.value.address.steps().starts_with(prefix));
        let found = below.any(|it| {
            condition.at.matches(&it.value.address.steps()[prefix.len()..])
                && condition.fits(it.value.text.bytes())
        });
        found != condition.absent
    }

    fn mark(&mut self, structure: &Structure) {
        for mark in &structure.marks {
            let at = structure.scopes.iter().find(|it| mark.scope.as_ref() == Some(&it.name));
            let mut prefixes: Vec<Vec<Step>> = match at {
                None => vec![Vec::new()],
                Some(scope) => {
                    let steps = self.values.iter().map(|it| it.value.address.steps());
                    steps.filter_map(|it| Some(it[..scope.at.prefix_of(it)?].to_vec())).collect()
                }
            };
            prefixes.dedup();
            prefixes.retain(|prefix| mark.when.iter().all(|it| self.says(prefix, it)));
            self.marks.extend(prefixes.into_iter().map(|it| (it, mark.mark.clone())));
        }
    }

    /// Where a byte of the file stands.
    pub fn spot(&self, at: usize) -> Spot {
        let value = self.value_at(at);
        let inner = containing(&self.inner, at);
        let begun = self.commands.partition_point(|it| it.command.span.start <= at);
        let near = begun.saturating_sub(NESTED)..begun;
        let command = near.rev().find(|&i| self.commands[i].command.span.contains(&at));
        let word = command.and_then(|i| {
            self.commands[i].command.words.iter().position(|it| it.span.contains(&at))
        });
        Spot { value, inner, command, word }
    }

    fn value_at(&self, at: usize) -> Option<usize> {
        containing(&self.values, at)
    }

    /// The spots of all commands.
    pub fn command_spots(&self) -> impl Iterator<Item = Spot> {
        let spot =
            |(i, it): (usize, &Run)| Spot { value: it.owner, command: Some(i), ..Spot::default() };
        self.commands.iter().enumerate().map(spot)
    }

    /// The spots of the file's own values.
    pub fn value_spots(&self) -> impl Iterator<Item = Spot> {
        (0..self.values.len()).map(|i| Spot { value: Some(i), ..Spot::default() })
    }

    /// The commands, for what [`Output::PipedTo`](crate::syntax::Output) says.
    pub fn commands(&self) -> &[Run] {
        &self.commands
    }

    /// Every value, of the file and of its scripts.
    pub fn values(&self) -> impl Iterator<Item = &Placed> {
        self.values.iter().chain(&self.inner)
    }

    /// The value at a spot: a script's own variable before the script.
    pub fn value(&self, spot: Spot) -> Option<&Placed> {
        spot.inner.map(|i| &self.inner[i]).or_else(|| spot.value.map(|i| &self.values[i]))
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

    /// The script that a spot belongs to: the value that is one, or nothing for a file that is one.
    pub fn script(&self, spot: Spot) -> Option<usize> {
        let is_script = |i: &usize| self.values[*i].place == Place::Script;
        self.command(spot).map_or_else(|| spot.value.filter(is_script), |it| it.owner)
    }

    /// The scope at a spot, as its number in the platform's list and its address; no steps for the whole file.
    pub fn scope(&self, spot: Spot) -> (Option<usize>, &[Step]) {
        let Some(placed) = self.value(spot) else { return (None, &[]) };
        match placed.scope {
            Some((index, len)) => (Some(index), &placed.value.address.steps()[..len]),
            None => (None, &[]),
        }
    }

    /// The address of a spot.
    pub fn address(&self, spot: Spot) -> Option<&Address> {
        self.value(spot).map(|it| &it.value.address)
    }

    /// Whether a mark holds at a spot.
    pub fn marked(&self, spot: Spot, mark: &str) -> bool {
        let steps = self.address(spot).map_or(&[][..], Address::steps);
        self.marks.iter().any(|(prefix, it)| it == mark && steps.starts_with(prefix))
    }
}

/// The value whose key or text holds a byte.
fn containing(values: &[Placed], at: usize) -> Option<usize> {
    let begins = |it: &Placed| match it.value.key.is_empty() {
        true => it.value.span.start,
        false => it.value.key.start.min(it.value.span.start),
    };
    let begun = values.partition_point(|it| begins(it) <= at);
    let near = begun.saturating_sub(NESTED)..begun;
    near.rev().find(|&i| {
        let Value { key, span, .. } = &values[i].value;
        key.contains(&at) || span.contains(&at)
    })
}

fn innermost(structure: &Structure, address: &Address) -> Option<(usize, usize)> {
    let mut scopes = structure.scopes.iter().enumerate().rev();
    scopes.find_map(|(i, it)| Some((i, it.at.prefix_of(address.steps())?)))
}
