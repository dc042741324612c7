//! `lynklint check`: scan, print, and let the report decide the exit code.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::{Common, Failure, progress};
use crate::policy::Policy;
use crate::report::{self, Format, Style};
use crate::rule;
use crate::scan::{self, Outcome, Progress};
use crate::source::{self, WalkOptions};

#[derive(Args)]
pub(super) struct Arguments {
    /// Files and folders to scan
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Read standard input as if it were the file NAME
    #[arg(long, value_name = "NAME", conflicts_with = "paths")]
    stdin: Option<String>,
    /// Scan files that .gitignore, .ignore and global excludes hide, too
    #[arg(long)]
    no_ignore: bool,
    /// How the report is printed
    #[arg(long, short, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Write the report to FILE (`-` is standard output)
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Add the rules of a folder of YAML files
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Threads to scan with [default: one for each processor]
    #[arg(long, short, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// Show every finding, however many there are
    #[arg(long)]
    all: bool,
    /// Print nothing but the report
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let began = Instant::now();
        self.refuse_to_overwrite_input()?;
        let policy = self.policy()?;
        let progress = Progress::default();
        let report = progress::during(&progress, self.quiet, || {
            let options = WalkOptions { no_ignore: self.no_ignore, jobs: self.jobs };
            scan::scan(&policy, &progress, |visit| match &self.stdin {
                Some(name) => Ok(source::stdin(name, visit)),
                None => source::walk(&self.paths, &options, visit),
            })
        });
        let report = report.map_err(|error| Failure::new(self.format, &error))?;
        let terminal = self.output == Path::new("-") && super::stdout_is_terminal();
        let style = Style {
            color: self.common.color(terminal),
            width: super::width(terminal),
            all: self.all,
            elapsed: began.elapsed(),
        };
        self.write(|out| report::render(self.format, style, &report, out))?;
        // The human report ends with the same sentence.
        if !self.quiet && (self.format != Format::Human || self.output != Path::new("-")) {
            let _ = writeln!(io::stderr(), "lynklint: {}", report::reason(&report));
        }
        Ok(report.outcome())
    }

    /// A report in the place of what it reports on would pass the next run.
    fn refuse_to_overwrite_input(&self) -> Result<(), Failure> {
        let Ok(output) = self.output.canonicalize() else {
            return Ok(());
        };
        match self.paths.iter().find(|it| it.canonicalize().is_ok_and(|it| it == output)) {
            None => Ok(()),
            Some(path) => {
                let message =
                    format!("{} is to be scanned: write the report elsewhere", path.display());
                Err(Failure { format: self.format, message })
            }
        }
    }

    fn policy(&self) -> Result<Policy, Failure> {
        let extra = match &self.rules {
            Some(folder) => rule::from_folder(folder).map_err(|broken| self.broken(&broken))?,
            None => Vec::new(),
        };
        Policy::recommended(extra).map_err(|error| Failure::new(self.format, &error))
    }

    fn broken(&self, broken: &miette::Report) -> Failure {
        Failure { format: self.format, message: super::rules::shown(broken) }
    }

    fn write(&self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let written = if self.output == Path::new("-") {
            let mut out = BufWriter::new(io::stdout().lock());
            render(&mut out).and_then(|()| out.flush())
        } else {
            source::replace(&self.output, render)
        };
        written.or_else(|error| Failure::of_output(self.format, &error))
    }
}
