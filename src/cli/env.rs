//! `lynklint env`: judge the variables of this process, print, and let the judgement decide the exit code.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::settings::Settings;
use super::{Common, Failure, gate};
use crate::environment::{self, Judgement, Question, Variable};
use crate::policy::anchor::Anchor;
use crate::report::{self, Style, job};
use crate::scan::Outcome;

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Arguments {
    /// A variable that must hold a token, beside those that the tools read (may be repeated)
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Judge as in CI, even if no variable says that this is a CI job
    #[arg(long)]
    ci: bool,
    /// Judge as in a release, even if no variable says that a tag is built
    #[arg(long)]
    release: bool,
    /// Pass if no variable holds a token
    #[arg(long)]
    allow_none: bool,
    /// First tell the CI system on standard output, by its own command, to hide each token in the log. This prints the tokens
    #[arg(long)]
    mask: bool,
    /// How the judgement is printed
    #[arg(long, short, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    gate: gate::Flags,
    #[command(flatten)]
    common: Common,
}

/// The formats of verbs that judge no files.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people
    Human,
    /// One object
    Json,
}

impl From<Format> for report::Format {
    fn from(it: Format) -> Self {
        match it {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
        }
    }
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let began = Instant::now();
        let failed = |error: anyhow::Error| Failure::new(self.format.into(), &error);
        let mut set = self.settings.policy(&[]).map_err(failed)?;
        // A variable stands at the root, wherever in it the process runs.
        set.policy.anchor = Anchor::default();
        set.policy.gate = self.gate.gate();
        let terms = self.gate.terms(&set).map_err(failed)?;
        let variables = variables();
        let variables: Vec<_> = variables.iter().map(borrowed).collect();
        let mut judgement = environment::judge(&variables, &self.question(), &set.policy, set.now);
        judgement.exempt(&terms);
        let written = if self.mask {
            self.may_mask(&judgement)?;
            let job = &judgement.environment.job;
            let masks = environment::masks(&variables, job, set.policy.detector);
            masks.iter().try_for_each(|it| writeln!(io::stdout(), "{it}"))
        } else {
            Ok(())
        };
        let mut out = BufWriter::new(io::stdout().lock());
        let terminal = super::stdout_is_terminal();
        let style = Style {
            color: self.common.color(terminal),
            width: super::width(terminal),
            all: true,
            elapsed: began.elapsed(),
        };
        let written = written.and_then(|()| match self.format {
            Format::Human => job::human(style, &judgement, &mut out),
            Format::Json => job::object(&judgement, &mut out),
        });
        let written = written.and_then(|()| out.flush());
        written.or_else(|error| Failure::of_output(self.format.into(), &error))?;
        let _ = writeln!(io::stderr(), "lynklint: {}", job::reason(&judgement));
        Ok(judgement.exit())
    }

    fn question(&self) -> Question {
        Question {
            names: self.names.clone(),
            ci: self.ci,
            release: self.release,
            allow_none: self.allow_none,
        }
    }

    /// A command to hide a token holds the token: it may go only to a system that obeys it, and not into a report.
    fn may_mask(&self, judgement: &Judgement<'_>) -> Result<(), Failure> {
        let message = if self.format == Format::Json {
            "--mask writes commands to standard output, where --format json has its object"
        } else if super::stdout_is_terminal() {
            "--mask prints the tokens: only in a CI job, and not on a terminal"
        } else if !judgement.environment.job.can_mask() {
            "--mask prints the tokens: only where the CI system takes its commands from the log"
        } else {
            return Ok(());
        };
        Err(Failure { format: self.format.into(), message: message.to_owned() })
    }
}

/// The variables of this process.
pub(super) fn variables() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

pub(super) fn borrowed((name, value): &(OsString, OsString)) -> Variable<'_> {
    Variable { name: name.as_encoded_bytes(), value: value.as_encoded_bytes() }
}
