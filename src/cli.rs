//! The command line: the only modules that know flags, streams and terminals.

mod asking;
mod assets;
mod baseline;
mod check;
mod env;
mod gate;
mod hook;
mod init;
mod outputs;
mod policy;
mod progress;
mod revisions;
mod rules;
mod settings;
mod validate;
mod verifier;
#[cfg(feature = "verify")]
mod verify;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::detect::Detector;
use crate::excerpt::{masked, veiled};
use crate::report::{self, Format};
use crate::scan::Outcome;
use crate::yaml_file::Broken;

/// Finds Interlynk API tokens where they must not stand.
#[derive(Parser)]
#[command(name = "lynklint", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    check: Box<check::Arguments>,
}

const COULD_NOT_JUDGE: u8 = Outcome::CouldNotJudge as u8;
const EXIT_CODES: &str =
    "Exit codes: 0 nothing failed; 1 lynklint could not do its job; 2 a mandatory policy failed.";

#[derive(Subcommand)]
enum Verb {
    /// Scan files and folders (what happens without a verb, too)
    Check(Box<check::Arguments>),
    /// Install, remove or run git hooks
    #[command(subcommand)]
    Hook(hook::Verb),
    /// List, explain and test rules
    #[command(subcommand)]
    Rules(rules::Verb),
    /// Judge the variables of this process: is each token allowed in this CI job? Sends nothing
    Env(env::Arguments),
    /// Ask the service whether a token is valid: uses the network
    #[cfg(feature = "verify")]
    Verify(verify::Arguments),
    /// Show each rule, its level and where that was set
    Policy(policy::Arguments),
    /// Accept the findings that are there, for a time
    #[command(subcommand)]
    Baseline(baseline::Verb),
    /// Write a commented configuration file
    Init(init::Arguments),
    /// Check the configuration, its sets, its baseline and its rules, and scan nothing
    Validate(validate::Arguments),
    /// Print a script that completes lynklint's arguments in a shell
    Completions(assets::Completions),
    /// Print a manual page, as troff
    Man(assets::Man),
}

/// Flags of every verb.
#[derive(Args)]
struct Common {
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Common {
    fn color(&self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty() && it != "0");
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty()) => false,
            Color::Auto => {
                set("FORCE_COLOR")
                    || (terminal && std::env::var_os("TERM").is_none_or(|it| it != "dumb"))
            }
        }
    }
}

/// What kept a verb from its job, and the format that its reader expects.
struct Failure {
    format: Format,
    message: String,
}

impl Failure {
    fn new(format: Format, error: &anyhow::Error) -> Self {
        let message = match error.downcast_ref::<Broken>() {
            Some(broken) => broken.shown(),
            None => format!("{error:#}"),
        };
        Self { format, message }
    }

    /// A broken pipe is no failure: whoever read has read enough.
    fn of_output(format: Format, error: &io::Error) -> Result<(), Self> {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Self { format, message: format!("could not write the report: {error}") }),
        }
    }
}

/// Runs the program on its arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    guarded(|| obey(&arguments))
}

/// Does the work. A panic in it, on whatever thread, is reported with every token masked, and is no verdict.
pub fn guarded(work: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| ExitCode::from(COULD_NOT_JUDGE))
}

fn obey(arguments: &[OsString]) -> ExitCode {
    let matches = Cli::command().try_get_matches_from(arguments);
    let cli = matches.and_then(|it| Cli::from_arg_matches(&it));
    let outcome = match cli {
        Ok(Cli { verb: Some(Verb::Rules(verb)), .. }) => verb.run(),
        Ok(Cli { verb: Some(Verb::Hook(verb)), .. }) => verb.run(),
        Ok(Cli { verb: Some(Verb::Env(arguments)), .. }) => arguments.run(),
        #[cfg(feature = "verify")]
        Ok(Cli { verb: Some(Verb::Verify(arguments)), .. }) => arguments.run(),
        Ok(Cli { verb: Some(Verb::Policy(arguments)), .. }) => arguments.run(),
        Ok(Cli { verb: Some(Verb::Baseline(verb)), .. }) => verb.run(),
        Ok(Cli { verb: Some(Verb::Init(arguments)), .. }) => arguments.run(),
        Ok(Cli { verb: Some(Verb::Validate(arguments)), .. }) => arguments.run(),
        Ok(Cli { verb: Some(Verb::Completions(arguments)), .. }) => arguments.run(Cli::command()),
        Ok(Cli { verb: Some(Verb::Man(arguments)), .. }) => arguments.run(Cli::command()),
        Ok(
            Cli { verb: Some(Verb::Check(arguments)), .. } | Cli { verb: None, check: arguments },
        ) => arguments.run(),
        Err(error) => return usage(&error, arguments),
    };
    match outcome {
        Ok(outcome) => ExitCode::from(outcome as u8),
        Err(failure) => fail(&failure),
    }
}

/// Help and version go to standard output; wrong arguments are errors, in the format that was asked for.
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let text = veiled(&masked(&error.render().to_string(), Detector::shared()));
    if !error.use_stderr() {
        let mut out = io::stdout();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let written = written.or_else(|error| Failure::of_output(Format::Human, &error));
        return written.map_or_else(|failure| fail(&failure), |()| ExitCode::SUCCESS);
    }
    let format = outputs::Outputs::format_in(arguments);
    let _ = report::render_error(format, text.trim(), &mut io::stdout());
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(COULD_NOT_JUDGE)
}

/// The last word on what went wrong. Messages may quote names and arguments, so they are masked here, once, for all.
fn fail(failure: &Failure) -> ExitCode {
    let message = veiled(&masked(&failure.message, Detector::shared()));
    let lines: Vec<_> = message.lines().map(crate::excerpt::printable).collect();
    let message = lines.join("\n");
    let _ = report::render_error(failure.format, &message, &mut io::stdout());
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(COULD_NOT_JUDGE)
}

/// A panic is a defect, and its message may hold anything: it is masked, and there is no backtrace of arguments.
fn report_panic(info: &panic::PanicHookInfo<'_>) {
    let place =
        info.location().map_or_else(String::new, |it| format!(" at {}:{}", it.file(), it.line()));
    let message = info.payload_as_str().unwrap_or("no message");
    let message = crate::excerpt::printable(&veiled(&masked(message, Detector::shared())));
    let _ = writeln!(
        io::stderr(),
        "error: lynklint has a defect{place}: {message}\nplease report it; the scan is incomplete"
    );
}

/// Prints what a verb that scans nothing has to say, masked.
fn say(text: &str) -> Result<Outcome, Failure> {
    let text = masked(text, Detector::shared());
    let lines: Vec<_> = text.lines().map(crate::excerpt::printable).collect();
    let written = writeln!(io::stdout(), "{}", lines.join("\n"));
    written.or_else(|error| Failure::of_output(Format::Human, &error))?;
    Ok(Outcome::Passed)
}

/// Columns to wrap at: those of the terminal where there is one.
fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    if terminal { columns.unwrap_or(100).clamp(60, 120) } else { 100 }
}

fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}
