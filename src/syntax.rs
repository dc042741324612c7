//! How a file is written: bytes in, its values with their addresses and its commands out. Knows no platform and no policy.
//!
//! A parse only adds facts. What no parser accepts is searched all the same, so a parser that gives up loses nothing but
//! the address. Every parser is bounded: [`Unparsed`] is its answer to what is too large, too deep or malformed.

mod address;
mod batch;
mod dockerfile;
mod dotenv;
mod draft;
mod groovy;
mod hcl;
mod hcl_token;
mod history;
mod ini;
mod json;
mod lift;
mod make;
mod outline;
mod powershell;
mod room;
mod shell;
mod text;
mod toml;
mod utf16;
mod xml;
mod yaml;
mod yaml_scalar;

use std::borrow::Cow;
use std::ops::Range;
use std::str::Utf8Chunk;

pub use address::{Address, Step};
pub use room::Room;
use serde::Deserialize;
pub use text::Text;
pub use utf16::Utf16;

/// The most bytes that are parsed.
pub const LARGEST: usize = 8 << 20;
/// The deepest nesting.
pub const DEEPEST: usize = 64;

/// A way to write a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// Nothing is known about it.
    #[default]
    Text,
    /// `sh`, `bash`, `zsh`, `ksh`, and `fish` as far as it is like them.
    Shell,
    /// YAML 1.2, and what is written as such.
    Yaml,
    /// JSON, with comments and trailing commas, or one value on each line.
    Json,
    /// TOML.
    Toml,
    /// HCL, the language of Terraform, Packer and their kin.
    Hcl,
    /// `NAME=value` lines.
    Dotenv,
    /// Sections of `key = value` lines: ini, systemd units, properties.
    Ini,
    /// XML.
    Xml,
    /// `PowerShell`.
    Powershell,
    /// The scripts of `cmd`.
    Batch,
    /// A `Dockerfile`.
    Dockerfile,
    /// A `Makefile`.
    Make,
    /// A `justfile`.
    Just,
    /// Groovy, and Kotlin as far as it is like it.
    Groovy,
    /// What a shell remembers of what was typed.
    History,
}

impl Syntax {
    /// What a file says.
    pub fn parse(self, bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
        if bytes.len() > LARGEST {
            return Err(TOO_LARGE);
        }
        match self {
            Self::Text => Ok(Document::default()),
            Self::Shell => shell::parse(bytes, shell::Dollar::Shell, room),
            Self::Powershell => powershell::parse(bytes, room),
            Self::Batch => batch::parse(bytes, room),
            Self::Dockerfile => dockerfile::parse(bytes, room),
            Self::Make => make::parse(bytes, room),
            Self::Just => make::parse_just(bytes, room),
            Self::Groovy => groovy::parse(bytes, room),
            Self::History => history::parse(bytes, room),
            Self::Yaml => Ok(yaml::parse(&characters(bytes)?, room)),
            Self::Json => Ok(json::parse(&characters(bytes)?, room)),
            Self::Toml => Ok(toml::parse(&characters(bytes)?, room)),
            Self::Hcl => Ok(hcl::parse(&characters(bytes)?, room)),
            Self::Dotenv => Ok(dotenv::parse(&characters(bytes)?, room)),
            Self::Ini => Ok(ini::parse(&characters(bytes)?, room)),
            Self::Xml => Ok(xml::parse(&characters(bytes)?, room)),
        }
    }

    /// What a script says that is the value of another file. All places are in the source of `text`.
    pub fn parse_text(self, text: &Text, room: &Room) -> Result<Document, Unparsed> {
        let at = |it: usize| text.source(&(it..it)).start;
        match self.parse(text.bytes(), room) {
            Ok(document) => Ok(document.through(text)),
            Err(Unparsed { at: it, reason }) => Err(Unparsed { at: at(it), reason }),
        }
    }
}

/// What a script says that is a part of a file: one that is refused costs the others nothing.
pub(crate) fn part(said: Result<Document, Unparsed>) -> Document {
    said.unwrap_or_else(|it| Document { broken: Some(it), ..Document::default() })
}

/// Why a file, or a window of one, is not parsed for its length.
pub(crate) const TOO_LARGE: Unparsed = Unparsed { at: 0, reason: "it is larger than 8 MiB" };

/// Of so many bytes, one may be 0 in a text.
const ZEROS: usize = 64;

/// Bytes as characters, each where it was: what is not UTF-8 is read as `_`, and so is a stray 0, so that one old comment
/// costs no address.
fn characters(bytes: &[u8]) -> Result<Cow<'_, str>, Unparsed> {
    if let Some(at) = memchr::memchr(0, bytes) {
        let zeros = memchr::memchr_iter(0, bytes).count();
        if bytes.len() < zeros * ZEROS {
            return Err(Unparsed { at, reason: "it is UTF-16 or binary" });
        }
        let without: Vec<u8> = bytes.iter().map(|it| if *it == 0 { b'_' } else { *it }).collect();
        return characters(&without).map(|it| Cow::Owned(it.into_owned()));
    }
    let lossy = |it: Utf8Chunk<'_>| it.valid().to_owned() + &"_".repeat(it.invalid().len());
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.utf8_chunks().map(lossy).collect()),
    })
}

