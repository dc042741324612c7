//! Which part of git is scanned instead of the files in a folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use clap::Args;

use super::env;
use crate::detect::Detector;
use crate::policy::Policy;
use crate::source::{
    self, Cache, Coverage, HistoryOptions, Needle, Range, Search, Touched, Visitor,
};
use crate::{environment, excerpt};

/// Flags that choose a source in git.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Revisions {
    /// Scan what is staged for the next commit, in PATHs only if some are given
    #[arg(long, conflicts_with_all = ["stdin", "diff"])]
    staged: bool,
    /// Scan what each commit of BASE..HEAD adds (in PATHs only if some are given); BASE..TIP and BASE...TIP work, too, and
    /// in a CI job `auto` takes the base from its variables
    #[arg(long, value_name = "BASE", conflicts_with = "stdin")]
    diff: Option<String>,
    /// Scan everything that git still holds: all commits, messages and objects, reachable or not
    #[arg(long, conflicts_with_all = ["stdin", "staged", "diff"])]
    history: bool,
    /// Let --history pass though a partial or shallow clone has left objects at its remote
    #[arg(long, requires = "history")]
    allow_partial: bool,
    /// Remember in the user's cache folder where --history found nothing, and do not read that again; off in CI
    #[arg(long, requires = "history")]
    cache: bool,
    /// Name the authors of commits, with their addresses
    #[arg(long, requires = "history")]
    authors: bool,
    /// Judge the whole of each changed file, not only the lines that are added
    #[arg(long)]
    whole_files: bool,
}

impl Revisions {
    /// Whether git is read at all.
    pub(super) fn any(&self) -> bool {
        self.staged || self.history || self.diff.is_some()
    }

    /// What is chosen must be able to mind the paths.
    pub(super) fn check(&self, paths: &[PathBuf]) -> anyhow::Result<()> {
        match self.history && !paths.is_empty() {
            true => anyhow::bail!(
                "--history reads every object of the repository around the current folder, and so \
                 takes no PATH"
            ),
            false => Ok(()),
        }
    }

    /// Reads the chosen source; nothing if none is chosen. `paths` are the files that the user names, if any.
    pub(super) fn read(
        &self,
        paths: &[PathBuf],
        jobs: usize,
        quiet: bool,
        policy: &Policy,
        visit: &Visitor<'_>,
    ) -> Option<anyhow::Result<Coverage>> {
        let touched = if self.whole_files { Touched::Files } else { Touched::Lines };
        let here = Path::new(".");
        match &self.diff {
            _ if self.staged => Some(source::staged(here, paths, touched, visit)),
            Some(text) => Some(
                range(here, text, quiet)
                    .and_then(|range| source::range(here, &range, paths, touched, visit)),
            ),
            None if self.history => Some(self.history(jobs, policy.detector, visit)),
            None => None,
        }
    }

    /// Only literals are sought in the past: how a token was used there can no longer be changed.
    fn history(
        &self,
        jobs: usize,
        detector: &Detector,
        visit: &Visitor<'_>,
    ) -> anyhow::Result<Coverage> {
        let (allow_partial, authors) = (self.allow_partial, self.authors);
        let (cache, why_not) = match self.cache.then(|| cache(detector)) {
            None => (None, None),
            Some(Ok(cache)) => (Some(cache), None),
            Some(Err(error)) => (None, Some(format!("--cache is ignored: {error}"))),
        };
        let options = HistoryOptions { jobs, allow_partial, authors, cache };
        let is_in = |bytes: &[u8]| detector.may_hold(bytes);
        let is_hit = |bytes: &[u8]| {
            detector.may_hold(bytes)
                && detector.find(bytes).iter().any(|it| it.certainty.violates())
        };
        let needle = Needle { is_in: &is_in, longest: detector.longest_needle() };
        let search = Search { needle, is_hit: &is_hit };
        let mut coverage = source::history(Path::new("."), &options, &search, visit)?;
        coverage.notes.extend(why_not);
        Ok(coverage)
    }
}

/// Where scans for these needles are remembered. Not in CI, where a job could leave something for the next to believe.
fn cache(detector: &Detector) -> anyhow::Result<Cache> {
    let variables = env::variables();
    let variables: Vec<_> = variables.iter().map(env::borrowed).collect();
    if let Some(system) = environment::system(&variables) {
        anyhow::bail!("this is a job of {system}");
    }
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let folder = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let folder = folder.context("neither XDG_CACHE_HOME nor HOME is set")?.join("lynklint");
    Ok(Cache { folder, needles: detector.needles_digest(), now: SystemTime::now() })
}

/// The range that the user names, or that the variables of a CI job tell.
fn range(here: &Path, text: &str, quiet: bool) -> anyhow::Result<Range> {
    if text != "auto" {
        return Range::named(here, text);
    }
    let variables = env::variables();
    let variables: Vec<_> = variables.iter().map(env::borrowed).collect();
    let change = environment::change(&variables, source::text)?;
    let range = Range::of_job(here, &change)?;
    if let Some(told_by) = range.told_by.as_ref().filter(|_| !quiet) {
        let said = format!("lynklint: --diff {}, as {told_by} says", range.name);
        let _ = writeln!(io::stderr(), "{}", excerpt::printable(&said));
    }
    Ok(range)
}
