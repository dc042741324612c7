//! Where git keeps what belongs to a work tree.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::file;

/// A work tree and the folders behind it.
pub(super) struct WorkTree {
    root: PathBuf,
    /// What belongs to this work tree alone, such as its index.
    pub(super) git_dir: PathBuf,
    /// What it shares with the repository's other work trees, such as the configuration.
    pub(super) common_dir: PathBuf,
}

/// What git opens in a folder of its own without looking at what it is.
const OPENED: [&str; 10] = [
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "index",
    "packed-refs",
    "shallow",
    "info/attributes",
    "info/exclude",
    "objects/info/alternates",
];

impl WorkTree {
    /// The one that git would find from `here`: by its variable, above, or a repository without a work tree.
    pub(super) fn around(here: &Path) -> Option<Self> {
        if let Some(git_dir) = env::var_os("GIT_DIR") {
            return Some(Self::of(here, here.join(git_dir)));
        }
        let here = here.canonicalize().ok()?;
        here.ancestors().find_map(|folder| {
            let is_bare = || folder.join("HEAD").exists() && folder.join("objects").is_dir();
            match folder.join(".git").exists() {
                true => Some(Self::at(folder)),
                false => is_bare().then(|| Self::of(folder, folder.to_owned())),
            }
        })
    }

    /// The work tree at `root`, which has a `.git`: a folder, or a file that names one.
    pub(super) fn at(root: &Path) -> Self {
        let dot_git = root.join(".git");
        let git_dir = match text(&dot_git) {
            Ok(text) => text.strip_prefix("gitdir:").map_or(dot_git, |it| root.join(it.trim())),
            Err(_) => dot_git,
        };
        Self::of(root, git_dir)
    }

    fn of(root: &Path, git_dir: PathBuf) -> Self {
        let common_dir = match text(&git_dir.join("commondir")) {
            Ok(text) => git_dir.join(text.trim()),
            Err(_) => git_dir.clone(),
        };
        Self { root: root.to_owned(), git_dir, common_dir }
    }

    /// The repository's own `core.excludesFile`. Included files of the configuration are not followed.
    pub(super) fn excludes_file(&self) -> io::Result<Option<PathBuf>> {
        let config = text(&self.config())?;
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
        Ok(value.filter(|it| !it.is_empty()).and_then(|value| match value.strip_prefix("~/") {
            Some(rest) => Some(std::env::home_dir()?.join(rest)),
            None => Some(self.root.join(value)),
        }))
    }

    /// The first of the files that git would open although it is a FIFO or a device, which it then waits for.
    pub(super) fn trap(&self) -> Option<PathBuf> {
        let folders = [&self.git_dir, &self.common_dir];
        let named = folders.into_iter().flat_map(|it| OPENED.map(|name| it.join(name)));
        let index = env::var_os("GIT_INDEX_FILE").map(|it| self.root.join(it));
        let refs = WalkDir::new(self.common_dir.join("refs")).into_iter().filter_map(Result::ok);
        let refs = refs
            .filter(|it| !it.file_type().is_file() && !it.file_type().is_dir())
            .map(walkdir::DirEntry::into_path);
        let is_trap = |it: &fs::Metadata| !it.is_file() && !it.is_dir();
        named.chain(index).chain(refs).find(|it| fs::metadata(it).is_ok_and(|it| is_trap(&it)))
    }

    /// The repositories of submodules that are kept inside of this one, also of those that no commit names any more.
    pub(super) fn submodules(&self) -> usize {
        let is_repository = |it: &Path| it.join("HEAD").exists() && it.join("objects").is_dir();
        let below = WalkDir::new(self.common_dir.join("modules")).min_depth(1).into_iter();
        let below = below.filter_entry(|it| {
            // Of a repository, only what it keeps of others in its turn.
            let is_inside = it.path().parent().is_some_and(is_repository);
            it.file_type().is_dir() && (!is_inside || it.file_name() == "modules")
        });
        below.filter_map(Result::ok).filter(|it| is_repository(it.path())).count()
    }

    /// Where the repository is configured.
    pub(super) fn config(&self) -> PathBuf {
        self.common_dir.join("config")
    }
}

fn text(path: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&file::regular(path)?).into_owned())
}
