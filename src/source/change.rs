//! What a change adds: the index against `HEAD`, or each commit of a range against its parents.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use imara_diff::{Algorithm, Diff, InternedInput};

use super::contents::Contents;
use super::{Blob, Commit, Coverage, Owned, Revision, Skipped, Start, Visitor, git};

/// The largest blob that is compared with the one before it; of a larger one all lines count as added.
const LARGEST: u64 = 16 << 20;

/// Which part of what a change touches is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// The lines that it adds: an old line is not this committer's problem.
    Lines,
    /// The whole of each file.
    Files,
}

/// Visits what is staged in the repository around `here`. With `paths`, only those files. Git's own variables are
/// respected, so that a hook sees the index of the commit in the making.
pub fn staged(
    here: &Path,
    paths: &[PathBuf],
    touched: Touched,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    let mut command = git::hardened(here);
    command.args(["diff", "--cached", "--raw", "-z", "-M", "--no-ext-diff", "--no-abbrev"]);
    command.arg("--ignore-submodules").arg("--").args(paths);
    let raw = git::output(command, "list what is staged")?;
    let mut changes = Changes::new(here, touched, visit)?;
    for entry in entries(&raw)? {
        changes.entry(&entry, None);
    }
    Ok(changes.coverage)
}

/// Visits what the commits of a range add, oldest first: those of `BASE`, `BASE..TIP` or `BASE...TIP`, where the tip is
/// `HEAD` unless it is given. What a later commit of the range removes again is visited, too, and each commit's message.
pub fn range(
    here: &Path,
    range: &str,
    touched: Touched,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    let (base, tip) = range.split_once("..").unwrap_or((range, "HEAD"));
    let tip = tip.trim_start_matches('.');
    let base = resolved(here, base)?;
    let tip = resolved(here, if tip.is_empty() { "HEAD" } else { tip })?;
    let commits = commits(here, &[format!("{base}..{tip}")])?;
    refuse_a_cut(here, &commits)?;
    visit_all(here, range, &commits, touched, visit)
}

/// Visits what is new in a push: the objects at `tips` that neither `known` revisions nor their history have. `name` is
/// what the report calls it.
pub fn pushed(
    here: &Path,
    name: &str,
    revisions: &[String],
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    visit_all(here, name, &commits(here, revisions)?, Touched::Lines, visit)
}

fn visit_all(
    here: &Path,
    name: &str,
    commits: &[Committed],
    touched: Touched,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    let last: BTreeMap<&Path, &str> = commits
        .iter()
        .flat_map(|it| &it.entries)
        .map(|it| (it.path.as_path(), it.new.as_str()))
        .collect();
    let mut changes = Changes::new(here, touched, visit)?;
    for Committed { revision, entries } in commits {
        let (first, latest) = (revision.clone(), revision.clone());
        let refs = vec![name.to_owned()];
        let commit = Commit { first, last: latest, refs, at_head: true, reachable: true };
        changes.message(&commit);
        for entry in entries {
            let at_head = last.get(entry.path.as_path()) == Some(&entry.new.as_str());
            changes.entry(entry, Some(&Commit { at_head, ..commit.clone() }));
        }
    }
    Ok(changes.coverage)
}

/// One file of a change.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    mode: String,
    /// The blobs before it: one, or one for each parent of a merge; a file that is new has none.
    old: Vec<String>,
    new: String,
    unmerged: bool,
}

struct Committed {
    revision: Revision,
    entries: Vec<Entry>,
}

struct Changes<'v> {
    contents: Contents,
    touched: Touched,
    visit: &'v Visitor<'v>,
    coverage: Coverage,
}

impl<'v> Changes<'v> {
    fn new(here: &Path, touched: Touched, visit: &'v Visitor<'v>) -> anyhow::Result<Self> {
        let coverage = Coverage { may_be_empty: true, ..Coverage::default() };
        Ok(Self { contents: Contents::of(here)?, touched, visit, coverage })
    }

