//! Regular expressions of data files, compiled when they are first asked: most runs ask few of some hundred.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::meta;
use regex_automata::util::syntax;
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

/// A regular expression that must match up to the end of a short text, such as what stands before a token.
///
/// The same syntax as [`LazyRegex`], built without what makes long searches fast: that takes several times as long as
/// the one search of a few hundred bytes which most of them are ever asked for.
#[derive(Debug)]
pub struct Ending {
    text: String,
    compiled: OnceLock<meta::Regex>,
}

impl Ending {
    /// Finds out whether the expression can be compiled.
    pub fn verify(&self) -> Result<(), regex::Error> {
        compile(&self.text).map(drop)
    }

    /// Whether the end of `bytes` matches.
    #[expect(
        clippy::expect_used,
        reason = "a user's are verified when they are loaded, ours by a test"
    )]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        let build = || {
            meta::Regex::builder()
                .configure(meta::Config::new().auto_prefilter(false).utf8_empty(false))
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .build(&self.text)
                .expect("a verified expression")
        };
        self.compiled.get_or_init(build).is_match(bytes)
    }
}

impl<'de> Deserialize<'de> for Ending {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Self { text: format!(r"(?:{text})\z"), compiled: OnceLock::new() })
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
