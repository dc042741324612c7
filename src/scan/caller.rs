//! Files that CI runs one step away: who runs them, and what that makes of their findings.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
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
use crate::site::{Call, Facts, calls};
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

impl<'p> Caller<'p> {
    /// A file that calls another one at `span`, and if that becomes a part of it, of which platform.
    fn of(
        blob: &Blob<'_>,
        veil: &Veil,
        span: &Range<usize>,
        platform: Option<&'p Platform>,
    ) -> Self {
        let label = if platform.is_some() { "CI includes it here" } else { "CI runs it here" };
        let place = Related {
            path: FilePath::new(blob.path, veil),
            start: Ruler::new(blob).position(span.start),
            excerpt: veil.excerpt(blob.bytes, span),
            label: label.to_owned(),
        };
        Self { place, platform }
    }

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
        let run_by = |path: &str| callers.get(&*policy.anchor.of(path));
        let anew = Mutex::new((Self::default(), BTreeSet::new()));
        let visit = |blob: &Blob<'_>| {
            let Some(caller) = run_by(blob.path) else { return };
            let judged =
                super::alone(blob, || judge(blob, policy, Callers::Found(caller.platform)));
            // The caller's own veil knows nothing of this file's tokens.
            let mut place = caller.place.clone();
            place.excerpt.hide(&judged.fragments);
            let mut findings = judged.findings;
            findings.iter_mut().for_each(|it| it.related.push(place.clone()));
            if name::may_hold(blob, policy) {
                findings.extend(name::judge(blob, policy));
            }
            let mut anew = anew.lock().unwrap_or_else(PoisonError::into_inner);
            anew.0.find(blob, policy, findings);
            anew.1.insert(policy.anchor.of(blob.path).into_owned());
        };
        skipped.extend(again(&|path| run_by(path).is_some(), &visit)?.skipped);
        let (anew, read) = anew.into_inner().unwrap_or_else(PoisonError::into_inner);
        // What is gone by now keeps what was found in it.
        let old: BTreeSet<&FilePath> =
            read.iter().filter_map(|it| hanging.get(it)).flatten().collect();
        self.findings.retain(|it| !old.contains(&it.path));
        self.extend(anew);
        Ok(skipped)
    }
}

/// Looks through CI's own files, and what they include, for those that call one of `candidates`, which are files by their
/// paths from the root.
fn find<'p, T: Sync>(
    policy: &'p Policy,
    candidates: &BTreeMap<String, T>,
    again: &Again<'_>,
) -> anyhow::Result<(ByPath<'p>, Vec<Skipped>)> {
    let (mut callers, mut skipped) = (ByPath::new(), Vec::new());
    let mut known = Included::new();
    let mut next = None;
    for _ in 0..DEEPEST {
        let round = Round { policy, candidates, of: next.as_ref() };
        let (found, included, missed) = round.read(again)?;
        found.into_iter().for_each(|(path, caller)| _ = callers.entry(path).or_insert(caller));
        skipped.extend(missed);
        let fresh = included.into_iter().filter(|it| !known.contains_key(&it.0));
        let fresh: Included<'_> = fresh.collect();
        if fresh.is_empty() {
            break;
        }
        known.extend(fresh.clone());
        next = Some(fresh);
    }
    Ok((callers, skipped))
}

/// How deep files are followed that include others.
const DEEPEST: usize = 16;

/// Files that are a part of others, by their paths from the root, and the platform that they are of by that.
type Included<'p> = BTreeMap<String, &'p Platform>;

/// One look through some of CI's files.
struct Round<'r, 'p, T> {
    policy: &'p Policy,
    candidates: &'r BTreeMap<String, T>,
    /// Those that others include. Without them it is CI's own.
    of: Option<&'r Included<'p>>,
}

/// What comes of a round.
#[derive(Default)]
struct Found<'p> {
    callers: ByPath<'p>,
    included: Included<'p>,
}

impl<'p> Found<'p> {
    /// Takes in what one file says. Of several callers the first by name counts, whatever the order of the threads.
    fn take(&mut self, callers: Vec<(String, Caller<'p>)>, included: Included<'p>) {
        for (path, platform) in included {
            let known = self.included.entry(path).or_insert(platform);
            *known = if platform.id < known.id { platform } else { *known };
        }
        for (path, caller) in callers {
            match self.callers.entry(path) {
                Entry::Vacant(entry) => _ = entry.insert(caller),
                Entry::Occupied(known) if known.get().rank() <= caller.rank() => {}
                Entry::Occupied(mut known) => _ = known.insert(caller),
            }
        }
    }
}

impl<'p, T: Sync> Round<'_, 'p, T> {
    fn read(&self, again: &Again<'_>) -> anyhow::Result<(ByPath<'p>, Included<'p>, Vec<Skipped>)> {
        let found = Mutex::new(Found::default());
        let coverage = again(&|path| self.wants(path), &|blob| self.look(blob, &found))?;
        let Found { callers, included } =
            found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((callers, included, coverage.skipped))
    }

    fn wants(&self, path: &str) -> bool {
        match self.of {
            None => self.policy.platforms().may_run(path),
            Some(of) => of.contains_key(&*self.policy.anchor.of(path)),
        }
    }

    /// What a file calls, and what it includes.
    fn calls(
        &self,
        platform: &'p Platform,
        path: &str,
        from: &str,
        bytes: &[u8],
    ) -> (BTreeMap<String, Call>, Included<'p>) {
        let facts = Facts::of(Some(platform), path, bytes, &[]);
        let (mut called, mut included) = (BTreeMap::new(), Included::new());
        calls(&facts, from, &mut |path, call| {
            if self.candidates.contains_key(path) {
                called.entry(path.to_owned()).or_insert_with(|| call.clone());
            }
            // What stands elsewhere has more than a path, and CI's own files are read in any case.
            let is_here = !path.contains(['@', ':', '*']);
            let own = || self.policy.platforms().of(path, b"");
            if call.included && is_here && own().is_none_or(|it| it.ci < Ci::Medium) {
                included.insert(path.to_owned(), platform);
            }
        });
        (called, included)
    }

    fn look(&self, blob: &Blob<'_>, found: &Mutex<Found<'p>>) {
        let reading = Reading::of(blob);
        let from = self.policy.anchor.of(blob.path);
        let platform = match self.of {
            None => self.policy.platforms().of(blob.path, reading.bytes()),
            Some(of) => of.get(&*from).copied(),
        };
        let Some(platform) = platform.filter(|it| blob.is_whole() && Ci::Medium <= it.ci) else {
            return;
        };
        let (called, included) =
            super::alone(blob, || self.calls(platform, blob.path, &from, reading.bytes()));
        if called.is_empty() && included.is_empty() {
            return;
        }
        let veil = Veil::of(blob.bytes).and(blob.path.as_bytes());
        let callers = called.into_iter().map(|(path, Call { span, included })| {
            let span = reading.source(&line(reading.bytes(), span));
            (path, Caller::of(blob, &veil, &span, included.then_some(platform)))
        });
        let callers: Vec<_> = callers.collect();
        found.lock().unwrap_or_else(PoisonError::into_inner).take(callers, included);
    }
}
