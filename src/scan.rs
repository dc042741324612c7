//! The pipeline: [`check`] judges one blob and is pure; [`scan`] judges all of a source on every core.

mod caller;
mod judge;
mod name;
mod reading;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::detect::Fragments;
use crate::excerpt;
use crate::exempt::Exempted;
use crate::finding::{Finding, Fingerprint, Position};
use crate::inventory::Seen;
use crate::path::FilePath;
use crate::policy::Policy;
use crate::rule::RuleId;
use crate::source::{self, Blob, Coverage, Skipped, Visitor, Wanted};
use crate::suppress::{self, Suppression};
use judge::{Callers, judge};
pub use judge::{check, facts, tokens};
pub(crate) use show::{Ruler, commit_of};

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
    /// What was seen of the declared tokens; [`Report::exempt`] judges it.
    pub seen: Seen,
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
        self.policy.gate.exit(self.outcome())
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

/// Where the files of a scan are, which says what else can be found out about them.
#[derive(Clone, Copy)]
pub enum Files<'s> {
    /// In folders, of which some can be read again: which of them CI runs is sought, and git is asked what it tracks.
    InFolders(&'s Again<'s>),
    /// In git, which tracks all of them.
    InGit,
    /// In a pipe.
    InPipe,
}

/// Reads the wanted ones of a scan's files once more.
pub type Again<'s> = dyn Fn(&Wanted<'_>, &Visitor<'_>) -> anyhow::Result<Coverage> + Sync + 's;

/// Judges everything that `source` yields. `source` may call its visitor from several threads.
pub fn scan<'p>(
    policy: &'p Policy,
    progress: &Progress,
    files: Files<'_>,
    source: impl FnOnce(&Visitor<'_>) -> anyhow::Result<Coverage>,
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
            one.judge(blob, policy, files);
        }
        if !one.is_empty() {
            collected.lock().unwrap_or_else(PoisonError::into_inner).extend(one);
        }
    };
    let mut coverage = source(&visit)?;
    let mut collected = collected.into_inner().unwrap_or_else(PoisonError::into_inner);
    coverage.files = coverage.files.saturating_sub(collected.excluded);
    coverage.bytes = coverage.bytes.saturating_sub(collected.excluded_bytes);
    if let Files::InFolders(again) = files {
        coverage.skipped.extend(collected.judge_called(policy, again)?);
    }
    coverage.skipped.extend(collected.ask_git(files));
    // A file may be read twice.
    coverage.skipped.sort();
    coverage.skipped.dedup();
    coverage.notes.extend(noted(std::mem::take(&mut collected.gaps)));
    let Collected { mut findings, suppressions, seen, mut fragments, excluded, .. } = collected;
    fragments.sort();
    let skipped = coverage.skipped.iter_mut().flat_map(|it| [&mut it.path, &mut it.reason]);
    for name in coverage.refs.iter_mut().chain(skipped) {
        *name = excerpt::named(name, policy.detector, &fragments);
    }
    sort(&mut findings);
    // A file that is named beside its folder is read twice.
    findings.dedup_by(|a, b| place(a) == place(b));
    let of_history = findings.iter().any(|it| it.commit.is_some());
    let findings = if of_history { merged(findings) } else { findings };
    let exempted = Exempted::default();
    Ok(Report { policy, findings, coverage, excluded, suppressions, seen, exempted })
}

/// The most files of which it is noted that they were read as text.
const NOTED: usize = 10;

/// What is not known of files, for whoever asked for the scan.
fn noted(gaps: BTreeSet<String>) -> Vec<String> {
    let rest = gaps.len().saturating_sub(NOTED);
    let rest = (rest > 0).then(|| format!("{rest} more files that name a token were read as text"));
    gaps.into_iter().take(NOTED).chain(rest).collect()
}

/// The most bytes of a file that is judged beside others, whose structure takes up to a hundred times as many.
const LARGE: usize = 64 << 10;

/// Does something with a blob; with a large one when that is done with no other, and in a thread of its own. So the memory is
/// that of one of them: an allocator keeps for each thread what it has freed.
fn alone<T: Send>(blob: &Blob<'_>, work: impl FnOnce() -> T + Send) -> T {
    static LARGE_ONE: Mutex<()> = Mutex::new(());
    if blob.bytes.len() <= LARGE {
        return work();
    }
    let _one = LARGE_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|it| it.spawn(work).join().unwrap_or_else(|panic| resume_unwind(panic)))
}

