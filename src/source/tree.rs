//! Where policy files are read from: a folder on the disk, or a commit, which a pull request cannot change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::WalkDir;

use super::{file, git};

/// The largest policy file, in bytes.
const LARGEST: u64 = 16 << 20;

/// A folder of policy files.
#[derive(Clone, Debug)]
pub enum Tree {
    /// On the disk.
    Disk(PathBuf),
    /// In a commit: of the repository at `root`, below `folder` (`""` or with a slash at its end).
    Commit {
        /// The work tree's top folder.
        root: PathBuf,
        /// The commit's full name.
        commit: String,
        /// The folder in it.
        folder: String,
    },
}

impl Tree {
    /// The commit that `reference` names now.
    pub fn commit(root: &Path, reference: &str, folder: &str) -> anyhow::Result<Self> {
        let wanted = format!("{reference}^{{commit}}");
        git::ensure_repository(root)?;
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted];
        let found = git::ask(root, "find it", arguments).ok().with_context(|| {
            format!(
                "could not read the policy from `{reference}`: it is no commit of this repository, \
                 or not of this clone: fetch it first"
            )
        })?;
        let commit = String::from_utf8_lossy(&found).trim().to_owned();
        Ok(Self::Commit { root: root.to_owned(), commit, folder: folder.to_owned() })
    }

    /// The text of a file, or nothing if there is none. `path` has `/`, and no `..`.
    pub fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        match self {
            Self::Disk(folder) => {
                let path = folder.join(path);
                match fs::metadata(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => {
                        Err(error).with_context(|| format!("could not read {}", path.display()))
                    }
                    Ok(it) if !it.is_file() => anyhow::bail!("{} is not a file", path.display()),
                    Ok(it) if it.len() > LARGEST => anyhow::bail!("{} is too big", path.display()),
                    Ok(_) if !is_inside(folder, &path) => {
                        anyhow::bail!("{} is a link to outside of its folder", path.display())
                    }
                    Ok(_) => file::text(&path).map(Some),
                }
            }
            Self::Commit { root, commit, folder } => {
                let path = format!("{folder}{path}");
                let listed =
                    git::ask(root, "list a commit", ["ls-tree", "-z", commit, "--", &path])?;
                let listed = String::from_utf8_lossy(&listed);
                let Some(object) = listed.split('\t').next().filter(|it| it.starts_with("100"))
                else {
                    return Ok(None);
                };
                let object = object.rsplit(' ').next().unwrap_or_default();
                let bytes = git::ask(root, "read a file", ["cat-file", "blob", object])?;
                let text = String::from_utf8(bytes).ok();
                text.map(Some).with_context(|| format!("{path} is not UTF-8"))
            }
        }
    }

    /// The names of the files in a folder, sorted. `path` is as for [`Tree::text`].
    pub fn names(&self, path: &str) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Disk(folder) => {
                let folder = folder.join(path);
                let entries = fs::read_dir(&folder)
                    .with_context(|| format!("could not read the folder {}", folder.display()))?;
                let names = entries.map(|it| it.map(|it| it.file_name()));
                let names = names.collect::<io::Result<Vec<_>>>()?;
                names.into_iter().filter_map(|it| it.into_string().ok()).collect()
            }
            Self::Commit { root, commit, folder } => {
                let tree = format!("{commit}:{folder}{path}");
                let listed =
                    git::ask(root, "list a folder", ["ls-tree", "-z", "--name-only", &tree])?;
                let names = String::from_utf8_lossy(&listed).into_owned();
                names.split('\0').filter(|it| !it.is_empty()).map(str::to_owned).collect()
            }
        };
        names.sort();
        Ok(names)
    }
}

/// A message about a file quotes it. A link that a change adds must not choose which file of the machine that is.
fn is_inside(folder: &Path, path: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let full = |it: &Path| it.canonicalize().ok();
    full(folder).zip(full(path)).is_some_and(|(folder, path)| path.starts_with(folder))
}

/// Names every file below a folder, from there and with `/`, until `visit` has seen enough (`false`).
pub fn each_name(root: &Path, visit: &mut dyn FnMut(&str) -> bool) {
    let walk = WalkDir::new(root).min_depth(1).into_iter();
    let walk = walk.filter_entry(|it| it.file_name() != ".git").filter_map(Result::ok);
    for entry in walk.filter(|it| !it.file_type().is_dir()) {
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if !visit(&path.to_string_lossy()) {
            return;
        }
    }
}

/// The top folder of the repository that holds `path`: the nearest folder above with `.git` in it.
pub fn repository_of(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    path.ancestors().find(|it| it.join(".git").exists()).map(Path::to_owned)
}
