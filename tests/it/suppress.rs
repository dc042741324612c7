//! Suppressions: what one covers, and what is wrong with one. Each rule's own examples hold the rest.

use lynklint::config::Config;
use lynklint::date::Date;
use lynklint::exempt::{Heeded, Terms};
use lynklint::finding::ExemptedBy;
use lynklint::policy::Policy;
use lynklint::rule::example::expand;
use lynklint::scan::{Files, Progress, Report, scan};
use lynklint::source::{Blob, Coverage, Tree, Visitor};
use lynklint::yaml_file::{Kind, YamlFile};

use crate::any::leaks;
use crate::report::{judged, policy, shown};

const GOOD: &str = "$ALLOW(hardcoded-nonproduction-token) until=2026-03-31 -- the smoke test";

fn terms() -> Terms {
    Terms::of(Date::parse("2026-01-01").expect("a date"))
}

fn exempted<'p>(policy: &'p Policy, files: &[(&str, &str)]) -> Report<'p> {
    let mut report = judged(policy, files);
    report.exempt(&terms());
    report
}

/// The rules of what counts and, marked, of what is exempt.
fn rules(report: &Report<'_>) -> Vec<String> {
    let mark = |exempt| if exempt { "-" } else { "" };
    let findings = report.findings.iter();
    findings.map(|it| format!("{}{}", mark(it.exemption.is_some()), it.rule.id)).collect()
}

#[test]
fn a_comment_of_any_syntax_suppresses() {
    let policy = policy();
    let token = "$SERVICE_TEST";
    for (path, text) in [
        ("a.yaml", format!("token: {token} # {GOOD}\n")),
        ("a.yaml", format!("# {GOOD}\ntoken: {token}\n")),
        ("a.yaml", format!("a:\r\n  # {GOOD}\r\n  token: {token}\r\n")),
        ("ci.yaml", format!("run: |\n  set -e\n  # {GOOD}\n  export X={token}\n")),
        ("Dockerfile", format!("RUN true \\\n # {GOOD}\n && X={token}\n")),
        ("a.tf", format!("/* {GOOD} */\nx = \"{token}\"\n")),
        ("a.tf", format!("x = \"{token}\" // {GOOD}\n")),
        ("a.md", format!("<!-- {GOOD} -->\n{token}\n")),
        ("a.md", format!("{token} <!-- {GOOD} --> and more\n")),
        ("a.ini", format!("; {GOOD}\nx={token}\n")),
        ("a.sql", format!("-- {GOOD}\nselect '{token}'\n")),
        ("a.tex", format!("% {GOOD}\n{token}\n")),
        ("a.bat", format!("REM {GOOD}\nset X={token}\n")),
        ("a.js", format!("/**\n * {GOOD}\n */ x = '{token}'\n")),
        ("a.html", format!("{{# {GOOD} #}}\n{token}\n")),
        ("a.go", format!("//{GOOD}\nconst x = `{token}`\n")),
    ] {
        let report = exempted(&policy, &[(path, &text)]);
        assert_eq!(rules(&report), ["-hardcoded-nonproduction-token"], "{text}");
        let exemption = report.findings[0].exemption.as_ref().expect("it is exempt");
        assert_eq!(exemption.by, ExemptedBy::Suppression);
        assert_eq!(exemption.reason.as_deref(), Some("the smoke test"), "{text}");
    }
}

#[test]
fn what_is_not_utf8_is_a_reason_but_no_rule() {
    let policy = policy();
    let judged = |before: &str, byte: u8, after: &str| {
        let token = expand("$SERVICE_TEST");
        let text = [expand(before).as_bytes(), &[byte], expand(after).as_bytes()].concat();
        let bytes = [&text[..], b"\n", token.as_bytes(), b"\n"].concat();
        let source = |visit: &Visitor<'_>| {
            visit(&Blob::whole("a.yaml", &bytes));
            Ok(Coverage { files: 1, ..Coverage::default() })
        };
        let mut report =
            scan(&policy, &Progress::default(), Files::InPipe, source).expect("it scans");
        report.exempt(&terms());
        rules(&report)
    };
    let start = "# $ALLOW(hardcoded-nonproduction-token) until=2026-03-31 -- f";
    assert_eq!(judged(start, 0xfc, "r den Test"), ["-hardcoded-nonproduction-token"]);
    let found = judged("# $ALLOW(hardcoded-", 0xfc, ") until=2026-03-31 -- x");
    assert_eq!(found, ["suppression-malformed", "hardcoded-nonproduction-token"]);
}

#[test]
fn only_its_rule_and_its_line_are_suppressed() {
    let policy = policy();
    let token = "$SERVICE_TEST";
    let open = "hardcoded-nonproduction-token";
    let count = |text: &str| {
        let found = rules(&exempted(&policy, &[("a.yaml", text)]));
        found.iter().filter(|it| *it == open).count()
    };
    assert_eq!(count(&format!("# {GOOD}\na: {token}\nb: {token}\n")), 1);
    assert_eq!(count(&format!("a: {token} # {GOOD}\nb: {token}\n")), 1);
    assert_eq!(count(&format!("a: {token}\n# {GOOD}\n")), 1);
    assert_eq!(count(&format!("# {GOOD}\n\na: {token}\n")), 1);
    assert_eq!(count(&format!("# {GOOD}\n# {GOOD}\na: {token}\n")), 0);
    assert_eq!(
        count(&format!(
            "a: {token} # {}\n",
            GOOD.replace("hardcoded-nonproduction", "suppression-unused")
        )),
        1
    );
    assert_eq!(count(&format!("a: '{token}' '{GOOD}'\n")), 1, "no comment");
}

