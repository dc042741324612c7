//! What git tracks, by its index.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::index::Index;
use super::tree::repository_of;
use super::{Skipped, git};

/// Those of some files that git tracks, and the repositories that would not say.
pub fn tracked(files: &BTreeSet<PathBuf>) -> (BTreeSet<PathBuf>, Vec<Skipped>) {
    let (mut found, mut skipped) = (BTreeSet::new(), Vec::new());
    let mut by_root: BTreeMap<PathBuf, Vec<(&PathBuf, PathBuf)>> = BTreeMap::new();
    for file in files {
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
        let Ok(folder) = folder.unwrap_or(Path::new(".")).canonicalize() else { continue };
        if let (Some(root), Some(name)) = (repository_of(&folder), file.file_name()) {
            by_root.entry(root).or_default().push((file, folder.join(name)));
        }
    }
    for (root, files) in by_root {
        match Listed::of(&root) {
            Ok(listed) => {
                let held = files.iter().filter(|(_, full)| listed.holds(full));
                found.extend(held.map(|(file, _)| (*file).clone()));
            }
            Err(error) => skipped.push(Skipped::new(&root.display().to_string(), &error)),
        }
    }
    (found, skipped)
}

/// What git tracks in a work tree.
#[derive(Default)]
pub(super) struct Listed<'r> {
    root: Option<&'r Path>,
    /// Sorted, and relative to the root.
    paths: Vec<Vec<u8>>,
}

impl<'r> Listed<'r> {
    pub(super) fn of(root: &'r Path) -> io::Result<Self> {
        let mut paths: Vec<Vec<u8>> = match Index::of(root)? {
            Index::Entries(entries) => entries.into_iter().map(|it| it.path).collect(),
            Index::AskGit => git::tracked(root)?
                .iter()
                .filter_map(|it| Some(it.strip_prefix(root).ok()?.as_os_str().as_bytes().to_vec()))
                .collect(),
        };
        paths.sort_unstable();
        Ok(Self { root: Some(root), paths })
    }

    pub(super) fn holds(&self, path: &Path) -> bool {
        let relative = self.relative(path);
        relative.is_some_and(|it| self.paths.binary_search_by(|path| path[..].cmp(it)).is_ok())
    }

    pub(super) fn holds_below(&self, folder: &Path) -> bool {
        let Some(relative) = self.relative(folder) else { return false };
        let below = [relative, b"/"].concat();
        let next = self.paths.partition_point(|path| *path < below);
        self.paths.get(next).is_some_and(|path| path.starts_with(&below))
    }

    fn relative<'p>(&self, path: &'p Path) -> Option<&'p [u8]> {
        Some(path.strip_prefix(self.root?).ok()?.as_os_str().as_bytes())
    }
}
