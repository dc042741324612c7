//! Examples inside rules, and the macros that keep everything token-shaped out of the repository.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Parameters, Rule};
use crate::date::Date;
use crate::environment::{Environment, Question, Variable};
use crate::inventory;
use crate::policy::Policy;
use crate::scan::{self, Files, Progress};
use crate::source::{Blob, Coverage, Visitor};
use crate::suppress::{self, Fault, Flaw};
use crate::yaml_file::{Broken, Kind, YamlFile};

/// The macros, longer ones before their beginnings, and the prefix of the token that each becomes.
pub const MACROS: [(&str, &str); 6] = [
    ("$PERSONAL_STAGING", "lynk_staging_"),
    ("$PERSONAL_TEST", "lynk_test_"),
    ("$PERSONAL", "lynk_live_"),
    ("$SERVICE_STAGING", "lynk_service_staging_"),
    ("$SERVICE_TEST", "lynk_service_test_"),
    ("$SERVICE", "lynk_service_live_"),
];
/// The macro for the beginning of a suppression, so that no rule file holds one.
pub const ALLOW: (&str, &str) = ("$ALLOW", "lynklint: allow");
/// The day on which examples are judged.
pub const TODAY: &str = "2026-01-01";
const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// A small file, or the variables of a job, that breaks a rule or does not.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Example {
    /// Where the file would stand; nowhere, if it is a job.
    pub path: String,
    /// Its text, with macros for tokens and `«…»` around what must be reported. Of a job, a line for each variable.
    pub text: String,
    /// The variables of a job, if it is one.
    pub variables: BTreeMap<String, String>,
    /// Files beside it. One called `lynk-tokens.yaml` is the inventory.
    pub beside: Vec<Beside>,
    /// Numbers by which the rule judges here, where they are not its own.
    pub parameters: Parameters,
}

/// An example as its rule writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    path: Option<String>,
    text: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    beside: Vec<Beside>,
    #[serde(default)]
    parameters: Parameters,
}

impl TryFrom<Raw> for Example {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let Raw { path, text, variables, beside, parameters } = raw;
        let (path, text) = match (path, text, variables.is_empty()) {
            (Some(path), Some(text), true) => (path, text),
            (None, None, false) => {
                let line = |(name, value): (&String, &String)| format!("{name}={value}\n");
                (String::new(), variables.iter().map(line).collect())
            }
            _ => {
                return Err(
                    "an example is a file, with `path` and `text`, or a job, with `variables`",
                );
            }
        };
        Ok(Self { path, text, variables, beside, parameters })
    }
}

/// A file beside an example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Where it would stand.
    pub path: String,
    /// Its text, like an example's.
    pub text: String,
}

/// Turns the macros of a text into made-up tokens, the same ones every time.
pub fn expand(text: &str) -> String {
    let text = text.replace(ALLOW.0, ALLOW.1);
    MACROS
        .iter()
        .fold(text, |text, (name, prefix)| text.replace(name, &format!("{prefix}{}", body(name))))
}

/// A made-up body: 36 characters of base58, drawn from the macro's name.
fn body(name: &str) -> String {
    let digests = [Sha256::digest(name), Sha256::digest(format!("{name}+"))];
    digests.concat().iter().take(36).map(|b| char::from(ALPHABET[usize::from(*b) % 58])).collect()
}

/// The example as a file: its bytes, and the spans that must be reported.
fn realised(text: &str) -> (String, Vec<Range<usize>>) {
    let (mut out, mut spans, mut open) = (String::new(), Vec::new(), None);
    for it in expand(text).chars() {
        match it {
            '«' => open = Some(out.len()),
            '»' => spans.extend(open.take().map(|start| start..out.len())),
            it => out.push(it),
        }
    }
    (out, spans)
}

/// The suppressions that have a flaw.
fn flawed(blob: &Blob<'_>, policy: &Policy, flaw: Flaw) -> Vec<Range<usize>> {
    let mut findings = scan::check(blob, policy);
    let suppressions = suppress::collect(blob, policy);
    let Some(today) = Date::parse(TODAY) else {
        return Vec::new();
    };
    let faults = suppress::apply(&mut findings, &suppressions, policy, today);
    let faults = faults.iter().filter(|it| it.flaw == flaw).map(Fault::bytes);
    let byte = |it| usize::try_from(it).unwrap_or(usize::MAX);
    faults.map(|it| byte(it.start)..byte(it.end)).collect()
}

/// A file of an example as it is judged.
struct Realised<'e> {
    path: &'e str,
    text: String,
    marks: Vec<Range<usize>>,
}

impl Realised<'_> {
    fn blob(&self) -> Blob<'_> {
        Blob::whole(self.path, self.text.as_bytes())
    }
}

impl Example {
    fn realised(&self) -> Vec<Realised<'_>> {
        let file = |path, text: &str| {
            let (text, marks) = realised(text);
            Realised { path, text, marks }
        };
        let beside = self.beside.iter().map(|it| file(&it.path, &it.text));
        std::iter::once(file(&self.path, &self.text)).chain(beside).collect()
    }
}

