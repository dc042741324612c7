//! The inventory: the tokens that a repository declares, which no scan of files can see.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use super::{Reader, raw};
use crate::date::Date;
use crate::detect::Kind;
use crate::policy::scope::Globs;
use crate::yaml_file::Broken;

/// A token that is declared. Its texts are as they were written; `tokens.N` of the file is where.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name, once in the inventory.
    pub name: String,
    /// Whose it is.
    pub kind: Kind,
    /// What it may do, if that is said.
    pub rights: Option<Rights>,
    /// What it is for.
    pub purpose: Purpose,
    /// Who answers for it.
    pub owner: String,
    /// When it was made.
    pub created: Option<Date>,
    /// Its last day; nothing, if it has none.
    pub expires: Option<Date>,
    /// By which names it is reached, each in one entry only.
    pub references: Vec<Reference>,
    /// The files that may use it.
    pub used_by: Globs,
}

/// What a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Whatever a role may.
    Role(String),
    /// These, by the names that the service gives them.
    Permissions(Vec<String>),
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To put SBOMs in.
    Upload,
    /// To look.
    Read,
    /// To administer.
    Manage,
}

/// A name by which a token is reached: `secrets.INTERLYNK_TOKEN`, `env.INTERLYNK_SECURITY_TOKEN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The kind of name: `secrets`, `env`, `vars`, `credentials`.
    pub place: String,
    /// The name.
    pub name: String,
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        let (place, name) = text.split_once('.')?;
        let word = |text: &str, more: &[u8]| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || more.contains(&b);
            !text.is_empty() && text.bytes().all(fits)
        };
        let fits = word(place, b"-") && word(name, b"_-./:");
        fits.then(|| Self { place: place.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.place, self.name)
    }
}

impl Reader<'_> {
    pub(super) fn tokens(&self, raw: Vec<raw::Token>) -> Result<Vec<Declared>, Broken> {
        let (mut names, mut references) = (BTreeSet::new(), BTreeSet::new());
        let mut tokens = Vec::new();
        for (index, token) in raw.into_iter().enumerate() {
            let at = format!("tokens.{index}");
            let token = self.token(&at, token)?;
            if !names.insert(token.name.clone()) {
                let message = format!("there are two tokens `{}`", token.name);
                return Err(self.file.broken(&format!("{at}.name"), message));
            }
            for (n, reference) in token.references.iter().enumerate() {
                if !references.insert(reference.clone()) {
                    let message =
                        format!("`{reference}` is declared twice, so it names two tokens");
                    return Err(self.file.broken(&format!("{at}.references.{n}"), message));
                }
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn token(&self, at: &str, raw: raw::Token) -> Result<Declared, Broken> {
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
        let reference = |(n, text): (usize, &String)| {
            let message =
                format!("`{text}` is no reference: write it like secrets.NAME or env.NAME");
            Reference::parse(text).ok_or_else(|| broken(&format!("references.{n}"), &message))
        };
        Ok(Declared {
            name: self.said(at, "name", &raw.name)?,
            kind: raw.kind,
            rights,
            purpose: raw.purpose,
            owner: self.said(at, "owner", &raw.owner)?,
            created: raw.created,
            expires: raw.expires,
            references: raw
                .references
                .iter()
                .enumerate()
                .map(reference)
                .collect::<Result<_, _>>()?,
            used_by: self.globs(&format!("{at}.used_by"), &raw.used_by)?,
        })
    }
}
