//! `--format` and `--output` as a user gives them: several reports of one scan, and where each goes.

use std::fs;
use std::process::Stdio;

use clap::ValueEnum;
use lynklint::report::Format;

use crate::any::leaks;
use crate::cli::{code, folder, lynklint, quiet, run};

fn names() -> Vec<String> {
    let name = |it: &Format| it.to_possible_value().expect("none is hidden").get_name().to_owned();
    Format::value_variants().iter().map(name).collect()
}

#[test]
fn every_format_ends_with_the_same_exit_code() {
    let clean = folder(&[("a.txt", "nothing")]);
    let dirty = folder(&[("a.txt", "$SERVICE")]);
    let empty = folder(&[]);
    for name in names() {
        for (folder, wanted) in [(&clean, 0), (&dirty, 2), (&empty, 1)] {
            let output = run(folder.path(), &["--format", &name]);
            assert_eq!(code(&output), wanted, "{name}: {output:?}");
            quiet(&output);
        }
    }
}

#[test]
fn one_scan_writes_every_report() {
    let here = folder(&[("src/a.py", "t = '$SERVICE'\n")]);
    let out = folder(&[]);
    let target = |name: &str| format!("{name}={}", out.path().join(name).display());
    let targets: Vec<_> = names().iter().map(|it| target(it)).collect();
    let files: Vec<&str> = targets.iter().flat_map(|it| ["--format", it]).collect();
    let output = run(here.path(), &[&files[..], &["-f", "compact"]].concat());
    assert_eq!(code(&output), 2);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    for name in names() {
        let written = fs::read_to_string(out.path().join(&name)).expect("it was written");
        assert!(written.contains("src/a.py") && !leaks(&written), "{name}: {written}");
        if !["human", "html"].contains(&&*name) {
            let alone = run(here.path(), &["--format", &name]);
            assert_eq!(String::from_utf8_lossy(&alone.stdout), written, "{name}");
        }
    }
}

#[test]
fn no_report_is_lost() {
    let here = folder(&[("a.txt", "$SERVICE")]);
    for (arguments, wanted) in [
        (["-f", "json", "-f", "sarif"].as_slice(), "two reports would go to standard output"),
        (&["-f", "json=x", "-f", "sarif=x"], "two reports would go to x"),
        (&["-f", "json=x", "-o", "x", "-f", "sarif"], "two reports would go to x"),
        (&["-f", "json=x", "-o", "y"], "--output is for a --format without a file"),
        (&["a.txt", "-f", "json=a.txt"], "a.txt is to be scanned"),
        (&["-f", "json=no/such/folder/x"], "could not write the report"),
        (&["-f", "yaml"], "[possible values: human, terraform,"),
        (&["-f", "sarif="], "invalid value 'sarif='"),
    ] {
        let output = run(here.path(), arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(code(&output) == 1 && message.contains(wanted), "{arguments:?}: {output:?}");
        quiet(&output);
    }
    assert!(fs::read_to_string(here.path().join("a.txt")).is_ok_and(|it| it.contains("lynk_")));
    assert!(!here.path().join("x").exists());
}

#[test]
fn wrong_arguments_are_told_in_the_format_that_was_asked_for() {
    let here = folder(&[]);
    for (arguments, wanted) in [
        (["--no-such-flag", "--format", "sarif"].as_slice(), "\"executionSuccessful\": false"),
        (&["--format=junit", "--no-such-flag"], "<error type=\"error\""),
        (&["-fgithub", "--no-such-flag"], "::error title="),
        (&["-f", "json=x", "-f", "azure", "--no-such-flag"], "##vso[task.logissue type=error]"),
    ] {
        let output = run(here.path(), arguments);
        assert_eq!(code(&output), 1, "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(wanted), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--no-such-flag"));
    }
}

#[test]
fn a_closed_pipe_costs_no_file() {
    let here = folder(&[("a.txt", &"$SERVICE\n".repeat(5_000))]);
    let out = folder(&[]);
    let target = format!("sarif={}", out.path().join("x").display());
    let mut command = lynklint(here.path());
    command.args(["--format", "compact", "--format", &target]).stderr(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    let log = fs::read_to_string(out.path().join("x")).expect("it was written");
    assert!(serde_json::from_str::<serde_json::Value>(&log).is_ok());
}

#[test]
fn the_summary_of_a_step_is_added_to() {
    let here = folder(&[("a.txt", "$SERVICE")]);
    let out = folder(&[("summary.md", "before\n")]);
    let summary = out.path().join("summary.md");
    for (format, more) in [("compact", false), ("github", true)] {
        let mut command = lynklint(here.path());
        let output = command.args(["-f", format]).env("GITHUB_STEP_SUMMARY", &summary).output();
        assert_eq!(code(&output.expect("it runs")), 2);
        let text = fs::read_to_string(&summary).expect("it is there");
        assert!(text.starts_with("before\n"));
        assert_eq!(text.contains("| hard-mandatory |"), more, "{format}: {text}");
    }
}
