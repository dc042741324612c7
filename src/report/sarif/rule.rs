//! A rule as a `reportingDescriptor`.

use serde::Serialize;

use super::Message;
use crate::policy::Enforcement;
use crate::rule::{Rule, Severity, page};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor<'r> {
    id: &'r str,
    name: String,
    short_description: Message<String>,
    full_description: Message<String>,
    help: Help,
    help_uri: &'r str,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    enforcement: &'static str,
    precision: &'static str,
    #[serde(rename = "security-severity")]
    severity: &'static str,
    tags: [&'static str; 4],
}

/// Hard-coded credentials, and insufficient credential hygiene of OWASP's ten risks of CI/CD.
const TAGS: [&str; 4] = ["security", "secrets", "external/cwe/cwe-798", "CICD-SEC-6"];

impl<'r> From<(&'r Rule, Enforcement)> for Descriptor<'r> {
    fn from((rule, enforcement): (&'r Rule, Enforcement)) -> Self {
        let first = rule.why.split("\n\n").next().unwrap_or_default();
        Self {
            id: rule.id.as_str(),
            name: pascal(rule.id.as_str()),
            short_description: Message { text: format!("{}.", rule.summary) },
            full_description: Message { text: flat(first) },
            help: Help {
                text: format!("{}\n\n{}", rule.why.trim(), rule.reference),
                markdown: page::markdown(rule),
            },
            help_uri: &rule.reference,
            default_configuration: Configuration { level: rule.severity.name() },
            properties: Properties {
                enforcement: enforcement.name(),
                // A rule asks for a shape that is exact and for facts of the place.
                precision: "very-high",
                severity: score(rule.severity),
                tags: TAGS,
            },
        }
    }
}

/// A score after CVSS: GitHub calls 9.0 and more critical, 4.0 to 6.9 medium, less low.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "9.1",
        Severity::Warning => "5.5",
        Severity::Note => "2.0",
    }
}

/// `PersonalTokenInCi`.
fn pascal(id: &str) -> String {
    let word = |it: &str| it[..1.min(it.len())].to_uppercase() + it.get(1..).unwrap_or_default();
    id.split('-').map(word).collect()
}

fn flat(text: &str) -> String {
    text.trim().replace('\n', " ")
}
