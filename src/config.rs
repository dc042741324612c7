//! `.lynklint.yaml`: how a repository wants to be judged. What the file says is parsed into what holds, or refused.

mod inventory;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::date::Date;
use crate::excerpt::printable;
use crate::finding::Fingerprint;
use crate::inventory::Inventory;
use crate::policy::Assigned;
use crate::policy::scope::{Globs, Scope};
use crate::policy::set::{self, SetUse};
use crate::rule::{Parameters, RuleId};
use crate::yaml_file::{Broken, YamlFile};

/// The name of the file that is looked for.
pub const FILE: &str = ".lynklint.yaml";
/// The name of the baseline that is looked for beside it.
pub const BASELINE: &str = ".lynklint-baseline.yaml";
/// The set that applies where none is chosen.
pub const DEFAULT_SET: &str = "recommended";
/// The most days for which a suppression may hold.
pub const MAX_DAYS: u32 = 180;

/// How a repository wants to be judged.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that says so, if there is one.
    pub file: Option<YamlFile>,
    /// The sets that apply; the last one that names a rule says its level.
    pub sets: Vec<SetUse>,
    /// Levels that count for more than those of the sets.
    pub enforcement: BTreeMap<RuleId, Assigned>,
    /// Numbers by which rules judge, that count for more than those of the sets.
    pub parameters: BTreeMap<RuleId, Parameters>,
    /// A folder of rules, below the file's own.
    pub rules: Option<String>,
    /// What is not scanned.
    pub exclude: Globs,
    /// The most days for which a suppression may hold.
    pub max_days: u32,
    /// Suppressions of findings in files that have no comments.
    pub entries: Vec<Entry>,
    /// The baseline, below the file's own folder.
    pub baseline: Option<String>,
    /// The tokens that are declared.
    pub inventory: Inventory,
    /// Findings that are excepted, of whatever level.
    pub exceptions: Vec<Exception>,
}

/// A suppression that stands in the configuration.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The rule that is suppressed.
    pub rule: RuleId,
    /// The finding.
    pub fingerprint: Fingerprint,
    /// Why, printable and masked.
    pub reason: String,
    /// Its last day.
    pub until: Date,
}

/// An exception: someone answers for it until a day.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The rule that is broken.
    pub rule: RuleId,
    /// The finding.
    pub fingerprint: Fingerprint,
    /// Why, printable and masked.
    pub reason: String,
    /// Who allowed it, printable and masked.
    pub approver: String,
    /// Its last day.
    pub until: Date,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            sets: vec![SetUse::everywhere(DEFAULT_SET)],
            enforcement: BTreeMap::new(),
            parameters: BTreeMap::new(),
            rules: None,
            exclude: Globs::default(),
            max_days: MAX_DAYS,
            entries: Vec::new(),
            baseline: None,
            inventory: Inventory::default(),
            exceptions: Vec::new(),
        }
    }
}

impl Config {
    /// Reads the file, strictly. What needs the rules and the sets to be judged is judged when the policy is made.
    pub fn parse(file: YamlFile) -> Result<Self, Broken> {
        raw::check_version(&file)?;
        let raw: raw::Config = file.typed()?;
        let reader = Reader { file: &file };
        let raw::Suppressions { max_days, entries } = raw.suppressions;
        let max_days = max_days.unwrap_or(MAX_DAYS);
        if max_days == 0 {
            return Err(
                file.broken("suppressions.max_days", "a suppression holds at least one day")
            );
        }
        let mut inventory = Inventory::default();
        let tokens = reader.tokens(raw.tokens)?;
        if !tokens.is_empty() {
            inventory.add(&file, tokens)?;
        }
        let assigned = |(id, level)| (id, Assigned { level, by: file.name.clone() });
        Ok(Self {
            sets: raw.policy_sets.map_or(Ok(Self::default().sets), |it| reader.sets(it))?,
            enforcement: raw.enforcement.into_iter().map(assigned).collect(),
            parameters: raw.parameters,
            rules: raw.rules.map(|it| reader.below("rules", &it)).transpose()?,
            exclude: reader.globs("paths.exclude", &raw.paths.exclude)?,
            max_days,
            entries: reader.entries(entries)?,
            baseline: raw.baseline.map(|it| reader.below("baseline", &it)).transpose()?,
            inventory,
            exceptions: reader.exceptions(raw.exceptions)?,
            file: Some(file),
        })
    }

