//! How findings are printed: one file for each format, and this table of them.

mod azure;
mod checkstyle;
mod compact;
mod github;
mod gitlab;
mod gitlab_secrets;
mod html;
mod human;
pub mod job;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod sarif;
mod summary;
mod terraform;
mod words;
mod xml;

use std::io::{self, Write};
use std::time::Duration;

use clap::ValueEnum;

use crate::excerpt::{masked, printable};
use crate::exempt::{Exempted, Override};
use crate::finding::{ExemptedBy, Finding};
use crate::policy::set::PolicySet;
use crate::policy::{Enforcement, Gate, Policy};
use crate::scan::{Outcome, Report};
use crate::source::Skipped;
pub(crate) use json::{TOOL, Token, Tool, write as write_json};
pub(crate) use words::{overall, plural};

/// A way to print a report. A new one is its file, its variant here and its line in [`render`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Rich diagnostics for people.
    Human,
    /// Boxes and a tally, as Terraform prints them.
    Terraform,
    /// One line for each finding: `path:line:column: severity[rule] message`.
    Compact,
    /// One object, shaped like that of `terraform validate -json`.
    Json,
    /// One object on each line: the findings, and at last the receipt.
    Jsonl,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Annotations of GitHub Actions, and a table in the step's summary.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// A secret detection report of GitLab.
    GitlabSecrets,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// Test cases in XML, as `JUnit` writes it: one for each policy and each violation.
    Junit,
    /// XML, as Checkstyle writes it.
    Checkstyle,
    /// Markdown for a comment, of a length that a pull request takes.
    Markdown,
    /// One page for a browser that needs nothing else.
    Html,
}

/// What the place that is written to can show.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether colours are shown.
    pub color: bool,
    /// Columns of a line.
    pub width: usize,
    /// Whether every finding is shown, however many there are.
    pub all: bool,
    /// How long the scan took; machine formats do not say it, so that two runs give the same bytes.
    pub elapsed: Duration,
}

/// Prints a report.
pub fn render(
    format: Format,
    style: Style,
    report: &Report<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::render(style, report, out),
        Format::Terraform => terraform::render(style, report, out),
        Format::Compact => compact::render(report, out),
        Format::Json => json::render(report, out),
        Format::Jsonl => jsonl::render(report, out),
        Format::Sarif => sarif::render(report, out),
        Format::Github => github::render(report, out),
        Format::Gitlab => gitlab::render(report, out),
        Format::GitlabSecrets => gitlab_secrets::render(report, out),
        Format::Azure => azure::render(report, out),
        Format::Junit => junit::render(report, out),
        Format::Checkstyle => checkstyle::render(report, out),
        Format::Markdown => markdown::render(report, out),
        Format::Html => html::render(style, report, out),
    }
}

/// Prints what kept lynklint from its job, in the shape of the format. `message` is already masked. Where the shape has
/// no room for it nothing is printed, since an empty report would read as a clean one.
pub fn render_error(format: Format, message: &str, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human | Format::Compact | Format::Gitlab | Format::Html => Ok(()),
        Format::Terraform => terraform::render_error(message, out),
        Format::Json => json::render_error(message, out),
        Format::Jsonl => jsonl::render_error(message, out),
        Format::Sarif => sarif::render_error(message, out),
        Format::Github => github::render_error(message, out),
        Format::GitlabSecrets => gitlab_secrets::render_error(message, out),
        Format::Azure => azure::render_error(message, out),
        Format::Junit => junit::render_error(message, out),
        Format::Checkstyle => checkstyle::render_error(message, out),
        Format::Markdown => markdown::render_error(message, out),
    }
}

/// Why the run ends as it does, in one sentence.
pub fn reason(report: &Report<'_>) -> String {
    let gate = report.policy.gate;
    match report.outcome() {
        Outcome::Passed if report.findings.is_empty() => {
            format!("passed: no violation in {}", plural(report.coverage.files, "file"))
        }
        Outcome::Passed => passed(&report.findings, gate),
        Outcome::Failed => failed(&report.findings, gate),
        Outcome::CouldNotJudge if report.read_nothing() && report.coverage.skipped.is_empty() => {
            "error: there was nothing to scan, so nothing is known".to_owned()
        }
        Outcome::CouldNotJudge => {
            let skipped = plural(report.coverage.skipped.len() as u64, "path");
            format!("error: {skipped} could not be read, so the scan is incomplete")
        }
    }
}

