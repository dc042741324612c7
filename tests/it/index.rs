//! Git's index as git itself lists it, in every version of the format.

use std::fs;
use std::path::Path;
use std::process::Command;

use lynklint::source::index::{Entry, Index};
use proptest::prelude::*;
use sha1::{Digest, Sha1};

pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=N", "-c", "user.email=e@example.org", "-c", "core.quotePath=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A repository with an executable, a link, names that share beginnings, long and non-ASCII ones, and a merge conflict.
fn repository(arguments: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    git(root, &[&["init", "-q", "-b", "main", "."], arguments].concat());
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(90));
    for name in ["a", "a.b", "a/b", "ab/c d", "é\u{202e}", "run", "clash", &long] {
        let path = root.join(if name == "a" { "a0" } else { name });
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, format!("text of {name}")).expect("a file");
    }
    std::os::unix::fs::symlink("a.b", root.join("link")).expect("a link");
    git(root, &["add", "."]);
    git(root, &["update-index", "--chmod=+x", "run"]);
    git(root, &["commit", "-qm", "one"]);
    for (branch, text) in [("other", "theirs"), ("main", "ours")] {
        git(
            root,
            &["checkout", "-q", "-B", branch, if branch == "main" { "HEAD~" } else { "HEAD" }],
        );
        fs::write(root.join("clash"), text).expect("a file");
        git(root, &["commit", "-qam", text]);
    }
    let merge = Command::new("git").args(["merge", "other"]).current_dir(root).output();
    assert!(!merge.expect("git runs").status.success(), "they clash");
    folder
}

/// An entry as `git ls-files --stage --debug` prints it.
fn listed(entry: &Entry) -> String {
    let stat = &entry.stat;
    let id: String = entry.id.iter().map(|b| format!("{b:02x}")).collect();
    format!(
        "{:06o} {id} {}\t{}\n  ctime: {}:{}\n  mtime: {}:{}\n  dev: {}\tino: {}\n  uid: {}\tgid: {}\n  size: {}",
        entry.mode,
        entry.stage,
        String::from_utf8_lossy(&entry.path),
        stat.ctime.0,
        stat.ctime.1,
        stat.mtime.0,
        stat.mtime.1,
        stat.dev,
        stat.ino,
        stat.uid,
        stat.gid,
        stat.size,
    )
}

fn agrees(root: &Path) -> Vec<Entry> {
    let Index::Entries(entries) = Index::of(root).expect("it is whole") else {
        panic!("this reader understands it");
    };
    let theirs = git(root, &["ls-files", "--stage", "--debug"]);
    // The flags are git's own, in memory: what they mean is compared below.
    let theirs: Vec<_> =
        theirs.lines().map(|it| it.split("\tflags: ").next().unwrap_or(it)).collect();
    let ours: Vec<_> = entries.iter().map(listed).collect();
    assert_eq!(ours.join("\n"), theirs.join("\n"));
    entries
}

#[test]
fn an_index_of_every_version_reads_as_git_lists_it() {
    for format in [&["--object-format=sha1"], &["--object-format=sha256"]] {
        let folder = repository(format);
        let root = folder.path();
        for version in ["2", "3", "4"] {
            if version == "3" {
                fs::write(root.join("announced"), "x").expect("a file");
                git(root, &["add", "-N", "announced"]);
            }
            git(root, &["update-index", "--index-version", version]);
            let entries = agrees(root);
            let bytes = fs::read(root.join(".git/index")).expect("an index");
            assert_eq!(bytes[7].to_string(), version);
            let announced: Vec<_> = entries.iter().filter(|it| it.intent_to_add).collect();
            assert_eq!(announced.len(), usize::from(version != "2"));
            assert_eq!(entries.iter().filter(|it| it.stage > 0).count(), 3);
        }
    }
}

#[test]
fn an_index_without_a_checksum_is_read_all_the_same() {
    for format in [&["--object-format=sha1"], &["--object-format=sha256"]] {
        let folder = repository(format);
        git(folder.path(), &["config", "index.skipHash", "true"]);
        git(folder.path(), &["update-index", "--force-write-index"]);
        let entries = agrees(folder.path());
        let whole = fs::read(folder.path().join(".git/index")).expect("an index");
        assert!(whole.ends_with(&[0; 20]));
        for len in 0..whole.len() {
            let cut = [&whole[..len], &[0; 32]].concat();
            if let Some(Index::Entries(read)) = Index::parse(&cut) {
                assert_eq!(read, entries, "cut off at {len}");
            }
        }
    }
}

#[test]
fn an_unusual_index_is_left_to_git() {
    let folder = repository(&[]);
    git(folder.path(), &["update-index", "--split-index"]);
    assert_eq!(Index::of(folder.path()).expect("it is whole"), Index::AskGit);
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "-q"]);
    assert_eq!(Index::of(folder.path()).expect("there is none"), Index::AskGit);
}

#[test]
fn the_index_of_a_linked_work_tree_is_its_own() {
    let folder = repository(&[]);
    let linked = folder.path().join("linked");
    git(folder.path(), &["worktree", "add", "-q", "linked", "other"]);
    fs::write(linked.join("new"), "x").expect("a file");
    git(&linked, &["add", "new"]);
    assert!(agrees(&linked).iter().any(|it| it.path == b"new"));
}

#[test]
fn one_changed_byte_is_noticed() {
    let folder = repository(&[]);
    let whole = fs::read(folder.path().join(".git/index")).expect("an index");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert_eq!(Index::parse(&bytes), None, "byte {at}");
        assert_eq!(Index::parse(&whole[..at]), None, "cut off at {at}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_index_or_none(
        version in 1u8..6,
        count in prop_oneof![0u32..4, Just(u32::MAX)],
        body in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..400),
    ) {
        let mut bytes = [b"DIRC\0\0\0", &[version][..], &count.to_be_bytes(), &body].concat();
        bytes.extend(Sha1::digest(&bytes));
        match Index::parse(&bytes) {
            Some(Index::Entries(entries)) => prop_assert_eq!(entries.len(), count as usize),
            Some(Index::AskGit) | None => {}
        }
        prop_assert_eq!(Index::parse(&body), None);
    }
}
