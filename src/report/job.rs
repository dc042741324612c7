//! What is wrong with the variables of a job: for people, and as an object. No part of a value is in it.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{Item, TOOL, Token, Tool, VERSION, write};
use super::summary::Summary;
use super::words::{self, plural};
use super::{Style, config_name, exempted, failed, judged_by, passed};
use crate::environment::{Entry, Judgement};
use crate::excerpt::printable;
use crate::finding::{Finding, Related};
use crate::inventory::Inventory;
use crate::rule::Severity;
use crate::scan::Outcome;

/// Why the run ends as it does, in one sentence.
pub fn reason(judgement: &Judgement<'_>) -> String {
    let (findings, gate) = (&judgement.findings, judgement.policy.gate);
    let missing = &judgement.environment.missing;
    match judgement.outcome() {
        Outcome::Passed if findings.is_empty() => "passed: no violation".to_owned(),
        Outcome::Passed => passed(findings, gate),
        Outcome::Failed => failed(findings, gate),
        Outcome::CouldNotJudge if missing.is_empty() && judgement.rules().is_empty() => {
            "error: nothing to judge by: no policy set holds for the variables of a job; one without a scope does"
                .to_owned()
        }
        Outcome::CouldNotJudge if missing.is_empty() => {
            "error: nothing to judge: no variable holds a token (--name says which must, --allow-none that none need)"
                .to_owned()
        }
        Outcome::CouldNotJudge => {
            format!("error: not set, so nothing is known about it: {}", missing.join(", "))
        }
    }
}

/// Prints it for people.
pub fn human(style: Style, it: &Judgement<'_>, out: &mut dyn Write) -> io::Result<()> {
    let job = &it.environment.job;
    let system = match (&job.system, job.ci) {
        (Some(name), _) => name,
        (None, true) => "CI (--ci)",
        (None, false) => "not in CI, as far as the variables tell",
    };
    let release = job.release.as_ref().map_or_else(String::new, |it| format!(", a release ({it})"));
    writeln!(out, "Job: {system}{release}")?;
    let inventory = &it.policy.config.inventory;
    it.environment.entries.iter().try_for_each(|it| entry(it, inventory, out))?;
    it.findings.iter().try_for_each(|it| finding(style, it, out))?;
    tally(it, out)
}

fn entry(it: &Entry, inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let Entry { name, tokens, .. } = it;
    for token in tokens {
        let (kind, environment, sure) = (token.kind, token.environment, token.certainty);
        write!(out, "  {name}: {} {kind}, {environment}, {sure}", token.masked())?;
        let known = sure.violates().then(|| format!(", fingerprint {}", token.fingerprint));
        let declared = inventory.declared(token).map(|it| format!(", declared as {}", it.name));
        writeln!(out, "{}{}", known.unwrap_or_default(), declared.unwrap_or_default())?;
    }
    if tokens.is_empty() {
        writeln!(out, "  {name}: no token")?;
    }
    Ok(())
}

fn finding(style: Style, it: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (severity, id) = (painted(style, it.rule.severity), &it.rule.id);
    let (name, summary) = (it.excerpt.text(), &it.rule.summary);
    let note = it.note.as_ref().map_or_else(String::new, |it| format!(" ({it})"));
    writeln!(out, "\n{severity}[{id}] {name}: {summary}{note}")?;
    let exempt = it.exemption.as_ref().map(|it| format!("; exempt by {}", words::exempt(it)));
    writeln!(out, "  level: {}{}", it.enforcement.name(), exempt.unwrap_or_default())?;
    for Related { label, path, start, .. } in &it.related {
        writeln!(out, "  {}: {}:{}", printable(label), printable(path), start.line)?;
    }
    writeln!(out, "  fix: {}", words::fix(it))?;
    writeln!(out, "  fingerprint: {}", it.fingerprint)
}

fn painted(style: Style, severity: Severity) -> String {
    let code = match severity {
        Severity::Error => 31,
        Severity::Warning => 33,
        Severity::Note => 36,
    };
    match style.color {
        true => format!("\x1b[{code}m{}\x1b[0m", severity.name()),
        false => severity.name().to_owned(),
    }
}

/// The numbers at the end, as a scan prints them.
fn tally(it: &Judgement<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rules = plural(it.rules().len() as u64, "policy");
    let violations = words::violations(&it.findings);
    let tokens = plural(it.environment.tokens() as u64, "distinct token");
    writeln!(out, "\n  {rules}, {violations}, {tokens}")?;
    writeln!(out, "  policy: {}", judged_by(it.policy))?;
    it.tally().sets.iter().try_for_each(|it| writeln!(out, "    {}", words::tally(it)))?;
    exempted(&it.exempted).iter().try_for_each(|it| writeln!(out, "  {it}"))
}

#[derive(Serialize)]
struct Root<'j> {
    format_version: &'static str,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    tool: Tool,
    diagnostics: Vec<Diagnostic<'j>>,
    job: Job<'j>,
    variables: Vec<Variable<'j>>,
    missing: &'j [String],
    summary: Reasoned<'j>,
    receipt: Receipt<'j>,
}

#[derive(Serialize)]
struct Diagnostic<'j> {
    #[serde(flatten)]
    item: Item<'j>,
    variable: &'j str,
}

#[derive(Serialize)]
struct Job<'j> {
    ci: bool,
    system: Option<&'j str>,
    release: Option<&'j str>,
}

#[derive(Serialize)]
struct Variable<'j> {
    name: &'j str,
    tokens: Vec<Token>,
}

#[derive(Serialize)]
struct Reasoned<'j> {
    #[serde(flatten)]
    summary: Summary<'j>,
    reason: String,
}

/// Which policy judged.
#[derive(Serialize)]
struct Receipt<'j> {
    config: Option<String>,
    policy_sets: Vec<&'j str>,
    policy_digest: &'j str,
}

/// Prints it as one object.
pub fn object(it: &Judgement<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (policy, outcome) = (it.policy, it.outcome());
    let failing = it.findings.iter().filter(|it| it.fails(policy.gate)).count();
    let warns = it.findings.iter().filter(|it| !it.fails(policy.gate));
    let job = &it.environment.job;
    let diagnostic = |it| Diagnostic { item: Item::without_file(it), variable: it.excerpt.text() };
    let variable = |it: &'_ Entry| -> Vec<Token> { it.tokens.iter().map(Token::from).collect() };
    let variables = it.environment.entries.iter();
    let root = Root {
        format_version: VERSION,
        valid: outcome == Outcome::Passed,
        error_count: failing + it.environment.missing.len(),
        warning_count: warns.filter(|it| it.rule.severity != Severity::Note).count(),
        tool: TOOL,
        diagnostics: it.findings.iter().map(diagnostic).collect(),
        job: Job { ci: job.ci, system: job.system.as_deref(), release: job.release.as_deref() },
        variables: variables.map(|it| Variable { name: &it.name, tokens: variable(it) }).collect(),
        missing: &it.environment.missing,
        summary: Reasoned { summary: Summary::of_job(it), reason: reason(it) },
        receipt: Receipt {
            config: config_name(policy),
            policy_sets: policy.sets().iter().map(|it| it.name.as_str()).collect(),
            policy_digest: policy.digest(),
        },
    };
    write(&root, out)
}
