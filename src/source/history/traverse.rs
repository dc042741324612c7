//! Makes every object of a pack once, each from the one it is a difference to, in bounded memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::bufread::ZlibDecoder;

use super::crew::{Branch, Crew, Task};
use super::delta::Delta;
use super::entry::{Damage, Inflater, Kind};
use super::forest::{Forest, Link};
use super::memory::Counts;
use super::pack::{LARGEST, Pack, bounded};
use crate::source::Blob;
use crate::source::window::{self, ShortRead};

/// Objects from this size on are made by one thread at a time, or read by windows.
const LARGE: u64 = 4 << 20;
/// What all threads together keep of objects that others grow on, in bytes.
const KEPT: usize = 64 << 20;
/// Buffers that a thread keeps for the next object, and the largest of them.
const POOL: usize = 16;
const POOLED: usize = 1 << 20;
/// Fewer siblings than these are not worth a copy of what they grow on.
const SIBLINGS: usize = 16;

/// What is made of a pack, and what becomes of it.
pub(super) struct Pass<'p> {
    pub(super) pack: &'p Pack,
    pub(super) forest: &'p Forest,
    /// Which entries to make. What they grow on must be among them.
    pub(super) wanted: &'p (dyn Fn(u32, Kind) -> bool + Sync),
    /// Is given every one of them: whole, or a large blob by windows.
    pub(super) visit: &'p (dyn Fn(&Seen<'_>) + Sync),
    /// If there is one, only commits and what may hold it are visited.
    pub(super) needle: Option<Needle<'p>>,
}

impl<'p> Pass<'p> {
    fn needle(&self, kind: Kind) -> Option<Needle<'p>> {
        self.needle.filter(|_| kind != Kind::Commit)
    }
}

/// An object that was made, or a window of a large one.
pub(super) struct Seen<'s> {
    pub(super) entry: u32,
    pub(super) kind: Kind,
    pub(super) blob: &'s Blob<'s>,
    /// What it grows on, if it does.
    pub(super) base: Option<&'s [u8]>,
}

/// What is sought.
#[derive(Clone, Copy)]
pub struct Needle<'p> {
    /// Whether bytes hold it. Bytes before and after it do not count.
    pub is_in: &'p (dyn Fn(&[u8]) -> bool + Sync),
    /// The most bytes that it has. It has none above 0xFE.
    pub longest: usize,
}

/// What came of a pass.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What was made or read.
    pub(super) counts: Counts,
    /// Those that could not be, but not those that grow on them.
    pub(super) damaged: Vec<(u32, Damage)>,
}

