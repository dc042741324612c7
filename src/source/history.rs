//! Every object that git holds, read from the packs themselves, whether anything reaches it or not.

mod attribute;
mod crew;
mod database;
mod delta;
mod entry;
mod forest;
mod graph;
mod index;
mod loose;
mod map;
mod pack;
mod person;
mod reach;
mod refs;
mod store;
mod table;
mod traverse;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{Blob, Commit, Coverage, Revision, Skipped, Visitor, git};
use attribute::{Address, Attribution};
use entry::Kind;
use forest::Link;
use graph::{Files, Graph};
use refs::Refs;
use store::{Source, Store, Sweep};
pub use traverse::Needle;

/// How a history is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistoryOptions {
    /// Threads; 0 for one for each processor.
    pub jobs: usize,
    /// Objects that a partial clone has left at its remote are no gap.
    pub allow_partial: bool,
    /// Name the authors.
    pub authors: bool,
}

/// What to look for.
#[derive(Clone, Copy)]
pub struct Search<'s> {
    /// What every hit holds. Most objects do not, and are let go unseen.
    pub needle: Needle<'s>,
    /// Whether bytes are worth to be attributed and visited.
    pub is_hit: &'s (dyn Fn(&[u8]) -> bool + Sync),
}

/// Reads every blob, commit and tag that the repository's object database holds, each once, and visits the hits under all
/// their addresses. What is no file is called `commit:`, `tag:`, `note:` or `object:`, and its name or the beginning of its
/// id. What could not be read is in the coverage.
pub fn history(
    repository: &Path,
    options: &HistoryOptions,
    search: &Search<'_>,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    git::ensure_repository(repository)?;
    let threads = match options.jobs {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| {
        let store = Store::open(repository.to_owned(), threads)?;
        let (hits, mut coverage) = find(&store, search);
        store.broken(&mut coverage);
        coverage.skipped.extend_from_slice(&store.database.skipped);
        if !options.allow_partial {
            coverage.skipped.extend(missing(repository)?);
            coverage.skipped.extend(cut_off(repository)?);
        }
        if !hits.is_empty() {
            let addresses = attributed(repository, options, &store, hits, &mut coverage)?;
            show(&store, &addresses, visit);
        }
        coverage.skipped.sort();
        coverage.skipped.dedup();
        Ok(coverage)
    })
}

/// Searches every object, and says where each hit can be read.
fn find(store: &Store, search: &Search<'_>) -> (BTreeMap<u32, (Source, Kind)>, Coverage) {
    let hits: Mutex<BTreeMap<u32, (Source, Kind)>> = Mutex::default();
    let visit = |source, kind, blob: &Blob<'_>, _: Option<&[u8]>| {
        if (search.is_hit)(blob.bytes) {
            let mut hits = hits.lock().unwrap_or_else(PoisonError::into_inner);
            let hit = hits.entry(store.number(source)).or_insert((source, kind));
            hit.0 = hit.0.min(source);
        }
    };
    let wanted = |_, kind| kind != Kind::Tree;
    let sweep = Sweep { wanted: &wanted, visit: &visit, needle: Some(search.needle) };
    let coverage = store.sweep(&sweep);
    (hits.into_inner().unwrap_or_else(PoisonError::into_inner), coverage)
}

/// Finds the addresses of the hits.
fn attributed(
    repository: &Path,
    options: &HistoryOptions,
    store: &Store,
    hits: BTreeMap<u32, (Source, Kind)>,
    coverage: &mut Coverage,
) -> anyhow::Result<BTreeMap<Source, Vec<Address>>> {
    let files = Files::new(store, hits.keys().copied());
    let (graph, read) = Graph::read(store, &files);
    coverage.skipped.extend(read.skipped);
    let refs = Refs::read(repository, store)?;
    let attribution = Attribution::new(store, &graph, &refs, options.authors);
    let objects: Vec<_> = hits.iter().map(|(number, (_, kind))| (*number, *kind)).collect();
    let addresses = attribution.of(&objects);
    Ok(hits.into_values().map(|(source, _)| source).zip(addresses).collect())
}

/// Reads the hits once more, and what they grow on, and shows them.
fn show(store: &Store, addresses: &BTreeMap<Source, Vec<Address>>, visit: &Visitor<'_>) {
    let mut needed: Vec<Vec<bool>> = store.forests.iter().map(|it| vec![false; it.len()]).collect();
    for source in addresses.keys() {
        if let Source::Packed(pack, mut entry) = *source {
            needed[pack][entry as usize] = true;
            while let Link::On(base) = store.forests[pack].link(entry) {
                entry = base;
                needed[pack][entry as usize] = true;
            }
        }
    }
    let wanted = |source, _| match source {
        Source::Packed(pack, entry) => needed[pack][entry as usize],
        Source::Loose(_) => addresses.contains_key(&source),
    };
    let each = |source, _, blob: &Blob<'_>, _: Option<&[u8]>| {
        for address in addresses.get(&source).into_iter().flatten() {
            let (path, commit) = (address.path.as_str(), address.commit.as_ref());
            visit(&Blob { path, commit, ..blob.clone() });
        }
    };
    store.sweep(&Sweep { wanted: &wanted, visit: &each, needle: None });
}

/// A shallow clone holds the end of a history only.
fn cut_off(repository: &Path) -> anyhow::Result<Option<Skipped>> {
    let said = git::ask(repository, "describe it", ["rev-parse", "--is-shallow-repository"])?;
    let reason = "its history is cut off: fetch all of it (`fetch-depth: 0`, `GIT_DEPTH: 0`)";
    let skipped = Skipped { path: "shallow clone".to_owned(), reason: reason.to_owned() };
    Ok(said.starts_with(b"true").then_some(skipped))
}

/// What a partial clone has left at its remote.
fn missing(repository: &Path) -> anyhow::Result<Option<Skipped>> {
    let arguments =
        ["config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"];
    if git::ask(repository, "read its configuration", arguments).is_err() {
        return Ok(None);
    }
    let arguments =
        ["rev-list", "--objects", "--all", "--missing=print", "--no-object-names", "--quiet"];
    let said = git::ask(repository, "list what is missing", arguments)?;
    let count = memchr::memchr_iter(b'?', &said).count();
    let reason = match count {
        0 => return Ok(None),
        1 => "1 object is at the remote only".to_owned(),
        _ => format!("{count} objects are at the remote only"),
    };
    Ok(Some(Skipped { path: "partial clone".to_owned(), reason }))
}
