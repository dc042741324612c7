//! `lynklint env`: the judgement of an environment, and the binary in one.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use lynklint::date::Date;
use lynklint::detect::Detector;
use lynklint::environment::{Environment, Judgement, Question, Variable, judge, masks, shown};
use lynklint::excerpt::obeyed;
use lynklint::platform::Platforms;
use lynklint::policy::Policy;
use lynklint::report::job::reason;
use lynklint::rule::example::expand;
use lynklint::scan::Outcome;

use crate::any::leaks;
use crate::cli::{folder, git};

const KNOWN: &str = "INTERLYNK_SECURITY_TOKEN";

static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::recommended(Vec::new()).expect("it loads"));

/// Judges `NAME=value` pairs, in which macros become tokens.
fn judged(pairs: &[&str], question: &Question) -> Judgement<'static> {
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
    judge(&variables, question, &POLICY, Date::parse("2026-01-01").expect("a day"))
}

fn broken(judgement: &Judgement<'static>) -> Vec<&'static str> {
    judgement.findings.iter().map(|it| it.rule.id.as_str()).collect()
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
        let got: Vec<_> = [outcome].into_iter().chain(broken(&judgement)).collect();
        assert_eq!(got.join(" "), wanted.trim(), "{line}");
    }
}

#[test]
fn the_question_has_its_say() {
    let question = Question { names: vec!["MINE".into()], ..Question::default() };
    assert_eq!(judged(&["MINE=$SERVICE"], &question).outcome(), Outcome::Passed);
    assert!(broken(&judged(&["MINE=$SERVICE"], &question)).is_empty());
    let missing = judged(&["INTERLYNK_SECURITY_TOKEN=$PERSONAL", "CI=1"], &question);
    assert_eq!(missing.outcome(), Outcome::CouldNotJudge);
    assert!(reason(&missing).contains("MINE"), "{}", reason(&missing));

    let ci = Question { ci: true, ..Question::default() };
    assert_eq!(broken(&judged(&["MINE=$PERSONAL"], &ci))[0], "personal-token-in-ci");
    let release = Question { release: true, ..Question::default() };
    let test = judged(&["INTERLYNK_SECURITY_TOKEN=$SERVICE_TEST"], &release);
    assert_eq!(broken(&test), ["nonproduction-token-in-release"]);
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
        let note = judgement.findings[0].note.as_ref().expect("a note");
        assert!(note.contains(wanted), "{value:?}: {note}");
        assert!(!leaks(&format!("{:?}{:?}", judgement.environment, judgement.findings)));
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
        let job = Environment::of(&variables, &Question::default(), &POLICY).job;
        assert_eq!(masks(&variables, &job, &detector), wanted, "{system}");
    }
}

#[test]
fn the_page_lists_every_rule_about_variables() {
    let rules = POLICY.rules().filter(|it| it.0.when.is_about_variables());
    let row = |(rule, level): (&lynklint::rule::Rule, lynklint::policy::Enforcement)| {
        format!("| [`{id}`](rules/{id}.md) | {} | {} |\n", level.name(), rule.summary, id = rule.id)
    };
    let rows: String = rules.map(row).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/env.md");
    let page = std::fs::read_to_string(&path).expect("there is a page");
    let (open, close) = ("<!-- rules -->\n", "<!-- /rules -->");
    let start = page.find(open).expect("a mark") + open.len();
    let end = page.find(close).expect("a mark");
    let table = format!("\n| rule | level | policy |\n|---|---|---|\n{rows}\n");
    crate::docs::is(&path, &format!("{}{table}{}", &page[..start], &page[end..]));
}

