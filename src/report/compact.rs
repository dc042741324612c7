//! `--format compact`: one line for each finding, for editors, `grep` and logs.

use std::io::{self, Write};

use super::{unread, words};
use crate::excerpt::printable;
use crate::scan::Report;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let (place, rule) = (beginning(words::place(finding)), finding.rule);
        let exemption = match &finding.exemption {
            Some(it) => format!("; exempt by {}", words::exempt(it)),
            None => String::new(),
        };
        let (severity, message) = (rule.severity.name(), words::message(finding));
        writeln!(out, "{place}: {severity}[{}] {message}{exemption}", rule.id)?;
    }
    for skipped in unread(report) {
        let (path, reason) = (beginning(printable(&skipped.path)), printable(&skipped.reason));
        writeln!(out, "{path}:1:1: error[unreadable] could not be read: {reason}")?;
    }
    Ok(())
}

/// A path as the beginning of a line, which is a command to GitHub Actions if it begins with two colons.
fn beginning(path: String) -> String {
    if path.starts_with("::") { format!("./{path}") } else { path }
}
