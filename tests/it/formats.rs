//! What each format's reader asks of it: schemas, documented fields, escapes, limits.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use lynklint::report::{Format, render_error};
use lynklint::scan::{Outcome, Report};
use lynklint::source::Skipped;
use serde_json::Value;

use crate::report::{judged, mixed, policy, shown};

const NAME: &str =
    "e/,line=9;code=0<img src=x>&\"'|`` @team [x](http:a);]%0A::error ##vso[task.complete]\n.py";

/// A hostile name, text that would end the element, command or fence that it stands in, and a file that was not read.
fn hostile(policy: &lynklint::policy::Policy) -> Report<'_> {
    let text = "</script></code>``` ]]>--> $SERVICE <b> @team\n";
    let mut report = judged(policy, &[(NAME, text), ("b/::set-env.txt", "$PERSONAL\n")]);
    let (path, reason) = (NAME.to_owned(), "permission denied".to_owned());
    report.coverage.skipped.push(Skipped { path, reason });
    report
}

fn json(format: Format, report: &Report<'_>) -> Value {
    serde_json::from_str(&shown(format, report)).expect("JSON")
}

fn error(format: Format) -> String {
    let mut out = Vec::new();
    render_error(format, "no <such> \"flag\"\nat & all", &mut out).expect("it can be written");
    String::from_utf8(out).expect("UTF-8")
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).expect("a list")
}

#[test]
fn sarif_is_valid() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/sarif-2.1.0.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    let schema = schema.to_str().expect("UTF-8");
    let schema = compiler.compile(schema, &mut schemas).expect("the schema is one");
    let valid = |log: &Value| {
        if let Err(wrong) = schemas.validate(log, schema) {
            panic!("{wrong:#}");
        }
    };
    let policy = policy();
    for report in [mixed(&policy), hostile(&policy), judged(&policy, &[])] {
        valid(&json(Format::Sarif, &report));
    }
    valid(&serde_json::from_str(&error(Format::Sarif)).expect("JSON"));
    let wrong = serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": {} }] });
    assert!(schemas.validate(&wrong, schema).is_err(), "the schema refuses something");
}

#[test]
fn sarif_says_what_code_scanning_needs() {
    let policy = policy();
    let report = mixed(&policy);
    let log = json(Format::Sarif, &report);
    let (rules, results) = (list(&log, "/runs/0/tool/driver/rules"), list(&log, "/runs/0/results"));
    assert_eq!(results.len(), report.findings.len());
    for rule in rules {
        assert!(rule["help"]["markdown"].as_str().is_some_and(|it| it.contains("## Why")));
        assert!(rule["helpUri"].as_str().is_some_and(|it| it.starts_with("https://")));
        let score = rule["properties"]["security-severity"].as_str().expect("text");
        assert!((0.0..=10.0).contains(&score.parse::<f64>().expect("a number")));
    }
    for result in results {
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["partialFingerprints"]["lynklint/v1"].is_string());
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.as_str().is_some_and(|it| !it.starts_with('/') && !it.contains(':')));
    }
    let suppressed: Vec<_> =
        results.iter().filter(|it| it["suppressions"][0]["kind"] == "inSource").collect();
    assert_eq!(suppressed.len(), 1);
    assert!(suppressed[0]["suppressions"][0]["justification"].is_string());
    assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], 2);
    let unread = json(Format::Sarif, &hostile(&policy));
    let invocation = &unread["runs"][0]["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], &invocation["exitCode"]),
        (&false.into(), &1.into())
    );
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
}

#[test]
fn sarif_keeps_the_worst_of_too_many_and_names_no_author() {
    let policy = policy();
    let text = "a = \"$SERVICE_TEST\"\n".repeat(25_010);
    let mut report = judged(&policy, &[("a.py", &text), ("b.py", "t = '$SERVICE'\n")]);
    let log = json(Format::Sarif, &report);
    assert_eq!(list(&log, "/runs/0/results").len(), 25_000);
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "hardcoded-service-token");
    let said = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(said["message"]["text"], "11 results left out");
    report = mixed(&policy);
    let commit = report.findings.iter_mut().find_map(|it| it.commit.as_mut()).expect("one");
    std::sync::Arc::make_mut(commit).first.author = Some("A. Author <a@example.org>".to_owned());
    assert!(!shown(Format::Sarif, &report).contains("a@example.org"));
}

