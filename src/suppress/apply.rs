//! What suppressions do: which findings each covers, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Allowance, Covers, Flaw, Named, Spot, Suppression, Told};
use crate::date::Date;
use crate::finding::{ExemptedBy, Exemption, Finding, Fingerprint, Subject};
use crate::path::FilePath;
use crate::policy::{Enforcement, Policy};
use crate::rule::Rule;
use crate::source::Commit;
use crate::yaml_file::meant;

/// Something wrong with a suppression, before it is known which rule says so.
pub struct Fault<'s, 'p> {
    /// What is wrong.
    pub flaw: Flaw,
    name: String,
    spot: &'s Spot,
    suppression: &'s Suppression<'p>,
}

impl Fault<'_, '_> {
    /// The bytes of the file that it is about.
    pub fn bytes(&self) -> Range<u64> {
        self.spot.start.byte..self.spot.end.byte
    }
}

/// Marks the findings that a suppression covers, and says what is wrong with suppressions.
pub fn apply<'s, 'p>(
    findings: &mut [Finding<'p>],
    suppressions: &'s [Suppression<'p>],
    policy: &Policy,
    now: Date,
) -> Vec<Fault<'s, 'p>> {
    let index = Index::new(suppressions);
    let mut used = BTreeSet::new();
    for finding in findings.iter_mut().filter(|it| it.enforcement < Enforcement::HardMandatory) {
        for at in index.near(finding) {
            let Ok(said) = &suppressions[at].said else { continue };
            let Some(rule) = said.rules.iter().position(|it| it.id == finding.rule.id) else {
                continue;
            };
            used.insert((at, rule));
            if holds(said, policy, now) && finding.exemption.is_none() {
                finding.exemption = Some(Box::new(Exemption {
                    by: ExemptedBy::Suppression,
                    reason: Some(said.reason.clone()),
                    until: Some(said.until.0.to_string()),
                    approver: None,
                }));
            }
        }
    }
    let faults = suppressions.iter().enumerate().flat_map(|(at, it)| {
        let unused = |rule| it.told == Told::All && !used.contains(&(at, rule));
        faults_of(it, policy, now, unused)
    });
    faults.collect()
}

/// A fault as findings of the rules that are about its flaw.
pub fn findings_of<'p>(fault: &Fault<'_, 'p>, policy: &'p Policy) -> Vec<Finding<'p>> {
    let Suppression { path, site, commit, .. } = fault.suppression;
    let here = path.here(policy);
    let finding = |rule: &'p Rule| {
        let level = here.level(&rule.id).filter(|_| rule.when.flaw() == Some(fault.flaw))?;
        let subject = Subject::Named(fault.name.clone());
        Some(Finding {
            rule,
            enforcement: level.enforcement,
            set: level.set,
            fingerprint: Fingerprint::of(rule, &path.key(&policy.anchor), &subject, ""),
            path: path.clone(),
            start: fault.spot.start,
            end: fault.spot.end,
            excerpt: fault.spot.excerpt.clone(),
            subject,
            site: site.clone(),
            note: None,
            related: Vec::new(),
            commit: commit.clone(),
            exemption: None,
            verdict: None,
        })
    };
    policy.known().filter_map(finding).collect()
}

/// Whether a suppression exempts anything: it is neither over nor too long.
fn holds(said: &Allowance, policy: &Policy, now: Date) -> bool {
    (0..=i64::from(policy.config.max_days)).contains(&said.until.0.days_since(now))
}

