//! Policy sets: which rules apply, and at which level. Built in, or a file of the repository.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Enforcement;
use super::scope::Scope;
use crate::embedded;
use crate::rule::{Parameters, Rule, RuleId, no_rule, wrong_parameter};
use crate::source::Tree;
use crate::yaml_file::{Broken, Kind, YamlFile, meant};

/// The most sets that one set may be made of; twenty files that each extend the next one twice would be a million.
const MOST: usize = 256;

/// A use of a set: which one, and where.
#[derive(Clone, Debug)]
pub struct SetUse {
    /// The name of a built-in set, or a file's, beginning with `./`.
    pub name: String,
    /// Where it applies.
    pub scope: Scope,
    /// Its place among the configuration's `policy_sets`, if it stands there.
    pub index: Option<usize>,
}

impl SetUse {
    /// A set that applies everywhere, and is not from the configuration.
    pub fn everywhere(name: &str) -> Self {
        Self { name: name.to_owned(), scope: Scope::default(), index: None }
    }
}

/// A set where it is used: every level that it gives.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// Its name.
    pub name: String,
    /// Where it applies.
    pub scope: Scope,
    levels: BTreeMap<RuleId, Enforcement>,
    others: Option<Enforcement>,
    parameters: BTreeMap<RuleId, Parameters>,
}

impl PolicySet {
    /// The number that it gives to a parameter of a rule.
    pub fn parameter(&self, rule: &RuleId, name: &str) -> Option<u32> {
        self.parameters.get(rule)?.get(name).copied()
    }

    /// The level that it gives to a rule. A rule without one is not part of it.
    pub fn level(&self, rule: &RuleId) -> Option<Enforcement> {
        self.levels.get(rule).copied().or(self.others)
    }
}

/// The names of the built-in sets.
pub fn builtin() -> Vec<String> {
    embedded::yaml("sets").into_iter().map(|(name, _)| name).collect()
}

/// What is wrong with a set's name, if it can name none.
pub fn wrong_name(name: &str) -> Option<String> {
    if let Some(path) = name.strip_prefix("./") {
        let inside = !path.is_empty() && path.split('/').all(|it| !matches!(it, "" | "." | ".."));
        return (!inside).then(|| {
            format!("`{name}` is no file here: a set's file stands in or below this folder")
        });
    }
    let names = builtin();
    let unknown = names.iter().all(|it| it != name);
    unknown.then(|| {
        let meant = meant(name, names.iter().map(String::as_str));
        let names = names.join(", ");
        format!("there is no set `{name}`: built in are {names}, and a file begins with ./{meant}")
    })
}

/// Reads a set that is used, and those that it extends. `rules` are all there are; `misnamed` makes the error of a name that
/// names no set, since only the caller knows where that stands.
pub fn load(
    wanted: &SetUse,
    tree: &Tree,
    rules: &[Rule],
    misnamed: &dyn Fn(String) -> anyhow::Error,
) -> anyhow::Result<PolicySet> {
    let SetUse { name, scope, .. } = wanted.clone();
    if let Some(message) = wrong_name(&name) {
        return Err(misnamed(message));
    }
    let file = read(&name, tree)?.ok_or_else(|| misnamed(format!("there is no file {name}")))?;
    let mut loader = Loader { tree, rules, open: vec![name.clone()], left: MOST };
    let Raw { levels, others, parameters, .. } = loader.whole(&file)?;
    Ok(PolicySet { name, scope, levels, others, parameters })
}

fn read(name: &str, tree: &Tree) -> anyhow::Result<Option<YamlFile>> {
    let text = if let Some(path) = name.strip_prefix("./") {
        tree.text(path)?
    } else {
        let sets = embedded::yaml("sets");
        sets.into_iter().find(|it| it.0 == name).map(|it| it.1.to_owned())
    };
    Ok(text.map(|it| YamlFile::new(Kind::PolicySet, name, it)))
}

