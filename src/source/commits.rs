//! Lists commits and what each changes, as git prints them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::index::Index;
use super::{Revision, git};

/// One file of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) mode: String,
    /// The blobs before it: one, or one for each parent of a merge; a file that is new has none.
    pub(super) old: Vec<String>,
    pub(super) new: String,
    pub(super) unmerged: bool,
    /// Whether the file has its name from this change.
    pub(super) is_new: bool,
}

/// A commit and what it changes.
pub(super) struct Committed {
    pub(super) revision: Revision,
    pub(super) entries: Vec<Entry>,
}

/// The commits of a range, oldest first. With `paths`, what they change there; a commit that changes nothing there is left
/// out, but none that a later one undoes.
pub(super) fn commits(
    here: &Path,
    revisions: &[String],
    paths: &[PathBuf],
) -> anyhow::Result<Vec<Committed>> {
    let mut command = git::hardened(here);
    command.args(["-c", "log.follow=false", "log", "--reverse", "--topo-order", "--full-history"]);
    command.args(["--raw", "-z", "-M", "-c", "--no-abbrev", "--root", "--no-ext-diff"]);
    command.args(["--no-color", "--no-relative", "--ignore-submodules", "--no-show-signature"]);
    command.args(["--format=%x01%H %at %aI"]).args(revisions).arg("--").args(paths);
    let log = git::output(command, "list the commits of the range")?;
    let mut commits: Vec<Committed> = Vec::new();
    let mut fields = log.split(|b| *b == 0);
    while let Some(field) = fields.next() {
        match (field.trim_ascii_start(), commits.last_mut()) {
            ([], _) => {}
            ([1, head @ ..], _) => {
                let entries = Vec::new();
                commits.push(Committed { revision: revision(head)?, entries });
            }
            (head, Some(commit)) => commit.entries.push(entry(head, &mut fields)?),
            (_, None) => anyhow::bail!("git printed a change before its commit"),
        }
    }
    Ok(commits)
}

fn revision(head: &[u8]) -> anyhow::Result<Revision> {
    let head = String::from_utf8_lossy(head);
    let words: Vec<&str> = head.split(' ').collect();
    let [id, seconds, date] = words[..] else {
        anyhow::bail!("git printed a commit without a date");
    };
    let (id, date) = (id.to_owned(), date.to_owned());
    Ok(Revision { seconds: seconds.parse()?, date, id, author: None })
}

/// Reads `git diff --raw -z`.
pub(super) fn entries(raw: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let mut fields = raw.split(|b| *b == 0);
    let mut entries = Vec::new();
    while let Some(head) = fields.next() {
        if !head.is_empty() {
            entries.push(entry(head, &mut fields)?);
        }
    }
    Ok(entries)
}

/// One change, against one parent or several: what it begins with, and the one or two paths behind that.
fn entry<'r>(head: &[u8], fields: &mut impl Iterator<Item = &'r [u8]>) -> anyhow::Result<Entry> {
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
    Ok(Entry {
        path: PathBuf::from(OsString::from_vec(path.to_vec())),
        mode: (*modes.last().unwrap_or(&"")).to_owned(),
        old: old.iter().filter(exists).map(|it| (*it).to_owned()).collect(),
        new: new.to_owned(),
        unmerged: status.contains('U'),
        is_new: status.bytes().all(|b| !matches!(b, b'M' | b'T')),
    })
}

/// Git takes an index that was cut off for one of fewer files.
pub(super) fn refuse_a_damaged_index(here: &Path) -> anyhow::Result<()> {
    Index::verify(&own_file(here, "index")?)?;
    Ok(())
}

/// Where git keeps a file of its own.
fn own_file(here: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let mut command = git::hardened(here);
    command.args(["rev-parse", "--path-format=absolute", "--git-path", name]);
    let path = git::output(command, "say where its files are")?;
    Ok(PathBuf::from(OsString::from_vec(path.trim_ascii_end().to_vec())))
}

/// A clone that ends inside the range would show old lines as new and hide what was removed again.
pub(super) fn refuse_a_cut(here: &Path, revisions: &[String]) -> anyhow::Result<()> {
    let ends = match std::fs::read_to_string(own_file(here, "shallow")?) {
        Ok(ends) => ends,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context("could not read where this clone ends"),
    };
    let ends: BTreeSet<&str> = ends.lines().collect();
    let mut command = git::hardened(here);
    command.arg("rev-list").args(revisions).arg("--");
    let all = git::output(command, "list the commits of the range")?;
    let all = String::from_utf8_lossy(&all);
    match all.lines().find(|it| ends.contains(it)) {
        None => Ok(()),
        Some(it) => anyhow::bail!(
            "this shallow clone ends at {it}, inside the range: fetch the whole history \
             (`fetch-depth: 0`, `GIT_DEPTH: 0`)"
        ),
    }
}

/// A path that nothing has, now, before or in between, is a mistake, and no reason to pass.
pub(super) fn refuse_unknown(
    here: &Path,
    paths: &[PathBuf],
    base: &str,
    revisions: &[String],
) -> anyhow::Result<()> {
    let said = |command: &[&str], options: &[String], path: &Path| {
        let mut git = git::hardened(here);
        git.args(command).args(options).arg("--").arg(path);
        git::output(git, "find the path").unwrap_or_default()
    };
    for path in paths.iter().filter(|it| !here.join(it).exists()) {
        let known = [
            said(&["ls-files"], &[], path),
            said(&["ls-files"], &[format!("--with-tree={base}")], path),
            said(&["rev-list", "-1", "--full-history"], revisions, path),
        ];
        if known.iter().all(Vec::is_empty) {
            anyhow::bail!("neither a file nor known to git: {}", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(super::entries(b"x\0").is_err());
    }
}
