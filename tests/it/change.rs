//! `--staged` and `--diff`: what a change adds, in a folder, in a clone, and in the jobs of CI systems.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lynklint::rule::example::expand;

use crate::cli::{code, json, lynklint, quiet, run};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=it", "-c", "user.email=it@example.com", "-c", "gc.auto=0"])
        .args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, expand(text)).expect("a file");
}

fn commit(folder: &Path, path: &str, text: &str, message: &str) -> String {
    write(folder, path, text);
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", &expand(message)]);
    git(folder, &["rev-parse", "HEAD"])
}

fn init() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet"]);
    folder
}

/// The files of what was found, sorted.
fn files(output: &Output) -> Vec<String> {
    quiet(output);
    let report = json(output);
    let found = report["diagnostics"].as_array().expect("a list").iter();
    let mut files: Vec<String> =
        found.filter_map(|it| Some(it["range"]["filename"].as_str()?.to_owned())).collect();
    files.sort();
    files.dedup();
    files
}

/// A clone of a repository whose main branch had a token when `feature` left it, and has got one more since. `feature`
/// adds one and takes it away again.
struct Cloned {
    folder: tempfile::TempDir,
    /// Where the branch left main.
    fork: String,
    /// What main is at now.
    main: String,
}

impl Cloned {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        git(at, &["init", "--quiet", "first"]);
        let first = at.join("first");
        let fork = commit(&first, "old.txt", "$SERVICE", "old");
        let main = commit(&first, "newer.txt", "$SERVICE", "newer");
        git(&first, &["checkout", "--quiet", "-b", "feature", &fork]);
        commit(&first, "added.txt", "$PERSONAL", "add");
        commit(&first, "added.txt", "gone", "take away");
        git(at, &["clone", "--quiet", "--branch=feature", "first", "clone"]);
        Self { folder, fork, main }
    }

    fn clone(&self) -> std::path::PathBuf {
        self.folder.path().join("clone")
    }

    /// `--diff auto` with variables, in which some words stand for commits.
    fn auto(&self, folder: &Path, variables: &str) -> Output {
        let event = self.folder.path().join("event.json");
        let mut command = lynklint(folder);
        command.args(["--diff", "auto", "--format", "json"]);
        for variable in variables.split_whitespace() {
            let (name, value) = variable.split_once('=').expect("a variable");
            let value = value
                .replace("FORK", &self.fork)
                .replace("MAIN", &self.main)
                .replace("ZERO", &"0".repeat(40))
                .replace("LOST", &"1".repeat(40));
            if name == "GITHUB_EVENT_PATH" {
                fs::write(&event, value).expect("a file");
                command.env(name, &event);
            } else {
                command.env(name, value);
            }
        }
        command.output().expect("it runs")
    }
}

