//! The findings, one by one, with a filter and a search that need no server.

use maud::{Markup, html};

use super::{BREAK, badge, code, prose};
use crate::excerpt::printable;
use crate::finding::Finding;
use crate::policy::Enforcement;
use crate::report::words::{self, plural};
use crate::scan::Report;

pub(super) fn section(report: &Report<'_>, findings: &[&Finding<'_>], most: usize) -> Markup {
    let rest = findings.len().saturating_sub(most);
    html! {
        section #findings {
            h2 { "Findings" }
            @if findings.is_empty() {
                p { "No policy is broken." }
            } @else {
                (controls(report))
                ol.findings { @for it in findings.iter().take(most) { (item(it)) (BREAK) } }
            }
            @if rest > 0 {
                p { "… and " (plural(rest as u64, "more finding")) ": " code { "--all" } " lists all." }
            }
        }
    }
}

/// Hidden until the script shows it: without one everything is listed.
fn controls(report: &Report<'_>) -> Markup {
    let rules = report.policy.file_rules().map(|(rule, _)| rule);
    let broken = rules.filter(|rule| report.findings.iter().any(|it| it.rule.id == rule.id));
    html! {
        div #controls role="search" hidden {
            label { "Search " input #query type="search" autocomplete="off" placeholder="path, token, fingerprint …"; }
            label { "Level " select #level {
                option value="" { "all" }
                @for it in Enforcement::ALL.iter().rev() { option { (it.name()) } }
            } }
            label { "Policy " select #rule {
                option value="" { "all" }
                @for it in broken { option { (it.id) } }
            } }
            label { input #active type="checkbox"; " hide what is exempt" }
            output #count for="query level rule active" {}
        } (BREAK)
    }
}

fn item(finding: &Finding<'_>) -> Markup {
    let rule = finding.rule;
    let exempted = finding.exemption.is_some();
    html! {
        li.item.exempted[exempted] data-level=(finding.enforcement.name()) data-rule=(rule.id) {
            p.head { (badge(finding.enforcement)) strong { (rule.summary) } " " code { (rule.id) } }
            p.place { code { (words::place(finding)) } (context(finding)) } (BREAK)
            pre { code { (code(finding)) } } (BREAK)
            (facts(finding))
            details {
                summary { "Why, and what to do" }
                p { (prose(&words::why(finding))) } (BREAK)
                p { (prose(&words::fix(finding))) } (BREAK)
                p { a href=(rule.reference) rel="noreferrer" { "Documentation" } }
            }
        }
    }
}

fn context(finding: &Finding<'_>) -> Markup {
    let site = &finding.site;
    html! {
        @if let Some(name) = site.name() { " in " (name) }
        @if let Some(address) = &site.address { ", " code { (printable(address)) } }
    }
}

fn facts(finding: &Finding<'_>) -> Markup {
    html! {
        ul.facts {
            li { @match finding.subject.token() {
                Some(token) => { (words::described(token)) },
                None => { (words::subject(finding)) },
            } }
            @if let Some(it) = finding.site.note() { li { (it) } }
            @if let Some(it) = &finding.exemption { li { "exempt by " (words::exempt(it)) } }
            @if let Some(it) = &finding.commit { li {
                "committed " (words::commit(it))
                @if !it.refs.is_empty() { ", in " (printable(&it.refs.join(", "))) }
            } }
            @for it in &finding.related { li {
                (printable(&it.label)) ": "
                code { (printable(&it.path)) ":" (it.start.line) ":" (it.start.column) } " "
                code { (it.excerpt.text()) }
            } }
        } (BREAK)
    }
}
