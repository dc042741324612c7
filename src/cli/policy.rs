//! `lynklint policy`: each rule, its level, and where that was set.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::settings::Settings;
use super::{Failure, say};
use crate::policy::{Level, Policy};
use crate::report::{self, Format};
use crate::rule::Rule;
use crate::scan::Outcome;

#[derive(Args)]
pub(super) struct Arguments {
    /// How the policy is printed
    #[arg(long, short, value_enum, default_value_t = Shape::Human)]
    format: Shape,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// A table for people.
    Human,
    /// One object.
    Json,
}

#[derive(Serialize)]
struct Root<'p> {
    format_version: &'static str,
    config: Option<String>,
    policy_sets: Vec<&'p str>,
    policy_digest: &'p str,
    rules: Vec<Item<'p>>,
}

#[derive(Serialize)]
struct Item<'p> {
    id: &'p str,
    severity: &'static str,
    levels: Vec<Row<'p>>,
}

/// A level of a rule: `scope` is null where it holds everywhere else.
#[derive(Serialize)]
struct Row<'p> {
    enforcement: &'static str,
    set: &'p str,
    set_by: &'p str,
    scope: Option<String>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let format = match self.format {
            Shape::Human => Format::Human,
            Shape::Json => Format::Json,
        };
        let set = self.settings.policy(&[]).map_err(|error| Failure::new(format, &error))?;
        say(&match self.format {
            Shape::Human => table(&set.policy),
            Shape::Json => json(&set.policy),
        })
    }
}

fn rows<'p>(policy: &'p Policy, rule: &'p Rule) -> Vec<Row<'p>> {
    let row = |(Level { enforcement, set, by }, scope): (Level<'p>, Option<String>)| Row {
        enforcement: enforcement.name(),
        set,
        set_by: by,
        scope,
    };
    policy.levels(rule).into_iter().map(row).collect()
}

fn table(policy: &Policy) -> String {
    let mut text = format!("{}\n\n", report::judged_by(policy));
    let longest = policy.known().map(|it| it.id.as_str().len()).max().unwrap_or(0);
    for rule in policy.known() {
        let rows = rows(policy, rule);
        if rows.is_empty() {
            let _ = writeln!(text, "{:longest$}  not applied     no set has it", rule.id);
        }
        for Row { enforcement, set_by, scope, .. } in rows {
            let scope = scope.map_or_else(String::new, |it| format!(", {it}"));
            let _ = writeln!(text, "{:longest$}  {enforcement:14}  {set_by}{scope}", rule.id);
        }
    }
    text
}

fn json(policy: &Policy) -> String {
    let rules = policy.known().map(|rule| Item {
        id: rule.id.as_str(),
        severity: rule.severity.name(),
        levels: rows(policy, rule),
    });
    let root = Root {
        format_version: "1.0",
        config: report::config_name(policy),
        policy_sets: policy.sets().iter().map(|it| it.name.as_str()).collect(),
        policy_digest: policy.digest(),
        rules: rules.collect(),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    format!("{text}\n")
}
