//! Which system reads a file, told by its path or, for manifests, by what it declares. The systems are data.

mod glob;
mod pattern;
mod structure;

use std::sync::Arc;

use anyhow::Context;
use serde::Deserialize;

use crate::embedded;
use crate::lazy::{Late, LazyRegex};
use crate::site::Place;

use glob::LazyGlob;
pub use pattern::Pattern;
pub use structure::{
    Condition, Expands, Mark, Named, NamedBy, PlaceAt, Reuse, Scope, Structure, Written,
};

/// How much of either end of a file is asked what it declares: what is sorted by its keys has `kind` behind `data`.
const DECLARATION: usize = 64 * 1024;

/// What a file is for, most telling first: where two platforms claim a file, the earlier class wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Runs in continuous integration.
    Ci,
    /// Builds an image.
    Image,
    /// Runs a service.
    Deploy,
    /// Describes infrastructure.
    Iac,
    /// Belongs to a developer's machine.
    Dev,
    /// Is code.
    Source,
    /// Is read by people.
    Docs,
}

impl Class {
    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ci => "ci",
            Self::Image => "image",
            Self::Deploy => "deploy",
            Self::Iac => "iac",
            Self::Dev => "dev",
            Self::Source => "source",
            Self::Docs => "docs",
        }
    }
}

/// How sure it is that CI runs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ci {
    /// Nothing says so.
    None,
    /// Its path looks like it, and says no more.
    Low,
    /// Something that CI runs runs it.
    Medium,
    /// It is a CI system's own file.
    High,
}

impl Ci {
    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A system that reads a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Platform {
    /// The name of its data file.
    #[serde(skip)]
    pub id: String,
    /// A file of it in words that follow "in", with an article.
    pub name: String,
    /// What its files are for.
    pub class: Class,
    /// How sure it is that CI runs them.
    pub ci: Ci,
    /// Whether it is no file that is read but the name of one.
    #[serde(default)]
    pub names: bool,
    /// Whether they belong to one machine or service alone, and never into git.
    #[serde(default)]
    pub private: bool,
    /// Whether they quote other files, so that a name in them is nobody's use of it.
    #[serde(default)]
    pub quotes: bool,
    /// What to write instead of a literal.
    pub reference: String,
    /// Places at which a value that is nothing but a literal can become the reference, and no more has to be changed.
    #[serde(default)]
    pub replaces: Vec<Place>,
    /// What to do about a literal, with `{reference}` for the above.
    pub fix: String,
    /// What its files look like inside.
    #[serde(default)]
    pub structure: Arc<Late<Structure>>,
    /// The id of the platform whose structure this one shares.
    #[serde(default)]
    structure_of: Option<String>,
    /// The globs of its files.
    #[serde(default)]
    paths: Vec<String>,
    /// What all of its files declare, if their paths do not tell.
    #[serde(default)]
    content: Vec<LazyRegex>,
}

impl Platform {
    /// Whether a path says no more than that CI may run the file. Any other platform says better what it is.
    fn is_hint(&self) -> bool {
        self.ci == Ci::Low
    }
}

/// All platforms, ready to be asked.
#[derive(Debug)]
pub struct Platforms {
    all: Vec<Platform>,
    /// Each glob and its platform.
    globs: Vec<(LazyGlob, usize)>,
}

impl Platforms {
    /// The built-in platforms. They are part of the program and its tests read each of them.
    #[expect(clippy::expect_used, reason = "the files are compiled in, and a test loads them all")]
    pub fn builtin() -> Self {
        let all = embedded::data("platforms").expect("rules/platforms is valid");
        Self::load(all).expect("rules/platforms is valid")
    }

    fn load(files: Vec<(String, Platform)>) -> anyhow::Result<Self> {
        let mut all: Vec<_> = files.into_iter().map(|(id, it)| Platform { id, ..it }).collect();
        let paths =
            all.iter().enumerate().flat_map(|(i, it)| it.paths.iter().map(move |of| (of, i)));
        let globs = paths.map(|(of, i)| (LazyGlob::new(of), i)).collect();
        for i in 0..all.len() {
            let Some(of) = &all[i].structure_of else { continue };
            let of =
                all.iter().find(|it| it.id == *of).context("structure_of names no platform")?;
            all[i].structure = Arc::clone(&of.structure);
        }
        Ok(Self { all, globs })
    }

