//! Regular expressions of data files, compiled when they are first asked: most runs ask few of some hundred.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

/// A regular expression over bytes that is compiled late. `^` and `$` are the ends of the text; Unicode classes are off.
#[derive(Debug)]
pub struct LazyRegex {
    text: String,
    compiled: OnceLock<Regex>,
}

impl LazyRegex {
    /// An expression, not yet compiled.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// An expression that must match up to the end of the text.
    pub fn at_end(text: &str) -> Self {
        Self::new(format!(r"(?:{text})\z"))
    }

    /// Compiles the expression, to find out whether it can be.
    pub fn verify(&self) -> Result<(), regex::Error> {
        compile(&self.text).map(|it| drop(self.compiled.set(it)))
    }

    /// The compiled expression.
    #[expect(
        clippy::expect_used,
        reason = "a user's are verified when they are loaded, ours by a test"
    )]
    pub fn get(&self) -> &Regex {
        self.compiled.get_or_init(|| compile(&self.text).expect("a verified expression"))
    }

    /// Whether it matches anywhere in `bytes`.
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.get().is_match(bytes)
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).build()
}

impl<'de> Deserialize<'de> for LazyRegex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}
