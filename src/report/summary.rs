//! How a run ended, in numbers, as the machine formats say it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words;
use crate::policy::Enforcement;
use crate::scan::{Outcome, Report};
use crate::tally;

#[derive(Default, Serialize)]
pub(super) struct Summary<'r> {
    overall: &'static str,
    policies: BTreeMap<&'static str, usize>,
    tokens: usize,
    gate: Gate,
    sets: Vec<Set<'r>>,
    nearest_end: Option<String>,
    baseline: Option<&'r str>,
    overrides: Vec<Override<'r>>,
    notes: &'r [String],
}

#[derive(Default, Serialize)]
struct Gate {
    fail_on: &'static str,
    exit_zero: bool,
    suppressions: bool,
}

#[derive(Serialize)]
struct Set<'r> {
    name: &'r str,
    passed: usize,
    failed: usize,
    advisory: usize,
    excepted: usize,
    nearest_end: Option<String>,
}

#[derive(Serialize)]
struct Override<'r> {
    rule: &'r str,
    reason: &'r str,
    by: &'r str,
}

impl Summary<'_> {
    /// That of a run that did not take place.
    pub(super) fn of_error() -> Self {
        Self { overall: words::overall(Outcome::CouldNotJudge), ..Self::default() }
    }
}

impl<'r> Summary<'r> {
    pub(super) fn of(report: &'r Report<'_>) -> Self {
        let broken = |level| report.findings.iter().filter(|it| it.enforcement == level).count();
        let gate = report.policy.gate;
        let tally = report.tally();
        let set = |it: tally::SetTally<'r>| Set {
            name: it.name,
            passed: it.passed,
            failed: it.failed,
            advisory: it.advisory,
            excepted: it.excepted,
            nearest_end: it.nearest,
        };
        let overrides = report.exempted.overrides.iter().map(|it| {
            let (rule, reason, by) = (it.rule.as_str(), it.reason.as_str(), it.by.as_str());
            Override { rule, reason, by }
        });
        Self {
            overall: words::overall(report.outcome()),
            policies: Enforcement::ALL.map(|it| (it.name(), broken(it))).into(),
            tokens: report.tokens(),
            gate: Gate {
                fail_on: gate.fail_on.name(),
                exit_zero: gate.exit_zero,
                suppressions: !report.exempted.unsuppressed,
            },
            sets: tally.sets.into_iter().map(set).collect(),
            nearest_end: tally.nearest,
            baseline: report.exempted.baseline.as_deref(),
            overrides: overrides.collect(),
            notes: &report.exempted.notes,
        }
    }
}
