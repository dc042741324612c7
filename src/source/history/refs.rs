//! What git's refs and reflogs point at. Asked of git, which knows every way of keeping them.

use std::path::Path;

use super::database::hex;
use super::reach::listed;
use super::store::Store;
use crate::source::{Skipped, git};

/// The refs of a repository and what they point at, as numbers of objects.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// By name: branches, then tags, then what else there is.
    pub(super) named: Vec<(String, u32)>,
    /// The newest commit of the checked-out branch.
    pub(super) head: Option<u32>,
    /// Commits that a reflog or another work tree's head holds.
    pub(super) logged: Vec<u32>,
    /// Refs that point at what is not there.
    pub(super) lost: Vec<String>,
}

impl Refs {
    pub(super) fn read(repository: &Path, store: &Store) -> anyhow::Result<Self> {
        let number = |id: &[u8]| store.database.number(&hex(str::from_utf8(id).ok()?)?);
        let format = ["for-each-ref", "--format=%(objectname) %(refname)"];
        let said = git::ask(repository, "list the refs", format)?;
        let all = said.split(|b| *b == b'\n').filter_map(|line| {
            let (id, name) = line.split_at_checked(store.database.hash * 2)?;
            Some((String::from_utf8_lossy(name.trim_ascii()).into_owned(), number(id)))
        });
        let (found, lost): (Vec<_>, Vec<_>) = all.partition(|it| it.1.is_some());
        let lost = lost.into_iter().map(|it: (String, _)| it.0).collect();
        let found = found.into_iter().filter_map(|(name, number)| Some((name, number?)));
        let mut named: Vec<(String, u32)> = found.collect();
        named.sort_by(|a, b| (rank(&a.0), &a.0).cmp(&(rank(&b.0), &b.0)));
        // A branch without a commit yet is no failure.
        let arguments = ["rev-parse", "--verify", "--quiet", "HEAD"];
        let head = git::ask(repository, "find HEAD", arguments).unwrap_or_default();
        let arguments = ["rev-list", "--no-walk=unsorted", "--ignore-missing", "--reflog"];
        let mut logged = git::ask(repository, "read the reflogs", arguments).unwrap_or_default();
        let arguments = ["worktree", "list", "--porcelain"];
        let others = git::ask(repository, "list the work trees", arguments).unwrap_or_default();
        let others = others.split(|b| *b == b'\n').filter_map(|it| it.strip_prefix(b"HEAD "));
        others.for_each(|it| logged.extend([b"\n", it].concat()));
        let logged = logged.split(|b| *b == b'\n').filter_map(number).collect();
        Ok(Self { named, head: number(head.trim_ascii()), logged, lost })
    }

    /// The name of each ref.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|it| &*it.0).chain(self.lost.iter().map(|it| &**it))
    }

    /// The names of the refs, of many the first and how many more.
    pub(super) fn names(&self) -> Vec<String> {
        listed(self.named.len(), self.named.iter().map(|it| &*it.0))
    }

    /// Names the refs that point at what is not there.
    pub(super) fn skipped(&self) -> impl Iterator<Item = Skipped> {
        let lost = listed(self.lost.len(), self.lost.iter().map(|it| &**it));
        let reason = "what it points at is not in this repository".to_owned();
        lost.into_iter().map(move |path| Skipped { path, reason: reason.clone() })
    }
}

fn rank(name: &str) -> usize {
    let first = ["refs/heads/", "refs/tags/", "refs/remotes/"];
    first.iter().position(|it| name.starts_with(it)).unwrap_or(first.len())
}
