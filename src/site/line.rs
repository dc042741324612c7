//! A command in one form, however it is quoted, for patterns to read.

use std::borrow::Cow;

use super::facts::{Facts, Thing, What};
use crate::syntax::{Command, Word};

/// How many words are read from the beginning of a command, and to both sides of a thing in it: with a thing in each word of
/// a very long command, all of them would be read for each.
const WORDS: usize = 32;

/// How many bytes of a word are read.
const WORD: usize = 1024;

impl Facts<'_, '_> {
    /// The command of a thing: its words and redirections with a space between them, a program without its folder, and `@`
    /// for the thing itself.
    pub fn line<'t>(&self, thing: &'t Thing<'_>) -> Option<&'t str> {
        thing
            .line
            .get_or_init(|| self.command(thing).map(|it| self.read(thing, &it.command)))
            .as_deref()
    }

    fn read(&self, thing: &Thing<'_>, command: &Command) -> String {
        let name = command.name().unwrap_or_default();
        if matches!(thing.what, What::Command) {
            return line(name, words(command), |word| Cow::from(&*word.text));
        }
        let raw = String::from_utf8_lossy(&self.bytes[thing.span.clone()]);
        let at = thing.span.start;
        line(name, words_near(command, at), |word| seen(word, &raw, at))
    }
}

/// A word, and what stands before it if it is the target of a redirection.
type Written<'c> = (Option<&'c str>, &'c Word);

fn line<'c>(
    name: &str,
    words: impl Iterator<Item = Written<'c>>,
    text: impl Fn(&'c Word) -> Cow<'c, str>,
) -> String {
    let mut line = name.to_owned();
    for (operator, word) in words {
        for part in operator.map(Cow::from).into_iter().chain([text(word)]) {
            line.push(' ');
            line += &part;
        }
    }
    line
}

fn words(command: &Command) -> impl Iterator<Item = Written<'_>> {
    command.arguments().iter().map(|it| (None, it)).chain(targets(command))
}

/// The same without what is far from both the beginning and `at`.
fn words_near(command: &Command, at: usize) -> impl Iterator<Item = Written<'_>> {
    let words = command.arguments();
    let first = WORDS.min(words.len());
    let here = words.partition_point(|it| it.span.end <= at);
    let around = here.saturating_sub(WORDS).max(first)..(here + WORDS).min(words.len());
    let words = words[..first].iter().chain(words.get(around).unwrap_or_default());
    words.map(|it| (None, it)).chain(targets(command).take(WORDS))
}

fn targets(command: &Command) -> impl Iterator<Item = Written<'_>> {
    command.redirects.iter().map(|it| (Some(&*it.operator), &it.target))
}

/// The beginning of a word, with `@` for what stands at `at`, and reads `raw` there.
fn seen<'c>(word: &'c Word, raw: &str, at: usize) -> Cow<'c, str> {
    let text = &word.text[..word.text.floor_char_boundary(WORD)];
    match word.span.contains(&at) {
        true if text.contains(raw) => text.replacen(raw, "@", 1).into(),
        true => "@".into(),
        false => text.into(),
    }
}
