//! Where a process runs: which CI system, and whether its job releases something. The systems are data:
//! `rules/environment/ci.yaml`.

use serde::Deserialize;

use super::base::Entry;
use super::{Question, Variable};

const DATA: &str = include_str!("../../rules/environment/ci.yaml");

/// The job that a process belongs to.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Whether it is a CI system's.
    pub ci: bool,
    /// The system, if a variable tells.
    pub system: Option<String>,
    /// What tells that the job releases something: a variable and its expected value, or the flag.
    pub release: Option<String>,
    /// The platform of the files that describe such jobs, by its id.
    pub platform: Option<String>,
    mask: Option<String>,
}

/// A CI system as the file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) name: String,
    platform: Option<String>,
    signs: Vec<Sign>,
    #[serde(default)]
    release: Vec<Sign>,
    mask: Option<String>,
    /// The variable with the branch that is built.
    pub(super) branch: Option<String>,
    /// Where the change of a job begins.
    #[serde(default)]
    pub(super) diff_base: Vec<Entry>,
}

/// `NAME`, `NAME=value` or `NAME=begin*`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Sign(String);

impl Job {
    /// Looks for the signs of every system. What the question says of the job holds whatever the variables say.
    pub(super) fn of(variables: &[Variable<'_>], question: &Question) -> Self {
        let holds = |sign: &&Sign| variables.iter().any(|it| sign.holds(it));
        let system = system(variables);
        let sign = system.iter().flat_map(|it| &it.release).find(holds).map(|it| it.0.clone());
        let flag = question.release.then(|| "--release".to_owned());
        Self {
            ci: question.ci || system.is_some(),
            release: sign.or(flag),
            platform: system.as_ref().and_then(|it| it.platform.clone()),
            mask: system.as_ref().and_then(|it| it.mask.clone()),
            system: system.map(|it| it.name),
        }
    }

    /// The line that makes the system hide a text, if it has one.
    pub(super) fn mask(&self, text: &str) -> Option<String> {
        self.mask.as_ref().map(|it| it.replace("{token}", text))
    }

    /// Whether the system can be told to hide a text by a line in the log.
    pub fn can_mask(&self) -> bool {
        self.mask.is_some()
    }
}

/// The system of which a sign is there.
pub(super) fn system(variables: &[Variable<'_>]) -> Option<System> {
    let holds = |sign: &Sign| variables.iter().any(|it| sign.holds(it));
    systems().into_iter().find(|it| it.signs.iter().any(holds))
}

#[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
fn systems() -> Vec<System> {
    serde_yaml::from_str(DATA).expect("rules/environment/ci.yaml is valid")
}

impl Sign {
    pub(super) fn holds(&self, variable: &Variable<'_>) -> bool {
        let (name, wanted) = match self.0.split_once('=') {
            Some((name, wanted)) => (name, Some(wanted.as_bytes())),
            None => (self.0.as_str(), None),
        };
        variable.name == name.as_bytes()
            && match wanted.map(|it| it.strip_suffix(b"*").ok_or(it)) {
                Some(Ok(beginning)) => variable.value.starts_with(beginning),
                Some(Err(whole)) => variable.value == whole,
                None => !matches!(variable.value, b"" | b"0" | b"false"),
            }
    }
}