/// Why a run passed that has findings.
fn passed(findings: &[Finding<'_>], gate: Gate) -> String {
    let default = gate.fail_on == Gate::default().fail_on;
    let which = if default { "advisory" } else { "below --fail-on" };
    let exempt = match findings.iter().filter(|it| it.exemption.is_some()).count() {
        0 => String::new(),
        n => format!(" or exempt ({n})"),
    };
    format!("passed: every violation is {which}{exempt}")
}

/// Why a run failed.
fn failed(findings: &[Finding<'_>], gate: Gate) -> String {
    let failing = findings.iter().filter(|it| it.fails(gate)).count();
    let failing = plural(failing as u64, "violation");
    let of = match gate.fail_on {
        Enforcement::Advisory => "policies, as --fail-on advisory asks",
        Enforcement::SoftMandatory => "mandatory policies",
        Enforcement::HardMandatory => "hard-mandatory policies, as --fail-on asks",
    };
    let zero = if gate.exit_zero { "; the exit code is 0, as --exit-zero asks" } else { "" };
    format!("failed: {failing} of {of}{zero}")
}

/// The configuration file that judged, masked and printable.
pub fn config_name(policy: &Policy) -> Option<String> {
    policy.config.file.as_ref().map(|it| printable(&masked(&it.name, policy.detector)))
}

/// Which policy judged, in words: the configuration file and the sets.
pub fn judged_by(policy: &Policy) -> String {
    let file = config_name(policy).unwrap_or_else(|| "no configuration file".to_owned());
    let set = |it: &PolicySet| match it.scope.is_everywhere() {
        true => it.name.clone(),
        false => format!("{} ({})", it.name, it.scope.words()),
    };
    let sets: Vec<_> = policy.sets().iter().map(set).collect();
    format!("{file}; {}", printable(&masked(&sets.join(", "), policy.detector)))
}

/// What could not be read. A run that found nothing to read names its root, since an empty report would read as a clean
/// one.
fn unread(report: &Report<'_>) -> Vec<Skipped> {
    let coverage = &report.coverage;
    if !report.read_nothing() || !coverage.skipped.is_empty() {
        return coverage.skipped.clone();
    }
    vec![Skipped { path: ".".to_owned(), reason: "there was nothing to scan".to_owned() }]
}

/// The findings for a reader who may not see all: what fails the run first, what is exempted last.
fn worst_first<'f, 'p>(report: &'f Report<'p>) -> Vec<&'f Finding<'p>> {
    let mut findings: Vec<_> = report.findings.iter().collect();
    findings.sort_by_key(|it| {
        let live = std::cmp::Reverse(it.is_live());
        (it.exemption.is_some(), live, std::cmp::Reverse(it.enforcement), it.rule.severity)
    });
    findings
}

/// Whether a finding's place is in the files as they are now, and not only in git's history.
fn is_here(finding: &Finding<'_>) -> bool {
    finding.commit.as_ref().is_none_or(|it| it.at_head)
}

/// Whether a finding is shown to people who did not ask for all: what is exempt belongs to the record, unless it is this
/// run that exempts it.
fn is_news(finding: &Finding<'_>) -> bool {
    let by = finding.exemption.as_ref().map(|it| it.by);
    matches!(by, None | Some(ExemptedBy::Override))
}

/// The rules that fail nothing in this run, with a sentence each: who has taken that upon them, and why.
fn overrides(exempted: &Exempted) -> Vec<(&str, String)> {
    let sentence = |it: &'_ Override| {
        let text = format!("overridden: {} by {}: {}", it.rule, it.by, it.reason);
        printable(&text)
    };
    exempted.overrides.iter().map(|it| (it.rule.as_str(), sentence(it))).collect()
}

/// What was done for findings not to count, and what the source has to say, a sentence each.
fn record(report: &Report<'_>) -> Vec<String> {
    let of_source = report.coverage.notes.iter().map(|it| printable(&format!("note: {it}")));
    exempted(&report.exempted).into_iter().chain(of_source).collect()
}

/// What was done for findings not to count, a sentence each.
fn exempted(exempted: &Exempted) -> Vec<String> {
    let baseline = exempted.baseline.iter().map(|it| format!("baseline: {it}"));
    let overrides = overrides(exempted).into_iter().map(|(_, it)| it);
    let unsuppressed = exempted
        .unsuppressed
        .then(|| "suppressions are not heeded, as --no-suppressions asks".to_owned());
    let notes = exempted.notes.iter().map(|it| format!("note: {it}"));
    let record = baseline.chain(overrides).chain(unsuppressed).chain(notes);
    record.map(|it| printable(&it)).collect()
}
