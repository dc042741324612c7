//! Where the change begins that a job is about, as the variables of its CI system say.

use std::path::Path;

use serde::Deserialize;

use super::Variable;
use super::job::{self, Sign};
use crate::source::{Base, Clue, JobChange};

/// A line of `diff_base`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    from: From,
    is: Kind,
    when: Option<Sign>,
}

/// `NAME`, or `NAME#/a/b` for a value in the JSON file that the variable names.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct From(String);

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Commit,
    Branch,
    DefaultBranch,
    Range,
}

/// The CI system whose job this is, if a variable tells.
pub fn system(variables: &[Variable<'_>]) -> Option<String> {
    job::system(variables).map(|it| it.name)
}

/// What the variables say of the job's change. `read` gives the text of a file that one of them names.
pub fn change(
    variables: &[Variable<'_>],
    read: impl Fn(&Path) -> anyhow::Result<String>,
) -> anyhow::Result<JobChange> {
    let Some(system) = job::system(variables) else { return Ok(JobChange::default()) };
    let branch = system.branch.as_deref().and_then(|name| value(variables, name));
    let mut clues = Vec::new();
    for entry in &system.diff_base {
        let holds = entry.when.as_ref().is_none_or(|it| variables.iter().any(|var| it.holds(var)));
        if let Some(text) = entry.from.text(variables, &read)?.filter(|_| holds) {
            clues.push(Clue { from: entry.from.0.clone(), base: entry.is.base(&text) });
        }
    }
    let asked = system.diff_base.into_iter().map(|it| it.from.0).collect();
    Ok(JobChange { system: system.name, branch: branch.map(short), clues, asked })
}

impl From {
    fn text(
        &self,
        variables: &[Variable<'_>],
        read: impl Fn(&Path) -> anyhow::Result<String>,
    ) -> anyhow::Result<Option<String>> {
        let (name, pointer) = match self.0.split_once('#') {
            Some((name, pointer)) => (name, Some(pointer)),
            None => (&*self.0, None),
        };
        let (Some(text), pointer) = (value(variables, name), pointer) else { return Ok(None) };
        let Some(pointer) = pointer else { return Ok(Some(text)) };
        let json: serde_json::Value = serde_json::from_str(&read(Path::new(&text))?)?;
        let found = json.pointer(pointer).and_then(|it| it.as_str());
        Ok(found.filter(|it| !it.is_empty()).map(str::to_owned))
    }
}

impl Kind {
    fn base(self, text: &str) -> Base {
        match self {
            Self::Commit => Base::Commit(text.to_owned()),
            Self::Branch => Base::Branch(short(text.to_owned())),
            Self::DefaultBranch => Base::DefaultBranch(short(text.to_owned())),
            Self::Range => {
                let range = text.rsplit('/').next().unwrap_or(text);
                Base::Commit(range.split("..").next().unwrap_or(range).to_owned())
            }
        }
    }
}

/// The value of a variable that is set to something.
fn value(variables: &[Variable<'_>], name: &str) -> Option<String> {
    let found = variables.iter().find(|it| it.name == name.as_bytes() && !it.value.is_empty());
    found.map(|it| String::from_utf8_lossy(it.value).into_owned())
}

/// A branch, which some systems call by its full name.
fn short(branch: String) -> String {
    branch.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(branch)
}
