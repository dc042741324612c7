//! Suppressions: `lynklint: allow(rule) until=2027-01-31 -- reason` in a comment, or an entry of the configuration.
//!
//! The search is for bytes and knows no syntax, so it works wherever a file has comments. It costs nothing where there is
//! none: the marker begins like a token, so a file that holds one is looked at in any case.

mod apply;
mod parse;

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;

use crate::date::Date;
use crate::excerpt::{self, Excerpt, Veil};
use crate::finding::{Fingerprint, Position};
use crate::path::FilePath;
use crate::policy::Policy;
use crate::rule::RuleId;
use crate::scan::{Ruler, commit_of};
use crate::site::Site;
use crate::source::{Blob, Commit, Owned};

pub use apply::{Fault, apply, findings_of};

/// What is wrong with a suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// It cannot be read, or says no rule, end or reason.
    Malformed,
    /// Its last day is over.
    Expired,
    /// It names a rule that is not there.
    UnknownRule,
    /// Its last day is further off than the configuration allows.
    TooLong,
    /// It suppresses nothing.
    Unused,
    /// Its rule is hard-mandatory.
    NotAllowed,
}

/// A suppression as it was found.
#[derive(Clone, Debug)]
pub struct Suppression<'p> {
    path: FilePath,
    site: Site<'p>,
    commit: Option<Arc<Commit>>,
    /// What stands there: what it allows, or why it is malformed.
    said: Result<Allowance, &'static str>,
    covers: Covers,
    spot: Spot,
    /// Whether what is wrong with it is to be told, and whether all that it could cover was judged.
    told: Told,
}

#[derive(Clone, Debug)]
struct Allowance {
    rules: Vec<Named>,
    until: (Date, Spot),
    /// Masked and printable.
    reason: String,
}

/// A rule as a suppression names it.
#[derive(Clone, Debug)]
struct Named {
    id: RuleId,
    /// The name, fit to be shown: it may be anything that the file says.
    shown: String,
    spot: Spot,
}

#[derive(Clone, Debug)]
enum Covers {
    /// Its own line.
    Line(u64),
    /// The next line, since it stands alone on this one.
    After(u64),
    /// This finding.
    Finding(Fingerprint),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    ButNotUnused,
    All,
}

/// A piece of a file, as findings show it.
#[derive(Clone, Debug)]
struct Spot {
    start: Position,
    end: Position,
    excerpt: Excerpt,
}

/// The suppressions in the comments of a blob. Reads nothing but its arguments.
pub fn collect<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Suppression<'p>> {
    let markers: Vec<_> = parse::markers(blob.bytes).collect();
    if markers.is_empty() {
        return Vec::new();
    }
    let veil = Veil::of(blob.bytes).and(blob.path.as_bytes());
    let site = Site::of(blob.path, blob.bytes, policy.platforms());
    let path = FilePath::new(blob.path, &veil);
    let mut spots = Spots { bytes: blob.bytes, veil: &veil, ruler: Ruler::new(blob) };
    let commit = commit_of(blob, &veil);
    let mut found = Vec::new();
    for marker in markers {
        let owned = blob.owned.holds(&marker.span);
        let told = match (&blob.owned, owned) {
            (Owned::Window(_), false) => continue,
            (_, false) => Told::Nothing,
            (Owned::Lines(_), true) => Told::ButNotUnused,
            (Owned::All | Owned::Window(_), true) => Told::All,
        };
        let past = blob.commit.is_some_and(|it| !it.at_head);
        let spot = spots.next(&marker.span);
        let line = spot.start.line;
        let said = marker.said.map(|said| Allowance {
            rules: said.rules.into_iter().map(|(id, span)| spots.named(id, &span)).collect(),
            until: (said.until.0, spots.at(&said.until.1)),
            reason: excerpt::printable(&veil.name(&said.reason)),
        });
        found.push(Suppression {
            path: path.clone(),
            site: site.clone(),
            commit: commit.clone(),
            said,
            covers: if marker.alone { Covers::After(line) } else { Covers::Line(line) },
            spot,
            told: if past { Told::Nothing } else { told },
        });
    }
    found
}

/// The suppressions that stand in the configuration. `whole` says whether the scan was of all that they could cover.
pub fn configured(policy: &Policy, whole: bool) -> Vec<Suppression<'_>> {
    let Some(file) = policy.config.file.as_ref().filter(|_| !policy.config.entries.is_empty())
    else {
        return Vec::new();
    };
    let bytes = file.text.as_bytes();
    let blob = Blob::whole(&file.name, bytes);
    let veil = Veil::of(bytes);
    let spots = Spots { bytes, veil: &veil, ruler: Ruler::new(&blob) };
    let entries = policy.config.entries.iter().enumerate();
    let suppressions = entries.map(|(index, entry)| {
        let span = |key| file.span(&format!("suppressions.entries.{index}.{key}"));
        let rule = spots.named(entry.rule.clone(), &span("rule"));
        Suppression {
            path: FilePath::new(&file.name, &veil),
            site: Site::of(&file.name, bytes, policy.platforms()),
            commit: None,
            spot: rule.spot.clone(),
            said: Ok(Allowance {
                rules: vec![rule],
                until: (entry.until, spots.at(&span("until"))),
                reason: entry.reason.clone(),
            }),
            covers: Covers::Finding(entry.fingerprint),
            told: match whole && !policy.may_be_of_a_job(&entry.rule) {
                true => Told::All,
                false => Told::ButNotUnused,
            },
        }
    });
    suppressions.collect()
}

/// Shows pieces of a blob.
struct Spots<'b> {
    bytes: &'b [u8],
    veil: &'b Veil,
    ruler: Ruler<'b>,
}

impl Spots<'_> {
    /// A piece; none before it is asked for any more.
    fn next(&mut self, span: &Range<usize>) -> Spot {
        self.ruler.position(span.start);
        self.at(span)
    }

    /// A piece that does not begin before the last [`Spots::next`].
    fn at(&self, span: &Range<usize>) -> Spot {
        Spot {
            start: self.ruler.ahead(span.start),
            end: self.ruler.ahead(span.end),
            excerpt: self.veil.excerpt(self.bytes, span),
        }
    }

    /// The name of a rule that stands there.
    fn named(&self, id: RuleId, span: &Range<usize>) -> Named {
        let shown = excerpt::printable(&self.veil.name(id.as_str()));
        Named { id, shown, spot: self.at(span) }
    }
}
