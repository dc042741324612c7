//! In what form a value holds a token, and what a variable's name says of its purpose. The words are data:
//! `rules/environment/values.yaml`.

use regex::{Regex, RegexSet};
use serde::Deserialize;

use crate::detect::{Certainty, Encoding, Token};

const DATA: &str = include_str!("../../rules/environment/values.yaml");

/// How the value of a variable looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Exactly one token and nothing else.
    Whole,
    /// A token and something else.
    Malformed,
    /// A reference that should have been replaced.
    Reference,
    /// Text that stands for a token.
    Placeholder,
    /// Nothing, or only space.
    Empty,
    /// Anything else.
    Unshaped,
}

/// What a variable is for, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To hold a token of the family: a tool reads it, or somebody says so.
    Token,
    /// To be sent to somebody else.
    Foreign,
    /// Nothing that is known.
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    own: String,
    foreign: Vec<String>,
    references: Vec<String>,
    placeholders: Vec<String>,
}

/// What names and values say.
pub(super) struct Words {
    own: Regex,
    foreign: RegexSet,
    references: RegexSet,
    placeholders: RegexSet,
}

impl Words {
    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
    pub(super) fn builtin() -> Self {
        Self::load().expect("rules/environment/values.yaml is valid")
    }

    fn load() -> anyhow::Result<Self> {
        let raw: Raw = serde_yaml::from_str(DATA)?;
        Ok(Self {
            own: Regex::new(&raw.own)?,
            foreign: RegexSet::new(raw.foreign)?,
            references: RegexSet::new(raw.references)?,
            placeholders: RegexSet::new(raw.placeholders)?,
        })
    }

    /// What a variable is for that nobody asked about.
    pub(super) fn purpose(&self, name: &[u8]) -> Purpose {
        let name = String::from_utf8_lossy(name);
        match self.foreign.is_match(&name) && !self.own.is_match(&name) {
            true => Purpose::Foreign,
            false => Purpose::Unknown,
        }
    }
}

impl Form {
    /// The form of a value in which `tokens` stand, and what it has beside a token, in words that follow "it has".
    pub(super) fn of(value: &[u8], tokens: &[Token], words: &Words) -> (Self, String) {
        let sure: Vec<&Token> = tokens.iter().filter(|it| it.certainty.violates()).collect();
        match sure.as_slice() {
            [] => (Self::without_token(value, tokens, words), String::new()),
            [token] if token.encoding != Encoding::Plain => {
                let what = format!("another form than the plain one ({})", token.encoding);
                (Self::Malformed, what)
            }
            [token] if token.span == (0..value.len()) => (Self::Whole, String::new()),
            [token] => (Self::Malformed, around(value, token)),
            [_, _, ..] => (Self::Malformed, "more than one token".to_owned()),
        }
    }

    fn without_token(value: &[u8], tokens: &[Token], words: &Words) -> Self {
        let text = String::from_utf8_lossy(value);
        let text = text.trim().trim_matches(['"', '\'']);
        let stands = |it: &Token| it.certainty == Certainty::Placeholder;
        if text.is_empty() {
            Self::Empty
        } else if words.references.is_match(text) {
            Self::Reference
        } else if tokens.iter().any(stands) || words.placeholders.is_match(text) {
            Self::Placeholder
        } else {
            Self::Unshaped
        }
    }
}

/// What stands around a token, and what people call it.
const AROUND: [(&[&str], &str); 4] = [
    (&["authorization:", "bearer ", "bearer", "token "], "`Bearer` or the like in front"),
    (&["\"", "'", "`"], "quotes around it"),
    (&["\r", "\n"], "a line break"),
    (&[" ", "\t"], "space around it"),
];

fn around(value: &[u8], token: &Token) -> String {
    let mut rest = String::from_utf8_lossy(&value[..token.span.start]).into_owned();
    rest.push_str(&String::from_utf8_lossy(&value[token.span.end..]));
    let mut rest = rest.to_lowercase();
    let mut found = Vec::new();
    for (texts, name) in AROUND {
        if texts.iter().any(|it| rest.contains(it)) {
            found.push(name);
        }
        texts.iter().for_each(|it| rest = rest.replace(it, ""));
    }
    if !rest.is_empty() {
        found.push("other text around it");
    }
    found.join(", ")
}
