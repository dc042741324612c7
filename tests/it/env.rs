//! `lynklint env`: the judgement of an environment, and the binary in one.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use lynklint::detect::Detector;
use lynklint::environment::{Check, Judgement, Question, Variable, judge, masks, shown};
use lynklint::excerpt::obeyed;
use lynklint::policy::Policy;
use lynklint::rule::example::expand;
use lynklint::scan::Outcome;

use crate::any::leaks;

const KNOWN: &str = "INTERLYNK_SECURITY_TOKEN";

/// Judges `NAME=value` pairs, in which macros become tokens.
fn judged(pairs: &[&str], question: &Question) -> Judgement {
    let pairs: Vec<String> = pairs.iter().map(|it| expand(it)).collect();
    let variable = |pair: &'_ String| {
        let at = pair.find('=').expect("a pair");
        (pair[..at].to_owned(), pair[at + 1..].to_owned())
    };
    let pairs: Vec<_> = pairs.iter().map(variable).collect();
    let variables: Vec<_> = pairs
        .iter()
        .map(|(name, value)| Variable { name: name.as_bytes(), value: value.as_bytes() })
        .collect();
    judge(&variables, question, &Detector::default())
}

fn checks(judgement: &Judgement) -> Vec<&'static str> {
    judgement.violations.iter().map(|it| it.check.id()).collect()
}

/// An environment, with ` & ` between variables; how the run ends; what is wrong.
const ENVIRONMENTS: &str = r#"
PATH=/bin                                                              => open
CI=true & INTERLYNK_SECURITY_TOKEN=$SERVICE                            => passed
INTERLYNK_SECURITY_TOKEN=$PERSONAL                                     => passed
CI=false & INTERLYNK_SECURITY_TOKEN=$PERSONAL                          => passed
CI=true & INTERLYNK_SECURITY_TOKEN=$PERSONAL                           => failed personal-token-in-ci
TF_BUILD=True & LYNK_API_TOKEN=$PERSONAL                               => failed personal-token-in-ci
CI=woodpecker & INTERLYNK_API_TOKEN=$PERSONAL_TEST                     => failed personal-token-in-ci
GITLAB_CI=1 & INTERLYNK_SECURITY_TOKEN=$SERVICE_TEST                   => passed
GITLAB_CI=1 & CI_COMMIT_TAG=1 & INTERLYNK_SECURITY_TOKEN=$SERVICE_TEST => failed nonproduction-token-in-release
GITLAB_CI=1 & CI_COMMIT_TAG=1 & INTERLYNK_SECURITY_TOKEN=$SERVICE      => passed
CIRCLECI=1 & CI_COMMIT_TAG=1 & INTERLYNK_SECURITY_TOKEN=$SERVICE_TEST  => passed
TF_BUILD=True & BUILD_SOURCEBRANCH=refs/tags/1 & X=$SERVICE_STAGING    => failed nonproduction-token-in-release token-in-unknown-variable
TF_BUILD=True & BUILD_SOURCEBRANCH=refs/heads/tags & LYNK_API_TOKEN=$SERVICE_STAGING => passed
INTERLYNK_SECURITY_TOKEN="$SERVICE"                                    => failed malformed-token-value
LYNK_API_TOKEN=Bearer $SERVICE                                         => failed malformed-token-value
INTERLYNK_SECURITY_TOKEN=$SERVICE $PERSONAL                            => failed malformed-token-value
INTERLYNK_SECURITY_TOKEN=$(INTERLYNK_TOKEN)                            => failed unresolved-reference
INTERLYNK_SECURITY_TOKEN=${{ secrets.INTERLYNK_TOKEN }}                => failed unresolved-reference
INTERLYNK_SECURITY_TOKEN=op://vault/interlynk/token                    => failed unresolved-reference
INTERLYNK_SECURITY_TOKEN=***                                           => failed placeholder-token-value
INTERLYNK_SECURITY_TOKEN=lynk_live_xxx                                 => failed placeholder-token-value
INTERLYNK_SECURITY_TOKEN=                                              => open empty-token-variable
LYNK_API_TOKEN=something-else-2831                                     => open unshaped-token-value
GITHUB_TOKEN=$SERVICE                                                  => failed token-in-foreign-variable
DB_PASSWORD=$SERVICE                                                   => failed token-in-foreign-variable
INTERLYNK_PASSWORD=$SERVICE                                            => passed token-in-unknown-variable
LYNK_API_TOKEN=$SERVICE & INTERLYNK_SECURITY_TOKEN=$SERVICE            => passed same-token-under-two-names
"#;

