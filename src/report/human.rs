//! `--format human`: rich diagnostics, grouped by token, and a summary. The only module that hands findings to miette.

use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::words::{self, plural};
use super::{Style, is_news, judged_by, reason, record};
use crate::excerpt::printable;
use crate::finding::{Finding, Subject};
use crate::rule::Severity;
use crate::scan::Report;

/// The most diagnostics that are shown in full.
const SHOWN: usize = 50;
/// The most further places of one token that are named.
const PLACES: usize = 10;

pub(super) fn render(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(style.width)
        .with_context_lines(0);
    let mut findings: Vec<_> =
        report.findings.iter().filter(|it| style.all || is_news(it)).collect();
    let groups = grouped(&mut findings);
    let most = if style.all { usize::MAX } else { SHOWN };
    for group in groups.iter().take(most) {
        let mut text = String::new();
        let view = View { finding: group[0], others: &group[1..], all: style.all };
        handler.render_report(&mut text, &view).map_err(io::Error::other)?;
        writeln!(out, "{}", text.trim_end())?;
        writeln!(out)?;
    }
    let rest: usize = groups.iter().skip(most).map(|it| it.len()).sum();
    if rest > 0 {
        writeln!(out, "… and {}: --all shows all\n", plural(rest as u64, "more finding"))?;
    }
    for skipped in &report.coverage.skipped {
        let (path, reason) = (printable(&skipped.path), printable(&skipped.reason));
        writeln!(out, "  not read: {path}: {reason}")?;
    }
    summary(style, report, out)
}

/// Findings of one rule and level about one token belong together, those with the same exemption.
fn grouped<'g, 'f, 'p>(findings: &'g mut [&'f Finding<'p>]) -> Vec<&'g [&'f Finding<'p>]> {
    let group = |it: &&'f Finding<'p>| {
        let exemption = it.exemption.as_ref();
        let exemption = exemption.map(|it| (it.by, it.until.as_deref(), it.reason.as_deref()));
        (&it.rule.id, it.subject.identity(), it.enforcement, exemption)
    };
    findings.sort_by_key(group);
    let mut groups: Vec<_> = findings.chunk_by(|a, b| group(a) == group(b)).collect();
    // The worst comes first, then the first place.
    let live = |it: &[&Finding<'_>]| std::cmp::Reverse(it[0].is_live());
    groups.sort_by_key(|it| (live(it), it[0].rule.severity, &it[0].path, it[0].start));
    groups
}

fn summary(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    let violations = words::violations(&report.findings);
    let rules = plural(report.policy.file_rules().count() as u64, "policy");
    writeln!(out, "  {rules}, {violations}, {}", plural(report.tokens() as u64, "distinct token"))?;
    let hidden = match coverage.hidden {
        0 => String::new(),
        n => format!(", {} hidden by ignore rules (--no-ignore reads them)", plural(n, "file")),
    };
    let excluded = match report.excluded {
        0 => String::new(),
        n => format!(", {} excluded", plural(n, "file")),
    };
    let elapsed = style.elapsed.as_secs_f64();
    writeln!(
        out,
        "  {}, {}{hidden}{excluded} in {elapsed:.2} s",
        plural(coverage.files, "file"),
        words::size(coverage.bytes)
    )?;
    writeln!(out, "  policy: {}", judged_by(report.policy))?;
    tally(report, out)?;
    writeln!(out, "  {}", reason(report))
}

/// What came of the policies of each set, and what was done for findings not to count.
fn tally(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    report.tally().sets.iter().try_for_each(|it| writeln!(out, "    {}", words::tally(it)))?;
    record(report).iter().try_for_each(|it| writeln!(out, "  {it}"))
}

/// A finding as miette sees it: the excerpt for its source.
struct View<'f> {
    finding: &'f Finding<'f>,
    others: &'f [&'f Finding<'f>],
    all: bool,
}

impl View<'_> {
    fn others(&self) -> String {
        let most = if self.all { usize::MAX } else { PLACES };
        let mut places: Vec<_> = self.others.iter().take(most).map(|it| words::place(it)).collect();
        if self.others.len() > places.len() {
            places.push(format!("and {} more", self.others.len() - places.len()));
        }
        places.iter().map(|it| format!("\n  {it}")).collect()
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.finding.rule.summary, self.finding.enforcement.name())?;
        match &self.finding.exemption {
            None => write!(f, ")"),
            Some(exemption) => write!(f, "; exempt by {})", words::exempt(exemption)),
        }
    }
}

impl std::error::Error for View<'_> {}

impl Diagnostic for View<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.finding.rule.id))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.rule.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let finding = self.finding;
        let place = finding.site.name().map_or_else(String::new, |it| format!(", in {it}"));
        let also = match self.others.len() {
            0 => String::new(),
            _ => format!("\nalso at:{}", self.others()),
        };
        Some(Box::new(format!(
            "at {}{place}{}{also}\nwhy: {}\nfix: {}\ndocs: {}\nfingerprint: {}",
            words::place(finding),
            facts(finding),
            words::why(finding),
            words::fix(finding),
            finding.rule.reference,
            finding.fingerprint
        )))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let mark = self.finding.excerpt.mark_bytes();
        let label = match &self.finding.subject {
            Subject::Token(token) => words::described(token),
            Subject::Named(name) => printable(name),
        };
        Some(Box::new(std::iter::once(LabeledSpan::new(Some(label), mark.start, mark.len()))))
    }
}

/// What else is known about a finding, a line each.
fn facts(finding: &Finding<'_>) -> String {
    let commit = finding.commit.as_deref().into_iter().map(words::commit);
    let related = finding.related.iter().map(|it| {
        let (label, path) = (printable(&it.label), printable(&it.path));
        format!("{label}: {path}:{}:{}", it.start.line, it.start.column)
    });
    let note = finding.site.note().map(|it| format!("note: {it}"));
    let verdict = finding.verdict.iter().map(|it| words::verdict(it));
    verdict.chain(commit).chain(related).chain(note).map(|it| format!("\n{it}")).collect()
}

impl SourceCode for View<'_> {
    /// The excerpt with the line and column that it has in the file, whatever is asked for.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.finding.excerpt.text();
        let line = usize::try_from(self.finding.start.line - 1).unwrap_or(usize::MAX);
        let column = usize::try_from(self.finding.start.column - 1).unwrap_or(usize::MAX);
        let name = printable(&self.finding.path);
        let inside = span.offset() <= text.len() && span.offset() + span.len() <= text.len();
        if !inside {
            return Err(MietteError::OutOfBounds);
        }
        // miette takes the header's column and the first line's number from here, and nothing else.
        let (data, at) = (text.as_bytes(), SourceSpan::from((0, text.len())));
        Ok(Box::new(MietteSpanContents::new_named(name, data, at, line, column, 1)))
    }
}
