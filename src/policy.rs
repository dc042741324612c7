//! The rules that apply to a run, and what breaking each of them does to it.

pub mod anchor;
mod rank;
pub mod scope;
pub mod set;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::config::Config;
use crate::detect::Detector;
use crate::digest::Digest;
use crate::platform::Platforms;
use crate::rule::{self, Rule, RuleId, Severity};
use crate::scan::Outcome;
use crate::site::{Facts, Thing};
use crate::source::Tree;
use anchor::Anchor;
use rank::Ranks;
use set::PolicySet;

/// What a violation does to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Shown only.
    Advisory,
    /// Fails the run, unless it is suppressed, in a baseline or overridden.
    SoftMandatory,
    /// Fails the run, and only an exception that someone answers for exempts it.
    HardMandatory,
}

impl Enforcement {
    /// Every level, mildest first.
    pub const ALL: [Self; 3] = [Self::Advisory, Self::SoftMandatory, Self::HardMandatory];

    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::SoftMandatory => "soft-mandatory",
            Self::HardMandatory => "hard-mandatory",
        }
    }

    /// The level of a word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Which violations fail the run, and whether that is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The mildest level that fails the run.
    pub fail_on: Enforcement,
    /// Whether a failed run ends with 0 all the same.
    pub exit_zero: bool,
}

impl Gate {
    /// The exit code of an outcome.
    pub fn exit(self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Failed if self.exit_zero => Outcome::Passed,
            outcome => outcome,
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self { fail_on: Enforcement::SoftMandatory, exit_zero: false }
    }
}

/// A level that was set for one rule, beside the sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The level.
    pub level: Enforcement,
    /// The file or flag that says so.
    pub by: String,
}

/// A rule's level somewhere, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'p> {
    /// What a violation does.
    pub enforcement: Enforcement,
    /// The set that the rule is applied by.
    pub set: &'p str,
    /// What sets the level: a set, a file, a flag, or the rule's severity.
    pub by: &'p str,
}

/// The set of rules that no set names: those of a folder of the user's, and those that only the configuration names.
pub const LOCAL: &str = "local";

/// A set of rules with their levels, and everything that judging needs.
pub struct Policy {
    /// Finds the tokens.
    pub detector: &'static Detector,
    /// What the repository says about itself.
    pub config: Config,
    /// What fails the run.
    pub gate: Gate,
    /// Where the paths of the scan begin.
    pub anchor: Anchor,
    rules: Vec<Rule>,
    ranks: Ranks,
    /// How many of the rules are built in; they come first.
    builtin: usize,
    sets: Vec<PolicySet>,
    platforms: OnceLock<Platforms>,
    digest: OnceLock<String>,
}

impl Policy {
    /// The built-in rules and `extra` ones, with the levels of the recommended set.
    pub fn recommended(extra: Vec<Rule>) -> anyhow::Result<Self> {
        Self::new(Config::default(), extra, &Tree::Disk(".".into()))
    }

