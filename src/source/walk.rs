//! Walks folders on every core: each folder is a task, each file one open, its reads and one close.

use std::cell::RefCell;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

use super::hidden::{self, Hidden};
use super::ignored::Rules;
use super::window::{self, ShortRead};
use super::{Blob, Coverage, Skipped, Visitor, WalkOptions};

/// A folder with more files than this is read by several threads.
const MANY: usize = 128;
/// A thread's stack, in bytes; only what is used is memory.
const STACK: usize = 32 << 20;
/// Never blocks on a FIFO or a device, and follows no link.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);

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
    let walk = Walk::new(options, visit);
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
    visit: &'v Visitor<'v>,
    read: AtomicU64,
    bytes: AtomicU64,
    still_hidden: AtomicU64,
    hidden: Mutex<Vec<Hidden>>,
    skipped: Mutex<Vec<Skipped>>,
}

/// A folder that waits for its turn. It holds no open file, so a tree may be as wide as it likes.
struct Folder {
    path: PathBuf,
    shown: String,
    rules: Option<Rules>,
}

/// What a folder holds, by name.
#[derive(Default)]
struct Entries {
    files: Vec<Box<CStr>>,
    folders: Vec<Box<CStr>>,
    links: Vec<Box<CStr>>,
    git: bool,
    gitignore: bool,
    ignore: bool,
}

impl<'v> Walk<'v> {
    fn new(options: &WalkOptions, visit: &'v Visitor<'v>) -> Self {
        Self {
            options: *options,
            visit,
            read: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            still_hidden: AtomicU64::new(0),
            hidden: Mutex::default(),
            skipped: Mutex::default(),
        }
    }

    fn into_coverage(self) -> Coverage {
        let mut skipped = self.skipped.into_inner().unwrap_or_else(PoisonError::into_inner);
        skipped.sort();
        skipped.dedup();
        Coverage {
            files: self.read.into_inner(),
            bytes: self.bytes.into_inner(),
            hidden: self.still_hidden.into_inner(),
            skipped,
        }
    }

    fn skip(&self, shown: &str, error: &io::Error) {
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        skipped.push(Skipped::new(shown, error));
    }

    /// A file that the user named is read whatever the ignore rules say, and through a link.
    fn named_file(&self, path: &Path, regular: bool) {
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into_owned();
        let shown = shown.strip_prefix("./").unwrap_or(&shown);
        if !regular {
            return self.skip(shown, &io::Error::other("not a regular file"));
        }
        match openat(CWD, path, FILE.difference(OFlags::NOFOLLOW), Mode::empty()) {
            Ok(fd) => self.read(fd, shown),
            Err(error) => self.skip(shown, &error.into()),
        }
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
        let rules = (!self.options.no_ignore).then(|| Rules::above(root));
        // Rules and git speak of full paths; names for people are kept apart from them.
        let path = if rules.is_some() { root.canonicalize() } else { Ok(root.to_owned()) };
        match path {
            Ok(path) => self.folder(scope, Folder { path, shown, rules }),
            Err(error) => self.skip(&shown, &error),
        }
    }