/// What the blobs so far came to.
#[derive(Default)]
struct Collected<'p> {
    findings: Vec<Finding<'p>>,
    suppressions: Vec<Suppression<'p>>,
    seen: Seen,
    /// What is not known of files that name a token.
    gaps: BTreeSet<String>,
    /// Those of all tokens: what could not be read has names, too.
    fragments: Fragments,
    /// Files that would be judged otherwise if CI ran them, by their paths from the root; by which paths their findings go,
    /// if they have any.
    hanging: BTreeMap<String, BTreeSet<FilePath>>,
    /// Files with findings that hold only if git tracks the file: where they are.
    if_tracked: BTreeMap<FilePath, PathBuf>,
    excluded: u64,
    excluded_bytes: u64,
}

impl<'p> Collected<'p> {
    fn judge(&mut self, blob: &Blob<'_>, policy: &'p Policy, files: Files<'_>) {
        if policy.config.inventory.may_be(blob) {
            self.seen.read(blob, policy);
        }
        if name::may_hold(blob, policy) {
            self.findings = name::judge(blob, policy);
        }
        if !policy.detector.may_hold(blob.bytes) {
            return;
        }
        let callers = match files {
            Files::InFolders(_) => Callers::Sought,
            Files::InGit | Files::InPipe => Callers::NotSought,
        };
        let (judged, suppressions) =
            alone(blob, || (judge(blob, policy, callers), suppress::collect(blob, policy)));
        self.gaps.extend(judged.gap);
        self.seen.extend(judged.seen);
        self.fragments = judged.fragments;
        self.suppressions = suppressions;
        if judged.hangs {
            let known = self.hanging.entry(policy.anchor.of(blob.path).into_owned()).or_default();
            known.extend(judged.findings.first().map(|it| it.path.clone()));
        }
        self.find(blob, policy, judged.findings);
    }

    /// Takes in what is found in a blob.
    fn find(&mut self, blob: &Blob<'_>, policy: &Policy, findings: Vec<Finding<'p>>) {
        if let Some(finding) = findings.iter().find(|it| it.rule.when.asks_git()) {
            self.if_tracked.insert(finding.path.clone(), policy.anchor.full(blob.path));
        }
        join(&mut self.findings, findings);
    }

    /// Drops what would hold only if git tracked the file, and names the repositories that would not say.
    fn ask_git(&mut self, files: Files<'_>) -> Vec<Skipped> {
        if self.if_tracked.is_empty() || matches!(files, Files::InGit) {
            return Vec::new();
        }
        let (tracked, skipped) = match files {
            Files::InFolders(_) => source::tracked(&self.if_tracked.values().cloned().collect()),
            Files::InGit | Files::InPipe => (BTreeSet::new(), Vec::new()),
        };
        let is_tracked =
            |path: &FilePath| self.if_tracked.get(path).is_some_and(|it| tracked.contains(it));
        self.findings.retain(|it| !it.rule.when.asks_git() || is_tracked(&it.path));
        skipped
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty()
            && self.suppressions.is_empty()
            && self.seen.is_empty()
            && self.gaps.is_empty()
            && self.fragments.is_empty()
            && self.hanging.is_empty()
            && self.excluded_bytes + self.excluded == 0
    }

    fn extend(&mut self, mut other: Self) {
        join(&mut self.findings, other.findings);
        join(&mut self.suppressions, other.suppressions);
        self.seen.extend(other.seen);
        self.gaps.append(&mut other.gaps);
        self.fragments.extend(other.fragments);
        for (path, known) in other.hanging {
            self.hanging.entry(path).or_default().extend(known);
        }
        self.if_tracked.append(&mut other.if_tracked);
        self.excluded += other.excluded;
        self.excluded_bytes += other.excluded_bytes;
    }
}

/// Appends some to others. Most files are the only one with a finding, or the largest: theirs are not moved.
fn join<T>(all: &mut Vec<T>, mut more: Vec<T>) {
    if all.len() < more.len() {
        std::mem::swap(all, &mut more);
    }
    all.append(&mut more);
}

/// By path, place and rule.
pub(crate) fn sort(findings: &mut [Finding<'_>]) {
    findings.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
}

/// What no two findings have in common. All that stands in a name is at the same place.
fn place<'f>(it: &'f Finding<'_>) -> (&'f FilePath, Position, &'f RuleId, Fingerprint) {
    (&it.path, it.start, &it.rule.id, it.fingerprint)
}

/// One finding for one subject at one place over all revisions: the newest, with the oldest commit as its first.
fn merged(findings: Vec<Finding<'_>>) -> Vec<Finding<'_>> {
    let mut merged: Vec<Finding<'_>> = Vec::with_capacity(findings.len());
    let mut places: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    for finding in findings {
        let past = finding.commit.is_some();
        match places.get(&finding.fingerprint).copied().filter(|_| past) {
            None => {
                places.insert(finding.fingerprint, merged.len());
                merged.push(finding);
            }
            Some(at) => merged[at].absorb(finding),
        }
    }
    merged
}