/// What a reader of the report makes of `text` by doing what the report offers.
fn mended(path: &str, text: &str) -> String {
    let policy = policy();
    let log = json(Format::Sarif, &judged(&policy, &[(path, text)]));
    let mut lines: Vec<String> =
        lynklint::rule::example::expand(text).lines().map(str::to_owned).collect();
    for result in list(&log, "/runs/0/results") {
        let Some(change) = result.pointer("/fixes/0/artifactChanges/0/replacements/0") else {
            continue;
        };
        let number = |at: &str| change.pointer(at).and_then(Value::as_u64).expect("a number");
        let index = |at: &str| usize::try_from(number(at) - 1).expect("a small number");
        let line = &mut lines[index("/deletedRegion/startLine")];
        let columns = index("/deletedRegion/startColumn")..index("/deletedRegion/endColumn");
        line.replace_range(columns, change["insertedContent"]["text"].as_str().expect("text"));
    }
    lines.join("\n")
}

#[test]
fn sarif_offers_a_fix_where_one_change_is_enough() {
    let workflow = "jobs:\n  up:\n    steps:\n      - run: lynk $T\n        env:\n          T: X\n";
    let workflow = workflow.trim_end();
    for literal in ["$SERVICE", "'$SERVICE'", "\"$PERSONAL\" # why"] {
        let wanted = literal.split(' ').next().expect("a word").trim_matches(['"', '\'']);
        let wanted = literal.replace(wanted, "${{ secrets.INTERLYNK_SECURITY_TOKEN }}");
        let mended = mended(".github/workflows/up.yml", &workflow.replace('X', literal));
        assert_eq!(mended, workflow.replace('X', &wanted));
        let policy = policy();
        let report = judged(&policy, &[(".github/workflows/up.yml", &mended)]);
        assert!(report.findings.iter().all(|it| it.subject.token().is_none()), "{mended}");
    }
    // In a flow mapping the braces would end it; in a script and in code more has to change.
    for (path, text) in [
        (".github/workflows/up.yml", "env: { T: $SERVICE }"),
        (".github/workflows/up.yml", "jobs:\n  up:\n    steps:\n      - run: lynk $SERVICE"),
        (".gitlab-ci.yml", "variables:\n  INTERLYNK_SECURITY_TOKEN: $SERVICE"),
        ("a.py", "T = \"$SERVICE\""),
    ] {
        assert_eq!(mended(path, text), lynklint::rule::example::expand(text));
    }
}

/// The object of `terraform validate -json` as its documentation has it: what may be absent there may be null here.
mod terraform {
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(super) struct Output {
        pub(super) format_version: String,
        pub(super) valid: bool,
        pub(super) error_count: u32,
        pub(super) warning_count: u32,
        pub(super) diagnostics: Vec<Diagnostic>,
    }

    #[derive(Deserialize)]
    pub(super) struct Diagnostic {
        pub(super) severity: String,
        pub(super) summary: String,
        pub(super) detail: String,
        pub(super) range: Option<Range>,
        pub(super) snippet: Option<Snippet>,
    }

    #[derive(Deserialize)]
    pub(super) struct Range {
        pub(super) filename: String,
        pub(super) start: Position,
        pub(super) end: Position,
    }

    #[derive(Deserialize, PartialEq, PartialOrd)]
    pub(super) struct Position {
        pub(super) byte: u64,
        pub(super) line: u64,
        pub(super) column: u64,
    }

    #[derive(Deserialize)]
    pub(super) struct Snippet {
        #[serde(rename = "context")]
        pub(super) _context: Option<String>,
        pub(super) code: String,
        pub(super) start_line: u64,
        pub(super) highlight_start_offset: usize,
        pub(super) highlight_end_offset: usize,
        pub(super) values: Vec<Value>,
    }

    #[derive(Deserialize)]
    pub(super) struct Value {
        #[serde(rename = "traversal")]
        _traversal: String,
        #[serde(rename = "statement")]
        _statement: String,
    }
}

