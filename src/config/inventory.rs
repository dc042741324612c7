//! Reads what a file declares about tokens, strictly: the configuration's `tokens`, or a file of its own.

use serde::Deserialize;

use super::{Config, Reader, raw};
use crate::inventory::{Declared, Reference, Rights};
use crate::yaml_file::{Broken, YamlFile};

/// `lynk-tokens.yaml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: u32,
    tokens: Vec<raw::Token>,
}

impl Config {
    /// Adds the tokens that a file of their own declares.
    pub fn declare(&mut self, file: &YamlFile) -> Result<(), Broken> {
        raw::check_version(file)?;
        let raw: File = file.typed()?;
        let reader = Reader { file };
        let tokens = reader.tokens(raw.tokens)?;
        if tokens.is_empty() { Ok(()) } else { self.inventory.add(file, tokens) }
    }
}

impl Reader<'_> {
    pub(super) fn tokens(&self, raw: Vec<raw::Token>) -> Result<Vec<Declared>, Broken> {
        raw.into_iter().enumerate().map(|(index, it)| self.token(index, it)).collect()
    }

    fn token(&self, index: usize, raw: raw::Token) -> Result<Declared, Broken> {
        let at = &format!("tokens.{index}");
        let broken = |key: &str, message: &str| self.file.broken(&format!("{at}.{key}"), message);
        let rights = match (raw.role, raw.permissions) {
            (Some(_), Some(_)) => {
                return Err(broken("permissions", "a token has a role or permissions, not both"));
            }
            (Some(role), None) => Some(Rights::Role(role)),
            (None, permissions) => permissions.map(Rights::Permissions),
        };
        if let (Some(created), Some(expires)) = (raw.created, raw.expires)
            && expires < created
        {
            return Err(broken("expires", &format!("it ends before it was made, on {created}")));
        }
        if raw.places == Some(0) {
            return Err(broken("places", "a token that may be used nowhere is none: remove it"));
        }
        let reference = |(n, text): (usize, &String)| {
            let message =
                format!("`{text}` is no reference: write it like secrets.NAME or env.NAME");
            Reference::parse(text).ok_or_else(|| broken(&format!("references.{n}"), &message))
        };
        let references = raw.references.iter().enumerate().map(reference);
        Ok(Declared {
            name: self.said(at, "name", &raw.name)?,
            kind: raw.kind,
            rights,
            purpose: raw.purpose,
            stage: raw.stage,
            owner: self.said(at, "owner", &raw.owner)?,
            created: raw.created,
            expires: raw.expires,
            fingerprint: raw.fingerprint,
            references: references.collect::<Result<_, _>>()?,
            used_by: self.globs(&format!("{at}.used_by"), &raw.used_by)?,
            places: raw.places,
            index,
            list: 0,
        })
    }
}
