//! What a walk reads, beside what git says: exactly the files that no rule hides, and those that git tracks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use lynklint::source::{Blob, WalkOptions, walk};
use proptest::prelude::*;

use crate::index::git;

/// The files that a walk reads, and how many it leaves hidden.
fn walked(root: &Path) -> (BTreeSet<String>, u64) {
    let read = Mutex::new(BTreeSet::new());
    let visit = |blob: &Blob<'_>| _ = read.lock().expect("no panic").insert(blob.path.to_owned());
    let coverage =
        walk(&[root.to_owned()], &WalkOptions::default(), &visit).expect("it can be walked");
    assert_eq!(coverage.skipped, []);
    (read.into_inner().expect("no panic"), coverage.hidden)
}

/// The files that git tracks, and those that it would offer to add.
fn offered(root: &Path) -> BTreeSet<String> {
    let list = git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    list.split_terminator('\0').map(str::to_owned).collect()
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, text).expect("a file");
}

/// Lines of ignore files: everything that a pattern is made of.
fn pattern() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[abc.]{1,3}",
        2 => Just("*".to_owned()),
        1 => Just("**".to_owned()),
        2 => Just("/".to_owned()),
        1 => Just("?".to_owned()),
        1 => "\\[[!^]?[abc]{1,2}(-c)?\\]",
        1 => "[ {},#!\\\\]",
        1 => Just("[a".to_owned()),
    ];
    let body = proptest::collection::vec(piece, 1..5).prop_map(|it| it.concat());
    ("!?/?", body, "/?( |\\\\ )?").prop_map(|(start, body, end)| format!("{start}{body}{end}"))
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[abc]{1,2}", "[abc.{},\\[!# ]{1,3}[abc]", "\\.[abc]"];
    proptest::collection::vec(name, 1..4).prop_map(|it| it.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rules_hide_what_git_hides(
        patterns in proptest::collection::vec(pattern(), 1..6),
        inner in proptest::collection::vec(pattern(), 0..3),
        paths in proptest::collection::btree_set(path(), 1..30),
        tracked in 0usize..4,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        git(root, &["init", "-q"]);
        for path in &paths {
            // A name may be a folder's already.
            let parent = root.join(path).parent().map(fs::create_dir_all);
            if parent.is_some_and(|it| it.is_ok()) && !root.join(path).is_dir() {
                write(root, path, "x");
            }
        }
        let tracked: Vec<_> = paths.iter().take(tracked).filter(|it| root.join(it).is_file()).collect();
        for path in tracked {
            git(root, &["add", "-f", "--", &format!(":(literal){path}")]);
        }
        write(root, ".gitignore", &patterns.join("\n"));
        if root.join("a").is_dir() {
            write(root, "a/.gitignore", &inner.join("\n"));
        }
        let hidden = git(root, &["ls-files", "-z", "--others", "--ignored", "--exclude-standard"]);
        let hidden = hidden.split_terminator('\0').count() as u64;
        prop_assert_eq!(walked(root), (offered(root), hidden));
    }
}

#[test]
fn the_excludes_of_a_repository_hold_in_its_linked_work_trees() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("main");
    write(&root, "a.txt", "x");
    git(&root, &["init", "-q"]);
    git(&root, &["config", "core.excludesFile", "my excludes"]);
    git(&root, &["add", "a.txt"]);
    git(&root, &["commit", "-qm", "one"]);
    git(&root, &["worktree", "add", "-q", "../linked"]);
    write(&root, ".git/info/exclude", "*.log");
    for root in [root, folder.path().join("linked")] {
        write(&root, "my excludes", "*.tmp\n");
        write(&root, "b.tmp", "x");
        write(&root, "c.log", "x");
        assert_eq!(walked(&root), (offered(&root), 2), "{}", root.display());
    }
}

#[test]
fn a_hidden_link_that_git_tracks_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    git(root, &["init", "-q"]);
    write(root, ".gitignore", "link*\n");
    std::os::unix::fs::symlink("nowhere", root.join("link")).expect("a link");
    std::os::unix::fs::symlink("nowhere", root.join("link2")).expect("a link");
    git(root, &["add", "-f", "link"]);
    assert!(walked(root).0.contains("link"));
    assert!(!walked(root).0.contains("link2"));
}

#[test]
fn rules_that_are_a_link_are_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    git(root, &["init", "-q"]);
    write(root, "rules", "*.txt\n");
    write(root, "a.txt", "x");
    std::os::unix::fs::symlink("rules", root.join(".gitignore")).expect("a link");
    assert_eq!(walked(root), (offered(root), 0));
}
