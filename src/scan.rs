//! The pipeline: [`check`] judges one blob and is pure; [`scan`] judges all of a source on every core.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::detect::Token;
use crate::excerpt::{self, Excerpt};
use crate::finding::{Finding, Fingerprint, Position, Subject};
use crate::policy::Policy;
use crate::rule::Rule;
use crate::rule::When;
use crate::site::Site;
use crate::source::{Blob, Coverage, Start};

/// How a run ended, which is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 0: nothing failed at the gate.
    Passed = 0,
    /// 1: lynklint could not do its job.
    CouldNotJudge = 1,
    /// 2: a mandatory policy failed.
    Failed = 2,
}

/// What a run found and what it covered.
pub struct Report<'p> {
    /// The policy that judged.
    pub policy: &'p Policy,
    /// Every violation, by path, place and rule.
    pub findings: Vec<Finding<'p>>,
    /// What was read.
    pub coverage: Coverage,
}

impl Report<'_> {
    /// How the run ended. An incomplete scan is no pass and no verdict, whatever it found.
    pub fn outcome(&self) -> Outcome {
        if self.coverage.files == 0 || !self.coverage.skipped.is_empty() {
            Outcome::CouldNotJudge
        } else if self.findings.iter().any(Finding::fails) {
            Outcome::Failed
        } else {
            Outcome::Passed
        }
    }

    /// How many different tokens the findings are about.
    pub fn tokens(&self) -> usize {
        let tokens = self.findings.iter().filter_map(|it| it.subject.token());
        let mut tokens: Vec<_> = tokens.map(|it| &it.fingerprint).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens.len()
    }
}

/// What a running scan has done so far, for a progress bar.
#[derive(Default)]
pub struct Progress {
    /// Files looked at.
    pub files: AtomicU64,
    /// Bytes looked at.
    pub bytes: AtomicU64,
}

/// All tokens of a blob, of any certainty.
pub fn tokens(blob: &Blob<'_>, policy: &Policy) -> Vec<Token> {
    policy.detector.find(blob.bytes)
}

/// The facts of a blob that judging its tokens needs.
pub struct Scope<'p, 'b> {
    site: Site<'p>,
    bytes: &'b [u8],
}

impl<'p, 'b> Scope<'p, 'b> {
    /// Looks up the blob's platform.
    pub fn of(blob: &Blob<'b>, policy: &'p Policy) -> Self {
        Self { site: Site::of(blob.path, blob.bytes, policy.platforms()), bytes: blob.bytes }
    }

    /// Whether a token of the blob breaks a rule.
    pub fn holds(&self, rule: &Rule, token: &Token) -> bool {
        rule.when.holds(token, &self.site, self.before(token))
    }

    fn before(&self, token: &Token) -> &'b [u8] {
        &self.bytes[token.span.start.saturating_sub(When::CONTEXT)..token.span.start]
    }
}

/// Judges one blob. Reads nothing but its arguments.
pub fn check<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Finding<'p>> {
    if !policy.detector.may_hold(blob.bytes) {
        return Vec::new();
    }
    let tokens = tokens(blob, policy);
    if !tokens.iter().any(|it| it.certainty.violates()) {
        return Vec::new();
    }
    let scope = Scope::of(blob, policy);
    let path = excerpt::masked(blob.path, &policy.detector);
    let mut ruler = Ruler::new(blob);
    let mut findings = Vec::new();
    for token in tokens.iter().filter(|it| it.certainty.violates()) {
        if !blob.owned.holds(&token.span) {
            continue;
        }
        let (start, end) = (ruler.position(token.span.start), ruler.ahead(token.span.end));
        for (rule, enforcement) in policy.broken(token, &scope.site, scope.before(token)) {
            let subject = Subject::Token(token.clone());
            findings.push(Finding {
                rule,
                enforcement,
                fingerprint: Fingerprint::of(rule, &path, &subject, ""),
                path: path.clone(),
                start,
                end,
                excerpt: Excerpt::new(blob.bytes, &token.span, &tokens),
                subject,
                site: scope.site.clone(),
                related: Vec::new(),
                commit: blob.commit.cloned(),
                exemption: None,
            });
        }
    }
    findings
}

/// Judges everything that `source` yields. `source` may call its visitor from several threads.
pub fn scan<'p>(
    policy: &'p Policy,
    progress: &Progress,
    source: impl FnOnce(&(dyn Fn(&Blob<'_>) + Sync)) -> anyhow::Result<Coverage>,
) -> anyhow::Result<Report<'p>> {
    let found = Mutex::new(Vec::new());
    let visit = |blob: &Blob<'_>| {
        let findings = check(blob, policy);
        progress.files.fetch_add(u64::from(blob.start.byte == 0), Ordering::Relaxed);
        progress.bytes.fetch_add(blob.len() as u64, Ordering::Relaxed);
        if !findings.is_empty() {
            found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(findings);
        }
    };
    let mut coverage = source(&visit)?;
    for skipped in &mut coverage.skipped {
        skipped.path = excerpt::masked(&skipped.path, &policy.detector);
        skipped.reason = excerpt::masked(&skipped.reason, &policy.detector);
    }
    let mut findings = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    findings.sort_by(|a, b| (&a.path, a.start, &a.rule.id).cmp(&(&b.path, b.start, &b.rule.id)));
    // A file that is named beside its folder is read twice.
    findings.dedup_by(|a, b| (&a.path, a.start, &a.rule.id) == (&b.path, b.start, &b.rule.id));
    Ok(Report { policy, findings, coverage })
}

/// Turns offsets into lines and columns, going forwards only, so that a file full of tokens is measured once.
struct Ruler<'b> {
    bytes: &'b [u8],
    at: usize,
    place: Start,
}

impl<'b> Ruler<'b> {
    fn new(blob: &Blob<'b>) -> Self {
        Self { bytes: blob.bytes, at: 0, place: blob.start }
    }

    fn position(&mut self, at: usize) -> Position {
        let at = at.max(self.at);
        self.place = self.place.after(&self.bytes[self.at..at]);
        self.at = at;
        let Start { byte, line, column } = self.place;
        Position { byte, line, column }
    }

    fn ahead(&self, at: usize) -> Position {
        Self { ..*self }.position(at)
    }
}
