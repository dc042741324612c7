//! `--format github`: workflow commands that GitHub Actions turns into annotations, the worst first since it shows ten.

use std::io::{self, Write};

use super::{is_here, overrides, unread, words, worst_first};
use crate::excerpt::printable;
use crate::finding::Finding;
use crate::rule::Severity;
use crate::scan::Report;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for skipped in unread(report) {
        let (path, reason) = (printable(&skipped.path), printable(&skipped.reason));
        let message = data(&format!("{path} could not be read: {reason}"));
        writeln!(out, "::error file={},title=Not read::{message}", property(&path))?;
    }
    for (_, text) in overrides(&report.exempted) {
        writeln!(out, "::notice title=Overridden::{}", data(&text))?;
    }
    let mut findings = worst_first(report).into_iter().filter(|it| it.exemption.is_none());
    findings.try_for_each(|it| annotation(it, out))
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::error title=lynklint could not do its job::{}", data(message))
}

fn annotation(finding: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (rule, start, end) = (finding.rule, finding.start, finding.end);
    let command = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    write!(out, "::{command} title={}", property(&format!("{} ({})", rule.summary, rule.id)))?;
    if is_here(finding) {
        write!(out, ",file={},line={}", property(&printable(&finding.path)), start.line)?;
        write!(out, ",endLine={}", end.line)?;
        // Columns are for ranges within a line.
        if start.line == end.line {
            write!(out, ",col={},endColumn={}", start.column, end.column)?;
        }
    }
    let (message, fix) = (words::message_with_place(finding), words::fix(finding));
    let text = format!("{message}\n{fix}\n{}, {}", finding.enforcement.name(), rule.reference);
    writeln!(out, "::{}", data(&text))
}

/// A command's text: the runner takes these three back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value of a command's property, which a colon or a comma would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
