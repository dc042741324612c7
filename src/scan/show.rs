//! Makes findings of what breaks a rule: the place in the file, the excerpt, the subject.

use std::ops::Range;
use std::sync::Arc;

use super::reading::Reading;
use crate::excerpt::{self, Veil};
use crate::finding::{Finding, Fingerprint, Position, Related, Subject};
use crate::path::{FilePath, PathKey};
use crate::policy::{Level, Policy};
use crate::rule::Rule;
use crate::site::{Facts, Thing, What};
use crate::source::{Blob, Commit, Revision, Start};

/// Makes findings of things, going forwards through a blob.
pub(super) struct Shower<'c> {
    pub(super) blob: &'c Blob<'c>,
    reading: &'c Reading<'c>,
    veil: &'c Veil,
    path: FilePath,
    commit: Option<Arc<Commit>>,
    /// The path from the root of the policy, by which the finding is known.
    key: PathKey,
    ruler: Ruler<'c>,
}

impl<'c> Shower<'c> {
    pub(super) fn new(
        blob: &'c Blob<'c>,
        reading: &'c Reading<'c>,
        policy: &Policy,
        veil: &'c Veil,
    ) -> Self {
        let path = FilePath::new(blob.path, veil);
        let (key, commit) = (path.key(&policy.anchor), commit_of(blob, veil));
        Self { blob, reading, veil, path, commit, key, ruler: Ruler::new(blob) }
    }

    /// Whether a thing is judged in this blob.
    pub(super) fn owns(&self, thing: &Thing<'_>) -> bool {
        self.blob.owned.holds(&self.reading.source(&thing.span))
    }

    /// The finding of what a thing breaks.
    pub(super) fn finding<'p>(
        &mut self,
        rule: &'p Rule,
        level: Level<'p>,
        thing: &Thing<'_>,
        facts: &Facts<'p, '_>,
    ) -> Finding<'p> {
        let span = self.reading.source(&first_line(self.reading.bytes(), thing));
        let (start, end) = (self.ruler.position(span.start), self.ruler.ahead(span.end));
        let (site, subject) =
            (facts.site(thing, &|it| self.veil.name(it)), self.subject(thing, facts));
        let address = site.address.as_deref().unwrap_or_default();
        Finding {
            rule,
            enforcement: level.enforcement,
            set: level.set,
            path: self.path.clone(),
            start,
            end,
            excerpt: self.veil.excerpt(self.blob.bytes, &span),
            fingerprint: Fingerprint::of(rule, &self.key, &subject, address),
            subject,
            site,
            note: None,
            related: declaration(rule, thing, facts),
            commit: self.commit.clone(),
            exemption: None,
            verdict: None,
        }
    }

    /// Where a declared token is used.
    pub(super) fn place(&mut self, thing: &Thing<'_>) -> Related {
        let span = self.reading.source(&thing.span);
        Related {
            path: self.path.clone(),
            start: self.ruler.position(span.start),
            excerpt: self.veil.excerpt(self.blob.bytes, &span),
            label: "used here".to_owned(),
        }
    }

    fn subject(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> Subject {
        match thing.what {
            What::Token(token) => {
                let mut token = token.clone();
                token.span = self.reading.source(&token.span);
                token.mask = self.reading.source(&token.mask);
                Subject::Token(token)
            }
            What::Reference(_) | What::Host | What::Command | What::Value => {
                let name = facts.subject(thing).map_or("", |it| &it.name);
                Subject::Named(self.veil.name(name))
            }
        }
    }
}

/// The entry of the inventory that a finding has to do with, or the list that lacks one.
fn declaration(rule: &Rule, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> Vec<Related> {
    let Some((inventory, _)) = &facts.declared else { return Vec::new() };
    let entry = facts.declaration(thing).map(|it| inventory.entry(it));
    let lacking = || inventory.list().filter(|_| rule.when.misses_entry());
    entry.or_else(lacking).into_iter().collect()
}

/// A blob's commits, fit to be shown: whoever names a branch or a person may name it like a token.
pub(crate) fn commit_of(blob: &Blob<'_>, veil: &Veil) -> Option<Arc<Commit>> {
    let commit = blob.commit?;
    let masked = |text: &String| excerpt::printable(&veil.name(text));
    let revision =
        |it: &Revision| Revision { author: it.author.as_ref().map(masked), ..it.clone() };
    Some(Arc::new(Commit {
        first: revision(&commit.first),
        last: revision(&commit.last),
        refs: commit.refs.iter().map(masked).collect(),
        ..commit.clone()
    }))
}

/// A token is shown whole; anything else by its first line.
fn first_line(bytes: &[u8], thing: &Thing<'_>) -> Range<usize> {
    match thing.what {
        What::Token(_) => thing.span.clone(),
        What::Reference(_) | What::Host | What::Command | What::Value => {
            line(bytes, thing.span.clone())
        }
    }
}

pub(super) fn line(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let end = memchr::memchr(b'\n', &bytes[span.clone()]);
    span.start..end.map_or(span.end, |it| span.start + it)
}

/// Turns offsets into lines and columns, going forwards only, so that a file full of tokens is measured once.
pub(crate) struct Ruler<'b> {
    bytes: &'b [u8],
    at: usize,
    place: Start,
}

impl<'b> Ruler<'b> {
    pub(crate) fn new(blob: &Blob<'b>) -> Self {
        Self { bytes: blob.bytes, at: 0, place: blob.start }
    }

    pub(crate) fn position(&mut self, at: usize) -> Position {
        let at = at.max(self.at);
        self.place = self.place.after(&self.bytes[self.at..at]);
        self.at = at;
        let Start { byte, line, column } = self.place;
        Position { byte, line, column }
    }

    pub(crate) fn ahead(&self, at: usize) -> Position {
        Self { ..*self }.position(at)
    }
}
