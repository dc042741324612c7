//! Which rules have nothing to add where another one is broken, and in which order that makes rules worth asking.

use std::collections::{BTreeMap, BTreeSet};

use crate::rule::{Rule, RuleId};

/// For each rule, those that it supersedes, and those that these supersede.
#[derive(Debug, Default)]
pub(super) struct Ranks(BTreeMap<RuleId, BTreeSet<RuleId>>);

impl Ranks {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let direct = |id: &RuleId| rules.iter().find(|it| it.id == *id).map(|it| &it.supersedes);
        let below = |rule: &Rule| {
            let mut all: BTreeSet<RuleId> = BTreeSet::new();
            let mut open: Vec<&RuleId> = rule.supersedes.iter().collect();
            while let Some(next) = open.pop() {
                if all.insert(next.clone()) {
                    open.extend(direct(next).into_iter().flatten());
                }
            }
            (rule.id.clone(), all)
        };
        Self(rules.iter().map(below).collect())
    }

    /// What is settled once a rule is broken.
    pub(super) fn below(&self, rule: &Rule) -> impl Iterator<Item = &RuleId> {
        self.0.get(&rule.id).into_iter().flatten()
    }

    /// Orders rules so that each comes before what it supersedes.
    pub(super) fn sort<T>(&self, rules: &mut [(&Rule, T)]) {
        rules.sort_by_key(|(rule, _)| std::cmp::Reverse(self.below(rule).count()));
    }
}
