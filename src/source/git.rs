//! Asks git what only git knows. Hardened: no hook, no monitor, no lock, no network.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The files that git tracks in a work tree, as full paths.
pub(super) fn tracked(work_tree: &Path) -> io::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(work_tree)
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "ls-files",
            "-z",
            "--cached",
        ])
        .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("LC_ALL", "C")])
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let first = message.lines().next().unwrap_or_default().trim_start_matches("fatal: ");
        return Err(io::Error::other(format!("git could not list what it tracks: {first}")));
    }
    let names = output.stdout.split(|b| *b == 0).filter(|it| !it.is_empty());
    let names: Vec<&[u8]> = names.collect();
    // git lists nonsense from an index that was cut off, and says nothing.
    if names.iter().any(|it| it.ends_with(b"/") || it.starts_with(b"/")) {
        return Err(io::Error::other("git's index is damaged: restore it with git reset"));
    }
    Ok(names.into_iter().map(|it| work_tree.join(OsString::from_vec(it.to_vec()))).collect())
}
