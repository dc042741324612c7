//! A rule as a page of Markdown: what `rules show` prints and `docs/rules/<id>.md` holds.

use std::fmt::Write as _;

use super::Rule;

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
    for (title, examples) in [("Breaks it", &rule.bad), ("Does not", &rule.good)] {
        let _ = write!(page, "## {title}\n\n");
        for example in examples {
            let text = example.text.replace(['«', '»'], "");
            let _ = write!(page, "`{}`\n\n```text\n{}\n```\n\n", example.path, text.trim_end());
        }
    }
    let _ = writeln!(page, "Reference: <{}>", rule.reference);
    page
}

/// The fix without a place.
fn generic_fix(rule: &Rule) -> String {
    let text = rule.fix.replace("{site.remedy}", "What the diagnostic says for the file at hand.");
    text.replace("{site.reference}", "the platform's own reference").trim().to_owned()
}
