//! Where a token is used without being written: by its name, by a variable that holds it, by what the system pastes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Place;
use super::layout::{Layout, Placed};
use super::prefixes::Prefixes;
use crate::detect::{Name, Named};
use crate::platform::{Expands, Platform, Written};
use crate::syntax::Expansion;

/// One use of a token's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The variable, secret or credential, as it is called here.
    pub name: String,
    /// Where it stands, with what makes it a reference: `${{ secrets.X }}`, `$X`.
    pub span: Range<usize>,
    /// How it is reached.
    pub written: Written,
}

/// All references of a file, in order. `names` are the family's words in it.
///
/// One step of flow is followed: a variable that the file fills from one of the names is one, too, where it is seen.
pub(super) fn references(
    platform: Option<&Platform>,
    layout: &Layout,
    bytes: &[u8],
    names: &[Name],
) -> Vec<Reference> {
    let tokens: Vec<&Name> = names.iter().filter(|it| it.what == Named::Token).collect();
    if tokens.is_empty() {
        return Vec::new();
    }
    let expands = platform.map_or(&[][..], |it| &it.structure.expands);
    let mut found = Vec::new();
    let pasted: Vec<Pasted> = expands.iter().flat_map(|it| pasted(it, layout, bytes)).collect();
    let texts: BTreeSet<&str> = tokens.iter().map(|it| it.text.as_str()).collect();
    let family = |name: &str| texts.contains(name);
    let known: Vec<&Pasted> =
        pasted.iter().filter(|it| it.written == Written::Bulk || family(&it.name)).collect();
    found.extend(known.iter().map(|it| it.reference()));
    let expansions: Vec<&Expansion> = expansions(layout).collect();
    found.extend(expansions.iter().filter(|it| family(&it.name)).map(|it| variable(it)));
    found.sort_by_key(|it| (it.span.start, it.written));
    found.dedup_by(|later, kept| later.span.start < kept.span.end);
    let within = |name: &Name| {
        let before = found.partition_point(|it| it.span.start <= name.span.start);
        before.checked_sub(1).is_some_and(|it| name.span.end <= found[it].span.end)
    };
    let rest = tokens.iter().filter(|it| !within(it)).map(|it| named(it, layout, bytes));
    let rest: Vec<Reference> = rest.collect();
    found.extend(rest);
    found.sort_by_key(|it| it.span.start);
    let aliases = aliases(layout, &found);
    let alias = |name: &str, at: usize| {
        let Some(scopes) = aliases.get(name) else { return false };
        layout.spots(at).any(|it| scopes.above(layout.steps(it)).next().is_some())
    };
    let through = pasted.iter().filter(|it| alias(&it.name, it.span.start)).map(Pasted::reference);
    let through: Vec<_> = through
        .chain(expansions.iter().filter(|it| alias(&it.name, it.span.start)).map(|it| variable(it)))
        .collect();
    found.extend(through);
    found.sort_by_key(|it| (it.span.start, it.written));
    found.dedup_by(|later, kept| later.span.start < kept.span.end);
    found
}

/// What the system pastes somewhere, whatever it is called.
struct Pasted {
    name: String,
    span: Range<usize>,
    written: Written,
}

impl Pasted {
    fn reference(&self) -> Reference {
        Reference { name: self.name.clone(), span: self.span.clone(), written: self.written }
    }
}

fn pasted(expands: &Expands, layout: &Layout, bytes: &[u8]) -> Vec<Pasted> {
    let text = |range: Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
    let mut found = Vec::new();
    for captures in expands.pattern.get().captures_iter(bytes) {
        let (Some(whole), name) = (captures.get(0), captures.name("name")) else { continue };
        // What only tells the expression from a similar one stands before it and is not part of it.
        let whole = captures.name("all").unwrap_or(whole);
        let replaced = |spot| {
            let placed = layout.value(spot);
            let place = placed.map_or(Place::Value, |it| it.place);
            (expands.places.is_empty() || expands.places.contains(&place))
                && (!expands.interpolated || placed.is_some_and(|it| it.value.interpolates))
        };
        if !layout.spots(whole.start()).any(replaced) {
            continue;
        }
        let name = text(name.unwrap_or(whole).range());
        found.push(Pasted { name, span: whole.range(), written: expands.written });
    }
    found
}

fn expansions(layout: &Layout) -> impl Iterator<Item = &Expansion> {
    layout.commands().iter().flat_map(|it| {
        let words = it.command.words.iter();
        let targets = it.command.redirects.iter().map(|it| &it.target);
        words.chain(targets).flat_map(|it| &it.expansions)
    })
}

fn variable(expansion: &Expansion) -> Reference {
    let Expansion { name, span, .. } = expansion;
    Reference { name: name.clone(), span: span.clone(), written: Written::Variable }
}

/// What makes a variable of a name, in the languages that have no parser here.
const SIGILS: [&[u8]; 5] = [b"$", b"${", b"$env:", b"%", b"!"];

/// A name that nothing replaces: the name of a value, a variable by the look of it, or a word.
fn named(name: &Name, layout: &Layout, bytes: &[u8]) -> Reference {
    let spot = layout.spot(name.span.start);
    let is_key = layout.value(spot).is_some_and(|it| it.value.key.contains(&name.span.start));
    let before = &bytes[name.span.start.saturating_sub(5)..name.span.start];
    let sigil = SIGILS.iter().find(|it| before.ends_with(it));
    let (written, from) = match sigil {
        _ if is_key => (Written::Definition, 0),
        Some(sigil) => (Written::Variable, sigil.len()),
        None => (Written::Name, 0),
    };
    let closes = before.ends_with(b"{") && bytes.get(name.span.end) == Some(&b'}');
    let span = name.span.start - from..name.span.end + usize::from(closes && from > 0);
    Reference { name: name.text.clone(), span, written }
}

/// The variables that hold a token without being called like one, and the scopes that see each.
fn aliases<'l>(layout: &'l Layout, found: &[Reference]) -> BTreeMap<&'l str, Prefixes<()>> {
    let filled = |it: &&Placed| {
        let inside = |reference: &Reference| {
            it.value.span.start <= reference.span.start && reference.span.end <= it.value.span.end
        };
        let first = found.partition_point(|reference| reference.span.start < it.value.span.start);
        it.variable().is_some()
            && found[first..]
                .iter()
                .take_while(|reference| reference.span.start < it.value.span.end)
                .any(inside)
    };
    let mut aliases: BTreeMap<&str, Prefixes<()>> = BTreeMap::new();
    for placed in layout.values().filter(filled) {
        if let Some(name) = placed.variable() {
            aliases.entry(name).or_default().at(placed.scope().1);
        }
    }
    aliases
}
