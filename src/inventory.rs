//! The inventory: the tokens that a repository declares, and with them what no scan of files can see.

mod judge;
mod seen;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;

use crate::date::Date;
use crate::detect::{Detector, Fingerprint, Kind, Name, Named, Token};
use crate::excerpt::{Excerpt, Veil};
use crate::finding::{Position, Related};
use crate::path::FilePath;
use crate::policy::scope::Globs;
use crate::yaml_file::{Broken, YamlFile};

pub use judge::{Shown, Term, broken, findings};
pub use seen::{Seen, Use};

/// The name of the file that is looked for beside the configuration.
pub const FILE: &str = "lynk-tokens.yaml";

/// Every token that is declared, of all files that declare some.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    lists: Vec<List>,
    tokens: Vec<Declared>,
    /// Each declared name: where it is reached, and by which entry.
    names: BTreeMap<String, Vec<(String, usize)>>,
    /// Finds the declared names that do not look like a token's.
    unusual: Option<AhoCorasick>,
}

/// A file that declares tokens.
#[derive(Clone, Debug)]
struct List {
    file: YamlFile,
    /// Where each value below `tokens` stands.
    spans: BTreeMap<String, Range<usize>>,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Hides the tokens that stand in it against all advice.
    veil: Veil,
}

/// A token that is declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name, once in the inventory. Masked and printable.
    pub name: String,
    /// Whose it is.
    pub kind: Kind,
    /// What it may do, if that is said.
    pub rights: Option<Rights>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is used, which says how long it may live.
    pub stage: Stage,
    /// Who answers for it. Masked and printable.
    pub owner: String,
    /// When it was made.
    pub created: Option<Date>,
    /// Its last day; nothing, if it has none.
    pub expires: Option<Date>,
    /// The token itself, if that is said.
    pub fingerprint: Option<Fingerprint>,
    /// By which names it is reached, each in one entry only.
    pub references: Vec<Reference>,
    /// The files that may use it; any, if there is none.
    pub used_by: Globs,
    /// In how many files it may be used, if that is said.
    pub places: Option<u32>,
    /// Its place among the tokens of its file, from 0.
    pub index: usize,
    /// Its file among those of the inventory.
    pub(crate) list: usize,
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

