//! Which files the user's ignore rules hide, in git's order of precedence.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};

use super::file;
use super::work_tree::WorkTree;

/// The rules that hold in a folder: its own, then those of the folders above.
#[derive(Clone)]
pub(super) struct Rules {
    chain: Option<Arc<Node>>,
    /// The work tree that the folder belongs to; `.gitignore` counts only inside one.
    pub(super) repository: Option<Arc<Path>>,
}

/// What is told of a file of rules that is there and cannot be read.
pub(super) type Unread<'u> = dyn Fn(&Path, &io::Error) + 'u;

/// The rules of one file, and those that they come before.
struct Node {
    folder: PathBuf,
    patterns: Vec<String>,
    ends: Vec<Ends>,
    /// Made when a name may match, which in most folders none does.
    matcher: OnceLock<Gitignore>,
    above: Option<Arc<Node>>,
}

/// How every name begins and ends that a pattern can match: looking is ten times cheaper than asking the matcher.
#[derive(Debug, PartialEq, Eq)]
struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Rules {
    /// The rules that hold in `folder` before its own are read: those of the folders above it, up to the work tree.
    pub(super) fn above(folder: &Path, unread: &Unread<'_>) -> Self {
        let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let above: Vec<&Path> = absolute.ancestors().skip(1).collect();
        let top = above.iter().position(|it| it.join(".git").exists());
        let mut rules = Self { chain: None, repository: None };
        for folder in above[..top.map_or(0, |it| it + 1)].iter().rev() {
            rules = rules.within(folder, (true, true, folder.join(".git").exists()), unread);
        }
        rules
    }

    /// The rules inside `folder`, which has a `.gitignore`, an `.ignore`, a `.git` or not.
    pub(super) fn within(
        &self,
        folder: &Path,
        (gitignore, ignore, git): (bool, bool, bool),
        unread: &Unread<'_>,
    ) -> Self {
        let mut rules = self.clone();
        if git {
            // A work tree inside another one has rules of its own.
            rules = Self { chain: None, repository: Some(folder.into()) };
            let tree = WorkTree::at(folder);
            let excludes = tree.excludes_file().unwrap_or_else(|error| {
                report(&tree.config(), &error, unread);
                None
            });
            let excludes = excludes.or_else(gitconfig_excludes_path);
            excludes.into_iter().for_each(|it| rules.read(folder, &it, unread));
            rules.read(folder, &tree.common_dir.join("info/exclude"), unread);
        }
        if gitignore && rules.repository.is_some() {
            rules.read(folder, &folder.join(".gitignore"), unread);
        }
        if ignore {
            rules.read(folder, &folder.join(".ignore"), unread);
        }
        rules
    }

    /// Puts the rules of a file before the others. One that cannot be read hides nothing, and more is scanned: that
    /// errs on the safe side.
    fn read(&mut self, folder: &Path, path: &Path, unread: &Unread<'_>) {
        let text = file::regular(path).inspect_err(|error| report(path, error, unread));
        if let Some(node) = text.ok().and_then(|text| Node::parse(folder, &text)) {
            self.chain = Some(Arc::new(Node { above: self.chain.take(), ..node }));
        }
    }

    /// Whether a rule can say anything about a file or folder of this name, so that its path is worth building.
    pub(super) fn concern(&self, name: &[u8]) -> bool {
        let may_match = |it: &Ends| name.starts_with(&it.head) && name.ends_with(&it.tail);
        self.nodes().any(|it| it.ends.iter().any(may_match))
    }

    /// Whether the rules hide a path; the rule nearest to it that says anything decides.
    pub(super) fn hide(&self, path: &Path, is_dir: bool) -> bool {
        let said =
            self.nodes().map(|it| it.matcher().matched(path, is_dir)).find(|it| !it.is_none());
        matches!(said, Some(Match::Ignore(_)))
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.chain.as_deref(), |it| it.above.as_deref())
    }
}

/// Most files of rules are not there, and `/dev/null` is how to say so.
fn report(path: &Path, error: &io::Error, unread: &Unread<'_>) {
    let absent = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    if !absent && path != Path::new("/dev/null") {
        unread(path, error);
    }
}

impl Node {
    /// The rules of a file's text, if there are any.
    fn parse(folder: &Path, text: &[u8]) -> Option<Self> {
        let mut patterns = Vec::new();
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        for line in text.split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match std::str::from_utf8(line) {
                Ok(line) => patterns.extend(as_git_reads(line)),
                // What an exception shows must not stay hidden because the exception cannot be read.
                Err(_) if line.starts_with(b"!") => return None,
                Err(_) => {}
            }
        }
        let ends = patterns.iter().map(|it| Ends::of(it)).collect();
        let (folder, matcher) = (folder.to_owned(), OnceLock::new());
        (!patterns.is_empty()).then_some(Self { folder, patterns, ends, matcher, above: None })
    }

    fn matcher(&self) -> &Gitignore {
        self.matcher.get_or_init(|| {
            let mut builder = GitignoreBuilder::new(&self.folder);
            builder.allow_unclosed_class(false);
            for it in &self.patterns {
                // What is no pattern matches nothing, as for git.
                let _ = builder.add_line(None, it);
            }
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        })
    }
}

impl Ends {
    /// Of the names that a pattern can match: what stands before the first and after the last special character
    /// of its last part.
    fn of(pattern: &str) -> Self {
        let special = |b: &u8| b"*?[]{}\\".contains(b);
        let pattern = pattern.strip_prefix('!').unwrap_or(pattern).trim_end();
        let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
        let last = pattern.rsplit('/').next().unwrap_or(pattern).as_bytes();
        let tail = last.rsplit(special).next().unwrap_or(last);
        // A slash inside brackets does not part a pattern.
        let head = match pattern.contains('[') {
            true => &[],
            false => last.split(special).next().unwrap_or(last),
        };
        Self { head: head.to_vec(), tail: tail.to_vec() }
    }
}

/// A line as the matcher must have it to mean what it means to git: braces are characters and no alternatives, and no
/// bracket matches a slash. None if it matches nothing: it is empty or a comment, it has an empty part, or it ends in
/// the middle of an escape.
fn as_git_reads(line: &str) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let (mut out, mut end) = (String::with_capacity(line.len() + 8), 0);
    let (mut class, mut escaped, mut dangles) = (None, false, false);
    let mut empty_part = false;
    for it in line.chars() {
        match (class, it) {
            (None, '{' | '}') if !escaped => out.push('\\'),
            // However many stars stand together, to git they are two.
            (None, '*') if out.ends_with("**") => continue,
            (None, '/') => empty_part |= out.ends_with('/'),
            (Some(0), '!' | '^') => out.push_str("^/"),
            _ => {}
        }
        class = match (class, it) {
            (None, '[') if !escaped => Some(0),
            (Some(1..), ']') if !escaped => None,
            (Some(0), '!' | '^') => continue,
            (class, _) => class.map(|len| len + 1),
        };
        out.push(it);
        if it != ' ' || escaped {
            end = out.len();
            dangles = it == '\\' && !escaped || it == '/' && escaped;
        }
        escaped = !escaped && it == '\\';
    }
    out.truncate(end);
    let pattern = out.strip_suffix('/').unwrap_or(&out);
    if pattern.contains('/') && !line.trim_end_matches([' ', '/']).contains('/') {
        out.insert_str(usize::from(out.starts_with('!')), "**/");
    }
    (!dangles && !out.is_empty() && !empty_part).then_some(out)
}
