//! The binary as a user runs it: flags, exit codes, streams, files that resist.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lynklint::rule::example::expand;

use crate::any::leaks;

pub(crate) fn lynklint(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    lynklint(folder).args(arguments).output().expect("it runs")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub(crate) fn quiet(output: &Output) {
    let both = [&output.stdout[..], &output.stderr].concat();
    assert!(!leaks(&String::from_utf8_lossy(&both)), "{}", String::from_utf8_lossy(&both));
}

/// A folder with files whose text has macros.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, expand(text)).expect("a file");
    }
    folder
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git").args(arguments).current_dir(folder).output();
    let output = output.expect("git runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let clean = folder(&[("a.txt", "nothing")]);
    let dirty = folder(&[("a.txt", "$SERVICE")]);
    let empty = folder(&[]);
    for format in ["human", "compact", "json"] {
        for (folder, wanted) in [(&clean, 0), (&dirty, 2), (&empty, 1)] {
            let output = run(folder.path(), &["check", ".", "--format", format]);
            assert_eq!(code(&output), wanted, "{format}: {output:?}");
            quiet(&output);
        }
    }
    assert_eq!(code(&run(dirty.path(), &[])), 2, "check is the default verb");
    assert_eq!(code(&run(dirty.path(), &["no-such-file"])), 1);
    assert_eq!(code(&run(dirty.path(), &["--no-such-flag"])), 1);
}

#[test]
fn errors_come_out_in_the_format_that_was_asked_for() {
    let dirty = folder(&[("a.txt", "$SERVICE"), ("rules/x.yaml", "severity: $PERSONAL\n")]);
    let token = expand("$PERSONAL");
    let flag = format!("--{token}");
    for arguments in [
        vec!["--format", "json", flag.as_str()],
        vec!["--format", "json", token.as_str()],
        vec!["--format", "json", "--rules", token.as_str()],
        vec!["--format", "json", "--rules", "rules"],
        vec!["--format", "json", "--output", "no/such/folder/x"],
    ] {
        let output = run(dirty.path(), &arguments);
        assert_eq!(code(&output), 1, "{arguments:?}");
        assert_eq!(json(&output)["summary"]["overall"], "error", "{arguments:?}");
        assert!(!output.stderr.is_empty());
        quiet(&output);
    }
}