#[test]
fn two_rules_in_one_comment_are_used_apart() {
    let policy = policy();
    let text = "# $ALLOW(hardcoded-nonproduction-token, suppression-unused) until=2026-03-31 -- x\na: $SERVICE_TEST\n";
    let found = rules(&exempted(&policy, &[("a.yaml", text)]));
    assert_eq!(found, ["suppression-unused", "-hardcoded-nonproduction-token"]);
}

#[test]
fn a_file_without_a_token_is_looked_at_too() {
    let policy = policy();
    let report = exempted(&policy, &[("a.txt", &format!("# {GOOD}\n"))]);
    assert_eq!(rules(&report), ["suppression-unused"]);
}

#[test]
fn without_suppressions_nothing_is_suppressed_and_nothing_said() {
    let policy = policy();
    let mut report =
        judged(&policy, &[("a.yaml", &format!("a: $SERVICE_TEST # {GOOD}\n# {GOOD}\n"))]);
    report.exempt(&Terms { suppressions: Heeded::No, ..terms() });
    assert_eq!(rules(&report), ["hardcoded-nonproduction-token"]);
    assert!(report.exempted.unsuppressed);
}

#[test]
fn an_entry_of_the_configuration_stands_for_a_comment() {
    let text = "{ \"token\": \"$SERVICE_TEST\" }";
    let plain = policy();
    let fingerprint = judged(&plain, &[("a.json", text)]).findings[0].fingerprint.to_string();
    let of = |rule: &str, fingerprint: &str, until: &str| {
        let config = format!(
            "version: 1\nsuppressions:\n  entries:\n    - rule: {rule}\n      fingerprint: {fingerprint}\n      reason: a test\n      until: {until}\n"
        );
        let config = YamlFile::new(Kind::Configuration, ".lynklint.yaml", config);
        let config = Config::parse(config).expect("it is right");
        let policy = Policy::new(config, Vec::new(), &Tree::Disk(".".into())).expect("it loads");
        rules(&exempted(&policy, &[("a.json", text)]))
    };
    let (rule, other) = ("hardcoded-nonproduction-token", "0123456789abcdef");
    assert_eq!(of(rule, &fingerprint, "2026-03-31"), ["-hardcoded-nonproduction-token"]);
    assert_eq!(of(rule, other, "2026-03-31"), ["suppression-unused", rule]);
    assert_eq!(of(rule, &fingerprint, "2025-03-31"), ["suppression-expired", rule]);
    assert_eq!(of(rule, &fingerprint, "2036-03-31"), ["suppression-too-long", rule]);
    assert_eq!(
        of("hardcoded-service-token", &fingerprint, "2026-03-31"),
        ["suppression-not-allowed", rule]
    );
}

#[test]
fn an_exception_exempts_a_hard_mandatory_finding_until_its_day() {
    let text = "x = '$SERVICE'";
    let plain = policy();
    let fingerprint = judged(&plain, &[("a.py", text)]).findings[0].fingerprint.to_string();
    for (until, wanted, notes) in [
        ("2026-01-01", "-hardcoded-service-token", 0),
        ("2025-12-31", "hardcoded-service-token", 1),
    ] {
        let config = format!(
            "version: 1\nexceptions:\n  - rule: hardcoded-service-token\n    fingerprint: {fingerprint}\n    reason: r\n    approver: a\n    until: {until}\n"
        );
        let config = YamlFile::new(Kind::Configuration, ".lynklint.yaml", config);
        let config = Config::parse(config).expect("it is right");
        let policy = Policy::new(config, Vec::new(), &Tree::Disk(".".into())).expect("it loads");
        let report = exempted(&policy, &[("a.py", text)]);
        assert_eq!(rules(&report), [wanted]);
        assert_eq!(report.exempted.notes.len(), notes);
    }
}

#[test]
fn a_suppression_shows_no_token_and_obeys_no_file() {
    use clap::ValueEnum;
    let policy = policy();
    for text in [
        "x: $SERVICE_TEST # $ALLOW($SERVICE) until=2026-03-31 -- $SERVICE\n",
        "x: $SERVICE_TEST # $ALLOW(hardcoded-nonproduction-token) until=2026-03-31 -- $SERVICE \u{1b}[31m\u{202e}\n",
        "x: $SERVICE_TEST # $ALLOW(a) until=$SERVICE -- x\n",
        "# $ALLOW(\u{0}\u{7}) until=2026-03-31 -- x $PERSONAL\n# $ALLOW(",
    ] {
        let report = exempted(&policy, &[("a.yaml", text)]);
        for format in lynklint::report::Format::value_variants() {
            let out = shown(*format, &report);
            assert!(!leaks(&out), "{out}");
            let obeyed = |it: char| it != '\n' && lynklint::excerpt::obeyed(it);
            assert!(!out.chars().any(obeyed), "{format:?}: {out:?}");
        }
    }
}

#[test]
fn the_tally_counts_each_policy_once_by_the_worst() {
    let policy = policy();
    let text = format!("a: $SERVICE_TEST # {GOOD}\n");
    let report =
        exempted(&policy, &[("a.yaml", &text), ("b.py", "x = '$SERVICE'\ny = '$SERVICE'")]);
    let tally = report.tally();
    let set = &tally.sets[0];
    let all = policy.file_rules().count();
    assert_eq!((set.passed, set.failed, set.advisory, set.excepted), (all - 2, 1, 0, 1));
    assert_eq!(tally.nearest.as_deref(), Some("2026-03-31"));
    let both = exempted(&policy, &[("a.yaml", &format!("{text}b: $SERVICE_TEST\n"))]).tally();
    assert_eq!((both.sets[0].failed, both.sets[0].excepted), (1, 0));
}
