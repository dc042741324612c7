//! `--format html`: one page that needs no server and no other file, to be read, searched, printed and kept.

mod card;
mod chart;
mod list;

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::words::{self, digits, plural};
use super::{Style, judged_by, reason, record, unread, worst_first};
use crate::excerpt::printable;
use crate::finding::Finding;
use crate::policy::Enforcement;
use crate::rule::Rule;
use crate::scan::{Outcome, Report};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");
/// The most findings that are listed.
const SHOWN: usize = 2_000;
/// Between blocks, so that no line of the page is long.
const BREAK: PreEscaped<&str> = PreEscaped("\n");

pub(super) fn render(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = worst_first(report);
    let most = if style.all { usize::MAX } else { SHOWN };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head())
            body {
                (summary(report)) (BREAK)
                main {
                    (incomplete(report)) (BREAK)
                    (card::section(&findings)) (BREAK)
                    (policies(report)) (BREAK)
                    (chart::section(&findings)) (BREAK)
                    (list::section(report, &findings, most)) (BREAK)
                    (receipt(style, report)) (BREAK)
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    writeln!(out, "{}", page.into_string())
}

/// The policy lets run what stands here and nothing else: whatever else might get into the page is dead text.
fn head() -> Markup {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    html! {
        head {
            meta charset="utf-8"; (BREAK)
            meta http-equiv="Content-Security-Policy" content=(policy); (BREAK)
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer"; (BREAK)
            title { "lynklint report" } (BREAK)
            style { (PreEscaped(STYLE)) }
        } (BREAK)
    }
}

fn summary(report: &Report<'_>) -> Markup {
    let (class, result) = match report.outcome() {
        Outcome::Passed => ("passed", "Passed"),
        Outcome::Failed => ("failed", "Failed"),
        Outcome::CouldNotJudge => ("failed", "Incomplete"),
    };
    let failing = report.findings.iter().filter(|it| it.fails(report.policy.gate)).count();
    let exempted = report.findings.iter().filter(|it| it.exemption.is_some()).count();
    let figures = [
        (failing, "failing"),
        (report.findings.len() - failing - exempted, "advisory"),
        (exempted, "exempt"),
        (report.tokens(), "distinct tokens"),
    ];
    let files = [(report.coverage.files, "files read")];
    let figures = figures.into_iter().map(|(n, name)| (n as u64, name)).chain(files);
    html! {
        header class=(class) {
            p.brand { "lynklint" span { " token policy report" } }
            h1 { span.mark aria-hidden="true" {} (result) }
            p.reason { (reason(report).split_once(": ").map_or("", |it| it.1)) } (BREAK)
            dl.figures { @for (n, name) in figures { div { dt { (name) } dd { (digits(n)) } } } }
        }
    }
}

fn incomplete(report: &Report<'_>) -> Markup {
    let unread = unread(report);
    html! {
        @if !unread.is_empty() {
            section #unread {
                h2 { "Not read" }
                p { "What stands here is unknown, so this report is no verdict." }
                ul { @for it in &unread {
                    li { code { (printable(&it.path)) } " " (printable(&it.reason)) } (BREAK)
                } }
            }
        }
    }
}

fn policies(report: &Report<'_>) -> Markup {
    let mut rules: Vec<_> = report.policy.file_rules().collect();
    rules.sort_by_key(|(rule, _)| report.findings.iter().all(|it| it.rule.id != rule.id));
    html! {
        section #policies {
            h2 { "Policies" }
            p { (plural(rules.len() as u64, "policy")) ", by " (judged_by(report.policy)) }
            div.scroll tabindex="0" role="region" aria-label="Policies" { table {
                thead { tr {
                    th scope="col" { "policy" } th scope="col" { "level" } th scope="col" { "outcome" }
                } } (BREAK)
                tbody { @for (rule, level) in rules {
                    tr {
                        th scope="row" { (rule.summary) " " code { (rule.id) } }
                        td { (badge(level)) }
                        td { (outcome(report, rule)) }
                    } (BREAK)
                } }
            } }
        }
    }
}

fn outcome(report: &Report<'_>, rule: &Rule) -> Markup {
    let of_rule = report.findings.iter().filter(|it| it.rule.id == rule.id);
    let (active, exempted): (Vec<_>, Vec<_>) = of_rule.partition(|it| it.exemption.is_none());
    let (class, word) =
        match (active.is_empty(), active.iter().any(|it| it.fails(report.policy.gate))) {
            (true, _) => ("good", "✓ passed".to_owned()),
            (false, true) => {
                ("bad", format!("× failed: {}", plural(active.len() as u64, "violation")))
            }
            (false, false) => {
                ("fair", format!("! {}", plural(active.len() as u64, "advisory violation")))
            }
        };
    html! {
        span class=(class) { (word) }
        @if !exempted.is_empty() { ", " (digits(exempted.len() as u64)) " exempt" }
    }
}

fn badge(level: Enforcement) -> Markup {
    html! { span.badge.(level.name()) { (level.name()) } }
}

fn receipt(style: Style, report: &Report<'_>) -> Markup {
    let record = record(report);
    let coverage = &report.coverage;
    let complete = report.outcome() != Outcome::CouldNotJudge;
    let rows = [
        ("complete", if complete { "yes" } else { "no" }.to_owned()),
        ("files", digits(coverage.files)),
        ("bytes", words::size(coverage.bytes)),
        ("hidden by ignore rules", plural(coverage.hidden, "file")),
        ("excluded by the configuration", plural(report.excluded, "file")),
        ("not read", plural(coverage.skipped.len() as u64, "path")),
        ("policy digest", report.policy.digest().to_owned()),
        ("lynklint", env!("CARGO_PKG_VERSION").to_owned()),
        ("time", format!("{:.2} s", style.elapsed.as_secs_f64())),
    ];
    html! {
        section #receipt {
            h2 { "Receipt" }
            dl { @for (name, value) in rows { div { dt { (name) } dd { (value) } } (BREAK) } }
            @if !record.is_empty() { ul { @for it in record { li { (it) } (BREAK) } } }
            p { "The body of no token is in this page: a mask hides its length, too, and a fingerprint is the "
                "beginning of its SHA-256. Nothing was sent anywhere." }
        }
    }
}

/// Prose of a rule: what stands between backticks is code.
fn prose(text: &str) -> Markup {
    html! { @for (i, it) in text.split('`').enumerate() {
        @if i % 2 == 1 { code { (it) } } @else { (it) }
    } }
}

/// The line that shows a finding, with its subject marked.
fn code(finding: &Finding<'_>) -> Markup {
    let (text, mark) = (finding.excerpt.text(), finding.excerpt.mark_bytes());
    html! { (text[..mark.start]) mark { (text[mark.clone()]) } (text[mark.end..]) }
}
