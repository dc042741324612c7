//! The baseline as a file: read strictly, written sorted, so that two branches that change it seldom meet.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Baseline, Entry};
use crate::date::Date;
use crate::detect::Detector;
use crate::excerpt::{masked, printable};
use crate::policy::Policy;
use crate::rule::{RuleId, no_rule};
use crate::yaml_file::{Broken, YamlFile};

/// The line that opens a baseline file.
const OPENING: &str = "# Findings that are accepted until a day. `lynklint baseline` writes this file; it holds no token.\n";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "keys with values")]
struct Raw {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    entries: Vec<Entry>,
}

pub(super) fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_one(n: &usize) -> bool {
    *n == 1
}

impl Baseline {
    /// Reads the file, strictly.
    pub fn parse(file: &YamlFile) -> Result<Self, Broken> {
        let Raw { version, reason, until, mut entries } = file.typed()?;
        if version != 1 {
            let message = format!("version {version} is not known: this lynklint reads 1");
            return Err(file.broken("version", message));
        }
        let mut seen = BTreeSet::new();
        for (index, entry) in entries.iter().enumerate() {
            let twice = !seen.insert((&entry.rule, &entry.fingerprint));
            let wrong = match entry {
                _ if twice => "this finding stands here twice: give one of the two a `count`",
                it if it.count == 0 => "an entry stands for one finding or more",
                it if it.approver.is_some() && (it.reason.is_none() || it.until.is_none()) => {
                    "an entry with an approver has a reason and an until of its own"
                }
                it if it
                    .reason
                    .as_ref()
                    .or(reason.as_ref())
                    .is_none_or(|it| it.trim().is_empty()) =>
                {
                    "there is no reason, here or for all"
                }
                it if it.until.or(until).is_none() => "there is no until, here or for all",
                _ => continue,
            };
            return Err(file.broken(&format!("entries.{index}"), wrong));
        }
        let detector = Detector::shared();
        let said = |text: &mut String| *text = printable(&masked(text, detector));
        for entry in &mut entries {
            said(&mut entry.subject);
            entry.reason.iter_mut().chain(&mut entry.approver).for_each(said);
        }
        let (name, mut reason) = (file.name.clone(), reason);
        reason.iter_mut().for_each(said);
        Ok(Self { name, reason, until, entries, gone: BTreeSet::new() })
    }

    /// Refuses entries of rules that are not there.
    pub fn check_rules(&self, file: &YamlFile, policy: &Policy) -> Result<(), Broken> {
        let known: Vec<&RuleId> = policy.known().map(|it| &it.id).collect();
        let unknown = self.entries.iter().position(|it| !known.contains(&&it.rule));
        unknown.map_or(Ok(()), |n| {
            let message = no_rule(&self.entries[n].rule, &known);
            Err(file.broken(&format!("entries.{n}"), message))
        })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let (reason, entries) = (self.reason.clone(), self.entries.clone());
        let raw = Raw { version: 1, reason, until: self.until, entries };
        format!("{OPENING}{}", serde_yaml::to_string(&raw).unwrap_or_default())
    }
}
