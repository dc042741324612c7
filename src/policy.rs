//! The rules that apply to a run, and what breaking each of them does to it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use anyhow::Context;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::detect::Detector;
use crate::embedded;
use crate::platform::Platforms;
use crate::rule::{Rule, RuleId, Severity};
use crate::site::{Facts, Thing};

/// What a violation does to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Shown only.
    Advisory,
    /// Fails the run.
    SoftMandatory,
    /// Fails the run, and only a recorded exception may except it.
    HardMandatory,
}

impl Enforcement {
    /// Every level, mildest first.
    pub const ALL: [Self; 3] = [Self::Advisory, Self::SoftMandatory, Self::HardMandatory];

    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::SoftMandatory => "soft-mandatory",
            Self::HardMandatory => "hard-mandatory",
        }
    }

    /// Whether a violation fails the run.
    pub fn fails(self) -> bool {
        match self {
            Self::Advisory => false,
            Self::SoftMandatory | Self::HardMandatory => true,
        }
    }
}

/// A set of rules with their levels, and everything that judging needs.
pub struct Policy {
    /// Finds the tokens.
    pub detector: Detector,
    rules: Vec<(Rule, Enforcement)>,
    platforms: OnceLock<Platforms>,
    digest: String,
}

/// The name of the built-in set.
pub const SET: &str = "recommended";

impl Policy {
    /// The built-in rules and `extra` ones, with the levels of the recommended set. A rule that the set does not name
    /// is soft-mandatory if it is an error and advisory otherwise.
    pub fn recommended(extra: Vec<Rule>) -> anyhow::Result<Self> {
        let sets = embedded::yaml("sets");
        let set = sets.iter().find(|(id, _)| id == SET).map_or("{}", |(_, text)| text);
        let levels: BTreeMap<RuleId, Enforcement> =
            serde_yaml::from_str(set).context("could not read the recommended set")?;
        let mut rules = Rule::builtin()?;
        for rule in extra {
            anyhow::ensure!(
                rules.iter().all(|it| it.id != rule.id),
                "the rule {} exists already: rename the file of yours",
                rule.id
            );
            rules.push(rule);
        }
        for rule in &rules {
            let known = |it: &&RuleId| rules.iter().any(|rule| rule.id == **it);
            let unknown = rule.supersedes.iter().find(|it| !known(it) || **it == rule.id);
            anyhow::ensure!(
                unknown.is_none(),
                "the rule {} supersedes {}, which is no other rule: `lynklint rules list` shows all",
                rule.id,
                unknown.map_or("", |it| it.as_str())
            );
        }
        let digest = digest(&rules, set);
        let level = |rule: &Rule| match rule.severity {
            Severity::Error => Enforcement::SoftMandatory,
            Severity::Warning | Severity::Note => Enforcement::Advisory,
        };
        let rules = rules.into_iter().map(|rule| {
            let enforcement = levels.get(&rule.id).copied().unwrap_or_else(|| level(&rule));
            (rule, enforcement)
        });
        Ok(Self {
            detector: Detector::default(),
            rules: rules.collect(),
            platforms: OnceLock::new(),
            digest,
        })
    }

    /// The rules and their levels.
    pub fn rules(&self) -> impl Iterator<Item = (&Rule, Enforcement)> {
        self.rules.iter().map(|(rule, enforcement)| (rule, *enforcement))
    }

    /// The platforms, loaded when they are first asked for: most runs find nothing and never need them.
    pub fn platforms(&self) -> &Platforms {
        self.platforms.get_or_init(Platforms::builtin)
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all rules and levels.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The rules that a thing breaks where it stands, without those that another of them supersedes.
    pub fn broken<'p>(
        &'p self,
        thing: &Thing<'_>,
        facts: &Facts<'_, '_>,
    ) -> Vec<(&'p Rule, Enforcement)> {
        let mut broken: Vec<_> =
            self.rules().filter(|(rule, _)| rule.when.holds(thing, facts)).collect();
        let superseded: Vec<RuleId> =
            broken.iter().flat_map(|(rule, _)| rule.supersedes.iter().cloned()).collect();
        broken.retain(|(rule, _)| !superseded.contains(&rule.id));
        broken
    }
}

fn digest(rules: &[Rule], set: &str) -> String {
    let mut hasher = Sha256::new();
    rules.iter().for_each(|rule| hasher.update(rule.source()));
    hasher.update(set);
    hasher.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}
