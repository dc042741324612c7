//! Regular expressions of data files, compiled when they are first asked: most runs ask few of some hundred.

use std::ops::Deref;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::meta;
use regex_automata::util::syntax;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

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

/// A part of a compiled-in data file that is read when it is first asked: a run needs that of one platform of a hundred.
#[derive(Debug)]
pub struct Late<T> {
    text: &'static str,
    read: OnceLock<T>,
}

impl<T: Deserialize<'static> + Default> Late<T> {
    /// What `text` describes in JSON; the default, if there is none.
    pub fn new(text: Option<&'static str>) -> Self {
        let read = OnceLock::new();
        match text {
            Some(text) => Self { text, read },
            None => Self { text: "", read: T::default().into() },
        }
    }

    /// Reads the text, to find out whether it can be.
    pub fn verify(&self) -> Result<(), serde_json::Error> {
        match self.read.get() {
            Some(_) => Ok(()),
            None => serde_json::from_str(self.text).map(|it| drop(self.read.set(it))),
        }
    }
}

impl<T: Deserialize<'static> + Default> Default for Late<T> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<'de: 'static, T: Deserialize<'static> + Default> Deserialize<'de> for Late<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(from).map(|it| Self::new(Some(it.get())))
    }
}

impl<T> From<T> for Late<T> {
    /// What is read already.
    fn from(value: T) -> Self {
        Self { text: "", read: value.into() }
    }
}

impl<T: Deserialize<'static>> Deref for Late<T> {
    type Target = T;

    #[expect(clippy::expect_used, reason = "the data is compiled in, and a test reads all of it")]
    fn deref(&self) -> &T {
        self.read.get_or_init(|| serde_json::from_str(self.text).expect("valid data"))
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
