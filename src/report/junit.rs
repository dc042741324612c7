//! `--format junit`: XML that CI systems show as tests. A policy that holds is a test that passes, a violation of a
//! mandatory one a test that fails; what is exempt or advisory is skipped, and what could not be read is an error.

use std::io::{self, Write};

use super::xml::escaped;
use super::{unread, words};
use crate::finding::Finding;
use crate::policy::Gate;
use crate::rule::Rule;
use crate::scan::Report;

/// How many test cases there are of each kind.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let unbroken = |rule: &Rule| report.findings.iter().all(|it| it.rule.id != rule.id);
    let held: Vec<_> =
        report.policy.file_rules().map(|it| it.0).filter(|it| unbroken(it)).collect();
    let gate = report.policy.gate;
    let skipped = unread(report);
    let failures = report.findings.iter().filter(|it| it.fails(gate)).count();
    let counts = Counts {
        tests: held.len() + report.findings.len() + skipped.len(),
        failures,
        errors: skipped.len(),
        skipped: report.findings.len() - failures,
    };
    begin(&counts, out)?;
    for rule in held {
        writeln!(out, r#"    <testcase classname="lynklint" name="{}"/>"#, rule.id)?;
    }
    report.findings.iter().try_for_each(|it| case(it, gate, out))?;
    for it in &skipped {
        let (path, reason) = (escaped(&it.path), escaped(&it.reason));
        writeln!(out, r#"    <testcase classname="lynklint" name="{path}" file="{path}">"#)?;
        writeln!(out, r#"      <error type="unreadable" message="could not be read: {reason}"/>"#)?;
        writeln!(out, "    </testcase>")?;
    }
    end(out)
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    begin(&Counts { tests: 1, errors: 1, ..Counts::default() }, out)?;
    writeln!(out, r#"    <testcase classname="lynklint" name="lynklint">"#)?;
    writeln!(out, r#"      <error type="error" message="{}"/>"#, escaped(message))?;
    writeln!(out, "    </testcase>")?;
    end(out)
}

fn case(finding: &Finding<'_>, gate: Gate, out: &mut dyn Write) -> io::Result<()> {
    let (rule, place, path) = (finding.rule, words::place(finding), escaped(&finding.path));
    let name = escaped(&format!("{} at {place}", rule.id));
    write!(out, r#"    <testcase classname="lynklint.{}" name="{name}""#, rule.id)?;
    writeln!(out, r#" file="{path}" line="{}">"#, finding.start.line)?;
    let message = escaped(&words::message(finding));
    match &finding.exemption {
        Some(it) => {
            let why = escaped(&words::exempt(it));
            writeln!(out, r#"      <skipped message="exempt by {why}: {message}"/>"#)?;
        }
        None if !finding.fails(gate) => {
            writeln!(out, r#"      <skipped message="advisory: {message}"/>"#)?;
        }
        None => {
            let level = finding.enforcement.name();
            writeln!(out, r#"      <failure type="{level}" message="{message}">"#)?;
            let (code, fix) = (finding.excerpt.text(), words::fix(finding));
            let lines = [("at", &*place), ("code", code), ("fix", &fix), ("docs", &rule.reference)];
            for (name, line) in lines {
                writeln!(out, "{name}: {}", escaped(line))?;
            }
            writeln!(out, "      </failure>")?;
        }
    }
    writeln!(out, "    </testcase>")
}

fn begin(counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let Counts { tests, failures, errors, skipped } = counts;
    let counts = format!(r#"tests="{tests}" failures="{failures}" errors="{errors}""#);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="lynklint" {counts}>"#)?;
    writeln!(out, r#"  <testsuite name="lynklint" {counts} skipped="{skipped}">"#)
}

fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  </testsuite>\n</testsuites>")
}
