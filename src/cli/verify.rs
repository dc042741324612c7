//! `lynklint verify`: ask the service about each token that it is given.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Read, Write};

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::asking::{Asking, Line};
use super::env::{Format, borrowed, variables};
use crate::detect::{Detector, Token};
use crate::environment::shown;
use crate::report::{self, TOOL, Tool};
use crate::scan::Outcome;
use crate::verify::{Secret, Verdict};

/// More than any token, so that an endless input ends.
const LONGEST_INPUT: u64 = 4 << 10;

#[derive(Args)]
pub(super) struct Arguments {
    /// A variable that holds a token (may be repeated) [default: those that the tools read]
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Read the token from standard input
    #[arg(long, conflicts_with = "names")]
    stdin: bool,
    #[command(flatten)]
    asking: Asking,
    /// How the verdict is printed
    #[arg(long, short, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// A token that was to be verified, and what became of it.
struct Asked {
    name: String,
    token: Option<Token>,
    verdict: Verdict,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let failure = |error: anyhow::Error| Failure::new(self.format.into(), &error);
        let line = self.asking.line().map_err(failure)?;
        let values = self.values()?;
        let asked = ask_all(&line, values);
        let outcome = outcome(&asked);
        let mut out = io::stdout().lock();
        let written = match self.format {
            Format::Human => human(&asked, &line.host, &mut out),
            Format::Json => json(&asked, &line.host, &mut out),
        };
        written.or_else(|error| Failure::of_output(self.format.into(), &error))?;
        let _ = writeln!(io::stderr(), "lynklint: {}", reason(outcome));
        Ok(outcome)
    }

    /// What may be tokens, and where each comes from.
    fn values(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let fail = |message: String| Err(Failure { format: self.format.into(), message });
        if self.stdin {
            if io::stdin().is_terminal() {
                return fail("--stdin reads from a pipe: what is typed would be shown".to_owned());
            }
            let mut value = Vec::new();
            if let Err(error) = io::stdin().take(LONGEST_INPUT).read_to_end(&mut value) {
                return fail(format!("could not read standard input: {error}"));
            }
            let end = value
                .strip_suffix(b"\n")
                .map_or(&value[..], |it| it.strip_suffix(b"\r").unwrap_or(it));
            return Ok(vec![("standard input".to_owned(), end.to_vec())]);
        }
        let detector = Detector::shared();
        let names = if self.names.is_empty() { detector.variables() } else { &self.names };
        let variables = variables();
        let variables: Vec<_> =
            variables.iter().map(borrowed).filter(|it| !it.value.is_empty()).collect();
        let mut values = Vec::new();
        for name in names {
            match variables.iter().find(|it| it.name == name.as_bytes()) {
                Some(it) => values.push((shown(it.name, detector), it.value.to_vec())),
                None if self.names.is_empty() => {}
                None => {
                    return fail(format!(
                        "the variable {} is not set",
                        shown(name.as_bytes(), detector)
                    ));
                }
            }
        }
        if values.is_empty() {
            return fail(format!(
                "there is no token to verify: none of {} is set",
                names.join(", ")
            ));
        }
        Ok(values)
    }
}

/// Asks about each token once, wherever it comes from.
fn ask_all(line: &Line, values: Vec<(String, Vec<u8>)>) -> Vec<Asked> {
    let detector = Detector::shared();
    let mut known = BTreeSet::new();
    let mut asked = Vec::new();
    for (name, value) in values {
        let Some(secret) = Secret::read(&value, detector) else {
            let why = "nothing was sent: the value is not one token and nothing else (lynklint env says more)";
            let verdict = Verdict::Unknown { why: why.to_owned() };
            asked.push(Asked { name, token: None, verdict });
            continue;
        };
        if known.insert(secret.token().fingerprint) {
            let verdict = line.ask(&secret);
            asked.push(Asked { name, token: Some(secret.token().clone()), verdict });
        }
    }
    asked
}

/// One token of which nothing is known leaves the question open, whatever is known of the others.
fn outcome(asked: &[Asked]) -> Outcome {
    if asked.iter().any(|it| matches!(it.verdict, Verdict::Unknown { .. })) {
        Outcome::CouldNotJudge
    } else if asked.iter().any(|it| matches!(it.verdict, Verdict::Rejected { .. })) {
        Outcome::Failed
    } else {
        Outcome::Passed
    }
}

fn reason(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed: the service accepts the token",
        Outcome::Failed => "failed: the service rejects the token",
        Outcome::CouldNotJudge => "error: it is not known whether the token is valid",
    }
}

fn human(asked: &[Asked], host: &str, out: &mut dyn Write) -> io::Result<()> {
    for Asked { name, token, verdict } in asked {
        let token = token.as_ref().map_or_else(String::new, |it| {
            format!(" {} ({} {}, {})", it.masked(), it.environment, it.kind, it.fingerprint)
        });
        write!(out, "{name}:{token} ")?;
        match verdict {
            Verdict::Valid { organisation: Some(it) } => writeln!(out, "valid at {host}, of {it}")?,
            Verdict::Valid { organisation: None } => writeln!(out, "valid at {host}")?,
            Verdict::Rejected { why } => writeln!(out, "rejected by {host}: {why}")?,
            Verdict::Unknown { why } => writeln!(out, "unknown: {why}")?,
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Root<'a> {
    format_version: &'static str,
    valid: bool,
    tool: Tool,
    host: &'a str,
    tokens: Vec<Item<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Item<'a> {
    source: &'a str,
    token: Option<report::Token>,
    verdict: &'static str,
    organisation: Option<&'a str>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary {
    overall: &'static str,
    reason: &'static str,
}

impl<'a> From<&'a Asked> for Item<'a> {
    fn from(it: &'a Asked) -> Self {
        let (organisation, reason) = match &it.verdict {
            Verdict::Valid { organisation } => (organisation.as_deref(), None),
            Verdict::Rejected { why } | Verdict::Unknown { why } => (None, Some(why.as_str())),
        };
        let verdict = it.verdict.name();
        let token = it.token.as_ref().map(report::Token::from);
        Self { source: &it.name, token, verdict, organisation, reason }
    }
}

fn json(asked: &[Asked], host: &str, out: &mut dyn Write) -> io::Result<()> {
    let outcome = outcome(asked);
    let root = Root {
        format_version: "1.0",
        valid: outcome == Outcome::Passed,
        tool: TOOL,
        host,
        tokens: asked.iter().map(Item::from).collect(),
        summary: Summary { overall: report::overall(outcome), reason: reason(outcome) },
    };
    report::write_json(&root, out)
}