fn faults_of<'s, 'p>(
    suppression: &'s Suppression<'p>,
    policy: &Policy,
    now: Date,
    unused: impl Fn(usize) -> bool,
) -> Vec<Fault<'s, 'p>> {
    let fault = |flaw, name: String, spot| Fault { flaw, name, spot, suppression };
    let said = match &suppression.said {
        _ if suppression.told == Told::Nothing => return Vec::new(),
        Ok(said) => said,
        Err(why) => return vec![fault(Flaw::Malformed, (*why).to_owned(), &suppression.spot)],
    };
    let mut faults = Vec::new();
    let (until, at) = &said.until;
    let (days, most) = (until.days_since(now), policy.config.max_days);
    if days < 0 {
        faults.push(fault(Flaw::Expired, format!("until={until}"), at));
    } else if days > i64::from(most) {
        faults.push(fault(Flaw::TooLong, format!("until={until}, more than {most} days off"), at));
    }
    let here = suppression.path.here(policy);
    for (n, Named { id: rule, shown, spot }) in said.rules.iter().enumerate() {
        let name = format!("allow({shown})");
        let known = || policy.known().map(|it| it.id.as_str());
        let level = here.level(rule).map(|it| it.enforcement);
        if known().all(|it| it != rule.as_str()) {
            let name = format!("{name}{}", meant(rule.as_str(), known()));
            faults.push(fault(Flaw::UnknownRule, name, spot));
        } else if level == Some(Enforcement::HardMandatory) {
            faults.push(fault(Flaw::NotAllowed, name, spot));
        } else if level.is_some() && days >= 0 && unused(n) {
            faults.push(fault(Flaw::Unused, name, spot));
        }
    }
    faults
}

/// Finds the suppressions that cover a finding.
struct Index<'s, 'p> {
    suppressions: &'s [Suppression<'p>],
    by_line: BTreeMap<(&'s FilePath, u64), Vec<usize>>,
    by_fingerprint: BTreeMap<&'s Fingerprint, Vec<usize>>,
}

impl<'s, 'p> Index<'s, 'p> {
    fn new(suppressions: &'s [Suppression<'p>]) -> Self {
        let alone = |it: &'s Suppression<'p>| match it.covers {
            Covers::After(line) => Some((&it.path, line)),
            Covers::Line(_) | Covers::Finding(_) => None,
        };
        let alone: BTreeSet<_> = suppressions.iter().filter_map(alone).collect();
        // Of several above each other, each covers what the last one does.
        let mut after: BTreeMap<(&FilePath, u64), u64> = BTreeMap::new();
        for (path, line) in alone.into_iter().rev() {
            let next = after.get(&(path, line + 1)).copied().unwrap_or(line + 1);
            after.insert((path, line), next);
        }
        let mut index =
            Self { suppressions, by_line: BTreeMap::new(), by_fingerprint: BTreeMap::new() };
        for (at, suppression) in suppressions.iter().enumerate() {
            let path = &suppression.path;
            let line = match &suppression.covers {
                Covers::Finding(fingerprint) => {
                    index.by_fingerprint.entry(fingerprint).or_default().push(at);
                    continue;
                }
                Covers::Line(line) => *line,
                Covers::After(line) => after.get(&(path, *line)).copied().unwrap_or(*line),
            };
            index.by_line.entry((path, line)).or_default().push(at);
        }
        index
    }

    fn near(&self, finding: &Finding<'_>) -> Vec<usize> {
        let path = &finding.path;
        let lines = self.by_line.range((path, finding.start.line)..=(path, finding.end.line));
        let listed = self.by_fingerprint.get(&finding.fingerprint).into_iter().flatten();
        let beside = |at: &&usize| {
            same_blob(self.suppressions[**at].commit.as_deref(), finding.commit.as_deref())
        };
        lines.flat_map(|it| it.1).filter(beside).chain(listed).copied().collect()
    }
}

/// Whether a suppression and a finding of one path are of the same bytes. A finding that stands for several revisions shows
/// the checked-out one, or else the latest.
fn same_blob(suppression: Option<&Commit>, finding: Option<&Commit>) -> bool {
    match (suppression, finding) {
        (None, None) => true,
        (Some(a), Some(b)) => a.at_head == b.at_head && (a.at_head || a.last == b.last),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
