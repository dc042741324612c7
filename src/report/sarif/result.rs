//! A finding as a `result`.

use serde::Serialize;

use super::{Artifact, Message};
use crate::excerpt::printable;
use crate::finding::{ExemptedBy, Exemption, Finding, Related};
use crate::report::json::{Answer, Commit, Suppressed};
use crate::report::words;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item<'r> {
    rule_id: &'r str,
    rule_index: usize,
    level: &'static str,
    message: Message<String>,
    locations: [Location<'r>; 1],
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'r>>,
    /// Never left out: an empty list says that nothing suppresses the result.
    suppressions: Vec<Suppression<'r>>,
    properties: Properties<'r>,
}

/// What this program computes. `primaryLocationLineHash` is left to whoever uploads the report: GitHub's action computes it
/// from the checkout if it is absent, and never replaces one that differs from its own.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "lynklint/v1")]
    own: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "SARIF's words")]
struct Location<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical<'r> {
    artifact_location: Artifact,
    region: Region,
    context_region: Context<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
}

/// The lines of a region, of which one is shown, masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'r> {
    start_line: u64,
    end_line: u64,
    snippet: Message<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'r> {
    fully_qualified_name: &'r str,
}

/// A change that a reader can offer to make.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'r> {
    description: Message<String>,
    artifact_changes: [Change<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'r> {
    artifact_location: Artifact,
    replacements: [Replacement<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'r> {
    deleted_region: Region,
    inserted_content: Message<&'r str>,
}

#[derive(Serialize)]
struct Suppression<'r> {
    kind: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'r str>,
    properties: Suppressed<'r>,
}

#[derive(Serialize)]
struct Properties<'r> {
    enforcement: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Answer<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<Commit<'r>>,
}

impl<'r> Item<'r> {
    pub(super) fn of(finding: &'r Finding<'_>, rule_index: usize) -> Self {
        let (rule, token) = (finding.rule, finding.subject.token());
        let text = format!("{}. {}", words::message(finding), words::fix(finding));
        Self {
            rule_id: rule.id.as_str(),
            rule_index,
            level: rule.severity.name(),
            message: Message { text: unlinked(&text) },
            locations: [Location::of(finding)],
            partial_fingerprints: Fingerprints { own: finding.fingerprint.to_string() },
            related_locations: (1..).zip(&finding.related).map(Location::from).collect(),
            fixes: Fix::of(finding).into_iter().collect(),
            suppressions: finding.exemption.as_deref().into_iter().map(Suppression::from).collect(),
            properties: Properties {
                enforcement: finding.enforcement.name(),
                token: token.map(|it| it.fingerprint.to_string()),
                platform: finding.site.platform.map(|it| it.id.as_str()),
                verdict: finding.verdict.as_deref().map(Answer::from),
                note: finding.site.note(),
                commit: finding.commit.as_deref().map(Commit::anonymous),
            },
        }
    }
}

/// A message without links: SARIF takes `[text](target)` for one.
fn unlinked(text: &str) -> String {
    printable(text).replace("](", r"\](")
}

impl<'r> Fix<'r> {
    fn of(finding: &'r Finding<'_>) -> Option<Self> {
        // A change of the past is none.
        let text = finding.site.replacement.filter(|_| finding.commit.is_none())?;
        let replacement =
            Replacement { deleted_region: Region::of(finding), inserted_content: Message { text } };
        let change =
            Change { artifact_location: (&*finding.path).into(), replacements: [replacement] };
        let text = format!(
            "Write {text} instead of the literal; store a new token there, and revoke this one"
        );
        Some(Self { description: Message { text }, artifact_changes: [change] })
    }
}

impl Region {
    fn of(finding: &Finding<'_>) -> Self {
        Self {
            start_line: finding.start.line,
            start_column: finding.start.column,
            end_line: Some(finding.end.line),
            end_column: Some(finding.end.column),
        }
    }
}

impl<'r> Location<'r> {
    fn of(finding: &'r Finding<'_>) -> Self {
        let (start, end) = (finding.start, finding.end);
        let address = finding.site.address.iter();
        Self {
            id: None,
            physical_location: Physical {
                artifact_location: (&*finding.path).into(),
                region: Region::of(finding),
                context_region: Context {
                    start_line: start.line,
                    end_line: end.line,
                    snippet: Message { text: finding.excerpt.text() },
                },
            },
            logical_locations: address.map(|it| Logical { fully_qualified_name: it }).collect(),
            message: None,
        }
    }
}

impl<'r> From<(usize, &'r Related)> for Location<'r> {
    fn from((id, related): (usize, &'r Related)) -> Self {
        let start = related.start;
        Self {
            id: Some(id),
            physical_location: Physical {
                artifact_location: (&*related.path).into(),
                region: Region {
                    start_line: start.line,
                    start_column: start.column,
                    end_line: None,
                    end_column: None,
                },
                context_region: Context {
                    start_line: start.line,
                    end_line: start.line,
                    snippet: Message { text: related.excerpt.text() },
                },
            },
            logical_locations: Vec::new(),
            message: Some(Message { text: unlinked(&related.label) }),
        }
    }
}

impl<'r> From<&'r Exemption> for Suppression<'r> {
    fn from(it: &'r Exemption) -> Self {
        Self {
            kind: match it.by {
                ExemptedBy::Suppression => "inSource",
                ExemptedBy::Baseline | ExemptedBy::Override | ExemptedBy::Exception => "external",
            },
            status: "accepted",
            justification: it.reason.as_deref(),
            properties: it.into(),
        }
    }
}
