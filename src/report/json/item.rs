//! A finding as an object: an entry of `diagnostics`, a line of `--format jsonl`.

use serde::Serialize;

use crate::finding::{self, Exemption, Finding, Position, Verdict};
use crate::report::words;
use crate::site::Place;
use crate::source;

#[derive(Serialize)]
pub(in crate::report) struct Item<'r> {
    severity: &'static str,
    summary: &'r str,
    detail: String,
    address: Option<&'r str>,
    range: Option<Range<'r>>,
    snippet: Option<Snippet<'r>>,
    rule: Option<Rule<'r>>,
    token: Option<Token>,
    verdict: Option<Answer<'r>>,
    site: Option<Site<'r>>,
    fingerprint: Option<String>,
    suppressed: Option<Suppressed<'r>>,
    commit: Option<Commit<'r>>,
    related: Vec<Related<'r>>,
    fixes: [(); 0],
}

#[derive(Serialize)]
pub(in crate::report) struct Suppressed<'r> {
    by: &'static str,
    reason: Option<&'r str>,
    until: Option<&'r str>,
    approver: Option<&'r str>,
}

#[derive(Serialize)]
pub(in crate::report) struct Commit<'r> {
    first: Revision<'r>,
    last: Revision<'r>,
    refs: &'r [String],
    at_head: bool,
    reachable: Option<bool>,
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
    set: &'r str,
    enforcement: &'static str,
    url: &'r str,
}

/// A token, as every machine format shows it.
#[derive(Serialize)]
pub(crate) struct Token {
    kind: &'static str,
    environment: &'static str,
    certainty: &'static str,
    encoding: &'static str,
    masked: String,
    fingerprint: String,
}

/// As `verify` writes it.
#[derive(Serialize)]
pub(in crate::report) struct Answer<'r> {
    verdict: &'static str,
    organisation: Option<&'r str>,
    reason: Option<&'r str>,
}

#[derive(Serialize)]
struct Site<'r> {
    platform: Option<&'r str>,
    class: &'static str,
    place: Option<&'r str>,
    scope: Option<&'r str>,
    ci: &'static str,
    certainty: &'static str,
    note: Option<String>,
}

impl<'r> Item<'r> {
    /// A finding that stands in no file.
    pub(in crate::report) fn without_file(it: &'r Finding<'_>) -> Self {
        let whole = Self::from(it);
        let note = it.note.as_ref().map_or_else(String::new, |it| format!("{it}. "));
        let detail = format!("{note}{}", whole.detail);
        Self { detail, range: None, snippet: None, site: None, ..whole }
    }
}

impl Item<'_> {
    /// What kept lynklint from its job.
    pub(in crate::report) fn of_error(message: &str) -> Self {
        Self {
            severity: "error",
            summary: "lynklint could not do its job",
            detail: message.to_owned(),
            address: None,
            range: None,
            snippet: None,
            rule: None,
            token: None,
            verdict: None,
            site: None,
            fingerprint: None,
            suppressed: None,
            commit: None,
            related: Vec::new(),
            fixes: [],
        }
    }
}

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
            detail: words::fix(it),
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
                set: it.set,
                enforcement: it.enforcement.name(),
                url: &rule.reference,
            }),
            token: it.subject.token().map(Token::from),
            verdict: it.verdict.as_deref().map(Answer::from),
            site: Some(Site {
                platform: it.site.platform.map(|it| it.id.as_str()),
                class: it.site.platform.map_or("source", |it| it.class.name()),
                place: it.site.place.map(Place::name),
                scope: it.site.scope,
                ci: it.site.ci.name(),
                certainty: if it.site.unparsed.is_some() { "low" } else { "high" },
                note: it.site.note(),
            }),
            fingerprint: Some(it.fingerprint.to_string()),
            suppressed: it.exemption.as_deref().map(Suppressed::from),
            commit: it.commit.as_deref().map(Commit::from),
            related: it.related.iter().map(Related::from).collect(),
            fixes: [],
        }
    }
}

impl<'r> From<&'r Verdict> for Answer<'r> {
    fn from(it: &'r Verdict) -> Self {
        let (organisation, reason) = match it {
            Verdict::Valid { organisation } => (organisation.as_deref(), None),
            Verdict::Rejected { why } | Verdict::Unknown { why } => (None, Some(why.as_str())),
        };
        Self { verdict: it.name(), organisation, reason }
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

impl<'r> Commit<'r> {
    /// Without the authors, for what is published.
    pub(in crate::report) fn anonymous(it: &'r source::Commit) -> Self {
        let mut commit = Self::from(it);
        (commit.first.author, commit.last.author) = (None, None);
        commit
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
