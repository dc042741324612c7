//! Shares the work of a traversal among threads: first the entries, range by range, then branches of trees.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::entry::Kind;

/// An object with others that grow on it and are yet to be made.
pub(super) struct Branch {
    pub(super) entry: u32,
    pub(super) kind: Kind,
    /// The object; nothing if it was let go to save memory.
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether the needle is known not to be in it.
    pub(super) clean: bool,
    /// The next to be made.
    pub(super) child: u32,
    /// The sibling before which to stop.
    pub(super) end: Option<u32>,
}

impl Branch {
    /// What it takes of memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::capacity)
    }
}

/// What a thread can do next.
pub(super) enum Task {
    Entries(Range<u32>),
    Branch(Branch),
}

/// The threads of a traversal, and what they have for each other.
pub(super) struct Crew {
    threads: usize,
    entries: u32,
    next: AtomicU32,
    rest: Mutex<Rest>,
    /// How many wait for a branch, to be read without the lock.
    hungry: AtomicUsize,
    bell: Condvar,
}

#[derive(Default)]
struct Rest {
    branches: Vec<Branch>,
    idle: usize,
}

/// Entries that a thread takes at once: neighbours, so that it reads the pack in order.
const RANGE: u32 = 256;

impl Crew {
    pub(super) fn new(threads: usize, entries: u32) -> Self {
        Self {
            threads,
            entries,
            next: AtomicU32::new(0),
            rest: Mutex::default(),
            hungry: AtomicUsize::new(0),
            bell: Condvar::new(),
        }
    }

    /// Runs `work` on every thread, until there is none left.
    pub(super) fn run(&self, work: impl Fn() + Sync) {
        let work = || {
            let _leaving = Leaving(self);
            work();
        };
        thread::scope(|scope| {
            (1..self.threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
    }

    /// What to do next; nothing once every thread has nothing to do.
    pub(super) fn take(&self) -> Option<Task> {
        let from = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            (next < self.entries).then(|| next.saturating_add(RANGE))
        });
        if let Ok(from) = from {
            return Some(Task::Entries(from..from.saturating_add(RANGE).min(self.entries)));
        }
        let mut rest = self.lock();
        rest.idle += 1;
        loop {
            if let Some(branch) = rest.branches.pop() {
                rest.idle -= 1;
                return Some(Task::Branch(branch));
            }
            self.count_hungry(&rest);
            if rest.idle >= self.threads {
                self.bell.notify_all();
                return None;
            }
            rest = self.bell.wait(rest).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a branch would find somebody with nothing to do.
    pub(super) fn is_hungry(&self) -> bool {
        self.hungry.load(Ordering::Relaxed) > 0
    }

    pub(super) fn give(&self, branch: Branch) {
        let mut rest = self.lock();
        rest.branches.push(branch);
        self.count_hungry(&rest);
        self.bell.notify_one();
    }

    fn count_hungry(&self, rest: &Rest) {
        self.hungry.store(rest.idle.saturating_sub(rest.branches.len()), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that panics leaves like one that has nothing to do; the others must not wait for it.
struct Leaving<'c>(&'c Crew);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().idle += 1;
            self.0.bell.notify_all();
        }
    }
}
