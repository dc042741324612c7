//! Which files a file runs: what CI runs one step away is CI, too.

use std::ops::Range;
use std::sync::OnceLock;

use serde::Deserialize;

use super::facts::{Facts, What};
use crate::embedded;
use crate::lazy::LazyRegex;

/// A program that reads files which its command line need not name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    command: LazyRegex,
    files: Vec<String>,
}

/// A place where a file calls another one.
#[derive(Clone)]
pub struct Call {
    /// What names the other file.
    pub span: Range<usize>,
    /// Whether that becomes a part of this one, and not something that it runs.
    pub included: bool,
}

/// Tells of every file that a file's commands run or its values name, or may: by its path from the root, and where it is
/// named. `from` is the file's own path.
pub fn calls(facts: &Facts<'_, '_>, from: &str, tell: &mut dyn FnMut(&str, &Call)) {
    let includes = facts.platform.map_or(&[][..], |it| &it.structure.includes);
    let folder = from.rsplit_once('/').map_or("", |it| it.0);
    for thing in facts.parts() {
        let mut is_part = false;
        let paths = match thing.what {
            What::Command => {
                let words = facts.command(&thing).into_iter().flat_map(|it| &it.command.words);
                let named = words.map(|it| normal(&it.text));
                named.chain(read_by(facts.line(&thing).unwrap_or_default())).collect()
            }
            What::Token(_) | What::Reference(_) | What::Host | What::Value => {
                let Some(placed) = facts.value(&thing) else { continue };
                let text = placed.value.text.lossy();
                is_part = includes.iter().any(|it| it.matches(placed.value.address.steps()));
                let beside = is_part.then(|| joined(folder, &text));
                beside.into_iter().chain([normal(&text)]).collect::<Vec<_>>()
            }
        };
        let call = Call { span: thing.span.clone(), included: is_part };
        for path in paths {
            // A folder stands for the action that it holds.
            for inside in ["action.yml", "action.yaml"] {
                tell(&format!("{path}/{inside}"), &call);
            }
            tell(&path, &call);
        }
    }
}

/// A path from a folder, as it would be from the root.
fn joined(folder: &str, path: &str) -> String {
    let path = path.strip_suffix("@self").unwrap_or(path);
    let mut steps: Vec<&str> = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." => _ = steps.pop(),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// A path as it would be from the root: `./x`, `/x`, `y/../x` and `$WORKSPACE/x` are `x`.
fn normal(path: &str) -> String {
    let path = match path.strip_prefix('$').and_then(|it| it.split_once('/')) {
        Some((_, rest)) => rest,
        None => path,
    };
    joined("", path)
}

fn read_by(line: &str) -> Vec<String> {
    static PROGRAMS: OnceLock<Vec<Program>> = OnceLock::new();
    let load = || {
        let files = embedded::data::<Vec<Program>>("calls").unwrap_or_default();
        files.into_iter().flat_map(|(_, it)| it).collect()
    };
    let programs = PROGRAMS.get_or_init(load);
    let read = |it: &Program| {
        let captures = it.command.get().captures(line.as_bytes())?;
        let folder = captures.name("folder").map(|it| String::from_utf8_lossy(it.as_bytes()));
        let folder = normal(&folder.unwrap_or_default());
        let folder =
            if matches!(folder.as_str(), "" | ".") { folder } else { format!("{folder}/") };
        let folder = folder.trim_start_matches('.').to_owned();
        Some(it.files.iter().map(move |it| format!("{folder}{it}")).collect::<Vec<_>>())
    };
    programs.iter().find_map(read).unwrap_or_default()
}
