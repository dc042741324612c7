//! `--format gitlab`: a Code Quality report, which GitLab shows in merge requests. It has no place for what is exempt.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::json::{Lazy, write};
use super::{overrides, unread, words};
use crate::config::FILE;
use crate::finding::{Finding, Fingerprint};
use crate::rule::Severity;
use crate::scan::Report;

#[derive(Serialize)]
struct Issue<'r> {
    description: String,
    check_name: &'r str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'r>,
}

#[derive(Serialize)]
struct Location<'r> {
    path: &'r str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
    end: u64,
}

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let unread = unread(report);
    let skipped = || {
        unread.iter().map(|it| Issue {
            description: format!("could not be read: {}", it.reason),
            check_name: "unreadable",
            fingerprint: format!("unreadable:{}", it.path),
            severity: "blocker",
            location: Location { path: &it.path, lines: Lines { begin: 1, end: 1 } },
        })
    };
    // An issue needs a file, and an override belongs to none: it stands where the levels do.
    let overrides = || {
        overrides(&report.exempted).into_iter().map(|(rule, description)| Issue {
            description,
            check_name: rule,
            fingerprint: format!("overridden:{rule}"),
            severity: "info",
            location: Location { path: FILE, lines: Lines { begin: 1, end: 1 } },
        })
    };
    let issues = || {
        identified(report).map(|(finding, fingerprint)| Issue {
            description: format!("{}. {}", words::message(finding), words::fix(finding)),
            check_name: finding.rule.id.as_str(),
            fingerprint,
            severity: match finding.rule.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Note => "info",
            },
            location: Location {
                path: &finding.path,
                lines: Lines { begin: finding.start.line, end: finding.end.line },
            },
        })
    };
    write(&Lazy(|| skipped().chain(overrides()).chain(issues())), out)
}

/// The findings that are not exempt, and an identity for each. A fingerprint holds no line, so a token that stands in a file
/// twice has one; GitLab would show only the first of two issues that share it.
pub(super) fn identified<'r, 'p>(
    report: &'r Report<'p>,
) -> impl Iterator<Item = (&'r Finding<'p>, String)> {
    let mut seen: BTreeMap<Fingerprint, u32> = BTreeMap::new();
    let findings = report.findings.iter().filter(|it| it.exemption.is_none());
    findings.map(move |it| {
        let n = seen.entry(it.fingerprint).or_default();
        *n += 1;
        let suffix = if *n == 1 { String::new() } else { format!("-{n}") };
        (it, format!("{}{suffix}", it.fingerprint))
    })
}
