//! `--format terraform`: diagnostics in boxes and a tally of policies, as Terraform and HCP Terraform print them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::words::{self, plural};
use super::{Style, is_news, record, unread, worst_first};
use crate::excerpt::printable;
use crate::finding::{Finding, Subject};
use crate::policy::Gate;
use crate::rule::{Rule, Severity};
use crate::scan::{Outcome, Report};
use crate::tally::SetTally;

/// The most boxes that are shown.
const SHOWN: usize = 50;

/// What a terminal that shows colours is told.
#[derive(Clone, Copy)]
enum Ink {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Bold = 1,
    Dim = 2,
    Underline = 4,
}

impl Style {
    fn ink(self, ink: Ink, text: &str) -> String {
        match self.color {
            true => format!("\x1b[{}m{text}\x1b[0m", ink as u8),
            false => text.to_owned(),
        }
    }
}

pub(super) fn render(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for it in unread(report) {
        let (path, reason) = (printable(&it.path), printable(&it.reason));
        let text = format!("  on {path}:\n\nThe scan is incomplete: {reason}.");
        boxed(style, Ink::Red, "Error", "Could not be read", &text, out)?;
    }
    let most = if style.all { usize::MAX } else { SHOWN };
    let findings = worst_first(report).into_iter().filter(|it| style.all || is_news(it));
    let findings: Vec<_> = findings.collect();
    for finding in findings.iter().take(most) {
        let (ink, word) = match (&finding.exemption, finding.rule.severity) {
            (Some(_), _) => (Ink::Dim, "Exempt"),
            (None, Severity::Error) => (Ink::Red, "Error"),
            (None, Severity::Warning) => (Ink::Yellow, "Warning"),
            (None, Severity::Note) => (Ink::Blue, "Note"),
        };
        boxed(style, ink, word, &finding.rule.summary, &body(style, finding), out)?;
    }
    let rest = findings.len().saturating_sub(most);
    if rest > 0 {
        writeln!(out, "… and {}: --all shows all\n", plural(rest as u64, "more finding"))?;
    }
    tally(style, report, out)
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let plain = Style { color: false, width: 100, all: true, elapsed: std::time::Duration::ZERO };
    boxed(plain, Ink::Red, "Error", "lynklint could not do its job", message, out)
}

fn boxed(
    style: Style,
    ink: Ink,
    word: &str,
    summary: &str,
    text: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bar = style.ink(ink, "│");
    writeln!(out, "{}", style.ink(ink, "╷"))?;
    let (word, summary) = (style.ink(ink, &format!("{word}:")), style.ink(Ink::Bold, summary));
    writeln!(out, "{bar} {word} {summary}\n{bar}")?;
    for line in text.lines() {
        // Lines with a margin are laid out already.
        let width = if line.starts_with(' ') { usize::MAX } else { style.width - 3 };
        for line in textwrap::wrap(line, textwrap::Options::new(width).break_words(false)) {
            writeln!(out, "{}", format!("{bar} {line}").trim_end())?;
        }
    }
    writeln!(out, "{}\n", style.ink(ink, "╵"))
}

fn body(style: Style, finding: &Finding<'_>) -> String {
    let address = finding.site.address.iter().map(|it| format!("  with {},\n", printable(it)));
    let context = finding.site.name().map_or_else(String::new, |it| format!(", in {it}"));
    let (path, line, code) =
        (printable(&finding.path), finding.start.line, underlined(style, finding));
    let rule = style.ink(Ink::Dim, "    ├────────────────");
    let facts = facts(finding).into_iter().map(|(name, value)| {
        let (bar, name) = (style.ink(Ink::Dim, "│"), style.ink(Ink::Bold, name));
        format!("    {bar} {name} {value}\n")
    });
    let (id, level) = (&finding.rule.id, finding.enforcement.name());
    let (when, condition) = condition(finding.rule);
    [
        address.collect(),
        format!("  on {path} line {line}{context}:\n{line:>4}: {code}\n{rule}\n"),
        facts.collect(),
        format!("\n  while evaluating policy {id} ({level})\n"),
        format!("  on rules/{id}.yaml line {when}:\n{when:>4}: {condition}\n\n"),
        format!("{}\n\n{}\n\n", words::why(finding), words::fix(finding)),
        finding.rule.reference.clone(),
    ]
    .concat()
}

fn underlined(style: Style, finding: &Finding<'_>) -> String {
    let (code, mark) = (finding.excerpt.text(), finding.excerpt.mark_bytes());
    let (before, after) = (&code[..mark.start], &code[mark.end..]);
    format!("{before}{}{after}", style.ink(Ink::Underline, &code[mark]))
}

