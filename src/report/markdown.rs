//! `--format markdown`: a comment for a pull request, a message for a chat, the summary of a step.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::words::{self, plural};
use super::{reason, record, unread, worst_first};
use crate::excerpt::printable;
use crate::finding::Finding;
use crate::scan::Report;

/// The most bytes of rows: GitHub's comments end at 65,536 characters, and the rest of a comment is short.
const LONGEST: usize = 48 << 10;

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### lynklint: {}\n", text(&reason(report)))?;
    let unread = unread(report);
    for skipped in &unread {
        let (path, reason) = (code(&skipped.path), code(&skipped.reason));
        writeln!(out, "- {path} could not be read: {reason}")?;
    }
    if !unread.is_empty() {
        writeln!(out)?;
    }
    let findings = worst_first(report);
    table(&findings, out)?;
    remedies(&findings, out)?;
    let record = record(report);
    record.iter().try_for_each(|it| writeln!(out, "- {}", code(it)))?;
    if !record.is_empty() {
        writeln!(out)?;
    }
    let coverage = &report.coverage;
    let (files, size) = (plural(coverage.files, "file"), words::size(coverage.bytes));
    let (tokens, digest) =
        (plural(report.tokens() as u64, "distinct token"), report.policy.digest());
    writeln!(out, "{files}, {size}, {tokens}; policy {}", code(digest))
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let lines = message.lines().map(code).collect::<Vec<_>>();
    writeln!(out, "### lynklint could not do its job\n\n{}", lines.join("\\\n"))
}

fn table(findings: &[&Finding<'_>], out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "| level | policy | where | what |\n|---|---|---|---|")?;
    let (mut written, mut rows) = (0, 0);
    for row in findings.iter().map(|it| row(it)) {
        written += row.len();
        if written > LONGEST {
            break;
        }
        rows += 1;
        writeln!(out, "{row}")?;
    }
    let rest = findings.len() - rows;
    if rest > 0 {
        writeln!(out, "\n… and {}.", plural(rest as u64, "more violation"))?;
    }
    writeln!(out)
}

fn row(finding: &Finding<'_>) -> String {
    let (rule, level) = (finding.rule, finding.enforcement.name());
    let level = match &finding.exemption {
        Some(it) => format!("exempt by {}", code(&words::exempt(it))),
        None => level.to_owned(),
    };
    let policy = format!("{} ({})", text(&rule.summary), code(rule.id.as_str()));
    let commit =
        finding.commit.as_ref().map_or_else(String::new, |it| format!(", {}", words::commit(it)));
    let place = code(&words::place(finding));
    let verdict = finding.verdict.iter().map(|it| format!(" {}", code(&words::verdict(it))));
    let subject: String = [code(&words::subject(finding))].into_iter().chain(verdict).collect();
    format!("| {level} | {policy} | {place}{commit} | {subject} |")
}

/// What to do, once for each rule and kind of place.
fn remedies(findings: &[&Finding<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut remedies = BTreeMap::new();
    for finding in findings.iter().filter(|it| it.exemption.is_none()) {
        remedies.entry((&finding.rule.id, words::fix(finding))).or_insert(*finding);
    }
    if remedies.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary>What to do</summary>\n")?;
    for ((_, fix), finding) in remedies {
        let (rule, place) = (finding.rule, finding.site.name().unwrap_or("a file"));
        // Rules write their prose in Markdown.
        writeln!(
            out,
            "- **{}** in {place}: {fix} ([why]({}))",
            text(&rule.summary),
            rule.reference
        )?;
    }
    writeln!(out, "\n</details>\n")
}

/// Text of lynklint's own or of a rule, of which Markdown and HTML obey nothing.
fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for it in printable(text).chars() {
        if it.is_ascii_punctuation() && !matches!(it, ',' | '.' | ':' | ';' | '-' | '/' | '(' | ')')
        {
            shown.push('\\');
        }
        shown.push(it);
    }
    shown
}

/// Text of anyone's, as code: within it neither Markdown nor HTML nor a mention counts, and nothing in it can end it,
/// since the fence is longer than any run of backticks. A bar would end the cell of a table, so it is spelt out.
fn code(text: &str) -> String {
    let text = printable(text).replace('|', r"\u{7c}");
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space =
        if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{code, text};

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("a.py"), "`a.py`");
        assert_eq!(code("`` @team </code> ``"), "``` `` @team </code> `` ```");
        assert_eq!(code("a\\|b\n"), r"`a\\u{7c}b\n`");
        assert_eq!(text("a *b* <i> [x](y) @team | `c`"), r"a \*b\* \<i\> \[x\](y) \@team \| \`c\`");
    }
}
