//! Ways of using a token, right and wrong, as the files of `tests/forms` show them, judged by all rules together.
//!
//! A form is a line `=== PATH` and the file's text, with macros for tokens. `«RULE: …»` is what is reported, and by which
//! rules (with a comma between them); a form without such a mark is right and gives nothing. `utf16` before the path says how it is written, and so does
//! `unmarked-utf16` (without a byte order mark); `zero` puts a 0 into a comment at its end.

use std::fs;
use std::path::Path;

use lynklint::finding::Finding;
use lynklint::policy::Policy;
use lynklint::rule::example::expand;
use lynklint::scan::check;
use lynklint::source::Blob;

use crate::detect::utf16;

/// What is reported: a line, a column and a rule.
type Reported = (u64, u64, String);

/// The text of a form, and what must be reported of it.
fn realised(form: &str) -> (String, Vec<Reported>) {
    let (mut text, mut reported) = (String::new(), Vec::new());
    let form = expand(form);
    let mut rest = form.as_str();
    while let Some((before, marked)) = rest.split_once('«') {
        text += before;
        let (rules, after) = marked.split_once(": ").expect("a rule before what it reports");
        let line = 1 + text.matches('\n').count() as u64;
        let column = 1 + text.rsplit('\n').next().map_or(0, |it| it.chars().count()) as u64;
        reported.extend(rules.split(',').map(|it| (line, column, it.trim().to_owned())));
        rest = after;
        if let Some((inner, after)) = rest.split_once('»')
            && !inner.contains('«')
        {
            text += inner;
            rest = after;
        }
    }
    text += &rest.replace('»', "");
    reported.sort();
    (text, reported)
}

/// What differs, in words.
fn differs(policy: &Policy, path: &str, form: &str) -> Option<String> {
    let (text, wanted) = realised(form);
    let (path, bytes) = match path.split_once(' ') {
        Some(("utf16", path)) => (path, [&b"\xFF\xFE"[..], &utf16(&text, false)].concat()),
        Some(("unmarked-utf16", path)) => (path, utf16(&text, false)),
        Some(("zero", path)) => (path, [text.as_bytes(), b"# \0\n"].concat()),
        _ => (path, text.clone().into_bytes()),
    };
    let findings = check(&Blob::whole(path, &bytes), policy);
    let rule = |it: &Finding<'_>| it.rule.id.as_str().to_owned();
    let found = findings.iter().map(|it| (it.start.line, it.start.column, rule(it)));
    let mut found: Vec<Reported> = found.collect();
    found.sort();
    let shown = |list: &[Reported], other: &[Reported]| {
        let only = list.iter().filter(|it| !other.contains(it));
        only.map(|(line, column, rule)| format!("\n  {line}:{column} {rule}")).collect::<String>()
    };
    let (missed, false_alarm) = (shown(&wanted, &found), shown(&found, &wanted));
    (found != wanted).then(|| format!("{path}: missed:{missed}\n false:{false_alarm}\n{text}"))
}

#[test]
fn every_form_is_judged_as_it_is_marked() {
    let policy = Policy::recommended(Vec::new()).expect("the policy loads");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms");
    let mut wrong = Vec::new();
    let mut forms = 0;
    for entry in fs::read_dir(folder).expect("the forms") {
        let file = fs::read_to_string(entry.expect("an entry").path()).expect("text");
        for form in file.split("\n=== ").map(|it| it.trim_start_matches("=== ")) {
            let (path, text) = form.split_once('\n').expect("a path and a text");
            forms += 1;
            wrong.extend(differs(&policy, path.trim(), text));
        }
    }
    assert!(forms >= 9, "only {forms} forms");
    assert!(wrong.is_empty(), "{} of {forms}:\n{}", wrong.len(), wrong.join("\n---\n"));
}
