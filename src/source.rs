//! Where bytes come from: the only modules that touch the disk.

mod base;
mod change;
mod commits;
mod contents;
mod file;
mod git;
mod global_hooks;
mod hidden;
mod history;
mod hook_file;
mod ignored;
pub mod index;
mod listing;
mod tracked;
mod tree;
mod walk;
mod window;
mod work_tree;

use std::fs::{self, File};
use std::io;
use std::ops;
#[cfg(unix)]
use std::os::fd::AsFd;

pub use base::{Base, Clue, JobChange, Range};
pub use change::{Touched, pushed, range, staged};
pub use file::{append, create, exists, replace, text};
pub use global_hooks::GlobalHooks;
pub use history::{Cache, HistoryOptions, Needle, Search, history};
pub use hook_file::{HookFile, Installed};
pub use tracked::tracked;
pub use tree::{Tree, each_name, repository_of};
pub use walk::{walk, walk_some};
use window::ShortRead;

/// Where a blob's first byte stands in its file: `byte` from 0, `line` and `column` from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Bytes before it.
    pub byte: u64,
    /// Its line.
    pub line: u64,
    /// Its character in the line.
    pub column: u64,
}

impl Start {
    /// The beginning of a file.
    pub const OF_FILE: Self = Self { byte: 0, line: 1, column: 1 };

    /// Where the byte after `passed` stands.
    pub(crate) fn after(self, passed: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', passed).count() as u64;
        let tail = memchr::memrchr(b'\n', passed).map_or(passed, |i| &passed[i + 1..]);
        let column = if lines > 0 { 1 } else { self.column };
        Self {
            byte: self.byte + passed.len() as u64,
            line: self.line + lines,
            column: column + characters(tail),
        }
    }
}

/// Characters of a piece of a line: UTF-8 sequences, without the zeros of two-byte text and without a byte order mark.
fn characters(bytes: &[u8]) -> u64 {
    let mark = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => 1,
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => 2,
        _ => 0,
    };
    let begins = |b: &&u8| **b != 0 && **b & 0xC0 != 0x80;
    bytes.iter().filter(begins).count() as u64 - mark
}

/// Bytes to check, and where they came from: a whole file, or a window of a big one.
#[derive(Clone)]
pub struct Blob<'b> {
    /// The file, relative to the root of the scan, with `/`.
    pub path: &'b str,
    /// The bytes.
    pub bytes: &'b [u8],
    /// Where the first of them stands.
    pub start: Start,
    /// Only what stands in this part of `bytes` is judged.
    pub owned: Owned<'b>,
    /// The commits that hold these bytes, if they come from git's history.
    pub commit: Option<&'b Commit>,
    /// Whether the name is judged, too.
    pub naming: Naming,
}

/// Whether the name of a blob is judged with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It is.
    Judged,
    /// It is old, or judged with another part of the file, or not what anybody has named.
    Known,
}

/// The part of a blob that is judged; the rest is context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned<'b> {
    /// A whole file.
    All,
    /// A window of a big file: what begins in this range. The neighbouring windows hold the rest.
    Window(ops::Range<usize>),
    /// The lines that a change added, in order: whatever touches one of these ranges.
    Lines(&'b [ops::Range<usize>]),
}

impl Owned<'_> {
    /// Whether something at `span` is judged here.
    pub fn holds(&self, span: &ops::Range<usize>) -> bool {
        match self {
            Self::All => true,
            Self::Window(window) => window.contains(&span.start),
            Self::Lines(lines) => {
                let next = lines.partition_point(|it| it.end <= span.start);
                lines.get(next).is_some_and(|it| it.start < span.end.max(span.start + 1))
            }
        }
    }
}

/// The commits that hold a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The earliest, by author date.
    pub first: Revision,
    /// The latest.
    pub last: Revision,
    /// The refs from which one of them is reached, sorted.
    pub refs: Vec<String>,
    /// Whether the checked-out commit still holds it.
    pub at_head: bool,
    /// Whether any ref reaches it, unless something is damaged or missing that might; what none reaches is lost only when git collects
    /// it.
    pub reachable: Option<bool>,
}