/// What the variables of a job are, and what tells the base then.
const JOBS: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS=true GITHUB_BASE_REF=main GITHUB_REF_NAME=1/merge", "GITHUB_BASE_REF"),
    (
        r#"GITHUB_ACTIONS=true GITHUB_REF_NAME=feature GITHUB_EVENT_PATH={"before":"FORK"}"#,
        "GITHUB_EVENT_PATH#/before",
    ),
    (
        r#"GITHUB_ACTIONS=true GITHUB_REF_NAME=feature GITHUB_EVENT_PATH={"before":"ZERO","repository":{"default_branch":"main"}}"#,
        "GITHUB_EVENT_PATH#/repository/default_branch",
    ),
    (
        r#"GITHUB_ACTIONS=true GITHUB_REF_NAME=feature GITHUB_EVENT_PATH={"before":"LOST","repository":{"default_branch":"main"}}"#,
        "GITHUB_EVENT_PATH#/repository/default_branch",
    ),
    (
        r#"GITHUB_ACTIONS=true GITHUB_EVENT_PATH={"merge_group":{"base_sha":"FORK"}}"#,
        "GITHUB_EVENT_PATH#/merge_group/base_sha",
    ),
    (
        r#"GITEA_ACTIONS=true GITHUB_ACTIONS=true GITHUB_EVENT_PATH={"before":"FORK"}"#,
        "GITHUB_EVENT_PATH#/before",
    ),
    (
        "GITLAB_CI=true CI_MERGE_REQUEST_DIFF_BASE_SHA=FORK CI_COMMIT_BEFORE_SHA=ZERO",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    ),
    (
        "GITLAB_CI=true CI_MERGE_REQUEST_TARGET_BRANCH_SHA=MAIN CI_MERGE_REQUEST_DIFF_BASE_SHA=FORK",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
    ),
    ("GITLAB_CI=true CI_COMMIT_BEFORE_SHA=FORK", "CI_COMMIT_BEFORE_SHA"),
    (
        "GITLAB_CI=true CI_COMMIT_REF_NAME=feature CI_COMMIT_BEFORE_SHA=ZERO CI_DEFAULT_BRANCH=main",
        "CI_DEFAULT_BRANCH",
    ),
    ("JENKINS_URL=x CHANGE_TARGET=main GIT_PREVIOUS_COMMIT=LOST", "CHANGE_TARGET"),
    (
        "JENKINS_URL=x GIT_PREVIOUS_SUCCESSFUL_COMMIT=FORK GIT_PREVIOUS_COMMIT=MAIN",
        "GIT_PREVIOUS_SUCCESSFUL_COMMIT",
    ),
    (
        "TF_BUILD=True SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
    ),
    ("BITBUCKET_COMMIT=x BITBUCKET_PR_DESTINATION_BRANCH=main", "BITBUCKET_PR_DESTINATION_BRANCH"),
    (
        "CIRCLECI=true CIRCLE_COMPARE_URL=https://example.com/a/b/compare/FORK...abc",
        "CIRCLE_COMPARE_URL",
    ),
    ("CIRCLECI=true CIRCLE_BRANCH=feature", "refs/remotes/origin/HEAD"),
    (
        "BUILDKITE=true BUILDKITE_BRANCH=feature BUILDKITE_PULL_REQUEST_BASE_BRANCH= BUILDKITE_PIPELINE_DEFAULT_BRANCH=main",
        "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    ),
    ("CI=woodpecker CI_PREV_COMMIT_SHA=FORK", "CI_PREV_COMMIT_SHA"),
    (
        "DRONE=true DRONE_TARGET_BRANCH=x DRONE_COMMIT_BEFORE=FORK DRONE_REPO_BRANCH=main",
        "DRONE_COMMIT_BEFORE",
    ),
    ("DRONE=true DRONE_PULL_REQUEST=1 DRONE_TARGET_BRANCH=main", "DRONE_TARGET_BRANCH"),
    (
        "TRAVIS=true TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=x TRAVIS_COMMIT_RANGE=FORK...abc",
        "TRAVIS_COMMIT_RANGE",
    ),
    ("TRAVIS=true TRAVIS_PULL_REQUEST=7 TRAVIS_BRANCH=main", "TRAVIS_BRANCH"),
    (
        "CODEBUILD_BUILD_ID=x CODEBUILD_WEBHOOK_BASE_REF=refs/heads/main",
        "CODEBUILD_WEBHOOK_BASE_REF",
    ),
    ("CIRRUS_CI=true CIRRUS_PR=1 CIRRUS_BASE_BRANCH=main", "CIRRUS_BASE_BRANCH"),
];

#[test]
fn a_job_says_where_its_change_begins() {
    let cloned = Cloned::new();
    git(&cloned.clone(), &["remote", "set-head", "origin", "main"]);
    for (variables, told_by) in JOBS {
        let output = cloned.auto(&cloned.clone(), variables);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("HEAD, as {told_by} says")), "{variables}: {said}");
        assert_eq!(files(&output), ["added.txt"], "{variables}");
        assert_eq!(code(&output), 2, "{variables}: {said}");
    }
}

