//! Which commits a change is: those of a range that is named, or of a CI job.

use std::path::Path;

use anyhow::{Context, bail};

use super::git;

/// The commits of a change.
#[derive(Clone, Debug)]
pub struct Range {
    /// What the report calls it.
    pub name: String,
    /// What told where it begins, if that was no user.
    pub told_by: Option<String>,
    /// As `git rev-list` takes them.
    pub(super) revisions: Vec<String>,
    /// What it begins with, if it has a beginning.
    pub(super) base: Option<String>,
}

/// What is known of the change that a CI job is about.
#[derive(Clone, Debug, Default)]
pub struct JobChange {
    /// The system; no name if none is known.
    pub system: String,
    /// The branch that is built.
    pub branch: Option<String>,
    /// What may be its base, best first.
    pub clues: Vec<Clue>,
    /// Everything that was asked, for an error.
    pub asked: Vec<String>,
}

/// Where something says that a change begins.
#[derive(Clone, Debug)]
pub struct Clue {
    /// What says so.
    pub from: String,
    /// The base.
    pub base: Base,
}

/// Where a change begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// After a commit. Nothing but zeros if the branch was not there before.
    Commit(String),
    /// Where it left a branch of `origin`.
    Branch(String),
    /// The same, of the branch that all others come from.
    DefaultBranch(String),
}

impl Range {
    /// `BASE`, `BASE..TIP` or `BASE...TIP`; the tip is `HEAD` unless it is given.
    pub fn named(here: &Path, text: &str) -> anyhow::Result<Self> {
        let (base, tip) = text.split_once("..").unwrap_or((text, "HEAD"));
        let tip = tip.trim_start_matches('.');
        let missing = |name: &str| {
            format!(
                "{name} is no commit of this clone: fetch it first, with the whole history in \
                 between (`fetch-depth: 0`, `GIT_DEPTH: 0`), or name another base"
            )
        };
        let commit = |name: &str| commit(here, name)?.with_context(|| missing(name));
        let (base, tip) = (commit(base)?, commit(if tip.is_empty() { "HEAD" } else { tip })?);
        let revisions = vec![format!("{base}..{tip}")];
        Ok(Self { name: text.to_owned(), told_by: None, revisions, base: Some(base) })
    }

    /// What the change of a CI job is. A branch that is new, or whose former commits a forced push has dropped, is
    /// compared with the default branch; the default branch itself is new from its first commit on.
    pub fn of_job(here: &Path, job: &JobChange) -> anyhow::Result<Self> {
        let own = |branch: &str| job.branch.as_deref() == Some(branch);
        // Without a name for what is built it might be that very branch.
        let default = job.branch.as_ref().and_then(|_| remote_head(here)).map(|branch| {
            let from = format!("{ORIGIN}HEAD");
            Clue { from, base: Base::DefaultBranch(branch) }
        });
        let mut anew = None;
        for Clue { from, base } in job.clues.iter().chain(&default) {
            match base {
                Base::Commit(id) if id.bytes().all(|b| b == b'0') => anew = Some(from),
                Base::Commit(id) => match commit(here, id)? {
                    Some(_) => return Self::since(here, id, from),
                    None if is_shallow(here)? => bail!(
                        "{id}, where {from} says that the change begins, is not in this shallow \
                         clone: fetch the whole history (`fetch-depth: 0`, `GIT_DEPTH: 0`)"
                    ),
                    None => anew = Some(from),
                },
                Base::DefaultBranch(branch) if own(branch) => match anew {
                    Some(from) => return Self::all(here, from),
                    None => break,
                },
                Base::Branch(branch) | Base::DefaultBranch(branch) => {
                    return Self::since_branch(here, branch, from);
                }
            }
        }
        bail!("{}: give it yourself, such as `--diff origin/main`", job.silence())
    }

    fn since(here: &Path, base: &str, from: &str) -> anyhow::Result<Self> {
        let range = Self::named(here, &format!("{base}..HEAD"))?;
        Ok(Self { told_by: Some(from.to_owned()), ..range })
    }

    fn since_branch(here: &Path, branch: &str, from: &str) -> anyhow::Result<Self> {
        let full = format!("{ORIGIN}{branch}");
        if commit(here, &full)?.is_none() {
            bail!(
                "origin/{branch}, where {from} says that the change begins, is not in this clone: \
                 fetch the whole history (`fetch-depth: 0`, `GIT_DEPTH: 0`), or this branch: \
                 git fetch origin +refs/heads/{branch}:{full}"
            );
        }
        let range = Self::since(here, &full, from)?;
        Ok(Self { name: format!("origin/{branch}..HEAD"), ..range })
    }

    /// Everything up to `HEAD`.
    fn all(here: &Path, from: &str) -> anyhow::Result<Self> {
        let head = commit(here, "HEAD")?.context("there is no commit yet")?;
        let (name, told_by) = ("HEAD".to_owned(), Some(from.to_owned()));
        Ok(Self { name, told_by, revisions: vec![head], base: None })
    }
}

impl JobChange {
    /// Why there is no base.
    fn silence(&self) -> String {
        match (&*self.system, &*self.asked) {
            ("", _) => {
                "no variable names the CI system whose job this is, so that the base of the \
                        change is not known"
                    .to_owned()
            }
            (system, []) => format!("{system} does not say where the change of a job begins"),
            (system, asked) => format!(
                "{system} does not say where the change of this job begins ({})",
                asked.join(", ")
            ),
        }
    }
}

const ORIGIN: &str = "refs/remotes/origin/";

/// The commit that a name stands for.
fn commit(here: &Path, name: &str) -> anyhow::Result<Option<String>> {
    git::ensure_repository(here)?;
    let mut command = git::hardened(here);
    command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]);
    command.arg(format!("{name}^{{commit}}"));
    let found = git::output(command, "resolve it").ok();
    Ok(found.map(|it| String::from_utf8_lossy(&it).trim().to_owned()))
}

fn is_shallow(here: &Path) -> anyhow::Result<bool> {
    let mut command = git::hardened(here);
    command.args(["rev-parse", "--is-shallow-repository"]);
    Ok(git::output(command, "describe the clone")?.starts_with(b"true"))
}

/// The branch that `origin` had checked out when it was cloned.
fn remote_head(here: &Path) -> Option<String> {
    let mut command = git::hardened(here);
    command.args(["symbolic-ref", "--quiet", &format!("{ORIGIN}HEAD")]);
    let name = git::output(command, "read it").ok()?;
    Some(String::from_utf8_lossy(&name).trim().strip_prefix(ORIGIN)?.to_owned())
}
