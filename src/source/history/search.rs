//! Finds the objects that hold what is sought, by reading each once, and shows them again under their addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Search;
use super::attribute::Address;
use super::entry::Kind;
use super::forest::Link;
use super::graph::is_whole;
use super::memory::{Clean, Memory};
use super::store::{Place, Show, Source, Store, Sweep, Swept};
use crate::source::{Blob, Naming, Visitor};

/// The hits: by number, where each can be read, and what it is.
pub(super) type Hits = BTreeMap<u32, (Source, Kind)>;

/// What comes of a search.
pub(super) struct Found {
    pub(super) hits: Hits,
    pub(super) swept: Swept,
    /// Whether a commit names what is not there.
    pub(super) has_gap: bool,
}

/// What a search has seen so far.
#[derive(Default)]
struct Seen {
    hits: Mutex<Hits>,
    /// What may hold the needle.
    suspects: Mutex<BTreeSet<Source>>,
    has_gap: AtomicBool,
}

impl Seen {
    fn see(&self, store: &Store, search: &Search<'_>, source: Source, kind: Kind, blob: &Blob<'_>) {
        if kind == Kind::Commit {
            let lacks = blob.start.byte == 0 && !is_whole(store, blob.bytes);
            self.has_gap.fetch_or(lacks, Ordering::Relaxed);
            // Anything else comes only if it may hold it.
            if !(search.needle.is_in)(blob.bytes) {
                return;
            }
        }
        held(&self.suspects).insert(source);
        if (search.is_hit)(blob.bytes) {
            let mut hits = held(&self.hits);
            let hit = hits.entry(store.number(source)).or_insert((source, kind));
            hit.0 = hit.0.min(source);
        }
    }

    /// The positions of the suspects of a place.
    fn suspects(&self, store: &Store, place: Place) -> Vec<u32> {
        let suspects = held(&self.suspects);
        let of_place = suspects.iter().filter(|it| it.place() == place);
        of_place.map(|it| store.position(*it)).collect()
    }
}

fn held<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Searches every object that is not remembered to hold nothing.
pub(super) fn find(store: &Store, search: &Search<'_>, memory: &mut Memory) -> Found {
    let seen = Seen::default();
    let visit = |source, kind, blob: &Blob<'_>, _: Option<&[u8]>| {
        seen.see(store, search, source, kind, blob);
    };
    let again = remembered(store, memory);
    let is_known = |place| memory.of(place).is_some();
    let mut swept = Swept { counts: memory.counts(), skipped: Vec::new() };
    swept.skipped.extend(again_each(store, &again, &visit).skipped);
    held(&seen.suspects).clear();
    let sweep = Sweep {
        asked: &|place| !is_known(place),
        wanted: &|_, kind| kind != Kind::Tree,
        visit: &visit,
        needle: Some(search.needle),
    };
    let mut clean = Vec::new();
    store.sweep_each(&sweep, |place, mut read| {
        if let Place::Pack(number) = place {
            store.broken(number, &mut read);
        }
        if read.skipped.is_empty() {
            let suspects = seen.suspects(store, place);
            clean.push((place, Clean { counts: read.counts, suspects }));
        }
        swept += read;
    });
    clean.into_iter().for_each(|(place, clean)| memory.note(place, clean));
    let Seen { hits, has_gap, .. } = seen;
    let hits = hits.into_inner().unwrap_or_else(PoisonError::into_inner);
    Found { hits, swept, has_gap: has_gap.into_inner() }
}

/// Reads the hits once more, and shows them.
pub(super) fn show(store: &Store, addresses: &BTreeMap<Source, Vec<Address>>, visit: &Visitor<'_>) {
    let each = |source: Source, kind: Kind, blob: &Blob<'_>, _: Option<&[u8]>| {
        for address in addresses.get(&source).into_iter().flatten() {
            let (path, commit) = (address.path.as_str(), address.commit.as_ref());
            let naming = if kind == Kind::Blob { blob.naming } else { Naming::Known };
            visit(&Blob { path, commit, naming, ..blob.clone() });
        }
    };
    again_each(store, &addresses.keys().copied().collect(), &each);
}

/// What is remembered as worth another look.
fn remembered(store: &Store, memory: &Memory) -> BTreeSet<Source> {
    let packs =
        memory.packs().flat_map(|(pack, clean)| clean.suspects.iter().map(move |it| (pack, *it)));
    packs.map(|(pack, position)| store.at(pack, position)).collect()
}

/// Reads some objects, and what they grow on.
fn again_each(store: &Store, sources: &BTreeSet<Source>, visit: &Show<'_>) -> Swept {
    let mut needed: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
    for source in sources {
        if let Source::Packed(pack, mut entry) = *source {
            let forest = store.forest(pack);
            let needed = needed.entry(pack).or_insert_with(|| vec![false; forest.len()]);
            needed[entry as usize] = true;
            while let Link::On(base) = forest.link(entry) {
                entry = base;
                needed[entry as usize] = true;
            }
        }
    }
    store.sweep(&Sweep {
        asked: &|place| match place {
            Place::Pack(pack) => needed.contains_key(&pack),
            Place::Loose(at) => sources.contains(&Source::Loose(at)),
        },
        wanted: &|source, _| match source {
            Source::Packed(pack, entry) => needed[&pack][entry as usize],
            Source::Loose(_) => true,
        },
        visit: &|source, kind, blob, base| {
            if sources.contains(&source) {
                visit(source, kind, blob, base);
            }
        },
        needle: None,
    })
}
