//! Reads all objects of a repository: packs, loose objects, and through git what is too large for memory.

use std::io::{self, Read};
use std::ops::AddAssign;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::database::{Database, Loose, digits};
use super::entry::{Damage, Kind};
use super::forest::{Forest, Link};
use super::loose;
use super::memory::Counts;
use super::traverse::{Needle, Outcome, Pass, Seen, traverse};
use crate::source::window::{self, ShortRead};
use crate::source::{Blob, Skipped, Visitor, git};

/// Where an object was read. The same object may be in several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The pack's number and the entry's.
    Packed(usize, u32),
    Loose(usize),
}

impl Source {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Packed(pack, _) => Place::Pack(pack),
            Self::Loose(at) => Place::Loose(at),
        }
    }
}

/// What is read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// By number.
    Pack(usize),
    Loose(usize),
}

/// An open repository.
pub(super) struct Store {
    repository: PathBuf,
    pub(super) database: Database,
    /// Of each pack, once something of it is read.
    forests: Vec<OnceLock<Forest>>,
    threads: usize,
}

/// How much was read, and what could not be.
#[derive(Default)]
pub(super) struct Swept {
    pub(super) counts: Counts,
    pub(super) skipped: Vec<Skipped>,
}

/// What is called for each object: its source, its kind, its bytes, and those of what it grows on.
pub(super) type Show<'s> = dyn Fn(Source, Kind, &Blob<'_>, Option<&[u8]>) + Sync + 's;

/// Which objects to read, and what to do with each.
pub(super) struct Sweep<'s> {
    /// Which places to open at all.
    pub(super) asked: &'s (dyn Fn(Place) -> bool + Sync),
    /// What wanted objects of packs grow on must be wanted, too.
    pub(super) wanted: &'s (dyn Fn(Source, Kind) -> bool + Sync),
    /// Is given the object or a window of it, and what it is a difference to.
    pub(super) visit: &'s Show<'s>,
    /// If there is one, only commits and what may hold it are visited.
    pub(super) needle: Option<Needle<'s>>,
}

/// Damaged objects of a pack that are named one by one.
const NAMED: usize = 20;

