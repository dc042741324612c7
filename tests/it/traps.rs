//! A repository whose own files are FIFOs or damaged: nothing waits for ever, and nothing is taken for an empty change.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::cli::{code, lynklint, quiet};
use crate::history::{commit, git, init};

/// The files that git itself opens.
const OPENED: [&str; 8] = [
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/info/exclude",
    ".git/objects/info/alternates",
    ".git/packed-refs",
    ".git/refs/heads/main",
    ".git/shallow",
];

fn repository() -> tempfile::TempDir {
    let folder = init(&[]);
    commit(folder.path(), "a.txt", "clean\n", "clean");
    folder
}

fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::create_dir_all(path.parent().expect("a parent"));
    assert!(Command::new("mkfifo").arg(path).status().expect("it runs").success());
}

fn check(at: &Path, arguments: &[&str]) -> (Output, String) {
    let output = lynklint(at).arg("check").args(arguments).output().expect("it runs");
    quiet(&output);
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output, said)
}

#[test]
fn git_is_not_asked_where_it_would_wait() {
    for name in OPENED {
        let folder = repository();
        let at = folder.path();
        fifo(&at.join(name));
        for arguments in [&["--staged"][..], &["--history"], &["--diff", "HEAD"]] {
            let (output, said) = check(at, arguments);
            assert_eq!(code(&output), 1, "{name} {arguments:?}: {said}");
            assert!(said.contains(name), "{name} {arguments:?}: {said}");
        }
        let (output, said) = check(at, &[]);
        assert_eq!(code(&output), 0, "{name}: {said}");
    }
}

#[test]
fn objects_are_not_waited_for() {
    let folder = repository();
    let at = folder.path();
    let blob = git(at, &["rev-parse", "HEAD:a.txt"]);
    let (fan, rest) = blob.split_at(2);
    fifo(&at.join(".git/objects").join(fan).join(rest));
    let (output, said) = check(at, &["--history"]);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("not a regular file"), "{said}");
}

#[test]
fn rules_that_cannot_be_read_are_named() {
    for (name, setting) in [
        (".git/info/exclude", ""),
        (".git/config", ""),
        ("rules", "[core]\n\texcludesFile = rules\n"),
    ] {
        let folder = repository();
        let at = folder.path();
        if !setting.is_empty() {
            fs::write(at.join(".git/config"), setting).expect("it writes");
        }
        fifo(&at.join(name));
        let (output, said) = check(at, &[]);
        assert_eq!(code(&output), 0, "{name}: {said}");
        assert!(said.contains(&format!("{name}: not a regular file")), "{name}: {said}");
    }
    let folder = repository();
    let setting = "[core]\n\texcludesFile = /dev/null\n";
    fs::write(folder.path().join(".git/config"), setting).expect("it writes");
    let (_, said) = check(folder.path(), &[]);
    assert!(!said.contains("/dev/null"), "{said}");
}

#[test]
fn a_damaged_index_is_no_empty_change() {
    let folder = repository();
    let at = folder.path();
    fs::write(at.join("b.txt"), "more\n").expect("it writes");
    git(at, &["add", "b.txt"]);
    let index = fs::read(at.join(".git/index")).expect("an index");
    for len in [0, 12, 100, index.len() - 1] {
        fs::write(at.join(".git/index"), &index[..len]).expect("it writes");
        let (output, said) = check(at, &["--staged"]);
        assert_eq!(code(&output), 1, "{len}: {said}");
    }
}

#[test]
fn what_git_does_not_know_is_named() {
    let folder = repository();
    let at = folder.path();
    git(at, &["config", "core.repositoryFormatVersion", "1"]);
    fs::OpenOptions::new()
        .append(true)
        .open(at.join(".git/config"))
        .and_then(|mut it| std::io::Write::write_all(&mut it, b"[extensions]\n\tfoo = bar\n"))
        .expect("it writes");
    let (output, said) = check(at, &["--staged"]);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("extension found: foo"), "{said}");
}

#[test]
fn submodules_that_are_not_read_are_counted() {
    let (outer, inner) = (repository(), repository());
    let at = outer.path();
    let (_, said) = check(at, &["--history"]);
    assert!(!said.contains("submodules"), "{said}");
    for name in ["one", "deep/two"] {
        git(at, &["submodule", "--quiet", "add", &inner.path().display().to_string(), name]);
    }
    let (output, said) = check(at, &["--history"]);
    assert_eq!(code(&output), 0, "{said}");
    assert!(said.contains("was not read: 2: "), "{said}");
}
