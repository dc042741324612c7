//! The tokens, and the names that findings are about: a card each, with what to do about it.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{BREAK, prose};
use crate::detect::Token;
use crate::excerpt::printable;
use crate::finding::{Finding, Subject};
use crate::platform::Class;
use crate::report::words::{self, plural};

/// The most places that a card names.
const PLACES: usize = 8;
/// The most cards.
const CARDS: usize = 200;

pub(super) fn section(findings: &[&Finding<'_>]) -> Markup {
    let mut subjects: BTreeMap<_, Vec<&Finding<'_>>> = BTreeMap::new();
    for finding in findings {
        subjects.entry(finding.subject.identity()).or_default().push(finding);
    }
    let mut subjects: Vec<_> = subjects.into_values().collect();
    // Within a subject the worst comes first already.
    subjects.sort_by_key(|it| {
        (it[0].exemption.is_some(), std::cmp::Reverse(it[0].enforcement), it[0].rule.severity)
    });
    let rest = subjects.len().saturating_sub(CARDS);
    html! {
        @if !subjects.is_empty() {
            section #tokens {
                h2 { "Tokens" }
                div.cards { @for it in subjects.iter().take(CARDS) { (card(it)) (BREAK) } }
                @if rest > 0 { p { "… and " (plural(rest as u64, "more token")) "." } }
            }
        }
    }
}

fn card(findings: &[&Finding<'_>]) -> Markup {
    let rest = findings.len().saturating_sub(PLACES);
    let exempted = findings.iter().all(|it| it.exemption.is_some());
    html! {
        article.card.item.exempted[exempted] {
            @match &findings[0].subject {
                Subject::Token(token) => {
                    h3 { code { (token.masked()) } }
                    (kind(token))
                },
                Subject::Named(name) => {
                    h3 { code { (printable(name)) } }
                    p.kind { "a name by which a token is reached" }
                },
            }
            dl { (state(findings)) } (BREAK)
            ul.places { @for it in findings.iter().take(PLACES) {
                li { code { (words::place(it)) } " " span.quiet { (it.rule.summary) } } (BREAK)
            } }
            @if rest > 0 { p.quiet { "and " (plural(rest as u64, "more place")) " in the list of findings" } }
            @if let Some(token) = findings[0].subject.token() {
                @if !exempted { (steps(token, findings)) }
            }
        }
    }
}

fn kind(token: &Token) -> Markup {
    html! {
        p.kind {
            span.tag { (token.kind) } span.tag { (token.environment) } span.tag { (token.certainty) }
        }
        p.quiet { "fingerprint " code { (token.fingerprint) } }
    }
}

fn state(findings: &[&Finding<'_>]) -> Markup {
    let commits = || findings.iter().filter_map(|it| it.commit.as_ref());
    let first = commits().map(|it| &it.first).min();
    let last = commits().map(|it| &it.last).max();
    let here = findings.iter().any(|it| crate::report::is_here(it));
    let mut files: Vec<_> = findings.iter().map(|it| &it.path).collect();
    files.dedup();
    let places = plural(findings.len() as u64, "place");
    html! {
        div { dt { "found" } dd { (places) " in " (plural(files.len() as u64, "file")) } }
        div { dt { "now" } dd {
            @if here { "in the files as they are" } @else { "gone from HEAD, but in the history" }
        } }
        @for (name, it) in [("first commit", first), ("last commit", last)] {
            @if let Some(it) = it {
                div { dt { (name) } dd { code { (it.id.get(..12).unwrap_or(&it.id)) } " " (it.date.get(..10).unwrap_or(&it.date)) } }
            }
        }
        @if findings[0].subject.token().is_some() {
            div { dt { "live" } dd { (findings[0].verdict.as_ref().map_or_else(|| "not verified".to_owned(), |it| words::verdict(it))) } }
        }
    }
}

/// What only a person can do, in the order in which it helps.
fn steps(token: &Token, findings: &[&Finding<'_>]) -> Markup {
    html! {
        h4 { "Revoke and rotate" }
        ol {
            li { "Revoke the " (token.kind) " token: until then whoever has read it can use it. "
                "Taking it out of the files does not help." }
            li { "Create another with the least role that does the job, and an end." }
            @if let Some(it) = findings.iter().min_by_key(|it| class(it)) {
                li { (prose(&words::remedy(it))) }
            }
            li { "Delete the literal at each place above, and run lynklint again." }
        }
        p { a href=(findings[0].rule.reference) rel="noreferrer" { "Documentation" } }
    }
}

/// The use of a token is where it is run or deployed rather than where it is written about.
fn class(finding: &Finding<'_>) -> Class {
    finding.site.platform.map_or(Class::Source, |it| it.class)
}
