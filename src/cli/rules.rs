//! `lynklint rules`: what the rules are, what one says, whether their examples hold, and the family for other tools.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::{Common, Failure};
use crate::export::{self, Tier};
use crate::policy::Policy;
use crate::report::Format;
use crate::rule::{self, Rule};
use crate::scan::Outcome;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Every rule, its level and its policy in one sentence
    List,
    /// A rule's prose, examples and fix, as Markdown
    Show(Show),
    /// Check the examples of all rules, or of those in a folder
    Test {
        /// A folder of rule files
        dir: Option<PathBuf>,
    },
    /// The token family as a rule for another tool, as that tool's configuration file
    Export(Export),
}

#[derive(Args)]
pub(super) struct Export {
    /// The tool
    #[arg(long, value_name = "TOOL", value_parser = PossibleValuesParser::new(export::tools()))]
    to: String,
    /// Which tokens it is to find
    #[arg(long, value_enum, default_value_t = Tier::Certain)]
    tier: Tier,
}

#[derive(Args)]
pub(super) struct Show {
    /// The rule's name
    id: String,
    #[command(flatten)]
    common: Common,
}

impl Verb {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let text = match self {
            Self::List => list(&builtin()?),
            Self::Show(show) => show.text(&builtin()?)?,
            Self::Test { dir } => test(dir.as_ref())?,
            Self::Export(it) => export::rule(&it.to, it.tier).unwrap_or_default(),
        };
        let written = io::stdout().lock().write_all(text.as_bytes());
        written.or_else(|error| Failure::of_output(Format::Human, &error))?;
        Ok(Outcome::Passed)
    }
}

fn builtin() -> Result<Policy, Failure> {
    Policy::recommended(Vec::new()).map_err(|error| Failure::new(Format::Human, &error))
}

fn list(policy: &Policy) -> String {
    let mut text = String::new();
    let longest = policy.rules().map(|(rule, _)| rule.id.as_str().len()).max().unwrap_or(0);
    for (rule, level) in policy.rules() {
        let (severity, level) = (rule.severity.name(), level.name());
        let _ = writeln!(text, "{:longest$}  {severity:7}  {level:14}  {}", rule.id, rule.summary);
    }
    text
}

impl Show {
    fn text(&self, policy: &Policy) -> Result<String, Failure> {
        let found = policy.rules().find(|(rule, _)| rule.id.as_str() == self.id);
        let Some((rule, _)) = found else {
            let message =
                format!("there is no rule `{}`: `lynklint rules list` shows all", self.id);
            return Err(Failure { format: Format::Human, message });
        };
        let page = rule::page::markdown(rule);
        let color = self.common.color(super::stdout_is_terminal());
        Ok(if color { styled(&page) } else { page })
    }
}

/// Headings in bold, code dimmed; the rest of the Markdown reads well as it is.
fn styled(page: &str) -> String {
    let mut fenced = false;
    let style = |line: &str| {
        fenced ^= line.starts_with("```");
        match line.trim_start_matches('#') {
            heading if heading.len() < line.len() && !fenced => {
                format!("\x1b[1m{}\x1b[0m\n", heading.trim())
            }
            _ if line.starts_with("```") => "\n".to_owned(),
            code if fenced => format!("\x1b[36m    {code}\x1b[0m\n"),
            text => format!("{text}\n"),
        }
    };
    page.lines().map(style).collect()
}

fn test(dir: Option<&PathBuf>) -> Result<String, Failure> {
    let rules = match dir {
        Some(dir) => rule::from_folder(dir),
        None => proven_builtin(),
    };
    let rules = rules.map_err(|error| Failure::new(Format::Human, &error))?;
    let examples: usize = rules.iter().map(|it| it.bad.len() + it.good.len()).sum();
    Ok(format!("{} rules, {examples} examples: all hold\n", rules.len()))
}

fn proven_builtin() -> anyhow::Result<Vec<Rule>> {
    let policy = Policy::recommended(Vec::new())?;
    let rules = Rule::builtin()?;
    for rule in &rules {
        rule.prove(&format!("rules/{}.yaml", rule.id), &policy)?;
    }
    Ok(rules)
}
