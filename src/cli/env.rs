//! `lynklint env`: judge the variables of this process, print, and let the judgement decide the exit code.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Common, Failure};
use crate::detect::{Detector, Token};
use crate::environment::{self, Entry, Judgement, Question, Variable, Violation};
use crate::report;
use crate::rule::Severity;
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
        let detector = Detector::shared();
        let variables = variables();
        let variables: Vec<_> = variables.iter().map(borrowed).collect();
        let question = Question {
            names: self.names.clone(),
            ci: self.ci,
            release: self.release,
            allow_none: self.allow_none,
        };
        let judgement = environment::judge(&variables, &question, detector);
        let written = if self.mask {
            self.may_mask(&judgement)?;
            let masks = environment::masks(&variables, &judgement.job, detector);
            masks.iter().try_for_each(|it| writeln!(io::stdout(), "{it}"))
        } else {
            Ok(())
        };
        let mut out = BufWriter::new(io::stdout().lock());
        let color = self.common.color(super::stdout_is_terminal());
        let written = written.and_then(|()| match self.format {
            Format::Human => human(&judgement, color, &mut out),
            Format::Json => json(&judgement, &mut out),
        });
        let written = written.and_then(|()| out.flush());
        written.or_else(|error| Failure::of_output(self.format.into(), &error))?;
        let _ = writeln!(io::stderr(), "lynklint: {}", judgement.reason());
        Ok(judgement.outcome())
    }

    /// A command to hide a token holds the token: it may go only to a system that obeys it, and not into a report.
    fn may_mask(&self, judgement: &Judgement) -> Result<(), Failure> {
        let message = if self.format == Format::Json {
            "--mask writes commands to standard output, where --format json has its object"
        } else if super::stdout_is_terminal() {
            "--mask prints the tokens: only in a CI job, and not on a terminal"
        } else if !judgement.job.can_mask() {
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

fn human(judgement: &Judgement, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let job = &judgement.job;
    let system = match (&job.system, job.ci) {
        (Some(name), _) => name,
        (None, true) => "CI (--ci)",
        (None, false) => "not in CI, as far as the variables tell",
    };
    let release = job.release.as_ref().map_or_else(String::new, |it| format!(", a release ({it})"));
    writeln!(out, "Job: {system}{release}")?;
    for Entry { name, tokens } in &judgement.entries {
        for token in tokens {
            let (kind, environment, sure) = (token.kind, token.environment, token.certainty);
            write!(out, "  {name}: {} {kind}, {environment}, {sure}", token.masked())?;
            let known = sure.violates().then(|| format!(", fingerprint {}", token.fingerprint));
            writeln!(out, "{}", known.unwrap_or_default())?;
        }
        if tokens.is_empty() {
            writeln!(out, "  {name}: no token")?;
        }
    }
    for Violation { check, name, detail, .. } in &judgement.violations {
        let (severity, id) = (painted(check.severity(), color), check.id());
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        writeln!(out, "\n{severity}[{id}] {name}: {}{detail}", check.summary())?;
        writeln!(out, "  fix: {}", check.fix())?;
    }
    Ok(())
}

fn painted(severity: Severity, color: bool) -> String {
    let code = match severity {
        Severity::Error => 31,
        Severity::Warning => 33,
        Severity::Note => 36,
    };
    if color { format!("\x1b[{code}m{}\x1b[0m", severity.name()) } else { severity.name().into() }
}

#[derive(Serialize)]
struct Root<'j> {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    tool: Tool,
    diagnostics: Vec<Diagnostic<'j>>,
    job: Job<'j>,
    variables: Vec<Item<'j>>,
    missing: &'j [String],
    summary: Summary,
}

/// This program, in every machine format.
#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) const TOOL: Tool = Tool { name: "lynklint", version: env!("CARGO_PKG_VERSION") };

#[derive(Serialize)]
struct Diagnostic<'j> {
    severity: &'static str,
    summary: &'static str,
    detail: String,
    address: String,
    range: Option<()>,
    snippet: Option<()>,
    rule: Rule,
    token: Option<TokenItem>,
    variable: &'j str,
}

#[derive(Serialize)]
struct Rule {
    id: &'static str,
    set: &'static str,
    enforcement: &'static str,
}

#[derive(Serialize)]
struct Job<'j> {
    ci: bool,
    system: Option<&'j str>,
    release: Option<&'j str>,
}

#[derive(Serialize)]
struct Item<'j> {
    name: &'j str,
    tokens: Vec<TokenItem>,
}

/// A token, as every machine format shows it.
#[derive(Serialize)]
pub(super) struct TokenItem {
    kind: &'static str,
    environment: &'static str,
    certainty: &'static str,
    encoding: &'static str,
    masked: String,
    fingerprint: String,
}

#[derive(Serialize)]
struct Summary {
    overall: &'static str,
    reason: String,
    tokens: usize,
}

impl From<&Token> for TokenItem {
    fn from(it: &Token) -> Self {
        Self {
            kind: it.kind.name(),
            environment: it.environment.name(),
            certainty: it.certainty.name(),
            encoding: it.encoding.name(),
            masked: it.masked(),
            fingerprint: it.fingerprint.to_string(),
        }
    }
}

impl<'j> From<&'j Violation> for Diagnostic<'j> {
    fn from(it: &'j Violation) -> Self {
        let detail = if it.detail.is_empty() { "" } else { ". " };
        Self {
            severity: it.check.severity().name(),
            summary: it.check.summary(),
            detail: format!("{}{detail}{}", it.detail, it.check.fix()),
            address: format!("env.{}", it.name),
            range: None,
            snippet: None,
            rule: Rule {
                id: it.check.id(),
                set: "environment",
                enforcement: it.check.level().name(),
            },
            token: it.token.as_ref().map(TokenItem::from),
            variable: &it.name,
        }
    }
}

fn json(judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let count =
        |severity| judgement.violations.iter().filter(|it| it.check.severity() == severity).count();
    let outcome = judgement.outcome();
    let job = &judgement.job;
    let item = |it: &'_ Entry| it.tokens.iter().map(TokenItem::from).collect();
    let root = Root {
        format_version: "1.0",
        valid: outcome == Outcome::Passed,
        error_count: count(Severity::Error),
        warning_count: count(Severity::Warning),
        tool: TOOL,
        diagnostics: judgement.violations.iter().map(Diagnostic::from).collect(),
        job: Job { ci: job.ci, system: job.system.as_deref(), release: job.release.as_deref() },
        variables: judgement
            .entries
            .iter()
            .map(|it| Item { name: &it.name, tokens: item(it) })
            .collect(),
        missing: &judgement.missing,
        summary: Summary {
            overall: overall(outcome),
            reason: judgement.reason(),
            tokens: judgement.tokens(),
        },
    };
    write_json(&root, out)
}

/// The word for an outcome in every machine format.
pub(super) fn overall(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::CouldNotJudge => "error",
        Outcome::Failed => "failed",
    }
}

/// Writes an object whose strings are all fit to be shown.
pub(super) fn write_json(root: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, root)?;
    writeln!(out)
}
