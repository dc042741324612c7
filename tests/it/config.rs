//! The configuration: what holds, where it holds, and every way in which a file of policies can be wrong.

use std::fs;
use std::path::Path;
use std::process::Output;

use lynklint::baseline::Baseline;
use lynklint::config::Config;
use lynklint::date::Date;
use lynklint::exempt::Terms;
use lynklint::policy::{Enforcement, Policy};
use lynklint::report::Format;
use lynklint::source::Tree;
use lynklint::yaml_file::{Broken, Kind, YamlFile};

use crate::cli::{code, folder, git, json, run};
use crate::report::{judged, shown};

/// What a configuration comes to, with the files beside it.
fn policy(text: &str, files: &[(&str, &str)]) -> anyhow::Result<Policy> {
    let folder = folder(files);
    let config = Config::parse(YamlFile::new(Kind::Configuration, ".lynklint.yaml", text))?;
    Policy::new(config, Vec::new(), &Tree::Disk(folder.path().to_owned()))
}

fn levels(policy: &Policy, rule: &str) -> Vec<(Enforcement, Option<String>)> {
    let rule = policy.known().find(|it| it.id.as_str() == rule).expect("it is there");
    policy.levels(rule).into_iter().map(|(level, scope)| (level.enforcement, scope)).collect()
}

#[test]
fn every_builtin_rule_is_in_every_builtin_set() {
    for set in ["recommended", "strict", "audit"] {
        let policy = policy(&format!("version: 1\npolicy_sets: [{set}]\n"), &[]).expect("it loads");
        assert_eq!(policy.known().count(), policy.rules().count(), "{set}");
    }
}

#[test]
fn strict_is_nowhere_milder_and_audit_fails_nothing() {
    let of =
        |set: &str| policy(&format!("version: 1\npolicy_sets: [{set}]\n"), &[]).expect("it loads");
    let (recommended, strict, audit) = (of("recommended"), of("strict"), of("audit"));
    for ((rule, usual), (_, strict)) in recommended.rules().zip(strict.rules()) {
        assert!(usual <= strict && Enforcement::SoftMandatory <= strict, "{}", rule.id);
    }
    assert!(audit.rules().all(|it| it.1 == Enforcement::Advisory));
}

#[test]
fn the_last_set_that_names_a_rule_says_its_level() {
    let text = "version: 1
policy_sets:
  - recommended
  - { set: ./own.yaml, scope: { include: ['apps/*/**'], exclude: ['apps/old/**'] } }
  - { set: audit, scope: { include: [apps/lab/] } }
";
    let own = [("own.yaml", "extends: [recommended]\nhardcoded-service-token: soft-mandatory\n")];
    let policy = policy(text, &own).expect("it loads");
    let rule = lynklint::rule::RuleId::new("hardcoded-service-token");
    let at = |path| policy.at(path).level(&rule).map(|it| (it.enforcement, it.set));
    assert_eq!(at("a.py"), Some((Enforcement::HardMandatory, "recommended")));
    assert_eq!(at("apps/a.py"), Some((Enforcement::HardMandatory, "recommended")));
    assert_eq!(at("apps/web/a.py"), Some((Enforcement::SoftMandatory, "./own.yaml")));
    assert_eq!(at("apps/old/a.py"), Some((Enforcement::HardMandatory, "recommended")));
    assert_eq!(at("apps/lab/x/a.py"), Some((Enforcement::Advisory, "audit")));
    let scopes = levels(&policy, "hardcoded-service-token");
    assert_eq!(scopes[1].1.as_deref(), Some("in apps/*/**, not in apps/old/**"));
}

#[test]
fn a_rule_that_no_set_has_does_not_apply() {
    let own = [("own.yaml", "personal-token-in-ci: soft-mandatory\n")];
    let policy = policy("version: 1\npolicy_sets: [./own.yaml]\n", &own).expect("it loads");
    assert_eq!(policy.rules().count(), 1);
    assert!(levels(&policy, "hardcoded-service-token").is_empty());
}

