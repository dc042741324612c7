//! The token family as data: prefixes, shapes and placeholder words, read from `rules/tokens/interlynk.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::{Environment, Kind};
use crate::embedded;
use crate::lazy::LazyRegex;

/// What every token of the family looks like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Family {
    pub(crate) stem: String,
    kinds: BTreeMap<Kind, String>,
    environments: BTreeMap<Environment, String>,
    pub(crate) certain: Certain,
    pub(crate) likely: Likely,
    /// Lengths of the url-safe bodies that another product issues under the same prefix.
    pub(crate) other_issuer_lengths: Vec<usize>,
    pub(crate) placeholder_words: Vec<String>,
    pub(crate) longest_sequence: usize,
    /// What a whole word must match to name a token.
    pub(crate) names: LazyRegex,
    /// The hosts that accept tokens.
    pub(crate) hosts: Vec<String>,
    /// The variables from which the family's tools read a token.
    pub(crate) variables: Vec<String>,
}

/// The shape that the issuer's generator makes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certain {
    pub(crate) length: usize,
    pub(crate) alphabet: String,
    pub(crate) distinct: usize,
}

/// The wider shape that is still worth a finding.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Likely {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) distinct: usize,
}

/// One of the family's prefixes, such as `lynk_service_live_`.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    pub(crate) text: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) environment: Environment,
}

impl Family {
    /// The built-in family. It is part of the program and its tests read it, so it cannot be broken at run time.
    #[expect(clippy::expect_used, reason = "the file is compiled in, and every test reads it")]
    pub(crate) fn interlynk() -> Self {
        let families = embedded::data("tokens").expect("rules/tokens is valid");
        families.into_iter().map(|(_, it)| it).next().expect("there is a family")
    }

    /// All prefixes; none of them is the beginning of another.
    pub(crate) fn prefixes(&self) -> Vec<Prefix> {
        let with_kind = |(&kind, middle): (&Kind, &String)| {
            let stem = format!("{}{middle}", self.stem);
            self.environments
                .iter()
                .map(move |(&environment, end)| Prefix {
                    text: format!("{stem}{end}").into(),
                    kind,
                    environment,
                })
                .collect::<Vec<_>>()
        };
        self.kinds.iter().flat_map(with_kind).collect()
    }
}
