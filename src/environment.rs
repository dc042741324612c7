//! The variables of a running job: which of them hold tokens, in what form, and which rules that breaks. Reads nothing but
//! its arguments.

mod base;
mod form;
mod hook;
mod job;
mod judge;

use std::collections::{BTreeMap, BTreeSet};

pub use base::{change, system};
pub use form::{Form, Purpose};
pub use hook::hook_prefix;
pub use job::Job;
pub use judge::{Judgement, judge};

use crate::date::Date;
use crate::detect::{Detector, Fingerprint, Token};
use crate::excerpt::{Veil, masked, veiled};
use crate::inventory::{Declared, Inventory};
use crate::policy::Policy;
use form::Words;

/// The most characters of a name that are shown.
const LONGEST_NAME: usize = 120;

/// A variable as the process got it. Neither part need be UTF-8.
#[derive(Clone, Copy)]
pub struct Variable<'e> {
    /// Its name.
    pub name: &'e [u8],
    /// Its value.
    pub value: &'e [u8],
}

/// What is asked about an environment.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Variables that must hold a token, beside the family's own, which may.
    pub names: Vec<String>,
    /// Whether this is a CI job, even if no variable says so.
    pub ci: bool,
    /// Whether this is a release job, even if no variable says so.
    pub release: bool,
    /// Whether an environment without a token is fine.
    pub allow_none: bool,
}

/// What an environment holds. No part of a value is in it.
#[derive(Debug)]
pub struct Environment {
    /// Where the process runs.
    pub job: Job,
    /// The variables that were looked at closely, by name.
    pub entries: Vec<Entry>,
    /// Variables that were asked for and are not set, fit to be shown.
    pub missing: Vec<String>,
}

/// A variable that was looked at. The name is fit to be shown.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The tokens in it, of any certainty.
    pub tokens: Vec<Token>,
    purpose: Purpose,
    form: Form,
    around: String,
}

/// A variable with one of its tokens, and everything that a rule may ask about it.
#[derive(Clone, Debug)]
pub struct Held<'e> {
    /// Where the process runs.
    pub job: &'e Job,
    /// The variable, fit to be shown.
    pub name: &'e str,
    /// What it is for.
    pub purpose: Purpose,
    /// How its value looks.
    pub form: Form,
    /// What the value has beside a token, in words that follow "it has"; may be empty.
    pub around: &'e str,
    /// The token, if there is one.
    pub token: Option<&'e Token>,
    /// Whether it is the first of the variable, or there is none.
    pub is_first: bool,
    /// The entry of the inventory that declares the token.
    pub declared: Option<&'e Declared>,
    /// The day.
    pub now: Date,
    /// The other variables with the token, if this is the first.
    pub also_in: Vec<&'e str>,
}

impl Environment {
    /// Looks at the variables that are for tokens, and at those that hold one.
    pub fn of(variables: &[Variable<'_>], question: &Question, policy: &Policy) -> Self {
        let detector = policy.detector;
        let mut variables = variables.to_vec();
        variables.sort_by_key(|it| (it.name, it.value));
        let names = question.names.iter().chain(detector.variables()).map(String::as_bytes);
        let asked: BTreeSet<&[u8]> = names.collect();
        let is_set = |name: &&String| variables.iter().any(|it| it.name == name.as_bytes());
        let missing = question.names.iter().filter(|it| !is_set(it));
        let words = Words::builtin();
        let entries = variables.iter().filter_map(|variable| {
            let veil = Veil::of(variable.value);
            let tokens = veil.tokens().to_vec();
            let is_asked = asked.contains(variable.name);
            let (form, around) = Form::of(variable.value, &tokens, &words);
            let name = veil.name(&String::from_utf8_lossy(variable.name));
            let name = shown(name.as_bytes(), detector);
            let purpose = if is_asked { Purpose::Token } else { words.purpose(variable.name) };
            let is_meant = is_asked || tokens.iter().any(|it| it.certainty.violates());
            is_meant.then_some(Entry { name, tokens, purpose, form, around })
        });
        Self {
            job: Job::of(&variables, question),
            missing: missing.map(|it| shown(it.as_bytes(), detector)).collect(),
            entries: entries.collect(),
        }
    }

    /// How many different tokens there are.
    pub fn tokens(&self) -> usize {
        self.holders().len()
    }

    /// Each variable with each of its tokens, or with none.
    pub fn held<'e>(&'e self, inventory: &'e Inventory, now: Date) -> Vec<Held<'e>> {
        let holders = self.holders();
        let mut all = Vec::new();
        for (n, entry) in self.entries.iter().enumerate() {
            let tokens = entry.sure().map(|it| (&it.fingerprint, it)).collect::<BTreeMap<_, _>>();
            let none = tokens.is_empty().then_some(None);
            for (k, token) in tokens.into_values().map(Some).chain(none).enumerate() {
                let also_in = token.and_then(|it| match holders[&it.fingerprint].split_first() {
                    Some((first, others)) if *first == n => Some(others),
                    _ => None,
                });
                let names = also_in.into_iter().flatten().map(|it| &*self.entries[*it].name);
                all.push(Held {
                    job: &self.job,
                    name: &entry.name,
                    purpose: entry.purpose,
                    form: entry.form,
                    around: &entry.around,
                    token,
                    is_first: k == 0,
                    declared: token.and_then(|it| inventory.declared(it)),
                    now,
                    also_in: names.collect(),
                });
            }
        }
        all
    }

    /// The variables that hold each token.
    fn holders(&self) -> BTreeMap<Fingerprint, Vec<usize>> {
        let mut holders: BTreeMap<Fingerprint, Vec<usize>> = BTreeMap::new();
        for (n, entry) in self.entries.iter().enumerate() {
            for token in entry.sure() {
                let of = holders.entry(token.fingerprint).or_default();
                if of.last() != Some(&n) {
                    of.push(n);
                }
            }
        }
        holders
    }
}

impl Entry {
    /// Its tokens that are tokens beyond doubt, or nearly.
    fn sure(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|it| it.certainty.violates())
    }
}

/// The lines that make the system of a job hide each token in its log. They hold the tokens, and are for the system alone.
pub fn masks(variables: &[Variable<'_>], job: &Job, detector: &Detector) -> Vec<String> {
    let written = variables.iter().flat_map(|variable| {
        let tokens = detector.find(variable.value).into_iter();
        tokens
            .filter(|it| it.certainty.violates())
            .map(|it| String::from_utf8_lossy(&variable.value[it.span]).into_owned())
    });
    // Anything else would have to be escaped, each system in its own way.
    let plain = |text: &String| text.bytes().all(|b| b.is_ascii_graphic() && b != b'%');
    let written: BTreeSet<String> = written.filter(plain).collect();
    written.iter().filter_map(|it| job.mask(it)).collect()
}

/// A name of a variable as people may see it. Only what names are made of stays as it is, so that none can be a
/// command to the CI system that reads the log.
pub fn shown(name: &[u8], detector: &Detector) -> String {
    let text = veiled(&masked(&String::from_utf8_lossy(name), detector));
    let usual = |it: char| it.is_ascii_alphanumeric() || "_-.()%*".contains(it);
    let mut shown = String::new();
    for it in text.chars().take(LONGEST_NAME) {
        match it {
            it if usual(it) => shown.push(it),
            it => shown.extend(it.escape_unicode()),
        }
    }
    shown
}
