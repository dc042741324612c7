//! A baseline: the findings that were there before the gate, accepted until a day. A sorted file without line numbers.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::excerpt::printable;
use crate::finding::{ExemptedBy, Exemption, Finding, Fingerprint};
use crate::path::PathKey;
use crate::policy::Enforcement;
use crate::policy::anchor::Anchor;
use crate::rule::RuleId;

/// The findings that are accepted.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The file's name, for messages.
    pub name: String,
    /// Why, of entries that do not say so themselves. Printable and masked.
    pub reason: Option<String>,
    /// The last day of entries that do not say so themselves.
    pub until: Option<Date>,
    /// The findings, by path, rule and fingerprint.
    pub entries: Vec<Entry>,
    /// The paths of entries that are no more: what such an entry was about may have moved. The disk knows.
    pub gone: BTreeSet<String>,
}

/// A finding that is accepted, as often as it was there. Its texts are printable and masked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The rule that is broken.
    pub rule: RuleId,
    /// The file, from the repository's root.
    pub path: String,
    /// What people may see of what it is about.
    pub subject: String,
    /// The finding.
    pub fingerprint: Fingerprint,
    /// The finding in whatever file.
    pub content: Fingerprint,
    /// How many times.
    #[serde(default = "file::one", skip_serializing_if = "file::is_one")]
    pub count: usize,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Who accepted it, for a hard-mandatory rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
}

/// By whom, why and until when findings are accepted.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
    /// Who accepts the findings of hard-mandatory rules; nobody, if they are left out.
    pub approver: Option<String>,
}

impl Baseline {
    /// The findings that are not exempt, as a baseline; and how many are left out, since their rule is hard-mandatory and
    /// nobody answers for them.
    pub fn of(
        name: &str,
        findings: &[Finding<'_>],
        anchor: &Anchor,
        terms: &Acceptance,
    ) -> (Self, usize) {
        let mut entries: BTreeMap<(String, RuleId, Fingerprint), Entry> = BTreeMap::new();
        let mut left_out = 0;
        for finding in findings.iter().filter(|it| it.exemption.is_none()) {
            let hard = finding.enforcement == Enforcement::HardMandatory;
            let approver = terms.approver.clone().filter(|_| hard);
            if hard && approver.is_none() {
                left_out += 1;
                continue;
            }
            let path = anchor.of(&finding.path).into_owned();
            let key = (path.clone(), finding.rule.id.clone(), finding.fingerprint);
            let entry = entries.entry(key).or_insert_with(|| Entry {
                rule: finding.rule.id.clone(),
                path,
                subject: printable(&finding.subject.shown()),
                fingerprint: finding.fingerprint,
                content: content(finding),
                count: 0,
                reason: approver.as_ref().map(|_| terms.reason.clone()),
                until: approver.as_ref().map(|_| terms.until),
                approver,
            });
            entry.count += 1;
        }
        let baseline = Self {
            name: name.to_owned(),
            reason: Some(terms.reason.clone()),
            until: Some(terms.until),
            entries: entries.into_values().collect(),
            gone: BTreeSet::new(),
        };
        (baseline, left_out)
    }

    /// Which entry stands for which finding: pairs of places in `findings` and in the entries. An entry stands for its own
    /// finding; where its file is gone, also for the same thing in another file.
    pub fn matches(&self, findings: &[Finding<'_>]) -> Vec<(usize, usize)> {
        let mut left: Vec<usize> = self.entries.iter().map(|it| it.count).collect();
        let mut own: BTreeMap<(&RuleId, &Fingerprint), usize> = BTreeMap::new();
        let mut moved: BTreeMap<(&RuleId, Fingerprint), Vec<usize>> = BTreeMap::new();
        for (n, entry) in self.entries.iter().enumerate() {
            own.insert((&entry.rule, &entry.fingerprint), n);
            if self.gone.contains(&entry.path) {
                moved.entry((&entry.rule, entry.content)).or_default().push(n);
            }
        }
        let mut pairs = Vec::new();
        let mut rest = Vec::new();
        for (at, finding) in findings.iter().enumerate().filter(|it| it.1.exemption.is_none()) {
            match own.get(&(&finding.rule.id, &finding.fingerprint)) {
                Some(&n) if left[n] > 0 => {
                    left[n] -= 1;
                    pairs.push((at, n));
                }
                Some(_) => {}
                None => rest.push(at),
            }
        }
        for at in rest {
            let thing = (&findings[at].rule.id, content(&findings[at]));
            let Some(entries) = moved.get_mut(&thing) else { continue };
            while entries.last().is_some_and(|n| left[*n] == 0) {
                entries.pop();
            }
            if let Some(&n) = entries.last() {
                left[n] -= 1;
                pairs.push((at, n));
            }
        }
        pairs
    }

    /// Marks the findings that are accepted. Says in sentences which entries are over, and, if the scan was of the `whole`
    /// repository, how many stand for nothing.
    pub fn apply(&self, findings: &mut [Finding<'_>], now: Date, whole: bool) -> Vec<String> {
        let pairs = self.matches(findings);
        let mut over = 0;
        for &(at, n) in &pairs {
            let (entry, finding) = (&self.entries[n], &mut findings[at]);
            let Some(until) = self.until_of(entry) else { continue };
            if until < now {
                over += 1;
            } else if finding.enforcement < Enforcement::HardMandatory || entry.approver.is_some() {
                finding.exemption = Some(Box::new(Exemption {
                    by: ExemptedBy::Baseline,
                    reason: self.reason_of(entry).map(str::to_owned),
                    until: Some(until.to_string()),
                    approver: entry.approver.clone(),
                }));
            }
        }
        let used: BTreeSet<usize> = pairs.iter().map(|it| it.1).collect();
        let idle = self.entries.len() - used.len();
        let mut notes = Vec::new();
        if over > 0 {
            notes.push(format!("{}: {over} of its findings are over, and count again", self.name));
        }
        if whole && idle > 0 {
            notes.push(format!(
                "{}: what {} for is no more: `lynklint baseline prune` drops it",
                self.name,
                if idle == 1 {
                    "1 entry stands".to_owned()
                } else {
                    format!("{idle} entries stand")
                }
            ));
        }
        notes
    }

    /// What still occurs, at the place where it now does.
    #[must_use]
    pub fn pruned(&self, findings: &[Finding<'_>], anchor: &Anchor) -> Self {
        let mut entries: BTreeMap<(String, RuleId, Fingerprint), Entry> = BTreeMap::new();
        for (at, n) in self.matches(findings) {
            let finding = &findings[at];
            let path = anchor.of(&finding.path).into_owned();
            let key = (path.clone(), finding.rule.id.clone(), finding.fingerprint);
            let fingerprint = finding.fingerprint;
            let entry = entries.entry(key);
            let entry = entry.or_insert_with(|| Entry {
                path,
                fingerprint,
                count: 0,
                ..self.entries[n].clone()
            });
            entry.count += 1;
        }
        Self { entries: entries.into_values().collect(), ..self.clone() }
    }

    /// An entry's last day.
    pub fn until_of(&self, entry: &Entry) -> Option<Date> {
        entry.until.or(self.until)
    }

    /// An entry's reason.
    pub fn reason_of<'b>(&'b self, entry: &'b Entry) -> Option<&'b str> {
        entry.reason.as_deref().or(self.reason.as_deref())
    }
}

/// The identity of a finding in whatever file.
fn content(finding: &Finding<'_>) -> Fingerprint {
    let address = finding.site.address.as_deref().unwrap_or_default();
    Fingerprint::of(finding.rule, &PathKey::default(), &finding.subject, address)
}
