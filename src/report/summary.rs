//! How a run ended, in numbers, as the machine formats say it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words;
use crate::environment::Judgement;
use crate::exempt::Exempted;
use crate::finding::Finding;
use crate::policy::{self, Enforcement};
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
    notes: Vec<&'r str>,
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
        let (tally, tokens) = (report.tally(), report.tokens());
        let mut summary =
            Self::new(&report.findings, report.policy.gate, tally, &report.exempted, tokens);
        summary.notes.extend(report.coverage.notes.iter().map(String::as_str));
        summary
    }

    /// That of a job's variables.
    pub(super) fn of_job(it: &'r Judgement<'_>) -> Self {
        let (tally, tokens) = (it.tally(), it.environment.tokens());
        Self::new(&it.findings, it.policy.gate, tally, &it.exempted, tokens)
    }

    fn new(
        findings: &[Finding<'_>],
        gate: policy::Gate,
        tally: tally::Tally<'r>,
        exempted: &'r Exempted,
        tokens: usize,
    ) -> Self {
        let broken = |level| findings.iter().filter(|it| it.enforcement == level).count();
        let set = |it: tally::SetTally<'r>| Set {
            name: it.name,
            passed: it.passed,
            failed: it.failed,
            advisory: it.advisory,
            excepted: it.excepted,
            nearest_end: it.nearest,
        };
        let overrides = exempted.overrides.iter().map(|it| {
            let (rule, reason, by) = (it.rule.as_str(), it.reason.as_str(), it.by.as_str());
            Override { rule, reason, by }
        });
        Self {
            overall: words::overall(tally.overall),
            policies: Enforcement::ALL.map(|it| (it.name(), broken(it))).into(),
            tokens,
            gate: Gate {
                fail_on: gate.fail_on.name(),
                exit_zero: gate.exit_zero,
                suppressions: !exempted.unsuppressed,
            },
            sets: tally.sets.into_iter().map(set).collect(),
            nearest_end: tally.nearest,
            baseline: exempted.baseline.as_deref(),
            overrides: overrides.collect(),
            notes: exempted.notes.iter().map(String::as_str).collect(),
        }
    }
}
