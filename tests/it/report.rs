//! Every format on plain and on hostile content.

use std::time::Duration;

use clap::ValueEnum;
use lynklint::date::Date;
use lynklint::excerpt::Veil;
use lynklint::exempt::{Override, Terms};
use lynklint::finding::{ExemptedBy, Exemption, Finding, Fingerprint, Position, Related, Subject};
use lynklint::path::FilePath;
use lynklint::policy::Policy;
use lynklint::report::{Format, Style, render};
use lynklint::rule::example::expand;
use lynklint::rule::{Rule, RuleId};
use lynklint::scan::{Files, Outcome, Progress, Report, check, scan};
use lynklint::source::{Blob, Commit, Coverage, Revision, Skipped, Visitor, Wanted};

const STYLE: Style = Style { color: false, width: 100, all: false, elapsed: Duration::ZERO };

/// Judges files that exist only here; macros in their text become tokens.
pub(crate) fn judged<'p>(policy: &'p Policy, files: &[(&str, &str)]) -> Report<'p> {
    let source = |visit: &Visitor<'_>| {
        for (path, text) in files {
            visit(&Blob::whole(path, expand(text).as_bytes()));
        }
        let bytes = files.iter().map(|(_, text)| expand(text).len() as u64).sum();
        let files = files.len() as u64;
        Ok(Coverage { files, blobs: files, bytes, ..Coverage::default() })
    };
    let again = |_: &Wanted<'_>, visit: &Visitor<'_>| source(visit);
    let files = Files::InFolders(&again);
    scan(policy, &Progress::default(), files, source).expect("nothing fails")
}

pub(crate) fn shown(format: Format, report: &Report<'_>) -> String {
    styled(format, STYLE, report)
}

fn styled(format: Format, style: Style, report: &Report<'_>) -> String {
    let mut out = Vec::new();
    render(format, style, report, &mut out).expect("a vector can be written to");
    String::from_utf8(out).expect("every format is UTF-8")
}

pub(crate) fn policy() -> Policy {
    Policy::recommended(Vec::new()).expect("the policy loads")
}

const FILES: [(&str, &str); 4] = [
    (
        ".github/workflows/sbom.yml",
        "jobs:\n  upload:\n    steps:\n      - run: pylynk upload\n        env:\n          INTERLYNK_SECURITY_TOKEN: $PERSONAL\n",
    ),
    ("src/upload.py", "token = os.environ.get(\"INTERLYNK_SECURITY_TOKEN\", \"$SERVICE\")\n"),
    ("tests/a.go", "const token = \"$PERSONAL_TEST\" // and $SERVICE\n"),
    ("notes.txt", "the token again: $SERVICE\n"),
];

/// The report of [`FILES`] with one finding more of each kind that no scan of a few files yields: one that is exempted,
/// one from git's history, and one about a name, with a second place.
pub(crate) fn mixed(policy: &Policy) -> Report<'_> {
    let mut report = judged(policy, &FILES);
    report.findings.extend([exempted(policy), historic(policy), named(policy)]);
    report.findings.sort_by(|a, b| (&a.path, a.start).cmp(&(&b.path, b.start)));
    report
}

fn lone<'p>(policy: &'p Policy, path: &str, text: &str) -> Finding<'p> {
    check(&Blob::whole(path, expand(text).as_bytes()), policy).remove(0)
}

fn exempted(policy: &Policy) -> Finding<'_> {
    let exemption = Exemption {
        by: ExemptedBy::Suppression,
        reason: Some("rotated by @ops | <b>see</b> #7".to_owned()),
        until: Some("2027-01-31".to_owned()),
        approver: None,
    };
    let finding = lone(policy, "fixtures/login.json", "{ \"token\": \"$SERVICE\" }\n");
    Finding { exemption: Some(Box::new(exemption)), ..finding }
}

fn historic(policy: &Policy) -> Finding<'_> {
    let revision = |seconds: i64, date: &str, digit: &str| {
        let (date, id) = (date.to_owned(), digit.repeat(40));
        Revision { seconds, date, id, author: None }
    };
    let commit = Commit {
        first: revision(1_709_629_200, "2024-03-05T10:00:00+01:00", "1"),
        last: revision(1_749_288_600, "2025-06-07T11:30:00+02:00", "a"),
        refs: vec!["refs/heads/main".to_owned(), "refs/tags/v1".to_owned()],
        at_head: false,
        reachable: Some(true),
    };
    Finding {
        commit: Some(std::sync::Arc::new(commit)),
        ..lone(policy, "old/deploy.sh", "export T=$PERSONAL\n")
    }
}

