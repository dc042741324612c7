//! Every example of every built-in rule, and every way in which a rule file can be wrong.

use lynklint::policy::Policy;
use lynklint::rule::Rule;

fn policy() -> Policy {
    Policy::recommended(Vec::new()).expect("the built-in policy loads")
}

#[test]
fn every_example_holds() {
    let rules = Rule::builtin().expect("the rules load");
    assert!(rules.len() >= 5, "only {} rules", rules.len());
    for rule in &rules {
        if let Err(broken) = rule.prove(rule.id.as_str(), &policy()) {
            panic!("{broken}");
        }
    }
}

#[test]
fn every_superseded_rule_exists() {
    let rules = Rule::builtin().expect("the rules load");
    for rule in &rules {
        for superseded in &rule.supersedes {
            assert!(rules.iter().any(|it| it.id == *superseded), "{}: {superseded}", rule.id);
        }
    }
}

const RIGHT: &str = r"severity: error
summary: S
why: W
fix: F
reference: https://example.org
since: 0.1.0
when: { token: {} }
bad:
  - path: a
    text: «$PERSONAL»
good:
  - path: a
    text: nothing
";

/// The message for a rule file in which `from` was replaced by `to`.
fn broken(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    let text = RIGHT.replace(from, to);
    let proven = Rule::parse("x", "x.yaml", &text).and_then(|it| it.prove("x.yaml", &policy()));
    let broken = proven.expect_err("the rule is broken");
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    let mut shown = String::new();
    handler.with_links(false).render_report(&mut shown, &broken).expect("it renders");
    shown
}

#[test]
fn a_right_rule_loads() {
    let rule = Rule::parse("x", "x.yaml", RIGHT).expect("it is right");
    rule.prove("x.yaml", &policy()).expect("its examples hold");
}

#[test]
fn a_wrong_rule_is_shown_where_it_is_wrong() {
    let cases = [
        ("an unknown key", "severity: error", "severity: error\ncolour: red"),
        ("an unknown value", "severity: error", "severity: fatal"),
        ("a key that is missing", "summary: S\n", ""),
        ("no bad example", "bad:\n  - path: a\n    text: «$PERSONAL»", "bad: []"),
        ("a bad example that is good", "«$PERSONAL»", "«nothing»"),
        ("a bad example without a mark", "«$PERSONAL»", "$PERSONAL"),
        ("a mark in the wrong place", "«$PERSONAL»", "«x» $PERSONAL"),
        ("a good example that is bad", "text: nothing", "text: $SERVICE"),
        ("a pattern that is none", "{ token: {} }", "{ token: {}, before: ['('] }"),
        ("an alias", "summary: S", "summary: &a S\nwhy2: *a"),
        ("brackets without end", "summary: S", &format!("summary: {}", "[".repeat(5000))),
        ("a tab", "when: { token: {} }", "when:\n\t- x"),
    ];
    let shown = cases.map(|(what, from, to)| format!("## {what}\n{}\n", broken(from, to)));
    insta::assert_snapshot!(shown.concat());
}
