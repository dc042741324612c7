//! What a change adds: the index against `HEAD`, or each commit of a range against its parents.

use std::collections::BTreeMap;
use std::ops;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::base::Range;
use super::commits::{
    Committed, Entry, commits, entries, refuse_a_cut, refuse_a_damaged_index, refuse_unknown,
};
use super::contents::Contents;
use super::{Blob, Commit, Coverage, Naming, Owned, Skipped, Visitor, git};

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
    git::ensure_answers(here)?;
    let mut command = git::hardened(here);
    command.args(["diff", "--cached", "--raw", "-z", "-M", "--no-ext-diff", "--no-abbrev"]);
    command.args(["--no-color", "--no-relative", "--ignore-submodules", "--"]).args(paths);
    // Git needs longer for the list than the index takes to be looked at.
    let (raw, whole) = thread::scope(|scope| {
        let whole = scope.spawn(|| refuse_a_damaged_index(here));
        (git::output(command, "list what is staged"), whole.join())
    });
    let raw = match raw {
        Ok(raw) => raw,
        // Outside of a repository this command speaks of another use of it.
        Err(error) => return Err(git::ensure_repository(here).err().unwrap_or(error).into()),
    };
    whole.unwrap_or_else(|panic| resume_unwind(panic))?;
    refuse_unknown(here, paths, "HEAD", &[])?;
    let mut changes = Changes::new(here, touched, visit)?;
    for entry in entries(&raw)? {
        changes.entry(&entry, None);
    }
    Ok(changes.coverage)
}

/// Visits what the commits of a range add, oldest first. What a later commit of the range removes again is visited, too,
/// and each commit's message. With `paths`, only those files, and no message.
pub fn range(
    here: &Path,
    range: &Range,
    paths: &[PathBuf],
    touched: Touched,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    refuse_unknown(here, paths, range.base.as_deref().unwrap_or("HEAD"), &range.revisions)?;
    refuse_a_cut(here, &range.revisions)?;
    let commits = commits(here, &range.revisions, paths)?;
    let messages = if paths.is_empty() { Messages::Read } else { Messages::Ignored };
    visit_all(here, &range.name, &commits, messages, touched, visit)
}

/// Visits what is new in a push of the object `tip`: the commits that it reaches and the other side, by `without`, does not
/// have, and if it is a tag its message, or a file what that holds.
pub fn pushed(
    here: &Path,
    tip: &str,
    without: &[String],
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    git::ensure_answers(here)?;
    let mut changes = Changes::new(here, Touched::Lines, visit)?;
    let target = changes.tip(tip)?;
    let tagged = changes.coverage;
    let Some(target) = target else { return Ok(tagged) };
    let commits = commits(here, &[&[target][..], without].concat(), &[])?;
    let mut coverage = visit_all(here, tip, &commits, Messages::Read, Touched::Lines, visit)?;
    coverage.files += tagged.files;
    coverage.blobs += tagged.blobs;
    coverage.bytes += tagged.bytes;
    coverage.skipped.extend(tagged.skipped);
    Ok(coverage)
}

/// What becomes of the messages of commits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Messages {
    Read,
    Ignored,
}

