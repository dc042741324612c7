//! Builds a layout: what each value is for, which scripts are inside, what is meant again elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::addresses::{Addresses, Below};
use super::{Layout, Naming, Part, Placed, Purpose, Run, Values};
use crate::lazy::LazyRegex;
use crate::platform::{Condition, Named, PlaceAt, Scope, Structure};
use crate::site::Place;
use crate::site::prefixes::Prefixes;
use crate::site::reuse::{self, Heir};
use crate::syntax::{Command, Document, Output, Room, Step, Syntax, Value, part};

impl Layout {
    pub(super) fn built(structure: &Structure, document: Document) -> Self {
        let Document { mut values, commands, aliases, broken } = document;
        let mut heirs: Vec<Heir> = aliases.into_iter().map(Heir::from).collect();
        heirs.extend(structure.reuses.iter().flat_map(|it| reuse::heirs(&values, it)));
        let again = reuse::again(&values, &heirs);
        let written = values.len();
        let meant = again.iter().map(|(i, it)| Value { address: it.clone(), ..values[*i].clone() });
        let meant: Vec<Value> = meant.collect();
        values.extend(meant);
        let addresses = Addresses::of(&values);
        let blocks = addresses.blocks();
        let purpose = |(value, is_block): (&Value, bool)| {
            Purpose::new(value, Place::Value, innermost(structure, value, is_block))
        };
        let purposes = values.iter().zip(blocks).map(purpose).collect();
        let mut layout = Self { values: Values { values, purposes }, ..Self::default() };
        layout.broken.extend(broken.map(|it| (None, it)));
        let mut known = HashMap::new();
        let place = |i| layout.place_at(structure, &addresses, i, &mut known);
        let found: Vec<_> = (0..layout.values.values.len()).map(place).collect();
        let mut found = found.into_iter();
        // What a file itself says leaves its scripts their own.
        let room = &Room::default();
        let lifts = &structure.lifts;
        layout.written = layout.part(0..written, &addresses, &mut found, (commands, lifts), room);
        for (i, (of, _)) in (written..).zip(again) {
            let part = layout.part(i..i + 1, &addresses, &mut found, (Vec::new(), lifts), room);
            layout.again.entry(of).or_default().push(part);
        }
        layout.marks = layout.marks(structure, &addresses);
        layout
    }