    /// The built-in rules and `extra` ones, with the levels that `config` says; `tree` holds the files that it names.
    pub fn new(config: Config, extra: Vec<Rule>, tree: &Tree) -> anyhow::Result<Self> {
        let mut rules = Rule::builtin()?;
        let builtin = rules.len();
        for rule in extra {
            anyhow::ensure!(
                rules.iter().all(|it| it.id != rule.id),
                "the rule {} exists already: rename the file of yours",
                rule.id
            );
            rules.push(rule);
        }
        let known: Vec<&RuleId> = rules.iter().map(|it| &it.id).collect();
        check_superseded(&rules, &known)?;
        check_named(&config, &known)?;
        if let Some((at, message)) = set::wrong_parameters(&config.parameters, &rules) {
            return Err(config.broken(&at, message));
        }
        let sets = config.sets.iter().map(|wanted| {
            let misnamed = |message| match wanted.index {
                Some(index) => config.broken(&format!("policy_sets.{index}"), message),
                None => anyhow::anyhow!("--policy-set: {message}"),
            };
            set::load(wanted, tree, &rules, &misnamed)
        });
        let sets = sets.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            detector: Detector::shared(),
            config,
            gate: Gate::default(),
            anchor: Anchor::default(),
            ranks: Ranks::of(&rules),
            rules,
            builtin,
            sets,
            platforms: OnceLock::new(),
            digest: OnceLock::new(),
        })
    }

    /// The rules that apply anywhere, with the level that counts last.
    pub fn rules(&self) -> impl Iterator<Item = (&Rule, Enforcement)> {
        let sets: Vec<&PolicySet> = self.sets.iter().collect();
        let level = move |rule| Some((rule, self.level(rule, &sets)?.enforcement));
        self.rules.iter().filter_map(level)
    }

    /// Those of them that are about files, and not only about the variables of a job.
    pub fn file_rules(&self) -> impl Iterator<Item = (&Rule, Enforcement)> {
        self.rules().filter(|it| it.0.when.is_about_files())
    }

    /// Every rule that there is.
    pub fn known(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Whether a finding of a rule may be one that no scan of files sees: a variable of a job.
    pub fn may_be_of_a_job(&self, id: &RuleId) -> bool {
        self.known().any(|it| it.id == *id && it.when.is_about_variables())
    }

    /// The sets, in the order in which they count.
    pub fn sets(&self) -> &[PolicySet] {
        &self.sets
    }

    /// The policy as it holds at a path of the scan.
    pub fn at(&self, path: &str) -> Here<'_> {
        let path = self.anchor.of(path);
        let sets: Vec<&PolicySet> = self.sets.iter().filter(|it| it.scope.covers(&path)).collect();
        let levels = self.rules.iter().filter_map(|rule| Some((rule, self.level(rule, &sets)?)));
        let mut levels: Vec<_> = levels.collect();
        self.ranks.sort(&mut levels);
        Here { ranks: &self.ranks, levels }
    }

    /// Every level that a rule has somewhere: that of the rest of the repository first, without a scope, then those of
    /// parts of it, in words.
    pub fn levels<'p>(&'p self, rule: &Rule) -> Vec<(Level<'p>, Option<String>)> {
        let everywhere = self.sets.iter().rposition(|it| it.scope.is_everywhere());
        let (base, parts) = self.sets.split_at(everywhere.map_or(0, |it| it + 1));
        let base: Vec<&PolicySet> = base.iter().filter(|it| it.scope.is_everywhere()).collect();
        let mut levels: Vec<_> =
            self.level(rule, &base).into_iter().map(|level| (level, None)).collect();
        if !self.config.enforcement.contains_key(&rule.id) {
            let parts = parts.iter().filter_map(|it| Some((self.level(rule, &[it])?, it)));
            levels.extend(parts.map(|(level, it)| (level, Some(it.scope.words()))));
        }
        levels
    }

    /// Whether the configuration excludes a path of the scan.
    pub fn excludes(&self, path: &str) -> bool {
        let exclude = &self.config.exclude;
        !exclude.texts().is_empty() && exclude.match_path(&self.anchor.of(path))
    }

    /// The level of a rule where these sets apply, the last of which counts most; nothing, if none of them has the rule.
    pub fn level<'p>(&'p self, rule: &Rule, sets: &[&'p PolicySet]) -> Option<Level<'p>> {
        let named = sets.iter().rev().find_map(|it| Some((&it.name, it.level(&rule.id)?)));
        let level = match named {
            Some((set, enforcement)) => Some(Level { enforcement, set, by: set }),
            None => self.level_of_own(rule),
        };
        match self.config.enforcement.get(&rule.id) {
            None => level,
            Some(Assigned { level: enforcement, by }) => {
                let set = level.map_or(LOCAL, |it| it.set);
                Some(Level { enforcement: *enforcement, set, by })
            }
        }
    }

    /// A number by which a rule judges what stands in a file: the configuration's, or that of the last set there which has
    /// one, or the rule's own.
    pub fn parameter(&self, rule: &Rule, path: &str, name: &str) -> u32 {
        let own = || rule.parameters.get(name).copied();
        let configured = self.config.parameters.get(&rule.id).and_then(|it| it.get(name).copied());
        let here = self.sets.iter().rev().filter(|it| it.scope.covers(path));
        let of_set = || here.into_iter().find_map(|it| it.parameter(&rule.id, name));
        configured.or_else(of_set).or_else(own).unwrap_or(u32::MAX)
    }

    /// A rule of the user's needs no set.
    fn level_of_own(&self, rule: &Rule) -> Option<Level<'static>> {
        let own = self.rules[self.builtin..].iter().any(|it| it.id == rule.id);
        let enforcement = match rule.severity {
            Severity::Error => Enforcement::SoftMandatory,
            Severity::Warning | Severity::Note => Enforcement::Advisory,
        };
        own.then_some(Level { enforcement, set: LOCAL, by: "its severity" })
    }

    /// The platforms, loaded when they are first asked for: most runs find nothing and never need them.
    pub fn platforms(&self) -> &Platforms {
        self.platforms.get_or_init(Platforms::builtin)
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all rules and levels.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| Digest::of([self.text().as_bytes()]).to_string())
    }

    /// All that decides what the policy finds.
    fn text(&self) -> String {
        let of_set = |set: &PolicySet, rule: &Rule| {
            let level = set.level(&rule.id).map_or("", Enforcement::name);
            let number =
                |it: &String| set.parameter(&rule.id, it).map(|number| format!("\0{it}={number}"));
            let numbers: String = rule.parameters.keys().filter_map(number).collect();
            format!("\0{}\0{}\0{level}{numbers}", set.name, set.scope.words())
        };
        let of_rule = |rule: &Rule| {
            let sets: String = self.sets.iter().map(|it| of_set(it, rule)).collect();
            let assigned = self.config.enforcement.get(&rule.id);
            [rule.source(), &sets, assigned.map_or("", |it| it.level.name())].concat()
        };
        let files = self.config.file.iter().chain(self.config.inventory.files());
        self.rules.iter().map(of_rule).chain(files.map(|it| it.text.clone())).collect()
    }
}

