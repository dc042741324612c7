//! The predicate of a rule: which things, in which places, break it.

use serde::{Deserialize, Deserializer};

use super::declaration::Declaration;
use super::variable::Variable;
use crate::detect::{Environment, Kind, Token};
use crate::environment::Held;
use crate::inventory::{Shown, Term};
use crate::lazy::{Ending, LazyRegex};
use crate::platform::{Ci, Class, Written};
use crate::site::{Facts, Place, Thing, What};
use crate::suppress::Flaw;

/// When something breaks a rule: in any of these cases.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct When(#[serde(deserialize_with = "one_or_more")] Vec<Case>);

/// One case: every key that is given must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is judged.
    #[serde(default)]
    subject: Subject,
    /// Which tokens.
    #[serde(default)]
    token: TokenIs,
    /// What is wrong with a suppression: such a case is about nothing else.
    #[serde(default)]
    suppression: Option<Flaw>,
    /// Which declared tokens: such a case is about nothing else.
    #[serde(default)]
    declaration: Option<Declaration>,
    /// Which variables of a running job: such a case is about nothing else.
    #[serde(default)]
    variable: Option<Variable>,
    /// Patterns of which one must match the whole name of a reference, or the key of a value.
    #[serde(default)]
    name: Vec<LazyRegex>,
    /// How a reference reaches the token: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    written: Vec<Written>,
    /// Whether CI runs it.
    #[serde(default)]
    ci: Option<bool>,
    /// What the file is for: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    class: Vec<Class>,
    /// Whether the file belongs to one machine or service alone, and never into git.
    #[serde(default)]
    private: Option<bool>,
    /// What the place is: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    place: Vec<Place>,
    /// Whether narrower scopes see what stands here.
    #[serde(default)]
    wide: Option<bool>,
    /// Whether the system takes the value as it is.
    #[serde(default)]
    verbatim: Option<bool>,
    /// A mark of the platform that holds here.
    #[serde(default)]
    marked: Option<String>,
    /// Patterns of which one must match the command, as [`Facts::line`] writes it.
    #[serde(default)]
    command: Vec<LazyRegex>,
    /// What the command does on this platform, in a word of the platform's.
    #[serde(default)]
    does: Option<String>,
    /// Patterns of which one must match the text of the value.
    #[serde(default)]
    value: Vec<LazyRegex>,
    /// Patterns of which one must match what stands before, up to the thing.
    #[serde(default)]
    before: Vec<Ending>,
    /// Patterns of which one must match the lines around the thing.
    #[serde(default)]
    near: Vec<LazyRegex>,
    /// Patterns of which none may match the command or, without one, the text of the value.
    #[serde(default)]
    unless: Vec<LazyRegex>,
    /// Whether what the command prints is seen.
    #[serde(default)]
    shown: Option<bool>,
    /// Where a token is held, seen from here.
    #[serde(default)]
    holds: Option<Holds>,
    /// Whether the script uses a token by name.
    #[serde(default)]
    uses: Option<bool>,
    /// With `uses`: behind the command, and before the next one that matches one of these patterns.
    #[serde(default)]
    until: Vec<LazyRegex>,
    /// Holds only in files that git tracks. The scan asks for that at its end, of what is left then.
    #[serde(default)]
    tracked: bool,
    /// Whether an entry of the inventory declares the reference. Holds neither way where nothing is declared.
    #[serde(default)]
    declared: Option<bool>,
    /// Whose token the reference is declared to be.
    #[serde(default)]
    declared_as: Option<Kind>,
    /// Whether its entry lets this file use it.
    #[serde(default)]
    may_use: Option<bool>,
    /// Whether the token comes into the file by the reference: nothing in the file fills the name.
    #[serde(default)]
    enters: Option<bool>,
}

/// What a case judges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Subject {
    /// A literal.
    #[default]
    Token,
    /// A name that stands for a token.
    Reference,
    /// A literal or a name.
    Either,
    /// The host that tokens are for.
    Host,
    /// A command of a script.
    Command,
    /// A value of the file.
    Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenIs {
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default, deserialize_with = "one_or_more")]
    environment: Vec<Environment>,
}

/// From where a held token is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Holds {
    /// The thing's own environment.
    Scope,
    /// The part of the file that shares a work folder with it.
    Around,
}

