//! Everything that rules may ask about one thing in a file.

use std::ops::Range;

use super::layout::{Layout, Placed, Run, Spot};
use super::reference::{self, Reference};
use super::{Place, Site};
use crate::detect::{Name, Named, Token};
use crate::excerpt;
use crate::lazy::LazyRegex;
use crate::platform::{Ci, Platform, Written};
use crate::syntax::{Output, Step};

/// A file with everything in it that rules may speak of.
pub struct Facts<'p, 'b> {
    /// The system that reads the file, if it is known.
    pub platform: Option<&'p Platform>,
    /// The file's bytes.
    pub bytes: &'b [u8],
    /// How sure it is that CI runs the file.
    pub ci: Ci,
    layout: Layout,
    references: Vec<Reference>,
    hosts: Vec<Range<usize>>,
    /// The scopes that hold a token.
    holders: Vec<Vec<Step>>,
}

/// One thing in a file that a rule may speak of.
#[derive(Clone, Debug)]
pub struct Thing<'f> {
    /// What it is.
    pub what: What<'f>,
    /// Where it stands.
    pub span: Range<usize>,
    spot: Spot,
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
    pub fn of(platform: Option<&'p Platform>, bytes: &'b [u8], names: &[Name]) -> Self {
        let layout = platform.map_or_else(Layout::default, |it| Layout::of(it, bytes));
        let references = reference::references(platform, &layout, bytes, names);
        let hosts = names.iter().filter(|it| it.what == Named::Host);
        let hosts = hosts.map(|it| it.span.clone()).collect();
        let ci = platform.map_or(Ci::None, |it| it.ci);
        let mut facts =
            Self { platform, bytes, ci, layout, references, hosts, holders: Vec::new() };
        facts.holders = facts.holders();
        facts
    }

    /// A part of a file, about which nothing is known but its platform.
    pub fn of_part(platform: Option<&'p Platform>, bytes: &'b [u8]) -> Self {
        let ci = platform.map_or(Ci::None, |it| it.ci);
        let (layout, references) = (Layout::default(), Vec::new());
        Self { platform, bytes, ci, layout, references, hosts: Vec::new(), holders: Vec::new() }
    }

    fn holders(&self) -> Vec<Vec<Step>> {
        let holds = |it: &&Reference| {
            let spot = self.layout.spot(it.span.start);
            let placed = self.layout.value(spot);
            match it.written {
                Written::Definition => placed.is_some_and(|it| !it.value.text.bytes().is_empty()),
                Written::Name => placed.is_some_and(|it| it.place == Place::Credential),
                Written::Variable
                | Written::Template
                | Written::PreExpanded
                | Written::Unmasked => true,
                Written::Bulk => false,
            }
        };
        let scope = |it: &Reference| self.layout.scope(self.layout.spot(it.span.start)).1.to_vec();
        let mut holders: Vec<_> = self.references.iter().filter(holds).map(scope).collect();
        holders.dedup();
        holders
    }

    /// Everything that rules may speak of: `tokens`, then what stands without one.
    pub fn things<'f>(&'f self, tokens: &'f [Token]) -> impl Iterator<Item = Thing<'f>> {
        let at = |what, span: &Range<usize>| Thing {
            what,
            span: span.clone(),
            spot: self.layout.spot(span.start),
        };
        // A literal says all that there is to say about the variable which holds it.
        let filled: Vec<Spot> = tokens.iter().map(|it| self.layout.spot(it.span.start)).collect();
        let names_it = move |it: &&Reference| {
            it.written == Written::Definition
                && filled.iter().any(|spot| spot.is_in_same_value(self.layout.spot(it.span.start)))
        };
        let tokens = tokens.iter().map(move |it| at(What::Token(it), &it.span));
        let references = self.references.iter().filter(move |it| !names_it(it));
        let references = references.map(move |it| at(What::Reference(it), &it.span));
        let hosts = self.hosts.iter().map(move |it| at(What::Host, it));
        // Commands and values are spoken of only where the file has to do with a token.
        let parts = self.parts().filter(|_| !self.references.is_empty());
        tokens.chain(references).chain(hosts).chain(parts)
    }

    /// The commands and values of the file.
    pub fn parts(&self) -> impl Iterator<Item = Thing<'_>> {
        self.commands().chain(self.values())
    }

    fn commands(&self) -> impl Iterator<Item = Thing<'_>> {
        self.layout.command_spots().filter_map(|spot| {
            let span = self.layout.command(spot)?.command.span.clone();
            Some(Thing { what: What::Command, span, spot })
        })
    }

    fn values(&self) -> impl Iterator<Item = Thing<'_>> {
        self.layout.value_spots().filter_map(|spot| {
            let span = self.layout.value(spot)?.value.span.clone();
            Some(Thing { what: What::Value, span, spot })
        })
    }

    /// The value that a thing is or stands in.
    pub fn value(&self, thing: &Thing<'_>) -> Option<&Placed> {
        self.layout.value(thing.spot)
    }

    /// The command that a thing is or stands in.
    pub fn command(&self, thing: &Thing<'_>) -> Option<&Run> {
        self.layout.command(thing.spot)
    }

    /// What the place of a thing is.
    pub fn place(&self, thing: &Thing<'_>) -> Option<Place> {
        match (self.layout.word(thing.spot), thing.what) {
            (Some((_, true)), What::Token(_) | What::Reference(_) | What::Host) => {
                Some(Place::Argument)
            }
            _ => self.value(thing).map(|it| it.place),
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
        self.holders.iter().any(|it| reference::seen(&self.layout, thing.spot, it))
    }

    /// Whether a token is held somewhere in the part of the file that shares a work folder with a thing.
    pub fn holds_around(&self, thing: &Thing<'_>) -> bool {
        let steps = self.layout.address(thing.spot).map_or(&[][..], |it| it.steps());
        let scopes = self.platform.map_or(&[][..], |it| &it.structure.scopes);
        let shared = scopes.iter().find(|it| it.shares_files).and_then(|it| it.at.prefix_of(steps));
        let shared = &steps[..shared.unwrap_or(0)];
        self.holders.iter().any(|it| it.starts_with(shared) || shared.starts_with(it))
    }

    /// Whether the script of a thing uses a token by a name.
    pub fn uses(&self, thing: &Thing<'_>) -> bool {
        let script = self.layout.script(thing.spot);
        self.references.iter().any(|it| {
            let spot = self.layout.spot(it.span.start);
            let used = match it.written {
                Written::Variable
                | Written::Template
                | Written::PreExpanded
                | Written::Unmasked => true,
                Written::Definition | Written::Bulk | Written::Name => false,
            };
            used && self.layout.script(spot) == script
        })
    }

    /// The command of a thing in one form, however it is quoted: its words and redirections with a space between them, a
    /// program without its folder, and `@` for the thing itself.
    pub fn line(&self, thing: &Thing<'_>) -> Option<String> {
        let command = &self.command(thing)?.command;
        let mut line = command.name().unwrap_or_default().to_owned();
        let raw = String::from_utf8_lossy(&self.bytes[thing.span.clone()]);
        let targets = command.redirects.iter().map(|it| (it.operator.as_str(), &it.target));
        for (before, word) in command.arguments().iter().map(|it| ("", it)).chain(targets) {
            line.push(' ');
            if !before.is_empty() {
                line.push_str(before);
                line.push(' ');
            }
            let is_here = word.span.contains(&thing.span.start);
            match is_here && !matches!(thing.what, What::Command) {
                true if word.text.contains(&*raw) => line += &word.text.replacen(&*raw, "@", 1),
                true => line.push('@'),
                false => line += &word.text,
            }
        }
        Some(line)
    }

    /// The patterns of the commands to which the platform gives a meaning.
    pub fn meaning(&self, does: &str) -> &[LazyRegex] {
        let commands = self.platform.and_then(|it| it.structure.commands.get(does));
        commands.map_or(&[], Vec::as_slice)
    }

    /// Whether what the command of a thing prints is seen by whoever runs the script.
    pub fn is_shown(&self, thing: &Thing<'_>) -> bool {
        let Some(mut run) = self.command(thing) else { return false };
        // A pipe ends somewhere; a cycle would be the parser's mistake.
        for _ in 0..self.layout.commands().len() {
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
    pub fn site(&self, thing: &Thing<'_>, detector: &crate::detect::Detector) -> Site<'p> {
        let scopes = self.platform.map_or(&[][..], |it| &it.structure.scopes);
        let scope = self.layout.scope(thing.spot).0.map(|it| scopes[it].name.as_str());
        let address = self.layout.address(thing.spot);
        let address = address.map(|it| excerpt::masked(&it.to_string(), detector));
        Site { platform: self.platform, ci: self.ci, address, place: self.place(thing), scope }
    }

    /// What a finding without a literal is about: the name that is used, or the one that is held here.
    pub fn subject<'f>(&'f self, thing: &Thing<'f>) -> Option<&'f Reference> {
        match thing.what {
            What::Reference(reference) => Some(reference),
            What::Token(_) => None,
            What::Host | What::Command | What::Value => {
                let near = |it: &&Reference| {
                    let scope = self.layout.scope(self.layout.spot(it.span.start)).1;
                    reference::seen(&self.layout, thing.spot, scope)
                };
                self.references
                    .iter()
                    .filter(|it| it.written != Written::Bulk)
                    .rfind(near)
                    .or(self.references.first())
            }
        }
    }
}

/// Programs that print what they read.
const PASS_ON: [&str; 17] = [
    "awk", "base64", "cat", "column", "cut", "grep", "head", "jq", "less", "more", "rev", "sed",
    "sort", "tail", "tee", "tr", "xxd",
];