#[test]
fn the_command_line_counts_more_than_the_environment_and_that_more_than_the_file() {
    let here = folder(&[
        (
            ".lynklint.yaml",
            "version: 1\nenforcement: { hardcoded-service-token: soft-mandatory }\n",
        ),
        ("a.py", "x = '$SERVICE'"),
    ]);
    let level = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = crate::cli::lynklint(here.path());
        command.envs(variables.iter().copied()).args(["--format", "json"]).args(arguments);
        let output = json(&command.output().expect("it runs"));
        output["diagnostics"][0]["rule"]["enforcement"].as_str().unwrap_or_default().to_owned()
    };
    let variable = [("LYNKLINT_ENFORCE", "hardcoded-service-token=advisory")];
    let flag = ["--enforce", "hardcoded-service-token=hard-mandatory"];
    assert_eq!(level(&[], &["--no-config"]), "hard-mandatory");
    assert_eq!(level(&[], &[]), "soft-mandatory");
    assert_eq!(level(&variable, &[]), "advisory");
    assert_eq!(level(&variable, &flag), "hard-mandatory");
}

#[test]
fn a_variable_without_a_value_is_none() {
    let here = folder(&[("a.py", "x = '$SERVICE'")]);
    let names = ["CONFIG", "NO_CONFIG", "POLICY_FROM", "POLICY_SET", "ENFORCE", "RULES", "NOW"];
    let gate = ["FAIL_ON", "EXIT_ZERO", "NO_SUPPRESSIONS", "BASELINE", "NO_BASELINE"];
    let names = names.into_iter().chain(gate).map(|it| (format!("LYNKLINT_{it}"), ""));
    let output = crate::cli::lynklint(here.path()).envs(names).output().expect("it runs");
    assert_eq!(code(&output), 2, "{output:?}");
}

#[test]
fn a_mistake_shows_no_token() {
    for text in [
        "version: 1\n$PERSONAL: 1\n",
        "version: $PERSONAL\n",
        "version: 1\nrules: $SERVICE # \u{1b}[31m\n",
    ] {
        let here = folder(&[(".lynklint.yaml", text), ("a.py", "")]);
        for format in ["human", "json"] {
            let output = run(here.path(), &["--format", format]);
            assert_eq!(code(&output), 1, "{text}");
            crate::cli::quiet(&output);
        }
    }
}

#[test]
fn the_file_is_that_of_the_repository_that_is_scanned() {
    let here = folder(&[
        ("repo/.lynklint.yaml", "version: 1\npaths: { exclude: [sub/b.py] }\n"),
        ("repo/sub/a.py", "x = '$SERVICE'"),
        ("repo/sub/b.py", "x = '$SERVICE'"),
    ]);
    let repo = here.path().join("repo");
    git(&repo, &["init", "-q"]);
    let full = repo.join("sub").display().to_string();
    let mut fingerprints = Vec::new();
    for (folder, path) in [
        ("repo", "."),
        ("repo", "sub"),
        ("repo/sub", "."),
        (".", "repo"),
        (".", &full),
        ("repo/sub", "../sub"),
    ] {
        let output = json(&run(&here.path().join(folder), &[path, "--format", "json"]));
        let found = output["diagnostics"].as_array().expect("a list");
        assert_eq!(found.len(), 1, "{folder} {path}");
        assert_eq!(output["receipt"]["config"], ".lynklint.yaml", "{folder} {path}");
        assert_eq!(output["receipt"]["excluded"], 1, "{folder} {path}");
        fingerprints.push(found[0]["fingerprint"].clone());
    }
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 1, "a finding is the same wherever the scan starts");
}

#[test]
fn a_change_cannot_loosen_the_policy_that_judges_it() {
    let here = folder(&[
        (".lynklint.yaml", "version: 1\npolicy_sets: [./policies/own.yaml]\nrules: ./rules\n"),
        ("policies/own.yaml", "extends: [strict]\n"),
        ("a.py", "x = '$SERVICE'"),
    ]);
    let path = here.path();
    fs::create_dir(path.join("rules")).expect("a folder");
    fs::write(path.join("rules/own-rule.yaml"), crate::rules::RIGHT).expect("a file");
    let commit = ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"];
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["add", "."]);
    git(path, &commit);
    let failing = |arguments: &[&str]| {
        let output = run(path, &[&["--format", "json"], arguments].concat());
        let count = json(&output)["diagnostics"].as_array().map_or(0, Vec::len);
        (code(&output), count)
    };
    assert_eq!(failing(&[]), (2, 2));
    fs::remove_dir_all(path.join("rules")).expect("it was there");
    fs::write(path.join("policies/own.yaml"), "extends: [audit]\n").expect("it can be written");
    fs::write(
        path.join(".lynklint.yaml"),
        "version: 1\npolicy_sets: [audit]\npaths: { exclude: [a.py] }\n",
    )
    .expect("it can be written");
    fs::write(path.join(".lynklint-baseline.yaml"), "nonsense").expect("it can be written");
    assert_eq!(failing(&[]).0, 1);
    assert_eq!(failing(&["--policy-from", "main"]), (2, 2));
    let output = run(path, &["--policy-from", "main", "--format", "json"]);
    assert_eq!(json(&output)["receipt"]["config"], ".lynklint.yaml of main");
    for reference in ["nowhere", "--help", "main:a.py"] {
        let output = run(path, &[&format!("--policy-from={reference}"), "--no-baseline"]);
        assert_eq!(code(&output), 1, "{reference}");
    }
}

