//! `hook run`: what a push is told, by a server and before it leaves.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use lynklint::rule::example::expand;

use crate::any::leaks;
use crate::history::{commit, git, init};

/// What `lynklint hook` says; it must succeed.
fn hook(at: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
    command.arg("hook").args(arguments).current_dir(at).envs(variables.iter().copied());
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A bare repository with lynklint as its hook, and a clone.
fn server() -> tempfile::TempDir {
    let folder = init(&[]);
    let at = folder.path();
    git(at, &["init", "--quiet", "--bare", "server"]);
    hook(&at.join("server"), &["install", "pre-receive"], &[]);
    git(at, &["remote", "add", "origin", &at.join("server").display().to_string()]);
    commit(at, "a.txt", "clean\n", "clean");
    folder
}

fn push(at: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Output, String) {
    let mut command = Command::new("git");
    command.arg("push").args(arguments).current_dir(at).envs(variables.iter().copied());
    let output = command.env("NO_COLOR", "1").output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!leaks(&said), "{said}");
    (output, said)
}

#[test]
fn a_server_turns_a_token_away() {
    let folder = server();
    let at = folder.path();
    let (output, said) = push(at, &["origin", "main"], &[]);
    assert!(output.status.success() && !said.contains("lynklint"), "{said}");
    commit(at, "b.txt", "$SERVICE\n", "add");
    commit(at, "b.txt", "clean\n", "take away");
    let (output, said) = push(at, &["origin", "main", "main:other"], &[]);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("remote: lynklint: failed: "), "{said}");
    assert!(said.contains("remote: b.txt:1:1: "), "{said}");
    assert!(said.contains("pre-receive hook declined"), "{said}");
    git(at, &["fetch", "--quiet", "origin"]);
    // The objects are gone with the push.
    assert_eq!(
        git(&at.join("server"), &["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main"
    );
    let (_, said) = push(at, &["origin", "main"], &[("GL_REPOSITORY", "project-1")]);
    let lines: Vec<_> = said.lines().filter(|it| it.starts_with("remote: ")).collect();
    assert!(lines.iter().all(|it| it.starts_with("remote: GL-HOOK-ERR: ")), "{said}");
    assert!(lines[0].contains("lynklint: failed: "), "{said}");
}

#[test]
fn whatever_is_pushed_is_read() {
    let folder = server();
    let at = folder.path();
    git(at, &["push", "--quiet", "origin", "main"]);
    git(at, &["tag", "--annotate", "--message", &expand("$PERSONAL"), "v1"]);
    git(at, &["tag", "--annotate", "--message", "on a tag", "v2", "v1"]);
    let file = at.join("file");
    std::fs::write(&file, expand("$SERVICE")).expect("it writes");
    let blob = git(at, &["hash-object", "-w", "file"]);
    git(at, &["tag", "file", &blob]);
    for (name, wanted) in [("v1", "tag:v1"), ("v2", "tag:v1"), ("file", "object:")] {
        let (output, said) = push(at, &["origin", name], &[]);
        assert!(!output.status.success() && said.contains(wanted), "{name}: {said}");
    }
    git(at, &["tag", "--annotate", "--message", "clean", "v3"]);
    let (output, said) = push(at, &["origin", "v3"], &[]);
    assert!(output.status.success(), "{said}");
    let (output, said) = push(at, &["origin", ":v3"], &[]);
    assert!(output.status.success(), "a deletion adds nothing: {said}");
}

#[test]
fn a_new_ref_is_judged_by_its_name() {
    let folder = init(&[]);
    let at = folder.path();
    commit(at, "a.txt", "clean\n", "clean");
    let tip = git(at, &["rev-parse", "HEAD"]);
    let name = format!("refs/heads/{}", expand("$PERSONAL"));
    let none = "0".repeat(40);
    let cases = [
        ("pre-receive", format!("{none} {tip} {name}"), 2),
        ("pre-push", format!("refs/heads/main {tip} {name} {none}"), 2),
        ("pre-receive", format!("{tip} {tip} {name}"), 0),
        ("pre-receive", format!("{tip} {none} {name}"), 0),
        ("pre-receive", format!("{none} {tip} refs/heads/main"), 0),
    ];
    for (hook, line, wanted) in cases {
        std::fs::write(at.join("line"), &line).expect("it writes");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
        command.args(["hook", "run", hook]).current_dir(at);
        let output = command.stdin(File::open(at.join("line")).expect("a file")).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(wanted), "{hook} {said}");
        assert_eq!(said.contains("refs/heads/lynk_live_****:1:1"), wanted == 2, "{said}");
        assert!(!leaks(&said), "{said}");
    }
}

#[test]
fn what_leaves_is_read() {
    let folder = init(&[]);
    let at = folder.path();
    git(at, &["init", "--quiet", "--bare", "server"]);
    git(at, &["remote", "add", "origin", &at.join("server").display().to_string()]);
    let installed = hook(at, &["install", "pre-push"], &[]);
    assert!(installed.contains("wrote "), "{installed}");
    commit(at, "a.txt", "clean\n", "clean");
    git(at, &["tag", "--annotate", "--message", &expand("$PERSONAL"), "v1"]);
    std::fs::write(at.join("file"), expand("$SERVICE")).expect("it writes");
    let blob = git(at, &["hash-object", "-w", "file"]);
    git(at, &["tag", "file", &blob]);
    for (name, wanted) in [("v1", "tag:v1"), ("file", "object:")] {
        let (output, said) = push(at, &["origin", name], &[]);
        assert!(!output.status.success() && said.contains(wanted), "{name}: {said}");
    }
    let (output, said) = push(at, &["origin", "main"], &[]);
    assert!(output.status.success(), "{said}");
}

#[test]
fn what_was_installed_goes_without_being_named() {
    let folder = init(&[]);
    let at = folder.path();
    hook(at, &["install", "pre-commit", "pre-push"], &[]);
    let said = hook(at, &["uninstall"], &[]);
    assert!(said.contains("/pre-commit away") && said.contains("/pre-push away"), "{said}");
    assert_eq!(hook(at, &["uninstall"], &[]), "there is no hook of lynklint's\n");
}

#[test]
fn hooks_of_all_repositories_stop_no_other_hook() {
    let folder = init(&[]);
    let at = folder.path();
    let home = tempfile::tempdir().expect("a folder");
    let config = home.path().join("gitconfig").display().to_string();
    let home = home.path().display().to_string();
    let variables = [("XDG_CONFIG_HOME", &*home), ("GIT_CONFIG_GLOBAL", &*config)];
    let own = at.join(".git/hooks/commit-msg");
    let commits = || {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty"]);
        let output = command.args(["-m", "x"]).current_dir(at).envs(variables).output();
        output.expect("git runs").status.success()
    };
    hook(at, &["install", "--global"], &variables);
    assert!(commits());
    std::fs::write(&own, "#!/bin/sh\nexit 1\n").expect("it writes");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&own, mode).expect("it is set");
    assert!(!commits(), "its own hook is run");
    std::fs::write(at.join("b.txt"), expand("$SERVICE")).expect("it writes");
    std::fs::remove_file(&own).expect("it goes");
    git(at, &["add", "b.txt"]);
    assert!(!commits(), "lynklint is run");
    let said = hook(at, &["uninstall", "--global"], &variables);
    assert!(said.contains("/pre-commit away") && said.contains("core.hooksPath"), "{said}");
    assert!(!std::fs::read_to_string(&config).expect("it is there").contains("hooksPath"));
    assert!(!Path::new(&home).join("lynklint/hooks").exists());
    assert!(commits());
}
