//! Bars that count findings, as inline SVG beside text that says the same.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::BREAK;
use crate::finding::Finding;
use crate::report::words::digits;

/// The most bars of a list.
const BARS: usize = 12;
/// The most months that are shown one by one; a longer history is shown by years.
const MONTHS: usize = 36;

pub(super) fn section(findings: &[&Finding<'_>]) -> Markup {
    let rules = counted(findings.iter().map(|it| it.rule.id.as_str()));
    let platforms = counted(
        findings.iter().map(|it| it.site.platform.map_or("no known platform", |it| it.id.as_str())),
    );
    let dates: Vec<_> = findings
        .iter()
        .filter_map(|it| it.commit.as_ref())
        .map(|it| it.first.date.as_str())
        .collect();
    html! {
        @if !findings.is_empty() {
            section #charts {
                h2 { "Where they are" }
                div.charts {
                    (bars("By policy", rules)) (BREAK)
                    (bars("By platform", platforms)) (BREAK)
                    @if !dates.is_empty() { (history(&dates)) }
                }
            }
        }
    }
}

fn counted<'f>(names: impl Iterator<Item = &'f str>) -> BTreeMap<&'f str, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|it| *counts.entry(it).or_default() += 1);
    counts
}

fn bars(title: &str, counts: BTreeMap<&str, usize>) -> Markup {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let most = counts.first().map_or(1, |it| it.1);
    html! {
        figure {
            figcaption { (title) }
            ul.bars { @for (name, n) in counts.into_iter().take(BARS) {
                li {
                    span { (name) }
                    svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                        rect.track width="100" height="10" {}
                        rect.bar width=(100 * n / most) height="10" {}
                    }
                    b { (digits(n as u64)) }
                } (BREAK)
            } }
        }
    }
}

/// When the findings of git's history were first committed.
fn history(dates: &[&str]) -> Markup {
    let by = |len: usize| counted(dates.iter().map(|it| it.get(..len).unwrap_or(it)));
    let periods =
        if span(&by(7)) > MONTHS { between(&by(4), year) } else { between(&by(7), month) };
    let most = periods.iter().map(|it| it.1).max().unwrap_or(1).max(1);
    let (first, last) = (periods.first().map(|it| &it.0), periods.last().map(|it| &it.0));
    html! {
        figure.wide {
            figcaption { "By first commit" }
            div.history {
            svg.columns width=(periods.len() * 28) height="112" viewBox={ "0 0 " (periods.len() * 10) " 100" } preserveAspectRatio="none" role="img"
                aria-label="Findings by the time of their first commit" {
                @for (i, (name, n)) in periods.iter().enumerate() {
                    rect.track x=(i * 10 + 1) y="0" width="8" height="100" {}
                    rect.bar x=(i * 10 + 1) y=(100 - 100 * n / most) width="8" height=(100 * n / most) {
                        title { (name) ": " (digits(*n as u64)) }
                    }
                }
            }
            p.axis {
                span { (first.map_or("", |it| it)) }
                @if first != last { span { (last.map_or("", |it| it)) } }
            } }
        }
    }
}

/// How many months lie between the first and the last.
fn span(months: &BTreeMap<&str, usize>) -> usize {
    between(months, month).len()
}

/// Every period from the first to the last, also those without a finding.
fn between(counts: &BTreeMap<&str, usize>, name: fn(usize) -> String) -> Vec<(String, usize)> {
    let number = |it: &str| {
        let mut parts = it.split('-').map(|it| it.parse::<usize>().unwrap_or(1));
        let year = parts.next().unwrap_or(0).min(9999);
        if name(0).contains('-') {
            year * 12 + parts.next().unwrap_or(1).clamp(1, 12) - 1
        } else {
            year
        }
    };
    let numbered: BTreeMap<usize, usize> = counts.iter().map(|(it, n)| (number(it), *n)).collect();
    let (first, last) = (numbered.keys().next(), numbered.keys().next_back());
    let all = first.zip(last).map(|(first, last)| *first..=*last).into_iter().flatten();
    all.map(|it| (name(it), numbered.get(&it).copied().unwrap_or(0))).collect()
}

fn month(n: usize) -> String {
    format!("{:04}-{:02}", n / 12, n % 12 + 1)
}

fn year(n: usize) -> String {
    format!("{n:04}")
}
