//! Which files the user's ignore rules hide, in git's order of precedence.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The rules that hold in a folder: its own, then those of the folders above.
#[derive(Clone)]
pub(super) struct Rules {
    chain: Option<Arc<Node>>,
    /// The work tree that the folder belongs to; `.gitignore` counts only inside one.
    pub(super) repository: Option<Arc<Path>>,
}

struct Node {
    rules: Gitignore,
    above: Option<Arc<Node>>,
}

impl Rules {
    /// The rules that hold in `folder` before its own are read: those of the folders above it, up to the work tree.
    pub(super) fn above(folder: &Path) -> Self {
        let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let above: Vec<&Path> = absolute.ancestors().skip(1).collect();
        let top = above.iter().position(|it| it.join(".git").exists());
        let mut rules = Self { chain: None, repository: None };
        for folder in above[..top.map_or(0, |it| it + 1)].iter().rev() {
            rules = rules.within(folder, true, true, folder.join(".git").exists());
        }
        rules
    }

    /// The rules inside `folder`, which has these files.
    pub(super) fn within(&self, folder: &Path, gitignore: bool, ignore: bool, git: bool) -> Self {
        let mut rules = self.clone();
        if git {
            // A work tree inside another one has rules of its own.
            rules = Self { chain: None, repository: Some(folder.into()) };
            rules.push(Gitignore::global().0);
            rules.push(read(folder, &folder.join(".git/info/exclude")));
        }
        if gitignore && rules.repository.is_some() {
            rules.push(read(folder, &folder.join(".gitignore")));
        }
        if ignore {
            rules.push(read(folder, &folder.join(".ignore")));
        }
        rules
    }

    fn push(&mut self, rules: Gitignore) {
        if !rules.is_empty() {
            self.chain = Some(Arc::new(Node { rules, above: self.chain.take() }));
        }
    }

    /// Whether there are no rules at all, so that asking about a path is not worth building it.
    pub(super) fn is_empty(&self) -> bool {
        self.chain.is_none()
    }

    /// Whether the rules hide a path; the rule nearest to it that says anything decides.
    pub(super) fn hide(&self, path: &Path, is_dir: bool) -> bool {
        let mut node = self.chain.as_deref();
        while let Some(Node { rules, above }) = node {
            match rules.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => node = above.as_deref(),
            }
        }
        false
    }
}

fn read(folder: &Path, file: &PathBuf) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    // A rule that cannot be read hides nothing, and more is scanned: that errs on the safe side.
    let _ = builder.add(file);
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}
