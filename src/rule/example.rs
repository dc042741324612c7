//! Examples inside rules, and the macros that keep everything token-shaped out of the repository.

use std::ops::Range;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Rule;
use crate::date::Date;
use crate::policy::Policy;
use crate::scan;
use crate::source::Blob;
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

/// A small file that breaks a rule or does not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Where the file would stand.
    pub path: String,
    /// Its text, with macros for tokens and `«…»` around what must be reported.
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

    /// What breaks the rule.
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

    fn prove_one(&self, key: &str, example: &Example, policy: &Policy) -> Result<(), String> {
        let (text, marks) = realised(&example.text);
        let blob = Blob::whole(&example.path, text.as_bytes());
        let reported = match self.when.flaw() {
            Some(flaw) => flawed(&blob, policy, flaw),
            None => self.broken_in(&blob, policy),
        };
        let at = |spans: &[Range<usize>]| {
            let line = |span: &Range<usize>| text[..span.start].matches('\n').count() + 1;
            spans.iter().map(|it| format!("line {}", line(it))).collect::<Vec<_>>().join(", ")
        };
        match (key, marks.is_empty(), reported == marks) {
            ("bad", true, _) => {
                Err("this bad example marks nothing: put «…» around what must be reported"
                    .to_owned())
            }
            ("good", false, _) => {
                Err("this good example has a mark: only bad ones have «…»".to_owned())
            }
            (_, _, true) => Ok(()),
            (_, _, false) if reported.is_empty() => {
                Err(format!("the rule reports nothing here, but «…» marks {}", at(&marks)))
            }
            (_, true, false) => {
                Err(format!("the rule reports {} of this good example", at(&reported)))
            }
            (_, false, false) => {
                Err(format!("the rule reports {}, but «…» marks {}", at(&reported), at(&marks)))
            }
        }
    }
}
