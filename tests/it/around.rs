//! What is known of a file by what stands around it: whether CI runs it, and whether git tracks it.

use std::fs;
use std::path::Path;

use lynklint::rule::example::expand;

use crate::any::leaks;
use crate::cli::{code, folder, git, json, lynklint, run};

/// The findings of a scan as `path rule ci (caller)`.
fn found(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(folder, &[arguments, &["--format", "json"]].concat());
    let report = json(&output);
    let list = report["diagnostics"].as_array().expect("a list").clone();
    let shown = |it: &serde_json::Value| {
        let related = it["related"][0]["filename"].as_str().unwrap_or("-");
        let text = |it: &serde_json::Value| it.as_str().expect("text").to_owned();
        let (path, rule) = (text(&it["range"]["filename"]), text(&it["rule"]["id"]));
        format!("{path} {rule} {} {related}", text(&it["site"]["ci"]))
    };
    list.iter().map(shown).collect()
}

const CALLED: [(&str, &str); 3] = [
    (".gitlab-ci.yml", "upload:\n  script: [./scripts/up.sh]\n"),
    ("scripts/up.sh", "export INTERLYNK_SECURITY_TOKEN=$PERSONAL\n"),
    ("scripts/other.sh", "export INTERLYNK_SECURITY_TOKEN=$PERSONAL\n"),
];

#[test]
fn a_script_that_ci_runs_is_ci_wherever_the_scan_starts() {
    let files = CALLED.map(|(path, text)| (format!("du/{path}"), text));
    let files = files.each_ref().map(|(path, text)| (path.as_str(), *text));
    let above = folder(&files);
    let inside = above.path().join("du");
    let full = inside.to_str().expect("UTF-8");
    let expected = |at: &str| {
        [
            format!("{at}scripts/other.sh hardcoded-personal-token none -"),
            format!("{at}scripts/up.sh personal-token-in-ci medium {at}.gitlab-ci.yml"),
        ]
    };
    assert_eq!(found(above.path(), &["du"]), expected("du/"));
    assert_eq!(found(&inside, &["."]), expected(""));
    assert_eq!(found(Path::new("/"), &[full]), expected(""));
    git(&inside, &["init", "-q"]);
    assert_eq!(found(above.path(), &["du"]), expected("du/"));
    assert_eq!(found(&inside, &[]), expected(""));
}

#[test]
fn what_a_called_file_is_named_with_is_found_beside_what_it_holds() {
    let token = expand("$SERVICE");
    let script = format!("scripts/{token}.sh");
    let caller = format!("job:\n  script: ./{script}\n");
    let files = [(".gitlab-ci.yml", caller.as_str()), (script.as_str(), "K=$PERSONAL\n")];
    let repository = folder(&files);
    let found = found(repository.path(), &[]);
    let rules: Vec<_> = found.iter().map(|it| it.split(' ').nth(1)).collect();
    let rules: Vec<_> = rules.into_iter().flatten().collect();
    assert!(rules.contains(&"personal-token-in-ci"), "{found:?}");
    let named = found.iter().filter(|it| it.starts_with("scripts/"));
    assert_eq!(named.count(), 2, "{found:?}");
}

#[test]
fn a_private_file_is_reported_where_git_tracks_it() {
    let text = "INTERLYNK_SECURITY_TOKEN=abcd1234efgh5678\n";
    let repository = folder(&[
        (".env", text),
        ("a/.env", text),
        ("a/.env.example", text),
        (".gitignore", ".env\n"),
    ]);
    let root = repository.path();
    let rule = |path: &str| vec![format!("{path} tracked-secret-file none -")];
    assert_eq!(found(root, &[]), Vec::<String>::new(), "without git");
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    assert_eq!(found(root, &["--no-ignore"]), Vec::<String>::new(), "not tracked");
    git(root, &["add", "-f", "a/.env"]);
    assert_eq!(found(root, &[]), rule("a/.env"), "hidden by the rules, and tracked");
    assert_eq!(found(&root.join("a"), &[".env"]), rule(".env"));
    assert_eq!(found(root, &["--staged"]), rule("a/.env"));
    fs::write(root.join(".git/index"), "broken").expect("a file");
    assert_eq!(code(&run(root, &["a/.env"])), 1, "git does not say");
    let piped = lynklint(root)
        .args(["check", "--stdin", "a/.env"])
        .stdin(fs::File::open(root.join("a/.env")).expect("a file"))
        .output()
        .expect("it runs");
    assert_eq!(code(&piped), 0, "{piped:?}");
}