struct Loader<'l> {
    tree: &'l Tree,
    rules: &'l [Rule],
    /// The sets that are being read, outermost first.
    open: Vec<String>,
    /// How many may still be read.
    left: usize,
}

impl Loader<'_> {
    /// A set with what it extends: its own levels count, then those of the last that it extends.
    fn whole(&mut self, file: &YamlFile) -> anyhow::Result<Raw> {
        let own: Raw = file.typed()?;
        self.check_rules(file, &own)?;
        let mut whole = Raw::default();
        for (index, name) in own.extends.iter().enumerate() {
            let broken = |message| file.broken(&format!("extends.{index}"), message);
            if self.open.contains(name) {
                let way = self.open.join(" extends ");
                return Err(broken(format!("a cycle of sets: {way} extends {name}")).into());
            }
            if let Some(message) = wrong_name(name) {
                return Err(broken(message).into());
            }
            if self.left == 0 {
                return Err(broken(format!("a set extends more than {MOST} others")).into());
            }
            self.left -= 1;
            let parent = read(name, self.tree)?;
            let parent = parent.ok_or_else(|| broken(format!("there is no file {name}")))?;
            self.open.push(name.clone());
            let parent = self.whole(&parent)?;
            self.open.pop();
            whole.levels.extend(parent.levels);
            whole.others = parent.others.or(whole.others);
            whole.give(parent.parameters);
        }
        if let Some(least) = own.at_least {
            let milder = whole.levels.values_mut().chain(&mut whole.others);
            milder.for_each(|it| *it = least.max(*it));
        }
        whole.levels.extend(own.levels);
        whole.give(own.parameters);
        whole.others = own.others.or(whole.others);
        Ok(whole)
    }

    fn check_rules(&self, file: &YamlFile, set: &Raw) -> Result<(), Broken> {
        let known: Vec<&RuleId> = self.rules.iter().map(|it| &it.id).collect();
        if let Some(id) = set.levels.keys().find(|it| !known.contains(it)) {
            return Err(file.broken(id.as_str(), no_rule(id, &known)));
        }
        match wrong_parameters(&set.parameters, self.rules) {
            None => Ok(()),
            Some((at, message)) => Err(file.broken(&at, message)),
        }
    }
}

/// The first parameter that no rule has: its path in a file that gives parameters, and what is wrong with it.
pub fn wrong_parameters(
    given: &BTreeMap<RuleId, Parameters>,
    rules: &[Rule],
) -> Option<(String, String)> {
    let names = given.iter().flat_map(|(id, it)| it.keys().map(move |name| (id, name)));
    names.into_iter().find_map(|(id, name)| {
        let message = wrong_parameter(id, name, rules)?;
        let is_known = rules.iter().any(|it| it.id == *id);
        let at =
            if is_known { format!("parameters.{id}.{name}") } else { format!("parameters.{id}") };
        Some((at, message))
    })
}

/// A set as its file writes it: what it extends and raises, parameters of rules, `*` for every other rule, and rules with
/// their levels.
#[derive(Default)]
struct Raw {
    extends: Vec<String>,
    at_least: Option<Enforcement>,
    others: Option<Enforcement>,
    levels: BTreeMap<RuleId, Enforcement>,
    parameters: BTreeMap<RuleId, Parameters>,
}

impl Raw {
    /// Adds parameters, which count for more than those that are there.
    fn give(&mut self, parameters: BTreeMap<RuleId, Parameters>) {
        for (id, parameters) in parameters {
            self.parameters.entry(id).or_default().extend(parameters);
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rules with their levels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut raw = Raw::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "parameters" => raw.parameters = map.next_value()?,
                        "extends" => raw.extends = map.next_value()?,
                        "at_least" => raw.at_least = Some(map.next_value()?),
                        "*" => raw.others = Some(map.next_value()?),
                        _ => {
                            raw.levels.insert(RuleId::new(key), map.next_value()?);
                        }
                    }
                }
                Ok(raw)
            }
        }
        from.deserialize_map(Entries)
    }
}