#[test]
fn init_writes_a_file_that_validates_and_replaces_none() {
    let here = folder(&[]);
    assert_eq!(code(&run(here.path(), &["init"])), 0);
    let text = fs::read_to_string(here.path().join(".lynklint.yaml")).expect("it is there");
    assert_eq!(code(&run(here.path(), &["validate"])), 0);
    assert_eq!(code(&run(here.path(), &["init"])), 1);
    let output = json(&run(here.path(), &["--format", "json"]));
    assert_eq!(output["diagnostics"], serde_json::json!([]));
    // What is commented out is right, too.
    let uncomment = |line: &str| match line.strip_prefix("#  ") {
        Some(inside) => format!("  {inside}\n"),
        None => format!("{}\n", line.trim_end_matches(" []").trim_end_matches(" {}")),
    };
    let all: String = text.lines().map(uncomment).collect();
    let own = [("policies/tokens.yaml", "extends: [recommended]\n")];
    let policy = policy(&all, &own).expect("the whole starter is right");
    assert_eq!((policy.config.inventory.tokens().len(), policy.config.exceptions.len()), (1, 1));
    assert_eq!((policy.config.sets.len(), policy.config.exclude.texts().len()), (3, 1));
}

#[test]
fn the_gate_can_be_moved_and_says_so() {
    let here = folder(&[("a.py", "x = '$SERVICE_TEST'\ny = '$SERVICE'")]);
    for (arguments, wanted, word) in [
        (&["--fail-on", "hard-mandatory"][..], 2, "failed: 1 violation of hard-mandatory policies"),
        (&["--exit-zero"], 0, "the exit code is 0, as --exit-zero asks"),
        (&["--policy-set", "audit"], 0, "passed: every violation is advisory"),
        (&["--policy-set", "audit", "--fail-on", "advisory"], 2, "as --fail-on advisory asks"),
    ] {
        let output = run(here.path(), &[&["--format", "json"], arguments].concat());
        assert_eq!(code(&output), wanted, "{arguments:?}");
        let last = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(last.contains(word), "{arguments:?}: {last}");
    }
}

const CONFIG: &str = "version: 1
required_version: '>=0.1'
policy_sets: [recommended]
enforcement: { hardcoded-service-token: advisory }
paths: { exclude: ['third_party/**'] }
suppressions:
  max_days: 90
tokens:
  - name: upload
    kind: service
    role: uploader
    purpose: upload
    owner: team
    created: 2026-10-01
    expires: 2026-12-30
    references: [secrets.INTERLYNK_TOKEN]
    used_by: ['.github/**']
exceptions:
  - rule: hardcoded-service-token
    fingerprint: 0123456789abcdef
    reason: revoked
    approver: me
    until: 2027-01-31
";

const BASELINE: &str = "version: 1
reason: before the gate
until: 2027-01-31
entries:
  - rule: hardcoded-service-token
    path: a.py
    subject: b
    fingerprint: 0123456789abcdef
    content: 0123456789abcdef
";

fn config_error(from: &str, to: &str) -> String {
    assert!(CONFIG.contains(from), "{from}");
    let files = [
        ("a.yaml", "extends: [./b.yaml]\n"),
        ("b.yaml", "extends: [./a.yaml]\n"),
        ("c.yaml", "hardcoded-service-tokens: advisory\n"),
        ("d.yaml", "hardcoded-service-token: soft\n"),
        ("e.yaml", "extends: [./nowhere.yaml]\n"),
        ("f.yaml", "- hardcoded-service-token\n"),
    ];
    let error = policy(&CONFIG.replace(from, to), &files).err().expect("it is wrong");
    error.downcast_ref::<Broken>().expect("it has a place").shown()
}

