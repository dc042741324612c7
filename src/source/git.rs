//! Asks git what only git knows. Hardened: no hook, no monitor, no lock, no network.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::work_tree::WorkTree;

/// Git on a repository, whatever the environment says about another one. Which object directories there are is left to
/// the environment: a hook sees those of a push that is not accepted yet in no other way.
pub(super) fn command(repository: &Path) -> Command {
    let mut command = hardened(repository);
    command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    command
}

/// Git as it is in a folder, or as a hook's environment says: with the index of the commit in the making.
pub(super) fn hardened(here: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(here)
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("LC_ALL", "C")])
        .envs([("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_TERMINAL_PROMPT", "0")])
        // A path is a path, also where git would read a pattern.
        .env("GIT_LITERAL_PATHSPECS", "1")
        .stdin(Stdio::null());
    command
}

/// What git prints. `what` ends the sentence "git could not …".
pub(super) fn ask<I>(repository: &Path, what: &str, arguments: I) -> io::Result<Vec<u8>>
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let mut command = command(repository);
    command.args(arguments);
    output(command, what)
}

/// Whether `here` is in a repository that git may read. If not, the error says what to do.
pub(super) fn ensure_repository(here: &Path) -> io::Result<()> {
    ensure_answers(here)?;
    let mut command = hardened(here);
    command.args(["rev-parse", "--git-dir"]);
    let Err(error) = output(command, "find the repository") else { return Ok(()) };
    let text = error.to_string();
    let next = match text.split_once("dubious ownership in repository at ") {
        Some((_, path)) => {
            let path = path.trim_matches('\'').replace('\'', r"'\''");
            format!(": trust it first with git config --global --add safe.directory '{path}'")
        }
        None if text.contains("not a git repository") => {
            ": run lynklint inside of one, or name files".to_owned()
        }
        None => String::new(),
    };
    Err(io::Error::other(format!("{text}{next}")))
}

/// Whether git will answer about the repository around `here`: it waits for ever where a file of its own is a FIFO.
pub(super) fn ensure_answers(here: &Path) -> io::Result<()> {
    match WorkTree::around(here).and_then(|it| it.trap()) {
        None => Ok(()),
        Some(path) => Err(io::Error::other(format!(
            "{} is not a regular file: git would wait for it",
            path.display()
        ))),
    }
}

/// Git as its user has set it up, for what is about that set-up.
pub(super) fn plain(here: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(here).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// What a command of git's prints. `what` ends the sentence "git could not …".
pub(super) fn output(mut command: Command, what: &str) -> io::Result<Vec<u8>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let why = reason(&message);
    // Some commands, asked to be quiet, do not say why.
    let why = if why.is_empty() { why } else { format!(": {why}") };
    Err(io::Error::other(format!("git could not {what}{why}")))
}

/// The first line of a message, with the list that it may announce. Ids of objects are cut to what git still understands:
/// whole ones look like secrets, and would be hidden as such.
fn reason(message: &str) -> String {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default().trim_start_matches("fatal: ");
    let mut reason = first.to_owned();
    if first.ends_with(':') {
        let listed: Vec<&str> = lines.map_while(|it| it.strip_prefix('\t')).collect();
        reason = format!("{first} {}", listed.join(", "));
    }
    let is_hex = |it: char| matches!(it, '0'..='9' | 'a'..='f');
    let is_id = |word: &str| matches!(word.len(), 40 | 64) && word.chars().all(is_hex);
    let words = reason.split_inclusive([' ', '(', ')', '\'', ',', ':']);
    words
        .map(|piece| {
            let word = piece.trim_end_matches([' ', '(', ')', '\'', ',', ':']);
            if is_id(word) {
                [&word[..12], &piece[word.len()..]].concat()
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// The files that git tracks in a work tree, as full paths.
pub(super) fn tracked(work_tree: &Path) -> io::Result<Vec<PathBuf>> {
    ensure_answers(work_tree)?;
    let output = ask(work_tree, "list what it tracks", ["ls-files", "-z", "--cached"])?;
    let names = output.split(|b| *b == 0).filter(|it| !it.is_empty());
    let names: Vec<&[u8]> = names.collect();
    // git lists nonsense from an index that was cut off, and says nothing.
    if names.iter().any(|it| it.ends_with(b"/") || it.starts_with(b"/")) {
        return Err(io::Error::other("git's index is damaged: restore it with git reset"));
    }
    Ok(names.into_iter().map(|it| work_tree.join(OsString::from_vec(it.to_vec()))).collect())
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_reason_is_short_and_names_what_it_is_about() {
        let id = "0123456789abcdef".repeat(4);
        let said = reason(&format!("fatal: unable to read tree ({id})\n"));
        assert_eq!(said, "unable to read tree (0123456789ab)");
        assert_eq!(reason(&format!("bad object {}", &id[..40])), "bad object 0123456789ab");
        assert_eq!(reason(&format!("no x_{}", &id[..40])), format!("no x_{}", &id[..40]));
        let said = reason("fatal: unknown repository extension found:\n\tfoo\n\tbar\nmore\n");
        assert_eq!(said, "unknown repository extension found: foo, bar");
    }
}