    fn entry(&mut self, entry: &Entry, commit: Option<&Commit>) {
        let path = entry.path.to_string_lossy();
        let is_link_to_commit = entry.mode == "160000";
        let is_removed = entry.new.bytes().all(|b| b == b'0');
        let read = match () {
            () if entry.unmerged => Err(std::io::Error::other("its conflict is not resolved")),
            () if is_link_to_commit || is_removed => return,
            () => self.blob(entry, &path, commit),
        };
        match read {
            Ok(bytes) => {
                self.coverage.files += 1;
                self.coverage.bytes += bytes;
            }
            Err(error) => self.coverage.skipped.push(Skipped::new(&path, &error)),
        }
    }

    /// A commit's message is pushed with it.
    fn message(&mut self, commit: &Commit) {
        let id = &commit.first.id;
        let path = format!("commit:{}", &id[..id.len().min(12)]);
        let visit = self.visit;
        let read = self.contents.open(id).and_then(|_| self.contents.read());
        match read {
            Ok(bytes) => visit(&Blob { commit: Some(commit), ..Blob::whole(&path, &bytes) }),
            Err(error) => self.coverage.skipped.push(Skipped::new(&path, &error)),
        }
    }

    fn blob(&mut self, entry: &Entry, path: &str, commit: Option<&Commit>) -> std::io::Result<u64> {
        let visit = self.visit;
        let size = self.contents.open(&entry.new)?;
        if size > LARGEST {
            return self.contents.windows(path, &|blob| visit(&Blob { commit, ..blob.clone() }));
        }
        let bytes = self.contents.read()?;
        let added = match self.touched {
            Touched::Files => None,
            Touched::Lines => self.added(entry, &bytes)?,
        };
        let owned = added.as_deref().map_or(Owned::All, Owned::Lines);
        visit(&Blob { path, bytes: &bytes, start: Start::OF_FILE, owned, commit });
        Ok(bytes.len() as u64)
    }

    /// The byte ranges of the lines that none of the blobs before has; nothing if there is none to compare with.
    fn added(&mut self, entry: &Entry, new: &[u8]) -> std::io::Result<Option<Vec<Range<usize>>>> {
        let mut added: Option<Vec<Range<usize>>> = None;
        for old in &entry.old {
            if self.contents.open(old)? > LARGEST {
                self.contents.pass_over()?;
                continue;
            }
            let old = self.contents.read()?;
            let lines = added_lines(&old, new);
            added = Some(match added {
                None => lines,
                Some(before) => both(&before, &lines),
            });
        }
        Ok(added)
    }
}

fn added_lines(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    let input = InternedInput::new(old, new);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(memchr::memchr_iter(b'\n', new).map(|it| it + 1))
        .chain([new.len()])
        .collect();
    let at = |line: u32| starts[(line as usize).min(starts.len() - 1)].min(new.len());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks()
        .map(|it| at(it.after.start)..at(it.after.end))
        .filter(|it| !it.is_empty())
        .collect()
}

/// What is in both of two lists of ranges, each in order.
fn both(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    let pairs =
        a.iter().flat_map(|a| b.iter().map(move |b| a.start.max(b.start)..a.end.min(b.end)));
    pairs.filter(|it| !it.is_empty()).collect()
}

/// The commit that a name stands for.
fn resolved(here: &Path, name: &str) -> anyhow::Result<String> {
    let mut command = git::hardened(here);
    command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
    command.arg(format!("{name}^{{commit}}"));
    let found = git::output(command, "resolve it").ok();
    let found = found.map(|it| String::from_utf8_lossy(&it).trim().to_owned());
    found.with_context(|| {
        format!(
            "{name} is no commit of this clone: fetch it first, with the whole history in between \
             (`fetch-depth: 0`, `GIT_DEPTH: 0`), or name another base"
        )
    })
}

/// A clone that ends inside the range would show old lines as new and hide what was removed again.
fn refuse_a_cut(here: &Path, commits: &[Committed]) -> anyhow::Result<()> {
    let mut command = git::hardened(here);
    command.args(["rev-parse", "--path-format=absolute", "--git-path", "shallow"]);
    let path = git::output(command, "say where it keeps the ends of the history")?;
    let path = String::from_utf8_lossy(&path);
    let ends = std::fs::read_to_string(path.trim_end()).unwrap_or_default();
    let ends: BTreeSet<&str> = ends.lines().collect();
    let cut = commits.iter().find(|it| ends.contains(it.revision.id.as_str()));
    match cut {
        None => Ok(()),
        Some(it) => anyhow::bail!(
            "this shallow clone ends at {}, inside the range: fetch the whole history \
             (`fetch-depth: 0`, `GIT_DEPTH: 0`)",
            &it.revision.id
        ),
    }
}

