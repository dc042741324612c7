//! The numbers at the end of a run, as users of policy checks know them: what passed, failed and was excepted, by set.

use std::collections::{BTreeMap, BTreeSet};

use crate::environment::Judgement;
use crate::finding::Finding;
use crate::policy::{Gate, LOCAL, Policy};
use crate::rule::RuleId;
use crate::scan::{Outcome, Report};

/// How a run ended, by set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<'p> {
    /// How it ended as a whole.
    pub overall: Outcome,
    /// Each set that has a rule, in the order in which they count.
    pub sets: Vec<SetTally<'p>>,
    /// The earliest day on which an exemption ends, `2027-01-31`.
    pub nearest: Option<String>,
}

/// How the policies of a set fared. Each policy is counted once, by the worst that became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetTally<'p> {
    /// The set.
    pub name: &'p str,
    /// Policies that nothing violates.
    pub passed: usize,
    /// Policies with a violation that fails the run.
    pub failed: usize,
    /// Policies with a violation that does not.
    pub advisory: usize,
    /// Policies whose every violation is exempt.
    pub excepted: usize,
    /// The earliest day on which an exemption ends.
    pub nearest: Option<String>,
}

/// The worst that became of a policy, from the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Excepted,
    Advisory,
    Failed,
}

impl<'p> Report<'p> {
    /// The numbers at the end of the run.
    pub fn tally(&self) -> Tally<'p> {
        Tally::of(&members(self.policy), &self.findings, self.policy.gate, self.outcome())
    }
}

impl<'p> Judgement<'p> {
    /// The numbers at the end of the run.
    pub fn tally(&self) -> Tally<'p> {
        let rules = self.rules();
        let names = self.policy.sets().iter().map(|it| it.name.as_str()).chain([LOCAL]);
        let of_set = |name| {
            let rules = rules.iter().filter(|it| it.1.set == name);
            (name, rules.map(|it| &it.0.id).collect::<BTreeSet<_>>())
        };
        let mut known = BTreeSet::new();
        let members = names.filter(|it| known.insert(*it)).map(of_set);
        let members: Vec<_> = members.filter(|it| !it.1.is_empty()).collect();
        Tally::of(&members, &self.findings, self.policy.gate, self.outcome())
    }
}

impl<'p> Tally<'p> {
    /// `members` are the rules of each set that had anything to judge.
    fn of(
        members: &[(&'p str, BTreeSet<&'p RuleId>)],
        findings: &[Finding<'_>],
        gate: Gate,
        overall: Outcome,
    ) -> Self {
        let mut fates: BTreeMap<(&str, &RuleId), Fate> = BTreeMap::new();
        for finding in findings {
            let fate = Fate::of(finding, gate);
            let worst = fates.entry((finding.set, &finding.rule.id)).or_insert(fate);
            *worst = fate.max(*worst);
        }
        let sets = members.iter().map(|(name, rules)| SetTally::of(name, rules, findings, &fates));
        let sets: Vec<_> = sets.collect();
        let nearest = sets.iter().filter_map(|it| it.nearest.clone()).min();
        Self { overall, sets, nearest }
    }
}

impl Fate {
    fn of(finding: &Finding<'_>, gate: Gate) -> Self {
        match (finding.fails(gate), &finding.exemption) {
            (true, _) => Self::Failed,
            (false, None) => Self::Advisory,
            (false, Some(_)) => Self::Excepted,
        }
    }
}

impl<'p> SetTally<'p> {
    fn of(
        name: &'p str,
        rules: &BTreeSet<&'p RuleId>,
        findings: &[Finding<'_>],
        fates: &BTreeMap<(&str, &RuleId), Fate>,
    ) -> Self {
        let count = |wanted: Option<Fate>| {
            rules.iter().filter(|it| fates.get(&(name, **it)).copied() == wanted).count()
        };
        let ends = findings.iter().filter(|it| it.set == name);
        let ends = ends.filter_map(|it| it.exemption.as_ref()?.until.clone());
        Self {
            name,
            passed: count(None),
            failed: count(Some(Fate::Failed)),
            advisory: count(Some(Fate::Advisory)),
            excepted: count(Some(Fate::Excepted)),
            nearest: ends.min(),
        }
    }
}

/// The rules about files of each set, without those that a later set takes over everywhere.
fn members(policy: &Policy) -> Vec<(&str, BTreeSet<&RuleId>)> {
    let mut members: Vec<(&str, BTreeSet<&RuleId>)> = Vec::new();
    for (n, set) in policy.sets().iter().enumerate() {
        let later = &policy.sets()[n + 1..];
        let over = |id| later.iter().any(|it| it.scope.is_everywhere() && it.level(id).is_some());
        let rules = policy.known().filter(|it| it.when.is_about_files()).map(|it| &it.id);
        let rules = rules.filter(|id| set.level(id).is_some() && !over(id));
        match members.iter_mut().find(|it| it.0 == set.name) {
            Some(known) => known.1.extend(rules),
            None => members.push((&set.name, rules.collect())),
        }
    }
    let in_a_set = |id: &RuleId| policy.sets().iter().any(|it| it.level(id).is_some());
    let local = policy.file_rules().map(|it| &it.0.id).filter(|id| !in_a_set(id));
    members.push((LOCAL, local.collect()));
    members.retain(|it| !it.1.is_empty());
    members
}
