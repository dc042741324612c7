//! `--format compact`: one line for each finding, for editors, `grep` and logs.

use std::io::{self, Write};

use crate::excerpt::printable;
use crate::scan::Report;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let (path, rule) = (printable(&finding.path), finding.rule);
        let (start, subject) = (finding.start, &finding.subject);
        let severity = rule.severity.name();
        write!(out, "{path}:{}:{}: {severity}[{}] ", start.line, start.column, rule.id)?;
        write!(out, "{}: {}", rule.summary, printable(&subject.shown()))?;
        match subject.token() {
            Some(token) => writeln!(out, " ({})", token.fingerprint)?,
            None => writeln!(out)?,
        }
    }
    for skipped in &report.coverage.skipped {
        let (path, reason) = (printable(&skipped.path), printable(&skipped.reason));
        writeln!(out, "{path}:1:1: error[unreadable] could not be read: {reason}")?;
    }
    Ok(())
}