impl Store {
    pub(super) fn open(repository: PathBuf, threads: usize) -> anyhow::Result<Self> {
        let database = Database::open(&repository)?;
        let forests = database.packs.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { repository, database, forests, threads })
    }

    /// The forest of a pack. The first to ask makes it: the thread that begins a sweep, before it calls others.
    pub(super) fn forest(&self, pack: usize) -> &Forest {
        self.forests[pack].get_or_init(|| self.database.packs[pack].forest())
    }

    /// The number of an object that was read.
    pub(super) fn number(&self, source: Source) -> u32 {
        match source {
            Source::Packed(pack, entry) => {
                self.database.number_in(pack, self.forest(pack).position(entry))
            }
            Source::Loose(at) => self.database.number_of_loose(at),
        }
    }

    /// A number for the place of an object: like the object's own, but in the order of the pack's entries.
    pub(super) fn slot(&self, source: Source) -> u32 {
        match source {
            Source::Packed(pack, entry) => self.database.first(pack) + entry,
            Source::Loose(at) => {
                self.database.first(self.forests.len()) + u32::try_from(at).unwrap_or(u32::MAX)
            }
        }
    }

    pub(super) fn in_slot(&self, slot: u32) -> Source {
        let (pack, at) = self.database.place(slot);
        match pack < self.forests.len() {
            true => Source::Packed(pack, at),
            false => Source::Loose(at as usize),
        }
    }

    /// What is kept as a difference to an object.
    pub(super) fn growing(&self, source: Source) -> impl Iterator<Item = Source> {
        let packed = match source {
            Source::Packed(pack, entry) => Some((pack, self.forest(pack).children(entry))),
            Source::Loose(_) => None,
        };
        packed.into_iter().flat_map(|(pack, it)| it.map(move |it| Source::Packed(pack, it)))
    }

    /// Where the object at a position of a pack's index is.
    pub(super) fn at(&self, pack: usize, position: u32) -> Source {
        Source::Packed(pack, self.forest(pack).entry(&self.database.packs[pack].index, position))
    }

    /// The position of an object in its pack's index, or among the loose ones.
    pub(super) fn position(&self, source: Source) -> u32 {
        match source {
            Source::Packed(pack, entry) => self.forest(pack).position(entry),
            Source::Loose(at) => u32::try_from(at).unwrap_or(u32::MAX),
        }
    }

    /// Where a numbered object is.
    pub(super) fn source(&self, number: u32) -> Source {
        let (pack, at) = self.database.place(number);
        match pack < self.forests.len() {
            true => self.at(pack, at),
            false => Source::Loose(at as usize),
        }
    }

    /// Reads what is wanted, each object once in each place.
    pub(super) fn sweep(&self, sweep: &Sweep<'_>) -> Swept {
        let mut all = Swept::default();
        self.sweep_each(sweep, |_, it| all += it);
        all
    }

    /// The same, place by place.
    pub(super) fn sweep_each(&self, sweep: &Sweep<'_>, mut tell: impl FnMut(Place, Swept)) {
        let packs = 0..self.database.packs.len();
        for number in packs.filter(|it| (sweep.asked)(Place::Pack(*it))) {
            tell(Place::Pack(number), self.pack(number, sweep));
        }
        let loose = self.database.loose.par_iter().enumerate();
        let loose = loose.filter(|(at, _)| (sweep.asked)(Place::Loose(*at)));
        let read = loose.map(|(at, it)| (at, it, read_loose(Source::Loose(at), it, sweep)));
        for (at, loose, read) in read.collect::<Vec<_>>() {
            let mut swept = Swept::default();
            swept.add(&loose.path.to_string_lossy(), read);
            tell(Place::Loose(at), swept);
        }
    }

    fn pack(&self, number: usize, sweep: &Sweep<'_>) -> Swept {
        let (pack, forest) = (&self.database.packs[number], self.forest(number));
        let at = |entry| Source::Packed(number, entry);
        let pass = Pass {
            pack,
            forest,
            wanted: &|entry, kind| (sweep.wanted)(at(entry), kind),
            visit: &|it: &Seen<'_>| (sweep.visit)(at(it.entry), it.kind, it.blob, it.base),
            needle: sweep.needle,
        };
        let Outcome { counts, damaged } = traverse(&pass, self.threads);
        let mut swept = Swept { counts, skipped: Vec::new() };
        let large = |it: &&(u32, Damage)| it.1 == Damage::Large;
        for (entry, _) in damaged.iter().filter(large) {
            for entry in std::iter::once(*entry).chain(forest.descendants(*entry)) {
                self.large(number, entry, sweep, &mut swept);
            }
        }
        self.name(number, damaged.into_iter().filter(|it| !large(&it)).collect(), &mut swept);
        swept
    }

    /// An object that is too large to be made here. Git can, if slowly.
    fn large(&self, number: usize, entry: u32, sweep: &Sweep<'_>, swept: &mut Swept) {
        let (pack, forest) = (&self.database.packs[number], self.forest(number));
        let source = Source::Packed(number, entry);
        let kind = forest.kind(entry).filter(|kind| (sweep.wanted)(source, *kind));
        let Some(kind) = kind else { return };
        let id = digits(pack.index.id(forest.position(entry) as usize));
        let visit = |blob: &Blob<'_>| (sweep.visit)(source, kind, blob, None);
        let read = self.through_git(kind, &id, &visit).map(|bytes| Some((kind, bytes)));
        swept.add(&format!("object {id}"), read);
    }

    fn through_git(&self, kind: Kind, id: &str, visit: &Visitor<'_>) -> io::Result<u64> {
        let mut git = git::command(&self.repository)
            .args(["cat-file", kind.name(), id])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut bytes = git.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let read = window::read(&mut bytes, ShortRead::MayGoOn, &mut Vec::new(), "", visit);
        drop(bytes);
        match git.wait()?.success() {
            true => read,
            false => Err(io::Error::other(Damage::Large.to_string())),
        }
    }

    fn name(&self, number: usize, damaged: Vec<(u32, Damage)>, swept: &mut Swept) {
        let (pack, forest) = (&self.database.packs[number], self.forest(number));
        for (entry, damage) in damaged.iter().take(NAMED) {
            let id = digits(pack.index.id(forest.position(*entry) as usize));
            let growing = match forest.descendants(*entry).len() {
                0 => String::new(),
                n => format!(", and {n} others that are differences to it"),
            };
            let reason =
                format!("object {id} at byte {}: {damage}{growing}", forest.offset(*entry));
            swept.skipped.push(Skipped { path: pack.name.clone(), reason });
        }
        if damaged.len() > NAMED {
            let reason = format!("{} more objects are damaged", damaged.len() - NAMED);
            swept.skipped.push(Skipped { path: pack.name.clone(), reason });
        }
    }

    /// Names what is wrong with a pack before any object is read.
    pub(super) fn broken(&self, number: usize, swept: &mut Swept) {
        let forest = self.forest(number);
        let entries = (0..forest.len()).filter_map(|it| u32::try_from(it).ok());
        let broken = entries.filter_map(|entry| match forest.link(entry) {
            Link::Broken(damage) => Some((entry, damage)),
            Link::Root(_) | Link::On(_) => None,
        });
        self.name(number, broken.collect(), swept);
    }

    /// Makes a single object.
    pub(super) fn object(&self, number: u32) -> Option<(Kind, Vec<u8>)> {
        match self.source(number) {
            Source::Packed(pack, entry) => {
                let mut inflater = super::entry::Inflater::new();
                self.database.packs[pack].object(self.forest(pack), entry, &mut inflater).ok()
            }
            Source::Loose(at) => {
                let mut open = loose::open(&self.database.loose[at].path).ok()?;
                let mut bytes = Vec::new();
                open.bytes.by_ref().take(super::pack::LARGEST).read_to_end(&mut bytes).ok()?;
                (bytes.len() as u64 == open.size).then_some((open.kind, bytes))
            }
        }
    }
}

impl Swept {
    /// Counts an object that was read, if it was wanted, or names it.
    fn add(&mut self, path: &str, read: io::Result<Option<(Kind, u64)>>) {
        match read {
            Ok(Some((kind, bytes))) => self.counts.add(kind, bytes),
            Ok(None) => {}
            Err(error) => self.skipped.push(Skipped::new(path, &error)),
        }
    }
}

impl AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.skipped.extend(other.skipped);
    }
}

fn read_loose(source: Source, loose: &Loose, sweep: &Sweep<'_>) -> io::Result<Option<(Kind, u64)>> {
    let mut open = loose::open(&loose.path)?;
    if !(sweep.wanted)(source, open.kind) {
        return Ok(None);
    }
    let visit = |blob: &Blob<'_>| {
        let needle = sweep.needle.filter(|_| open.kind != Kind::Commit);
        if needle.is_none_or(|it| (it.is_in)(blob.bytes)) {
            (sweep.visit)(source, open.kind, blob, None);
        }
    };
    let read = window::read(&mut open.bytes, ShortRead::MayGoOn, &mut Vec::new(), "", &visit);
    match read {
        Ok(read) if read == open.size => Ok(Some((open.kind, read))),
        Ok(_) => Err(io::Error::other(Damage::Size.to_string())),
        Err(_) => Err(io::Error::other(Damage::Deflate.to_string())),
    }
}