#[test]
fn json_is_read_by_a_reader_of_terraform_validate() {
    let policy = policy();
    let clean = judged(&policy, &[("a.txt", "nothing")]);
    let empty = judged(&policy, &[]);
    let reports = [mixed(&policy), hostile(&policy), clean, empty];
    let texts = reports.iter().map(|it| shown(Format::Json, it)).chain([error(Format::Json)]);
    for text in texts {
        let output: terraform::Output = serde_json::from_str(&text).expect("it is that object");
        assert!(output.format_version.starts_with("1."));
        assert_eq!(output.valid, output.error_count == 0, "{text}");
        assert!(usize::try_from(output.warning_count).expect("small") <= output.diagnostics.len());
        for it in output.diagnostics {
            assert!(["error", "warning", "note"].contains(&&*it.severity));
            assert!(!it.summary.is_empty() && !it.detail.is_empty());
            let (Some(range), Some(snippet)) = (it.range, it.snippet) else { continue };
            assert!(!range.filename.is_empty() && range.start < range.end);
            assert!(1 <= range.start.column && range.start.line == snippet.start_line);
            let marked = snippet.highlight_start_offset..snippet.highlight_end_offset;
            assert!(snippet.code.get(marked).is_some_and(|it| !it.is_empty()));
            assert!(snippet.values.is_empty());
        }
    }
}

#[test]
fn every_line_of_jsonl_is_an_object_and_the_last_is_the_receipt() {
    let policy = policy();
    let report = mixed(&policy);
    let text = shown(Format::Jsonl, &report);
    let lines: Vec<Value> =
        text.lines().map(|it| serde_json::from_str(it).expect("an object")).collect();
    let entries = json(Format::Json, &report);
    assert_eq!(&lines[..lines.len() - 1], list(&entries, "/diagnostics"));
    assert_eq!(lines[lines.len() - 1]["receipt"], entries["receipt"]);
}

#[test]
fn gitlab_gets_what_it_requires_and_no_identity_twice() {
    let policy = policy();
    let twice = judged(&policy, &[("a.py", "a = '$SERVICE'\nb = '$SERVICE'\n")]);
    for report in [mixed(&policy), hostile(&policy), twice] {
        let issues = json(Format::Gitlab, &report);
        let issues = issues.as_array().expect("a list");
        let mut seen = BTreeSet::new();
        for issue in issues {
            for key in ["/description", "/check_name", "/location/path"] {
                assert!(
                    issue.pointer(key).and_then(Value::as_str).is_some_and(|it| !it.is_empty())
                );
            }
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(issue["severity"].as_str().is_some_and(|it| severities.contains(&it)));
            assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|it| 0 < it));
            assert!(seen.insert(issue["fingerprint"].as_str().expect("text").to_owned()));
        }
        let secrets = json(Format::GitlabSecrets, &report);
        secret_detection(&secrets);
        assert_eq!(
            list(&secrets, "/vulnerabilities").len() + report.coverage.skipped.len(),
            issues.len()
        );
    }
    secret_detection(&serde_json::from_str(&error(Format::GitlabSecrets)).expect("JSON"));
}

/// The required fields of `secret-detection-report-format.json` 15.2.1, and the values that it allows for them.
fn secret_detection(report: &Value) {
    let text = |value: &Value, pointer: &str| {
        let text =
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"));
        assert!(!text.is_empty(), "{pointer}");
        text.to_owned()
    };
    assert!(text(report, "/version").starts_with("15."));
    assert_eq!(text(report, "/scan/type"), "secret_detection");
    assert!(["success", "failure"].contains(&&*text(report, "/scan/status")));
    for tool in ["analyzer", "scanner"] {
        for key in ["id", "name", "version", "vendor/name"] {
            text(report, &format!("/scan/{tool}/{key}"));
        }
    }
    for time in ["/scan/start_time", "/scan/end_time"] {
        let shape: String = text(report, time)
            .chars()
            .map(|it| if it.is_ascii_digit() { '0' } else { it })
            .collect();
        assert_eq!(shape, "0000-00-00T00:00:00");
    }
    for it in list(report, "/scan/messages") {
        assert!(["info", "warn", "fatal"].contains(&&*text(it, "/level")));
        text(it, "/value");
    }
    let mut seen = BTreeSet::new();
    for it in list(report, "/vulnerabilities") {
        assert!(seen.insert(text(it, "/id")));
        assert!(["Info", "Medium", "Critical"].contains(&&*text(it, "/severity")));
        assert!(text(it, "/name").len() <= 255 && text(it, "/solution").len() <= 7000);
        text(it, "/location/commit/sha");
        for key in ["type", "name", "value"] {
            text(it, &format!("/identifiers/0/{key}"));
        }
    }
}

