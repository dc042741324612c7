//! Says of an object under which paths which commits have it, and what reaches those.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::database::digits;
use super::entry::Kind;
use super::graph::{Graph, header};
use super::person;
use super::reach::{Reach, listed};
use super::refs::Refs;
use super::store::Store;
use super::{Commit, Revision};

/// Paths that one object is found under. A tree can be built to have it under a billion.
const PATHS: usize = 1000;
/// Digits of an id that people can tell it by.
const SHORT: usize = 12;

/// Where an object belongs.
pub(super) struct Address {
    /// The file; for what is none, its kind and its name or id.
    pub(super) path: String,
    /// The commits that have it, if any does.
    pub(super) commit: Option<Commit>,
}

/// An address before anybody has asked what the commits are called.
struct Draft {
    path: String,
    span: Option<Span>,
}

/// Commits that have an object, by their places in the graph.
struct Span {
    first: u32,
    last: u32,
    /// Those whose parents do not have it.
    begins: Vec<u32>,
    at_head: bool,
    held: bool,
}

/// Everything that attribution asks.
pub(super) struct Attribution<'a> {
    store: &'a Store,
    graph: &'a Graph<'a>,
    refs: &'a Refs,
    reach: Reach<'a>,
    authors: bool,
    /// Whether everything could be read that may reach a commit.
    is_whole: bool,
}

impl<'a> Attribution<'a> {
    pub(super) fn new(
        store: &'a Store,
        graph: &'a Graph<'a>,
        refs: &'a Refs,
        authors: bool,
        is_whole: bool,
    ) -> Self {
        Self { store, graph, refs, reach: Reach::new(graph, refs), authors, is_whole }
    }

    /// The addresses of each object, at least one.
    pub(super) fn of(&self, objects: &[(u32, Kind)]) -> Vec<Vec<Address>> {
        let drafts: Vec<Vec<Draft>> =
            objects.par_iter().map(|(object, kind)| self.drafts(*object, *kind)).collect();
        let spans: Vec<&Span> = drafts.iter().flatten().filter_map(|it| it.span.as_ref()).collect();
        let begins: Vec<&[u32]> = spans.iter().map(|it| &*it.begins).collect();
        let mut refs = self.reach.refs(&begins).into_iter();
        let mut named: Vec<u32> = spans.iter().flat_map(|it| [it.first, it.last]).collect();
        named.par_sort_unstable();
        named.dedup();
        let revision = |place: &u32| {
            let number = self.graph.commits[*place as usize].number;
            (*place, self.revision(number, b"author"))
        };
        let revisions: HashMap<u32, Revision> = named.par_iter().map(revision).collect();
        let commit = |span: Span| Commit {
            first: revisions[&span.first].clone(),
            last: revisions[&span.last].clone(),
            refs: refs.next().unwrap_or_default(),
            at_head: span.at_head,
            reachable: (span.held || self.is_whole).then_some(span.held),
        };
        let mut address = self.finisher(commit);
        let objects = objects.iter().zip(drafts);
        objects
            .map(|(it, drafts)| drafts.into_iter().map(|draft| address(it, draft)).collect())
            .collect()
    }

    /// Turns drafts into addresses. A tag is its own first and last revision.
    fn finisher(
        &self,
        mut commit: impl FnMut(Span) -> Commit,
    ) -> impl FnMut(&(u32, Kind), Draft) -> Address {
        move |(object, kind), draft| match kind {
            Kind::Tag => self.tag(*object, draft.path),
            Kind::Commit | Kind::Tree | Kind::Blob => {
                Address { path: draft.path, commit: draft.span.map(&mut commit) }
            }
        }
    }

    fn drafts(&self, object: u32, kind: Kind) -> Vec<Draft> {
        let short = &digits(self.store.database.id(object))[..SHORT];
        match kind {
            Kind::Tag => vec![Draft { path: short.to_owned(), span: None }],
            Kind::Commit => {
                let commits: Vec<u32> = self.graph.place(object).into_iter().collect();
                vec![Draft { path: format!("commit:{short}"), span: self.span(commits) }]
            }
            Kind::Blob | Kind::Tree => {
                let found = self.files(object);
                if found.is_empty() {
                    return vec![Draft { path: format!("object:{short}"), span: None }];
                }
                let draft = |(path, commits): (Vec<u8>, Vec<u32>)| Draft {
                    path: self.shown(&path),
                    span: self.span(commits),
                };
                found.into_iter().map(draft).collect()
            }
        }
    }