fn named(policy: &Policy) -> Finding<'_> {
    let line = b"          T: ${{ secrets.MY_TOKEN }}";
    let place = |line, column| Position { byte: column - 1, line, column };
    let subject = Subject::Named("secrets.MY_TOKEN".to_owned());
    let token = lone(policy, ".github/workflows/upload.yml", "x: $PERSONAL\n");
    let mut site = token.site.clone();
    site.address = Some("jobs.upload.steps[0].env.T".into());
    Finding {
        start: place(1, 18),
        end: place(1, 34),
        excerpt: Veil::of(line).excerpt(line, &(17..33)),
        fingerprint: Fingerprint::of(
            token.rule,
            &token.path.key(&policy.anchor),
            &subject,
            "jobs.upload.steps[0].env.T",
        ),
        related: vec![Related {
            path: FilePath::new("upload.sh", &Veil::of(b"")),
            start: place(2, 1),
            excerpt: Veil::of(b"").excerpt(b"set -x", &(0..6)),
            label: "run by this step".to_owned(),
        }],
        subject,
        site,
        ..token
    }
}

#[test]
fn every_format_shows_the_same_report() {
    let policy = policy();
    let report = mixed(&policy);
    assert_eq!(report.outcome(), Outcome::Failed);
    for format in Format::value_variants() {
        let name = format!("{format:?}").to_lowercase();
        insta::assert_snapshot!(name, steady(*format, &report));
    }
}

#[test]
fn every_format_records_the_overrides() {
    let policy = policy();
    let mut report = judged(&policy, &FILES);
    let over = Override {
        rule: RuleId::new("hardcoded-nonproduction-token"),
        reason: "the release of 1.2".to_owned(),
        by: "someone@example.org".to_owned(),
    };
    let now = Date::parse("2026-01-01").expect("a date");
    report.exempt(&Terms { overrides: vec![over], ..Terms::of(now) });
    for format in Format::value_variants() {
        let text = shown(*format, &report);
        for word in ["hardcoded-nonproduction-token", "the release of 1.2", "someone@example.org"] {
            assert!(text.contains(word), "{format:?}: {word}: {text}");
        }
    }
}

/// A report without what changes with every rule: the digest, numbers of policies, and policies that hold.
fn steady(format: Format, report: &Report<'_>) -> String {
    let (policy, text) = (report.policy, styled(format, Style { all: true, ..STYLE }, report));
    let held = |rule: &&Rule| report.findings.iter().all(|it| it.rule.id != rule.id);
    let held: Vec<_> =
        policy.file_rules().map(|it| it.0).filter(held).map(|it| it.id.as_str()).collect();
    let n = held.len() + report.findings.len();
    let policies = policy.file_rules().count();
    let text = text
        .replace(policy.digest(), "…")
        .replace(&format!("{policies} policies"), "… policies")
        .replace(&format!("{} more policies", held.len()), "… more policies")
        .replace(&format!("recommended ({policies})"), "recommended (…)")
        .replace(&format!("recommended: {} passed", held.len()), "recommended: … passed")
        .replace(&format!("\"passed\": {}", held.len()), "\"passed\": …")
        .replace(&format!("\"passed\":{}", held.len()), "\"passed\":…")
        .replace(&format!("tests=\"{n}\""), "tests=\"…\"");
    if format == Format::Sarif {
        let mut log: serde_json::Value =
            serde_json::from_str(&shown(format, report).replace(policy.digest(), "…"))
                .expect("JSON");
        let rules = log.pointer_mut("/runs/0/tool/driver/rules").and_then(|it| it.as_array_mut());
        rules.expect("a list").retain(|it| it["id"].as_str().is_some_and(|it| !held.contains(&it)));
        let results = log.pointer_mut("/runs/0/results").and_then(|it| it.as_array_mut());
        results.expect("a list").iter_mut().for_each(|it| it["ruleIndex"] = "…".into());
        return serde_json::to_string_pretty(&log).expect("JSON");
    }
    let lines = text.lines().filter(|line| !held.iter().any(|it| line.contains(it)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn json_is_whole_and_says_what_was_not_read() {
    let policy = policy();
    let mut report = judged(&policy, &FILES);
    report.coverage.skipped.push(Skipped { path: "x".into(), reason: "permission denied".into() });
    let json: serde_json::Value =
        serde_json::from_str(&shown(Format::Json, &report)).expect("JSON");
    assert_eq!(report.outcome(), Outcome::CouldNotJudge);
    assert_eq!(json["receipt"]["complete"], false);
    assert_eq!(json["receipt"]["skipped"][0]["path"], "x");
    assert_eq!(json["summary"]["overall"], "error");
    let empty = judged(&policy, &[]);
    let json: serde_json::Value = serde_json::from_str(&shown(Format::Json, &empty)).expect("JSON");
    assert_eq!(json["diagnostics"], serde_json::json!([]));
    assert_eq!(empty.outcome(), Outcome::CouldNotJudge);
}

#[test]
fn ten_thousand_findings_are_capped() {
    let policy = policy();
    let text = "a = \"$SERVICE\"\n".repeat(10_000);
    let report = judged(&policy, &[("a.py", &text)]);
    assert_eq!(report.findings.len(), 10_000);
    assert_eq!(report.findings[9_999].start.line, 10_000);
    let human = shown(Format::Human, &report);
    assert!(human.contains("and 9989 more"), "{human}");
    assert!(human.lines().count() < 60);
}