#[test]
fn every_system_names_a_platform_that_is_there() {
    let data = include_str!("../../rules/environment/ci.yaml");
    let systems: Vec<serde_yaml::Value> = serde_yaml::from_str(data).expect("YAML");
    let platforms = Platforms::builtin();
    let named: Vec<_> = systems.iter().filter_map(|it| it["platform"].as_str()).collect();
    assert!(named.len() > 20);
    for id in named {
        assert!(platforms.iter().any(|it| it.id == id), "{id}");
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

/// Runs in a folder, in a CI job with a person's token, and a variable without one.
fn run_in(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let token = expand("$PERSONAL");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
    command.env_clear().current_dir(folder).arg("env").args(arguments);
    command.envs([("CI", "true"), (KNOWN, &token), ("LYNK_API_TOKEN", "")]);
    command.envs(more.iter().copied()).output().expect("it runs")
}

/// Each policy, how the run ends under it, and what the output says.
#[test]
fn the_policy_of_files_holds_for_a_job() {
    let config = "version: 1\nenforcement: { personal-token-in-ci: soft-mandatory }\n";
    let here = folder(&[
        (".lynklint.yaml", config),
        ("sub/none.txt", ""),
        ("own.yaml", "version: 1\npolicy_sets: [{ set: strict, scope: { include: [apps/] } }]\n"),
        ("wide.yaml", "version: 1\npolicy_sets: [{ set: strict, scope: { exclude: [apps/] } }]\n"),
        ("wrong.yaml", "version: 1\nenforcement: { personal-token-in-cj: advisory }\n"),
    ]);
    git(here.path(), &["init", "-q"]);
    let over =
        ["--override", "personal-token-in-ci", "--reason", "until Monday", "--by", "someone"];
    let hard = [&["--no-config"], &over[..]].concat();
    let cases: [(&[&str], i32, &str); 13] = [
        (&[], 2, "level: soft-mandatory"),
        (&["--no-config"], 2, "level: hard-mandatory"),
        (&over, 0, "overridden: personal-token-in-ci by someone: until Monday"),
        (&over, 0, "passed, 1 advisory, 1 excepted"),
        (&hard, 1, "only an exception in the configuration exempts it"),
        (&["--no-config", "--policy-set", "audit"], 0, "every violation is advisory"),
        (&["--policy-set", "strict"], 2, "failed: 2 violations"),
        (&["--enforce", "personal-token-in-ci=advisory"], 0, "level: advisory"),
        (&["--fail-on", "hard-mandatory"], 0, "every violation is below --fail-on"),
        (&["--exit-zero"], 0, "the exit code is 0, as --exit-zero asks"),
        (&["--config", "own.yaml"], 1, "error: nothing to judge by"),
        (&["--config", "wide.yaml"], 2, "passed, 2 failed"),
        (&["--config", "wrong.yaml"], 1, "did you mean `personal-token-in-ci`"),
    ];
    for (arguments, wanted, said) in cases {
        let output = run_in(here.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}: {}", both(&output));
        assert!(both(&output).contains(said), "{arguments:?}: {}", both(&output));
        assert!(!leaks(&both(&output)));
    }
    let below = run_in(&here.path().join("sub"), &[], &[("LYNKLINT_FAIL_ON", "hard-mandatory")]);
    assert_eq!(below.status.code(), Some(0), "{}", both(&below));
    assert!(both(&below).contains("level: soft-mandatory"), "the root's configuration holds below");
}

#[test]
fn an_exception_reaches_a_job_and_a_scan_does_not_call_it_idle() {
    let here = folder(&[("a.txt", "nothing\n")]);
    let of = |output: &Output| -> serde_json::Value {
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let found = of(&run_in(here.path(), &["--format", "json"], &[]));
    let fingerprint = found["diagnostics"][0]["fingerprint"].as_str().expect("a fingerprint");
    let config = format!(
        "version: 1
exceptions:
  - {{ rule: personal-token-in-ci, fingerprint: {fingerprint}, reason: r, approver: a, until: 2026-02-01 }}
suppressions:
  entries:
    - {{ rule: empty-token-variable, fingerprint: {}, reason: r, until: 2026-02-01 }}
",
        found["diagnostics"][1]["fingerprint"].as_str().expect("a fingerprint")
    );
    std::fs::write(here.path().join(".lynklint.yaml"), config).expect("it can be written");
    let excepted = run_in(here.path(), &["--format", "json", "--now", "2026-01-01"], &[]);
    assert_eq!(excepted.status.code(), Some(0), "{}", both(&excepted));
    let excepted = of(&excepted);
    assert_eq!(excepted["diagnostics"][0]["suppressed"]["by"], "exception");
    assert_eq!(excepted["diagnostics"][1]["suppressed"]["by"], "suppression");
    assert_eq!(excepted["summary"]["nearest_end"], "2026-02-01");
    assert_eq!(excepted["receipt"]["config"], ".lynklint.yaml");
    let over = run_in(here.path(), &["--now", "2026-03-01"], &[]);
    assert_eq!(over.status.code(), Some(2), "{}", both(&over));
    assert!(both(&over).contains("ended on 2026-02-01"), "{}", both(&over));

    let scan = crate::cli::run(here.path(), &["check", "--now", "2026-01-01"]);
    assert_eq!(scan.status.code(), Some(0), "{}", both(&scan));
    assert!(!both(&scan).contains("matches nothing") && !both(&scan).contains("unused"));
}

#[test]
fn a_token_is_joined_with_its_entry() {
    let list = "version: 1
tokens:
  - name: upload-bot
    kind: service
    purpose: upload
    owner: team-platform
    expires: 2026-01-31
    fingerprint: 0cc8761fe4000a35
";
    let here = folder(&[("lynk-tokens.yaml", list), ("a.sh", "export LYNK_API_TOKEN=$PERSONAL\n")]);
    for (day, wanted) in [("2026-01-31", 0), ("2026-02-01", 1)] {
        let output = run_in(here.path(), &["--now", day], &[]);
        let output = both(&output);
        assert!(
            output.contains("fingerprint 0cc8761fe4000a35, declared as upload-bot"),
            "{output}"
        );
        assert!(output.contains("error[misdeclared-token] INTERLYNK_SECURITY_TOKEN"), "{output}");
        let entry = "declared here as upload-bot, of team-platform: lynk-tokens.yaml:3";
        assert!(output.contains(entry), "{output}");
        assert_eq!(output.matches("error[token-expired]").count(), wanted, "{output}");
    }
    let scan = crate::cli::run(here.path(), &["check", "--format", "json", "--now", "2026-01-01"]);
    let scan = crate::cli::json(&scan);
    let found = scan["diagnostics"].as_array().expect("a list").iter();
    let found = found.filter(|it| it["range"]["filename"] == "a.sh");
    let ids: Vec<_> = found.clone().filter_map(|it| it["rule"]["id"].as_str()).collect();
    assert!(ids.contains(&"misdeclared-token"), "{ids:?}");
    for it in found {
        assert_eq!(it["related"][0]["label"], "declared here as upload-bot, of team-platform");
    }
}

#[test]
fn a_rule_of_ones_own_may_be_about_a_variable() {
    let rule =
        crate::rules::RIGHT.replace("{ token: {} }", "{ variable: { kind: service, ci: true } }");
    let rule = rule
        .replace("  - path: a\n    text: «$PERSONAL»", "  - variables: { CI: yes, A: «$SERVICE» }");
    let here = folder(&[("rules/no-service.yaml", &rule)]);
    let judged = |pairs: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lynklint"));
        command.env_clear().current_dir(here.path()).args(["env", "--rules", "rules"]);
        pairs.iter().for_each(|(name, value)| _ = command.env(name, expand(value)));
        command.output().expect("it runs")
    };
    let service = judged(&[("CI", "true"), (KNOWN, "$SERVICE")]);
    assert_eq!(service.status.code(), Some(2), "{}", both(&service));
    assert!(both(&service).contains("error[no-service]"));
    assert!(both(&service).contains("local: 0 passed, 1 failed"), "{}", both(&service));
    assert_eq!(judged(&[(KNOWN, "$SERVICE")]).status.code(), Some(0));
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