    fn tag(&self, object: u32, short: String) -> Address {
        let bytes = self.store.object(object).map(|it| it.1).unwrap_or_default();
        let name = header(&bytes, b"tag").map(|it| String::from_utf8_lossy(it).into_owned());
        let refs: Vec<&str> = self
            .refs
            .named
            .iter()
            .filter(|it| self.graph.puts(it.1, object))
            .map(|it| &*it.0)
            .collect();
        let revision = self.revision(object, b"tagger");
        let commit = Commit {
            first: revision.clone(),
            last: revision,
            reachable: (!refs.is_empty() || self.is_whole).then_some(!refs.is_empty()),
            refs: listed(refs.len(), refs.into_iter()),
            at_head: false,
        };
        Address { path: format!("tag:{}", name.unwrap_or(short)), commit: Some(commit) }
    }

    /// A note is a file that is named by the object it is on.
    fn shown(&self, path: &[u8]) -> String {
        let path = String::from_utf8_lossy(path);
        let id: String = path.chars().filter(|it| *it != '/').collect();
        let note =
            id.len() == self.store.database.hash * 2 && id.bytes().all(|b| b.is_ascii_hexdigit());
        if note { format!("note:{}", &id[..SHORT]) } else { path.into_owned() }
    }

    /// The paths of an object, and the commits that have it there: up from tree to tree.
    fn files(&self, object: u32) -> BTreeMap<Vec<u8>, Vec<u32>> {
        // A path is a name and the rest of it, another path.
        let mut paths: Vec<(u32, Option<u32>)> = Vec::new();
        let mut known = HashMap::new();
        let mut seen = HashSet::new();
        let mut waiting = vec![(object, None)];
        let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        while let Some((child, rest)) = waiting.pop() {
            if let Some(path) = rest {
                let commits: Vec<u32> = self.graph.commits_of(child).collect();
                if !commits.is_empty() {
                    found.entry(path).or_default().extend(commits);
                }
            }
            for (tree, name) in self.graph.above(child) {
                let next = u32::try_from(paths.len()).unwrap_or(u32::MAX);
                if paths.len() >= PATHS && !known.contains_key(&(name, rest)) {
                    continue;
                }
                let path = *known.entry((name, rest)).or_insert_with(|| {
                    paths.push((name, rest));
                    next
                });
                if seen.insert((tree, path)) {
                    waiting.push((tree, Some(path)));
                }
            }
        }
        found.into_iter().map(|(path, commits)| (self.spelt(&paths, path), commits)).collect()
    }

    fn spelt(&self, paths: &[(u32, Option<u32>)], path: u32) -> Vec<u8> {
        let steps = std::iter::successors(Some(path), |it| paths[*it as usize].1);
        let names: Vec<&[u8]> = steps.map(|it| self.graph.name(paths[it as usize].0)).collect();
        names.join(&b'/')
    }

    /// What there is to say of the commits that have an object. Where some are held by refs, the others do not count.
    fn span(&self, mut commits: Vec<u32>) -> Option<Span> {
        let held = commits.iter().any(|it| self.reach.holds(*it));
        commits.retain(|it| self.reach.holds(*it) == held);
        commits.sort_unstable();
        let parents = |it: &u32| self.graph.commits[*it as usize].parents.iter();
        let has = |it: &u32| commits.binary_search(it).is_ok();
        let begins = commits.iter().copied().filter(|it| !parents(it).any(has)).collect::<Vec<_>>();
        let mut followed: Vec<u32> = commits.iter().flat_map(parents).copied().collect();
        followed.sort_unstable();
        let by_date = |it: &&u32| (self.graph.commits[**it as usize].when, **it);
        let first = *begins.iter().min_by_key(by_date).or(commits.first())?;
        let ends = commits.iter().filter(|it| followed.binary_search(it).is_err());
        let last = *ends.max_by_key(by_date).or(commits.last())?;
        let at_head = self.reach.head.as_ref().is_some_and(has);
        Some(Span { first, last, begins, at_head, held })
    }

    fn revision(&self, number: u32, who: &[u8]) -> Revision {
        let bytes = self.store.object(number).map(|it| it.1).unwrap_or_default();
        let person = header(&bytes, who).and_then(person::parse);
        let name = |it: &person::Person<'_>| String::from_utf8_lossy(it.name).into_owned();
        Revision {
            id: digits(self.store.database.id(number)),
            seconds: person.as_ref().map_or(0, |it| it.when),
            date: person.as_ref().map(person::Person::date).unwrap_or_default(),
            author: person.as_ref().filter(|_| self.authors).map(name),
        }
    }
}