fn visit_all(
    here: &Path,
    name: &str,
    commits: &[Committed],
    messages: Messages,
    touched: Touched,
    visit: &Visitor<'_>,
) -> anyhow::Result<Coverage> {
    let last: BTreeMap<&Path, &str> = commits
        .iter()
        .flat_map(|it| &it.entries)
        .map(|it| (it.path.as_path(), it.new.as_str()))
        .collect();
    let mut changes = Changes::new(here, touched, visit)?;
    changes.coverage.refs.push(name.to_owned());
    for Committed { revision, entries } in commits {
        let (first, latest) = (revision.clone(), revision.clone());
        let refs = vec![name.to_owned()];
        let commit = Commit { first, last: latest, refs, at_head: true, reachable: Some(true) };
        if messages == Messages::Read {
            changes.message(&commit);
        }
        for entry in entries {
            let at_head = last.get(entry.path.as_path()) == Some(&entry.new.as_str());
            changes.entry(entry, Some(&Commit { at_head, ..commit.clone() }));
        }
    }
    Ok(changes.coverage)
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
                self.coverage.blobs += 1;
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
            Ok(bytes) => {
                self.coverage.blobs += 1;
                self.coverage.bytes += bytes.len() as u64;
                let blob = Blob::whole(&path, &bytes);
                visit(&Blob { commit: Some(commit), naming: Naming::Known, ..blob });
            }
            Err(error) => self.coverage.skipped.push(Skipped::new(&path, &error)),
        }
    }

    /// What a ref is to name: the commit behind it, if there is one. Tags on the way are visited, and what is no commit.
    fn tip(&mut self, tip: &str) -> std::io::Result<Option<String>> {
        let mut id = tip.to_owned();
        loop {
            self.contents.open(&id)?;
            let (kind, bytes) = (self.contents.kind().to_owned(), self.contents.read()?);
            let header = |word: &str| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut lines = text.lines().take_while(|it| !it.is_empty()).map(str::to_owned);
                lines.find_map(|it| it.strip_prefix(word).map(str::to_owned))
            };
            let path = match &*kind {
                "commit" => return Ok(Some(id)),
                "tag" => format!("tag:{}", header("tag ").unwrap_or_default()),
                _ => format!("object:{}", &id[..id.len().min(12)]),
            };
            (self.visit)(&Blob { naming: Naming::Known, ..Blob::whole(&path, &bytes) });
            self.coverage.blobs += 1;
            self.coverage.bytes += bytes.len() as u64;
            match header("object ").filter(|_| kind == "tag") {
                Some(next) => id = next,
                None => return Ok(None),
            }
        }
    }

    fn blob(&mut self, entry: &Entry, path: &str, commit: Option<&Commit>) -> std::io::Result<u64> {
        let visit = self.visit;
        let size = self.contents.open(&entry.new)?;
        if size > LARGEST {
            return self.contents.windows(path, &|blob| {
                let naming = if entry.is_new { blob.naming } else { Naming::Known };
                visit(&Blob { commit, naming, ..blob.clone() });
            });
        }
        let bytes = self.contents.read()?;
        let added = match self.touched {
            Touched::Files => None,
            Touched::Lines => self.added(entry, &bytes)?,
        };
        let owned = added.as_deref().map_or(Owned::All, Owned::Lines);
        let is_judged = entry.is_new || self.touched == Touched::Files;
        let naming = if is_judged { Naming::Judged } else { Naming::Known };
        visit(&Blob { owned, commit, naming, ..Blob::whole(path, &bytes) });
        Ok(bytes.len() as u64)
    }

    /// The byte ranges of the lines that none of the blobs before has; nothing if there is none to compare with.
    fn added(
        &mut self,
        entry: &Entry,
        new: &[u8],
    ) -> std::io::Result<Option<Vec<ops::Range<usize>>>> {
        let mut added: Option<Vec<ops::Range<usize>>> = None;
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

fn added_lines(old: &[u8], new: &[u8]) -> Vec<ops::Range<usize>> {
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
fn both(a: &[ops::Range<usize>], b: &[ops::Range<usize>]) -> Vec<ops::Range<usize>> {
    let pairs =
        a.iter().flat_map(|a| b.iter().map(move |b| a.start.max(b.start)..a.end.min(b.end)));
    pairs.filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_ranges_of_the_new_text() {
        let ranges = added_lines(b"a\nb\nc\n", b"a\nx\nc\nd");
        assert_eq!(ranges, [2..4, 6..7]);
        assert_eq!(added_lines(b"", b"a\nb\n"), [ops::Range { start: 0, end: 4 }]);
        assert!(added_lines(b"a\nb\n", b"b\n").is_empty());
        assert_eq!(both(&[0..4, 6..9], &[ops::Range { start: 2, end: 7 }]), [2..4, 6..7]);
    }
}
