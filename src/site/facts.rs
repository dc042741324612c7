//! Everything that rules may ask about one thing in a file.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::enter::{Filled, is_assigned};
use super::layout::{Layout, Placed, Run, Spot};
use super::prefixes::Prefixes;
use super::reference::{self, Reference};
use super::{Place, Site};
use crate::detect::{Encoding, Name, Named, Token};
use crate::inventory::{Declared, Inventory};
use crate::lazy::LazyRegex;
use crate::platform::{Ci, Platform, Written};
use crate::syntax::{self, Output, Step, Syntax, Unparsed, Word};

/// A file with everything in it that rules may speak of.
pub struct Facts<'p, 'b> {
    /// The system that reads the file, if it is known.
    pub platform: Option<&'p Platform>,
    /// The file's bytes.
    pub bytes: &'b [u8],
    /// How sure it is that CI runs the file.
    pub ci: Ci,
    /// What is declared, and the file's path from the root of the policy; nothing, if nothing is declared.
    pub declared: Option<(&'p Inventory, String)>,
    filled: OnceCell<Filled>,
    layout: Layout,
    references: Vec<Reference>,
    hosts: Vec<Range<usize>>,
    /// The scopes that hold a token.
    holders: Prefixes<()>,
    /// The last reference that each scope has, but for those to everything at once.
    named: Prefixes<usize>,
    /// The scripts that use a token, and where.
    users: BTreeMap<Option<Vec<Step>>, Vec<usize>>,
}

/// One thing in a file that a rule may speak of.
#[derive(Clone, Debug)]
pub struct Thing<'f> {
    /// What it is.
    pub what: What<'f>,
    /// Where it stands.
    pub span: Range<usize>,
    spot: Spot,
    /// Its command in one form, once a rule has asked for that.
    pub(super) line: OnceCell<Option<String>>,
}

impl<'f> Thing<'f> {
    fn at(spot: Spot, what: What<'f>, span: Range<usize>) -> Self {
        Self { what, span, spot, line: OnceCell::new() }
    }

    /// The same without what rules have asked for.
    #[must_use]
    pub fn into_bare(self) -> Self {
        Self { line: OnceCell::new(), ..self }
    }
}