#[test]
fn each_environment_gets_its_judgement() {
    for line in ENVIRONMENTS.trim().lines() {
        let (pairs, wanted) = line.split_once("=>").expect("an arrow");
        let pairs: Vec<_> = pairs.trim().split(" & ").collect();
        let judgement = judged(&pairs, &Question::default());
        let outcome = match judgement.outcome() {
            Outcome::Passed => "passed",
            Outcome::CouldNotJudge => "open",
            Outcome::Failed => "failed",
        };
        let got: Vec<_> = [outcome].into_iter().chain(checks(&judgement)).collect();
        assert_eq!(got.join(" "), wanted.trim(), "{line}");
    }
}

#[test]
fn the_question_has_its_say() {
    let question = Question { names: vec!["MINE".into()], ..Question::default() };
    assert_eq!(judged(&["MINE=$SERVICE"], &question).outcome(), Outcome::Passed);
    assert!(checks(&judged(&["MINE=$SERVICE"], &question)).is_empty());
    let missing = judged(&["INTERLYNK_SECURITY_TOKEN=$PERSONAL", "CI=1"], &question);
    assert_eq!(missing.outcome(), Outcome::CouldNotJudge);
    assert!(missing.reason().contains("MINE"), "{}", missing.reason());

    let ci = Question { ci: true, ..Question::default() };
    assert_eq!(checks(&judged(&["MINE=$PERSONAL"], &ci))[0], "personal-token-in-ci");
    let release = Question { release: true, ..Question::default() };
    let test = judged(&["INTERLYNK_SECURITY_TOKEN=$SERVICE_TEST"], &release);
    assert_eq!(checks(&test), ["nonproduction-token-in-release"]);
    let none = Question { allow_none: true, ..Question::default() };
    assert_eq!(judged(&[], &none).outcome(), Outcome::Passed);
    assert_eq!(judged(&["INTERLYNK_SECURITY_TOKEN=***"], &none).outcome(), Outcome::Failed);
}

#[test]
fn the_value_is_described_and_not_shown() {
    for (value, wanted) in [
        ("'$SERVICE'", "quotes around it"),
        ("$SERVICE\r\n", "a line break"),
        (" $SERVICE", "space around it"),
        ("Authorization: Bearer $SERVICE", "`Bearer` or the like in front"),
        ("$SERVICE;", "other text around it"),
        ("$SERVICE,$SERVICE_TEST", "more than one token"),
    ] {
        let judgement = judged(&[&format!("{KNOWN}={value}")], &Question::default());
        let detail = &judgement.violations[0].detail;
        assert!(detail.contains(wanted), "{value:?}: {detail}");
        assert!(!leaks(&format!("{judgement:?}")));
    }
}

#[test]
fn a_name_is_no_command() {
    let detector = Detector::default();
    let token = expand("$SERVICE");
    let hostile = ["a\nb", "::error::x", "##vso[task]", "\u{202e}x", "\u{1b}[2J", token.as_str()];
    for name in hostile {
        let shown = shown(name.as_bytes(), &detector);
        assert!(!leaks(&shown) && !shown.contains(['\n', ':', '#', '[']), "{shown}");
        assert!(!shown.chars().any(obeyed), "{shown:?}");
    }
    assert_eq!(shown(b"A_1\xff", &detector), "A_1\\u{fffd}");
    assert!(shown("a".repeat(100_000).as_bytes(), &detector).len() < 200);
}

