//! A rule: one policy as data, with the prose that explains it and the examples that prove it.

mod declaration;
pub mod example;
mod load;
pub mod page;
mod variable;
mod when;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::embedded;
use crate::lazy::Late;
use crate::yaml_file::{Broken, Kind, YamlFile, meant};

pub use example::Example;
pub use load::{from_files, from_folder};
pub use when::When;

/// A rule's name: the kebab-case name of its file, which reads well after "allow".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RuleId(String);

impl RuleId {
    /// A name, whether or not there is such a rule.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

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

/// The message about a rule that is not there.
pub fn no_rule(id: &RuleId, known: &[&RuleId]) -> String {
    let meant = meant(id.as_str(), known.iter().map(|it| it.as_str()));
    format!("there is no rule `{id}`: `lynklint rules list` shows all{meant}")
}

/// What is wrong with a parameter that something gives a rule, if anything is.
pub fn wrong_parameter(id: &RuleId, name: &str, rules: &[Rule]) -> Option<String> {
    let known: Vec<&RuleId> = rules.iter().map(|it| &it.id).collect();
    let Some(rule) = rules.iter().find(|it| it.id == *id) else {
        return Some(no_rule(id, &known));
    };
    let names = rule.parameters.keys().map(String::as_str);
    let meant = meant(name, names.clone());
    let names = names.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let has = if names.is_empty() { "none".to_owned() } else { names };
    let unknown = !rule.parameters.contains_key(name);
    unknown.then(|| format!("{id} has no parameter `{name}`: it has {has}{meant}"))
}

/// Numbers by which a rule judges, with their names. Sets and configurations may say others.
pub type Parameters = BTreeMap<String, u32>;

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

/// A rule as its file writes it. Every key but `supersedes` and `parameters` is required, and no other is known. `E` is a
/// list of examples.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<E> {
    severity: Severity,
    summary: String,
    why: String,
    fix: String,
    reference: String,
    since: String,
    #[serde(default)]
    parameters: Parameters,
    when: When,
    #[serde(default)]
    supersedes: Vec<RuleId>,
    bad: E,
    good: E,
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
    /// The numbers by which it judges, where nobody says another.
    pub parameters: Parameters,
    /// When a token breaks it.
    pub when: When,
    /// Rules that have nothing to add where this one is broken.
    pub supersedes: Vec<RuleId>,
    /// Texts that break it.
    pub bad: Late<Vec<Example>>,
    /// Texts that do not.
    pub good: Late<Vec<Example>>,
    source: Cow<'static, str>,
}

impl<E> Raw<E> {
    fn named(
        self,
        id: &str,
        source: Cow<'static, str>,
        examples: impl Fn(E) -> Late<Vec<Example>>,
    ) -> Rule {
        let id = RuleId(id.to_owned());
        Rule {
            id,
            severity: self.severity,
            summary: self.summary,
            why: self.why,
            fix: self.fix,
            reference: self.reference,
            since: self.since,
            parameters: self.parameters,
            when: self.when,
            supersedes: self.supersedes,
            bad: examples(self.bad),
            good: examples(self.good),
            source,
        }
    }
}

impl Rule {
    /// The built-in rules, by id. The project's tests read them as files and prove their examples, which no scan reads.
    pub fn builtin() -> anyhow::Result<Vec<Self>> {
        let rules = embedded::data::<Raw<Late<Vec<Example>>>>("")?.into_iter();
        let rules = rules
            .zip(embedded::yaml(""))
            .map(|((id, raw), (_, text))| raw.named(&id, Cow::Borrowed(text), |it| it));
        Ok(rules.collect())
    }

    /// Reads a rule. `name` is the file's name for messages.
    pub fn parse(id: &str, name: &str, text: &str) -> Result<Self, Broken> {
        let file = YamlFile::new(Kind::Rule, name, text);
        let raw: Raw<Vec<Example>> = file.typed()?;
        for (key, examples) in [("bad", &raw.bad), ("good", &raw.good)] {
            if examples.is_empty() {
                return Err(file.broken(key, "a rule needs an example of each kind"));
            }
        }
        if let Some(name) = raw.when.parameters().find(|it| !raw.parameters.contains_key(*it)) {
            let known = raw.parameters.keys().map(String::as_str);
            let message = format!("there is no parameter `{name}`{}", meant(name, known));
            return Err(file.broken("when", message));
        }
        if !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            let message = "a rule file's name is lower-case words with dashes";
            return Err(file.broken("severity", message));
        }
        Ok(raw.named(id, Cow::Owned(text.to_owned()), Late::from))
    }

    /// The text of the rule's file.
    pub fn source(&self) -> &str {
        &self.source
    }
}