/// `live`, or `[staging, test]`.
pub(super) fn one_or_more<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    struct OneOrMore<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for OneOrMore<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("one, or a list")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|it| vec![it])
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
            T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|it| vec![it])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Vec<T>, A::Error> {
            Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))
        }
    }
    from.deserialize_any(OneOrMore(std::marker::PhantomData))
}

impl When {
    /// How far before a thing its context reaches, in bytes.
    pub const CONTEXT: usize = 512;

    /// Whether a thing in a file breaks the rule.
    pub fn holds(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        self.0.iter().any(|it| it.holds(thing, facts))
    }

    /// What has to be wrong with a suppression, if the rule is about suppressions.
    pub fn flaw(&self) -> Option<Flaw> {
        self.0.iter().find_map(|it| it.suppression)
    }

    /// Whether a violation is one only where git tracks the file.
    pub fn asks_git(&self) -> bool {
        self.0.iter().any(|it| it.tracked)
    }

    /// Whether it is about what an inventory declares.
    pub fn is_about_declarations(&self) -> bool {
        self.0.iter().any(|it| it.declaration.is_some())
    }

    /// Whether it is about the variables of a running job.
    pub fn is_about_variables(&self) -> bool {
        self.0.iter().any(|it| it.variable.is_some())
    }

    /// Whether it is about anything else.
    pub fn is_about_files(&self) -> bool {
        self.0.iter().any(|it| it.variable.is_none())
    }

    /// Whether a variable of a running job breaks the rule, and what more there is to say of that.
    pub fn held(&self, variable: &Held<'_>) -> Option<String> {
        self.0.iter().find_map(|it| it.variable.as_ref()?.holds(variable))
    }

    /// Whether it asks for an entry that is not there.
    pub fn misses_entry(&self) -> bool {
        self.0.iter().any(|it| it.declared == Some(false))
    }

    /// What shows that a declared token breaks the rule, if it does.
    pub fn declared(&self, term: &Term<'_>) -> Option<Shown> {
        self.0.iter().find_map(|it| it.declaration.as_ref()?.holds(term))
    }

    /// The parameters that it names.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|it| it.declaration.as_ref()).flat_map(Declaration::parameters)
    }

    /// Compiles every pattern, to find the one that cannot be: its place below this one, and why.
    pub fn verify(&self) -> Result<(), (String, regex::Error)> {
        for (index, case) in self.0.iter().enumerate() {
            let case_at = if self.0.len() == 1 { String::new() } else { format!("{index}.") };
            for (key, patterns) in case.verified() {
                for (index, verified) in patterns.into_iter().enumerate() {
                    verified.map_err(|it| (format!("{case_at}{key}.{index}"), it))?;
                }
            }
        }
        Ok(())
    }
}

impl Case {
    /// Whether each pattern can be compiled, by the key under which it stands.
    fn verified(&self) -> Vec<(String, Vec<Result<(), regex::Error>>)> {
        let each = |patterns: &[LazyRegex]| patterns.iter().map(LazyRegex::verify).collect();
        let declaration = self.declaration.iter().flat_map(Declaration::patterns);
        let declaration = declaration.map(|(key, it)| (format!("declaration.{key}"), each(it)));
        let own = [
            ("name", each(&self.name)),
            ("command", each(&self.command)),
            ("value", each(&self.value)),
            ("before", self.before.iter().map(Ending::verify).collect()),
            ("near", each(&self.near)),
            ("unless", each(&self.unless)),
        ];
        own.map(|(key, it)| (key.to_owned(), it)).into_iter().chain(declaration).collect()
    }

    /// Whether nothing in a file can be meant.
    fn is_about_no_thing(&self) -> bool {
        self.suppression.is_some() || self.declaration.is_some() || self.variable.is_some()
    }

    /// The cheap questions come first: most things fail at them.
    fn holds(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        self.is_about(thing, facts)
            && self.stands(thing, facts)
            && self.reads(thing, facts)
            && self.sees(thing, facts)
            && self.is_declared(thing, facts)
    }