/// The recommended policy with the inventory of an example, if it has one.
fn with_inventory(files: &[Realised<'_>]) -> Result<Option<Policy>, String> {
    let Some(list) = files.iter().find(|it| it.path == inventory::FILE) else {
        return Ok(None);
    };
    let mut policy = Policy::recommended(Vec::new()).map_err(|it| it.to_string())?;
    let file = YamlFile::new(Kind::Inventory, inventory::FILE, list.text.clone());
    policy.config.declare(&file).map_err(|it| it.to_string())?;
    Ok(Some(policy))
}

impl Rule {
    /// Checks every pattern and every example: a bad one is reported exactly at its marks, a good one not at all.
    pub fn prove(&self, name: &str, policy: &Policy) -> Result<(), Broken> {
        if let Err((place, error)) = self.when.verify() {
            let file = YamlFile::new(Kind::Rule, name, self.source());
            return Err(file.broken(&format!("when.{place}"), error));
        }
        for (key, examples) in [("bad", &self.bad), ("good", &self.good)] {
            for (index, example) in examples.iter().enumerate() {
                self.prove_one(key, example, policy).map_err(|why| {
                    let file = YamlFile::new(Kind::Rule, name, self.source());
                    let message = format!("{key} example {}: {why}", index + 1);
                    file.broken(&format!("{key}.{index}"), message)
                })?;
            }
        }
        Ok(())
    }

    /// What breaks the rule in a file.
    fn broken_in(&self, blob: &Blob<'_>, policy: &Policy) -> Vec<Range<usize>> {
        let tokens = scan::tokens(blob, policy);
        let tokens: Vec<_> = tokens.into_iter().filter(|it| it.certainty.violates()).collect();
        let facts = scan::facts(blob, policy);
        let broken = facts.things(&tokens).filter(|it| self.when.holds(it, &facts));
        let mut broken: Vec<_> = broken.map(|it| it.span).collect();
        broken.sort_by_key(|it| (it.start, it.end));
        broken.dedup();
        broken
    }

    /// The values of the variables of a job that break the rule, in the text of the example.
    fn held_in(&self, example: &Example, policy: &Policy) -> Vec<Range<usize>> {
        let values: Vec<_> = example.variables.iter().map(|it| (it.0, realised(it.1).0)).collect();
        let variables: Vec<_> = values
            .iter()
            .map(|(name, value)| Variable { name: name.as_bytes(), value: value.as_bytes() })
            .collect();
        let job = Environment::of(&variables, &Question::default(), policy);
        let Some(today) = Date::parse(TODAY) else { return Vec::new() };
        let held = job.held(&policy.config.inventory, today);
        let (mut spans, mut at) = (Vec::new(), 0);
        for (name, value) in &values {
            let start = at + name.len() + 1;
            at = start + value.len() + 1;
            if held.iter().any(|it| it.name == *name && self.when.held(it).is_some()) {
                spans.push(start..start + value.len());
            }
        }
        spans
    }

    /// What breaks the rule in an inventory, with these files beside it.
    fn declared_in(
        &self,
        files: &[Realised<'_>],
        example: &Example,
        policy: &Policy,
    ) -> Vec<Range<usize>> {
        let visit = |visit: &Visitor<'_>| {
            files.iter().for_each(|it| visit(&it.blob()));
            Ok(Coverage::default())
        };
        let scanned = scan::scan(policy, &Progress::default(), Files::InPipe, visit);
        let (Ok(report), Some(today)) = (scanned, Date::parse(TODAY)) else { return Vec::new() };
        let parameter = |_: &str, name: &str| {
            let number = example.parameters.get(name).or_else(|| self.parameters.get(name));
            number.copied().unwrap_or(u32::MAX)
        };
        let when = (today, true);
        let broken = inventory::broken(&self.when, policy, &report.seen, when, &parameter);
        let inventory = &policy.config.inventory;
        broken.iter().filter_map(|(entry, it)| inventory.span(*entry, &it.key)).collect()
    }

    fn prove_one(&self, key: &str, example: &Example, policy: &Policy) -> Result<(), String> {
        let files = example.realised();
        let own = with_inventory(&files)?;
        let policy = own.as_ref().unwrap_or(policy);
        let reported = |file: &Realised<'_>| match self.when.flaw() {
            _ if file.path.is_empty() => self.held_in(example, policy),
            Some(flaw) => flawed(&file.blob(), policy, flaw),
            None if self.when.is_about_declarations() => match file.path == inventory::FILE {
                true => self.declared_in(&files, example, policy),
                false => Vec::new(),
            },
            None => self.broken_in(&file.blob(), policy),
        };
        let reported: Vec<_> = files.iter().map(reported).collect();
        let at = |spans: &mut dyn Iterator<Item = &[Range<usize>]>| {
            let lines = files.iter().zip(spans).flat_map(|(file, spans)| {
                let of = if files.len() > 1 { format!("{} ", file.path) } else { String::new() };
                let line = |it: &Range<usize>| file.text[..it.start].matches('\n').count() + 1;
                spans.iter().map(move |it| format!("{of}line {}", line(it))).collect::<Vec<_>>()
            });
            lines.collect::<Vec<_>>().join(", ")
        };
        let marked = at(&mut files.iter().map(|it| it.marks.as_slice()));
        let broken = at(&mut reported.iter().map(Vec::as_slice));
        let same = files.iter().map(|it| &it.marks).eq(&reported);
        match (key, marked.is_empty(), same) {
            ("bad", true, _) => {
                Err("this bad example marks nothing: put «…» around what must be reported"
                    .to_owned())
            }
            ("good", false, _) => {
                Err("this good example has a mark: only bad ones have «…»".to_owned())
            }
            (_, _, true) => Ok(()),
            (_, _, false) if broken.is_empty() => {
                Err(format!("the rule reports nothing here, but «…» marks {marked}"))
            }
            (_, true, false) => Err(format!("the rule reports {broken} of this good example")),
            (_, false, false) => Err(format!("the rule reports {broken}, but «…» marks {marked}")),
        }
    }
}