    /// An error about the node at `path` of the file, or about a flag, if there is no file.
    pub fn broken(&self, path: &str, message: impl fmt::Display) -> anyhow::Error {
        match &self.file {
            Some(file) => file.broken(path, message).into(),
            None => anyhow::anyhow!("{message}"),
        }
    }
}

/// Turns the parts of one file into what holds.
struct Reader<'f> {
    file: &'f YamlFile,
}

impl Reader<'_> {
    fn sets(&self, uses: Vec<raw::SetUse>) -> Result<Vec<SetUse>, Broken> {
        let mut sets: Vec<SetUse> = Vec::new();
        if uses.is_empty() {
            let message = "without a set nothing is judged: name one, or leave the key out";
            return Err(self.file.broken("policy_sets", message));
        }
        for (index, raw::SetUse { name, scope }) in uses.into_iter().enumerate() {
            let at = format!("policy_sets.{index}");
            if let Some(message) = set::wrong_name(&name) {
                return Err(self.file.broken(&at, message));
            }
            let scope = Scope {
                include: self.globs(&format!("{at}.scope.include"), &scope.include)?,
                exclude: self.globs(&format!("{at}.scope.exclude"), &scope.exclude)?,
            };
            let twice = |it: &&SetUse| it.name == name && it.scope.words() == scope.words();
            if sets.iter().any(|it| twice(&it)) {
                return Err(self.file.broken(&at, format!("the set {name} stands here twice")));
            }
            sets.push(SetUse { name, scope, index: Some(index) });
        }
        Ok(sets)
    }

    fn entries(&self, raw: Vec<raw::Entry>) -> Result<Vec<Entry>, Broken> {
        let mut seen = BTreeSet::new();
        let entry = |(index, it): (usize, raw::Entry)| {
            let at = format!("suppressions.entries.{index}");
            self.once(&mut seen, &at, &it.rule, it.fingerprint)?;
            let reason = self.said(&at, "reason", &it.reason)?;
            Ok(Entry { rule: it.rule, fingerprint: it.fingerprint, reason, until: it.until })
        };
        raw.into_iter().enumerate().map(entry).collect()
    }

    fn exceptions(&self, raw: Vec<raw::Exception>) -> Result<Vec<Exception>, Broken> {
        let mut seen = BTreeSet::new();
        let exception = |(index, it): (usize, raw::Exception)| {
            let at = format!("exceptions.{index}");
            self.once(&mut seen, &at, &it.rule, it.fingerprint)?;
            Ok(Exception {
                reason: self.said(&at, "reason", &it.reason)?,
                approver: self.said(&at, "approver", &it.approver)?,
                rule: it.rule,
                fingerprint: it.fingerprint,
                until: it.until,
            })
        };
        raw.into_iter().enumerate().map(exception).collect()
    }

    fn once(
        &self,
        seen: &mut BTreeSet<(RuleId, Fingerprint)>,
        at: &str,
        rule: &RuleId,
        fingerprint: Fingerprint,
    ) -> Result<(), Broken> {
        match seen.insert((rule.clone(), fingerprint)) {
            true => Ok(()),
            false => {
                Err(self.file.broken(at, format!("{rule} at {fingerprint} stands here twice")))
            }
        }
    }

    /// What a person wrote for people to read: masked, printable and not empty.
    fn said(&self, at: &str, key: &str, text: &str) -> Result<String, Broken> {
        match text.trim() {
            "" => Err(self.file.broken(&format!("{at}.{key}"), format!("{key} is empty"))),
            text => Ok(printable(&self.file.veil().name(text))),
        }
    }

    fn globs(&self, at: &str, texts: &[String]) -> Result<Globs, Broken> {
        Globs::new(texts)
            .map_err(|(index, message)| self.file.broken(&format!("{at}.{index}"), message))
    }

    /// A path below the file's own folder.
    fn below(&self, key: &str, path: &str) -> Result<String, Broken> {
        let path = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
        let inside = path.split('/').all(|it| !matches!(it, "" | "." | ".."));
        match inside {
            true => Ok(path.to_owned()),
            false => {
                Err(self.file.broken(key, format!("`{path}` is not below this file's folder")))
            }
        }
    }
}
