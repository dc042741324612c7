//! What the ignore rules hid: counted, and read all the same where git tracks it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::{Skipped, git};

/// A file or folder that the rules hid.
pub(super) struct Hidden {
    pub(super) path: PathBuf,
    /// Its name for people.
    pub(super) shown: String,
    pub(super) repository: Option<Arc<Path>>,
}

/// What became of the hidden files.
#[derive(Default)]
pub(super) struct Settled {
    /// Tracked ones, with their names for people: to be read.
    pub(super) tracked: Vec<(PathBuf, String)>,
    /// How many stay hidden.
    pub(super) hidden: u64,
    pub(super) skipped: Vec<Skipped>,
}

/// Counts the hidden files, and asks git, only if there are any, which of them it tracks.
pub(super) fn settle(hidden: &[Hidden]) -> Settled {
    let mut settled = Settled::default();
    let mut by_repository: BTreeMap<Option<&Path>, Vec<&Hidden>> = BTreeMap::new();
    for it in hidden {
        by_repository.entry(it.repository.as_deref()).or_default().push(it);
    }
    for (repository, hidden) in by_repository {
        let tracked = match repository.map(git::tracked) {
            None => BTreeSet::new(),
            Some(Ok(paths)) => paths.into_iter().collect(),
            Some(Err(error)) => {
                let shown = repository.unwrap_or(Path::new(".")).display().to_string();
                settled.skipped.push(Skipped { path: shown, reason: error.to_string() });
                BTreeSet::new()
            }
        };
        hidden.into_iter().for_each(|it| settle_one(it, &tracked, &mut settled));
    }
    settled
}

fn settle_one(hidden: &Hidden, tracked: &BTreeSet<PathBuf>, settled: &mut Settled) {
    let below = WalkDir::new(&hidden.path).into_iter().filter_entry(|it| it.file_name() != ".git");
    for entry in below.flatten().filter(|it| it.file_type().is_file()) {
        let path = entry.into_path();
        if tracked.contains(&path) {
            let rest = path.strip_prefix(&hidden.path).unwrap_or(Path::new("")).to_string_lossy();
            let shown = match rest.is_empty() {
                true => hidden.shown.clone(),
                false => format!("{}/{rest}", hidden.shown),
            };
            settled.tracked.push((path, shown));
        } else {
            settled.hidden += 1;
        }
    }
}
