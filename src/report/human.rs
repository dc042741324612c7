//! `--format human`: rich diagnostics, grouped by token, and a summary. The only module that hands findings to miette.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{Style, plural, reason};
use crate::detect::{Encoding, Token};
use crate::excerpt::printable;
use crate::finding::{Finding, Subject};
use crate::policy::Enforcement;
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
    let groups = grouped(&report.findings);
    let most = if style.all { usize::MAX } else { SHOWN };
    for group in groups.iter().take(most) {
        let mut text = String::new();
        let view = View { finding: group[0], others: &group[1..], all: style.all };
        handler.render_report(&mut text, &view).map_err(io::Error::other)?;
        writeln!(out, "{}", text.trim_end())?;
        writeln!(out)?;
    }
    let rest: usize = groups.iter().skip(most).map(Vec::len).sum();
    if rest > 0 {
        writeln!(out, "… and {}: --all shows all\n", plural(rest as u64, "more finding"))?;
    }
    for skipped in &report.coverage.skipped {
        let (path, reason) = (printable(&skipped.path), printable(&skipped.reason));
        writeln!(out, "  not read: {path}: {reason}")?;
    }
    summary(style, report, out)
}

/// Findings of one rule about one token belong together; the worst group comes first, then the first place.
fn grouped<'f, 'p>(findings: &'f [Finding<'p>]) -> Vec<Vec<&'f Finding<'p>>> {
    let mut groups: BTreeMap<_, Vec<&Finding<'p>>> = BTreeMap::new();
    for finding in findings {
        groups.entry((&finding.rule.id, finding.subject.identity())).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|it| (it[0].rule.severity, &it[0].path, it[0].start));
    groups
}

fn summary(style: Style, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    let levels = Enforcement::ALL.iter().rev().filter_map(|&level| {
        let n = report.findings.iter().filter(|it| it.enforcement == level).count();
        (n > 0).then(|| format!("{n} {}", level.name()))
    });
    let levels: Vec<_> = levels.collect();
    let violations = plural(report.findings.len() as u64, "violation");
    let levels =
        if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
    let rules = plural(report.policy.rules().count() as u64, "policy");
    writeln!(
        out,
        "  {rules}, {violations}{levels}, {}",
        plural(report.tokens() as u64, "distinct token")
    )?;
    let hidden = match coverage.hidden {
        0 => String::new(),
        n => format!(", {} hidden by ignore rules (--no-ignore reads them)", plural(n, "file")),
    };
    let elapsed = style.elapsed.as_secs_f64();
    writeln!(
        out,
        "  {}, {}{hidden} in {elapsed:.2} s",
        plural(coverage.files, "file"),
        size(coverage.bytes)
    )?;
    writeln!(out, "  {}", reason(report))
}

#[expect(clippy::cast_precision_loss, reason = "one decimal of a size for people")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => plural(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// What to do about a finding where it stands.
pub(super) fn fix(finding: &Finding<'_>) -> String {
    let text = finding.rule.fix.replace("{site.remedy}", finding.site.remedy().trim());
    text.replace("{site.reference}", finding.site.reference()).trim().replace('\n', " ")
}

/// A finding as miette sees it: the excerpt for its source.
struct View<'f> {
    finding: &'f Finding<'f>,
    others: &'f [&'f Finding<'f>],
    all: bool,
}

impl View<'_> {
    fn place(finding: &Finding<'_>) -> String {
        let start = finding.start;
        format!("{}:{}:{}", printable(&finding.path), start.line, start.column)
    }

    fn others(&self) -> String {
        let most = if self.all { usize::MAX } else { PLACES };
        let mut places: Vec<_> = self.others.iter().take(most).map(|it| Self::place(it)).collect();
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
        write!(f, "{} ({})", self.finding.rule.summary, self.finding.enforcement.name())
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
        let why =
            finding.rule.why.split("\n\n").next().unwrap_or_default().trim().replace('\n', " ");
        Some(Box::new(format!(
            "at {}{place}{also}\nwhy: {why}\nfix: {}\ndocs: {}",
            Self::place(finding),
            fix(finding),
            finding.rule.reference
        )))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let mark = self.finding.excerpt.mark_bytes();
        let label = match &self.finding.subject {
            Subject::Token(token) => described(token),
            Subject::Named(name) => printable(name),
        };
        Some(Box::new(std::iter::once(LabeledSpan::new(Some(label), mark.start, mark.len()))))
    }
}

fn described(token: &Token) -> String {
    let encoding = match token.encoding {
        Encoding::Plain => String::new(),
        other => format!(", {other}"),
    };
    format!(
        "{} token, {}{encoding}, {} ({})",
        token.kind, token.environment, token.certainty, token.fingerprint
    )
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
