//! The baseline: what it exempts, what it survives, and what it never holds.

use std::fs;
use std::path::Path;

use lynklint::rule::example::expand;

use crate::any::leaks;
use crate::cli::{code, folder, git, json, quiet, run};

const FILE: &str = ".lynklint-baseline.yaml";
const CREATE: [&str; 6] =
    ["baseline", "create", "--reason", "before the gate", "--until", "2027-05-31"];
const NOW: [&str; 2] = ["--now", "2026-11-24"];

fn create(folder: &Path, more: &[&str]) -> i32 {
    let output = run(folder, &[&CREATE, &NOW[..], more].concat());
    quiet(&output);
    code(&output)
}

/// The exit code of a check, and how many of the findings are exempt and not.
fn check(folder: &Path, more: &[&str]) -> (i32, usize, usize) {
    let output = run(folder, &[&["--format", "json"], &NOW[..], more].concat());
    quiet(&output);
    let found = json(&output);
    let found = found["diagnostics"].as_array().expect("a list");
    let exempt = found.iter().filter(|it| !it["suppressed"].is_null()).count();
    (code(&output), exempt, found.len() - exempt)
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join(FILE)).expect("it is there")
}

fn write(folder: &Path, path: &str, text: &str) {
    fs::write(folder.join(path), expand(text)).expect("it can be written");
}

#[test]
fn what_was_there_passes_and_what_is_new_fails() {
    let here = folder(&[("a.py", "x = '$SERVICE_TEST'\ny = '$SERVICE_TEST'\n")]);
    let path = here.path();
    assert_eq!(create(path, &[]), 0);
    assert!(text(path).contains("count: 2") && !leaks(&text(path)), "{}", text(path));
    assert_eq!(check(path, &[]), (0, 2, 0));
    write(path, "a.py", "\n\n# moved\nx = '$SERVICE_TEST'\nz = 1; y = '$SERVICE_TEST'\n");
    assert_eq!(check(path, &[]), (0, 2, 0), "moved lines are the same findings");
    write(path, "a.py", "x = '$SERVICE_TEST'\ny = '$SERVICE_TEST'\nz = '$SERVICE_TEST'\n");
    assert_eq!(check(path, &[]), (2, 2, 1), "a third one is new");
    write(path, "a.py", "x = '$PERSONAL_TEST'\ny = '$SERVICE_TEST'\n");
    assert_eq!(check(path, &[]), (2, 1, 1), "another token on the same line is new");
    assert_eq!(check(path, &["--no-baseline"]), (2, 0, 2));
}

#[test]
fn a_renamed_file_stays_accepted_and_a_copy_does_not() {
    let here = folder(&[("a.py", "x = '$SERVICE_TEST'\n"), ("c.py", "")]);
    let path = here.path();
    assert_eq!(create(path, &[]), 0);
    fs::copy(path.join("a.py"), path.join("b.py")).expect("a copy");
    assert_eq!(check(path, &[]), (2, 1, 1));
    assert_eq!(check(path, &["b.py"]), (2, 0, 1), "the file itself is still there");
    fs::remove_file(path.join("a.py")).expect("it was there");
    assert_eq!(check(path, &[]), (0, 1, 0));
    assert_eq!(code(&run(path, &[&["baseline", "prune"], &NOW[..]].concat())), 0);
    assert!(text(path).contains("path: b.py"), "{}", text(path));
    write(path, "a.py", "x = '$SERVICE_TEST'\n");
    assert_eq!(check(path, &[]), (2, 1, 1));
}

#[test]
fn prune_drops_what_is_no_more_and_is_done_then() {
    let here = folder(&[
        ("a.py", "x = '$SERVICE_TEST'\n"),
        ("b.py", "x = '$PERSONAL_TEST'\n"),
        ("c.py", ""),
    ]);
    let path = here.path();
    assert_eq!(create(path, &[]), 0);
    write(path, "b.py", "");
    let prune = || assert_eq!(code(&run(path, &[&["baseline", "prune"], &NOW[..]].concat())), 0);
    prune();
    let once = text(path);
    assert!(once.contains("a.py") && !once.contains("b.py"), "{once}");
    prune();
    assert_eq!(text(path), once);
    let shown = run(path, &["baseline", "show"]);
    quiet(&shown);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("1 finding accepted"), "{shown:?}");
}

#[test]
fn a_hard_mandatory_finding_enters_only_if_someone_answers_for_it() {
    let here = folder(&[("a.py", "x = '$SERVICE'\n")]);
    let path = here.path();
    assert_eq!(create(path, &[]), 0);
    assert!(text(path).contains("entries: []"), "{}", text(path));
    assert_eq!(create(path, &[]), 1, "it is there already");
    assert_eq!(create(path, &["--replace", "--accept-hard"]), 1, "nobody answers for it");
    assert_eq!(create(path, &["--replace", "--accept-hard", "--by", "me"]), 0);
    assert_eq!(check(path, &[]), (0, 1, 0));
    let without = text(path).replace("  approver: me\n", "");
    fs::write(path.join(FILE), without).expect("it can be written");
    assert_eq!(check(path, &[]), (2, 0, 1));
}

#[test]
fn what_is_over_counts_again() {
    let here = folder(&[("a.py", "x = '$SERVICE_TEST'\n")]);
    assert_eq!(create(here.path(), &[]), 0);
    let on = |day| code(&run(here.path(), &["--now", day]));
    assert_eq!((on("2027-05-31"), on("2027-06-01")), (0, 2));
}

#[test]
fn a_baseline_is_the_same_from_anywhere_and_in_any_order() {
    let files: Vec<(String, &str)> = (0..40)
        .map(|n| (format!("d{}/{n}.py", n % 3), "x = '$SERVICE_TEST'\ny = '$PERSONAL_TEST'\n"))
        .collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let here = folder(&files);
    git(here.path(), &["init", "-q"]);
    assert_eq!(create(here.path(), &[]), 0);
    let once = text(here.path());
    assert_eq!(create(&here.path().join("d1"), &["--replace"]), 0);
    assert!(text(here.path()) == once);
    assert_eq!(check(&here.path().join("d1"), &[]).0, 0);
    let paths: Vec<_> = once.lines().filter(|it| it.starts_with("  path:")).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn hostile_names_and_reasons_come_back_as_they_were() {
    let name = "a: '\u{1b}[31m\u{202e}\n# \"x\".py";
    let here = folder(&[(name, "x = '$SERVICE_TEST'\n")]);
    let path = here.path();
    let create = ["baseline", "create", "--until", "2027-05-31", "--reason"];
    let reason = expand("$SERVICE: \u{1b}[31m \n- x");
    let output = run(path, &[&create[..], &[&reason], &NOW[..]].concat());
    quiet(&output);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(!leaks(&text(path)), "{}", text(path));
    assert_eq!(check(path, &[]), (0, 1, 0));
    quiet(&run(path, &["baseline", "show"]));
}
