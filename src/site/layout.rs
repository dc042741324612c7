//! A file with its places: what each value is for, who sees it, and the commands of the scripts that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Place;
use super::prefixes::Prefixes;
use super::reuse::{self, Heir};
use crate::platform::{Condition, PlaceAt, Platform, Structure};
use crate::syntax::{
    Address, Command, Document, Output, Step, Syntax, Unparsed, Value, Word, part,
};

/// How far before a byte the value or command that holds it may begin, in values or commands: they nest, and not deeply.
const NESTED: usize = 64;

/// A file as its platform reads it.
#[derive(Debug, Default)]
pub struct Layout {
    /// The file's own values, in order, then those of them that are meant at a second address.
    values: Vec<Placed>,
    /// The variables that its scripts set, those of each part in order.
    inner: Vec<Placed>,
    /// The commands of its scripts, those of each part in order.
    commands: Vec<Run>,
    /// What is meant where it is written.
    written: Part,
    /// What is meant again elsewhere, by the value that is written.
    again: BTreeMap<usize, Vec<Part>>,
    /// The values by their addresses.
    sorted: Vec<usize>,
    /// The marks that hold for each part of the file.
    marks: Prefixes<Vec<String>>,
    /// Where parsers gave up: that of the file, and those of the scripts that some values are.
    broken: Vec<(Option<usize>, Unparsed)>,
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

impl Placed {
    /// The innermost scope that it belongs to, as its number in the platform's list and its address.
    pub fn scope(&self) -> (Option<usize>, &[Step]) {
        match self.scope {
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
    pub fn of(platform: &Platform, bytes: &[u8]) -> Self {
        let structure = &platform.structure;
        match structure.syntax.parse(bytes) {
            Ok(document) => Self::built(structure, document),
            Err(unparsed) => Self::unparsed(unparsed),
        }
    }

    /// A file of which nothing is known, and why.
    pub fn unparsed(why: Unparsed) -> Self {
        Self { broken: vec![(None, why)], ..Self::default() }
    }

    fn built(structure: &Structure, document: Document) -> Self {
        let Document { values, commands, aliases, broken } = document;
        let mut heirs: Vec<Heir> = aliases.into_iter().map(Heir::from).collect();
        heirs.extend(reuse::inherited(&values, &structure.inherits));
        let again = reuse::again(&values, &heirs);
        let written = values.len();
        let meant = again.iter().map(|(i, it)| Value { address: it.clone(), ..values[*i].clone() });
        let meant: Vec<Value> = meant.collect();
        let mut layout = Self::default();
        layout.broken.extend(broken.map(|it| (None, it)));
        for value in values.into_iter().chain(meant) {
            let scope = innermost(structure, &value.address);
            let (place, verbatim) = (Place::Value, false);
            layout.values.push(Placed { value, place, verbatim, scope });
        }
        layout.sorted = (0..layout.values.len()).collect();
        let values = &layout.values;
        layout.sorted.sort_by(|&a, &b| values[a].value.address.cmp(&values[b].value.address));
        let found: Vec<_> =
            (0..layout.values.len()).map(|i| layout.place_at(structure, i)).collect();
        let mut found = found.into_iter();
        layout.written = layout.part(0..written, &mut found, commands);
        for (i, (of, _)) in (written..).zip(again) {
            let part = layout.part(i..i + 1, &mut found, Vec::new());
            layout.again.entry(of).or_default().push(part);
        }
        layout.marks = layout.marks(structure);
        layout
    }

    /// Says what some of the values are for, and reads their scripts; `commands` belong to none of them.
    fn part<'s>(
        &mut self,
        values: Range<usize>,
        found: &mut impl Iterator<Item = Option<&'s PlaceAt>>,
        commands: Vec<Command>,
    ) -> Part {
        let (inner, first) = (self.inner.len(), self.commands.len());
        for (i, entry) in values.clone().zip(found) {
            let Some(entry) = entry else { continue };
            (self.values[i].place, self.values[i].verbatim) = (entry.is, entry.verbatim);
            if entry.is == Place::Script {
                self.embed(i, entry.syntax);
            }
        }
        let is_script = |&i: &usize| self.values[i].place == Place::Script;
        let owner = |it: &Command| containing(&self.values, &values, it.span.start);
        let owners: Vec<_> = commands.iter().map(|it| owner(it).filter(is_script)).collect();
        self.push(commands, owners);
        Part { values, inner: inner..self.inner.len(), commands: first..self.commands.len() }
    }

    /// Reads the script that a value is.
    fn embed(&mut self, owner: usize, syntax: Syntax) {
        let Placed { value, scope, .. } = &self.values[owner];
        let script = part(syntax.parse_text(&value.text));
        let (address, scope) = (value.address.clone(), *scope);
        self.broken.extend(script.broken.map(|it| (Some(owner), it)));
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
        let steps = |i: usize| self.values[i].value.address.steps();
        let first = self.sorted.partition_point(|&i| steps(i) < prefix);
        let mut below = self.sorted[first..].iter().take_while(|&&i| steps(i).starts_with(prefix));
        let found = below.any(|&i| {
            condition.at.matches(&steps(i)[prefix.len()..])
                && condition.fits(self.values[i].value.text.bytes())
        });
        found != condition.absent
    }

    fn marks(&self, structure: &Structure) -> Prefixes<Vec<String>> {
        let mut marks: Prefixes<Vec<String>> = Prefixes::default();
        for mark in &structure.marks {
            let at = structure.scopes.iter().find(|it| mark.scope.as_ref() == Some(&it.name));
            let prefixes: BTreeSet<&[Step]> = match at {
                None => BTreeSet::from([&[][..]]),
                Some(scope) => {
                    let steps = self.values.iter().map(|it| it.value.address.steps());
                    steps.filter_map(|it| Some(&it[..scope.at.prefix_of(it)?])).collect()
                }
            };
            let holds = |it: &&&[Step]| mark.when.iter().all(|when| self.says(it, when));
            for prefix in prefixes.iter().filter(holds) {
                marks.at(prefix).push(mark.mark.clone());
            }
        }
        marks
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
        let value = containing(&self.values, &part.values, at);
        let inner = containing(&self.inner, &part.inner, at);
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
        let spot =
            |(i, it): (usize, &Run)| Spot { value: it.owner, command: Some(i), ..Spot::default() };
        self.commands.iter().enumerate().map(spot)
    }

    /// The spots of the values, but for those that scripts set.
    pub fn value_spots(&self) -> impl Iterator<Item = Spot> {
        (0..self.values.len()).map(|i| Spot { value: Some(i), ..Spot::default() })
    }

    /// The commands, for what [`Output::PipedTo`](crate::syntax::Output) says.
    pub fn commands(&self) -> &[Run] {
        &self.commands
    }

    /// Every value, of the file and of its scripts, wherever it is meant.
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

    /// The address of the script that a spot belongs to, or nothing for a file that is one. A list of commands is one.
    pub fn script(&self, spot: Spot) -> Option<&[Step]> {
        let is_script = |i: &usize| self.values[*i].place == Place::Script;
        let owner = self.command(spot).map_or(spot.value.filter(is_script), |it| it.owner)?;
        let mut steps = self.values[owner].value.address.steps();
        while let [above @ .., Step::Index(_)] = steps {
            steps = above;
        }
        Some(steps)
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
        let unknown = |owner| spot.command.is_none() && (owner == spot.value);
        let mut broken = self.broken.iter().filter(|(owner, it)| unknown(*owner) && it.at <= at);
        broken.next().map(|(_, it)| it)
    }

    /// Whether a mark holds at a spot.
    pub fn marked(&self, spot: Spot, mark: &str) -> bool {
        self.marks.above(self.steps(spot)).flatten().any(|it| it == mark)
    }
}

/// The value among some whose key or text holds a byte.
fn containing(values: &[Placed], among: &Range<usize>, at: usize) -> Option<usize> {
    let begins = |it: &Placed| match it.value.key.is_empty() {
        true => it.value.span.start,
        false => it.value.key.start.min(it.value.span.start),
    };
    let values = &values[among.clone()];
    let begun = values.partition_point(|it| begins(it) <= at);
    let mut near = (begun.saturating_sub(NESTED)..begun).rev();
    let found = near.find(|&i| {
        let Value { key, span, .. } = &values[i].value;
        key.contains(&at) || span.contains(&at)
    });
    found.map(|i| among.start + i)
}

fn innermost(structure: &Structure, address: &Address) -> Option<(usize, usize)> {
    let mut scopes = structure.scopes.iter().enumerate().rev();
    scopes.find_map(|(i, it)| Some((i, it.at.prefix_of(address.steps())?)))
}