fn baseline_error(from: &str, to: &str) -> String {
    assert!(BASELINE.contains(from), "{from}");
    let file = YamlFile::new(Kind::Baseline, "baseline.yaml", BASELINE.replace(from, to));
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    let checked = Baseline::parse(&file).and_then(|it| it.check_rules(&file, &policy));
    checked.expect_err("it is wrong").shown()
}

const SUPPRESSIONS: [(&str, &str); 12] = [
    ("a suppression without a rule", "$ALLOW() until=2026-03-31 -- why"),
    ("a suppression without brackets", "$ALLOW until=2026-03-31 -- why"),
    ("a suppression of another word", "$ALLOW(hardcoded-token) until=2026-03-31 -- why"),
    ("a suppression without an end", "$ALLOW(hardcoded-nonproduction-token) -- why"),
    ("a suppression with another end", "$ALLOW(hardcoded-nonproduction-token) until=soon -- why"),
    ("a suppression without a reason", "$ALLOW(hardcoded-nonproduction-token) until=2026-03-31 --"),
    ("a suppression without dashes", "$ALLOW(hardcoded-nonproduction-token) until=2026-03-31 why"),
    ("a suppression of a rule twice", "$ALLOW(a, a) until=2026-03-31 -- why"),
    ("a suppression that is over", "$ALLOW(hardcoded-nonproduction-token) until=2025-03-31 -- why"),
    ("a suppression that is long", "$ALLOW(hardcoded-nonproduction-token) until=2027-03-31 -- why"),
    ("a suppression for nothing", "$ALLOW(personal-token-in-ci) until=2026-03-31 -- why"),
    ("a suppression that is not allow", "lynklint: ignore(hardcoded-nonproduction-token)"),
];

fn suppression_error(text: &str) -> String {
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    let mut report = judged(&policy, &[("a.yaml", &format!("a: $SERVICE_TEST # {text}\n"))]);
    report.exempt(&Terms::of(Date::parse("2026-01-01").expect("a date")));
    shown(Format::Compact, &report).trim_end().to_owned()
}

#[test]
fn what_is_right_loads() {
    policy(CONFIG, &[]).expect("it is right");
    Baseline::parse(&YamlFile::new(Kind::Baseline, "x", BASELINE)).expect("it is right");
}

