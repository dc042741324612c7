//! How findings are printed: one file for each format, and this table of them.

mod compact;
mod human;
mod json;

use std::io::{self, Write};
use std::time::Duration;

use clap::ValueEnum;

use crate::scan::{Outcome, Report};

/// A way to print a report. A new one is its file, its variant here and its line in [`render`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Rich diagnostics for people.
    Human,
    /// One line for each finding: `path:line:column: severity[rule] message`.
    Compact,
    /// One object, shaped like that of `terraform validate -json`.
    Json,
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
        Format::Compact => compact::render(report, out),
        Format::Json => json::render(report, out),
    }
}

/// Prints what kept lynklint from its job, in the shape of the format. `message` is already masked.
pub fn render_error(format: Format, message: &str, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human | Format::Compact => Ok(()),
        Format::Json => json::render_error(message, out),
    }
}

/// Why the run ends as it does, in one sentence.
pub fn reason(report: &Report<'_>) -> String {
    let failing = report.findings.iter().filter(|it| it.fails()).count();
    match report.outcome() {
        Outcome::Passed if report.findings.is_empty() => {
            format!("passed: no violation in {}", plural(report.coverage.files, "file"))
        }
        Outcome::Passed => "passed: every violation is advisory".to_owned(),
        Outcome::Failed => {
            let failing = plural(failing as u64, "violation");
            format!("failed: {failing} of mandatory policies")
        }
        Outcome::CouldNotJudge
            if report.coverage.files == 0 && report.coverage.skipped.is_empty() =>
        {
            "error: there was nothing to scan, so nothing is known".to_owned()
        }
        Outcome::CouldNotJudge => {
            let skipped = plural(report.coverage.skipped.len() as u64, "path");
            format!("error: {skipped} could not be read, so the scan is incomplete")
        }
    }
}

/// `1 file`, `2 files`, `10,000 files`.
fn plural(n: u64, word: &str) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match (n, word.strip_suffix('y')) {
        (1, _) => format!("{text} {word}"),
        (_, Some(stem)) => format!("{text} {stem}ies"),
        (_, None) => format!("{text} {word}s"),
    }
}
