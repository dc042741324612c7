//! Which part of git is scanned instead of the files in a folder.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::detect::Detector;
use crate::policy::Policy;
use crate::source::{self, Coverage, HistoryOptions, Needle, Search, Touched, Visitor};

/// Flags that choose a source in git.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Revisions {
    /// Scan what is staged for the next commit, in PATHs only if some are given
    #[arg(long, conflicts_with_all = ["stdin", "diff"])]
    staged: bool,
    /// Scan what each commit of BASE..HEAD adds; BASE..TIP and BASE...TIP work, too
    #[arg(long, value_name = "BASE", conflicts_with = "stdin")]
    diff: Option<String>,
    /// Scan everything that git still holds: all commits, messages and objects, reachable or not
    #[arg(long, conflicts_with_all = ["stdin", "staged", "diff", "paths"])]
    history: bool,
    /// Let --history pass though a partial or shallow clone has left objects at its remote
    #[arg(long, requires = "history")]
    allow_partial: bool,
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

    /// Reads the chosen source; nothing if none is chosen. `paths` are the files that the user names, if any.
    pub(super) fn read(
        &self,
        paths: &[PathBuf],
        jobs: usize,
        policy: &Policy,
        visit: &Visitor<'_>,
    ) -> Option<anyhow::Result<Coverage>> {
        let touched = if self.whole_files { Touched::Files } else { Touched::Lines };
        let here = Path::new(".");
        match &self.diff {
            _ if self.staged => Some(source::staged(here, paths, touched, visit)),
            Some(range) => Some(source::range(here, range, touched, visit)),
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
        let options = HistoryOptions { jobs, allow_partial, authors };
        let is_in = |bytes: &[u8]| detector.may_hold(bytes);
        let is_hit = |bytes: &[u8]| {
            detector.may_hold(bytes)
                && detector.find(bytes).iter().any(|it| it.certainty.violates())
        };
        let needle = Needle { is_in: &is_in, longest: detector.longest_needle() };
        source::history(Path::new("."), &options, &Search { needle, is_hit: &is_hit }, visit)
    }
}
