//! `--format checkstyle`: XML that many review tools read. It has no place for what is exempt.

use std::io::{self, Write};

use super::xml::escaped;
use super::{overrides, unread, words};
use crate::rule::Severity;
use crate::scan::Report;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    begin(out)?;
    for skipped in unread(report) {
        writeln!(out, r#"  <file name="{}">"#, escaped(&skipped.path))?;
        unreadable(&format!("could not be read: {}", skipped.reason), out)?;
        writeln!(out, "  </file>")?;
    }
    let overrides = overrides(&report.exempted);
    if !overrides.is_empty() {
        writeln!(out, r#"  <file name="lynklint">"#)?;
        for (rule, text) in overrides {
            let message = escaped(&text);
            write!(out, r#"    <error line="1" severity="info" message="{message}""#)?;
            writeln!(out, r#" source="lynklint.{rule}"/>"#)?;
        }
        writeln!(out, "  </file>")?;
    }
    let findings: Vec<_> = report.findings.iter().filter(|it| it.exemption.is_none()).collect();
    for file in findings.chunk_by(|a, b| a.path == b.path) {
        writeln!(out, r#"  <file name="{}">"#, escaped(&file[0].path))?;
        for finding in file {
            let (start, rule) = (finding.start, finding.rule);
            let severity = match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            let message = escaped(&words::message(finding));
            write!(out, r#"    <error line="{}" column="{}""#, start.line, start.column)?;
            write!(out, r#" severity="{severity}" message="{message}""#)?;
            writeln!(out, r#" source="lynklint.{}"/>"#, rule.id)?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    begin(out)?;
    writeln!(out, r#"  <file name="lynklint">"#)?;
    unreadable(&format!("lynklint could not do its job: {message}"), out)?;
    writeln!(out, "  </file>\n</checkstyle>")
}

fn begin(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<checkstyle version="4.3">"#)
}

fn unreadable(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let message = escaped(message);
    writeln!(
        out,
        r#"    <error line="1" severity="error" message="{message}" source="lynklint.unreadable"/>"#
    )
}