    /// The platform of a file, by its path and by what it declares. A hint comes last; then a class that comes first wins,
    /// then a declaration, then the longest glob.
    pub fn of(&self, path: &str, bytes: &[u8]) -> Option<&Platform> {
        let lower = path.to_lowercase();
        let by_path = self
            .globs
            .iter()
            .filter(|(glob, _)| glob.matches(path, &lower))
            .map(|(glob, owner)| (&self.all[*owner], glob.len()));
        let by_path: Vec<_> = by_path.collect();
        let class = by_path.iter().map(|(platform, _)| platform.class).min();
        let by_content = self.declared(path, bytes, class).map(|it| (it, usize::MAX));
        by_path
            .into_iter()
            .chain(by_content)
            .min_by(|(a, a_length), (b, b_length)| {
                (a.is_hint(), a.class, b_length, &a.id).cmp(&(
                    b.is_hint(),
                    b.class,
                    a_length,
                    &b.id,
                ))
            })
            .map(|(platform, _)| platform)
    }

    /// How sure it is that CI runs a file of a platform: its path may hint at more. What people read is run by nobody.
    pub fn ci(&self, path: &str, platform: Option<&Platform>) -> Ci {
        let own = platform.map_or(Ci::None, |it| it.ci);
        if own != Ci::None || platform.is_some_and(|it| it.class == Class::Docs) {
            return own;
        }
        let lower = path.to_lowercase();
        let mut hints = self.globs.iter().filter(|it| self.all[it.1].is_hint());
        if hints.any(|(glob, _)| glob.matches(path, &lower)) { Ci::Low } else { own }
    }

    /// What reads the names of files.
    pub fn of_names(&self) -> Option<&Platform> {
        self.all.iter().find(|it| it.names)
    }

    /// Whether CI may run what stands in a file, as far as its path tells.
    pub fn may_run(&self, path: &str) -> bool {
        let runs = |it: &Platform| Ci::Medium <= it.ci;
        let lower = path.to_lowercase();
        // Few globs are of CI, and most paths match none of them.
        let mut globs = self.globs.iter().filter(|it| runs(&self.all[it.1]));
        let is_claimed = globs.any(|(glob, _)| glob.matches(path, &lower));
        let declared = || self.all.iter().any(|it| runs(it) && !it.content.is_empty());
        is_claimed && self.of(path, b"").is_some_and(runs) || is_manifest(path) && declared()
    }

    /// What of the data cannot be used: patterns that are none, structures that name each other wrongly.
    pub fn faults(&self) -> Vec<String> {
        let globs = self.globs.iter().filter(|(glob, _)| !glob.is_valid());
        let globs = globs.map(|(_, owner)| format!("{}: a glob is none", self.all[*owner].id));
        let faulty = |it: &&Platform| it.structure.verify().is_err();
        let structures = self.all.iter().filter(faulty);
        let structures = structures
            .filter_map(|it| Some(format!("{}: {}", it.id, it.structure.verify().err()?)));
        let patterns = self.all.iter().filter(|it| !faulty(it)).flat_map(|platform| {
            let all = platform.content.iter().chain(platform.structure.patterns());
            all.filter_map(|it| it.verify().err()).map(|error| format!("{}: {error}", platform.id))
        });
        globs.chain(structures).chain(patterns).collect()
    }

    /// The platform that a manifest declares; only those of a class that comes no later than that of its path can win.
    fn declared(&self, path: &str, bytes: &[u8], by_path: Option<Class>) -> Option<&Platform> {
        let manifest = is_manifest(path);
        let (head, rest) = bytes.split_at(bytes.len().min(DECLARATION));
        let tail = &rest[rest.len().saturating_sub(DECLARATION)..];
        self.all
            .iter()
            .filter(|it| manifest && !it.content.is_empty())
            .filter(|it| by_path.is_none_or(|class| it.class <= class))
            .filter(|it| it.content.iter().all(|it| it.is_match(head) || it.is_match(tail)))
            .min_by_key(|it| (it.class, usize::MAX - it.content.len()))
    }

    /// All platforms, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Platform> {
        self.all.iter()
    }
}

/// Whether a file of this name says itself what it is.
fn is_manifest(path: &str) -> bool {
    let ends = [".yml", ".yaml", ".json", ".jsonl", ".sarif", ".xml", ".html"];
    ends.iter().any(|it| path.ends_with(it))
}