#[test]
fn standard_input_is_judged_by_its_name() {
    let here = folder(&[]);
    for (name, rule) in
        [(".gitlab-ci.yml", "personal-token-in-ci"), ("a.py", "hardcoded-personal-token")]
    {
        let mut child = lynklint(here.path())
            .args(["--stdin", name, "--format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(expand("x: $PERSONAL").as_bytes())
            .expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let json = json(&output);
        assert_eq!(json["diagnostics"][0]["rule"]["id"], rule);
        assert_eq!(json["diagnostics"][0]["range"]["filename"], name);
        assert_eq!(json["diagnostics"][0]["range"]["start"]["column"], 4);
    }
}

#[test]
#[cfg(unix)]
fn a_closed_standard_input_is_no_empty_file() {
    let here = folder(&[]);
    for stdin in ["<&-", "</dev/null"] {
        let program = env!("CARGO_BIN_EXE_lynklint");
        let script = format!("exec '{program}' check --stdin x {stdin}");
        let output = Command::new("sh").args(["-c", &script]).current_dir(here.path()).output();
        let output = output.expect("it runs");
        assert_eq!(code(&output), 1, "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("standard input is closed"));
    }
    let mut empty = lynklint(here.path());
    let status = empty.args(["--stdin", "x"]).stdin(Stdio::piped()).output().expect("it runs");
    assert_eq!(code(&status), 0);
}

#[test]
fn what_cannot_be_is_said_once() {
    let here = folder(&[(".lynklint.yaml", "$PERSONAL: 1\n")]);
    let said = |arguments: &[&str]| {
        let output = run(here.path(), arguments);
        assert_eq!(code(&output), 1, "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(said(&["--no-config", "--rules", "NOPE"]).matches("os error").count(), 1);
    assert!(said(&["-j", "0"]).contains("--jobs"));
    // The line is masked, and what underlines it says nothing of the token's length.
    let underlined = said(&["."]);
    let longest = |it: char| underlined.split(|c| c != it).map(|it| it.chars().count()).max();
    assert!(longest('─') < Some(30), "{underlined}");
    assert!(underlined.contains("lynk_live_****: 1"), "{underlined}");
}

#[test]
fn ignore_rules_are_respected_but_tracked_files_are_read() {
    let here = folder(&[
        (".gitignore", "*.log\nbuild/\n"),
        ("a.log", "$SERVICE"),
        ("build/b.txt", "$SERVICE"),
        ("build/tracked.txt", "$PERSONAL"),
        (".env", "$PERSONAL_TEST"),
        ("c.txt", "nothing"),
    ]);
    git(here.path(), &["init", "-q"]);
    git(here.path(), &["add", "-f", "build/tracked.txt"]);
    let paths = |arguments: &[&str]| {
        let output = run(here.path(), &[&["--format", "json"], arguments].concat());
        let json = json(&output);
        let list = json["diagnostics"].as_array().expect("a list").iter();
        let paths: Vec<_> =
            list.map(|it| it["range"]["filename"].as_str().unwrap_or("").to_owned()).collect();
        (paths, json["receipt"]["hidden"].as_u64())
    };
    assert_eq!(paths(&[]), (vec![".env".to_owned(), "build/tracked.txt".to_owned()], Some(2)));
    let all = [".env", "a.log", "build/b.txt", "build/tracked.txt"].map(str::to_owned);
    assert_eq!(paths(&["--no-ignore"]), (all.to_vec(), Some(0)));
}

#[test]
fn two_runs_give_the_same_bytes() {
    let files: Vec<(String, &str)> =
        (0..200).map(|i| (format!("d{}/{i}.txt", i % 7), "a $SERVICE $PERSONAL")).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let here = folder(&files);
    for format in ["compact", "json"] {
        let once = run(here.path(), &["--format", format, "--jobs", "1"]).stdout;
        assert!(once.len() > 10_000);
        for jobs in ["2", "4"] {
            assert!(run(here.path(), &["--format", format, "--jobs", jobs]).stdout == once);
        }
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let here = folder(&[("a.txt", &"$SERVICE\n".repeat(20_000))]);
    let mut child = lynklint(here.path())
        .args(["--format", "compact"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(code(&output), 2);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("Broken pipe"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    let here = folder(&[("a.txt", "nothing")]);
    for arguments in [["--help"].as_slice(), &["--version"], &["rules", "list"], &["check", "."]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("it is there");
        let status =
            lynklint(here.path()).args(arguments).stdout(full).stderr(Stdio::null()).status();
        assert_eq!(status.expect("it runs").code(), Some(1), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn files_that_resist_do_not_hang_it() {
    let here = folder(&[("a.txt", "$SERVICE")]);
    let path = here.path();
    assert!(Command::new("mkfifo").arg(path.join("fifo")).status().expect("mkfifo").success());
    std::os::unix::fs::symlink(path, path.join("loop")).expect("a link");
    std::os::unix::fs::symlink("a.txt", path.join("link")).expect("a link");
    std::os::unix::fs::symlink("nowhere", path.join("dangling")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).expect("a socket");
    let output = run(path, &["--format", "json"]);
    assert_eq!(code(&output), 2);
    assert_eq!(json(&output)["diagnostics"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_token_across_a_window_is_found_once() {
    for at in [1_048_560, 1_048_570, 2_097_100, 3_000_000] {
        let mut text = "0123456789abcde\n".repeat(250_000);
        text.insert_str(at, &expand(" $SERVICE "));
        let here = folder(&[]);
        fs::write(here.path().join("big.bin"), &text).expect("a file");
        let output = json(&run(here.path(), &["--format", "json"]));
        assert_eq!(output["diagnostics"].as_array().map(Vec::len), Some(1), "{at}");
        let line = text[..=at].matches('\n').count() + 1;
        assert_eq!(output["diagnostics"][0]["range"]["start"]["line"], line, "{at}");
        assert_eq!(output["diagnostics"][0]["range"]["start"]["byte"], at + 1, "{at}");
    }
}

#[test]
fn rules_are_listed_shown_and_tested() {
    let here = folder(&[]);
    let list = run(here.path(), &["rules", "list"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("personal-token-in-ci"));
    let page = run(here.path(), &["rules", "show", "personal-token-in-ci"]);
    assert!(String::from_utf8_lossy(&page.stdout).starts_with("# personal-token-in-ci\n"));
    assert_eq!(code(&run(here.path(), &["rules", "show", "nothing"])), 1);
    assert_eq!(code(&run(here.path(), &["rules", "test"])), 0);
    assert_eq!(code(&run(here.path(), &["rules", "test", "."])), 1, "a folder without rules");
}

#[cfg(unix)]
#[test]
fn what_is_named_like_a_rule_is_one() {
    let here = folder(&[]);
    let page = fs::read_to_string("rules/hardcoded-service-token.yaml").expect("the rule");
    fs::write(here.path().join("mine.yaml"), format!("\u{feff}{page}")).expect("a file");
    let output = run(here.path(), &["rules", "test", "."]);
    assert_eq!(code(&output), 0, "a byte order mark is no part of a rule: {output:?}");
    let fifo = here.path().join("other.yaml");
    assert!(Command::new("mkfifo").arg(fifo).status().expect("mkfifo").success());
    let output = run(here.path(), &["rules", "test", "."]);
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(code(&output) == 1 && shown.contains("other.yaml is not a regular file"), "{shown}");
}

#[cfg(unix)]
#[test]
fn the_target_of_a_link_is_text() {
    let here = folder(&[("a.txt", "nothing")]);
    std::os::unix::fs::symlink(expand("$SERVICE"), here.path().join("link")).expect("a link");
    let output = run(here.path(), &["--format", "json"]);
    assert_eq!((code(&output), json(&output)["receipt"]["files"].as_u64()), (2, Some(2)));
}

#[test]
fn a_report_does_not_replace_what_it_is_about() {
    let here = folder(&[("a.txt", "$SERVICE")]);
    let output = run(here.path(), &["a.txt", "--output", "a.txt"]);
    assert_eq!(code(&output), 1);
    quiet(&output);
    assert_eq!(
        fs::read_to_string(here.path().join("a.txt")).expect("it is there"),
        expand("$SERVICE")
    );
}

#[test]
fn a_damaged_index_is_no_pass() {
    let here =
        folder(&[(".gitignore", "*.env"), ("a.env", "$SERVICE"), ("b.env", "x"), ("c.txt", "x")]);
    for arguments in [["init", "-q", "."].as_slice(), ["add", "-f", "."].as_slice()] {
        let status = Command::new("git").args(arguments).current_dir(here.path()).status();
        assert!(status.expect("git runs").success());
    }
    let index = here.path().join(".git/index");
    let whole = fs::read(&index).expect("an index");
    assert_eq!(code(&run(here.path(), &[])), 2);
    for len in [0, 20, 100, 150, whole.len() - 30] {
        fs::write(&index, &whole[..len]).expect("it can be written");
        let code = code(&run(here.path(), &[]));
        assert_eq!(code, 1, "an index of {len} bytes");
    }
}

#[test]
fn a_root_that_is_named_twice_is_read_once() {
    let here = folder(&[("d/a.txt", "$SERVICE")]);
    let output = json(&run(here.path(), &["--format", "json", "d", "./d", "d/a.txt", "d/../d"]));
    assert_eq!(output["diagnostics"].as_array().map(Vec::len), Some(1));
}