fn commits(here: &Path, revisions: &[String]) -> anyhow::Result<Vec<Committed>> {
    let mut command = git::hardened(here);
    command.args(["log", "--reverse", "--topo-order", "--raw", "-z", "-M", "-c", "--no-abbrev"]);
    command.args(["--root", "--no-ext-diff", "--ignore-submodules", "--no-show-signature"]);
    command.args(["--format=%x01%H %at %aI"]).args(revisions).arg("--");
    let log = git::output(command, "list the commits of the range")?;
    let mut commits = Vec::new();
    for text in log.split(|b| *b == 1).skip(1) {
        let end = text.iter().position(|b| matches!(b, 0 | b'\n')).unwrap_or(text.len());
        let (head, raw) = text.split_at(end);
        let head = String::from_utf8_lossy(head);
        let words: Vec<&str> = head.split(' ').collect();
        let [id, seconds, date] = words[..] else {
            anyhow::bail!("git printed a commit without a date");
        };
        let (id, date) = (id.to_owned(), date.to_owned());
        let revision = Revision { seconds: seconds.parse()?, date, id, author: None };
        let raw = raw.iter().position(|b| *b == b':').map_or(&[][..], |it| &raw[it..]);
        commits.push(Committed { revision, entries: entries(raw)? });
    }
    Ok(commits)
}

/// Reads `git diff --raw -z`, with one parent or several.
fn entries(raw: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let mut fields = raw.split(|b| *b == 0).filter(|it| !it.is_empty());
    let mut entries = Vec::new();
    while let Some(head) = fields.next() {
        let head = String::from_utf8_lossy(head);
        let parents = head.bytes().take_while(|b| *b == b':').count();
        let words: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        anyhow::ensure!(
            parents > 0 && words.len() == 2 * parents + 3,
            "git printed a change that reads like none"
        );
        let (modes, rest) = words.split_at(parents + 1);
        let (old, rest) = rest.split_at(parents);
        let (new, status) = (rest[0], rest[1]);
        let mut path = fields.next().context("git printed a change without a path")?;
        if parents == 1 && status.starts_with(['R', 'C']) {
            path = fields.next().context("git printed a rename without a new path")?;
        }
        let exists = |it: &&&str| !it.bytes().all(|b| b == b'0');
        entries.push(Entry {
            path: PathBuf::from(OsString::from_vec(path.to_vec())),
            mode: (*modes.last().unwrap_or(&"")).to_owned(),
            old: old.iter().filter(exists).map(|it| (*it).to_owned()).collect(),
            new: new.to_owned(),
            unmerged: status.contains('U'),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_ranges_of_the_new_text() {
        let ranges = added_lines(b"a\nb\nc\n", b"a\nx\nc\nd");
        assert_eq!(ranges, [2..4, 6..7]);
        assert_eq!(added_lines(b"", b"a\nb\n"), [Range { start: 0, end: 4 }]);
        assert!(added_lines(b"a\nb\n", b"b\n").is_empty());
        assert_eq!(both(&[0..4, 6..9], &[Range { start: 2, end: 7 }]), [2..4, 6..7]);
    }

    #[test]
    fn a_change_is_read_as_git_prints_it() {
        let raw = b":100644 100644 aa bb M\0a b\0:100644 100644 aa cc R90\0old\0new\0::100644 100644 100644 aa bb cc MM\0m\0:000000 100644 00 dd A\0n\0";
        let entries = entries(raw).unwrap();
        let shown: Vec<_> = entries
            .iter()
            .map(|it| format!("{} {} {}", it.path.display(), it.old.join("+"), it.new))
            .collect();
        assert_eq!(shown, ["a b aa bb", "new aa cc", "m aa+bb cc", "n  dd"]);
        assert!(super::entries(b":1 2\0x\0").is_err());
    }
}
