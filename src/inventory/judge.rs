//! Judges what is declared: each entry against its life, its rights and its uses. Pure; the day is given.

use std::collections::{BTreeMap, BTreeSet};

use super::{Declared, Seen, Use};
use crate::date::Date;
use crate::detect::Kind;
use crate::finding::{Finding, Fingerprint, Related, Subject};
use crate::policy::Policy;
use crate::rule::{Rule, When};
use crate::site::Site;

/// An entry with everything that a rule may ask about it.
#[derive(Clone, Copy)]
pub struct Term<'t> {
    /// The entry.
    pub token: &'t Declared,
    /// How many entries of its kind there are up to it, with it.
    pub number: usize,
    /// The day.
    pub now: Date,
    /// In how many files that a system runs the token enters.
    pub places: usize,
    /// Whether it is used anywhere; nothing, if not everything was looked at.
    pub used: Option<bool>,
    /// The rule's parameters, as they hold at the list.
    pub parameter: &'t dyn Fn(&str) -> u32,
}

/// What shows that an entry breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key of the entry that shows it: `expires`, `permissions.2`.
    pub key: String,
    /// What more there is to say than the rule does, and the key that it is about.
    pub note: Option<(&'static str, String)>,
}

impl Shown {
    /// A key that speaks for itself.
    pub fn at(key: &str) -> Self {
        Self { key: key.to_owned(), note: None }
    }
}

/// The entries that break a rule, by their places among all. `parameter` is the number that has a name where a path is; `whole` says whether all of the repository was looked at.
pub fn broken(
    when: &When,
    policy: &Policy,
    seen: &Seen,
    (now, whole): (Date, bool),
    parameter: &dyn Fn(&str, &str) -> u32,
) -> Vec<(usize, Shown)> {
    let inventory = &policy.config.inventory;
    let tokens = inventory.tokens();
    let read: BTreeSet<_> = seen.entries.iter().map(|it| it.0).collect();
    let mut uses: BTreeMap<usize, Vec<&Use>> = BTreeMap::new();
    seen.uses.iter().for_each(|it| uses.entry(it.entry).or_default().push(it));
    let mut numbers: BTreeMap<Kind, usize> = BTreeMap::new();
    let broken = tokens.iter().enumerate().filter_map(|(entry, token)| {
        let number = numbers.entry(token.kind).or_default();
        *number += 1;
        if !whole && !read.contains(&entry) {
            return None;
        }
        let uses = uses.get(&entry).map_or(&[][..], Vec::as_slice);
        let places = uses.iter().filter(|it| it.enters).map(|it| &it.place.path);
        let term = Term {
            token,
            number: *number,
            now,
            places: places.collect::<BTreeSet<_>>().len(),
            used: whole.then_some(!uses.is_empty()),
            parameter: &|name: &str| parameter(&inventory.file(token).name, name),
        };
        Some((entry, when.declared(&term)?))
    });
    broken.collect()
}

/// The findings about what is declared.
pub fn findings<'p>(policy: &'p Policy, seen: &Seen, now: Date, whole: bool) -> Vec<Finding<'p>> {
    if policy.config.inventory.is_empty() {
        return Vec::new();
    }
    let rules = policy.known().filter(|it| it.when.is_about_declarations());
    let findings = rules.flat_map(|rule| {
        let parameter = |path: &str, name: &str| policy.parameter(rule, path, name);
        let broken = broken(&rule.when, policy, seen, (now, whole), &parameter);
        let finding = |(entry, shown)| finding(policy, rule, seen, entry, shown);
        broken.into_iter().filter_map(finding).collect::<Vec<_>>()
    });
    let findings: Vec<_> = findings.collect();
    superseded(findings)
}

/// Without those that have nothing to add to another one about the same entry.
fn superseded(mut findings: Vec<Finding<'_>>) -> Vec<Finding<'_>> {
    let above = findings
        .iter()
        .flat_map(|it| it.rule.supersedes.iter().map(|rule| (it.subject.shown(), rule.clone())));
    let above: BTreeSet<_> = above.collect();
    findings.retain(|it| !above.contains(&(it.subject.shown(), it.rule.id.clone())));
    findings
}

fn finding<'p>(
    policy: &'p Policy,
    rule: &'p Rule,
    seen: &Seen,
    entry: usize,
    shown: Shown,
) -> Option<Finding<'p>> {
    let inventory = &policy.config.inventory;
    let token = &inventory.tokens[entry];
    let file = inventory.file(token);
    let read = seen.entries.iter().find(|it| it.0 == entry);
    let list = &inventory.lists[token.list];
    let path = read.map_or_else(|| list.path(), |it| it.1.clone());
    let level = path.here(policy).level(&rule.id)?;
    let at = format!("tokens.{}.{}", token.index, shown.key);
    let (start, end, excerpt) = inventory.shown(token.list, &at);
    let subject = Subject::Named(token.name.clone());
    let note = shown.note.map(|(key, note)| {
        let at = format!("tokens.{}.{key}", token.index);
        Related { path: path.clone(), ..inventory.related(token.list, &at, note) }
    });
    Some(Finding {
        rule,
        enforcement: level.enforcement,
        set: level.set,
        fingerprint: Fingerprint::of(rule, &path.key(&policy.anchor), &subject, ""),
        start,
        end,
        excerpt,
        subject,
        site: Site::of(&file.name, file.text.as_bytes(), policy.platforms()),
        note: None,
        related: note.into_iter().chain(uses(seen, entry)).collect(),
        commit: None,
        exemption: None,
        verdict: None,
        path,
    })
}

/// Where a token is used, by path; where it enters is told rather than where it is only named.
fn uses(seen: &Seen, entry: usize) -> Vec<Related> {
    let mut uses: Vec<&Use> = seen.uses.iter().filter(|it| it.entry == entry).collect();
    uses.sort_by_key(|it| (&it.place.path, !it.enters, it.place.start));
    uses.dedup_by(|later, kept| later.place.path == kept.place.path);
    uses.into_iter().map(|it| it.place.clone()).collect()
}
