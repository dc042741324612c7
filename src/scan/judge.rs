//! Judges one blob: its tokens and names, by the rules that hold at its path.

use std::mem::discriminant;

use super::name;
use super::reading::Reading;
use super::show::{Ruler, Shower};
use crate::detect::{Fragments, Name, Token};
use crate::excerpt::Veil;
use crate::finding::Finding;
use crate::inventory::Seen;
use crate::platform::{Ci, Class, Platform};
use crate::policy::{Level, Policy};
use crate::rule::Rule;
use crate::site::{Facts, Thing};
use crate::source::Blob;

/// All tokens of a blob, of any certainty.
pub fn tokens(blob: &Blob<'_>, policy: &Policy) -> Vec<Token> {
    policy.detector.find(blob.bytes)
}

/// What rules may speak of in a blob, if it has anything to do with a token.
pub fn facts<'p, 'b>(blob: &Blob<'b>, policy: &'p Policy) -> Facts<'p, 'b> {
    let platform = policy.platforms().of(blob.path, blob.bytes);
    facts_of(blob, blob.bytes, policy, platform, &names(blob.bytes, policy))
}

/// The words that name a token or its host: the family's, and those that are declared.
fn names(bytes: &[u8], policy: &Policy) -> Vec<Name> {
    let mut names = policy.detector.names(bytes);
    let declared = policy.config.inventory.names(bytes);
    if !declared.is_empty() {
        names.extend(declared);
        names.sort_by_key(|it| it.span.start);
    }
    names
}

/// The facts of a blob that is read as `bytes`.
fn facts_of<'p, 'b>(
    blob: &Blob<'_>,
    bytes: &'b [u8],
    policy: &'p Policy,
    platform: Option<&'p Platform>,
    names: &[Name],
) -> Facts<'p, 'b> {
    let mut facts = match blob.is_whole() {
        true => Facts::of(platform, blob.path, bytes, names),
        false => Facts::of_part(platform, bytes),
    };
    facts.ci = policy.platforms().ci(blob.path, platform);
    let inventory = &policy.config.inventory;
    if !inventory.is_empty() {
        facts.declared = Some((inventory, policy.anchor.of(blob.path).into_owned()));
    }
    facts
}

/// Judges one blob and its name. Reads nothing but its arguments.
pub fn check<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Finding<'p>> {
    let mut findings = judge(blob, policy, Callers::NotSought).findings;
    if name::may_hold(blob, policy) {
        findings.extend(name::judge(blob, policy));
    }
    findings
}

/// What is known about who runs a file that is none of CI's own.
#[derive(Clone, Copy)]
pub(super) enum Callers<'p> {
    /// Nothing, and nobody asks.
    NotSought,
    /// Nothing yet.
    Sought,
    /// That CI does, and of which platform it is by that.
    Found(Option<&'p Platform>),
}

/// What judging one blob comes to.
#[derive(Default)]
pub(super) struct Judged<'p> {
    pub(super) findings: Vec<Finding<'p>>,
    /// Whether there may be others if CI turns out to run the file.
    pub(super) hangs: bool,
    /// What is not known of the file, though it names a token: a sentence.
    pub(super) gap: Option<String>,
    /// What is seen of the declared tokens.
    pub(super) seen: Seen,
    /// Those of the blob's tokens.
    pub(super) fragments: Fragments,
}

/// Judges one blob.
pub(super) fn judge<'p>(blob: &Blob<'_>, policy: &'p Policy, callers: Callers<'p>) -> Judged<'p> {
    if !policy.detector.may_hold(blob.bytes) {
        return Judged::default();
    }
    let tokens = tokens(blob, policy);
    let reading = Reading::of(blob);
    let violating = tokens.iter().filter(|it| it.certainty.violates());
    let violating: Vec<Token> = violating.map(|it| reading.token(it)).collect();
    let names = names(reading.bytes(), policy);
    // Most files with the stem have nothing to do with a token: no platform is loaded and nothing parsed for them.
    if violating.is_empty() && names.is_empty() {
        return Judged::default();
    }
    let own = || policy.platforms().of(blob.path, reading.bytes());
    let (is_called, platform) = match callers {
        Callers::Found(platform) => (true, platform.or_else(own)),
        Callers::NotSought | Callers::Sought => (false, own()),
    };
    let mut facts = facts_of(blob, reading.bytes(), policy, platform, &names);
    if is_called {
        facts.ci = facts.ci.max(Ci::Medium);
    }
    let veil = Veil::new(blob.bytes, tokens).and(blob.path.as_bytes());
    let shower = || Shower::new(blob, &reading, policy, &veil);
    let findings = findings(policy, &facts, &violating, shower());
    let mut seen = Seen::default();
    if facts.declared.is_some() {
        let mut shower = shower();
        seen.used(blob, policy, &facts, &mut |it| shower.place(it));
    }
    let gap = facts.gap().filter(|_| !names.is_empty()).map(|it| {
        let at = Ruler::new(blob).position(reading.source(&(it.at..it.at)).start);
        format!(
            "{}: read as text from line {} on, because {}",
            veil.name(blob.path),
            at.line,
            it.reason
        )
    });
    // What people read is run by nobody.
    let is_read = platform.is_some_and(|it| it.class == Class::Docs);
    let hangs = matches!(callers, Callers::Sought) && facts.ci < Ci::Medium && !is_read;
    Judged { findings, hangs, gap, seen, fragments: veil.into_fragments() }
}

/// What the things in a file break.
pub(super) fn findings<'p>(
    policy: &'p Policy,
    facts: &Facts<'p, '_>,
    violating: &[Token],
    mut shower: Shower<'_>,
) -> Vec<Finding<'p>> {
    let here = policy.at(shower.blob.path);
    let things = facts.things(violating).filter(|it| shower.owns(it));
    // Whatever else a thing holds is needed no more: there may be a hundred thousand.
    let broken = things.map(|it| (here.broken(&it, facts).into_boxed_slice(), it.into_bare()));
    let mut broken: Vec<_> = broken.filter(|(rules, _)| !rules.is_empty()).collect();
    broken.sort_by_key(|(_, thing)| (thing.span.start, thing.span.end));
    let mut findings = Vec::new();
    for places in broken.chunk_by(is_one_thing) {
        let mut rules = flattened(places);
        here.settle(&mut rules);
        findings.extend(
            rules
                .into_iter()
                .map(|(rule, (level, thing))| shower.finding(rule, level, thing, facts)),
        );
    }
    findings
}

/// What a thing breaks.
type Broken<'p, 'f> = (Box<[(&'p Rule, Level<'p>)]>, Thing<'f>);

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
