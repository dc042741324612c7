//! No output shows a token, and no output lets a file speak to the terminal.

use clap::ValueEnum;
use lynklint::excerpt::obeyed;
use lynklint::report::Format;

use crate::any::leaks;
use crate::report::{judged, policy, shown};

const HOSTILE: [&str; 9] = [
    "plain $SERVICE",
    "two $SERVICE $PERSONAL on a line",
    "\u{1b}[31m$SERVICE\u{1b}[0m",
    "\u{202e}$SERVICE\u{2066}\u{7}\u{9b}31m",
    "$SERVICE$PERSONAL $SERVICE",
    "realynk_live_$PERSONAL x$SERVICE $SERVICE",
    "a\r$SERVICE\r\n\u{0}$PERSONAL",
    "\"lynk_live_\" + \"nothing\" $SERVICE",
    "::error file=x::%0A$SERVICE",
];

/// The most characters of a line. A line of the input may have any length, one of the output may not; formats that put a
/// finding or a rule's page on one line have a longer one, which holds no more of the input.
fn longest(format: Format) -> usize {
    match format {
        Format::Jsonl => 2_500,
        Format::Sarif => 4_000,
        Format::Html => 20_000,
        Format::Markdown | Format::Github | Format::Azure => 1_200,
        Format::Gitlab | Format::GitlabSecrets => 1_500,
        Format::Human
        | Format::Terraform
        | Format::Compact
        | Format::Json
        | Format::Junit
        | Format::Checkstyle => 400,
    }
}

#[test]
fn no_format_shows_a_token_or_obeys_a_file() {
    let policy = policy();
    let long = format!("{}$SERVICE{}", "x = 1;".repeat(30_000), "y = 2;".repeat(30_000));
    let texts: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    for format in Format::value_variants() {
        for text in &texts {
            for name in ["a.txt", ".github/workflows/$NAME.yml", "a\nb\u{1b}[2J\u{202e}.py"] {
                let name =
                    lynklint::rule::example::expand(&name.replace("$NAME", "$PERSONAL_STAGING"));
                let report = judged(&policy, &[(&name, text)]);
                assert!(!report.findings.is_empty(), "{text:?}");
                let out = shown(*format, &report);
                assert!(!leaks(&out), "{format:?}: {out}");
                let obeyed: Vec<_> = out.chars().filter(|it| *it != '\n' && obeyed(*it)).collect();
                assert!(obeyed.is_empty(), "{format:?}: {obeyed:?}");
                assert!(
                    out.lines().all(|it| it.chars().count() < longest(*format)),
                    "{format:?}: a line too long"
                );
            }
        }
    }
}

#[test]
fn debug_of_a_finding_shows_no_token() {
    let policy = policy();
    let report = judged(&policy, &[("a.txt", HOSTILE[1])]);
    assert!(!leaks(&format!("{:?}", report.findings)));
}
