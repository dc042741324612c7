//! `--format json`, version 1.0: the object of `terraform validate -json`, and more beside it.

mod item;
mod receipt;
mod spelt;

use std::io::{self, Write};

use serde::Serialize;

use super::summary::Summary;
use crate::rule::Severity;
use crate::scan::{Outcome, Report};

pub(crate) use item::Token;
pub(super) use item::{Answer, Commit, Item, Suppressed};
pub(super) use receipt::Receipt;
pub(crate) use receipt::{TOOL, Tool};
pub(crate) use spelt::write;
pub(super) use spelt::{Lazy, write_line};

#[derive(Serialize)]
struct Root<'r, D> {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    tool: Tool,
    diagnostics: D,
    summary: Summary<'r>,
    receipt: Receipt<'r>,
}

pub(super) const VERSION: &str = "1.0";

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = report.outcome();
    let gate = report.policy.gate;
    let warns = report.findings.iter().filter(|it| !it.fails(gate));
    let root = Root {
        format_version: VERSION,
        valid: outcome == Outcome::Passed,
        error_count: errors(report),
        warning_count: warns.filter(|it| it.rule.severity != Severity::Note).count(),
        tool: TOOL,
        diagnostics: Lazy(|| report.findings.iter().map(Item::from)),
        summary: Summary::of(report),
        receipt: report.into(),
    };
    write(&root, out)
}

/// Readers of `terraform validate -json` take it that a run is valid exactly if this is zero.
fn errors(report: &Report<'_>) -> usize {
    let gate = report.policy.gate;
    let failing = report.findings.iter().filter(|it| it.fails(gate)).count();
    failing + super::unread(report).len()
}

/// The same shape for what kept lynklint from its job.
pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        format_version: VERSION,
        valid: false,
        error_count: 1,
        warning_count: 0,
        tool: TOOL,
        diagnostics: [Item::of_error(message)],
        summary: Summary::of_error(),
        receipt: Receipt::default(),
    };
    write(&root, out)
}
