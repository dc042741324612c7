//! `--format jsonl`: one object on each line, an entry of `--format json`'s `diagnostics` each, and the receipt last.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{Item, Receipt, TOOL, Tool, VERSION, write_line};
use super::summary::Summary;
use crate::scan::Report;

/// The last line, which is the one that has a `receipt`.
#[derive(Serialize)]
struct Last<'r> {
    format_version: &'static str,
    tool: Tool,
    summary: Summary<'r>,
    receipt: Receipt<'r>,
}

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    report.findings.iter().try_for_each(|it| write_line(&Item::from(it), out))?;
    last(Summary::of(report), report.into(), out)
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    write_line(&Item::of_error(message), out)?;
    last(Summary::of_error(), Receipt::default(), out)
}

fn last(summary: Summary<'_>, receipt: Receipt<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_line(&Last { format_version: VERSION, tool: TOOL, summary, receipt }, out)
}