#[test]
fn no_name_adds_a_command() {
    let policy = policy();
    let report = hostile(&policy);
    for (format, command) in [(Format::Github, "::error "), (Format::Azure, "##vso[task.logissue ")]
    {
        for text in [shown(format, &report), error(format)] {
            assert!(text.lines().count() <= 3);
            assert!(text.lines().all(|it| it.starts_with(command)), "{text}");
        }
    }
    let github = shown(Format::Github, &report);
    for line in github.lines() {
        let end = 2 + line[2..].find("::").expect("an end");
        let known = ["title", "file", "line", "endLine", "col", "endColumn"];
        properties(&line["::error ".len()..end], ',', &known);
    }
    let azure = shown(Format::Azure, &report);
    for line in azure.lines() {
        let end = line.find(']').expect("an end");
        let known = ["type", "code", "sourcepath", "linenumber", "columnnumber"];
        properties(&line["##vso[task.logissue ".len()..end], ';', &known);
    }
}

#[test]
fn no_file_begins_a_line_with_a_command() {
    let policy = policy();
    let name = "::stop-commands::x";
    let mut report = judged(&policy, &[(name, "::add-mask::$SERVICE\n  ::error::x $PERSONAL\n")]);
    assert_eq!(report.findings.len(), 2);
    report.coverage.skipped.push(Skipped { path: name.into(), reason: "::debug::".into() });
    for format in Format::value_variants().iter().filter(|it| **it != Format::Github) {
        let text = shown(*format, &report);
        assert!(!text.lines().any(|it| it.trim_start().starts_with("::")), "{format:?}: {text}");
    }
}

/// Each is known and stands once.
fn properties(text: &str, between: char, known: &[&str]) {
    let mut seen = BTreeSet::new();
    // The name in it is whole.
    assert_eq!(text.contains("=e/"), text.contains(".py"), "{text}");
    for property in text.split(between) {
        let key = property.split('=').next().unwrap_or_default();
        assert!(known.contains(&key) && seen.insert(key), "{text}");
    }
}

#[test]
fn xml_and_html_are_well_formed() {
    let policy = policy();
    for format in [Format::Junit, Format::Checkstyle, Format::Html] {
        for report in [mixed(&policy), hostile(&policy), judged(&policy, &[])] {
            well_formed(&shown(format, &report));
        }
        well_formed(&error(format));
    }
}

