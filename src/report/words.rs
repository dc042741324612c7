//! What several formats say about a finding, in the same words.

use crate::detect::{Encoding, Token};
use crate::excerpt::printable;
use crate::finding::{Exemption, Finding, Subject, Verdict};
use crate::policy::Enforcement;
use crate::scan::Outcome;
use crate::source::{Commit, Revision};
use crate::tally::SetTally;

/// `1 file`, `2 files`, `10,000 files`.
pub(crate) fn plural(n: u64, word: &str) -> String {
    let text = digits(n);
    match (n, word.strip_suffix('y')) {
        (1, _) => format!("{text} {word}"),
        (_, Some(stem)) => format!("{text} {stem}ies"),
        (_, None) => format!("{text} {word}s"),
    }
}

/// `10,000`.
pub(super) fn digits(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How the run ended, in one word.
pub(crate) fn overall(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::CouldNotJudge => "error",
        Outcome::Failed => "failed",
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal of a size for people")]
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => plural(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How many there are, by level: `3 violations (2 hard-mandatory, 1 advisory, 1 of them exempt)`.
pub(super) fn violations(findings: &[Finding<'_>]) -> String {
    let levels = Enforcement::ALL.iter().rev().filter_map(|&level| {
        let n = findings.iter().filter(|it| it.enforcement == level).count();
        (n > 0).then(|| format!("{n} {}", level.name()))
    });
    let exempt = findings.iter().filter(|it| it.exemption.is_some()).count();
    let exempt = (exempt > 0).then(|| format!("{exempt} of them exempt"));
    let levels: Vec<_> = levels.chain(exempt).collect();
    let levels =
        if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
    format!("{}{levels}", plural(findings.len() as u64, "violation"))
}

/// What came of the policies of a set: `recommended: 44 passed, 1 failed`.
pub(super) fn tally(set: &SetTally<'_>) -> String {
    let counts = [
        ("passed", set.passed),
        ("failed", set.failed),
        ("advisory", set.advisory),
        ("excepted", set.excepted),
    ];
    let counts = counts.into_iter().filter(|it| it.1 > 0 || it.0 == "passed");
    let counts: Vec<_> = counts.map(|(word, n)| format!("{n} {word}")).collect();
    let nearest = set.nearest.as_ref().map(|it| format!(", the next until {it}"));
    format!("{}: {}{}", printable(set.name), counts.join(", "), nearest.unwrap_or_default())
}

/// Where it is: `path:line:column`.
pub(super) fn place(finding: &Finding<'_>) -> String {
    format!("{}:{}:{}", printable(&finding.path), finding.start.line, finding.start.column)
}

/// What it is about: `lynk_live_**** (0123456789abcdef)`, or a name.
pub(super) fn subject(finding: &Finding<'_>) -> String {
    match &finding.subject {
        Subject::Token(token) => format!("{} ({})", token.masked(), token.fingerprint),
        Subject::Named(name) => printable(name),
    }
}

/// What is wrong, in one sentence without a full stop: the rule's summary, the subject and its commits.
pub(super) fn message(finding: &Finding<'_>) -> String {
    format!("{}: {}{}", finding.rule.summary, subject(finding), more(finding))
}

/// The same with the place, for where no other part of the output has it.
pub(super) fn message_with_place(finding: &Finding<'_>) -> String {
    let (subject, place) = (subject(finding), place(finding));
    format!("{}: {subject} at {place}{}", finding.rule.summary, more(finding))
}

/// The commits, and what is uncertain.
fn more(finding: &Finding<'_>) -> String {
    let history = finding.commit.iter().map(|it| format!(", {}", commit(it)));
    let verdict = finding.verdict.iter().map(|it| format!(", {}", self::verdict(it)));
    let history = history.chain(verdict);
    history.chain(finding.site.note().map(|it| format!(" ({it})"))).collect()
}

/// What the service said about a token.
pub(super) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Valid { organisation: Some(it) } => {
            format!("live: the service accepts it, of {it}")
        }
        Verdict::Valid { organisation: None } => "live: the service accepts it".to_owned(),
        Verdict::Rejected { why } => format!("not live: {why}"),
        Verdict::Unknown { why } => format!("not known to be live: {why}"),
    }
}

/// What to do about a finding where it stands.
pub(super) fn fix(finding: &Finding<'_>) -> String {
    let text = finding.rule.fix.replace("{site.remedy}", &remedy(finding));
    text.replace("{site.reference}", finding.site.reference()).trim().replace('\n', " ")
}

/// What to write instead of a literal where the finding stands.
pub(super) fn remedy(finding: &Finding<'_>) -> String {
    finding.site.remedy().trim().replace('\n', " ")
}

/// Why the rule is there: the first paragraph.
pub(super) fn why(finding: &Finding<'_>) -> String {
    finding.rule.why.split("\n\n").next().unwrap_or_default().trim().replace('\n', " ")
}

/// What a token is: `personal token, live, certain (0123456789abcdef)`.
pub(super) fn described(token: &Token) -> String {
    let encoding = match token.encoding {
        Encoding::Plain => String::new(),
        other => format!(", {other}"),
    };
    format!(
        "{} token, {}{encoding}, {} ({})",
        token.kind, token.environment, token.certainty, token.fingerprint
    )
}

/// Which commits hold it: `from 01234567 (2026-01-31) to 89abcdef (2026-02-01), gone from HEAD`.
pub(super) fn commit(commit: &Commit) -> String {
    let (first, last) = (revision(&commit.first), revision(&commit.last));
    let commits =
        if first == last { format!("in {first}") } else { format!("from {first} to {last}") };
    let now = match (commit.at_head, commit.reachable) {
        (true, _) => "still at HEAD",
        (false, Some(true)) => "gone from HEAD",
        (false, Some(false)) => "reached by no ref",
        (false, None) => "perhaps reached by what is damaged or missing",
    };
    format!("{commits}, {now}")
}

fn revision(it: &Revision) -> String {
    let (id, date) = (it.id.get(..8).unwrap_or(&it.id), it.date.get(..10).unwrap_or(&it.date));
    format!("{id} ({date})")
}

/// By what a finding is exempt, why, by whom and until when: `exception of someone until 2027-01-31: a reason`.
pub(super) fn exempt(it: &Exemption) -> String {
    let approver = it.approver.as_ref().map(|it| format!(" of {it}"));
    let until = it.until.as_ref().map(|it| format!(" until {it}"));
    let reason = it.reason.as_ref().map(|it| format!(": {it}"));
    let parts = [approver, until, reason].into_iter().flatten();
    printable(&format!("{}{}", it.by.name(), parts.collect::<String>()))
}