    /// Says what some of the values are for, and reads their scripts; `commands` belong to none of them.
    fn part<'s>(
        &mut self,
        values: Range<usize>,
        addresses: &Addresses,
        found: &mut impl Iterator<Item = Option<&'s PlaceAt>>,
        (commands, lifts): (Vec<Command>, &[LazyRegex]),
        room: &Room,
    ) -> Part {
        let (inner, first) = (self.inner.values.len(), self.commands.len());
        for (i, entry) in values.clone().zip(found) {
            let Some(entry) = entry else { continue };
            let named = entry.named.as_ref().and_then(|it| self.name_of(addresses, i, it));
            let purpose = &mut self.values.purposes[i];
            (purpose.place, purpose.verbatim) = (entry.is, entry.verbatim);
            purpose.named = named.map(Box::new);
            if entry.is == Place::Script {
                purpose.script = purpose.script.saturating_sub(entry.joined);
                self.embed(i, entry.syntax, lifts, room);
            }
        }
        let is_script = |&i: &usize| self.values.get(i).place == Place::Script;
        let owner = |it: &Command| self.values.containing(&values, it.span.start);
        let owners: Vec<_> = commands.iter().map(|it| owner(it).filter(is_script)).collect();
        self.push(commands, owners);
        Part { values, inner: inner..self.inner.values.len(), commands: first..self.commands.len() }
    }

    /// Reads the script that a value is.
    fn embed(&mut self, owner: usize, syntax: Syntax, lifts: &[LazyRegex], room: &Room) {
        let Placed { value, purpose, .. } = self.values.get(owner);
        let script = part(syntax.parse_lifted(&value.text, lifts, room));
        let (address, scope) = (value.address.clone(), purpose.scope);
        self.broken.extend(script.broken.map(|it| (Some(owner), it)));
        let owners = vec![Some(owner); script.commands.len()];
        self.push(script.commands, owners);
        for mut value in script.values {
            value.address = address.join(value.address.steps());
            self.inner.purposes.push(Purpose::new(&value, Place::Env, scope));
            self.inner.values.push(value);
        }
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

    /// The variable that a value fills, and the value that says so.
    fn name_of(&self, addresses: &Addresses, index: usize, named: &Named) -> Option<Naming> {
        let steps = self.values.values[index].address.steps();
        let above = steps.len().checked_sub(named.up)?;
        let Some(key) = &named.at else {
            let name = steps[..above].last().and_then(Step::key)?.to_owned();
            return Some(Naming { name, by: None });
        };
        let key = (!key.is_empty()).then(|| Step::Key(key.into()));
        let found = addresses.entry(index, above, key.as_ref())?;
        let name = self.values.values[found].text.lossy().into_owned();
        Some(Naming { name, by: Some(found) })
    }

    /// What a value is for. What the conditions of a place come to in a part of the file is asked once, and `known` then:
    /// every entry of a large block may ask it.
    fn place_at<'s>(
        &self,
        structure: &'s Structure,
        addresses: &Addresses,
        index: usize,
        known: &mut HashMap<(Below, usize), bool>,
    ) -> Option<&'s PlaceAt> {
        let Placed { value, purpose, .. } = self.values.get(index);
        let steps = value.address.steps();
        // In its scope, or beside it where there is none.
        let len = purpose.scope.map_or(steps.len().saturating_sub(1), |(_, len)| len);
        let mut holds = |number: usize, place: &PlaceAt| {
            let part = addresses.below(index, len);
            let says = |it: &Condition| self.says(addresses, part, it);
            *known.entry((part, number)).or_insert_with(|| place.conditions.iter().all(says))
        };
        let mut places = structure.places.iter().enumerate();
        let fits = |&(i, it): &(usize, &'s PlaceAt)| {
            it.at.matches(steps) && (it.conditions.is_empty() || holds(i, it))
        };
        places.find(fits).map(|(_, it)| it)
    }

    /// Whether a condition holds in a part of the file.
    fn says(&self, addresses: &Addresses, part: Below, condition: &Condition) -> bool {
        let found = addresses.values(part).iter().any(|&i| {
            let Value { address, text, .. } = &self.values.values[i];
            condition.at.matches(&address.steps()[part.len..]) && condition.fits(text.bytes())
        });
        found != condition.absent
    }

    fn marks(&self, structure: &Structure, addresses: &Addresses) -> Prefixes<Vec<String>> {
        let mut marks: Prefixes<Vec<String>> = Prefixes::default();
        for mark in &structure.marks {
            let scope = structure.scopes.iter().find(|it| mark.scope.as_ref() == Some(&it.name));
            for (part, prefix) in self.parts(scope, addresses) {
                if mark.when.iter().all(|it| self.says(addresses, part, it)) {
                    marks.at(prefix).push(mark.mark.clone());
                }
            }
        }
        marks
    }

    /// The parts of the file that are such scopes, and their addresses; without a scope it is the file.
    fn parts(&self, scope: Option<&Scope>, addresses: &Addresses) -> BTreeMap<Below, &[Step]> {
        let Some(scope) = scope else { return BTreeMap::from([(addresses.all(), &[][..])]) };
        let prefixes = self.values.values.iter().enumerate().filter_map(|(i, it)| {
            let steps = it.address.steps();
            Some((i, &steps[..scope.at.prefix_of(steps)?]))
        });
        let mut prefixes: Vec<(usize, &[Step])> = prefixes.collect();
        prefixes.dedup_by_key(|(_, prefix)| *prefix);
        prefixes.into_iter().map(|(i, it)| (addresses.below(i, it.len()), it)).collect()
    }
}

/// The innermost scope of a value. It is none itself, unless it is a block.
fn innermost(structure: &Structure, value: &Value, is_block: bool) -> Option<(usize, usize)> {
    let own = value.address.steps();
    let around = if is_block { own } else { own.split_last()?.1 };
    let mut scopes = structure.scopes.iter().enumerate().rev();
    scopes.find_map(|(i, it)| Some((i, it.at.prefix_of(around)?)))
}
