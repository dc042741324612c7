//! Whether a token comes into a file by a name, or has come into it by another one before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Place;
use super::layout::{Layout, Spot};
use super::reference::Reference;
use crate::platform::Written;
use crate::syntax::Step;

/// What a value holds that something else fills: `${X}`, `{{ x }}`, `((x))`, `%X%`.
const FILLED: [&[u8]; 4] = [b"$", b"{{", b"((", b"%"];
/// How often a name is given a value before no more is looked at, so that a file of nothing else takes no longer.
const MOST: usize = 64;

/// The names that a file itself gives values to.
#[derive(Debug)]
pub(super) struct Filled(BTreeMap<String, Vec<Filler>>);

/// A place that gives a name its value.
#[derive(Debug)]
struct Filler {
    key: Range<usize>,
    span: Range<usize>,
    /// The scope that sees the value.
    scope: Vec<Step>,
}

impl Filled {
    pub(super) fn of(layout: &Layout, bytes: &[u8], references: &[Reference]) -> Self {
        let mut filled = Self(BTreeMap::new());
        let asked: BTreeSet<&str> = references.iter().map(|it| it.name.as_str()).collect();
        for it in layout.values().filter(|it| !it.value.text.bytes().is_empty()) {
            let Some(name) = it.value.address.name().filter(|it| asked.contains(it)) else {
                continue;
            };
            let scope = it.scope().1.to_vec();
            let (key, span) = (it.value.key.clone(), it.value.span.clone());
            filled.push(name, Filler { key, span, scope });
        }
        for it in references.iter().filter(|it| fills(layout, bytes, it)) {
            let spot = layout.spot(it.span.start);
            let (scope, value) = (layout.scope(spot).1.to_vec(), layout.value(spot));
            let span = value.map_or_else(|| it.span.clone(), |it| it.value.span.clone());
            filled.push(&it.name, Filler { key: it.span.clone(), span, scope });
        }
        filled
    }

    fn push(&mut self, name: &str, filler: Filler) {
        let fillers = self.0.entry(name.to_owned()).or_default();
        if fillers.len() < MOST {
            fillers.push(filler);
        }
    }

    /// Whether nothing in the file fills the name where the reference stands, so that it names what lies outside.
    pub(super) fn enters(
        &self,
        (layout, bytes): (&Layout, &[u8]),
        references: &[Reference],
        (spot, place): (Spot, Option<Place>),
        reference: &Reference,
    ) -> bool {
        let outside = match reference.written {
            Written::Bulk => false,
            Written::Definition => is_filled_from_outside(layout, references, spot),
            Written::Name => {
                let named =
                    matches!(place, Some(Place::Credential | Place::Argument | Place::Input));
                named && !is_assigned(bytes, reference)
            }
            Written::Template | Written::PreExpanded | Written::Unmasked | Written::Variable => {
                true
            }
        };
        let at = reference.span.start;
        let fillers = self.0.get(&reference.name).into_iter().flatten();
        let mut others = fillers.filter(|it| !it.key.contains(&at) && !it.span.contains(&at));
        outside && !others.any(|it| layout.steps(spot).starts_with(&it.scope))
    }
}

/// Whether a name is given a value that comes from somewhere, and not by a name that is known.
fn is_filled_from_outside(layout: &Layout, references: &[Reference], spot: Spot) -> bool {
    let Some(placed) = layout.value(spot) else { return false };
    let (text, span) = (placed.value.text.bytes(), &placed.value.span);
    let filled = FILLED.iter().any(|it| memchr::memmem::find(text, it).is_some());
    let first = references.partition_point(|it| it.span.start < span.start);
    let known = references.get(first).is_some_and(|it| it.span.start < span.end);
    (text.is_empty() || filled) && !known
}

/// Whether the name has a value where a reference stands: as the name of one that is not empty, as what a script gives one
/// to, or as the variable that the system is told to fill.
fn fills(layout: &Layout, bytes: &[u8], reference: &Reference) -> bool {
    let placed = layout.value(layout.spot(reference.span.start));
    match reference.written {
        Written::Definition => placed.is_some_and(|it| !it.value.text.bytes().is_empty()),
        Written::Name => {
            is_assigned(bytes, reference) || placed.is_some_and(|it| it.place == Place::Env)
        }
        Written::Template
        | Written::PreExpanded
        | Written::Unmasked
        | Written::Bulk
        | Written::Variable => false,
    }
}

/// Whether the reference is what a script gives a value to.
pub(super) fn is_assigned(bytes: &[u8], reference: &Reference) -> bool {
    reference.written == Written::Name && bytes.get(reference.span.end) == Some(&b'=')
}