/// A commit in a few words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision {
    /// The author's date in seconds since 1970, by which revisions are ordered.
    pub seconds: i64,
    /// The author's date, ISO 8601 with the author's offset.
    pub date: String,
    /// The full object name, in hexadecimal.
    pub id: String,
    /// The author, only where that was asked for.
    pub author: Option<String>,
}

impl<'b> Blob<'b> {
    /// A whole file.
    pub fn whole(path: &'b str, bytes: &'b [u8]) -> Self {
        Self {
            path,
            bytes,
            start: Start::OF_FILE,
            owned: Owned::All,
            commit: None,
            naming: Naming::Judged,
        }
    }

    /// Whether the bytes are all of the file.
    pub fn is_whole(&self) -> bool {
        !matches!(self.owned, Owned::Window(_))
    }

    /// How many of the bytes no other window of the file counts.
    pub fn len(&self) -> usize {
        match &self.owned {
            Owned::Window(window) => window.len(),
            Owned::All | Owned::Lines(_) => self.bytes.len(),
        }
    }

    /// Whether there is nothing to count.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a source calls for each blob, from several threads.
pub type Visitor<'v> = dyn Fn(&Blob<'_>) + Sync + 'v;

/// Which files are wanted, by their paths; asked from several threads.
pub type Wanted<'w> = dyn Fn(&str) -> bool + Sync + 'w;

/// Something that should have been read and was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its name.
    pub path: String,
    /// Why it could not be read.
    pub reason: String,
}

impl Skipped {
    fn new(path: &str, error: &io::Error) -> Self {
        Self { path: path.to_owned(), reason: reason(error) }
    }
}

/// What the system says, in words that follow a name, and without its own number for that.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// What a source has read, and what not.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Files read.
    pub files: u64,
    /// Blobs read: the files, and in git the messages of commits and tags.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of the blobs, those that an earlier scan read and this one took from its cache.
    pub cached: u64,
    /// The refs of which everything was read, of many the first and how many more; or the range.
    pub refs: Vec<String>,
    /// What whoever asked for the scan should know.
    pub notes: Vec<String>,
    /// Files that the ignore rules hid.
    pub hidden: u64,
    /// Whether having read nothing is an answer: a change may add no file.
    pub may_be_empty: bool,
    /// What could not be read, sorted. Unless it is empty the scan is incomplete.
    pub skipped: Vec<Skipped>,
}

/// How a tree is walked.
#[derive(Clone, Copy, Debug, Default)]
pub struct WalkOptions {
    /// Read what ignore rules hide, too.
    pub no_ignore: bool,
    /// Threads; 0 for one for each processor.
    pub jobs: usize,
}

/// Reads standard input as if it were the file `name`.
pub fn stdin(name: &str, visit: &Visitor<'_>) -> Coverage {
    let mut coverage = Coverage::default();
    if is_closed() {
        let reason = "standard input is closed or the null device".to_owned();
        coverage.skipped.push(Skipped { path: name.to_owned(), reason });
        return coverage;
    }
    match window::read(&mut io::stdin().lock(), ShortRead::MayGoOn, &mut Vec::new(), name, visit) {
        Ok(bytes) => (coverage.files, coverage.blobs, coverage.bytes) = (1, 1, bytes),
        Err(error) => coverage.skipped.push(Skipped::new(name, &error)),
    }
    coverage
}

/// Whether nothing is connected to standard input. What starts a program may close it or leave it at the null device, as
/// containers do, and the standard library opens that in place of a closed one.
#[cfg(unix)]
fn is_closed() -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let (Ok(input), Ok(null)) = (input.and_then(|it| it.metadata()), fs::metadata("/dev/null"))
    else {
        return false;
    };
    input.file_type().is_char_device() && input.rdev() == null.rdev()
}

#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}
