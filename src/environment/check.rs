//! What can be wrong with a variable. Level, severity and prose are data: `rules/environment/checks.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::policy::Enforcement;
use crate::rule::Severity;

const DATA: &str = include_str!("../../rules/environment/checks.yaml");

/// A thing that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A person's token in a CI job.
    PersonalTokenInCi,
    /// A staging or test token in a release job.
    NonproductionTokenInRelease,
    /// More than the bare token: quotes, spaces, `Bearer`.
    MalformedTokenValue,
    /// `${NAME}`, `$(NAME)` and the like, as they were written.
    UnresolvedReference,
    /// Text that stands for a token.
    PlaceholderTokenValue,
    /// A token where another product's secret belongs.
    TokenInForeignVariable,
    /// A token where nobody reads one.
    TokenInUnknownVariable,
    /// One token in several variables.
    SameTokenUnderTwoNames,
    /// Nothing in a variable that is for tokens.
    EmptyTokenVariable,
    /// Something else in it.
    UnshapedTokenValue,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    severity: Severity,
    level: Enforcement,
    summary: String,
    fix: String,
}

#[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
static TEXTS: LazyLock<BTreeMap<String, Text>> =
    LazyLock::new(|| serde_yaml::from_str(DATA).expect("rules/environment/checks.yaml is valid"));

impl Check {
    /// Every check, in the order in which they are reported.
    pub const ALL: [Self; 10] = [
        Self::PersonalTokenInCi,
        Self::NonproductionTokenInRelease,
        Self::MalformedTokenValue,
        Self::UnresolvedReference,
        Self::PlaceholderTokenValue,
        Self::TokenInForeignVariable,
        Self::TokenInUnknownVariable,
        Self::SameTokenUnderTwoNames,
        Self::EmptyTokenVariable,
        Self::UnshapedTokenValue,
    ];

    /// Its name in the data and in every output.
    pub fn id(self) -> &'static str {
        match self {
            Self::PersonalTokenInCi => "personal-token-in-ci",
            Self::NonproductionTokenInRelease => "nonproduction-token-in-release",
            Self::MalformedTokenValue => "malformed-token-value",
            Self::UnresolvedReference => "unresolved-reference",
            Self::PlaceholderTokenValue => "placeholder-token-value",
            Self::TokenInForeignVariable => "token-in-foreign-variable",
            Self::TokenInUnknownVariable => "token-in-unknown-variable",
            Self::SameTokenUnderTwoNames => "same-token-under-two-names",
            Self::EmptyTokenVariable => "empty-token-variable",
            Self::UnshapedTokenValue => "unshaped-token-value",
        }
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        self.text().severity
    }

    /// What it does to the run.
    pub fn level(self) -> Enforcement {
        self.text().level
    }

    /// What is wrong, in a few words.
    pub fn summary(self) -> &'static str {
        &self.text().summary
    }

    /// What to do about it.
    pub fn fix(self) -> &'static str {
        &self.text().fix
    }

    fn text(self) -> &'static Text {
        &TEXTS[self.id()]
    }
}
