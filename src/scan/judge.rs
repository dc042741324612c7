//! Judges one blob: its tokens and names, by the rules that hold at its path.

use std::mem::discriminant;
use std::ops::Range;
use std::sync::Arc;

use crate::detect::{Detector, Name, Token};
use crate::excerpt::{self, Excerpt};
use crate::finding::{Finding, Fingerprint, Position, Subject};
use crate::platform::{Ci, Class};
use crate::policy::{Level, Policy};
use crate::rule::Rule;
use crate::site::{Facts, Thing, What};
use crate::source::{Blob, Commit, Revision, Start};

/// All tokens of a blob, of any certainty.
pub fn tokens(blob: &Blob<'_>, policy: &Policy) -> Vec<Token> {
    policy.detector.find(blob.bytes)
}

/// What rules may speak of in a blob, if it has anything to do with a token.
pub fn facts<'p, 'b>(blob: &Blob<'b>, policy: &'p Policy) -> Facts<'p, 'b> {
    facts_of(blob, policy, &policy.detector.names(blob.bytes))
}

fn facts_of<'p, 'b>(blob: &Blob<'b>, policy: &'p Policy, names: &[Name]) -> Facts<'p, 'b> {
    let platform = policy.platforms().of(blob.path, blob.bytes);
    match blob.is_whole() {
        true => Facts::of(platform, blob.bytes, names),
        false => Facts::of_part(platform, blob.bytes),
    }
}

/// Judges one blob. Reads nothing but its arguments.
pub fn check<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Finding<'p>> {
    judge(blob, policy, false).findings
}

/// What judging one blob comes to.
#[derive(Default)]
pub(super) struct Judged<'p> {
    pub(super) findings: Vec<Finding<'p>>,
    /// What they would be if CI were known to run the file; nothing if that is known already.
    pub(super) if_called: Vec<Finding<'p>>,
}

/// Judges one blob, and once more as if CI ran it, if `callers` may be found.
pub(super) fn judge<'p>(blob: &Blob<'_>, policy: &'p Policy, callers: bool) -> Judged<'p> {
    if !policy.detector.may_hold(blob.bytes) {
        return Judged::default();
    }
    let tokens = tokens(blob, policy);
    let violating = tokens.iter().filter(|it| it.certainty.violates());
    let violating: Vec<Token> = violating.cloned().collect();
    let names = policy.detector.names(blob.bytes);
    // Most files with the stem have nothing to do with a token: no platform is loaded and nothing parsed for them.
    if violating.is_empty() && names.is_empty() {
        return Judged::default();
    }
    let mut facts = facts_of(blob, policy, &names);
    let findings = findings(blob, policy, &facts, &tokens, &violating);
    // What people read is run by nobody.
    let is_read = facts.platform.is_some_and(|it| it.class == Class::Docs);
    let mut if_called = Vec::new();
    if callers && facts.ci < Ci::Medium && !is_read {
        facts.ci = Ci::Medium;
        if_called = self::findings(blob, policy, &facts, &tokens, &violating);
    }
    Judged { findings, if_called }
}

fn findings<'p>(
    blob: &Blob<'_>,
    policy: &'p Policy,
    facts: &Facts<'p, '_>,
    tokens: &[Token],
    violating: &[Token],
) -> Vec<Finding<'p>> {
    let here = policy.at(blob.path);
    let things = facts.things(violating).filter(|it| blob.owned.holds(&it.span));
    let broken = things.map(|it| (here.broken(&it, facts), it));
    let mut broken: Vec<_> = broken.filter(|(rules, _)| !rules.is_empty()).collect();
    broken.sort_by_key(|(_, thing)| (thing.span.start, thing.span.end));
    let mut shower = Shower::new(blob, policy, facts, tokens);
    let mut findings = Vec::new();
    for places in broken.chunk_by(is_one_thing) {
        let mut rules = flattened(places);
        here.settle(&mut rules);
        let made = rules.into_iter().map(|(rule, (level, it))| shower.finding(rule, level, it));
        findings.extend(made);
    }
    findings
}

/// What a thing breaks.
type Broken<'p, 'f> = (Vec<(&'p Rule, Level<'p>)>, Thing<'f>);

/// Whether two are one thing in two places, as at the aliases of a YAML file.
fn is_one_thing((_, a): &Broken<'_, '_>, (_, b): &Broken<'_, '_>) -> bool {
    a.span == b.span && discriminant(&a.what) == discriminant(&b.what)
}

/// Each rule that one thing breaks, with the place where it does.
fn flattened<'p, 't, 'f>(
    places: &'t [Broken<'p, 'f>],
) -> Vec<(&'p Rule, (Level<'p>, &'t Thing<'f>))> {
    let rules = places.iter().flat_map(|(rules, thing)| rules.iter().map(move |it| (it, thing)));
    rules.map(|((rule, level), thing)| (*rule, (*level, thing))).collect()
}

/// Makes findings of things, going forwards through a blob.
struct Shower<'p, 'c, 'b> {
    blob: &'c Blob<'b>,
    detector: &'p Detector,
    facts: &'c Facts<'p, 'b>,
    tokens: &'c [Token],
    path: Arc<str>,
    commit: Option<Arc<Commit>>,
    /// The path from the root of the policy, by which the finding is known.
    anchored: String,
    ruler: Ruler<'b>,
}

impl<'p, 'c, 'b> Shower<'p, 'c, 'b> {
    fn new(
        blob: &'c Blob<'b>,
        policy: &'p Policy,
        facts: &'c Facts<'p, 'b>,
        tokens: &'c [Token],
    ) -> Self {
        let (detector, ruler) = (policy.detector, Ruler::new(blob));
        let path = excerpt::masked(blob.path, detector);
        let anchored = policy.anchor.of(&path).into_owned();
        let commit = commit_of(blob, detector);
        Self { blob, detector, facts, tokens, path: path.into(), commit, anchored, ruler }
    }

    fn finding(&mut self, rule: &'p Rule, level: Level<'p>, thing: &Thing<'_>) -> Finding<'p> {
        let span = first_line(self.blob.bytes, thing);
        let (start, end) = (self.ruler.position(span.start), self.ruler.ahead(span.end));
        let (site, subject) = (self.facts.site(thing, self.detector), self.subject(thing));
        let address = site.address.as_deref().unwrap_or_default();
        Finding {
            rule,
            enforcement: level.enforcement,
            set: level.set,
            path: self.path.clone(),
            start,
            end,
            excerpt: Excerpt::new(self.blob.bytes, &span, self.tokens),
            fingerprint: Fingerprint::of(rule, &self.anchored, &subject, address),
            subject,
            site,
            related: Vec::new(),
            commit: self.commit.clone(),
            exemption: None,
        }
    }

    fn subject(&self, thing: &Thing<'_>) -> Subject {
        match thing.what {
            What::Token(token) => Subject::Token(token.clone()),
            What::Reference(_) | What::Host | What::Command | What::Value => {
                let name = self.facts.subject(thing).map_or("", |it| &it.name);
                Subject::Named(excerpt::masked(name, self.detector))
            }
        }
    }
}

/// A blob's commits, fit to be shown: whoever names a branch or a person may name it like a token.
pub(crate) fn commit_of(blob: &Blob<'_>, detector: &Detector) -> Option<Arc<Commit>> {
    let commit = blob.commit?;
    let masked = |text: &String| excerpt::printable(&excerpt::masked(text, detector));
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
