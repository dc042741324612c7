//! `--format sarif`: SARIF 2.1.0 as code scanning and editors read it. No author, no time and no absolute path is in it.

mod result;
mod rule;

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::json::{Lazy, Receipt, write};
use super::summary::Summary;
use super::{reason, unread, words, worst_first};
use crate::rule::RuleId;
use crate::scan::{Outcome, Report};
use result::Item;
use rule::Descriptor;

/// The most results of a run that GitHub's code scanning takes. It also asks for at most 10 MB after compression, which
/// that many results are far from.
const MOST: usize = 25_000;
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to.
const ROOT: &str = "SRCROOT";
/// What stands for itself in the path of a URI. A colon does not: it would make a scheme of the first folder.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'r, R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r, R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r, R> {
    tool: Tool<'r>,
    original_uri_base_ids: Bases,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: R,
    properties: Properties<'r>,
}

#[derive(Serialize)]
struct Tool<'r> {
    driver: Driver<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'r> {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    information_uri: &'static str,
    rules: Vec<Descriptor<'r>>,
    notifications: [Notice; 3],
}

#[derive(Serialize)]
struct Bases {
    #[serde(rename = "SRCROOT")]
    root: Base,
}

#[derive(Serialize)]
struct Base {
    description: Message<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    id: &'static str,
    short_description: Message<&'static str>,
}

#[derive(Serialize)]
struct Message<T> {
    text: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    exit_code_description: String,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: Reference,
    level: &'static str,
    message: Message<String>,
    locations: Vec<Whole>,
}

#[derive(Serialize)]
struct Reference {
    id: &'static str,
    index: usize,
}

/// A whole file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    physical_location: File,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    artifact_location: Artifact,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
struct Properties<'r> {
    summary: Summary<'r>,
    receipt: Receipt<'r>,
}

/// What a run can say beside its results; notifications name them by index.
const NOTICES: [(&str, &str); 3] = [
    ("unreadable", "Something could not be read, so the scan is incomplete."),
    (
        "results-left-out",
        "There are more results than a run may have, and the mildest are left out.",
    ),
    ("error", "lynklint could not do its job."),
];

impl From<&str> for Artifact {
    /// A path of a report. It is relative, but standard input may have any name.
    fn from(path: &str) -> Self {
        let relative = path.trim_start_matches('/');
        Self { uri: utf8_percent_encode(relative, PATH).to_string(), uri_base_id: ROOT }
    }
}

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<_> = report.policy.file_rules().map(Descriptor::from).collect();
    let index = |id: &RuleId| {
        report.policy.file_rules().position(|(rule, _)| rule.id == *id).unwrap_or_default()
    };
    let findings = worst_first(report);
    let results = Lazy(|| findings.iter().take(MOST).map(|it| Item::of(it, index(&it.rule.id))));
    let outcome = report.outcome();
    let unread = unread(report).into_iter().map(|it| {
        let text = format!("{} could not be read: {}", it.path, it.reason);
        notification(0, "error", text, vec![it.path.as_str()])
    });
    let left_out = findings.len().saturating_sub(MOST);
    let left_out = (left_out > 0).then(|| {
        let text = format!("{} left out", words::plural(left_out as u64, "result"));
        notification(1, "warning", text, Vec::new())
    });
    let invocation = Invocation {
        execution_successful: outcome != Outcome::CouldNotJudge,
        exit_code: report.exit() as u8,
        exit_code_description: reason(report),
        tool_execution_notifications: unread.chain(left_out).collect(),
    };
    let properties = Properties { summary: Summary::of(report), receipt: report.into() };
    write(&log(rules, invocation, results, properties), out)
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let outcome = Outcome::CouldNotJudge;
    let invocation = Invocation {
        execution_successful: false,
        exit_code: outcome as u8,
        exit_code_description: NOTICES[2].1.to_owned(),
        tool_execution_notifications: vec![notification(
            2,
            "error",
            message.to_owned(),
            Vec::new(),
        )],
    };
    let properties = Properties { summary: Summary::of_error(), receipt: Receipt::default() };
    let none: [(); 0] = [];
    write(&log(Vec::new(), invocation, none, properties), out)
}

fn log<'r, R>(
    rules: Vec<Descriptor<'r>>,
    invocation: Invocation,
    results: R,
    properties: Properties<'r>,
) -> Log<'r, R> {
    let driver = Driver {
        name: "lynklint",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules,
        notifications: NOTICES.map(|(id, text)| Notice { id, short_description: Message { text } }),
    };
    let run = Run {
        tool: Tool { driver },
        original_uri_base_ids: Bases {
            root: Base { description: Message { text: "The root of the scan." } },
        },
        column_kind: "unicodeCodePoints",
        invocations: [invocation],
        results,
        properties,
    };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

fn notification(index: usize, level: &'static str, text: String, paths: Vec<&str>) -> Notification {
    let whole = |path: &str| Whole { physical_location: File { artifact_location: path.into() } };
    Notification {
        descriptor: Reference { id: NOTICES[index].0, index },
        level,
        message: Message { text },
        locations: paths.into_iter().map(whole).collect(),
    }
}