#[test]
fn what_does_not_fit_costs_nothing_that_came_before() {
    let uses = "$INTERLYNK_SECURITY_TOKEN";
    let script = format!("echo {uses}\n{}", "a;a;a;a;a;a;a;a;a\n".repeat(9_000));
    let docker = format!(
        "FROM a\nENV INTERLYNK_SECURITY_TOKEN={uses}\n{}",
        "RUN a;a;a;a;a;a;a\n".repeat(9_000)
    );
    let here = folder(&[("a.sh", &script), ("Dockerfile", &docker)]);
    let output = run(here.path(), &["--format", "json"]);
    let report = json(&output);
    let rules: Vec<_> = report["diagnostics"].as_array().expect("a list").iter().collect();
    let rules: Vec<_> = rules.iter().map(|it| it["rule"]["id"].as_str()).collect();
    let layer = Some("token-in-image-layer");
    assert_eq!(rules, [layer, layer, Some("token-printed")]);
    let notes = report["summary"]["notes"].as_array().expect("a list");
    let why = "because it says more than fits into 12 MiB";
    assert!(notes.iter().all(|it| it.as_str().is_some_and(|it| it.ends_with(why))), "{notes:?}");
    assert_eq!(notes.len(), 2);
}

#[test]
fn the_rest_of_a_broken_token_and_pieces_in_its_caller_are_hidden() {
    let token = expand("$PERSONAL");
    let (head, tail) = token.split_at(32);
    let body = &token["lynk_live_".len()..];
    let text = format!("T={head}\r{tail}\nU={head}\\{tail}\nV={head}&#8203;{tail}\n");
    let step = format!("on: push\njobs:\n  b:\n    steps:\n      - run: ./x.sh {}\n", &body[3..14]);
    let script = format!("export INTERLYNK_SECURITY_TOKEN={token}\n");
    let here = folder(&[("a.txt", &text), (".github/workflows/a.yml", &step), ("x.sh", &script)]);
    for format in ["json", "human", "sarif", "html"] {
        let output = run(here.path(), &["--all", "--format", format]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!leaks(&said), "{format}: {said}");
    }
}

#[test]
fn what_is_read_as_text_is_found_with_a_note() {
    let token = "K: $PERSONAL\n";
    let deep = format!("a: {}{}\n{token}", "[".repeat(80), "]".repeat(80));
    let many = format!("a: [{}]\n{token}", "1,".repeat(200_001));
    let large = format!("{}{token}", "# padding\n".repeat(900_000));
    for (text, reason) in [
        (format!("a: [\nb: }}\n{token}"), Some("it is not YAML")),
        (deep, Some("it is nested more than 64 deep")),
        (many, Some("it says more than fits into 12 MiB")),
        (large, Some("it is larger than 8 MiB")),
        (format!("a: b\n{token}"), None),
        (format!("{token}a: [\nb: }}\n"), None),
    ] {
        let folder = folder(&[(".gitlab-ci.yml", &text)]);
        let report = json(&run(folder.path(), &["--format", "json"]));
        let finding = &report["diagnostics"][0];
        assert_eq!(finding["rule"]["id"], "personal-token-in-ci", "{reason:?}");
        let site = &finding["site"];
        assert_eq!(site["certainty"], if reason.is_some() { "low" } else { "high" }, "{reason:?}");
        let note =
            reason.map(|it| format!("low certainty of the place: read as text, because {it}"));
        assert_eq!(site["note"].as_str(), note.as_deref());
        for format in ["human", "sarif", "compact", "terraform", "html"] {
            let output = run(folder.path(), &["--format", format]);
            let shown = String::from_utf8(output.stdout).expect("UTF-8");
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            let has_note = shown.contains("low certainty of the place: read as text, because");
            assert_eq!(has_note, reason.is_some(), "{format}: {shown}");
        }
    }
}
