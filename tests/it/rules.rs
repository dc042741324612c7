//! Every example of every built-in rule, and every way in which a rule file can be wrong.

use lynklint::policy::Policy;
use lynklint::rule::Rule;

fn policy() -> Policy {
    Policy::recommended(Vec::new()).expect("the built-in policy loads")
}

#[test]
fn every_example_holds() {
    let files = lynklint::embedded::yaml("");
    let parse = |(id, text): &(String, &str)| Rule::parse(id, &format!("rules/{id}.yaml"), text);
    let rules: Vec<Rule> = files.iter().map(|it| parse(it).expect("the rule loads")).collect();
    assert!(rules.len() >= 27, "only {} rules", rules.len());
    let policy = policy();
    let prove = |rule: &Rule| rule.prove(rule.id.as_str(), &policy).err();
    let broken: Vec<String> = rules.iter().filter_map(prove).map(|it| it.to_string()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
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

pub(crate) const RIGHT: &str = r"severity: error
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
    broken.shown()
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
        (
            "a pattern among others that is none",
            "when: { token: {} }",
            "when:\n  - token: {}\n  - token: {}\n    before:\n      - a\n      - '('",
        ),
        (
            "an example that is two things",
            "path: a\n    text: «",
            "variables: { A: b }\n    text: «",
        ),
        (
            "a variable that is not reported",
            "path: a\n    text: «$PERSONAL»",
            "variables: { A: «b» }",
        ),
        ("an alias", "summary: S", "summary: &a S\nwhy2: *a"),
        ("brackets without end", "summary: S", &format!("summary: {}", "[".repeat(5000))),
        ("a word as long as a file", "severity: error", &format!("severity: {}", "é".repeat(3000))),
        ("a tab", "when: { token: {} }", "when:\n\t- x"),
    ];
    let shown = cases.map(|(what, from, to)| format!("## {what}\n{}\n\n", broken(from, to)));
    insta::assert_snapshot!(shown.concat());
}
