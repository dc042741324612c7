//! Which tree is in which, and the commits, as numbers: what it takes to say where an object belongs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::database::hex;
use super::entry::Kind;
use super::person;
use super::store::{Source, Store, Sweep};
use super::table::Table;
use super::tree::{Entry, Side, compare};
use crate::source::{Blob, Skipped};

/// A commit.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) number: u32,
    /// Its tree, if that is there.
    tree: Option<u32>,
    /// Those of its parents that are there; places in [`Graph::commits`].
    pub(super) parents: Box<[u32]>,
    /// The author's date, in seconds since 1970.
    pub(super) when: i64,
    /// Whether its tree and all of its parents are there.
    is_whole: bool,
}

/// An object in a tree: its number, and that of its name.
type Child = (u32, u32);

/// How trees and commits hang together.
pub(super) struct Graph<'g> {
    store: &'g Store,
    /// Where each object, of files only those that were asked for, was added to a tree: the name, and the tree's slot.
    /// What a tree has in common with the one that it is a difference to is not told again.
    added: Table<(u32, u32)>,
    /// What the tree in a slot lacks of the one that it is a difference to.
    gone: Table<Child>,
    /// By number.
    pub(super) commits: Vec<Node>,
    /// Commits by their tree: that, and the place of the commit.
    roots: Vec<(u32, u32)>,
    /// Tags and what they are put on.
    tags: HashMap<u32, u32>,
    names: Vec<Box<[u8]>>,
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    added: Vec<(u32, (u32, u32))>,
    gone: Vec<(u32, Child)>,
    commits: Vec<Node>,
    tags: HashMap<u32, u32>,
    known: HashMap<Box<[u8]>, u32>,
    names: Vec<Box<[u8]>>,
}

/// Tags of tags that are followed.
const CHAIN: usize = 100;

impl<'g> Graph<'g> {
    /// Reads every tree, commit and tag, and says what could not be read. `files` are the objects whose trees are sought.
    pub(super) fn read(store: &'g Store, files: &Files) -> (Self, Vec<Skipped>) {
        let reading = Mutex::new(Reading::default());
        let lock = || reading.lock().unwrap_or_else(PoisonError::into_inner);
        let visit = |source, kind, blob: &Blob<'_>, base: Option<&[u8]>| {
            let Some(bytes) = whole(store, source, blob) else { return };
            let number = store.number(source);
            match kind {
                Kind::Tree => {
                    let mut entries = Vec::new();
                    compare(base.unwrap_or_default(), &bytes, store.database.hash, |side, it| {
                        entries.extend(files.child(store, &it).map(|child| (side, child, it.name)));
                    });
                    lock().tree(store.slot(source), &entries);
                }
                Kind::Commit => {
                    let node = commit(store, number, &bytes);
                    lock().commits.push(node);
                }
                Kind::Tag => {
                    let target = header(&bytes, b"object").and_then(|it| named(store, it));
                    lock().tags.extend(target.map(|it| (number, it)));
                }
                Kind::Blob => {}
            }
        };
        let wanted = |_, kind| kind != Kind::Blob;
        let sweep = Sweep { asked: &|_| true, wanted: &wanted, visit: &visit, needle: None };
        let skipped = store.sweep(&sweep).skipped;
        let reading = reading.into_inner().unwrap_or_else(PoisonError::into_inner);
        (reading.settled(store), skipped)
    }

    /// The trees that an object is in, and its name there.
    pub(super) fn above(&self, child: u32) -> Vec<Child> {
        let mut above = Vec::new();
        let mut waiting = self.added.list(child).to_vec();
        while let Some((name, slot)) = waiting.pop() {
            let source = self.store.in_slot(slot);
            above.push((self.store.number(source), name));
            let growing = self.store.growing(source).map(|it| self.store.slot(it));
            let keep = growing.filter(|it| !self.gone.list(*it).contains(&(child, name)));
            waiting.extend(keep.map(|it| (name, it)));
        }
        above
    }

    /// The places of the commits that have a tree as theirs.
    pub(super) fn commits_of(&self, tree: u32) -> impl Iterator<Item = u32> {
        let first = self.roots.partition_point(|it| it.0 < tree);
        self.roots[first..].iter().take_while(move |it| it.0 == tree).map(|it| it.1)
    }

    /// Whether nothing is missing between the commits.
    pub(super) fn is_whole(&self) -> bool {
        self.commits.iter().all(|it| it.is_whole)
    }

    /// The place of a commit.
    pub(super) fn place(&self, number: u32) -> Option<u32> {
        let place = self.commits.binary_search_by_key(&number, |it| it.number).ok()?;
        u32::try_from(place).ok()
    }

    /// What a tag is put on in the end.
    pub(super) fn peeled(&self, number: u32) -> u32 {
        self.chain(number).last().unwrap_or(number)
    }

    /// Whether `number` is the object, or a tag on it, or on a tag on it, and so on.
    pub(super) fn puts(&self, number: u32, object: u32) -> bool {
        self.chain(number).any(|it| it == object)
    }

    fn chain(&self, number: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(number), |it| self.tags.get(it).copied()).take(CHAIN)
    }

    pub(super) fn name(&self, number: u32) -> &[u8] {
        &self.names[number as usize]
    }

    /// The places of all commits, parents before children.
    pub(super) fn in_order(&self) -> Vec<u32> {
        let mut children = vec![Vec::new(); self.commits.len()];
        let mut missing = vec![0_u32; self.commits.len()];
        for (place, node) in (0..).zip(&self.commits) {
            missing[place as usize] = u32::try_from(node.parents.len()).unwrap_or(u32::MAX);
            node.parents.iter().for_each(|it| children[*it as usize].push(place));
        }
        let count = u32::try_from(self.commits.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).filter(|it| missing[*it as usize] == 0).collect();
        let mut done = 0;
        while let Some(place) = order.get(done).copied() {
            for child in &children[place as usize] {
                missing[*child as usize] -= 1;
                if missing[*child as usize] == 0 {
                    order.push(*child);
                }
            }
            done += 1;
        }
        order
    }
}

