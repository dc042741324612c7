//! What the ignore rules hid: counted, and read all the same where git tracks it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::Skipped;
use super::tracked::Listed;

/// A file or folder that the rules hid.
pub(super) struct Hidden {
    pub(super) path: PathBuf,
    /// Its name for people.
    pub(super) shown: String,
    pub(super) repository: Option<Arc<Path>>,
}

/// One of them that git tracks: to be read.
pub(super) struct Tracked {
    pub(super) path: PathBuf,
    pub(super) shown: String,
    pub(super) is_link: bool,
}

/// What became of the hidden files.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) tracked: Vec<Tracked>,
    /// How many stay hidden.
    pub(super) hidden: u64,
    pub(super) skipped: Vec<Skipped>,
}

/// Counts the hidden files, and looks up, only if there are any, which of them git tracks.
pub(super) fn settle(hidden: &[Hidden]) -> Settled {
    let mut settled = Settled::default();
    let mut by_repository: BTreeMap<Option<&Path>, Vec<&Hidden>> = BTreeMap::new();
    for it in hidden {
        by_repository.entry(it.repository.as_deref()).or_default().push(it);
    }
    for (repository, hidden) in by_repository {
        let listed = repository.map_or_else(|| Ok(Listed::default()), Listed::of);
        let listed = listed.unwrap_or_else(|error| {
            let shown = repository.unwrap_or(Path::new(".")).display().to_string();
            settled.skipped.push(Skipped::new(&shown, &error));
            Listed::default()
        });
        hidden.into_iter().for_each(|it| settle_one(it, &listed, &mut settled));
    }
    settled
}

fn settle_one(hidden: &Hidden, listed: &Listed<'_>, settled: &mut Settled) {
    let shown = |path: &Path| match path.strip_prefix(&hidden.path) {
        Ok(rest) if rest.as_os_str().is_empty() => hidden.shown.clone(),
        Ok(rest) => format!("{}/{}", hidden.shown, rest.to_string_lossy()),
        Err(_) => path.to_string_lossy().into_owned(),
    };
    let below = WalkDir::new(&hidden.path)
        .follow_root_links(false)
        .into_iter()
        .filter_entry(|it| it.file_name() != ".git");
    for entry in below {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if listed.holds(entry.path()) => {
                let (shown, is_link) = (shown(entry.path()), entry.path_is_symlink());
                settled.tracked.push(Tracked { path: entry.into_path(), shown, is_link });
            }
            Ok(entry) => settled.hidden += u64::from(entry.file_type().is_file()),
            // What nobody tracks would not be read if it could be.
            Err(error) => {
                let path = error.path().unwrap_or(&hidden.path);
                if listed.holds_below(path) {
                    let shown = shown(path);
                    settled.skipped.push(Skipped::new(&shown, &error.into()));
                }
            }
        }
    }
}
