//! Where reports go: `--format`, as often as there are readers, and `--output`.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Args, Command, ValueEnum};

use super::Failure;
use crate::report::{self, Format, Style};
use crate::scan::Report;
use crate::source;

#[derive(Args)]
pub(super) struct Outputs {
    /// How the report is printed. FORMAT=FILE writes it to FILE; with it several may be given
    #[arg(long = "format", short, value_name = "FORMAT[=FILE]", value_parser = TargetParser, default_value = "human")]
    formats: Vec<Target>,
    /// Write the report to FILE (`-` is standard output)
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A report that is asked for.
#[derive(Clone)]
struct Target {
    format: Format,
    /// Where `FORMAT=FILE` says it goes.
    file: Option<PathBuf>,
}

impl Outputs {
    /// The format that people or programs on standard output expect, also for an error.
    pub(super) fn format(&self) -> Format {
        self.formats.iter().find(|it| it.file.is_none()).map_or(Format::Human, |it| it.format)
    }

    /// The same for arguments that could not be understood.
    pub(super) fn format_in(arguments: &[OsString]) -> Format {
        let text = |i: usize| arguments.get(i).and_then(|it| it.to_str());
        let value = |i: usize| match text(i)? {
            "--format" | "-f" => text(i + 1),
            flag => flag.strip_prefix("--format=").or_else(|| flag.strip_prefix("-f")),
        };
        let format = |i| Format::from_str(value(i)?, false).ok();
        (0..arguments.len()).find_map(format).unwrap_or(Format::Human)
    }

    /// Whether standard output ends with the reason for the exit code.
    pub(super) fn ends_with_reason(&self) -> bool {
        let says = |it: &Target| matches!(it.format, Format::Human | Format::Terraform);
        self.formats.iter().any(|it| says(it) && self.file(it).is_none())
    }

    /// Refuses what would lose a report, or `inputs`: a report in the place of what it reports on would pass the next run.
    pub(super) fn check(&self, inputs: &[PathBuf]) -> Result<(), Failure> {
        let fail = |message| Err(Failure { format: self.format(), message });
        let files: Vec<_> = self.formats.iter().map(|it| self.file(it)).collect();
        if let Some(twice) = (1..files.len()).find(|&i| files[..i].contains(&files[i])) {
            let place = files[twice].map_or("standard output".into(), Path::to_string_lossy);
            return fail(format!("two reports would go to {place}: --format NAME=FILE says where"));
        }
        if self.output.is_some() && self.formats.iter().all(|it| it.file.is_some()) {
            return fail("--output is for a --format without a file of its own".to_owned());
        }
        let real = |path: &Path| path.canonicalize().ok();
        let inputs: Vec<_> = inputs.iter().filter_map(|it| real(it)).collect();
        let scanned = |file: &&Path| real(file).is_some_and(|it| inputs.contains(&it));
        match files.into_iter().flatten().find(scanned) {
            None => Ok(()),
            Some(file) => {
                fail(format!("{} is to be scanned: write the report elsewhere", file.display()))
            }
        }
    }

    /// Writes every report: those that go to files first, so that a closed pipe costs none of them.
    pub(super) fn write(
        &self,
        report: &Report<'_>,
        stdout: Style,
        file: Style,
    ) -> Result<(), Failure> {
        let mut targets: Vec<_> =
            self.formats.iter().map(|it| (self.file(it), it.format)).collect();
        targets.sort_by_key(|(file, _)| file.is_none());
        let written = targets.into_iter().map(|(path, format)| {
            if let Some(path) = path {
                let written =
                    source::replace(path, |out| report::render(format, file, report, out));
                return written.map_err(|it| named(path, &it));
            }
            let mut out = BufWriter::new(io::stdout().lock());
            report::render(format, stdout, report, &mut out).and_then(|()| out.flush())
        });
        let written: Vec<_> = written.chain([self.summarise(report, file)]).collect();
        let failed = |it| Failure::of_output(self.format(), &it);
        written.into_iter().try_for_each(|it| it.or_else(failed))
    }

    /// Beside its annotations, of which ten are shown, GitHub takes a page for each step from the file that it names.
    fn summarise(&self, report: &Report<'_>, style: Style) -> io::Result<()> {
        let asked = self.formats.iter().any(|it| it.format == Format::Github);
        match std::env::var_os("GITHUB_STEP_SUMMARY").filter(|it| asked && !it.is_empty()) {
            None => Ok(()),
            Some(path) => source::append(Path::new(&path), |out| {
                report::render(Format::Markdown, style, report, out)
            }),
        }
    }

    /// The file that a report goes to, unless it is standard output.
    fn file<'o>(&'o self, target: &'o Target) -> Option<&'o Path> {
        target.file.as_deref().or(self.output.as_deref()).filter(|it| *it != Path::new("-"))
    }
}

/// An error of a file, with its name.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", path.display(), source::reason(error)))
}

#[derive(Clone)]
struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Target, clap::Error> {
        let text = value.to_string_lossy();
        let (name, file) = text.split_once('=').map_or((&*text, None), |it| (it.0, Some(it.1)));
        match Format::from_str(name, false) {
            Ok(format) if file != Some("") => Ok(Target { format, file: file.map(PathBuf::from) }),
            Ok(_) | Err(_) => Err(refused(command, arg, &text)),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(Format::to_possible_value)))
    }
}

/// The error of clap's own lists of values.
fn refused(command: &Command, arg: Option<&Arg>, value: &str) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
    let arg = arg.map_or_else(String::new, ToString::to_string);
    error.insert(ContextKind::InvalidArg, ContextValue::String(arg));
    error.insert(ContextKind::InvalidValue, ContextValue::String(value.to_owned()));
    let names = Format::value_variants().iter().filter_map(Format::to_possible_value);
    let names = names.map(|it| it.get_name().to_owned()).collect();
    error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
    error
}
