//! The pipeline: [`check`] judges one blob and is pure; [`scan`] judges all of a source on every core.

mod caller;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::excerpt;
use crate::exempt::Exempted;
use crate::finding::{Finding, Fingerprint};
use crate::policy::Policy;
use crate::source::{Blob, Coverage, Visitor};
use crate::suppress::{self, Suppression};
use caller::judge_again;
pub(crate) use judge::Ruler;
use judge::judge;
pub use judge::{check, facts, tokens};

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
    /// Files that the configuration excludes; they are not counted as read.
    pub excluded: u64,
    /// The suppressions in what was read; [`Report::exempt`] applies them.
    pub suppressions: Vec<Suppression<'p>>,
    /// What was done for findings not to count.
    pub exempted: Exempted,
}

impl Report<'_> {
    /// How the run ended. An incomplete scan is no pass and no verdict, whatever it found.
    pub fn outcome(&self) -> Outcome {
        if self.read_nothing() || !self.coverage.skipped.is_empty() {
            Outcome::CouldNotJudge
        } else if self.findings.iter().any(|it| it.fails(self.policy.gate)) {
            Outcome::Failed
        } else {
            Outcome::Passed
        }
    }

    /// Whether there was nothing to scan where there should have been something.
    pub fn read_nothing(&self) -> bool {
        self.coverage.files == 0 && !self.coverage.may_be_empty
    }

    /// The exit code: how the run ended, unless a failure was asked not to count.
    pub fn exit(&self) -> Outcome {
        match self.outcome() {
            Outcome::Failed if self.policy.gate.exit_zero => Outcome::Passed,
            outcome => outcome,
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

/// Whether files that CI runs one step away are told from others, which reads the source once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// They are, where something depends on it.
    Sought,
    /// They are not: the source cannot be read twice, or is the past.
    Ignored,
}

/// Judges everything that `source` yields. `source` may call its visitor from several threads.
pub fn scan<'p>(
    policy: &'p Policy,
    progress: &Progress,
    callers: Callers,
    source: impl Fn(&Visitor<'_>) -> anyhow::Result<Coverage>,
) -> anyhow::Result<Report<'p>> {
    let collected = Mutex::new(Collected::default());
    let visit = |blob: &Blob<'_>| {
        let mut one = Collected::default();
        if policy.excludes(blob.path) {
            one.excluded = u64::from(blob.start.byte == 0);
            one.excluded_bytes = blob.len() as u64;
        } else {
            progress.files.fetch_add(u64::from(blob.start.byte == 0), Ordering::Relaxed);
            progress.bytes.fetch_add(blob.len() as u64, Ordering::Relaxed);
            one.judge(blob, policy);
        }
        if !one.is_empty() {
            collected.lock().unwrap_or_else(PoisonError::into_inner).extend(one);
        }
    };
    let mut coverage = source(&visit)?;
    let collected = collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Collected { mut findings, suppressions, hanging, excluded, excluded_bytes } = collected;
    coverage.files = coverage.files.saturating_sub(excluded);
    coverage.bytes = coverage.bytes.saturating_sub(excluded_bytes);
    for skipped in &mut coverage.skipped {
        skipped.path = excerpt::masked(&skipped.path, policy.detector);
        skipped.reason = excerpt::masked(&skipped.reason, policy.detector);
    }
    if callers == Callers::Sought && !hanging.is_empty() {
        let callers = caller::find(policy, &hanging, &source)?;
        judge_again(policy, &callers, &mut findings, &source)?;
    }
    sort(&mut findings);
    // A file that is named beside its folder is read twice.
    findings.dedup_by(|a, b| (&a.path, a.start, &a.rule.id) == (&b.path, b.start, &b.rule.id));
    let findings = merged(findings);
    Ok(Report { policy, findings, coverage, excluded, suppressions, exempted: Exempted::default() })
}

/// What the blobs so far came to.
#[derive(Default)]
struct Collected<'p> {
    findings: Vec<Finding<'p>>,
    suppressions: Vec<Suppression<'p>>,
    /// Files about which more would be known if CI were known to run them.
    hanging: BTreeSet<String>,
    excluded: u64,
    excluded_bytes: u64,
}

impl<'p> Collected<'p> {
    fn judge(&mut self, blob: &Blob<'_>, policy: &'p Policy) {
        if !policy.detector.may_hold(blob.bytes) {
            return;
        }
        let judged = judge(blob, policy, None);
        self.findings = judged.findings;
        self.suppressions = suppress::collect(blob, policy);
        if judged.hangs {
            self.hanging.insert(policy.anchor.of(blob.path).into_owned());
        }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty()
            && self.suppressions.is_empty()
            && self.hanging.is_empty()
            && self.excluded_bytes + self.excluded == 0
    }

    fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.suppressions.extend(other.suppressions);
        self.hanging.extend(other.hanging);
        self.excluded += other.excluded;
        self.excluded_bytes += other.excluded_bytes;
    }
}

/// By path, place and rule.
pub(crate) fn sort(findings: &mut [Finding<'_>]) {
    findings.sort_by(|a, b| (&a.path, a.start, &a.rule.id).cmp(&(&b.path, b.start, &b.rule.id)));
}

/// One finding for one subject at one place over all revisions: the newest, with the oldest commit as its first.
fn merged(findings: Vec<Finding<'_>>) -> Vec<Finding<'_>> {
    let mut merged: Vec<Finding<'_>> = Vec::with_capacity(findings.len());
    let mut places: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    for finding in findings {
        let known = match &finding.commit {
            None => None,
            Some(_) => places.get(&finding.fingerprint).copied(),
        };
        match known {
            None => {
                places.insert(finding.fingerprint.clone(), merged.len());
                merged.push(finding);
            }
            Some(at) => merged[at].absorb(finding),
        }
    }
    merged
}
