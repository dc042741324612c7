//! The predicate of a rule: which tokens, at which sites.

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de};

use crate::detect::{Environment, Kind, Token};
use crate::platform::Ci;
use crate::site::Site;

/// When a token breaks a rule: every key that is given must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    token: TokenIs,
    #[serde(default)]
    ci: Option<bool>,
    /// Patterns of which one must match what stands before the token, up to the token itself.
    #[serde(default, deserialize_with = "patterns")]
    before: Vec<Regex>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenIs {
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    environment: Option<OneOrMore>,
}

/// `live`, or `[staging, test]`.
#[derive(Debug)]
struct OneOrMore(Vec<Environment>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = serde_yaml::Value::deserialize(from)?;
        let list = match value {
            serde_yaml::Value::Sequence(list) => list,
            one => vec![one],
        };
        let read = |it| serde_yaml::from_value(it).map_err(de::Error::custom);
        Ok(Self(list.into_iter().map(read).collect::<Result<_, _>>()?))
    }
}

fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Regex>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let compile = |text: &String| {
        let anchored = format!("(?:{text})$");
        RegexBuilder::new(&anchored).unicode(false).build().map_err(de::Error::custom)
    };
    texts.iter().map(compile).collect()
}

impl When {
    /// How far before a token its context reaches, in bytes.
    pub const CONTEXT: usize = 512;

    /// Whether a token at a site breaks the rule; `before` is what stands before it.
    pub fn holds(&self, token: &Token, site: &Site<'_>, before: &[u8]) -> bool {
        let kind = self.token.kind.is_none_or(|it| it == token.kind);
        let environment =
            self.token.environment.as_ref().is_none_or(|it| it.0.contains(&token.environment));
        let ci = self.ci.is_none_or(|it| it == (site.ci >= Ci::Medium));
        let before = self.before.is_empty() || self.before.iter().any(|it| it.is_match(before));
        kind && environment && ci && before
    }
}
