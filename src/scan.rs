//! The pipeline: [`check`] judges one blob and is pure; [`scan`] judges all of a source on every core.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::detect::{Detector, Token};
use crate::excerpt::{self, Excerpt};
use crate::finding::{Finding, Fingerprint, Position, Subject};
use crate::policy::{Enforcement, Policy};
use crate::rule::Rule;
use crate::site::{Facts, Thing, What};
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

/// What rules may speak of in a blob, if it has anything to do with a token.
pub fn facts<'p, 'b>(blob: &Blob<'b>, policy: &'p Policy) -> Facts<'p, 'b> {
    let platform = policy.platforms().of(blob.path, blob.bytes);
    match blob.is_whole() {
        true => Facts::of(platform, blob.bytes, &policy.detector.names(blob.bytes)),
        false => Facts::of_part(platform, blob.bytes),
    }
}

/// Judges one blob. Reads nothing but its arguments.
pub fn check<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Finding<'p>> {
    if !policy.detector.may_hold(blob.bytes) {
        return Vec::new();
    }
    let tokens = tokens(blob, policy);
    let violating = tokens.iter().filter(|it| it.certainty.violates());
    let violating: Vec<Token> = violating.cloned().collect();
    let names = policy.detector.names(blob.bytes);
    if violating.is_empty() && names.is_empty() {
        return Vec::new();
    }
    let facts = facts(blob, policy);
    let things = facts.things(&violating).filter(|it| blob.owned.holds(&it.span));
    let broken = things.map(|it| (policy.broken(&it, &facts), it));
    let mut broken: Vec<_> = broken.filter(|(rules, _)| !rules.is_empty()).collect();
    broken.sort_by_key(|(_, thing)| thing.span.start);
    let mut shower = Shower::new(blob, policy, &facts, &tokens);
    broken.iter().flat_map(|(rules, thing)| shower.findings(rules, thing)).collect()
}

/// Makes findings of things, going forwards through a blob.
struct Shower<'p, 'c, 'b> {
    blob: &'c Blob<'b>,
    detector: &'p Detector,
    facts: &'c Facts<'p, 'b>,
    tokens: &'c [Token],
    path: String,
    ruler: Ruler<'b>,
}

impl<'p, 'c, 'b> Shower<'p, 'c, 'b> {
    fn new(
        blob: &'c Blob<'b>,
        policy: &'p Policy,
        facts: &'c Facts<'p, 'b>,
        tokens: &'c [Token],
    ) -> Self {
        let (detector, ruler) = (&policy.detector, Ruler::new(blob));
        let path = excerpt::masked(blob.path, detector);
        Self { blob, detector, facts, tokens, path, ruler }
    }

    fn findings(
        &mut self,
        rules: &[(&'p Rule, Enforcement)],
        thing: &Thing<'_>,
    ) -> Vec<Finding<'p>> {
        let span = first_line(self.blob.bytes, thing);
        let (start, end) = (self.ruler.position(span.start), self.ruler.ahead(span.end));
        let excerpt = Excerpt::new(self.blob.bytes, &span, self.tokens);
        let (site, subject) = (self.facts.site(thing, self.detector), self.subject(thing));
        let address = site.address.as_deref().unwrap_or_default();
        let finding = |(rule, enforcement): &(&'p Rule, Enforcement)| Finding {
            rule,
            enforcement: *enforcement,
            path: self.path.clone(),
            start,
            end,
            excerpt: excerpt.clone(),
            fingerprint: Fingerprint::of(rule, &self.path, &subject, address),
            subject: subject.clone(),
            site: site.clone(),
            related: Vec::new(),
            commit: self.blob.commit.cloned(),
            exemption: None,
        };
        rules.iter().map(finding).collect()
    }

    fn subject(&self, thing: &Thing<'_>) -> Subject {
        match thing.what {
            What::Token(token) => Subject::Token(token.clone()),
            What::Reference(_) | What::Host | What::Command | What::Value => {
                let name = self.facts.subject(thing).map_or("", |it| &it.name);
                Subject::Named(excerpt::masked(name, self.detector))
            }
        }
    }
}

/// A token is shown whole; anything else by its first line.
fn first_line(bytes: &[u8], thing: &Thing<'_>) -> Range<usize> {
    let span = thing.span.clone();
    match thing.what {
        What::Token(_) => span,
        What::Reference(_) | What::Host | What::Command | What::Value => {
            let line = memchr::memchr(b'\n', &bytes[span.clone()]);
            span.start..line.map_or(span.end, |it| span.start + it)
        }
    }
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
