//! What a scan sees of the declared tokens: where each is used, and which lists it read.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Declared, Inventory, List};
use crate::excerpt::Veil;
use crate::finding::Related;
use crate::path::FilePath;
use crate::platform::Class;
use crate::policy::Policy;
use crate::site::{Facts, Thing};
use crate::source::Blob;

/// What a scan saw, in no order.
#[derive(Debug, Default)]
pub struct Seen {
    /// The uses of declared tokens, each file's first of each entry.
    pub uses: Vec<Use>,
    /// Entries whose lines were judged, with the path at which their list was read.
    pub(super) entries: Vec<(usize, FilePath)>,
}

/// A use of a declared token.
#[derive(Clone, Debug)]
pub struct Use {
    /// The entry, by its place among all.
    pub entry: usize,
    /// Whether the token comes into the file here, and a system runs the file.
    pub enters: bool,
    /// Where it is.
    pub place: Related,
}

impl Seen {
    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.entries.is_empty()
    }

    /// Takes in what another part of the scan saw.
    pub fn extend(&mut self, other: Self) {
        self.uses.extend(other.uses);
        self.entries.extend(other.entries);
    }

    /// Takes note of a list of the inventory that is itself scanned.
    pub fn read(&mut self, blob: &Blob<'_>, policy: &Policy) {
        let inventory = &policy.config.inventory;
        let is_here = |it: &List| it.file.text.as_bytes() == blob.bytes;
        let here: Vec<bool> = inventory.lists.iter().map(is_here).collect();
        let past = blob.commit.is_some_and(|it| !it.at_head);
        if past || !here.contains(&true) {
            return;
        }
        let path = FilePath::new(blob.path, &Veil::of(blob.bytes).and(blob.path.as_bytes()));
        for (entry, token) in inventory.tokens().iter().enumerate().filter(|it| here[it.1.list]) {
            if blob.owned.holds(&inventory.lists[token.list].extent(token)) {
                self.entries.push((entry, path.clone()));
            }
        }
    }

    /// Takes note of the uses in a file, and shows each with `place`, going forwards.
    pub(crate) fn used(
        &mut self,
        blob: &Blob<'_>,
        policy: &Policy,
        facts: &Facts<'_, '_>,
        place: &mut dyn FnMut(&Thing<'_>) -> Related,
    ) {
        let inventory = &policy.config.inventory;
        let class = facts.platform.map(|it| it.class);
        let is_list = |it: &List| it.file.text.as_bytes() == blob.bytes;
        let past = blob.commit.is_some_and(|it| !it.at_head);
        if past || class == Some(Class::Docs) || inventory.lists.iter().any(is_list) {
            return;
        }
        let runs = class.is_some_and(|it| it <= Class::Iac);
        let mut known = BTreeSet::new();
        for thing in facts.things(&[]) {
            let Some(entry) = facts.entry(&thing) else { continue };
            let enters = runs && facts.enters(&thing);
            if known.insert((entry, enters)) {
                self.uses.push(Use { entry, enters, place: place(&thing) });
            }
        }
    }
}

impl List {
    /// All lines of an entry.
    fn extent(&self, token: &Declared) -> Range<usize> {
        let within = format!("tokens.{}.", token.index);
        let spans = self.spans.range(within.clone()..).take_while(|it| it.0.starts_with(&within));
        let all = spans.map(|it| it.1.clone());
        let all = all.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0);
        let start = self.file.text[..all.start].rfind('\n').map_or(0, |at| at + 1);
        start..all.end
    }
}

impl Inventory {
    /// Whether a file may be one of the lists.
    pub(crate) fn may_be(&self, blob: &Blob<'_>) -> bool {
        self.lists.iter().any(|it| it.file.text.len() == blob.bytes.len())
    }
}
