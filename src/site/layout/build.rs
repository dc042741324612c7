//! Builds a layout: what each value is for, which scripts are inside, what is meant again elsewhere.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Layout, Part, Placed, Run, containing};
use crate::platform::{Condition, Named, PlaceAt, Structure};
use crate::site::Place;
use crate::site::prefixes::Prefixes;
use crate::site::reuse::{self, Heir};
use crate::syntax::{Command, Document, Output, Step, Syntax, Value, part};

impl Layout {
    pub(super) fn built(structure: &Structure, document: Document) -> Self {
        let Document { values, commands, aliases, broken } = document;
        let mut heirs: Vec<Heir> = aliases.into_iter().map(Heir::from).collect();
        heirs.extend(structure.reuses.iter().flat_map(|it| reuse::heirs(&values, it)));
        let again = reuse::again(&values, &heirs);
        let written = values.len();
        let meant = again.iter().map(|(i, it)| Value { address: it.clone(), ..values[*i].clone() });
        let meant: Vec<Value> = meant.collect();
        let mut layout = Self::default();
        layout.broken.extend(broken.map(|it| (None, it)));
        for value in values.into_iter().chain(meant) {
            layout.values.push(Placed::new(value, Place::Value, None));
        }
        layout.sorted = (0..layout.values.len()).collect();
        let values = &layout.values;
        layout.sorted.sort_by(|&a, &b| values[a].value.address.cmp(&values[b].value.address));
        for rank in 0..layout.sorted.len() {
            layout.values[layout.sorted[rank]].scope = layout.innermost(structure, rank);
        }
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
            self.values[i].named = entry.named.as_ref().and_then(|it| self.name_of(i, it));
            if entry.is == Place::Script {
                self.values[i].script = self.values[i].script.saturating_sub(entry.joined);
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
            Placed::new(value, Place::Env, scope)
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

    fn name_of(&self, index: usize, named: &Named) -> Option<String> {
        let steps = |i: usize| self.values[i].value.address.steps();
        let above = &steps(index)[..steps(index).len().checked_sub(named.up)?];
        let Some(key) = &named.at else {
            return above.last().and_then(Step::key).map(str::to_owned);
        };
        let name = [above, &[Step::Key(key.into())]].concat();
        let at = self.sorted.partition_point(|&i| steps(i) < &name[..]);
        let found = self.sorted.get(at).filter(|&&i| steps(i) == name)?;
        Some(self.values[*found].value.text.lossy().into_owned())
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

    /// The innermost scope of the value of that rank in [`Layout::sorted`]. A value is none itself, unless there are others in it, as below a block's label.
    fn innermost(&self, structure: &Structure, rank: usize) -> Option<(usize, usize)> {
        let steps = |i: usize| self.values[i].value.address.steps();
        let own = steps(self.sorted[rank]);
        let mut behind = self.sorted[rank..].iter().map(|&i| steps(i)).skip_while(|it| *it == own);
        let holds = behind.next().is_some_and(|it| it.starts_with(own));
        let around = if holds { own } else { own.split_last()?.1 };
        let mut scopes = structure.scopes.iter().enumerate().rev();
        scopes.find_map(|(i, it)| Some((i, it.at.prefix_of(around)?)))
    }
}