/// Every tag is closed in its order, attributes stand in double quotes, and no bare `<` or `&` is in a text.
fn well_formed(text: &str) {
    const VOID: [&str; 2] = ["meta", "input"];
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let mut references = rest[..start].split('&').skip(1);
        let raw = ["style", "script"].iter().any(|it| open.last() == Some(it));
        assert!(
            raw || references.all(|it| it[..it.len().min(10)].contains(';')),
            "{}",
            &rest[..start]
        );
        let end = start + rest[start..].find('>').expect("a tag that ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag {
            _ if tag.starts_with(['?', '!']) || tag.ends_with('/') || VOID.contains(&name) => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn junit_counts_its_cases() {
    let policy = policy();
    for report in [mixed(&policy), hostile(&policy), judged(&policy, &[("a.txt", "x")])] {
        let text = shown(Format::Junit, &report);
        for (count, tag) in [
            ("tests", "<testcase "),
            ("failures", "<failure "),
            ("errors", "<error "),
            ("skipped", "<skipped "),
        ] {
            let n = text.matches(tag).count();
            assert!(text.contains(&format!(" {count}=\"{n}\"")), "{count} {n}: {text}");
        }
    }
}

#[test]
fn markdown_mentions_nobody_and_fits_a_comment() {
    let policy = policy();
    let text = shown(Format::Markdown, &hostile(&policy));
    // Whatever a file is named stands between backticks.
    for line in text.lines().filter(|it| it.contains("@team")) {
        let fence = "`".repeat(3);
        let code: Vec<_> = line.split(fence.as_str()).collect();
        assert!(
            code.iter().step_by(2).all(|it| !it.contains("@team") && !it.contains("<img")),
            "{line}"
        );
        assert!(!code.iter().skip(1).step_by(2).any(|it| it.contains('|')), "{line}");
    }
    let long = "a = \"$SERVICE\"\n".repeat(10_000);
    let text = shown(Format::Markdown, &judged(&policy, &[("a.py", &long)]));
    assert!(text.len() < 65_536 && text.contains("more violations"));
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let policy = policy();
    for report in [mixed(&policy), hostile(&policy)] {
        let page = shown(Format::Html, &report);
        assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"));
        for loading in ["src=", "url(", "@import", "<link", "<iframe", "fetch(", "style=", "unsafe"]
        {
            let loaded =
                page.match_indices(loading).find(|(i, _)| !page[..*i].ends_with("&lt;img "));
            assert!(loaded.is_none(), "{loading}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        let links =
            page.match_indices("https://").filter(|(i, _)| !page[..*i].ends_with("<a href=\""));
        assert_eq!(links.count(), 0, "an address is only a link");
    }
}

/// Runs where a Chromium is: the page's own policy lets its script run, which counts the findings, and nothing else.
#[test]
fn a_browser_shows_the_page() {
    let browser = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|it| Command::new(it).arg("--version").output().is_ok_and(|it| it.status.success()));
    let Some(browser) = browser else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("report.html");
    let policy = policy();
    for (report, count) in [(mixed(&policy), "8 of 8"), (hostile(&policy), "2 of 2")] {
        std::fs::write(&page, shown(Format::Html, &report)).expect("it can be written");
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
            ])
            .args(["--disable-component-update", "--disable-sync", "--no-first-run", "--dump-dom"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("file://{}", page.display()))
            .output()
            .expect("it runs");
        let dom = String::from_utf8_lossy(&output.stdout);
        assert!(dom.contains(&format!(">{count}</output>")), "{dom}");
    }
}

#[test]
fn every_format_says_what_was_not_read_and_what_is_exempt() {
    let policy = policy();
    let mut report = mixed(&policy);
    report
        .coverage
        .skipped
        .push(Skipped { path: "vault/key".into(), reason: "permission denied".into() });
    assert_eq!(report.outcome(), Outcome::CouldNotJudge);
    for format in Format::value_variants() {
        let text = shown(*format, &report);
        assert!(text.contains("vault/key") && text.contains("permission denied"), "{format:?}");
        // Where it would raise an alarm it is left out.
        let silent = matches!(
            format,
            Format::Human
                | Format::Terraform
                | Format::Github
                | Format::Gitlab
                | Format::GitlabSecrets
                | Format::Azure
                | Format::Checkstyle
        );
        assert_eq!(text.contains("fixtures/login.json"), !silent, "{format:?}");
        assert!(silent || text.contains("suppression"), "{format:?}");
        assert_eq!(text, shown(*format, &report), "{format:?}");
        let empty = shown(*format, &judged(&policy, &[]));
        assert!(empty.contains("nothing to scan") || empty.contains("\"overall\""), "{format:?}");
    }
}

/// What the page shows of a report: not what changes with every rule.
fn example(format: Format, report: &Report<'_>) -> String {
    let text = shown(format, report);
    let part = |pointer: &str| {
        let whole: Value = serde_json::from_str(&text).expect("JSON");
        serde_json::to_string_pretty(whole.pointer(pointer).expect("it is there")).expect("JSON")
    };
    let until = |end: &str| text[..text.find(end).unwrap_or(text.len())].to_owned();
    match format {
        Format::Json => part("/diagnostics/0"),
        Format::Sarif => part("/runs/0/results/0"),
        Format::GitlabSecrets => part("/vulnerabilities/0"),
        Format::Jsonl => until("\n"),
        Format::Terraform => until("Policy Evaluation"),
        Format::Human => until(&text[text.rfind("\n\n").unwrap_or(0)..]),
        Format::Markdown => until("1 file,"),
        Format::Junit => {
            let lines = text.lines().filter(|it| !it.contains("<testcase") || it.contains("file="));
            lines.map(|it| format!("{it}\n")).collect()
        }
        Format::Html => String::new(),
        Format::Compact | Format::Github | Format::Gitlab | Format::Azure | Format::Checkstyle => {
            text
        }
    }
}

#[test]
fn the_page_of_formats_shows_each() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
    let mut page = std::fs::read_to_string(&path).expect("it is there");
    let policy = policy();
    let text = "upload:\n  variables:\n    INTERLYNK_SECURITY_TOKEN: $SERVICE\n";
    let report = judged(&policy, &[(".gitlab-ci.yml", text)]);
    for format in Format::value_variants() {
        let name = format.to_possible_value().expect("none is hidden");
        let name = name.get_name();
        assert!(page.contains(&format!("\n## {name}\n")), "{name} has no section");
        assert!(page.contains(&format!("| [`{name}`](#{name}) |")), "{name} is not in the table");
        let example = example(*format, &report);
        if example.is_empty() {
            continue;
        }
        let (open, close) = (format!("<!-- example {name} -->\n"), "<!-- /example -->");
        let start = page.find(&open).expect("a mark") + open.len();
        let end = start + page[start..].find(close).expect("a mark");
        page.replace_range(start..end, &format!("\n````text\n{}\n````\n\n", example.trim_end()));
    }
    crate::docs::is(&path, &page);
}
