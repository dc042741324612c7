//! What does not count: exceptions, suppressions and overrides, applied to the findings of a scan. Pure.

use std::collections::BTreeSet;

use crate::baseline::Baseline;
use crate::date::Date;
use crate::environment::Judgement;
use crate::excerpt::{masked, printable};
use crate::finding::{ExemptedBy, Exemption, Finding};
use crate::inventory;
use crate::policy::{Enforcement, Policy};
use crate::rule::RuleId;
use crate::scan::{self, Report};
use crate::suppress;

/// By which terms findings may not count.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The day of the run.
    pub now: Date,
    /// Whether suppressions are heeded, and what is wrong with them is told.
    pub suppressions: Heeded,
    /// Whether the scan was of the whole repository, so that what matches nothing is of no use.
    pub whole: bool,
    /// Findings that are accepted.
    pub baseline: Option<Baseline>,
    /// Rules that do not fail this run.
    pub overrides: Vec<Override>,
}

/// Whether suppressions are heeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heeded {
    /// They are.
    Yes,
    /// They are not there, as far as this run is concerned.
    No,
}

/// A soft-mandatory rule that does not fail this run: someone has taken that upon them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The rule.
    pub rule: RuleId,
    /// Why, printable and masked.
    pub reason: String,
    /// Who, printable and masked.
    pub by: String,
}

/// What was done for findings not to count, for the record.
#[derive(Clone, Debug, Default)]
pub struct Exempted {
    /// The overrides, whether or not they had anything to override.
    pub overrides: Vec<Override>,
    /// The baseline that was used, printable and masked.
    pub baseline: Option<String>,
    /// Whether suppressions were not heeded.
    pub unsuppressed: bool,
    /// What is over or of no use, in sentences; printable and masked.
    pub notes: Vec<String>,
}

impl Terms {
    /// Terms of a day, with nothing but what the files themselves say.
    pub fn of(now: Date) -> Self {
        Self { now, suppressions: Heeded::Yes, whole: true, baseline: None, overrides: Vec::new() }
    }
}

impl Report<'_> {
    /// Marks the findings that do not count, and adds those about declared tokens and about suppressions.
    pub fn exempt(&mut self, terms: &Terms) {
        let policy = self.policy;
        let declared = inventory::findings(policy, &self.seen, terms.now, terms.whole);
        self.findings.extend(declared);
        scan::sort(&mut self.findings);
        self.exempted.unsuppressed = terms.suppressions == Heeded::No;
        if terms.suppressions == Heeded::Yes {
            self.suppressions.extend(suppress::configured(policy, terms.whole));
            let faults = suppress::apply(&mut self.findings, &self.suppressions, policy, terms.now);
            let more = faults.iter().flat_map(|it| suppress::findings_of(it, policy));
            let more: Vec<_> = more.collect();
            self.findings.extend(more);
            scan::sort(&mut self.findings);
        }
        let excepted = except(&mut self.findings, policy, terms);
        self.exempted.notes.extend(excepted);
        if let Some(baseline) = &terms.baseline {
            let notes = baseline.apply(&mut self.findings, terms.now, terms.whole);
            self.exempted.notes.extend(notes);
            let name = masked(&baseline.name, policy.detector);
            self.exempted.baseline = Some(printable(&name));
        }
        self.exempted.overrides = overridden(&mut self.findings, terms);
    }
}

impl Judgement<'_> {
    /// Marks the findings that do not count: what the configuration says holds for the variables of a job as for files.
    pub fn exempt(&mut self, terms: &Terms) {
        let policy = self.policy;
        self.exempted.unsuppressed = terms.suppressions == Heeded::No;
        if terms.suppressions == Heeded::Yes {
            // What is wrong with the suppressions themselves is for whoever judges the files.
            let suppressions = suppress::configured(policy, false);
            suppress::apply(&mut self.findings, &suppressions, policy, terms.now);
        }
        self.exempted.notes = except(&mut self.findings, policy, terms);
        self.exempted.overrides = overridden(&mut self.findings, terms);
    }
}

/// Marks the findings of overridden rules. Gives the overrides for the record, whether or not there was anything to do.
fn overridden(findings: &mut [Finding<'_>], terms: &Terms) -> Vec<Override> {
    for finding in findings.iter_mut().filter(|it| it.exemption.is_none()) {
        let soft = finding.enforcement == Enforcement::SoftMandatory;
        let named = terms.overrides.iter().find(|it| it.rule == finding.rule.id);
        finding.exemption = named.filter(|_| soft).map(|it| Box::new(Exemption::from(it)));
    }
    terms.overrides.clone()
}

/// Applies the configuration's exceptions, the only ones that reach every level. Says which are over or of no use.
fn except(findings: &mut [Finding<'_>], policy: &Policy, terms: &Terms) -> Vec<String> {
    let mut used = BTreeSet::new();
    let exceptions = &policy.config.exceptions;
    for finding in findings.iter_mut().filter(|it| it.exemption.is_none()) {
        let is_it = |finding: &Finding<'_>, n: &usize| {
            exceptions[*n].rule == finding.rule.id
                && exceptions[*n].fingerprint == finding.fingerprint
        };
        let Some(n) = (0..exceptions.len()).find(|n| is_it(finding, n)) else { continue };
        used.insert(n);
        let it = &exceptions[n];
        if terms.now <= it.until {
            finding.exemption = Some(Box::new(Exemption {
                by: ExemptedBy::Exception,
                reason: Some(it.reason.clone()),
                until: Some(it.until.to_string()),
                approver: Some(it.approver.clone()),
            }));
        }
    }
    let mut notes = Vec::new();
    for (n, it) in exceptions.iter().enumerate() {
        let what = format!("the exception for {} at {}", it.rule, it.fingerprint);
        if it.until < terms.now && used.contains(&n) {
            notes.push(format!("{what} ended on {}", it.until));
        } else if terms.whole && !used.contains(&n) && !policy.may_be_of_a_job(&it.rule) {
            notes.push(format!("{what} matches nothing: remove it"));
        }
    }
    notes
}

impl From<&Override> for Exemption {
    fn from(it: &Override) -> Self {
        Self {
            by: ExemptedBy::Override,
            reason: Some(it.reason.clone()),
            until: None,
            approver: Some(it.by.clone()),
        }
    }
}
