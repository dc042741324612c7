//! Files that CI runs one step away: who runs them, and what that makes of their findings.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::judge::{Callers, judge};
use super::reading::Reading;
use super::show::{Ruler, line};
use super::{Again, Collected, name};
use crate::excerpt::Veil;
use crate::finding::Related;
use crate::path::FilePath;
use crate::platform::{Ci, Platform};
use crate::policy::Policy;
use crate::site::{Call, Facts, called};
use crate::source::{Blob, Skipped};

/// Where CI is told to run files that are none of its own, by their paths.
type ByPath<'p> = BTreeMap<String, Caller<'p>>;

/// Who calls a file.
struct Caller<'p> {
    /// Where.
    place: Related,
    /// The platform that the file is then of, if it becomes a part of the caller.
    platform: Option<&'p Platform>,
}

impl Caller<'_> {
    /// Those that include a file say more of it than those that run it.
    fn rank(&self) -> impl Ord {
        (self.platform.is_none(), self.place.path.clone(), self.place.start)
    }
}

impl<'p> Collected<'p> {
    /// Judges again the files of which it turns out that CI runs them. Gives what could not be read this time.
    pub(super) fn judge_called(
        &mut self,
        policy: &'p Policy,
        again: &Again<'_>,
    ) -> anyhow::Result<Vec<Skipped>> {
        let hanging = std::mem::take(&mut self.hanging);
        if hanging.is_empty() {
            return Ok(Vec::new());
        }
        let (callers, mut skipped) = find(policy, &hanging, again)?;
        if callers.is_empty() {
            return Ok(skipped);
        }
        let old = callers.keys().filter_map(|it| hanging.get(it)?.as_ref());
        let old: BTreeSet<&FilePath> = old.collect();
        self.findings.retain(|it| !old.contains(&it.path));
        let run_by = |path: &str| callers.get(&*policy.anchor.of(path));
        let anew = Mutex::new(Self::default());
        let visit = |blob: &Blob<'_>| {
            let Some(caller) = run_by(blob.path) else { return };
            let _alone = super::alone(blob);
            let mut findings = judge(blob, policy, Callers::Found(caller.platform)).findings;
            findings.iter_mut().for_each(|it| it.related.push(caller.place.clone()));
            if name::may_hold(blob, policy) {
                findings.extend(name::judge(blob, policy));
            }
            anew.lock().unwrap_or_else(PoisonError::into_inner).find(blob, policy, findings);
        };
        skipped.extend(again(&|path| run_by(path).is_some(), &visit)?.skipped);
        self.extend(anew.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(skipped)
    }
}

/// Looks through CI's own files for those that run one of `candidates`, which are files by their paths from the root.
fn find<'p, T: Sync>(
    policy: &'p Policy,
    candidates: &BTreeMap<String, T>,
    again: &Again<'_>,
) -> anyhow::Result<(ByPath<'p>, Vec<Skipped>)> {
    let found = Mutex::new(ByPath::new());
    let visit = |blob: &Blob<'_>| {
        let reading = Reading::of(blob);
        let platform = policy.platforms().of(blob.path, reading.bytes());
        if !blob.is_whole() || platform.is_none_or(|it| it.ci < Ci::Medium) {
            return;
        }
        let _alone = super::alone(blob);
        let facts = Facts::of(platform, blob.path, reading.bytes(), &[]);
        let calls = called(&facts, &policy.anchor.of(blob.path), candidates);
        if calls.is_empty() {
            return;
        }
        let veil = Veil::of(blob.bytes).and(blob.path.as_bytes());
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, Call { span, included }) in calls {
            let span = reading.source(&line(reading.bytes(), span));
            let label = if included { "CI includes it here" } else { "CI runs it here" };
            let place = Related {
                path: FilePath::new(blob.path, &veil),
                start: Ruler::new(blob).position(span.start),
                excerpt: veil.excerpt(blob.bytes, &span),
                label: label.to_owned(),
            };
            let caller = Caller { place, platform: platform.filter(|_| included) };
            // The first by name, whatever the order of the threads.
            match found.entry(path) {
                Entry::Vacant(entry) => _ = entry.insert(caller),
                Entry::Occupied(mut known) => {
                    if caller.rank() < known.get().rank() {
                        known.insert(caller);
                    }
                }
            }
        }
    };
    let coverage = again(&|path| policy.platforms().may_run(path), &visit)?;
    Ok((found.into_inner().unwrap_or_else(PoisonError::into_inner), coverage.skipped))
}
