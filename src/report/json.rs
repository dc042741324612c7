//! `--format json`, version 1.0: the object of `terraform validate -json`, and more beside it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::excerpt::obeyed;
use crate::finding::{self, Exemption, Finding, Position};
use crate::policy::{Enforcement, SET};
use crate::rule::Severity;
use crate::scan::{Outcome, Report};
use crate::site::Place;
use crate::source;

#[derive(Serialize)]
struct Root<'r> {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    tool: Tool,
    diagnostics: Diagnostics<'r>,
    summary: Summary,
    receipt: Receipt<'r>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Diagnostics<'r> {
    #[serde(serialize_with = "items")]
    Findings(&'r [Finding<'r>]),
    Error([Box<Item<'r>>; 1]),
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Item<'r> {
    severity: &'static str,
    summary: &'r str,
    detail: String,
    address: Option<&'r str>,
    range: Option<Range<'r>>,
    snippet: Option<Snippet<'r>>,
    rule: Option<Rule<'r>>,
    token: Option<Token>,
    site: Option<Site<'r>>,
    fingerprint: Option<String>,
    suppressed: Option<Suppressed<'r>>,
    commit: Option<Commit<'r>>,
    related: Vec<Related<'r>>,
    fixes: [(); 0],
}

#[derive(Serialize)]
struct Suppressed<'r> {
    by: &'static str,
    reason: Option<&'r str>,
    until: Option<&'r str>,
    approver: Option<&'r str>,
}

#[derive(Serialize)]
struct Commit<'r> {
    first: Revision<'r>,
    last: Revision<'r>,
    refs: &'r [String],
    at_head: bool,
    reachable: bool,
}

#[derive(Serialize)]
struct Revision<'r> {
    id: &'r str,
    date: &'r str,
    author: Option<&'r str>,
}

#[derive(Serialize)]
struct Related<'r> {
    label: &'r str,
    filename: &'r str,
    start: Point,
    code: &'r str,
}

#[derive(Serialize)]
struct Range<'r> {
    filename: &'r str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u64,
    column: u64,
    byte: u64,
}

#[derive(Serialize)]
struct Snippet<'r> {
    context: Option<&'r str>,
    code: &'r str,
    start_line: u64,
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    values: [(); 0],
}

#[derive(Serialize)]
struct Rule<'r> {
    id: &'r str,
    set: &'static str,
    enforcement: &'static str,
    url: &'r str,
}

#[derive(Serialize)]
struct Token {
    kind: &'static str,
    environment: &'static str,
    certainty: &'static str,
    encoding: &'static str,
    masked: String,
    fingerprint: String,
}

#[derive(Serialize)]
struct Site<'r> {
    platform: Option<&'r str>,
    class: &'static str,
    place: Option<&'r str>,
    scope: Option<&'r str>,
    ci: &'static str,
}

#[derive(Serialize)]
struct Summary {
    overall: &'static str,
    policies: BTreeMap<&'static str, usize>,
    tokens: usize,
}

#[derive(Serialize)]
struct Receipt<'r> {
    complete: bool,
    files: u64,
    blobs: u64,
    bytes: u64,
    hidden: u64,
    refs: [(); 0],
    skipped: Vec<Skipped<'r>>,
    policy_digest: &'r str,
}

#[derive(Serialize)]
struct Skipped<'r> {
    path: &'r str,
    reason: &'r str,
}

const TOOL: Tool = Tool { name: "lynklint", version: env!("CARGO_PKG_VERSION") };

impl From<Position> for Point {
    fn from(it: Position) -> Self {
        Self { line: it.line, column: it.column, byte: it.byte }
    }
}

impl From<&crate::detect::Token> for Token {
    fn from(it: &crate::detect::Token) -> Self {
        Self {
            kind: it.kind.name(),
            environment: it.environment.name(),
            certainty: it.certainty.name(),
            encoding: it.encoding.name(),
            masked: it.masked(),
            fingerprint: it.fingerprint.to_string(),
        }
    }
}

impl<'r> From<&'r Finding<'_>> for Item<'r> {
    fn from(it: &'r Finding<'_>) -> Self {
        let (mark, rule) = (it.excerpt.mark_bytes(), it.rule);
        Self {
            severity: rule.severity.name(),
            summary: &rule.summary,
            detail: super::human::fix(it),
            address: it.site.address.as_deref(),
            range: Some(Range { filename: &it.path, start: it.start.into(), end: it.end.into() }),
            snippet: Some(Snippet {
                context: it.site.name(),
                code: it.excerpt.text(),
                start_line: it.start.line,
                highlight_start_offset: mark.start,
                highlight_end_offset: mark.end,
                values: [],
            }),
            rule: Some(Rule {
                id: rule.id.as_str(),
                set: SET,
                enforcement: it.enforcement.name(),
                url: &rule.reference,
            }),
            token: it.subject.token().map(Token::from),
            site: Some(Site {
                platform: it.site.platform.map(|it| it.id.as_str()),
                class: it.site.platform.map_or("source", |it| it.class.name()),
                place: it.site.place.map(Place::name),
                scope: it.site.scope,
                ci: it.site.ci.name(),
            }),
            fingerprint: Some(it.fingerprint.to_string()),
            suppressed: it.exemption.as_ref().map(Suppressed::from),
            commit: it.commit.as_ref().map(Commit::from),
            related: it.related.iter().map(Related::from).collect(),
            fixes: [],
        }
    }
}

