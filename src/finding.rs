//! One violation: which rule, which token, where, and what people may see of it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::detect::Token;
use crate::excerpt::Excerpt;
use crate::policy::Enforcement;
use crate::rule::Rule;
use crate::site::Site;

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

/// The identity of a finding across moves: rule, path and token, no line number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a rule's violation by a token in a file.
    pub fn of(rule: &Rule, path: &str, token: &Token) -> Self {
        let text = format!("{}\0{path}\0{}", rule.id, token.fingerprint);
        Self(Sha256::digest(text).iter().take(8).map(|b| format!("{b:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A violation. Owns no bytes of the file.
#[derive(Debug)]
pub struct Finding<'p> {
    /// The rule that is broken.
    pub rule: &'p Rule,
    /// What that does to the run.
    pub enforcement: Enforcement,
    /// The file, with every token in its name masked. It may hold control characters.
    pub path: String,
    /// Where the token begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
    /// The line that shows it.
    pub excerpt: Excerpt,
    /// The token.
    pub token: Token,
    /// The facts of the place.
    pub site: Site<'p>,
    /// The finding's identity.
    pub fingerprint: Fingerprint,
}