/// A policy as it holds at one path: the rules that apply there, with their levels.
pub struct Here<'p> {
    ranks: &'p Ranks,
    /// Each rule before those that it supersedes.
    levels: Vec<(&'p Rule, Level<'p>)>,
}

impl<'p> Here<'p> {
    /// The level of a rule here; nothing, if it does not apply.
    pub fn level(&self, id: &RuleId) -> Option<Level<'p>> {
        self.levels.iter().find(|(rule, _)| rule.id == *id).map(|it| it.1)
    }

    /// The rules that apply here.
    pub fn rules(&self) -> impl Iterator<Item = (&'p Rule, Level<'p>)> {
        self.levels.iter().copied()
    }

    /// The rules that a thing breaks here.
    pub fn broken(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> Vec<(&'p Rule, Level<'p>)> {
        let broken = self.asked(|rule| rule.when.holds(thing, facts).then_some(()));
        broken.into_iter().map(|(rule, level, ())| (rule, level)).collect()
    }

    /// The rules that are broken here, with what `is_broken` says of each. What a broken one supersedes is not even asked.
    pub fn asked<T>(
        &self,
        is_broken: impl Fn(&Rule) -> Option<T>,
    ) -> Vec<(&'p Rule, Level<'p>, T)> {
        let (mut broken, mut settled) = (Vec::new(), BTreeSet::new());
        for &(rule, level) in &self.levels {
            if !settled.contains(&rule.id)
                && let Some(said) = is_broken(rule)
            {
                settled.extend(self.ranks.below(rule));
                broken.push((rule, level, said));
            }
        }
        broken
    }

    /// Drops what other broken rules settle, each rule but once. All are broken by one thing, in different places.
    pub fn settle<T>(&self, broken: &mut Vec<(&'p Rule, T)>) {
        let settled = broken.iter().flat_map(|(rule, _)| self.ranks.below(rule));
        let mut done: BTreeSet<RuleId> = settled.cloned().collect();
        broken.retain(|(rule, _)| done.insert(rule.id.clone()));
    }
}

fn check_superseded(rules: &[Rule], known: &[&RuleId]) -> anyhow::Result<()> {
    for rule in rules {
        let unknown = rule.supersedes.iter().find(|it| !known.contains(it) || **it == rule.id);
        anyhow::ensure!(
            unknown.is_none(),
            "the rule {} supersedes {}, which is no other rule: `lynklint rules list` shows all",
            rule.id,
            unknown.map_or("", |it| it.as_str())
        );
    }
    Ok(())
}

/// Every rule that the configuration names must be there.
fn check_named(config: &Config, known: &[&RuleId]) -> anyhow::Result<()> {
    let file = config.file.as_ref().map(|it| &it.name);
    for (id, assigned) in &config.enforcement {
        if !known.contains(&id) {
            let message = rule::no_rule(id, known);
            return Err(match Some(&assigned.by) == file {
                true => config.broken(&format!("enforcement.{id}"), message),
                false => anyhow::anyhow!("{}: {message}", assigned.by),
            });
        }
    }
    let exceptions = config.exceptions.iter().map(|it| &it.rule).enumerate();
    let exceptions = exceptions.map(|(n, it)| (format!("exceptions.{n}.rule"), it));
    let entries = config.entries.iter().map(|it| &it.rule).enumerate();
    let entries = entries.map(|(n, it)| (format!("suppressions.entries.{n}.rule"), it));
    for (path, id) in exceptions.chain(entries) {
        if !known.contains(&id) {
            return Err(config.broken(&path, rule::no_rule(id, known)));
        }
    }
    Ok(())
}
