//! `--format azure`: logging commands that Azure Pipelines lists as issues of the run, the worst first.

use std::io::{self, Write};

use super::{is_here, overrides, unread, words, worst_first};
use crate::excerpt::printable;
use crate::rule::Severity;
use crate::scan::Report;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for skipped in unread(report) {
        let (path, reason) = (printable(&skipped.path), printable(&skipped.reason));
        let message = data(&format!("{path} could not be read: {reason}"));
        let place = format!("sourcepath={};code=unreadable", property(&path));
        writeln!(out, "##vso[task.logissue type=error;{place}]{message}")?;
    }
    for (rule, text) in overrides(&report.exempted) {
        writeln!(out, "##vso[task.logissue type=warning;code={rule}]{}", data(&text))?;
    }
    for finding in worst_first(report).into_iter().filter(|it| it.exemption.is_none()) {
        let kind = match finding.rule.severity {
            Severity::Error => "error",
            Severity::Warning | Severity::Note => "warning",
        };
        write!(out, "##vso[task.logissue type={kind};code={}", finding.rule.id)?;
        if is_here(finding) {
            write!(out, ";sourcepath={}", property(&printable(&finding.path)))?;
            let start = finding.start;
            write!(out, ";linenumber={};columnnumber={}", start.line, start.column)?;
        }
        let (message, fix) = (words::message_with_place(finding), words::fix(finding));
        writeln!(out, "]{}", data(&format!("{message}. {fix}")))?;
    }
    Ok(())
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let message = data(&format!("lynklint could not do its job: {message}"));
    writeln!(out, "##vso[task.logissue type=error]{message}")
}

/// A command's text: the agent takes these three back.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value of a command's property, which a semicolon or a bracket would end.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
