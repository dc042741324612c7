//! A rule as a page of Markdown: what `rules show` prints and `docs/rules/<id>.md` holds.

use std::fmt::Write as _;

use super::{Parameters, Rule};

/// The page. The examples keep their macros, so nothing token-shaped stands in it.
pub fn markdown(rule: &Rule) -> String {
    let mut page = format!(
        "# {}\n\n{} ({}, since {}).\n\n",
        rule.id,
        rule.summary,
        rule.severity.name(),
        rule.since
    );
    let _ =
        write!(page, "## Why\n\n{}\n\n## What to do\n\n{}\n\n", rule.why.trim(), generic_fix(rule));
    if !rule.parameters.is_empty() {
        let _ =
            write!(page, "## Parameters\n\n| name | is, where nobody says another |\n|---|---|\n");
        for (name, number) in &rule.parameters {
            let _ = writeln!(page, "| `{name}` | {number} |");
        }
        page.push('\n');
    }
    for (title, examples) in [("Breaks it", &rule.bad), ("Does not", &rule.good)] {
        let _ = write!(page, "## {title}\n\n");
        for example in examples.iter() {
            page += &shown("", &example.path, &example.text);
            let beside = example.beside.iter().map(|it| shown("with ", &it.path, &it.text));
            page.extend(beside);
            page += &given(&example.parameters);
        }
    }
    let _ = writeln!(page, "Reference: <{}>", rule.reference);
    page
}

/// A file of an example, or the variables of a job.
fn shown(before: &str, path: &str, text: &str) -> String {
    let text = text.replace(['«', '»'], "");
    let path = if path.is_empty() { "a job's variables".to_owned() } else { format!("`{path}`") };
    format!("{before}{path}\n\n```text\n{}\n```\n\n", text.trim_end())
}

/// The numbers that an example gives the rule.
fn given(parameters: &Parameters) -> String {
    let given = parameters.iter().map(|(name, number)| format!("`{name}` is {number}"));
    let given = given.collect::<Vec<_>>().join(", ");
    if given.is_empty() { given } else { format!("where {given}\n\n") }
}

/// The fix without a place.
fn generic_fix(rule: &Rule) -> String {
    let text = rule.fix.replace("{site.remedy}", "What the diagnostic says for the file at hand.");
    text.replace("{site.reference}", "the platform's own reference").trim().to_owned()
}
