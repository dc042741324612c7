//! What other systems run lynklint by: every file and every example of the page is valid, harmless and clean.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lynklint::policy::Policy;
use lynklint::scan::check;
use lynklint::source::Blob;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::any::leaks;
use crate::cli::{folder, git, run};

/// A file of the repository, and where it stands in the repository of whoever uses it.
const FILES: [(&str, &str); 12] = [
    ("action.yml", "action.yml"),
    ("templates/lynklint.yml", "templates/lynklint.yml"),
    ("integrations/azure-steps.yml", "azure-pipelines/lynklint.yml"),
    ("integrations/bitbucket-pipelines.yml", "bitbucket-pipelines.yml"),
    ("integrations/circleci-orb.yml", ".circleci/config.yml"),
    ("integrations/drone.yml", ".drone.yml"),
    ("integrations/woodpecker.yml", ".woodpecker/lynklint.yml"),
    ("integrations/lefthook.yml", "lefthook.yml"),
    ("integrations/Jenkinsfile", "Jenkinsfile"),
    ("integrations/husky-pre-commit.sh", ".husky/pre-commit"),
    (".pre-commit-hooks.yaml", ".pre-commit-hooks.yaml"),
    ("Dockerfile", "Dockerfile"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of the page: language, path (the comment in the first line, if there is one), text.
fn blocks() -> Vec<(String, String, String)> {
    let page = text("docs/integrations.md");
    let fence = Regex::new(r"(?ms)^```(\w+)\n(.*?)^```$").expect("a pattern");
    let blocks = fence.captures_iter(&page).map(|it| {
        let first = it[2].lines().next().unwrap_or_default();
        let path = first.trim_start_matches(['#', '/', ' ']);
        let named = first.starts_with(['#', '/']) && !path.contains(' ');
        (it[1].to_owned(), if named { path } else { "example.txt" }.to_owned(), it[2].to_owned())
    });
    blocks.collect()
}

fn documents(text: &str) -> Vec<Value> {
    let read = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    read.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn every_file_and_example_parses_and_is_clean() {
    let files = FILES.iter().map(|(file, path)| {
        let yaml = Path::new(file).extension().is_some_and(|it| it == "yml" || it == "yaml");
        (if yaml { "yaml" } else { "" }.to_owned(), (*path).to_owned(), text(file))
    });
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    let examples = blocks();
    assert!(examples.len() > 12, "the page has {} examples", examples.len());
    for (language, path, text) in files.chain(examples) {
        if language == "yaml" {
            assert!(documents(&text).iter().all(|it| !it.is_null()), "{path}");
        }
        let findings = check(&Blob::whole(&path, text.as_bytes()), &policy);
        let findings: Vec<_> = findings
            .iter()
            .map(|it| format!("{}:{} {}", path, it.start.line, it.rule.id))
            .collect();
        assert_eq!(findings, [""; 0], "\n{text}");
    }
}

#[test]
fn the_page_and_the_tests_know_every_integration() {
    let page = text("docs/integrations.md");
    for entry in fs::read_dir(root().join("integrations")).expect("a folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let path = format!("integrations/{name}");
        assert!(FILES.iter().any(|(file, _)| *file == path), "{path} is not tested");
        assert!(page.contains(&path), "the page does not name {path}");
    }
    for tool in lynklint::export::tools() {
        assert!(page.contains(&format!("`{tool}`")), "the page does not name {tool}");
    }
}

#[test]
fn the_page_names_no_argument_that_lynklint_does_not_know() {
    let verb = r"\blynklint ((?:check|completions|hook|man|rules)\b[a-z=./ -]*)";
    let command = Regex::new(verb).expect("a pattern");
    let texts = blocks().into_iter().map(|(_, _, text)| text).chain(FILES.map(|it| text(it.0)));
    let texts: Vec<String> = texts.collect();
    let commands = texts.iter().flat_map(|it| command.captures_iter(it)).map(|it| it.extract().1);
    let commands: Vec<[&str; 1]> = commands.collect();
    assert!(commands.len() > 20, "{commands:?}");
    for [command] in commands {
        let arguments = command.split_whitespace().filter(|it| *it != "--");
        let arguments: Vec<_> = arguments.chain(["--help"]).collect();
        let output = run(&root(), &arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn completions_and_manual_pages_name_every_verb() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&root(), &["completions", shell]).stdout;
        let script = String::from_utf8(script).expect("text");
        assert!(script.contains("export") && script.contains("staged"), "{shell}");
    }
    let page = |verb: &[&str]| {
        let output = run(&root(), &[&["man"], verb].concat());
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(page(&[]).contains(".TH lynklint 1"));
    assert!(page(&["check"]).contains(".TH lynklint-check 1"));
    assert!(page(&["rules", "export"]).contains("gitleaks"));
    assert_eq!(run(&root(), &["man", "nothing"]).status.code(), Some(1));
}

/// The steps of the action.
fn steps() -> Vec<Value> {
    let action = documents(&text("action.yml")).remove(0);
    action["runs"]["steps"].as_array().expect("steps").clone()
}

#[test]
fn the_action_pastes_nothing_into_its_scripts_and_pins_what_it_uses() {
    let action = &documents(&text("action.yml"))[0];
    let inputs = action["inputs"].as_object().expect("inputs");
    for (name, input) in inputs {
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
    let named = Regex::new(r"\binputs\.([a-z-]+)").expect("a pattern");
    for it in named.captures_iter(&text("action.yml")) {
        assert!(inputs.contains_key(&it[1]), "there is no input {}", &it[1]);
    }
    let pinned = Regex::new("@[0-9a-f]{40}$").expect("a pattern");
    for step in steps() {
        assert!(!step["run"].as_str().unwrap_or("").contains("${{"), "{step}");
        assert!(step["uses"].as_str().is_none_or(|it| pinned.is_match(it)), "{step}");
    }
}

#[cfg(unix)]
#[test]
fn the_action_hands_its_inputs_over_as_they_are() {
    use std::os::unix::fs::PermissionsExt;

    let here = tempfile::tempdir().expect("a folder");
    let stub = here.path().join("stub");
    fs::write(&stub, "#!/bin/sh\nprintf '%s\\n' \"$@\" >arguments\nexit 2\n").expect("a file");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("permissions");
    let script = steps().into_iter().find(|it| it["id"] == "check").expect("a step");
    let ran = |set: &[(&str, &str)]| {
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c"])
            .arg(script["run"].as_str().expect("a script"))
            .current_dir(here.path())
            .env("BINARY", &stub)
            .envs([("PATHS", "."), ("DIFF", ""), ("RULES", ""), ("SARIF", "s"), ("SUMMARY", "")])
            .env("GITHUB_OUTPUT", here.path().join("output"))
            .envs(set.iter().copied())
            .output()
            .expect("bash");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        fs::read_to_string(here.path().join("arguments")).expect("arguments")
    };
    assert_eq!(ran(&[]), "check\n--format=github\n--format=sarif=s\n--\n.\n");
    let hostile = "a b\n$(touch pwned); `touch pwned`\n\n--output=x";
    let kept = hostile.replace("\n\n", "\n");
    let paths = format!("check\n--format=github\n--format=sarif=a b\n--\n{kept}\n");
    assert_eq!(ran(&[("PATHS", hostile), ("SARIF", "a b")]), paths);
    let diff = "check\n--format=github\n--format=sarif=s\n--rules=$(x)\n--diff=; touch pwned\n";
    assert_eq!(ran(&[("DIFF", "; touch pwned"), ("RULES", "$(x)")]), diff);
    assert!(!here.path().join("pwned").exists());
    let output = fs::read_to_string(here.path().join("output")).expect("it is there");
    assert!(output.contains("exit-code=2\n") && output.contains("sarif=a b\n"), "{output}");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn pre_commit_stops_a_staged_token() {
    if Command::new("pre-commit").arg("--version").output().is_err() {
        eprintln!("skipped: pre-commit is not installed");
        return;
    }
    let repository = |files: &[(&str, &str)]| {
        let folder = folder(files);
        git(folder.path(), &["init", "-q"]);
        git(folder.path(), &["add", "."]);
        folder
    };
    let hooks = repository(&[(".pre-commit-hooks.yaml", &text(".pre-commit-hooks.yaml"))]);
    let author = ["-c", "user.name=it", "-c", "user.email=it@example.com"];
    git(hooks.path(), &[&author[..], &["commit", "-qm", "hooks"]].concat());
    let program = Path::new(env!("CARGO_BIN_EXE_lynklint")).parent().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).expect("a path");
    let cache = tempfile::tempdir().expect("a folder");
    for (file, passes) in [("nothing", true), ("token: $SERVICE", false)] {
        let here = repository(&[("a.yml", file)]);
        let output = Command::new("pre-commit")
            .arg("try-repo")
            .arg(hooks.path())
            .args(["lynklint-system", "--all-files"])
            .current_dir(here.path())
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", cache.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.success(), passes, "{output:?}");
        assert_eq!(said.contains("hardcoded-service-token"), !passes, "{said}");
        assert!(!leaks(&said), "{said}");
    }
}