    fn is_about(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        let matched = |text: &str| {
            self.name.is_empty() || self.name.iter().any(|it| it.is_match(text.as_bytes()))
        };
        match (self.subject, thing.what) {
            _ if self.is_about_no_thing() => false,
            (Subject::Token | Subject::Either, What::Token(token)) => self.token.fits(token),
            (Subject::Reference | Subject::Either, What::Reference(it)) => {
                matched(&it.name) && (self.written.is_empty() || self.written.contains(&it.written))
            }
            (Subject::Host, What::Host) | (Subject::Command, What::Command) => true,
            (Subject::Value, What::Value) => {
                let key = facts.value(thing).and_then(|it| it.value.address.name());
                self.name.is_empty() || key.is_some_and(matched)
            }
            _ => false,
        }
    }

    fn stands(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        self.ci.is_none_or(|it| it == (facts.ci >= Ci::Medium))
            && (self.class.is_empty()
                || facts.platform.is_some_and(|it| self.class.contains(&it.class)))
            && self.private.is_none_or(|it| facts.platform.is_some_and(|of| of.private) == it)
            && (self.place.is_empty()
                || facts.place(thing).is_some_and(|it| self.place.contains(&it)))
            && self.wide.is_none_or(|it| it == facts.is_wide(thing))
            && self
                .verbatim
                .is_none_or(|it| facts.value(thing).is_some_and(|value| value.verbatim == it))
            && self.marked.as_ref().is_none_or(|it| facts.is_marked(thing, it))
    }

    fn reads(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        let any = |patterns: &[LazyRegex], text: &[u8]| patterns.iter().any(|it| it.is_match(text));
        let text = || facts.value(thing).map(|it| it.value.text.bytes());
        let meant = self.does.as_ref().map(|it| facts.meaning(it));
        let line = match self.command.is_empty() && self.unless.is_empty() && meant.is_none() {
            true => None,
            false => facts.line(thing),
        };
        let line = line.map(str::as_bytes);
        (self.before.is_empty() || self.follows(before(thing, facts)))
            && (self.near.is_empty() || any(&self.near, near(thing, facts)))
            && (self.value.is_empty() || text().is_some_and(|it| any(&self.value, it)))
            && (self.command.is_empty() || line.is_some_and(|it| any(&self.command, it)))
            && meant.is_none_or(|patterns| line.is_some_and(|it| any(patterns, it)))
            && !line.or_else(text).is_some_and(|it| any(&self.unless, it))
    }

    fn follows(&self, before: &[u8]) -> bool {
        self.before.iter().any(|it| it.is_match(before))
    }

    fn sees(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        let held = self.holds.is_none_or(|it| match it {
            Holds::Scope => facts.holds(thing),
            Holds::Around => facts.holds_around(thing),
        });
        held && self.shown.is_none_or(|it| it == facts.is_shown(thing))
            && self.uses.is_none_or(|it| match self.until.is_empty() {
                true => it == facts.uses(thing),
                false => it == facts.uses_until(thing, &self.until),
            })
    }
}

impl Case {
    fn is_declared(&self, thing: &Thing<'_>, facts: &Facts<'_, '_>) -> bool {
        let asked = self.declared.is_some() || self.declared_as.is_some() || self.may_use.is_some();
        let entry = facts.declaration(thing);
        !(asked && facts.declared.is_none())
            && self.declared.is_none_or(|it| it == entry.is_some())
            && self.declared_as.is_none_or(|kind| entry.is_some_and(|it| it.kind == kind))
            && self.may_use.is_none_or(|may| entry.is_some_and(|it| facts.may_use(it) == may))
            && self.enters.is_none_or(|it| it == facts.enters(thing))
    }
}

/// What stands before a thing.
fn before<'b>(thing: &Thing<'_>, facts: &Facts<'_, 'b>) -> &'b [u8] {
    let start = thing.span.start;
    &facts.bytes[start.saturating_sub(When::CONTEXT)..start]
}

/// What stands around a thing.
fn near<'b>(thing: &Thing<'_>, facts: &Facts<'_, 'b>) -> &'b [u8] {
    let start = thing.span.start.saturating_sub(When::CONTEXT / 2);
    &facts.bytes[start..(thing.span.end + When::CONTEXT / 2).min(facts.bytes.len())]
}

impl TokenIs {
    fn fits(&self, token: &Token) -> bool {
        self.kind.is_none_or(|it| it == token.kind)
            && (self.environment.is_empty() || self.environment.contains(&token.environment))
    }
}