/// What a thing is.
#[derive(Clone, Copy, Debug)]
pub enum What<'f> {
    /// A token literal.
    Token(&'f Token),
    /// A token's name.
    Reference(&'f Reference),
    /// The host that tokens are for.
    Host,
    /// A command of a script.
    Command,
    /// A value of the file.
    Value,
}

impl<'p, 'b> Facts<'p, 'b> {
    /// Reads a whole file; `names` are the family's words in it.
    pub fn of(platform: Option<&'p Platform>, path: &str, bytes: &'b [u8], names: &[Name]) -> Self {
        if platform.is_some_and(|it| it.quotes) {
            return Self::of_unparsed(platform, bytes, None);
        }
        let layout = platform.map_or_else(Layout::default, |it| Layout::of(it, path, bytes));
        let references = reference::references(platform, &layout, bytes, names);
        let hosts = names.iter().filter(|it| it.what == Named::Host);
        let hosts = hosts.map(|it| it.span.clone()).collect();
        let mut facts =
            Self { layout, references, hosts, ..Self::of_unparsed(platform, bytes, None) };
        facts.index();
        facts
    }

    /// A part of a file, about which nothing is known but its platform.
    pub fn of_part(platform: Option<&'p Platform>, bytes: &'b [u8]) -> Self {
        let is_parsed = platform.is_some_and(|it| it.structure.syntax != Syntax::Text);
        Self::of_unparsed(platform, bytes, is_parsed.then_some(syntax::TOO_LARGE))
    }

    fn of_unparsed(platform: Option<&'p Platform>, bytes: &'b [u8], why: Option<Unparsed>) -> Self {
        Self {
            platform,
            bytes,
            ci: platform.map_or(Ci::None, |it| it.ci),
            declared: None,
            filled: OnceCell::new(),
            layout: why.map_or_else(Layout::default, Layout::unparsed),
            references: Vec::new(),
            hosts: Vec::new(),
            holders: Prefixes::default(),
            named: Prefixes::default(),
            users: BTreeMap::new(),
        }
    }

    /// Notes what each reference makes of the places where it is meant.
    fn index(&mut self) {
        let Self { layout, references, .. } = self;
        for (i, reference) in references.iter().enumerate() {
            for spot in layout.spots(reference.span.start) {
                let scope = layout.scope(spot).1;
                if reference.written != Written::Bulk {
                    *self.named.at(scope) = i;
                }
                if holds(reference, layout.value(spot)) {
                    self.holders.at(scope);
                }
                if uses(reference) {
                    let script = layout.script(spot).map(<[Step]>::to_vec);
                    self.users.entry(script).or_default().push(reference.span.start);
                }
            }
        }
    }

    /// Everything that rules may speak of: `tokens`, then what stands without one. What is written once and meant in
    /// several places is a thing in each of them.
    pub fn things<'f>(&'f self, tokens: &'f [Token]) -> impl Iterator<Item = Thing<'f>> {
        let at = |what, span: &'f Range<usize>| {
            let spots = self.layout.spots(span.start);
            spots.map(move |spot| Thing::at(spot, what, span.clone()))
        };
        // A literal says all that there is to say about the variable which holds it.
        let value = |span: &Range<usize>| self.layout.spot(span.start).in_value();
        let filled: BTreeSet<_> = tokens.iter().filter_map(|it| value(&it.span)).collect();
        let namer = |it: &Token| self.layout.namer(self.layout.spot(it.span.start))?.in_value();
        let namers: BTreeSet<_> = tokens.iter().filter_map(namer).collect();
        let names_it = move |it: &&Reference| {
            // `NAME=literal` is one value.
            let own = is_assigned(self.bytes, it) || it.written == Written::Definition;
            let holds = |place| own && filled.contains(&place) || namers.contains(&place);
            value(&it.span).is_some_and(holds)
        };
        let tokens = tokens.iter().flat_map(move |it| at(What::Token(it), &it.span));
        let references = self.references.iter().filter(move |it| !names_it(it));
        let references = references.flat_map(move |it| at(What::Reference(it), &it.span));
        let hosts = self.hosts.iter().flat_map(move |it| at(What::Host, it));
        // Commands and values are spoken of only where the file has to do with a token.
        let parts = self.parts().filter(|_| !self.references.is_empty());
        tokens.chain(references).chain(hosts).chain(parts)
    }

    /// The commands and values of the file.
    pub fn parts(&self) -> impl Iterator<Item = Thing<'_>> {
        self.commands().chain(self.values())
    }

    fn commands(&self) -> impl Iterator<Item = Thing<'_>> {
        self.layout.command_spots().filter_map(|it| self.command_at(it))
    }

    fn command_at(&self, spot: Spot) -> Option<Thing<'_>> {
        let span = self.layout.command(spot)?.command.span.clone();
        Some(Thing::at(spot, What::Command, span))
    }

    fn values(&self) -> impl Iterator<Item = Thing<'_>> {
        self.layout.value_spots().filter_map(|spot| {
            let span = self.layout.value(spot)?.value.span.clone();
            Some(Thing::at(spot, What::Value, span))
        })
    }

    /// Where the file was first read as text, if it was, and why.
    pub fn gap(&self) -> Option<&Unparsed> {
        self.layout.first_gap()
    }

    /// The value that a thing is or stands in.
    pub fn value(&self, thing: &Thing<'_>) -> Option<Placed<'_>> {
        self.layout.value(thing.spot)
    }

    /// The command that a thing is or stands in.
    pub fn command(&self, thing: &Thing<'_>) -> Option<&Run> {
        self.layout.command(thing.spot)
    }

    /// What the place of a thing is. A literal in a word that sets a variable, as in `export X=…`, is in that variable's place.
    pub fn place(&self, thing: &Thing<'_>) -> Option<Place> {
        let placed = self.value(thing);
        let sets = |word: &Word| placed.is_some_and(|it| word.span.contains(&it.value.key.start));
        match (self.layout.word(thing.spot), thing.what) {
            (Some((word, true)), What::Token(_)) if !sets(word) => Some(Place::Argument),
            (Some((_, true)), What::Reference(_) | What::Host) => Some(Place::Argument),
            _ => placed.map(|it| it.place),
        }
    }

    /// Whether the innermost scope of a thing has narrower ones inside it: what is set here is seen by all of them.
    pub fn is_wide(&self, thing: &Thing<'_>) -> bool {
        let scopes = self.platform.map_or(&[][..], |it| &it.structure.scopes);
        self.layout.scope(thing.spot).0.is_some_and(|it| scopes[it].wide)
    }

    /// Whether a mark holds where a thing stands.
    pub fn is_marked(&self, thing: &Thing<'_>, mark: &str) -> bool {
        self.layout.marked(thing.spot, mark)
    }

    /// Whether the environment in which a thing is read holds a token.
    pub fn holds(&self, thing: &Thing<'_>) -> bool {
        self.holders.above(self.layout.steps(thing.spot)).next().is_some()
    }

    /// Whether a token is held somewhere in the part of the file that shares a work folder with a thing.
    pub fn holds_around(&self, thing: &Thing<'_>) -> bool {
        let steps = self.layout.steps(thing.spot);
        let scopes = self.platform.map_or(&[][..], |it| &it.structure.scopes);
        let shared = scopes.iter().find(|it| it.shares_files).and_then(|it| it.at.prefix_of(steps));
        let shared = &steps[..shared.unwrap_or(0)];
        self.holders.any_below(shared) || self.holders.above(shared).next().is_some()
    }

    /// Whether the script of a thing uses a token by a name.
    pub fn uses(&self, thing: &Thing<'_>) -> bool {
        self.uses_of(thing).next().is_some()
    }

    /// Whether it does so behind a command, and before the next one that matches one of some patterns.
    pub fn uses_until(&self, thing: &Thing<'_>, until: &[LazyRegex]) -> bool {
        let script = self.layout.script(thing.spot);
        let ends = |it: &Thing<'_>| {
            let line = self.line(it).unwrap_or_default();
            until.iter().any(|it| it.is_match(line.as_bytes()))
        };
        let later = self.layout.later_commands(thing.spot).take(LATER);
        let later = later.filter_map(|it| self.command_at(it));
        let mut later = later.take_while(|it| self.layout.script(it.spot) == script);
        let end = later.find(ends).map_or(usize::MAX, |it| it.span.start);
        self.uses_of(thing).any(|it| (thing.span.start..end).contains(&it))
    }

    /// Where the script of a thing uses a token.
    fn uses_of(&self, thing: &Thing<'_>) -> impl Iterator<Item = usize> {
        let none = self.users.is_empty();
        let script = || self.layout.script(thing.spot).map(<[Step]>::to_vec);
        let found = if none { None } else { self.users.get(&script()) };
        found.into_iter().flatten().copied()
    }

    /// The entry of the inventory that declares a reference or a token, by its place among all.
    pub fn entry(&self, thing: &Thing<'_>) -> Option<usize> {
        let (inventory, _) = self.declared.as_ref()?;
        match thing.what {
            What::Reference(it) => inventory.find(&it.name, &self.bytes[it.span.clone()]),
            What::Token(it) => inventory.find_token(it),
            What::Host | What::Command | What::Value => None,
        }
    }

    /// The same, with what it declares.
    pub fn declaration(&self, thing: &Thing<'_>) -> Option<&'p Declared> {
        let (inventory, _) = self.declared.as_ref()?;
        self.entry(thing).map(|it| &inventory.tokens()[it])
    }

    /// Whether a declared token may be used in this file.
    pub fn may_use(&self, token: &Declared) -> bool {
        let used_by = &token.used_by;
        let path = self.declared.as_ref().map_or("", |it| &it.1);
        used_by.texts().is_empty() || used_by.match_path(path)
    }

    /// Whether a token comes into the file by a reference: nothing in the file fills the name.
    pub fn enters(&self, thing: &Thing<'_>) -> bool {
        let What::Reference(reference) = thing.what else { return false };
        let (layout, bytes, all) = (&self.layout, self.bytes, &self.references);
        let filled = self.filled.get_or_init(|| Filled::of(layout, bytes, all));
        filled.enters((layout, bytes), all, (thing.spot, self.place(thing)), reference)
    }

    /// The patterns of the commands to which the platform gives a meaning.
    pub fn meaning(&self, does: &str) -> &[LazyRegex] {
        let commands = self.platform.and_then(|it| it.structure.commands.get(does));
        commands.map_or(&[], Vec::as_slice)
    }

    /// Whether what the command of a thing prints is seen by whoever runs the script.
    pub fn is_shown(&self, thing: &Thing<'_>) -> bool {
        let Some(mut run) = self.command(thing) else { return false };
        // A pipe ends somewhere: a cycle would be the parser's mistake. Each command of a very long one may hold a thing.
        for _ in 0..LATER {
            let to_file = |it: &str| matches!(it, ">" | ">>" | "1>" | "1>>" | "&>" | "&>>" | ">|");
            let mut redirects = run.command.redirects.iter().filter(|it| to_file(&it.operator));
            if redirects.any(|it| {
                !matches!(
                    it.target.text.as_str(),
                    "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "&2" | "&1"
                )
            }) {
                return false;
            }
            match run.command.output {
                Output::Shown => return true,
                Output::Captured => return false,
                Output::PipedTo(next) => {
                    let Some(next) = self.layout.commands().get(next) else { return false };
                    if !next.command.name().is_some_and(|it| PASS_ON.contains(&it)) {
                        return false;
                    }
                    run = next;
                }
            }
        }
        false
    }

    /// The facts of a thing that a finding keeps. `name` masks tokens in the address.
    pub fn site(&self, thing: &Thing<'_>, name: &dyn Fn(&str) -> String) -> Site<'p> {
        let scopes = self.platform.map_or(&[][..], |it| &it.structure.scopes);
        let scope = self.layout.scope(thing.spot).0.map(|it| scopes[it].name.as_str());
        let address = self.layout.written_at(thing.spot, thing.span.start);
        let address = address.map(|it| name(&it.to_string()).into());
        let unparsed = self.layout.gap(thing.spot, thing.span.end).map(|it| it.reason);
        let (platform, ci, place) = (self.platform, self.ci, self.place(thing));
        let replacement = self.replacement(thing);
        Site { platform, ci, address, place, scope, replacement, unparsed }
    }

    /// What the platform lets stand for a literal that is all of a value.
    fn replacement(&self, thing: &Thing<'_>) -> Option<&'p str> {
        let What::Token(token) = thing.what else { return None };
        let (platform, placed) = (self.platform?, self.value(thing)?);
        let value = &placed.value.span;
        let quoted = matches!(self.bytes.get(value.start)?, b'"' | b'\'');
        let inner = value.start + usize::from(quoted)..value.end - usize::from(quoted);
        let whole = token.encoding == Encoding::Plain && inner == token.span;
        // A brace ends an unquoted value among others on one line.
        let rest = self.bytes[value.end..].iter().find(|it| **it != b' ');
        let alone = quoted || rest.is_none_or(|it| b"\r\n#".contains(it));
        let fits = whole && alone && platform.replaces.contains(&placed.place);
        fits.then_some(&*platform.reference)
    }

    /// What a finding without a literal is about: the name that is used, or the one that is held here.
    pub fn subject<'f>(&'f self, thing: &Thing<'f>) -> Option<&'f Reference> {
        match thing.what {
            What::Reference(reference) => Some(reference),
            What::Token(_) => None,
            What::Host | What::Command | What::Value => {
                let near = self.named.above(self.layout.steps(thing.spot)).max();
                near.map(|&it| &self.references[it]).or(self.references.first())
            }
        }
    }
}

/// Whether a reference, in a value, says that the environment there has the token.
fn holds(reference: &Reference, placed: Option<Placed<'_>>) -> bool {
    match reference.written {
        Written::Definition => placed.is_some_and(|it| !it.value.text.bytes().is_empty()),
        Written::Name => placed.is_some_and(|it| it.place == Place::Credential),
        Written::Variable | Written::Template | Written::PreExpanded | Written::Unmasked => true,
        Written::Bulk => false,
    }
}

/// Whether a reference stands for the token's value.
fn uses(reference: &Reference) -> bool {
    match reference.written {
        Written::Variable | Written::Template | Written::PreExpanded | Written::Unmasked => true,
        Written::Definition | Written::Bulk | Written::Name => false,
    }
}

/// How many commands behind one are asked whether they end what it began, or take what it prints.
const LATER: usize = 64;

/// Programs that print what they read.
const PASS_ON: [&str; 17] = [
    "awk", "base64", "cat", "column", "cut", "grep", "head", "jq", "less", "more", "rev", "sed",
    "sort", "tail", "tee", "tr", "xxd",
];