#[test]
fn only_a_system_that_obeys_gets_masks() {
    let token = expand("$SERVICE");
    let quoted = format!("\"{token}\"");
    for (system, wanted) in [
        ("GITHUB_ACTIONS", vec![format!("::add-mask::{token}")]),
        ("TF_BUILD", vec![format!("##vso[task.setsecret]{token}")]),
        ("GITLAB_CI", vec![]),
    ] {
        let variables = [(system, "true"), (KNOWN, &quoted), ("B", &token)]
            .map(|(name, value)| Variable { name: name.as_bytes(), value: value.as_bytes() });
        let detector = Detector::default();
        let job = judge(&variables, &Question::default(), &detector).job;
        assert_eq!(masks(&variables, &job, &detector), wanted, "{system}");
    }
}

#[test]
fn every_check_has_its_text_and_the_level_of_its_rule() {
    let data = include_str!("../../rules/environment/checks.yaml");
    let texts: BTreeMap<String, serde_yaml::Value> = serde_yaml::from_str(data).expect("YAML");
    let ids: BTreeSet<&str> = Check::ALL.map(Check::id).into();
    assert_eq!(ids, texts.keys().map(String::as_str).collect());
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    for check in Check::ALL {
        // Inside a job it is sure what a file only suggests, so the severity may be another.
        let rule = policy.rules().find(|(rule, _)| rule.id.as_str() == check.id());
        assert!(rule.is_none_or(|(_, level)| level == check.level()), "{}", check.id());
    }
    let page = include_str!("../../docs/env.md");
    for check in Check::ALL {
        let row = format!("| `{}` | {} | {} |", check.id(), check.level().name(), check.summary());
        assert!(page.contains(&row), "docs/env.md lacks {row}");
    }
}

fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
    command.env_clear().arg("env").args(arguments);
    variables.iter().for_each(|(name, value)| {
        command.env(name, expand(value));
    });
    command.output().expect("it runs")
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn the_binary_judges_its_own_environment() {
    let ci = [(KNOWN, "$PERSONAL"), ("CI", "true")];
    for format in ["human", "json"] {
        for (variables, wanted) in [(&ci[..], 2), (&ci[..1], 0), (&ci[1..], 1)] {
            let output = run(variables, &["--format", format]);
            assert_eq!(output.status.code(), Some(wanted), "{output:?}");
            assert!(!leaks(&both(&output)));
        }
    }
    let json = run(&ci, &["--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let found = &json["diagnostics"][0];
    assert_eq!(found["rule"]["id"], "personal-token-in-ci");
    assert_eq!(found["address"], format!("env.{KNOWN}"));
    assert_eq!(found["token"]["kind"], "personal");
    assert_eq!(json["summary"]["overall"], "failed");
}

#[test]
fn a_token_given_as_a_name_is_not_shown() {
    let output = run(&[(KNOWN, "$SERVICE")], &["--name", &expand("$PERSONAL")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!leaks(&both(&output)), "{}", both(&output));
}

#[cfg(unix)]
#[test]
fn an_environment_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let value = [b"\xff\xfe", expand("$SERVICE").as_bytes(), b"\xff"].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_lynklint"))
        .env_clear()
        .env(OsStr::from_bytes(b"a\n::error::\xff"), OsStr::from_bytes(&value))
        .arg("env")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!leaks(&both(&output)) && !both(&output).contains("::error"), "{}", both(&output));
}

#[test]
fn masks_are_for_ci_only() {
    let actions = [(KNOWN, "$SERVICE"), ("GITHUB_ACTIONS", "true")];
    let output = run(&actions, &["--mask"]);
    let wanted = format!("::add-mask::{}\n", expand("$SERVICE"));
    assert!(output.stdout.starts_with(wanted.as_bytes()), "the mask comes first");
    assert_eq!(both(&output).matches(&expand("$SERVICE")).count(), 1);
    for (variables, arguments) in
        [(&actions[..1], &["--mask"][..]), (&actions, &["--mask", "--format", "json"])]
    {
        let output = run(variables, arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(!leaks(&both(&output)));
    }
}

#[test]
fn the_steps_of_the_page_are_yaml() {
    let page = include_str!("../../docs/env.md");
    let blocks: Vec<_> = page.split("```yaml\n").skip(1).collect();
    assert!(blocks.len() > 10);
    for block in blocks {
        let text = block.split("```").next().expect("an end");
        let read: Result<serde_yaml::Value, _> = serde_yaml::from_str(text);
        assert!(read.is_ok() && text.contains("lynklint"), "{text}");
    }
}
