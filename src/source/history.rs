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
mod memory;
mod pack;
mod person;
mod reach;
mod refs;
mod search;
mod store;
mod table;
mod traverse;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use super::work_tree::WorkTree;
use super::{Blob, Commit, Coverage, Revision, Skipped, Visitor, git};
use attribute::{Address, Attribution};
use graph::{Files, Graph};
pub use memory::Cache;
use memory::Memory;
use refs::Refs;
use search::{Found, Hits, find, show};
use store::{Source, Store};
pub use traverse::Needle;

/// How a history is read.
#[derive(Clone, Debug, Default)]
pub struct HistoryOptions {
    /// Threads; 0 for one for each processor.
    pub jobs: usize,
    /// Objects that a partial clone has left at its remote are no gap.
    pub allow_partial: bool,
    /// Name the authors.
    pub authors: bool,
    /// What earlier scans saw may be taken for granted.
    pub cache: Option<Cache>,
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
        let mut memory = Memory::open(options.cache.as_ref(), &store.database);
        let cached = memory.counts().objects;
        let Found { hits, swept, has_gap } = find(&store, search, &mut memory);
        // A gap would not be seen again where the commit is not read again.
        let kept = if has_gap { Ok(()) } else { memory.keep() };
        let refs = Refs::read(repository, &store)?;
        let mut coverage = Coverage {
            files: swept.counts.files,
            blobs: swept.counts.objects,
            bytes: swept.counts.bytes,
            cached,
            refs: refs.names(),
            skipped: swept.skipped,
            ..Coverage::default()
        };
        coverage.notes.extend(kept.err().map(|it| format!("could not write the cache: {it}")));
        coverage.notes.extend(submodules(repository));
        coverage.skipped.extend_from_slice(&store.database.skipped);
        coverage.skipped.extend(refs.skipped());
        if !hits.is_empty() {
            let addresses = attributed(options, &store, &refs, hits, &mut coverage);
            show(&store, &addresses, visit);
        }
        // A ref has nothing but its name.
        let names = refs.all().filter(|it| (search.is_hit)(it.as_bytes()));
        names.for_each(|it| visit(&Blob::whole(it, b"")));
        if !options.allow_partial {
            lacking(repository, has_gap, &mut coverage)?;
        }
        coverage.skipped.sort();
        coverage.skipped.dedup();
        Ok(coverage)
    })
}

/// Finds the addresses of the hits. What is damaged or missing may be what reaches them.
fn attributed(
    options: &HistoryOptions,
    store: &Store,
    refs: &Refs,
    hits: Hits,
    coverage: &mut Coverage,
) -> BTreeMap<Source, Vec<Address>> {
    let files = Files::new(store, hits.keys().copied());
    let (graph, skipped) = Graph::read(store, &files);
    coverage.skipped.extend(skipped);
    let is_whole = coverage.skipped.is_empty() && graph.is_whole();
    let attribution = Attribution::new(store, &graph, refs, options.authors, is_whole);
    let objects: Vec<_> = hits.iter().map(|(number, (_, kind))| (*number, *kind)).collect();
    let addresses = attribution.of(&objects);
    hits.into_values().map(|(source, _)| source).zip(addresses).collect()
}

/// Submodules have databases of their own.
fn submodules(repository: &Path) -> Option<String> {
    let count = WorkTree::around(repository)?.submodules();
    (count > 0).then(|| {
        format!(
            "submodules whose history is kept here and was not read: {count}: run it in them, too"
        )
    })
}

/// Names what the database does not hold.
fn lacking(repository: &Path, has_gap: bool, coverage: &mut Coverage) -> anyhow::Result<()> {
    coverage.skipped.extend(missing(repository)?);
    coverage.skipped.extend(cut_off(repository)?);
    // What is known to be missing may be all that is.
    if has_gap && coverage.skipped.is_empty() {
        coverage.skipped.extend(gap(repository));
    }
    Ok(())
}

/// What is missing of a full clone, if a ref leads there; nobody misses it otherwise.
fn gap(repository: &Path) -> Option<Skipped> {
    let arguments = ["rev-list", "--objects", "--all", "--quiet"];
    git::ask(repository, "walk through its history", arguments).err()?;
    let reason = "a commit's tree or parent is missing: `git fsck` says which";
    Some(Skipped { path: "history".to_owned(), reason: reason.to_owned() })
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