#[test]
fn every_mistake_has_its_message_its_place_and_a_next_step() {
    let bomb = format!("version: 1\na: &a [{}]\nb: [*a, *a]", "x,".repeat(10));
    let configs: &[(&str, &str, &str)] = &[
        ("an unknown key", "enforcement:", "enforcment:"),
        ("an unknown key inside", "max_days: 90", "max_day: 90"),
        ("an unknown level", "token: advisory", "token: advisry"),
        ("a wrong type", "max_days: 90", "max_days: many"),
        ("a list that is a word", "['third_party/**']", "third_party"),
        ("no version", "version: 1\n", ""),
        ("another version", "version: 1", "version: 2"),
        ("a newer lynklint", ">=0.1", ">=99"),
        ("a version that is none", ">=0.1", "newest"),
        ("a set that is not there", "[recommended]", "[recomended]"),
        ("a file that is not there", "[recommended]", "[./nowhere.yaml]"),
        ("a file outside", "[recommended]", "[./../x.yaml]"),
        ("no set", "[recommended]", "[]"),
        ("a set twice", "[recommended]", "[recommended, recommended]"),
        ("a cycle of sets", "[recommended]", "[./a.yaml]"),
        ("an unknown rule in a set", "[recommended]", "[./c.yaml]"),
        ("an unknown level in a set", "[recommended]", "[./d.yaml]"),
        ("a set that extends nothing", "[recommended]", "[./e.yaml]"),
        ("a set that is a list", "[recommended]", "[./f.yaml]"),
        (
            "an unknown key of a scope",
            "[recommended]",
            "[{ set: strict, scope: { includes: [x] } }]",
        ),
        ("an unknown rule", "{ hardcoded-service-token", "{ hardcoded-servce-token"),
        ("a rule twice", "{ hardcoded", "{ hardcoded-service-token: advisory, hardcoded"),
        ("a key twice", "max_days: 90", "max_days: 90\n  max_days: 30"),
        ("a glob that is none", "third_party/**", "third_party/[x"),
        ("no day", "max_days: 90", "max_days: 0"),
        ("a date that is none", "until: 2027-01-31", "until: 2027-02-31"),
        ("a date that is a number", "until: 2027-01-31", "until: 2027"),
        ("an end before the start", "expires: 2026-12-30", "expires: 2026-09-30"),
        ("role and permissions", "role: uploader", "role: uploader\n    permissions: [view_sbom]"),
        ("a reference that is none", "[secrets.INTERLYNK_TOKEN]", "[INTERLYNK_TOKEN]"),
        ("a reference twice", "[secrets.INTERLYNK_TOKEN]", "[secrets.A, secrets.A]"),
        ("no reason", "reason: revoked", "reason: ' '"),
        ("no approver", "    approver: me\n", ""),
        ("a fingerprint that is none", "0123456789abcdef", "0123"),
        ("an exception of no rule", "- rule: hardcoded-service-token", "- rule: hardcoded-token"),
        ("an alias", "version: 1", &bomb),
        (
            "brackets within brackets",
            CONFIG,
            &format!("version: {}{}", "[".repeat(40), "]".repeat(40)),
        ),
        ("no mapping", CONFIG, "- version: 1"),
        ("nothing", CONFIG, ""),
    ];
    let baselines: &[(&str, &str, &str)] = &[
        ("another version of a baseline", "version: 1", "version: 3"),
        ("a baseline without a reason", "reason: before the gate\n", ""),
        ("a baseline without an end", "until: 2027-01-31\n", ""),
        ("a baseline with a date that is none", "2027-01-31", "2027-02-31"),
        ("a baseline with a wrong type", "entries:\n", "entries: none\nothers:\n"),
        ("a baseline with an unknown key", "    content", "    contents"),
        ("a baseline with an unknown rule", "hardcoded-service-token", "hardcoded-sevice-token"),
        ("an entry for nothing", "    path", "    count: 0\n    path"),
        ("an approver without an end", "    path", "    approver: me\n    path"),
        (
            "an entry twice",
            "entries:\n",
            "entries:\n  - { rule: hardcoded-service-token, path: a, subject: b, fingerprint: 0123456789abcdef, content: 0123456789abcdef }\n",
        ),
    ];
    let entry = |what: &str, message: String| format!("## {what}\n{message}\n\n");
    let configs = configs.iter().map(|(what, from, to)| entry(what, config_error(from, to)));
    let baselines = baselines.iter().map(|(what, from, to)| entry(what, baseline_error(from, to)));
    let suppressions = SUPPRESSIONS.iter().map(|(what, text)| entry(what, suppression_error(text)));
    insta::assert_snapshot!(configs.chain(baselines).chain(suppressions).collect::<String>());
}

#[test]
fn a_bomb_of_sets_is_refused() {
    let names: Vec<String> = (0..40).map(|n| format!("{n}.yaml")).collect();
    let texts: Vec<String> =
        (1..=40).map(|n| format!("extends: [./{n}.yaml, ./{n}.yaml]\n")).collect();
    let mut files: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    files.push(("40.yaml", "hardcoded-service-token: advisory\n"));
    let error = policy("version: 1\npolicy_sets: [./0.yaml]\n", &files).err().expect("it is wrong");
    assert!(error.to_string().contains("more than 256"), "{error}");
}

#[test]
fn a_glob_that_matches_nothing_is_a_warning() {
    let text = "version: 1\npaths:\n  exclude:\n    - nowhere/**\n    - a.py\n";
    let here = folder(&[(".lynklint.yaml", text), ("a.py", "")]);
    let output = run(here.path(), &["validate"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((code(&output), shown.matches("matches no file").count()), (0, 1), "{shown}");
}

#[test]
fn validate_reads_the_baseline_too() {
    let here = folder(&[(".lynklint-baseline.yaml", BASELINE), ("a.py", "")]);
    assert_eq!(code(&run(here.path(), &["validate"])), 0);
    fs::write(here.path().join(".lynklint-baseline.yaml"), "version: 1\n").expect("a file");
    assert_eq!(code(&run(here.path(), &["validate"])), 1);
}

#[test]
fn files_that_resist_are_errors() {
    let check = |prepare: &dyn Fn(&Path)| -> Output {
        let here = folder(&[("a.py", "")]);
        prepare(&here.path().join(".lynklint.yaml"));
        run(here.path(), &[])
    };
    let prepared: [&dyn Fn(&Path); 3] = [
        &|path| fs::create_dir(path).expect("a folder"),
        &|path| fs::write(path, b"version: \xff").expect("a file"),
        &|path| {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.expect("mkfifo").success());
        },
    ];
    for prepare in prepared {
        assert_eq!(code(&check(prepare)), 1);
    }
}
