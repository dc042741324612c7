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
    let through = pasted.iter().filter_map(|it| it.through(&aliases, layout));
    let through: Vec<_> = through
        .chain(expansions.iter().filter_map(|it| through_variable(it, &aliases, layout)))
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

    /// The reference that it is, if what it names holds a token. What is handed over is pasted as it was written.
    fn through(&self, aliases: &Aliases<'_>, layout: &Layout) -> Option<Reference> {
        let handed = self.written == Written::Unmasked;
        let filler = filler((handed, &self.name), self.span.start, aliases, layout)?;
        Some(Reference { written: if handed { filler } else { self.written }, ..self.reference() })
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

fn through_variable(it: &Expansion, aliases: &Aliases<'_>, layout: &Layout) -> Option<Reference> {
    filler((false, &it.name), it.span.start, aliases, layout).map(|_| variable(it))
}

/// How a token gets into what is named at a byte.
fn filler(
    name: (bool, &str),
    at: usize,
    aliases: &Aliases<'_>,
    layout: &Layout,
) -> Option<Written> {
    let scopes = aliases.get(&name)?;
    layout.spots(at).flat_map(|it| scopes.above(layout.steps(it))).next().copied()
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

/// What holds a token without being called like one, by whether it is handed over to what is called or else a variable, and
/// its name: the scopes that see it, and how the token gets there.
type Aliases<'l> = BTreeMap<(bool, &'l str), Prefixes<Written>>;

fn aliases<'l>(layout: &'l Layout, found: &[Reference]) -> Aliases<'l> {
    let filled = |it: Placed<'l>| {
        let inside = |reference: &Reference| {
            it.value.span.start <= reference.span.start && reference.span.end <= it.value.span.end
        };
        let first = found.partition_point(|reference| reference.span.start < it.value.span.start);
        let behind = found[first..].iter();
        let mut behind = behind.take_while(|reference| reference.span.start < it.value.span.end);
        Some((it, it.variable()?, behind.find(|it| inside(it))?.written))
    };
    let mut aliases = Aliases::new();
    for (placed, name, written) in layout.values().filter_map(filled) {
        let handed = placed.place == Place::Input;
        aliases.entry((handed, name)).or_default().set(placed.scope().1, written);
    }
    aliases
}