/// What Terraform shows of an expression's values: here, what is known about the subject.
fn facts(finding: &Finding<'_>) -> Vec<(&'static str, String)> {
    let subject = match &finding.subject {
        Subject::Token(token) => ("token", format!("is a {}", words::described(token))),
        Subject::Named(name) => ("name", format!("is {}", printable(name))),
    };
    let scope = finding.site.scope.map(|it| ("scope", format!("is the {it}")));
    let place = finding.site.place.map(|it| ("place", format!("is {}", it.name())));
    let commit = finding.commit.iter().map(|it| ("commit", words::commit(it)));
    let related = finding.related.iter().map(|it| {
        let (label, path) = (printable(&it.label), printable(&it.path));
        ("related", format!("{label}: {path} line {}: {}", it.start.line, it.excerpt.text()))
    });
    let exemption =
        finding.exemption.iter().map(|it| ("exempt", format!("by {}", words::exempt(it))));
    let verdict = finding.verdict.iter().map(|it| ("verdict", words::verdict(it)));
    let facts = [subject].into_iter().chain(verdict).chain(place).chain(scope);
    let note = finding.site.note().map(|it| ("note", it));
    facts.chain(note).chain(commit).chain(related).chain(exemption).collect()
}

/// The line of a rule's file that says when it is broken.
fn condition(rule: &Rule) -> (usize, &str) {
    let lines = (1..).zip(rule.source().lines());
    lines.into_iter().find(|(_, line)| line.starts_with("when:")).unwrap_or((1, ""))
}

fn tally(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tally = report.tally();
    let (ink, overall, means) = match tally.overall {
        Outcome::Passed => (Ink::Green, "PASSED", "all mandatory policies passed"),
        Outcome::Failed => (Ink::Red, "FAILED", "one or more mandatory policies failed"),
        Outcome::CouldNotJudge => (Ink::Red, "ERRORED", "not everything could be read"),
    };
    let advisory = tally.sets.iter().any(|it| 0 < it.advisory);
    let with = if advisory { " (with advisory)" } else { "" };
    writeln!(out, "{}\n", style.ink(Ink::Bold, "Policy Evaluation"))?;
    let overall = style.ink(ink, &format!("{overall}{with}"));
    writeln!(out, "{} {overall}", style.ink(Ink::Bold, "→→ Overall Result:"))?;
    writeln!(out, "{}", style.ink(Ink::Dim, &format!(" This result means that {means}")))?;
    let all: usize = tally.sets.iter().map(size).sum();
    writeln!(out, "{} evaluated\n", plural(all as u64, "policy"))?;
    (1..).zip(&tally.sets).try_for_each(|(n, set)| outcomes(style, report, n, set, out))?;
    record(report).iter().try_for_each(|it| writeln!(out, "{it}"))?;
    writeln!(out, "\n{}", super::reason(report))
}

fn size(set: &SetTally<'_>) -> usize {
    set.passed + set.failed + set.advisory + set.excepted
}

/// The policies of a set that something breaks, one by one, and the number of the others.
fn outcomes(
    style: Style,
    report: &Report<'_>,
    n: usize,
    set: &SetTally<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = style.ink(Ink::Bold, &printable(set.name));
    writeln!(out, "→ Policy set {n}: {name} ({})", size(set))?;
    let mut broken: BTreeMap<_, Vec<&Finding<'_>>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|it| it.set == set.name) {
        broken.entry(&finding.rule.id).or_default().push(finding);
    }
    broken.values().try_for_each(|it| outcome(style, report.policy.gate, it, out))?;
    if set.passed > 0 {
        writeln!(out, "  ↳ {}", plural(set.passed as u64, "more policy"))?;
        writeln!(out, "     | {}", style.ink(Ink::Green, "✓ Passed"))?;
    }
    Ok(())
}

fn outcome(
    style: Style,
    gate: Gate,
    findings: &[&Finding<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let active = findings.iter().filter(|it| it.exemption.is_none()).count();
    let exempt = findings.len() - active;
    let (ink, word) = match (findings.iter().any(|it| it.fails(gate)), active) {
        (true, _) => (Ink::Red, "× Failed"),
        (false, 0) => (Ink::Dim, "– Excepted"),
        (false, _) => (Ink::Blue, "Ⓘ Advisory"),
    };
    let violations = (active > 0).then(|| plural(active as u64, "violation"));
    let exempt = (exempt > 0).then(|| format!("{} exempt", words::digits(exempt as u64)));
    let counts: Vec<_> = violations.into_iter().chain(exempt).collect();
    let (rule, level) = (findings[0].rule, findings[0].enforcement.name());
    let name = style.ink(Ink::Bold, rule.id.as_str());
    writeln!(out, "  ↳ Policy name: {name} ({level})")?;
    writeln!(out, "     | {}: {}", style.ink(ink, word), counts.join(", "))?;
    writeln!(out, "     | {}", style.ink(Ink::Dim, &rule.summary))
}
