//! The family as rules for other tools: each file is what its tool reads, and its pattern finds what it should.

use lynklint::detect::Detector;
use lynklint::export::{Tier, rule, tools};
use lynklint::policy::Policy;
use lynklint::rule::example::expand;
use lynklint::scan::check;
use lynklint::source::Blob;
use regex::Regex;
use serde_json::Value;

/// A tool, how its file is written, and where the pattern is in it.
const TOOLS: [(&str, &str, &str); 10] = [
    ("betterleaks", "toml", "/rules/0/regex"),
    ("detect-secrets", "py", ""),
    ("github", "json", "/patterns/0/pattern"),
    ("gitlab", "toml", "/secrets/passthrough/0/value"),
    ("gitleaks", "toml", "/rules/0/regex"),
    ("kingfisher", "yaml", "/rules/0/pattern"),
    ("secretlint", "json", "/rules/1/options/patterns/0/pattern"),
    ("semgrep", "yaml", "/rules/0/pattern-regex"),
    ("trivy", "yaml", "/rules/0/regex"),
    ("trufflehog", "yaml", "/detectors/0/regex/token"),
];

/// Which tiers find the token, and a line that has it or seems to; `ESC` is that character.
const LINES: &str = r#"
both    => $PERSONAL
both    => INTERLYNK_SECURITY_TOKEN="$SERVICE"
both    => token: $PERSONAL_STAGING, $SERVICE_TEST
both    => {"header": "Authorization:\n$SERVICE_STAGING"}
both    => https://example.com/?q=Bearer%20$PERSONAL_TEST&page=1
both    => ESC[31m$SERVICEESC[0m
certain => $PERSONAL-production
likely  => $PERSONALZz9
none    => b$PERSONAL
none    => my_$SERVICE
none    => $PERSONAL_ab-cdE
none    => lynk_live_...
none    => lynk_live_<token>
none    => lynk_service_your_token_here
none    => lynk_live_xxx
none    => LYNK_API_TOKEN=$LYNK_API_TOKEN
"#;

fn line_of(text: &str) -> String {
    expand(text.trim()).replace("ESC", "\u{1b}")
}

fn parsed(text: &str, syntax: &str) -> Value {
    match syntax {
        "toml" => toml::from_str(text).expect("TOML"),
        "yaml" => serde_yaml::from_str(text).expect("YAML"),
        "json" => serde_json::from_str(text).expect("JSON"),
        "py" => {
            let literal = text.split("re.compile(").nth(1).expect("a pattern");
            let literal = literal.split(")]\n").next().expect("an end");
            serde_json::from_str(literal).expect("a literal")
        }
        other => panic!("{other} is not known"),
    }
}

/// The pattern of a tool's rule as one expression, whose first group is the token.
fn pattern(tool: &str, syntax: &str, pointer: &str, tier: Tier) -> Regex {
    let value = parsed(&rule(tool, tier).expect("a known tool"), syntax);
    let at = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).expect("a string");
    let text = match tool {
        "gitlab" => {
            parsed(at(pointer), "toml")["rules"][0]["regex"].as_str().expect("a string").to_owned()
        }
        "github" => {
            let (before, after) =
                (at("/patterns/0/start_delimiter"), at("/patterns/0/end_delimiter"));
            format!("(?:{before})({})(?:{after})", at(pointer))
        }
        "secretlint" => at(pointer).trim_start_matches('/').trim_end_matches("/g").to_owned(),
        _ => at(pointer).to_owned(),
    };
    Regex::new(&text).expect("a pattern")
}

#[test]
fn every_tool_is_tested() {
    assert_eq!(tools(), TOOLS.map(|(tool, ..)| tool));
    assert_eq!(rule("no-such-tool", Tier::Certain), None);
}

#[test]
fn each_pattern_finds_the_tokens_and_nothing_near_them() {
    for (tool, syntax, pointer) in TOOLS {
        for (tier, name) in [(Tier::Certain, "certain"), (Tier::Likely, "likely")] {
            let pattern = pattern(tool, syntax, pointer, tier);
            for line in LINES.trim().lines() {
                let (wanted, text) = line.split_once("=>").expect("an arrow");
                let wanted = [name, "both"].contains(&wanted.trim());
                let text = line_of(text);
                let found = pattern.captures(&text).map(|it| it[1].to_owned());
                assert_eq!(found.is_some(), wanted, "{tool}, {name}: {line}");
                let token = found.unwrap_or_default();
                assert!(!wanted || token.starts_with("lynk_"), "{tool}, {name}: {line}");
            }
        }
    }
}

#[test]
fn the_detector_agrees() {
    let detector = Detector::default();
    for line in LINES.trim().lines() {
        let (wanted, text) = line.split_once("=>").expect("an arrow");
        let text = line_of(text);
        let found = detector.find(text.as_bytes()).iter().any(|it| it.certainty.violates());
        assert_eq!(found, wanted.trim() != "none", "{line}");
    }
}

#[test]
fn no_placeholder_of_a_template_is_left() {
    for tool in tools() {
        let text = rule(tool, Tier::Likely).expect("a known tool");
        assert!(!text.contains("{{") && !text.contains("}}\n"), "{text}");
    }
}

#[test]
fn a_rule_holds_a_token_only_where_its_tool_wants_an_example() {
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    for tool in tools() {
        let text = rule(tool, Tier::Certain).expect("a known tool");
        let findings = check(&Blob::whole("rule", text.as_bytes()), &policy);
        assert_eq!(findings.is_empty(), tool != "kingfisher", "{tool}");
    }
}
