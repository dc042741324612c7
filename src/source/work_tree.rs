//! Where git keeps what belongs to a work tree.

use std::fs;
use std::path::{Path, PathBuf};

/// A work tree and the folders behind it.
pub(super) struct WorkTree {
    root: PathBuf,
    /// What belongs to this work tree alone, such as its index.
    pub(super) git_dir: PathBuf,
    /// What it shares with the repository's other work trees, such as the configuration.
    pub(super) common_dir: PathBuf,
}

impl WorkTree {
    /// The work tree at `root`, which has a `.git`: a folder, or a file that names one.
    pub(super) fn at(root: &Path) -> Self {
        let dot_git = root.join(".git");
        let git_dir = match fs::read_to_string(&dot_git) {
            Ok(text) => text.strip_prefix("gitdir:").map_or(dot_git, |it| root.join(it.trim())),
            Err(_) => dot_git,
        };
        let common_dir = match fs::read_to_string(git_dir.join("commondir")) {
            Ok(text) => git_dir.join(text.trim()),
            Err(_) => git_dir.clone(),
        };
        Self { root: root.to_owned(), git_dir, common_dir }
    }

    /// The repository's own `core.excludesFile`. Included files of the configuration are not followed.
    pub(super) fn excludes_file(&self) -> Option<PathBuf> {
        let config = fs::read_to_string(self.common_dir.join("config")).ok()?;
        let (mut in_core, mut value) = (false, None);
        for line in config.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[') {
                in_core = section.trim_start().to_ascii_lowercase().starts_with("core]");
            }
            let Some((key, it)) = line.split_once('=').filter(|_| in_core) else { continue };
            let key = key.rsplit(']').next().unwrap_or(key).trim();
            if key.eq_ignore_ascii_case("excludesFile") {
                value = Some(it.split(['#', ';']).next().unwrap_or(it).trim().trim_matches('"'));
            }
        }
        let value = value.filter(|it| !it.is_empty())?;
        match value.strip_prefix("~/") {
            Some(rest) => Some(std::env::home_dir()?.join(rest)),
            None => Some(self.root.join(value)),
        }
    }
}
