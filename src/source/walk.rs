//! Walks folders on every core: each folder is a task, each file one open, its reads and one close.

use std::cell::RefCell;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::ops::AddAssign;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::path::Arg;

use super::hidden::{self, Hidden, Tracked};
use super::ignored::Rules;
use super::listing::{self, Entries, Names};
use super::window::{self, ShortRead};
use super::{Blob, Coverage, Skipped, Visitor, WalkOptions, Wanted};

/// A folder with more files than this is read by several threads.
const MANY: usize = 128;
/// A thread's stack, in bytes; only what is used is memory.
const STACK: usize = 32 << 20;
/// Never blocks on a FIFO or a device, and follows no link.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Visits every file below `roots`, which are files or folders. Links are not followed, but a root may be one. What
/// cannot be read is in the coverage; a root that does not exist is an error.
pub fn walk(
    roots: &[PathBuf],
    options: &WalkOptions,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    walk_some(roots, options, &|_| true, visit)
}

/// The same for files of some names only; others are not opened.
pub fn walk_some(
    roots: &[PathBuf],
    options: &WalkOptions,
    wanted: &Wanted<'_>,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    let walk = Walk::new(options, wanted, visit);
    let mut folders = Vec::new();
    for root in &distinct(roots) {
        let kind = std::fs::metadata(root).with_context(|| {
            format!("could not scan {}: give a file or folder that exists", root.display())
        })?;
        match kind.is_dir() {
            true => folders.push(root.clone()),
            false => walk.named_file(root, kind.is_file()),
        }
    }
    if !folders.is_empty() {
        // A worker that waits for the other half of a big folder takes other folders on the same stack.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).stack_size(STACK);
        let pool = pool.build();
        pool.context("could not start threads")?.install(|| {
            rayon::scope(|scope| {
                folders.iter().for_each(|root| walk.root(scope, root, roots.len() == 1));
            });
            walk.settle_hidden();
        });
    }
    Ok(walk.into_coverage())
}

struct Walk<'v> {
    options: WalkOptions,
    wanted: &'v Wanted<'v>,
    visit: &'v Visitor<'v>,
    files: AtomicU64,
    bytes: AtomicU64,
    still_hidden: AtomicU64,
    hidden: Mutex<Vec<Hidden>>,
    skipped: Mutex<Vec<Skipped>>,
    notes: Mutex<Vec<String>>,
}

/// A folder that waits for its turn. It holds no open file, so a tree may be as wide as it likes.
struct Folder {
    path: PathBuf,
    shown: String,
    rules: Option<Rules>,
}

/// How much was read.
#[derive(Default)]
struct Read {
    files: u64,
    bytes: u64,
}

impl AddAssign for Read {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl<'v> Walk<'v> {
    fn new(options: &WalkOptions, wanted: &'v Wanted<'v>, visit: &'v Visitor<'v>) -> Self {
        Self {
            options: *options,
            wanted,
            visit,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            still_hidden: AtomicU64::new(0),
            hidden: Mutex::default(),
            skipped: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    fn into_coverage(self) -> Coverage {
        let mut skipped = self.skipped.into_inner().unwrap_or_else(PoisonError::into_inner);
        skipped.sort();
        skipped.dedup();
        let mut notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        notes.sort();
        notes.dedup();
        Coverage {
            blobs: self.files.load(Ordering::Relaxed),
            files: self.files.into_inner(),
            bytes: self.bytes.into_inner(),
            hidden: self.still_hidden.into_inner(),
            notes,
            skipped,
            ..Coverage::default()
        }
    }

    /// A file that the user named is read whatever the ignore rules say, and through a link.
    fn named_file(&self, path: &Path, regular: bool) {
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into_owned();
        let shown = shown.strip_prefix("./").unwrap_or(&shown);
        if !regular {
            return self.skip(shown, &io::Error::other("not a regular file"));
        }
        let fd = openat(CWD, path, FILE.difference(OFlags::NOFOLLOW), Mode::empty());
        let read = fd.map_err(io::Error::from).and_then(|fd| self.read(fd, shown));
        self.count(self.account(shown, read));
    }

    fn root<'s>(&'s self, scope: &rayon::Scope<'s>, root: &Path, alone: bool) {
        let shown = match root.is_absolute() && alone {
            true => String::new(),
            false => root
                .components()
                .filter(|it| it.as_os_str() != ".")
                .collect::<PathBuf>()
                .to_string_lossy()
                .into_owned(),
        };
        let rules = (!self.options.no_ignore)
            .then(|| Rules::above(root, &|path, error| self.unread(path, error)));
        // Rules and git speak of full paths; names for people are kept apart from them.
        let path = if rules.is_some() { root.canonicalize() } else { Ok(root.to_owned()) };
        match path {
            Ok(path) => self.folder(scope, Folder { path, shown, rules }),
            Err(error) => self.skip(&shown, &error),
        }
    }

    fn folder<'s>(&'s self, scope: &rayon::Scope<'s>, folder: Folder) {
        let listed = listing::list(&folder.path);
        let (entries, dir) = match &listed {
            Ok(listed) => listed,
            Err(error) => return self.skip(folder.name(), error),
        };
        let dir = match dir.fd() {
            Ok(dir) => dir,
            Err(error) => return self.skip(folder.name(), &error.into()),
        };
        let Entries { files, folders, links, git, gitignore, ignore } = entries;
        let rules = folder.rules.as_ref().map(|it| match *git || *gitignore || *ignore {
            true => it.within(&folder.path, (*gitignore, *ignore, *git), &|path, error| {
                self.unread(path, error);
            }),
            false => it.clone(),
        });
        let rules = rules.as_ref();
        let mut names = Names::below(&folder.path, &folder.shown);
        for name in folders {
            if self.visible(rules, &mut names, name, true) {
                let (path, shown) = (names.path(name).to_owned(), names.shown(name).to_owned());
                let below = Folder { path, shown, rules: rules.cloned() };
                scope.spawn(move |scope| self.folder(scope, below));
            }
        }
        for name in links {
            if self.visible(rules, &mut names, name, false) {
                let shown = names.shown(name);
                self.count(self.account(shown, self.link(dir, &**name, shown)));
            }
        }
        self.files(dir, &folder, rules, files);
    }

