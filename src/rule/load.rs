//! Reads rule files strictly: whatever is wrong with one is a diagnostic that points into it.

use std::path::Path;

use anyhow::Context;
use granit_parser::{Event, Parser};
use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::de::DeserializeOwned;
use walkdir::WalkDir;

use super::Rule;
use crate::policy::Policy;
use crate::source;

/// The largest rule file, in bytes.
const LARGEST: usize = 1 << 20;
/// The deepest nesting.
const DEEPEST: usize = 32;

/// What is wrong with a rule file, and where.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(
    code("lynklint::rule"),
    help(
        "see `lynklint rules show ID` for a rule that is right, and docs/rules.md for the format"
    )
)]
pub struct Broken {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

impl Broken {
    fn new(name: &str, text: &str, at: usize, message: String) -> Self {
        let at = at.min(text.len());
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let indent = line.len() - line.trim_start().len();
        let span = (start + indent, line.trim().len().max(1)).into();
        // The renderer panics far to the right, so a file with such a line is not shown.
        let text = if text.lines().any(|it| it.len() > 4096) { "" } else { text };
        let span = if text.is_empty() { (0, 0).into() } else { span };
        Self { message, source_code: NamedSource::new(name, text.to_owned()), span }
    }

    /// Something wrong with a top-level key.
    pub(super) fn at_key(name: &str, text: &str, key: &str, message: &str) -> Self {
        let at = line_starts(text).find(|&i| text[i..].starts_with(key)).unwrap_or(0);
        Self::new(name, text, at, format!("{name}: {message}"))
    }

    /// Something wrong with an example.
    pub(super) fn at_example(
        name: &str,
        text: &str,
        key: &str,
        index: usize,
        message: &str,
    ) -> Self {
        let from = line_starts(text).find(|&i| text[i..].starts_with(key)).unwrap_or(0);
        let entry = |i: &usize| text[*i..].trim_start_matches(' ').starts_with("- path:");
        let at = line_starts(text).filter(|&i| i > from).filter(entry).nth(index).unwrap_or(from);
        Self::new(name, text, at, format!("{name}: {key} example {}: {message}", index + 1))
    }
}

fn line_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1))
}

/// Reads a YAML file into its type, behind a guard: the typed parser needs seconds for nested brackets and bombs.
pub(super) fn typed<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Broken> {
    guard(text)
        .map_err(|(at, message)| Broken::new(name, text, at, format!("{name}: {message}")))?;
    serde_yaml::from_str(text).map_err(|error| {
        let at = error.location().map_or(0, |it| it.index());
        Broken::new(name, text, at, format!("{name}: {error}"))
    })
}

fn guard(text: &str) -> Result<(), (usize, String)> {
    if text.len() > LARGEST {
        return Err((0, format!("a rule file has at most {LARGEST} bytes")));
    }
    let mut depth = 0;
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            (error.marker().byte_offset().unwrap_or(0), format!("not YAML: {error}"))
        })?;
        let at = span.byte_range().map_or(0, |it| it.start);
        match event {
            Event::Alias(..) => return Err((at, "a rule file has no aliases".to_owned())),
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth -= 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Err((at, format!("nested more than {DEEPEST} deep")));
        }
    }
    Ok(())
}

/// Reads and proves the rules of a user's folder, by id.
pub fn from_folder(folder: &Path) -> miette::Result<Vec<Rule>> {
    let files = rule_files(folder).map_err(|error| miette::miette!("{error:#}"))?;
    let rules = files.iter().map(|(id, name, text)| Rule::parse(id, name, text));
    let rules: Vec<Rule> = rules.collect::<Result<_, _>>()?;
    let policy = Policy::recommended(Vec::new()).map_err(|error| miette::miette!("{error:#}"))?;
    for (rule, (_, name, _)) in rules.iter().zip(&files) {
        rule.prove(name, &policy)?;
    }
    Ok(rules)
}

fn rule_files(folder: &Path) -> anyhow::Result<Vec<(String, String, String)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).max_depth(1).sort_by_file_name() {
        let entry =
            entry.with_context(|| format!("could not read the rules in {}", folder.display()))?;
        let path = entry.path();
        let ending = path.extension().and_then(|it| it.to_str());
        if !entry.file_type().is_file() || !matches!(ending, Some("yaml" | "yml")) {
            continue;
        }
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = source::text(path)?;
        files.push((id, path.display().to_string(), text));
    }
    anyhow::ensure!(
        !files.is_empty(),
        "there is no rule in {}: a rule is a file that ends in .yaml",
        folder.display()
    );
    Ok(files)
}
