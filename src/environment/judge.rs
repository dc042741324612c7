//! Judges what an environment holds by the rules of the policy that are about variables.

use super::{Environment, Held, Question, Variable};
use crate::date::Date;
use crate::excerpt::Veil;
use crate::exempt::Exempted;
use crate::finding::{Finding, Fingerprint, Position, Subject};
use crate::path::{FilePath, PathKey};
use crate::platform::Ci;
use crate::policy::{Level, Policy};
use crate::rule::Rule;
use crate::scan::Outcome;
use crate::site::{Place, Site};

/// The place of every variable: no file, and the root as far as a policy has parts.
const NOWHERE: &str = "";

/// What came out. Holds no part of a value.
pub struct Judgement<'p> {
    /// The policy that judged.
    pub policy: &'p Policy,
    /// What there was to judge.
    pub environment: Environment,
    /// What is wrong, worst first. The excerpt of each is the name of the variable.
    pub findings: Vec<Finding<'p>>,
    /// What was done for findings not to count.
    pub exempted: Exempted,
    allow_none: bool,
}

impl<'p> Judgement<'p> {
    /// The rules that were asked, with their levels.
    pub fn rules(&self) -> Vec<(&'p Rule, Level<'p>)> {
        let about = |it: &(&Rule, Level<'_>)| it.0.when.is_about_variables();
        self.policy.at(NOWHERE).rules().filter(about).collect()
    }

    /// How the run ended: a variable that is missing, no token at all, or no rule, leaves the question open.
    pub fn outcome(&self) -> Outcome {
        let failed = self.findings.iter().any(|it| it.fails(self.policy.gate));
        let none = self.environment.tokens() == 0 && !self.allow_none;
        let open = none || self.rules().is_empty();
        match (self.environment.missing.is_empty(), failed, open) {
            (false, _, _) | (true, false, true) => Outcome::CouldNotJudge,
            (true, true, _) => Outcome::Failed,
            (true, false, false) => Outcome::Passed,
        }
    }

    /// The exit code: how the run ended, unless a failure was asked not to count.
    pub fn exit(&self) -> Outcome {
        self.policy.gate.exit(self.outcome())
    }
}

/// Judges an environment. The day is given.
pub fn judge<'p>(
    variables: &[Variable<'_>],
    question: &Question,
    policy: &'p Policy,
    now: Date,
) -> Judgement<'p> {
    let environment = Environment::of(variables, question, policy);
    let here = policy.at(NOWHERE);
    let mut findings = Vec::new();
    for held in environment.held(&policy.config.inventory, now) {
        let broken = here.asked(|rule| rule.when.held(&held));
        findings.extend(broken.into_iter().map(|it| finding(policy, &held, it)));
    }
    findings.sort_by(|a, b| {
        let key = |it: &Finding<'p>| (it.rule.severity, it.rule.id.clone());
        key(a).cmp(&key(b)).then_with(|| a.excerpt.text().cmp(b.excerpt.text()))
    });
    let (exempted, allow_none) = (Exempted::default(), question.allow_none);
    Judgement { policy, environment, findings, exempted, allow_none }
}

fn finding<'p>(
    policy: &'p Policy,
    held: &Held<'_>,
    (rule, level, note): (&'p Rule, Level<'p>, String),
) -> Finding<'p> {
    let subject = match held.token {
        Some(token) => Subject::Token(token.clone()),
        None => Subject::Named(held.name.to_owned()),
    };
    let name = held.name.as_bytes();
    let veil = Veil::of(name);
    let address = format!("env.{}", held.name);
    let start = Position { byte: 0, line: 1, column: 1 };
    Finding {
        rule,
        enforcement: level.enforcement,
        set: level.set,
        path: FilePath::new(NOWHERE, &veil),
        start,
        end: start,
        excerpt: veil.excerpt(name, &(0..name.len())),
        fingerprint: Fingerprint::of(rule, &PathKey::default(), &subject, &address),
        subject,
        site: Site {
            platform: policy
                .platforms()
                .iter()
                .find(|it| held.job.platform.as_ref() == Some(&it.id)),
            ci: if held.job.ci { Ci::High } else { Ci::None },
            address: Some(address.into()),
            place: Some(Place::Env),
            scope: None,
            replacement: None,
            unparsed: None,
        },
        note: (!note.is_empty()).then(|| note.into()),
        related: held.declared.iter().map(|it| policy.config.inventory.entry(it)).collect(),
        commit: None,
        exemption: None,
        verdict: None,
    }
}
