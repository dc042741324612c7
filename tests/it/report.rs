//! Every format on plain and on hostile content.

use std::time::Duration;

use clap::ValueEnum;
use lynklint::policy::Policy;
use lynklint::report::{Format, Style, render};
use lynklint::rule::example::expand;
use lynklint::scan::{Outcome, Progress, Report, scan};
use lynklint::source::{Blob, Coverage, Skipped};

const STYLE: Style = Style { color: false, width: 100, all: false, elapsed: Duration::ZERO };

/// Judges files that exist only here; macros in their text become tokens.
pub(crate) fn judged<'p>(policy: &'p Policy, files: &[(&str, &str)]) -> Report<'p> {
    let source = |visit: &(dyn Fn(&Blob<'_>) + Sync)| {
        for (path, text) in files {
            visit(&Blob::whole(path, expand(text).as_bytes()));
        }
        let bytes = files.iter().map(|(_, text)| expand(text).len() as u64).sum();
        Ok(Coverage { files: files.len() as u64, bytes, ..Coverage::default() })
    };
    scan(policy, &Progress::default(), source).expect("nothing fails")
}

pub(crate) fn shown(format: Format, report: &Report<'_>) -> String {
    let mut out = Vec::new();
    render(format, STYLE, report, &mut out).expect("a vector can be written to");
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

#[test]
fn every_format_shows_the_same_report() {
    let policy = policy();
    let report = judged(&policy, &FILES);
    assert_eq!(report.outcome(), Outcome::Failed);
    for format in Format::value_variants() {
        let name = format!("{format:?}").to_lowercase();
        // The digest changes with every rule; the snapshot is about the shape.
        let text = shown(*format, &report).replace(policy.digest(), "…");
        insta::assert_snapshot!(name, text);
    }
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
