//! How a server wants the lines of a hook, as its variables tell. The servers are data: `rules/environment/hooks.yaml`.

use serde::Deserialize;

use super::Variable;
use super::job::Sign;

const DATA: &str = include_str!("../../rules/environment/hooks.yaml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    sign: Sign,
    prefix: String,
}

/// What each line must begin with for its web pages to show it; nothing if every line is shown.
#[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
pub fn hook_prefix(variables: &[Variable<'_>]) -> String {
    let servers: Vec<Server> = serde_yaml::from_str(DATA).expect("hooks.yaml is valid");
    let here = |it: &Server| variables.iter().any(|variable| it.sign.holds(variable));
    servers.into_iter().find(here).map(|it| it.prefix).unwrap_or_default()
}
