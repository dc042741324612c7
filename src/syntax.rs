//! How a file is written: bytes in, its values with their addresses and its commands out. Knows no platform and no policy.
//!
//! A parse only adds facts. What no parser accepts is searched all the same, so a parser that gives up loses nothing but
//! the address. Every parser is bounded: [`Unparsed`] is its answer to what is too large, too deep or malformed.

mod address;
mod text;

use std::ops::Range;

pub use address::{Address, Step};
use serde::Deserialize;
pub use text::Text;

/// The most bytes that are parsed.
pub const LARGEST: usize = 8 << 20;
/// The most values and commands of a file together.
pub const MOST: usize = 200_000;
/// The deepest nesting.
pub const DEEPEST: usize = 64;

/// A way to write a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// Nothing is known about it.
    #[default]
    Text,
}

impl Syntax {
    /// What a file says.
    pub fn parse(self, bytes: &[u8]) -> Result<Document, Unparsed> {
        if bytes.len() > LARGEST {
            return Err(Unparsed { at: LARGEST, reason: "it is larger than 8 MiB" });
        }
        match self {
            Self::Text => Ok(Document::default()),
        }
    }
}

impl Syntax {
    /// Reads the script that a value is; every place is in the file of the value.
    pub fn parse_text(self, text: &Text) -> Result<Document, Unparsed> {
        self.parse(text.bytes())
    }
}

impl Command {
    /// The program.
    pub fn name(&self) -> Option<&str> {
        self.words.first().map(|it| it.text.as_str())
    }

    /// What it is given.
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// Why a file has no [`Document`]. It is still searched as text.
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
    /// Its scalars, in the order in which they stand; none overlaps another.
    pub values: Vec<Value>,
    /// Its commands, in the order in which they begin; a substitution's stand beside the command that holds it.
    pub commands: Vec<Command>,
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

/// A command of a script, as it will be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where it stands, from its first word to its last word or redirection.
    pub span: Range<usize>,
    /// Its name and arguments. Assignments in front of them (`X=1 cmd`) and those of `export` are [`Document::values`].
    pub words: Vec<Word>,
    /// Where its output goes to or its input comes from, other than another command.
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

/// A variable that the interpreter replaces: `$X`, `${X:-…}`, `$env:X`, `%X%`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Where it stands, from its sigil on.
    pub span: Range<usize>,
    /// The variable, without sigil and scope.
    pub name: String,
    /// The text that stands in for a missing variable (`${X:-…}`), where it stands.
    pub fallback: Option<Range<usize>>,
}
