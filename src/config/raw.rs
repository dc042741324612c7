//! `.lynklint.yaml` as it is written: every key, its type, and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use semver::{Version, VersionReq};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::date::Date;
use crate::detect::{self, Kind};
use crate::finding::Fingerprint;
use crate::policy::Enforcement;
use crate::rule::{Parameters, RuleId};
use crate::yaml_file::{Broken, YamlFile};

use crate::inventory::{Purpose, Stage};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "required_version", default)]
    _required_version: Option<String>,
    #[serde(default)]
    pub(super) policy_sets: Option<Vec<SetUse>>,
    #[serde(default)]
    pub(super) enforcement: BTreeMap<RuleId, Enforcement>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<RuleId, Parameters>,
    #[serde(default)]
    pub(super) rules: Option<String>,
    #[serde(default)]
    pub(super) paths: Paths,
    #[serde(default)]
    pub(super) suppressions: Suppressions,
    #[serde(default)]
    pub(super) baseline: Option<String>,
    #[serde(default)]
    pub(super) tokens: Vec<Token>,
    #[serde(default)]
    pub(super) exceptions: Vec<Exception>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paths {
    #[serde(default)]
    pub(super) exclude: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suppressions {
    #[serde(default)]
    pub(super) max_days: Option<u32>,
    #[serde(default)]
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) rule: RuleId,
    pub(super) fingerprint: Fingerprint,
    pub(super) reason: String,
    pub(super) until: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) rule: RuleId,
    pub(super) fingerprint: Fingerprint,
    pub(super) reason: String,
    pub(super) approver: String,
    pub(super) until: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) role: Option<String>,
    #[serde(default)]
    pub(super) permissions: Option<Vec<String>>,
    pub(super) purpose: Purpose,
    #[serde(default)]
    pub(super) stage: Stage,
    pub(super) owner: String,
    #[serde(default)]
    pub(super) created: Option<Date>,
    #[serde(default)]
    pub(super) expires: Option<Date>,
    #[serde(default)]
    pub(super) fingerprint: Option<detect::Fingerprint>,
    #[serde(default)]
    pub(super) references: Vec<String>,
    #[serde(default)]
    pub(super) used_by: Vec<String>,
    #[serde(default)]
    pub(super) places: Option<u32>,
}

/// `recommended`, or `{ set: ./x.yaml, scope: { include: [...], exclude: [...] } }`.
pub(super) struct SetUse {
    pub(super) name: String,
    pub(super) scope: Scope,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    #[serde(default)]
    pub(super) include: Vec<String>,
    #[serde(default)]
    pub(super) exclude: Vec<String>,
}

impl<'de> Deserialize<'de> for SetUse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            set: String,
            #[serde(default)]
            scope: Scope,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = SetUse;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a set's name, or `set` and `scope`")
            }

            fn visit_str<E>(self, name: &str) -> Result<SetUse, E> {
                Ok(SetUse { name: name.to_owned(), scope: Scope::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SetUse, A::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SetUse { name: whole.set, scope: whole.scope })
            }
        }
        from.deserialize_any(Either)
    }
}

/// Refuses a file that is written for another version, before its other keys are read: they may be that version's.
pub(super) fn check_version(file: &YamlFile) -> Result<(), Broken> {
    #[derive(Deserialize)]
    #[serde(expecting = "keys with values")]
    struct Head {
        version: u32,
        #[serde(default)]
        required_version: Option<String>,
    }
    let head: Head = file.typed()?;
    if head.version != 1 {
        let message = format!("version {} is not known: this lynklint reads 1", head.version);
        return Err(file.broken("version", message));
    }
    let Some(text) = head.required_version else {
        return Ok(());
    };
    let at = "required_version";
    let wanted = VersionReq::parse(&text)
        .map_err(|error| file.broken(at, format!("`{text}` is no version: {error}")))?;
    let own = env!("CARGO_PKG_VERSION");
    match Version::parse(own).is_ok_and(|own| wanted.matches(&own)) {
        true => Ok(()),
        false => Err(file.broken(at, format!("lynklint {text} is wanted, and this is {own}"))),
    }
}