    fn files(
        &self,
        dir: BorrowedFd<'_>,
        folder: &Folder,
        rules: Option<&Rules>,
        files: &[Box<CStr>],
    ) {
        let read = |files: &[Box<CStr>]| {
            let (mut names, mut read) =
                (Names::below(&folder.path, &folder.shown), Read::default());
            for name in files {
                if self.visible(rules, &mut names, name, false) {
                    let shown = names.shown(name);
                    read += self.account(shown, self.file(dir, &**name, shown));
                }
            }
            // Counted once for all of them: a counter that two threads share costs as much as a small file.
            self.count(read);
        };
        match files.len() {
            0..=MANY => read(files),
            _ => files.par_chunks(MANY / 2).for_each(read),
        }
    }

    fn visible(&self, rules: Option<&Rules>, names: &mut Names, name: &CStr, is_dir: bool) -> bool {
        let rules = rules.filter(|it| it.concern(name.to_bytes()));
        let Some(rules) = rules.filter(|it| it.hide(names.path(name), is_dir)) else {
            return true;
        };
        let (path, shown) = (names.path(name).to_owned(), names.shown(name).to_owned());
        let repository = rules.repository.clone();
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.push(Hidden { path, shown, repository });
        false
    }

    fn file(&self, folder: BorrowedFd<'_>, name: impl Arg, shown: &str) -> io::Result<u64> {
        if !(self.wanted)(shown) {
            return Ok(0);
        }
        self.read(openat(folder, name, FILE, Mode::empty())?, shown)
    }

    /// A link is not followed, but where it points is text, and git keeps that text like a file's.
    fn link(&self, folder: BorrowedFd<'_>, name: impl Arg, shown: &str) -> io::Result<u64> {
        let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
        (self.visit)(&Blob::whole(shown, target.to_bytes()));
        Ok(target.to_bytes().len() as u64)
    }

    fn read(&self, fd: OwnedFd, shown: &str) -> io::Result<u64> {
        BUFFER.with_borrow_mut(|buffer| {
            window::read(&mut File::from(fd), ShortRead::Ends, buffer, shown, self.visit)
        })
    }

    /// What reading a file comes to: its bytes, or an entry in the list of what was skipped.
    fn account(&self, shown: &str, read: io::Result<u64>) -> Read {
        match read {
            Ok(bytes) => Read { files: 1, bytes },
            Err(error) => {
                self.skip(shown, &error);
                Read::default()
            }
        }
    }

    fn skip(&self, shown: &str, error: &io::Error) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        skipped.push(Skipped::new(shown, error));
    }

    /// Rules that cannot be read hide nothing: that is no gap, but not what whoever wrote them expects.
    fn unread(&self, path: &Path, error: &io::Error) {
        let Skipped { path, reason } = Skipped::new(&path.to_string_lossy(), error);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(format!("{path}: {reason}: what it says to ignore is not known"));
    }

    fn count(&self, read: Read) {
        self.files.fetch_add(read.files, Ordering::Relaxed);
        self.bytes.fetch_add(read.bytes, Ordering::Relaxed);
    }

    /// Reads what git tracks of the hidden, and counts the rest.
    fn settle_hidden(&self) {
        let hidden =
            std::mem::take(&mut *self.hidden.lock().unwrap_or_else(PoisonError::into_inner));
        let settled = hidden::settle(&hidden);
        for Tracked { path, shown, is_link } in &settled.tracked {
            let read = match is_link {
                true => self.link(CWD, path, shown),
                false => self.file(CWD, path, shown),
            };
            self.count(self.account(shown, read));
        }
        self.still_hidden.fetch_add(settled.hidden, Ordering::Relaxed);
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner).extend(settled.skipped);
    }
}

/// The roots, each once, however it is spelt.
fn distinct(roots: &[PathBuf]) -> Vec<PathBuf> {
    let full = |root: &PathBuf| root.canonicalize().unwrap_or_else(|_| root.clone());
    let mut seen = Vec::new();
    let mut fresh = |root: &&PathBuf| {
        let full = full(root);
        let fresh = !seen.contains(&full);
        seen.push(full);
        fresh
    };
    roots.iter().filter(|it| fresh(it)).cloned().collect()
}

impl Folder {
    /// Its name for a message: never empty.
    fn name(&self) -> &str {
        let own = || self.path.to_str().unwrap_or(".");
        if self.shown.is_empty() { own() } else { &self.shown }
    }
}
