//! Files that CI runs one step away: who runs them, and what that makes of their findings.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Again;
use super::reading::Reading;
use super::show::{Ruler, line};
use crate::excerpt::Veil;
use crate::finding::Related;
use crate::path::FilePath;
use crate::platform::Ci;
use crate::policy::Policy;
use crate::site::{Facts, called};
use crate::source::Blob;

/// Where CI is told to run files that are none of its own, by their paths.
pub(super) type ByPath = BTreeMap<String, Related>;

/// Looks through CI's own files for those that run one of `candidates`, which are files by their paths from the root.
pub(super) fn find<T: Sync>(
    policy: &Policy,
    candidates: &BTreeMap<String, T>,
    again: &Again<'_>,
) -> anyhow::Result<ByPath> {
    let found = Mutex::new(ByPath::new());
    let visit = |blob: &Blob<'_>| {
        let reading = Reading::of(blob);
        let platform = policy.platforms().of(blob.path, reading.bytes());
        if !blob.is_whole() || platform.is_none_or(|it| it.ci < Ci::Medium) {
            return;
        }
        let _alone = super::alone(blob);
        let called = called(&Facts::of(platform, blob.path, reading.bytes(), &[]), candidates);
        if called.is_empty() {
            return;
        }
        let veil = Veil::of(blob.bytes).and(blob.path.as_bytes());
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, span) in called {
            let span = reading.source(&line(reading.bytes(), span));
            let related = Related {
                path: FilePath::new(blob.path, &veil),
                start: Ruler::new(blob).position(span.start),
                excerpt: veil.excerpt(blob.bytes, &span),
                label: "CI runs it here".to_owned(),
            };
            // The first caller by name, whatever the order of the threads.
            let known = found.entry(path).or_insert_with(|| related.clone());
            if (&related.path, related.start) < (&known.path, known.start) {
                *known = related;
            }
        }
    };
    again(&|path| policy.platforms().may_run(path), &visit)?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