/// Why a file, or the rest of one, has no [`Document`]. It is still searched as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unparsed {
    /// The byte where the parser gave up.
    pub at: usize,
    /// Why, in words that follow "because".
    pub reason: &'static str,
}

/// What a file says, as far as its syntax tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its scalars, in the order in which they begin. One may lie inside another: what a script assigns, in the script;
    /// what a substitution assigns, in the value that it becomes.
    pub values: Vec<Value>,
    /// Its commands, in the order in which they begin; a substitution's stand beside the command that holds it.
    pub commands: Vec<Command>,
    /// Which address repeats which: that of an alias, and that of its anchor. What stands at or below the anchor is meant
    /// at or below the alias as well, but is among the values once. A merged mapping is an alias of the one it merges
    /// into. An anchor may hold an alias of itself.
    pub aliases: Vec<(Address, Address)>,
    /// Where the parser gave up, if it did. What it read until then, and where it found its way again, is here.
    pub broken: Option<Unparsed>,
}

impl Document {
    /// The same for a text's source: every place in the decoded bytes becomes the place that it was written at.
    #[must_use]
    pub fn through(mut self, text: &Text) -> Self {
        self.values = self.values.into_iter().map(|it| it.through(text)).collect();
        for command in &mut self.commands {
            command.span = text.source(&command.span);
            let targets = command.redirects.iter_mut().map(|it| &mut it.target);
            command.words.iter_mut().chain(targets).for_each(|it| it.map(text));
        }
        if let Some(broken) = &mut self.broken {
            broken.at = text.source(&(broken.at..broken.at)).start;
        }
        self
    }

    /// The same inside a value: the addresses go on from its address.
    #[must_use]
    fn below(mut self, address: &Address) -> Self {
        for value in &mut self.values {
            value.address = address.join(value.address.steps());
        }
        self
    }

    /// Appends what a later part of the file says.
    pub fn append(&mut self, mut later: Self) {
        let before = self.commands.len();
        for command in &mut later.commands {
            if let Output::PipedTo(reader) = &mut command.output {
                *reader += before;
            }
        }
        self.values.append(&mut later.values);
        self.commands.append(&mut later.commands);
        self.aliases.append(&mut later.aliases);
        self.broken = self.broken.take().or(later.broken);
    }

    /// Puts the values in order, whatever holds another before it.
    fn sort(&mut self) {
        self.values.sort_by_key(|it| (it.span.start, std::cmp::Reverse(it.span.end)));
    }
}

/// A scalar: something with an address that a program reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name from the root of the file. Two values may have the same.
    pub address: Address,
    /// Where its key stands; empty in a sequence.
    pub key: Range<usize>,
    /// Where it stands, with its quotes.
    pub span: Range<usize>,
    /// What it means.
    pub text: Text,
    /// Whether the language of the file itself replaces `$X` and the like in it: Groovy's and HCL's double quotes do, a
    /// YAML scalar does not.
    pub interpolates: bool,
}

impl Value {
    fn through(self, text: &Text) -> Self {
        let (key, span) = (text.source(&self.key), text.source(&self.span));
        Self { key, span, text: self.text.through(text), ..self }
    }
}

/// A command of a script, as it will be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it stands, from its first word or redirection to its last; the body of a here-document lies behind it.
    pub span: Range<usize>,
    /// Its name and arguments; none for a redirection alone. Assignments in front of them (`X=1 cmd`) are
    /// [`Document::values`] only, those of `export` and the like are both.
    pub words: Vec<Word>,
    /// Where its output goes to or its input comes from, other than another command; those of a block around it stand
    /// behind its own.
    pub redirects: Vec<Redirect>,
    /// What becomes of what it prints.
    pub output: Output,
}

/// What becomes of what a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// It is seen by whoever runs the script, unless a redirection says otherwise.
    Shown,
    /// The command with this index reads it.
    PipedTo(usize),
    /// It becomes text of another command or of an assignment.
    Captured,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `<`, `>`, `>>`, `2>`, `&>`, `<<`, `<<<` …, as it is written.
    pub operator: String,
    /// The file, or the text of a here-document or here-string.
    pub target: Word,
}

/// A word of a command: what the program is given, but for what is replaced when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, with its quotes.
    pub span: Range<usize>,
    /// Its characters without quotes and escapes; expansions stay as they are written.
    pub text: String,
    /// The variables that are replaced in it.
    pub expansions: Vec<Expansion>,
}

impl Word {
    fn map(&mut self, text: &Text) {
        self.span = text.source(&self.span);
        for expansion in &mut self.expansions {
            expansion.span = text.source(&expansion.span);
            expansion.fallback = expansion.fallback.as_ref().map(|it| text.source(it));
        }
    }
}

/// A variable whose value the interpreter puts in its place: `$X`, `${X:-…}`, `$env:X`, `%X%`. What only asks about it
/// (`${#X}`, `${X:+…}`) is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Where it stands, from its sigil on.
    pub span: Range<usize>,
    /// The variable, without sigil and scope.
    pub name: String,
    /// The text that stands in for a missing variable (`${X:-…}`), where it stands.
    pub fallback: Option<Range<usize>>,
    /// Whether it is written `$$X`. A shell takes this for the number of its process and the letter X, but some
    /// systems make `$X` of it before a shell sees it.
    pub doubled: bool,
}