impl Reading {
    fn tree(&mut self, slot: u32, entries: &[(Side, u32, &[u8])]) {
        for (side, child, name) in entries {
            let name = self.name(name);
            match side {
                Side::Old => self.gone.push((slot, (*child, name))),
                Side::New => self.added.push((*child, (name, slot))),
            }
        }
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        self.known.insert(name.into(), number);
        number
    }

    /// Sorts what came in any order, and turns the numbers of parents into places.
    fn settled(mut self, store: &Store) -> Graph<'_> {
        self.commits.sort_by_key(|it| it.number);
        self.commits.dedup_by_key(|it| it.number);
        let numbers: Vec<u32> = self.commits.iter().map(|it| it.number).collect();
        let place = |number: &u32| u32::try_from(numbers.binary_search(number).ok()?).ok();
        for node in &mut self.commits {
            node.parents = node.parents.iter().filter_map(place).collect();
        }
        let roots = (0..).zip(&self.commits);
        let mut roots: Vec<_> = roots.filter_map(|(place, it)| Some((it.tree?, place))).collect();
        roots.sort_unstable();
        let objects = store.database.len();
        Graph {
            store,
            added: Table::new(objects, self.added),
            gone: Table::new(objects, self.gone),
            commits: self.commits,
            roots,
            tags: self.tags,
            names: self.names,
        }
    }
}

/// A set of objects, for a quick answer: most of what is asked for is not in it.
pub(super) struct Files {
    beginnings: Vec<bool>,
    numbers: HashMap<Box<[u8]>, u32>,
}

impl Files {
    pub(super) fn new(store: &Store, numbers: impl Iterator<Item = u32>) -> Self {
        let mut files = Self { beginnings: vec![false; 1 << 16], numbers: HashMap::new() };
        for number in numbers {
            let id = store.database.id(number);
            files.beginnings[beginning(id)] = true;
            files.numbers.insert(id.into(), number);
        }
        files
    }

    /// The number of what an entry of a tree names, if it is a tree or one of these files.
    fn child(&self, store: &Store, entry: &Entry<'_>) -> Option<u32> {
        match entry.is_tree() {
            true => store.database.number(entry.id),
            false if self.beginnings[beginning(entry.id)] => self.numbers.get(entry.id).copied(),
            false => None,
        }
    }
}

fn beginning(id: &[u8]) -> usize {
    usize::from(id[0]) << 8 | usize::from(id[1])
}

/// A large object comes by windows, and is made once more.
fn whole<'b>(store: &Store, source: Source, blob: &'b Blob<'_>) -> Option<Cow<'b, [u8]>> {
    if blob.start.byte > 0 {
        None
    } else if blob.is_whole() {
        Some(Cow::Borrowed(blob.bytes))
    } else {
        store.object(store.number(source)).map(|(_, bytes)| Cow::Owned(bytes))
    }
}

/// Whether all that a commit names is there: its tree and its parents.
pub(super) fn is_whole(store: &Store, commit: &[u8]) -> bool {
    let tree = header(commit, b"tree").and_then(|it| named(store, it));
    tree.is_some() && parents(store, commit).all(|it| it.is_some())
}

fn parents<'c>(store: &'c Store, commit: &'c [u8]) -> impl Iterator<Item = Option<u32>> + 'c {
    let lines = commit.split(|b| *b == b'\n').take_while(|it| !it.is_empty());
    lines.filter_map(|it| it.strip_prefix(b"parent ")).map(|it| named(store, it))
}

fn commit(store: &Store, number: u32, bytes: &[u8]) -> Node {
    let tree = header(bytes, b"tree").and_then(|it| named(store, it));
    let when = header(bytes, b"author").and_then(|it| Some(person::parse(it)?.when));
    let parents = parents(store, bytes).flatten().collect();
    Node { number, tree, parents, when: when.unwrap_or(0), is_whole: is_whole(store, bytes) }
}

/// What stands behind a word in the lines above the message.
pub(super) fn header<'o>(object: &'o [u8], word: &[u8]) -> Option<&'o [u8]> {
    let mut lines = object.split(|b| *b == b'\n').take_while(|it| !it.is_empty());
    lines.find_map(|it| it.strip_prefix(word)?.strip_prefix(b" "))
}

fn named(store: &Store, id: &[u8]) -> Option<u32> {
    store.database.number(&hex(str::from_utf8(id).ok()?)?)
}