/// Where a token is used. The documentation gives each of them a longest life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// On a developer's machine.
    Development,
    /// In continuous integration.
    #[default]
    Ci,
    /// By automation in production.
    Production,
    /// For one occasion.
    Temporary,
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
    /// Reads `secrets.INTERLYNK_TOKEN`.
    pub fn parse(text: &str) -> Option<Self> {
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

impl Inventory {
    /// Adds the tokens of a file. A name or a reference that another entry has is refused where it stands.
    pub fn add(&mut self, file: &YamlFile, tokens: Vec<Declared>) -> Result<(), Broken> {
        let list = self.lists.len();
        for mut token in tokens {
            self.refuse_twice(file, &token)?;
            for Reference { place, name } in &token.references {
                let entries = self.names.entry(name.clone()).or_default();
                entries.push((place.clone(), self.tokens.len()));
            }
            token.list = list;
            self.tokens.push(token);
        }
        self.lists.push(List::of(file.clone()));
        let detector = Detector::shared();
        let unusual: Vec<_> =
            self.names.keys().filter(|it| detector.names(it.as_bytes()).is_empty()).collect();
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&unusual);
        self.unusual = finder.ok().filter(|_| !unusual.is_empty());
        Ok(())
    }

    fn refuse_twice(&self, file: &YamlFile, token: &Declared) -> Result<(), Broken> {
        let at = |key: &str| format!("tokens.{}.{key}", token.index);
        let twice = |other: &Declared| match self.lists.get(other.list) {
            Some(it) => format!(": the other one is in {}", it.file.name),
            None => String::new(),
        };
        if let Some(other) = self.tokens.iter().find(|it| it.name == token.name) {
            let message = format!("there are two tokens `{}`{}", token.name, twice(other));
            return Err(file.broken(&at("name"), message));
        }
        let same = |it: &&Declared| it.fingerprint.is_some() && it.fingerprint == token.fingerprint;
        if let Some(other) = self.tokens.iter().find(same) {
            let message = format!("`{}` is the same token{}", other.name, twice(other));
            return Err(file.broken(&at("fingerprint"), message));
        }
        for (n, reference) in token.references.iter().enumerate() {
            let mut others = self.names.get(&reference.name).into_iter().flatten();
            let other = others.find(|it| it.0 == reference.place);
            let again = token.references[..n].contains(reference);
            if other.is_some() || again {
                let place = other.map_or_else(String::new, |it| twice(&self.tokens[it.1]));
                let message =
                    format!("`{reference}` is declared twice, so it names two tokens{place}");
                return Err(file.broken(&at(&format!("references.{n}")), message));
            }
        }
        Ok(())
    }

    /// Whether nothing is declared, so that nothing can be said about what is not.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Every token that is declared, in the order of the files.
    pub fn tokens(&self) -> &[Declared] {
        &self.tokens
    }

    /// The files that declare tokens.
    pub fn files(&self) -> impl Iterator<Item = &YamlFile> {
        self.lists.iter().map(|it| &it.file)
    }

    /// The file of an entry.
    pub fn file(&self, token: &Declared) -> &YamlFile {
        &self.lists[token.list].file
    }

    /// Where the value of a key of an entry stands in its file.
    pub fn span(&self, entry: usize, key: &str) -> Option<Range<usize>> {
        let token = self.tokens.get(entry)?;
        self.lists[token.list].spans.get(&format!("tokens.{}.{key}", token.index)).cloned()
    }

    /// The entry that declares a name, by its place among all. Where several do, `written` tells which: it holds
    /// `secrets.NAME`.
    pub fn find(&self, name: &str, written: &[u8]) -> Option<usize> {
        let entries = self.names.get(name)?;
        let precise = entries.iter().find(|(place, _)| {
            let whole = format!("{place}.{name}");
            1 < entries.len() && memchr::memmem::find(written, whole.as_bytes()).is_some()
        });
        precise.or_else(|| entries.first()).map(|it| it.1)
    }

    /// The entry of a token, by its place among all.
    pub fn find_token(&self, token: &Token) -> Option<usize> {
        self.tokens.iter().position(|it| it.fingerprint == Some(token.fingerprint))
    }

    /// What is declared about a token.
    pub fn declared(&self, token: &Token) -> Option<&Declared> {
        self.find_token(token).map(|it| &self.tokens[it])
    }

    /// The declared names in a file that the detector does not know to be a token's.
    pub fn names(&self, bytes: &[u8]) -> Vec<Name> {
        let Some(finder) = &self.unusual else { return Vec::new() };
        let belongs = |b: &u8| b.is_ascii_alphanumeric() || b"_-".contains(b);
        let alone = |it: &Range<usize>| {
            !bytes[..it.start].last().is_some_and(belongs)
                && !bytes.get(it.end).is_some_and(belongs)
        };
        let spans = finder.find_iter(bytes).map(|it| it.range()).filter(alone);
        let name = |span: Range<usize>| Name {
            what: Named::Token,
            text: String::from_utf8_lossy(&bytes[span.clone()]).into_owned(),
            span,
        };
        spans.map(name).collect()
    }

    /// An entry as the second place of a finding.
    pub fn entry(&self, token: &Declared) -> Related {
        let Declared { name, owner, .. } = token;
        let at = format!("tokens.{}.name", token.index);
        self.related(token.list, &at, format!("declared here as {name}, of {owner}"))
    }

    /// The first list as the second place of a finding about what it lacks.
    pub fn list(&self) -> Option<Related> {
        let label = "no entry here declares it".to_owned();
        (!self.lists.is_empty()).then(|| self.related(0, "tokens", label))
    }

    fn related(&self, list: usize, at: &str, label: String) -> Related {
        let path = self.lists[list].path();
        let (start, _, excerpt) = self.shown(list, at);
        Related { path, start, excerpt, label }
    }

    /// A value of a list as people see it: where it begins and ends, and its line.
    fn shown(&self, list: usize, at: &str) -> (Position, Position, Excerpt) {
        let list = &self.lists[list];
        let bytes = list.file.text.as_bytes();
        let span = list.spans.get(at).cloned().unwrap_or(0..0);
        let end = memchr::memchr(b'\n', &bytes[span.clone()]);
        let span = span.start..end.map_or(span.end, |it| span.start + it);
        let excerpt = list.veil.excerpt(bytes, &span);
        (list.position(span.start), list.position(span.end), excerpt)
    }
}

impl List {
    fn of(file: YamlFile) -> Self {
        let bytes = file.text.as_bytes();
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
        Self { spans: file.spans("tokens"), lines: lines.collect(), veil: Veil::of(bytes), file }
    }

    fn path(&self) -> FilePath {
        FilePath::new(&self.file.name, &self.veil)
    }

    fn position(&self, at: usize) -> Position {
        let line = self.lines.partition_point(|it| *it <= at);
        let start = self.lines[line - 1];
        let column = self.file.text[start..at].chars().count() + 1;
        Position { byte: at as u64, line: line as u64, column: column as u64 }
    }
}
