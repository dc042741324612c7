//! The rules of a folder: read, parsed and proven.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use walkdir::WalkDir;

use super::Rule;
use crate::policy::Policy;
use crate::source;

/// Reads and proves the rules of a user's folder, by id.
pub fn from_folder(folder: &Path) -> anyhow::Result<Vec<Rule>> {
    from_files(&rule_files(folder)?)
}

/// Reads and proves rules, each given as id, name for messages, and text.
pub fn from_files(files: &[(String, String, String)]) -> anyhow::Result<Vec<Rule>> {
    let rules = files.iter().map(|(id, name, text)| Rule::parse(id, name, text));
    let rules: Vec<Rule> = rules.collect::<Result<_, _>>()?;
    let policy = Policy::recommended(Vec::new())?;
    for (rule, (_, name, _)) in rules.iter().zip(files) {
        rule.prove(name, &policy)?;
    }
    Ok(rules)
}

fn rule_files(folder: &Path) -> anyhow::Result<Vec<(String, String, String)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).max_depth(1).sort_by_file_name() {
        // The walk's own words name the folder again.
        let entry =
            entry.map_err(|it| it.into_io_error().unwrap_or_else(|| ErrorKind::Other.into()));
        let entry =
            entry.with_context(|| format!("could not read the rules in {}", folder.display()))?;
        let path = entry.path();
        let ending = path.extension().and_then(|it| it.to_str());
        if !matches!(ending, Some("yaml" | "yml")) {
            continue;
        }
        // A link to a file is followed; reading anything else would wait for ever, and passing over it leave out a rule.
        anyhow::ensure!(path.is_file(), "{} is not a regular file", path.display());
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
