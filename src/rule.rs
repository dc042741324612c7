//! A rule: one policy as data, with the prose that explains it and the examples that prove it.

pub mod example;
mod load;
pub mod page;
mod when;

use std::fmt;

use serde::Deserialize;

use crate::embedded;

pub use example::Example;
pub use load::{Broken, from_folder};
pub use when::When;

/// A rule's name: the kebab-case name of its file, which reads well after "allow".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct RuleId(String);

impl RuleId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How bad a violation is. Says nothing about what it does to the run: that is the enforcement level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Someone can use the token.
    Error,
    /// Someone might.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A rule as its file writes it. Every key but `supersedes` is required, and no other is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    severity: Severity,
    summary: String,
    why: String,
    fix: String,
    reference: String,
    since: String,
    when: When,
    #[serde(default)]
    supersedes: Vec<RuleId>,
    bad: Vec<Example>,
    good: Vec<Example>,
}

/// A rule that is whole: parsed, its patterns compiled, with examples both ways.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// How bad a violation is.
    pub severity: Severity,
    /// The policy in one sentence without a full stop.
    pub summary: String,
    /// Why it matters, in Markdown.
    pub why: String,
    /// What to do, in Markdown; `{site.remedy}` and `{site.reference}` stand for what the platform says.
    pub fix: String,
    /// Where the vendor says so.
    pub reference: String,
    /// The version that first had it.
    pub since: String,
    /// When a token breaks it.
    pub when: When,
    /// Rules that have nothing to add where this one is broken.
    pub supersedes: Vec<RuleId>,
    /// Texts that break it.
    pub bad: Vec<Example>,
    /// Texts that do not.
    pub good: Vec<Example>,
    source: String,
}

impl Rule {
    /// The built-in rules, by id. The project's tests prove their examples.
    pub fn builtin() -> Result<Vec<Self>, Broken> {
        let files = embedded::yaml("");
        files.iter().map(|(id, text)| Self::parse(id, &format!("rules/{id}.yaml"), text)).collect()
    }

    /// Reads a rule. `name` is the file's name for messages.
    pub fn parse(id: &str, name: &str, text: &str) -> Result<Self, Broken> {
        let raw: Raw = load::typed(name, text)?;
        if let Some(missing) =
            ["bad", "good"].into_iter().zip([&raw.bad, &raw.good]).find(|it| it.1.is_empty())
        {
            return Err(Broken::at_key(
                name,
                text,
                missing.0,
                "a rule needs an example of each kind",
            ));
        }
        if !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(Broken::at_key(
                name,
                text,
                "severity",
                "a rule file's name is lower-case words with dashes",
            ));
        }
        let Raw { severity, summary, why, fix, reference, since, when, supersedes, bad, good } =
            raw;
        let (id, source) = (RuleId(id.to_owned()), text.to_owned());
        Ok(Self {
            id,
            severity,
            summary,
            why,
            fix,
            reference,
            since,
            when,
            supersedes,
            bad,
            good,
            source,
        })
    }

    /// The text of the rule's file.
    pub fn source(&self) -> &str {
        &self.source
    }
}
