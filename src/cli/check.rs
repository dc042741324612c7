//! `lynklint check`: scan, print, and let the report decide the exit code.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::outputs::Outputs;
use super::revisions::Revisions;
use super::settings::{Set, Settings};
use super::{Common, Failure, gate, progress, verifier};
use crate::exempt::Terms;
use crate::policy::Policy;
use crate::policy::anchor::Anchor;
use crate::report::{self, Style};
use crate::scan::{self, Again, Files, Outcome, Progress};
use crate::source::{self, Coverage, Visitor, WalkOptions};

#[derive(Args)]
pub(super) struct Arguments {
    #[arg(value_name = "PATH", help = "Files and folders to scan [default: .]")]
    paths: Vec<PathBuf>,
    /// Read standard input as if it were the file NAME
    #[arg(long, value_name = "NAME", conflicts_with = "paths")]
    stdin: Option<String>,
    /// Scan files that .gitignore, .ignore and global excludes hide, too
    #[arg(long)]
    no_ignore: bool,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    settings: Settings,
    /// Threads to scan with [default: one for each processor]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Show every finding, however many there are
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    gate: gate::Flags,
    #[command(flatten)]
    accepted: gate::Accepted,
    /// Print nothing but the report
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    revisions: Revisions,
    #[command(flatten)]
    verifier: verifier::Verification,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let began = Instant::now();
        self.outputs.check(&self.paths)?;
        let failure = |error: anyhow::Error| Failure::new(self.outputs.format(), &error);
        let verifier = self.verifier.verifier().map_err(failure)?;
        let checked = self.revisions.check(&self.paths);
        let settled = checked.and_then(|()| self.settings.policy(self.walked()));
        let mut set = settled.map_err(failure)?;
        if self.revisions.any() {
            // Git speaks of paths from the root.
            set.policy.anchor = Anchor::default();
        }
        set.policy.gate = self.gate.gate();
        let terms = self.terms(&set).map_err(failure)?;
        let progress = Progress::default();
        let report = progress::during(&progress, self.quiet, || {
            let again: &Again<'_> = &|wanted, visit| {
                source::walk_some(&self.roots(), &self.walk_options(), wanted, visit)
            };
            let read = |visit: &Visitor<'_>| {
                self.read(&set.policy, &|blob| {
                    verifier.keep(blob);
                    visit(blob);
                })
            };
            scan::scan(&set.policy, &progress, self.files(again), read)
        });
        let mut report = report.map_err(failure)?;
        report.exempt(&terms);
        verifier.ask(&mut report);
        let terminal = super::stdout_is_terminal();
        let style = |terminal| Style {
            color: self.common.color(terminal),
            width: super::width(terminal),
            all: self.all,
            elapsed: began.elapsed(),
        };
        self.outputs.write(&report, style(terminal), style(false))?;
        if !self.quiet && !self.outputs.ends_with_reason() {
            let _ = writeln!(io::stderr(), "lynklint: {}", report::reason(&report));
        }
        Ok(report.exit())
    }

    fn terms(&self, set: &Set) -> anyhow::Result<Terms> {
        self.gate.terms_of_files(&self.accepted, set, self.is_whole(&set.root))
    }

    /// Reads what is asked for.
    fn read(&self, policy: &Policy, visit: &Visitor<'_>) -> anyhow::Result<Coverage> {
        if let Some(name) = &self.stdin {
            return Ok(source::stdin(name, visit));
        }
        let git = self.revisions.read(&self.paths, self.jobs(), self.quiet, policy, visit);
        git.unwrap_or_else(|| source::walk(&self.roots(), &self.walk_options(), visit))
    }

    fn walk_options(&self) -> WalkOptions {
        WalkOptions { no_ignore: self.no_ignore, jobs: self.jobs() }
    }

    /// Threads; 0 for one for each processor.
    fn jobs(&self) -> usize {
        self.jobs.map_or(0, NonZeroUsize::get)
    }

    /// Where a walk begins.
    fn roots(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() { vec![".".into()] } else { self.paths.clone() }
    }

    /// The files and folders that are named, if such are scanned.
    fn walked(&self) -> &[PathBuf] {
        if self.stdin.is_some() || self.revisions.any() { &[] } else { &self.paths }
    }

    fn files<'s>(&self, again: &'s Again<'s>) -> Files<'s> {
        match (&self.stdin, self.revisions.any()) {
            (Some(_), _) => Files::InPipe,
            (None, true) => Files::InGit,
            (None, false) => Files::InFolders(again),
        }
    }

    /// Whether all of the repository is scanned.
    fn is_whole(&self, root: &Path) -> bool {
        let is_root = |it: &Path| it.canonicalize().is_ok_and(|it| root.starts_with(it));
        let named = self.paths.iter().any(|it| is_root(it));
        let all = self.paths.is_empty() && is_root(Path::new("."));
        self.stdin.is_none() && !self.revisions.any() && (named || all)
    }
}
