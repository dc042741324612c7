//! What a platform's files look like inside: which address is what place, who sees it, and what the system itself replaces.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::Pattern;
use crate::lazy::LazyRegex;
use crate::site::Place;
use crate::syntax::Syntax;

/// The structure of a platform's files. All of it is data of the platform's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Structure {
    /// How the files are written.
    pub syntax: Syntax,
    /// How those are written whose names end so, if it is not in the same way.
    pub syntaxes: BTreeMap<String, Syntax>,
    /// The parts of a file that have an environment of their own, widest first.
    pub scopes: Vec<Scope>,
    /// Where a part takes over what stands elsewhere in the file.
    pub reuses: Vec<Reuse>,
    /// The addresses of paths to more files of the same platform, from the file's own folder or from the root.
    pub includes: Vec<Pattern>,
    /// What stands where; the first entry that fits a value decides.
    pub places: Vec<PlaceAt>,
    /// What the system replaces before anything else sees the text.
    pub expands: Vec<Expands>,
    /// Expressions of the system in scripts, where an interpreter would take their characters for its own.
    pub lifts: Vec<LazyRegex>,
    /// Facts that hold for a scope or a file because of a value in it.
    pub marks: Vec<Mark>,
    /// What commands do on this platform besides what their programs do: patterns of the form of
    /// [`Facts::line`](crate::site::Facts::line), by a word that rules ask for.
    pub commands: BTreeMap<String, Vec<LazyRegex>>,
}

impl Structure {
    /// How a file of this path is written.
    pub fn syntax_of(&self, path: &str) -> Syntax {
        let end = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        self.syntaxes.get(&end).copied().unwrap_or(self.syntax)
    }

    /// Every pattern in it.
    pub fn patterns(&self) -> impl Iterator<Item = &LazyRegex> {
        let places = self.places.iter().flat_map(|it| &it.conditions);
        let conditions = places.chain(self.marks.iter().flat_map(|it| &it.when));
        let conditions = conditions.flat_map(|it| it.is.iter().chain(&it.not));
        let expands = self.expands.iter().map(|it| &it.pattern).chain(&self.lifts);
        conditions.chain(expands).chain(self.commands.values().flatten())
    }
}

/// A part of a file with an environment of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The platform's word for it: `job`.
    pub name: String,
    /// Where such a part begins; empty for the whole file.
    pub at: Pattern,
    /// Whether narrower scopes inside it see what is set here, too.
    #[serde(default)]
    pub wide: bool,
    /// Whether what runs in it shares a work folder, so that one step can hand on what another left.
    #[serde(default)]
    pub shares_files: bool,
}

/// Where a part of a file takes over what another one says, as far as it has nothing of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reuse {
    /// The addresses that say so.
    pub at: Pattern,
    /// What there is the name of what is taken over.
    #[serde(default)]
    pub by: NamedBy,
    /// Where that stands, from the root: keys with dots between them, and `*` for the name.
    #[serde(default = "any_entry")]
    pub of: String,
    /// So many steps above the address is the part that takes it over.
    #[serde(default)]
    pub up: usize,
    /// The entry of the part which takes it over, if it is not the part itself.
    #[serde(default)]
    pub to: Option<String>,
}

fn any_entry() -> String {
    "*".to_owned()
}

/// How a part names what it takes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// By the text of the value, or by those of a list.
    #[default]
    Text,
    /// By the last key of the address: the value is what is handed over.
    Key,
    /// By the texts of a list, each the key of one step from the root.
    Path,
}

/// What the values at an address are for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceAt {
    /// The addresses.
    pub at: Pattern,
    /// What stands there.
    pub is: Place,
    /// For a script, how it is written.
    #[serde(default)]
    pub syntax: Syntax,
    /// Only where these hold, too.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// For a script, so many steps above it is the part whose scripts are run as one; without it, a list of commands is.
    #[serde(default)]
    pub joined: usize,
    /// Whether the system takes the text as it is, so that `$X` in it never becomes a value.
    #[serde(default)]
    pub verbatim: bool,
    /// For what fills a variable by another name than its own last key.
    #[serde(default)]
    pub named: Option<Named>,
}

/// Where the name of the variable stands that a value fills.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// So many steps above the value.
    pub up: usize,
    /// There, the entry whose text is the name, or nothing for the text there; without it, the key is.
    #[serde(default)]
    pub at: Option<String>,
}

/// What the system replaces by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expands {
    /// The expression, with a group `name` for what is named.
    pub pattern: LazyRegex,
    /// What that means for a token.
    #[serde(rename = "as")]
    pub written: Written,
    /// Whether it happens only in values whose own language replaces variables, as in double quotes.
    #[serde(default)]
    pub interpolated: bool,
    /// Only in places of these kinds; everywhere if empty.
    #[serde(default, rename = "in")]
    pub places: Vec<Place>,
}

/// How a token is reached where it is named. Of two ways to read one text, what comes first here happens first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// The name that is given a value here.
    Definition,
    /// The system pastes the value into the text before the interpreter sees it, from its secret store.
    Template,
    /// The system replaces it when it reads the file, long before the job runs.
    PreExpanded,
    /// The system pastes it from a channel that it does not mask.
    Unmasked,
    /// All secrets at once, or one whose name is computed.
    Bulk,
    /// The interpreter of the script replaces it: `$X`.
    Variable,
    /// It is only named: as a secret to fetch, or in prose.
    Name,
}

/// A fact about a scope or a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Its name, which rules ask for.
    pub mark: String,
    /// The name of the scope that it holds for; without one it holds for the file.
    #[serde(default)]
    pub scope: Option<String>,
    /// When it holds: all of these.
    pub when: Vec<Condition>,
}

/// Something that a value says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The value's address below the scope in question.
    pub at: Pattern,
    /// What one value there matches.
    #[serde(default)]
    pub is: Option<LazyRegex>,
    /// What a value there does not match.
    #[serde(default)]
    pub not: Option<LazyRegex>,
    /// Holds if no value is as described.
    #[serde(default)]
    pub absent: bool,
}

impl Condition {
    /// Whether one value's text is as described.
    pub fn fits(&self, text: &[u8]) -> bool {
        self.is.as_ref().is_none_or(|it| it.is_match(text))
            && self.not.as_ref().is_none_or(|it| !it.is_match(text))
    }
}
