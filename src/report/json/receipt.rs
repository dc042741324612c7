//! What a run covered, as an object, and what wrote it.

use serde::Serialize;

use crate::scan::{Outcome, Report};

/// This program, in every machine format.
#[derive(Serialize)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Default, Serialize)]
pub(in crate::report) struct Receipt<'r> {
    complete: bool,
    files: u64,
    blobs: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cached: u64,
    hidden: u64,
    refs: Vec<String>,
    skipped: Vec<Skipped<'r>>,
    excluded: u64,
    config: Option<String>,
    policy_sets: Vec<&'r str>,
    policy_digest: &'r str,
}

#[derive(Serialize)]
struct Skipped<'r> {
    path: &'r str,
    reason: &'r str,
}

/// What wrote the report.
pub(crate) const TOOL: Tool = Tool { name: "lynklint", version: env!("CARGO_PKG_VERSION") };

impl<'r> From<&'r Report<'_>> for Receipt<'r> {
    fn from(report: &'r Report<'_>) -> Self {
        let coverage = &report.coverage;
        let skipped = coverage.skipped.iter();
        Self {
            complete: report.outcome() != Outcome::CouldNotJudge,
            files: coverage.files,
            blobs: coverage.blobs,
            bytes: coverage.bytes,
            cached: coverage.cached,
            hidden: coverage.hidden,
            refs: coverage.refs.clone(),
            skipped: skipped.map(|it| Skipped { path: &it.path, reason: &it.reason }).collect(),
            excluded: report.excluded,
            config: crate::report::config_name(report.policy),
            policy_sets: report.policy.sets().iter().map(|it| it.name.as_str()).collect(),
            policy_digest: report.policy.digest(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
