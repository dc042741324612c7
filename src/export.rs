//! The token family as a rule for other tools: their configuration files, filled in from what a token looks like.

use clap::ValueEnum;
use include_dir::{Dir, include_dir};
use serde_json::{Value, json};

use crate::detect::family::Family;
use crate::rule::example::{MACROS, expand};

/// One file for each tool. `{{name}}` in it becomes a value as JSON, which YAML, TOML and Python read, too.
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules/exports");

/// What may stand between a boundary and a token and looks like a part of a word: the end of an escape, and of a colour.
const ESCAPES: &str = r"\\[nrt]|%[0-9A-Fa-f]{2}|\[[0-9;]{0,16}m";

/// Which tokens another tool is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// Those of the issuer's exact shape.
    Certain,
    /// Those, and plausible ones; the other tool may cry wolf.
    Likely,
}

/// The tools that there is a rule for, sorted.
pub fn tools() -> Vec<&'static str> {
    let mut tools: Vec<_> =
        TEMPLATES.files().filter_map(|it| it.path().file_stem()?.to_str()).collect();
    tools.sort_unstable();
    tools
}

/// The family as a rule for a tool, in its own format. Nothing if the tool is unknown.
pub fn rule(tool: &str, tier: Tier) -> Option<String> {
    let file = TEMPLATES.files().find(|it| it.path().file_stem().is_some_and(|it| it == tool))?;
    let put = |text: String, (name, value): &(&str, Value)| {
        text.replace(&format!("{{{{{name}}}}}"), &value.to_string())
    };
    Some(values(tier).iter().fold(file.contents_utf8()?.to_owned(), put))
}

/// What a template may name. The patterns use only what RE2, PCRE, Hyperscan, Rust, Python and JavaScript agree on.
fn values(tier: Tier) -> [(&'static str, Value); 10] {
    let family = Family::interlynk();
    let token = token(&family, tier);
    // A dash may follow a whole token; after a plausible one it belongs to somebody else's alphabet.
    let (end, others, confidence) = match tier {
        Tier::Certain => (r"\b", "[^0-9A-Za-z_]", "high"),
        Tier::Likely => (r"(?:[^0-9A-Za-z_-]|$)", "[^0-9A-Za-z_-]", "medium"),
    };
    let pattern = format!(r"(?:\b|{ESCAPES})({token}){end}");
    // Whatever has more bits than this has enough different characters.
    let bits = f64::from(u32::try_from(family.likely.distinct).unwrap_or(2) - 1).log2();
    [
        ("slashed", json!(format!("/{pattern}/g"))),
        ("pattern", json!(pattern)),
        ("token", json!(token)),
        ("before", json!(format!(r"\A|[^0-9A-Za-z_]|{ESCAPES}"))),
        ("after", json!(format!(r"\z|{others}"))),
        ("keywords", json!([family.stem])),
        ("entropy", json!((bits * 10.0).round() / 10.0)),
        ("placeholders", json!(family.placeholder_words)),
        ("confidence", json!(confidence)),
        ("examples", json!(MACROS.map(|(name, _)| expand(name)))),
    ]
}

/// A token without what stands around it.
fn token(family: &Family, tier: Tier) -> String {
    let ends: Vec<String> =
        family.prefixes().iter().map(|it| it.text[family.stem.len()..].to_owned()).collect();
    let (certain, likely) = (&family.certain, &family.likely);
    let body = match tier {
        Tier::Certain => format!("[{}]{{{}}}", ranges(&certain.alphabet), certain.length),
        Tier::Likely => format!("[0-9A-Za-z]{{{},{}}}", likely.min, likely.max),
    };
    format!("{}(?:{}){body}", family.stem, ends.join("|"))
}

/// An alphabet as a character class has it: `1-9A-HJ-N`.
fn ranges(alphabet: &str) -> String {
    let runs = alphabet.as_bytes().chunk_by(|a, b| a + 1 == *b);
    let range = |run: &[u8]| match run {
        [one] => char::from(*one).to_string(),
        [first, .., last] => format!("{}-{}", char::from(*first), char::from(*last)),
        [] => String::new(),
    };
    runs.map(range).collect()
}
