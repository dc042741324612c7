//! The data files of the program, compiled in. A new file needs no list to be kept.

use std::collections::BTreeMap;

use anyhow::Context;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");
/// The same files as the build has read them: each folder, and what its files say by their names.
static DATA: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The YAML files of a folder below `rules` (`""` for `rules` itself): their names without ending, sorted, and their text.
pub fn yaml(folder: &str) -> Vec<(String, &'static str)> {
    let dir = if folder.is_empty() { Some(&RULES) } else { RULES.get_dir(folder) };
    let mut files: Vec<_> = dir
        .into_iter()
        .flat_map(Dir::files)
        .filter(|it| it.path().extension().is_some_and(|it| it == "yaml"))
        .filter_map(|it| Some((it.path().file_stem()?.to_str()?.to_owned(), it.contents_utf8()?)))
        .collect();
    files.sort();
    files
}

/// The files of a folder as what they describe, by name. Only that folder is read.
pub fn data<T: Deserialize<'static>>(folder: &str) -> anyhow::Result<Vec<(String, T)>> {
    let found = DATA.iter().find(|(name, _)| *name == folder);
    let (_, text) = found.with_context(|| format!("there is no folder {folder}"))?;
    let files: BTreeMap<String, T> = serde_json::from_str(text)?;
    Ok(files.into_iter().collect())
}