    fn folder<'s>(&'s self, scope: &rayon::Scope<'s>, folder: Folder) {
        let listed = list(&folder.path);
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
            true => it.within(&folder.path, *gitignore, *ignore, *git),
            false => it.clone(),
        });
        let visible = |names: &Names, is_dir| self.visible(rules.as_ref(), names, is_dir);
        let mut names = Names::below(&folder);
        for name in folders {
            names.set(name);
            if visible(&names, true) {
                let (path, shown) = (names.path().to_owned(), names.shown.clone());
                let below = Folder { path, shown, rules: rules.clone() };
                scope.spawn(move |scope| self.folder(scope, below));
            }
        }
        for name in links {
            names.set(name);
            if visible(&names, false) {
                self.link(dir, name, &names.shown);
            }
        }
        self.files(dir, &folder, rules.as_ref(), files);
    }

    fn files(
        &self,
        dir: BorrowedFd<'_>,
        folder: &Folder,
        rules: Option<&Rules>,
        files: &[Box<CStr>],
    ) {
        let read = |files: &[Box<CStr>]| {
            let mut names = Names::below(folder);
            for name in files {
                names.set(name);
                if self.visible(rules, &names, false) {
                    self.file(dir, name, &names.shown);
                }
            }
        };
        match files.len() {
            0..=MANY => read(files),
            _ => files.par_chunks(MANY / 2).for_each(read),
        }
    }

    fn visible(&self, rules: Option<&Rules>, names: &Names, is_dir: bool) -> bool {
        let Some(rules) = rules.filter(|it| !it.is_empty() && it.hide(names.path(), is_dir)) else {
            return true;
        };
        let (path, shown) = (names.path().to_owned(), names.shown.clone());
        let repository = rules.repository.clone();
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.push(Hidden { path, shown, repository });
        false
    }

    fn file(&self, folder: BorrowedFd<'_>, name: &CStr, shown: &str) {
        match openat(folder, name, FILE, Mode::empty()) {
            Ok(fd) => self.read(fd, shown),
            Err(error) => self.skip(shown, &error.into()),
        }
    }

    /// A link is not followed, but where it points is text, and git keeps that text like a file's.
    fn link(&self, folder: BorrowedFd<'_>, name: &CStr, shown: &str) {
        match rustix::fs::readlinkat(folder, name, Vec::new()) {
            Ok(target) => {
                (self.visit)(&Blob::whole(shown, target.to_bytes()));
                self.read.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(target.to_bytes().len() as u64, Ordering::Relaxed);
            }
            Err(error) => self.skip(shown, &error.into()),
        }
    }

    fn read(&self, fd: OwnedFd, shown: &str) {
        let read = BUFFER.with_borrow_mut(|buffer| {
            window::read(&mut File::from(fd), ShortRead::Ends, buffer, shown, self.visit)
        });
        match read {
            Ok(bytes) => {
                self.read.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Err(error) => self.skip(shown, &error),
        }
    }

    /// Reads what git tracks of the hidden, and counts the rest.
    fn settle_hidden(&self) {
        let hidden =
            std::mem::take(&mut *self.hidden.lock().unwrap_or_else(PoisonError::into_inner));
        let settled = hidden::settle(&hidden);
        for (path, shown) in &settled.tracked {
            match openat(CWD, path, FILE, Mode::empty()) {
                Ok(fd) => self.read(fd, shown),
                Err(error) => self.skip(shown, &error.into()),
            }
        }
        self.still_hidden.fetch_add(settled.hidden, Ordering::Relaxed);
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner).extend(settled.skipped);
    }
}

/// Opens and lists a folder.
fn list(path: &Path) -> io::Result<(Entries, Dir)> {
    let mut dir = Dir::new(openat(CWD, path, FOLDER, Mode::empty())?)?;
    let entries = entries(&mut dir)?;
    Ok((entries, dir))
}

/// Lists a folder: regular files, folders and links. FIFOs, sockets and devices are not part of a tree's text.
fn entries(dir: &mut Dir) -> io::Result<Entries> {
    if is_kernel_view(dir.fd()?) {
        return Err(io::Error::other("a view of the kernel's, not files"));
    }
    let mut entries = Entries::default();
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let name = entry.file_name();
        match name.to_bytes() {
            b"." | b".." => continue,
            b".git" => {
                entries.git = true;
                continue;
            }
            b".gitignore" => entries.gitignore = true,
            b".ignore" => entries.ignore = true,
            _ => {}
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(statat(dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            known => known,
        };
        match kind {
            FileType::RegularFile => entries.files.push(name.into()),
            FileType::Symlink => entries.links.push(name.into()),
            FileType::Directory => entries.folders.push(name.into()),
            _ => {}
        }
    }
    Ok(entries)
}

/// `/proc` and `/sys` have files without a size that block, or that never end.
#[cfg(target_os = "linux")]
fn is_kernel_view(fd: BorrowedFd<'_>) -> bool {
    const PROC: i64 = 0x9fa0;
    const SYSFS: i64 = 0x6265_6572;
    #[expect(clippy::unnecessary_cast, reason = "the type differs between processors")]
    rustix::fs::fstatfs(fd).is_ok_and(|it| matches!(it.f_type as i64, PROC | SYSFS))
}

#[cfg(not(target_os = "linux"))]
fn is_kernel_view(_: BorrowedFd<'_>) -> bool {
    false
}

/// The two names of an entry, the system's and the people's, in buffers that a folder's entries share.
struct Names {
    path: Vec<u8>,
    shown: String,
    /// How much of each is the folder's.
    folder: (usize, usize),
}

impl Names {
    fn below(folder: &Folder) -> Self {
        let mut path = folder.path.as_os_str().as_bytes().to_vec();
        let mut shown = folder.shown.clone();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        if !shown.is_empty() && !shown.ends_with('/') {
            shown.push('/');
        }
        let folder = (path.len(), shown.len());
        Self { path, shown, folder }
    }

    fn set(&mut self, name: &CStr) {
        self.path.truncate(self.folder.0);
        self.path.extend_from_slice(name.to_bytes());
        self.shown.truncate(self.folder.1);
        self.shown.push_str(&name.to_string_lossy());
    }

    fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
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