/// Makes the objects of a pass on so many threads.
pub(super) fn traverse(pass: &Pass<'_>, threads: usize) -> Outcome {
    let crew = Crew::new(threads, u32::try_from(pass.forest.len()).unwrap_or(u32::MAX));
    let (turn, outcome) = (Mutex::default(), Mutex::new(Outcome::default()));
    crew.run(|| {
        let mut worker = Worker {
            pass,
            crew: &crew,
            turn: &turn,
            outcome: Outcome::default(),
            inflater: Inflater::new(),
            delta: Vec::new(),
            digest: Vec::new(),
            pool: Vec::new(),
            stack: VecDeque::new(),
            kept: 0,
            most: KEPT / threads,
            large: None,
        };
        while let Some(task) = crew.take() {
            worker.run(task);
        }
        let mut all = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        all.counts += worker.outcome.counts;
        all.damaged.append(&mut worker.outcome.damaged);
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.damaged.sort_unstable();
    outcome
}

struct Worker<'w> {
    pass: &'w Pass<'w>,
    crew: &'w Crew,
    turn: &'w Mutex<()>,
    outcome: Outcome,
    inflater: Inflater,
    delta: Vec<u8>,
    digest: Vec<u8>,
    pool: Vec<Vec<u8>>,
    /// Where in the tree this thread is: what has been made and is still needed, from the root on.
    stack: VecDeque<Branch>,
    /// Bytes that the stack holds, and how many it may hold.
    kept: usize,
    most: usize,
    /// The turn, while this thread has it.
    large: Option<MutexGuard<'w, ()>>,
}

impl Worker<'_> {
    fn run(&mut self, task: Task) {
        match task {
            Task::Branch(branch) => {
                self.push(branch);
                self.climb();
            }
            Task::Entries(entries) => {
                for entry in entries {
                    let Link::Root(kind) = self.pass.forest.link(entry) else { continue };
                    if (self.pass.wanted)(entry, kind) {
                        match self.root(entry, kind) {
                            Ok(()) => self.climb(),
                            Err(damage) => self.damaged(entry, damage),
                        }
                    }
                }
            }
        }
        self.large = None;
    }

    fn root(&mut self, entry: u32, kind: Kind) -> Result<(), Damage> {
        let (header, deflated) = self.pass.pack.header(self.pass.forest.offset(entry))?;
        let alone = self.pass.forest.child(entry).is_none();
        let windows = kind != Kind::Tree && (header.size > LARGEST || alone && header.size > LARGE);
        if windows {
            // What grows on it is too large, too.
            self.pass.forest.children(entry).for_each(|it| self.damaged(it, Damage::Large));
            return self.by_windows(entry, kind, header.size, deflated);
        }
        self.queue_for(header.size);
        let mut bytes = self.pool.pop().unwrap_or_default();
        self.inflater.inflate(deflated, bounded(header.size)?, &mut bytes)?;
        let clean = self.pass.needle(kind).is_some_and(|it| !(it.is_in)(&bytes));
        let branch = self.made(entry, kind, bytes, None, clean);
        branch.into_iter().for_each(|it| self.push(it));
        Ok(())
    }

    fn by_windows(
        &mut self,
        entry: u32,
        kind: Kind,
        size: u64,
        deflated: &[u8],
    ) -> Result<(), Damage> {
        let visit = |blob: &Blob<'_>| {
            if self.pass.needle(kind).is_none_or(|it| (it.is_in)(blob.bytes)) {
                (self.pass.visit)(&Seen { entry, kind, blob, base: None });
            }
        };
        let mut inflated = ZlibDecoder::new(deflated);
        let mut buffer = Vec::new();
        let read = window::read(&mut inflated, ShortRead::MayGoOn, &mut buffer, "", &visit);
        match read {
            Ok(read) if read == size => {
                self.outcome.counts.add(kind, size);
                Ok(())
            }
            Ok(_) => Err(Damage::Size),
            Err(_) => Err(Damage::Deflate),
        }
    }

    /// Makes whatever is still to be made on the stack.
    fn climb(&mut self) {
        while let Some(mut branch) = self.stack.pop_back() {
            let base = match branch.bytes.take() {
                Some(bytes) => bytes,
                None => match self.again(branch.entry) {
                    Ok(bytes) => bytes,
                    Err(damage) => {
                        self.damaged(branch.entry, damage);
                        continue;
                    }
                },
            };
            let Branch { child, kind, clean, .. } = branch;
            let made = self.grown(child, kind, &base, clean);
            self.kept -= base.capacity();
            match self.wanted(self.pass.forest.sibling(child), kind, branch.end) {
                Some(next) => self.push(Branch { bytes: Some(base), child: next, ..branch }),
                None => self.recycle(base),
            }
            match made {
                Ok(branch) => branch.into_iter().for_each(|it| self.push(it)),
                Err(damage) => self.damaged(child, damage),
            }
            if self.crew.is_hungry() && self.large.is_none() {
                self.share();
            }
        }
    }

    /// Makes what grows on `base`. If the needle is not in the base, only what is new needs a search; and if it is not
    /// there either, and nothing grows on the target, then nobody needs the target.
    fn grown(
        &mut self,
        entry: u32,
        kind: Kind,
        base: &[u8],
        clean: bool,
    ) -> Result<Option<Branch>, Damage> {
        let (header, deflated) = self.pass.pack.header(self.pass.forest.offset(entry))?;
        self.queue_for(header.size);
        self.inflater.inflate(deflated, bounded(header.size)?, &mut self.delta)?;
        let delta = Delta::read(&self.delta)?;
        let size = bounded(delta.target)?;
        let mut clean = match self.pass.needle(kind).filter(|_| clean) {
            Some(needle) => {
                delta.digest(base, needle.longest, &mut self.digest)?;
                !(needle.is_in)(&self.digest)
            }
            None => false,
        };
        let child = self.wanted(self.pass.forest.child(entry), kind, None);
        if clean && child.is_none() {
            self.outcome.counts.add(kind, size as u64);
            return Ok(None);
        }
        self.queue_for(size as u64);
        let mut bytes = self.pool.pop().unwrap_or_default();
        Delta::read(&self.delta)?.apply(base, &mut bytes)?;
        if let Some(needle) = self.pass.needle(kind).filter(|_| !clean) {
            clean = !(needle.is_in)(&bytes);
        }
        Ok(self.made(entry, kind, bytes, Some(base), clean))
    }

    /// Visits an object, and makes a branch of it if there is more to be made on it.
    fn made(
        &mut self,
        entry: u32,
        kind: Kind,
        bytes: Vec<u8>,
        base: Option<&[u8]>,
        clean: bool,
    ) -> Option<Branch> {
        if !clean {
            let blob = &Blob::whole("", &bytes);
            (self.pass.visit)(&Seen { entry, kind, blob, base });
        }
        self.outcome.counts.add(kind, bytes.len() as u64);
        let Some(child) = self.wanted(self.pass.forest.child(entry), kind, None) else {
            self.recycle(bytes);
            return None;
        };
        Some(Branch { entry, kind, bytes: Some(bytes), clean, child, end: None })
    }

    /// The first from `entry` on, among its siblings up to `end`, that is wanted.
    fn wanted(&self, entry: Option<u32>, kind: Kind, end: Option<u32>) -> Option<u32> {
        let siblings = std::iter::successors(entry, |it| self.pass.forest.sibling(*it));
        siblings.take_while(|it| Some(*it) != end).find(|it| (self.pass.wanted)(*it, kind))
    }

    /// Objects of a size that counts are made by one thread at a time, until it is done with their tree.
    fn queue_for(&mut self, size: u64) {
        if size > LARGE && self.large.is_none() {
            self.large = Some(self.turn.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn push(&mut self, branch: Branch) {
        self.kept += branch.size();
        self.stack.push_back(branch);
        let below = self.stack.len() - 1;
        for branch in self.stack.iter_mut().take(below) {
            if self.kept <= self.most {
                break;
            }
            // It is made again when its turn comes, from the root on.
            self.kept -= branch.size();
            branch.bytes = None;
        }
    }

    fn again(&mut self, entry: u32) -> Result<Vec<u8>, Damage> {
        let (_, bytes) = self.pass.pack.object(self.pass.forest, entry, &mut self.inflater)?;
        self.kept += bytes.capacity();
        Ok(bytes)
    }

    fn recycle(&mut self, bytes: Vec<u8>) {
        if self.pool.len() < POOL && bytes.capacity() <= POOLED {
            self.pool.push(bytes);
        }
    }

    /// Gives a thread that has nothing to do the branch nearest to the root, or half of the siblings on the only one.
    fn share(&mut self) {
        if self.stack.len() > 1 {
            if let Some(branch) = self.stack.pop_front() {
                self.kept -= branch.size();
                self.crew.give(branch);
            }
        } else if let Some(branch) = self.stack.front_mut() {
            let Pass { forest, wanted, .. } = self.pass;
            let siblings = std::iter::successors(Some(branch.child), |it| forest.sibling(*it));
            let siblings = siblings.take_while(|it| Some(*it) != branch.end);
            let siblings: Vec<u32> = siblings.filter(|it| wanted(*it, branch.kind)).collect();
            if siblings.len() >= SIBLINGS {
                let half = siblings[siblings.len() / 2];
                let bytes = branch.bytes.clone();
                self.crew.give(Branch { child: half, bytes, ..*branch });
                branch.end = Some(half);
            }
        }
    }

    fn damaged(&mut self, entry: u32, damage: Damage) {
        self.outcome.damaged.push((entry, damage));
    }
}
