//! One violation: which rule, which token, where, and what people may see of it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::detect::{self, Token};
use crate::digest::Digest;
use crate::excerpt::Excerpt;
use crate::path::{FilePath, PathKey};
use crate::policy::{Enforcement, Gate};
use crate::rule::Rule;
use crate::site::Site;
use crate::source::Commit;
use crate::yaml_file;

/// A place in a file: `byte` from 0, `line` and `column` from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Bytes before it.
    pub byte: u64,
    /// Its line.
    pub line: u64,
    /// Its character in the line.
    pub column: u64,
}

/// What a finding is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A token literal.
    Token(Token),
    /// Something with a name, by which a token is reached or which names one: a variable, a secret, an entry of an
    /// inventory, a suppression. The name is masked and may hold control characters.
    Named(String),
}

impl Subject {
    /// The token, if it is one.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Token(token) => Some(token),
            Self::Named(_) => None,
        }
    }

    /// What people may see of it: a masked token, or the name.
    pub fn shown(&self) -> String {
        match self {
            Self::Token(token) => token.masked(),
            Self::Named(name) => name.clone(),
        }
    }

    /// What makes two subjects the same one.
    pub fn identity(&self) -> Identity<'_> {
        match self {
            Self::Token(token) => Identity::Token(token.fingerprint),
            Self::Named(name) => Identity::Named(name),
        }
    }
}

/// What a finding is about, whatever else is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity<'f> {
    /// A token.
    Token(detect::Fingerprint),
    /// Something of this name.
    Named(&'f str),
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(it) => it.fmt(f),
            Self::Named(it) => it.fmt(f),
        }
    }
}

/// The identity of a finding across moves: rule, path, subject and address, no line number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// Of a rule's violation by a subject in a file; `address` is its place in the file, as far as that is known.
    pub fn of(rule: &Rule, path: &PathKey, subject: &Subject, address: &str) -> Self {
        let after = format!("\0{}\0{address}", subject.identity());
        Self(path.digest(&format!("{}\0", rule.id), &after))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        yaml_file::parsed(from, "a fingerprint")
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = |it| format!("a fingerprint is {it}: a report shows that of each finding");
        text.parse().map(Self).map_err(shape)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Finding<'_> {
    /// Whether it fails the run.
    pub fn fails(&self, gate: Gate) -> bool {
        gate.fail_on <= self.enforcement && self.exemption.is_none()
    }

    /// Whether the service accepts the token that it is about, as far as that is known.
    pub fn is_live(&self) -> bool {
        matches!(self.verdict.as_deref(), Some(Verdict::Valid { .. }))
    }

    /// Takes in the same finding of another revision. The place is that of the newer one.
    pub fn absorb(&mut self, other: Self) {
        let (Some(mine), Some(theirs)) = (&self.commit, &other.commit) else { return };
        let mut refs = [mine.refs.as_slice(), &theirs.refs].concat();
        refs.sort();
        refs.dedup();
        let commit = Commit {
            first: mine.first.clone().min(theirs.first.clone()),
            last: mine.last.clone().max(theirs.last.clone()),
            refs,
            at_head: mine.at_head || theirs.at_head,
            reachable: either(mine.reachable, theirs.reachable),
        };
        if (theirs.at_head, &theirs.last) > (mine.at_head, &mine.last) {
            *self = other;
        }
        self.commit = Some(Arc::new(commit));
    }
}

/// Whether one of two things holds; if none surely does, it is known only where both are.
fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        (None, _) | (_, None) => None,
    }
}

/// A second place of a finding, and what it has to do with it.
#[derive(Clone, Debug)]
pub struct Related {
    /// The file.
    pub path: FilePath,
    /// Where it begins.
    pub start: Position,
    /// The line that shows it.
    pub excerpt: Excerpt,
    /// What it is, in a few words: `run by this step`.
    pub label: String,
}

/// What the service said about a token. The texts are fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The service accepts it.
    Valid {
        /// The name of the organisation that it belongs to.
        organisation: Option<String>,
    },
    /// The service does not accept it.
    Rejected {
        /// What the service said.
        why: String,
    },
    /// The service did not say.
    Unknown {
        /// What happened instead.
        why: String,
    },
}

impl Verdict {
    /// The word for this in every output.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid { .. } => "valid",
            Self::Rejected { .. } => "rejected",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// What exempts it.
    pub by: ExemptedBy,
    /// The reason that was given, printable and masked.
    pub reason: Option<String>,
    /// The last day on which it holds, `2027-01-31`.
    pub until: Option<String>,
    /// Who allowed it, printable and masked.
    pub approver: Option<String>,
}

/// What can exempt a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExemptedBy {
    /// A comment beside it.
    Suppression,
    /// An entry of a baseline file.
    Baseline,
    /// `--override`, for this run.
    Override,
    /// An entry of the configuration's `exceptions`.
    Exception,
}

impl ExemptedBy {
    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suppression => "suppression",
            Self::Baseline => "baseline",
            Self::Override => "override",
            Self::Exception => "exception",
        }
    }
}

/// A violation. Owns no bytes of the file.
#[derive(Debug)]
pub struct Finding<'p> {
    /// The rule that is broken.
    pub rule: &'p Rule,
    /// What that does to the run.
    pub enforcement: Enforcement,
    /// The set that applies the rule here.
    pub set: &'p str,
    /// The file.
    pub path: FilePath,
    /// Where the subject begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
    /// The line that shows it.
    pub excerpt: Excerpt,
    /// What it is about.
    pub subject: Subject,
    /// The facts of the place.
    pub site: Site<'p>,
    /// What more there is to say than the rule does, in words that follow its summary. Fit to be shown.
    pub note: Option<Box<str>>,
    /// Other places that belong to it: the caller of a script, the entry of an inventory.
    pub related: Vec<Related>,
    /// The commits that hold it, if it comes from git's history.
    pub commit: Option<Arc<Commit>>,
    /// Why it does not count, if it does not. It is shown all the same.
    pub exemption: Option<Box<Exemption>>,
    /// What the service said about the token, if it was asked.
    pub verdict: Option<Arc<Verdict>>,
    /// The finding's identity.
    pub fingerprint: Fingerprint,
}
