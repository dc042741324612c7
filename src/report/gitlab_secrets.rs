//! `--format gitlab-secrets`: a secret detection report after version 15 of GitLab's security report schemas.

use std::io::{self, Write};

use serde::Serialize;

use super::gitlab::identified;
use super::json::{Lazy, write};
use super::words;
use crate::excerpt::printable;
use crate::finding::Finding;
use crate::rule::Severity;
use crate::scan::{Outcome, Report};

const VERSION: &str = "15.2.1";
const SCHEMA: &str = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v15.2.1/dist/secret-detection-report-format.json";
/// The schema asks when the scan began and ended. No report of lynklint holds a time, so that two runs give the same
/// bytes: this one is nobody's.
const NEVER: &str = "1970-01-01T00:00:00";
/// The schema asks for a commit, and a file that was read from the disk has none.
const NO_COMMIT: &str = "0000000";

#[derive(Serialize)]
struct Root<V> {
    version: &'static str,
    schema: &'static str,
    scan: Scan,
    vulnerabilities: V,
}

#[derive(Serialize)]
struct Scan {
    analyzer: Tool,
    scanner: Tool,
    r#type: &'static str,
    start_time: &'static str,
    end_time: &'static str,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'r> {
    id: String,
    name: &'r str,
    description: String,
    severity: &'static str,
    solution: String,
    identifiers: [Identifier<'r>; 2],
    links: [Link<'r>; 1],
    location: Location<'r>,
}

#[derive(Serialize)]
struct Identifier<'r> {
    r#type: &'static str,
    name: &'r str,
    value: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'static str>,
}

#[derive(Serialize)]
struct Link<'r> {
    url: &'r str,
}

#[derive(Serialize)]
struct Location<'r> {
    file: &'r str,
    start_line: u64,
    end_line: u64,
    commit: Commit<'r>,
}

#[derive(Serialize)]
struct Commit<'r> {
    sha: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'r str>,
}

const TOOL: Tool = Tool {
    id: "lynklint",
    name: "lynklint",
    version: env!("CARGO_PKG_VERSION"),
    vendor: Vendor { name: "lynklint" },
};
const CWE: Identifier<'_> = Identifier {
    r#type: "cwe",
    name: "CWE-798",
    value: "798",
    url: Some("https://cwe.mitre.org/data/definitions/798.html"),
};

pub(super) fn render(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let skipped = super::unread(report).into_iter().map(|it| Message {
        level: "fatal",
        value: format!("{} could not be read: {}", printable(&it.path), printable(&it.reason)),
    });
    let vulnerabilities = || identified(report).map(|(it, id)| vulnerability(it, id));
    let (status, level) = match report.outcome() {
        Outcome::Passed | Outcome::Failed => ("success", "info"),
        Outcome::CouldNotJudge => ("failure", "fatal"),
    };
    let overrides = super::overrides(&report.exempted);
    let overrides = overrides.into_iter().map(|(_, value)| Message { level: "info", value });
    let last = Message { level, value: super::reason(report) };
    let messages = skipped.chain(overrides).chain([last]).collect();
    write(&root(status, messages, Lazy(vulnerabilities)), out)
}

pub(super) fn render_error(message: &str, out: &mut dyn Write) -> io::Result<()> {
    let message = Message { level: "fatal", value: message.to_owned() };
    write(&root("failure", vec![message], [(); 0]), out)
}

fn root<V>(status: &'static str, messages: Vec<Message>, vulnerabilities: V) -> Root<V> {
    let scan = Scan {
        analyzer: TOOL,
        scanner: TOOL,
        r#type: "secret_detection",
        start_time: NEVER,
        end_time: NEVER,
        status,
        messages,
    };
    Root { version: VERSION, schema: SCHEMA, scan, vulnerabilities }
}

fn vulnerability<'r>(finding: &'r Finding<'_>, id: String) -> Vulnerability<'r> {
    let rule = finding.rule;
    Vulnerability {
        id,
        name: &rule.summary,
        description: format!("{}.\n\n{}", words::message(finding), rule.why.trim()),
        severity: match rule.severity {
            Severity::Error => "Critical",
            Severity::Warning => "Medium",
            Severity::Note => "Info",
        },
        solution: words::fix(finding),
        identifiers: [
            Identifier {
                r#type: "lynklint_rule_id",
                name: rule.id.as_str(),
                value: rule.id.as_str(),
                url: None,
            },
            CWE,
        ],
        links: [Link { url: &rule.reference }],
        location: Location {
            file: &finding.path,
            start_line: finding.start.line,
            end_line: finding.end.line,
            commit: Commit {
                sha: finding.commit.as_ref().map_or(NO_COMMIT, |it| &it.first.id),
                date: finding.commit.as_ref().map(|it| it.first.date.as_str()),
            },
        },
    }
}