#[test]
fn the_first_push_of_all_is_all_of_it() {
    let cloned = Cloned::new();
    let event = r#"GITHUB_ACTIONS=true GITHUB_REF_NAME=feature GITHUB_EVENT_PATH={"before":"ZERO","repository":{"default_branch":"feature"}}"#;
    let output = cloned.auto(&cloned.clone(), event);
    assert_eq!(files(&output), ["added.txt", "old.txt"]);
}

#[test]
fn a_base_that_is_not_there_is_no_pass() {
    let cloned = Cloned::new();
    let shallow = cloned.folder.path().join("shallow");
    let from = format!("file://{}", cloned.folder.path().join("first").display());
    let target = shallow.to_string_lossy();
    git(cloned.folder.path(), &["clone", "-q", "--depth=1", "--branch=feature", &from, &target]);
    let clone = cloned.clone();
    for (folder, variables, reason) in [
        (&shallow, "GITHUB_ACTIONS=true GITHUB_BASE_REF=main", "fetch-depth"),
        (&shallow, r#"GITHUB_ACTIONS=true GITHUB_EVENT_PATH={"before":"FORK"}"#, "fetch-depth"),
        (&shallow, "GITLAB_CI=true CI_COMMIT_BEFORE_SHA=FORK", "GIT_DEPTH"),
        (
            &shallow,
            "GITLAB_CI=1 CI_COMMIT_BEFORE_SHA=ZERO CI_DEFAULT_BRANCH=f CI_COMMIT_REF_NAME=f",
            "this shallow clone ends at",
        ),
        (
            &clone,
            "JENKINS_URL=x CHANGE_TARGET=other",
            "+refs/heads/other:refs/remotes/origin/other",
        ),
        (&clone, "JENKINS_URL=x BRANCH_NAME=feature", "GIT_PREVIOUS_COMMIT): give it yourself"),
        (&clone, "BUILDKITE=1 BUILDKITE_BRANCH=m BUILDKITE_PIPELINE_DEFAULT_BRANCH=m", "yourself"),
        (&clone, "GITHUB_ACTIONS=true GITHUB_EVENT_PATH={", "EOF"),
        (&clone, "LANG=C", "no variable names the CI system"),
    ] {
        let output = cloned.auto(folder, variables);
        let said = json(&output)["diagnostics"].to_string();
        assert_eq!(code(&output), 1, "{variables}: {said}");
        assert!(said.contains(reason), "{variables}: {said}");
    }
}

#[test]
fn paths_restrict_a_range() {
    let folder = init();
    let at = folder.path();
    let base = commit(at, "a/x.txt", "x", "start");
    commit(at, "a/x.txt", "$SERVICE", "message with $PERSONAL");
    commit(at, "b/[y].txt", "$SERVICE", "y");
    commit(at, "b/y.txt", "$SERVICE", "z");
    // What a side branch adds and undoes again leaves no trace in the merge.
    git(at, &["checkout", "-q", "-b", "side"]);
    commit(at, "b/side.txt", "$SERVICE", "side");
    git(at, &["rm", "-q", "b/side.txt"]);
    git(at, &["commit", "-qm", "undo"]);
    git(at, &["checkout", "-q", "-"]);
    git(at, &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let message = format!("commit:{}", &git(at, &["rev-parse", "HEAD~3"])[..12]);
    let found = |folder: &Path, paths: &[&str]| {
        files(&run(folder, &[&["--diff", &base, "--format", "json"], paths].concat()))
    };
    assert_eq!(found(at, &[]), ["a/x.txt", "b/[y].txt", "b/side.txt", "b/y.txt", &message]);
    assert_eq!(found(at, &["a"]), ["a/x.txt"]);
    assert_eq!(found(at, &["b/[y].txt"]), ["b/[y].txt"]);
    assert_eq!(found(at, &["b/side.txt", "a"]), ["a/x.txt", "b/side.txt"]);
    assert_eq!(found(&at.join("b"), &["."]), ["b/[y].txt", "b/side.txt", "b/y.txt"]);
    git(at, &["config", "diff.relative", "true"]);
    git(at, &["config", "log.follow", "true"]);
    assert_eq!(found(&at.join("b"), &["y.txt"]), ["b/y.txt"]);
    let output = run(at, &["--diff", &base, "nope"]);
    assert_eq!(code(&output), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("known to git: nope"), "{output:?}");
    let output = run(at, &["--history", "a"]);
    assert_eq!(code(&output), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("takes no PATH"), "{output:?}");
}

#[test]
fn only_what_is_staged_is_judged() {
    let folder = init();
    let at = folder.path();
    write(at, "first.txt", "$SERVICE");
    let found = |folder: &Path, arguments: &[&str]| {
        files(&run(folder, &[&["--staged", "--format", "json"], arguments].concat()))
    };
    assert!(found(at, &[]).is_empty(), "nothing is staged");
    git(at, &["add", "first.txt"]);
    assert_eq!(found(at, &[]), ["first.txt"], "there is no HEAD yet");
    git(at, &["commit", "-qm", "first"]);
    git(at, &["mv", "first.txt", "moved.txt"]);
    write(at, "b/part.txt", "clean\n");
    git(at, &["add", "b/part.txt"]);
    write(at, "b/part.txt", "clean\n$PERSONAL\n");
    assert!(found(at, &[]).is_empty(), "a rename, and a part that is not staged");
    assert_eq!(found(at, &["--whole-files"]), ["moved.txt"]);
    git(at, &["add", "b/part.txt"]);
    assert_eq!(found(at, &[]), ["b/part.txt"]);
    git(at, &["config", "diff.relative", "true"]);
    assert_eq!(found(&at.join("b"), &["--whole-files"]), ["b/part.txt", "moved.txt"]);
    assert_eq!(found(&at.join("b"), &["part.txt"]), ["b/part.txt"]);
    assert!(found(at, &["first.txt"]).is_empty(), "it is gone, but was known");
    assert_eq!(code(&run(at, &["--staged", "nope.txt"])), 1);
}

#[test]
fn outside_of_a_repository_an_error_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["--staged"][..], &["--diff", "main"], &["--history"]] {
        let output = run(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), 1);
        assert!(said.contains("not a git repository"), "{arguments:?}: {said}");
        assert!(said.contains("run lynklint inside of one"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_name_is_no_commit() {
    let folder = init();
    let at = folder.path();
    let base = commit(at, "a", "a", "start");
    let name = format!("\u{1}{} 1 2026", "a".repeat(40));
    commit(at, &name, "a\n", "name");
    commit(at, &format!("z{name}"), "$SERVICE", "name");
    let output = run(at, &["--diff", &base, "--format", "json"]);
    assert_eq!(code(&output), 2, "{output:?}");
    assert_eq!(json(&output)["receipt"]["files"], 2);
}

#[test]
fn a_name_is_judged_when_it_is_given() {
    let folder = init();
    let at = folder.path();
    let name = expand("$SERVICE.txt");
    let staged = |expected: i32| {
        git(at, &["add", "-A"]);
        let output = lynklint(at).args(["check", "--staged"]).output().expect("it runs");
        assert_eq!(code(&output), expected, "{}", String::from_utf8_lossy(&output.stdout));
        git(at, &["commit", "--quiet", "-m", "next"]);
    };
    write(at, "a.txt", "one\ntwo\nthree\n");
    staged(0);
    git(at, &["mv", "a.txt", &name]);
    staged(2);
    // An old name is not this committer's problem.
    write(at, &name, "one\ntwo\nthree\nfour\n");
    staged(0);
}