impl<'r> From<&'r Exemption> for Suppressed<'r> {
    fn from(it: &'r Exemption) -> Self {
        Self {
            by: it.by.name(),
            reason: it.reason.as_deref(),
            until: it.until.as_deref(),
            approver: it.approver.as_deref(),
        }
    }
}

impl<'r> From<&'r source::Commit> for Commit<'r> {
    fn from(it: &'r source::Commit) -> Self {
        Self {
            first: (&it.first).into(),
            last: (&it.last).into(),
            refs: &it.refs,
            at_head: it.at_head,
            reachable: it.reachable,
        }
    }
}

impl<'r> From<&'r source::Revision> for Revision<'r> {
    fn from(it: &'r source::Revision) -> Self {
        Self { id: &it.id, date: &it.date, author: it.author.as_deref() }
    }
}

impl<'r> From<&'r finding::Related> for Related<'r> {
    fn from(it: &'r finding::Related) -> Self {
        let (label, filename) = (&it.label, &it.path);
        Self { label, filename, start: it.start.into(), code: it.excerpt.text() }
    }
}

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let count = |severity| report.findings.iter().filter(|it| it.rule.severity == severity).count();
    let outcome = report.outcome();
    let overall = match outcome {
        Outcome::Passed => "passed",
        Outcome::CouldNotJudge => "error",
        Outcome::Failed => "failed",
    };
    let broken =
        |level: Enforcement| report.findings.iter().filter(|it| it.enforcement == level).count();
    let skipped = report.coverage.skipped.iter();
    write(
        &Root {
            format_version: "1.0",
            valid: outcome == Outcome::Passed,
            error_count: count(Severity::Error) + report.coverage.skipped.len(),
            warning_count: count(Severity::Warning),
            tool: TOOL,
            diagnostics: Diagnostics::Findings(&report.findings),
            summary: Summary {
                overall,
                policies: Enforcement::ALL.map(|it| (it.name(), broken(it))).into(),
                tokens: report.tokens(),
            },
            receipt: Receipt {
                complete: outcome != Outcome::CouldNotJudge,
                files: report.coverage.files,
                blobs: report.coverage.files,
                bytes: report.coverage.bytes,
                hidden: report.coverage.hidden,
                refs: [],
                skipped: skipped.map(|it| Skipped { path: &it.path, reason: &it.reason }).collect(),
                policy_digest: report.policy.digest(),
            },
        },
        out,
    )
}

/// The same shape for what kept lynklint from its job.
pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let item = Item {
        severity: "error",
        summary: "lynklint could not do its job",
        detail: message.to_owned(),
        address: None,
        range: None,
        snippet: None,
        rule: None,
        token: None,
        site: None,
        fingerprint: None,
        suppressed: None,
        commit: None,
        related: Vec::new(),
        fixes: [],
    };
    write(
        &Root {
            format_version: "1.0",
            valid: false,
            error_count: 1,
            warning_count: 0,
            tool: TOOL,
            diagnostics: Diagnostics::Error([Box::new(item)]),
            summary: Summary { overall: "error", policies: BTreeMap::new(), tokens: 0 },
            receipt: Receipt {
                complete: false,
                files: 0,
                blobs: 0,
                bytes: 0,
                hidden: 0,
                refs: [],
                skipped: Vec::new(),
                policy_digest: "",
            },
        },
        out,
    )
}

/// Writes the object as it goes, so that a long report is nowhere in memory as a whole.
fn write(root: &Root<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Spelt(out);
    serde_json::to_writer_pretty(&mut out, root)?;
    writeln!(out)
}

/// Spells characters that a terminal would obey as escapes, which JSON reads as the same: they stand in strings only.
struct Spelt<'w>(&'w mut dyn Write);

impl Write for Spelt<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serialiser hands over whole strings or pieces of its own punctuation.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        for piece in text.split_inclusive(spelt) {
            let last = piece.chars().next_back().filter(|it| spelt(*it));
            self.0.write_all(&piece.as_bytes()[..piece.len() - last.map_or(0, char::len_utf8)])?;
            let mut units = [0; 2];
            for unit in last.iter().flat_map(|it| it.encode_utf16(&mut units).to_vec()) {
                write!(self.0, "\\u{unit:04x}")?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn spelt(it: char) -> bool {
    it != '\n' && obeyed(it)
}

/// The findings, each made into its item when its turn comes.
fn items<S: Serializer>(findings: &[Finding<'_>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(findings.iter().map(Item::from))
}
