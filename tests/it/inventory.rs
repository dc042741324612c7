//! The inventory: what is said about declared tokens, where, and every way in which a list of them can be wrong.

use std::fs;
use std::path::Path;

use lynklint::config::Config;
use lynklint::policy::Policy;
use lynklint::source::Tree;
use lynklint::yaml_file::{Broken, Kind, YamlFile};

use crate::cli::{code, folder, git, json, quiet, run};

const NOW: [&str; 2] = ["--now", "2026-01-01"];
pub(crate) const LIST: &str = "version: 1
tokens:
  - name: sbom-upload
    kind: service
    role: sbom-uploader
    purpose: upload
    owner: team-platform
    created: 2025-12-01
    expires: 2026-02-15
    references: [secrets.INTERLYNK_TOKEN]
    used_by: ['.github/**']
";
const WORKFLOW: &str = "jobs:
  upload:
    steps:
      - run: pylynk upload --prod demo
        env:
          INTERLYNK_SECURITY_TOKEN: ${{ secrets.INTERLYNK_TOKEN }}
";
const PATH: &str = ".github/workflows/sbom.yml";

/// Rules and places of what is found, `a.yml:3 rule`.
fn found(here: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(here, &[&["--format", "json"], &NOW[..], arguments].concat());
    let output = json(&output);
    let place = |it: &serde_json::Value| {
        let (file, line) = (&it["range"]["filename"], &it["range"]["start"]["line"]);
        let id = it["rule"]["id"].as_str().unwrap_or("an error");
        format!("{}:{line} {id}", file.as_str().unwrap_or_default())
    };
    output["diagnostics"].as_array().expect("a list").iter().map(place).collect()
}

#[test]
fn each_finding_points_into_the_list_and_at_the_use() {
    let list = LIST.replace("sbom-uploader", "Admin").replace(".github/**", "other.yml");
    let list = list.replace("2026-02-15", "2025-12-31");
    let more = WORKFLOW.replace("INTERLYNK_TOKEN", "INTERLYNK_OLD_TOKEN");
    let here = folder(&[
        ("lynk-tokens.yaml", &list),
        (PATH, WORKFLOW),
        (".github/workflows/old.yml", &more),
    ]);
    let output = json(&run(here.path(), &["--format", "json", NOW[0], NOW[1]]));
    let pair = |it: &serde_json::Value| {
        let related = it["related"].as_array().expect("a list").iter();
        let related = related.map(|it| format!("{}:{}", it["filename"], it["start"]["line"]));
        let related: Vec<_> = related.collect();
        let (id, file) = (&it["rule"]["id"], &it["range"]["filename"]);
        format!("{id} {file}:{} {}", it["range"]["start"]["line"], related.join(" "))
            .replace('"', "")
    };
    let pairs: Vec<_> =
        output["diagnostics"].as_array().expect("a list").iter().map(pair).collect();
    assert_eq!(
        pairs,
        [
            "undeclared-token-reference .github/workflows/old.yml:6 lynk-tokens.yaml:3",
            "token-used-outside-scope .github/workflows/sbom.yml:6 lynk-tokens.yaml:3",
            "overprivileged-token lynk-tokens.yaml:5 .github/workflows/sbom.yml:6",
            "token-expired lynk-tokens.yaml:9 .github/workflows/sbom.yml:6",
        ]
    );
    let sarif = json(&run(here.path(), &["--format", "sarif", NOW[0], NOW[1]]));
    for result in sarif["runs"][0]["results"].as_array().expect("a list") {
        assert_eq!(result["relatedLocations"].as_array().map(Vec::len), Some(1), "{result}");
    }
}

/// Files, and the lines in which a token comes into each.
const ENTERING: &[(&str, &str, &[usize])] = &[
    // A job's variable that is filled from a secret, a step's that is filled from it, and a script that reads that.
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    env:\n      INTERLYNK_TOKEN: ${{ secrets.INTERLYNK_ORG_TOKEN }}\n    steps:\n      - run: pylynk --token $INTERLYNK_TOKEN\n        env:\n          INTERLYNK_TOKEN: ${{ env.INTERLYNK_TOKEN }}\n",
        &[4],
    ),
    // A variable that is called like no token.
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - run: pylynk --token $SBOM\n        env:\n          SBOM: ${{ secrets.INTERLYNK_ORG_TOKEN }}\n",
        &[6],
    ),
    // A secret that is called like no token.
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - run: pylynk upload\n        env:\n          INTERLYNK_SECURITY_TOKEN: ${{ secrets.SBOM }}\n",
        &[6],
    ),
    // Another job's variable is not seen here.
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    env: { INTERLYNK_TOKEN: x }\n  b:\n    steps:\n      - run: pylynk --token $INTERLYNK_TOKEN\n",
        &[6],
    ),
    // The system's own variables, without a word in the file.
    (".gitlab-ci.yml", "a:\n  script:\n    - pylynk --token $INTERLYNK_TOKEN\n", &[3]),
    // A program that fetches it.
    (
        ".gitlab-ci.yml",
        "a:\n  script:\n    - export INTERLYNK_TOKEN=$(vault read x)\n    - pylynk --token $INTERLYNK_TOKEN\n",
        &[3],
    ),
    (
        "Jenkinsfile",
        "pipeline {\n environment { INTERLYNK_SECURITY_TOKEN = credentials('interlynk-token') }\n stages { stage('a') { steps {\n  sh 'pylynk --token $INTERLYNK_SECURITY_TOKEN'\n } } }\n}\n",
        &[2],
    ),
    (
        "Jenkinsfile",
        "node {\n withCredentials([string(credentialsId: 'interlynk-token', variable: 'INTERLYNK_SECURITY_TOKEN')]) {\n  sh 'pylynk --token $INTERLYNK_SECURITY_TOKEN'\n }\n}\n",
        &[2],
    ),
    (
        "azure-pipelines.yml",
        "steps:\n  - script: pylynk upload\n    env:\n      INTERLYNK_SECURITY_TOKEN: $(INTERLYNK_TOKEN)\n",
        &[4],
    ),
    (
        ".circleci/config.yml",
        "jobs:\n  a:\n    steps:\n      - run: docker run -e INTERLYNK_SECURITY_TOKEN=${INTERLYNK_TOKEN} pylynk\n",
        &[4],
    ),
    // What people read runs nowhere.
    ("README.md", "Set `INTERLYNK_TOKEN` first: `pylynk --token $INTERLYNK_TOKEN`\n", &[]),
];

#[test]
fn a_token_enters_once_however_often_it_is_handed_on() {
    for (path, text, lines) in ENTERING {
        let list = LIST.replace("INTERLYNK_TOKEN", "INTERLYNK_NO_TOKEN");
        let here = folder(&[("lynk-tokens.yaml", &list), (path, text)]);
        let found = found(here.path(), &[]);
        let undeclared = found.iter().filter(|it| it.ends_with(" undeclared-token-reference"));
        let wanted: Vec<_> =
            lines.iter().map(|it| format!("{path}:{it} undeclared-token-reference")).collect();
        assert_eq!(undeclared.cloned().collect::<Vec<_>>(), wanted, "{text}");
    }
}

#[test]
fn a_declared_name_is_known_to_every_rule() {
    let text =
        "jobs:\n  a:\n    steps:\n      - run: pylynk upload --token ${{ secrets.SBOM_KEY }}\n";
    let list = LIST.replace("secrets.INTERLYNK_TOKEN", "secrets.SBOM_KEY");
    let rules = |files: &[(&str, &str)]| found(folder(files).path(), &[]);
    assert!(rules(&[(PATH, text)]).is_empty());
    let known = rules(&[(PATH, text), ("lynk-tokens.yaml", &list)]);
    assert_eq!(
        known,
        [format!("{PATH}:4 secret-expanded-in-script"), format!("{PATH}:4 token-on-command-line")]
    );
    let longer = text.replace("SBOM_KEY", "MY_SBOM_KEY");
    let other = rules(&[(PATH, &longer), ("lynk-tokens.yaml", &list)]);
    assert_eq!(other, ["lynk-tokens.yaml:10 unused-token-declaration"]);
}

#[test]
fn the_configuration_and_the_list_are_one_inventory() {
    let config = LIST.replace("sbom-upload", "other").replace("INTERLYNK_TOKEN", "INTERLYNK_B");
    let here = folder(&[(".lynklint.yaml", &config), ("lynk-tokens.yaml", LIST), (PATH, WORKFLOW)]);
    assert_eq!(found(here.path(), &[]), [".lynklint.yaml:10 unused-token-declaration"]);
    assert!(found(here.path(), &["--no-config"]).is_empty());
    fs::write(here.path().join(".lynklint.yaml"), LIST).expect("a file");
    let output = run(here.path(), &[]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(code(&output), 1);
    assert!(shown.contains("the other one is in .lynklint.yaml"), "{shown}");
}

#[test]
fn the_day_is_given() {
    let here = folder(&[("lynk-tokens.yaml", LIST), (PATH, WORKFLOW)]);
    for (now, wanted) in [
        ("2026-01-31", &[][..]),
        ("2026-02-01", &["lynk-tokens.yaml:9 token-expires-soon"]),
        ("2026-02-15", &["lynk-tokens.yaml:9 token-expires-soon"]),
        ("2026-02-16", &["lynk-tokens.yaml:9 token-expired"]),
    ] {
        let output = json(&run(here.path(), &["--format", "json", "--now", now]));
        let found = output["diagnostics"].as_array().expect("a list").iter();
        let found: Vec<_> = found
            .map(|it| {
                let file = it["range"]["filename"].as_str().unwrap_or_default();
                let id = it["rule"]["id"].as_str().unwrap_or_default();
                format!("{file}:{} {id}", it["range"]["start"]["line"])
            })
            .collect();
        assert_eq!(found, wanted, "{now}");
    }
}

#[test]
fn the_numbers_are_those_of_the_configuration_then_of_the_last_set_then_of_the_rule() {
    let parameters =
        |days: u32| format!("parameters: {{ token-lifetime-too-long: {{ ci: {days} }} }}\n");
    let (short, long) = (parameters(30), parameters(90));
    let sets = "version: 1\npolicy_sets: [recommended, ./a.yaml, ./b.yaml]\n";
    let config = |more: &str| format!("{sets}{more}");
    let plain = "version: 1\n".to_owned();
    for (config, a, b, wanted) in [
        (&plain, "", "", 0),
        (&format!("{plain}{short}"), "", "", 1),
        (&config(""), &*short, "", 1),
        (&config(""), &*short, &*long, 0),
        (&config(""), &*long, "extends: [./a.yaml]\n", 0),
        (&config(""), &*long, &*format!("extends: [./a.yaml]\n{short}"), 1),
        (&config(&long), &*short, &*short, 0),
    ] {
        let here = folder(&[
            (".lynklint.yaml", config),
            ("a.yaml", if a.is_empty() { "{}" } else { a }),
            ("b.yaml", if b.is_empty() { "{}" } else { b }),
            ("lynk-tokens.yaml", LIST),
            (PATH, WORKFLOW),
        ]);
        assert_eq!(found(here.path(), &[]).len(), wanted, "{config} {a} {b}");
    }
}

#[test]
fn what_is_declared_can_be_suppressed_accepted_and_overridden() {
    let expired = LIST.replace("2026-02-15", "2025-12-31");
    let said = expired.replace(
        "2025-12-31",
        "2025-12-31 # $ALLOW(token-expired) until=2026-01-31 -- the new one is ordered",
    );
    let here = folder(&[("lynk-tokens.yaml", &said), (PATH, WORKFLOW)]);
    assert_eq!(code(&run(here.path(), &NOW)), 0);
    fs::write(here.path().join("lynk-tokens.yaml"), &expired).expect("a file");
    assert_eq!(code(&run(here.path(), &NOW)), 2);
    let over = ["--override", "token-expired", "--reason", "r", "--by", "me"];
    assert_eq!(code(&run(here.path(), &[&NOW[..], &over].concat())), 0);
    let create = ["baseline", "create", "--reason", "r", "--until", "2026-03-01"];
    assert_eq!(code(&run(here.path(), &[&create[..], &NOW].concat())), 0);
    let moved = expired.replace("tokens:\n", "\n\ntokens:\n");
    fs::write(here.path().join("lynk-tokens.yaml"), moved).expect("a file");
    assert_eq!(code(&run(here.path(), &NOW)), 0);
}

#[test]
fn a_part_of_the_repository_says_nothing_about_the_rest() {
    let list = LIST.replace("2026-02-15", "2025-12-31").replace("INTERLYNK_TOKEN", "INTERLYNK_B");
    let here = folder(&[("lynk-tokens.yaml", &list), ("a.txt", "a"), (PATH, WORKFLOW)]);
    let path = here.path();
    git(path, &["init", "-q"]);
    git(path, &["add", "."]);
    let both = ["lynk-tokens.yaml:9 token-expired", "lynk-tokens.yaml:10 unused-token-declaration"];
    let use_of_none = format!("{PATH}:6 undeclared-token-reference");
    assert_eq!(found(path, &[]), [&use_of_none, both[0], both[1]]);
    assert!(found(path, &["a.txt"]).is_empty());
    assert_eq!(found(path, &["lynk-tokens.yaml"]), both[..1]);
    assert_eq!(found(path, &["--staged"]), [&use_of_none, both[0]]);
    let commit = ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"];
    git(path, &commit);
    assert!(found(path, &["--staged"]).is_empty());
    fs::write(path.join("lynk-tokens.yaml"), list.replace("team-platform", "me")).expect("a file");
    git(path, &["add", "."]);
    assert_eq!(found(path, &["--staged"]).len(), 1, "the entry was touched");
}

#[test]
fn a_change_cannot_declare_what_it_uses() {
    let here = folder(&[("lynk-tokens.yaml", LIST), (PATH, WORKFLOW)]);
    let path = here.path();
    let commit = ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"];
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["add", "."]);
    git(path, &commit);
    for (file, text) in [("lynk-tokens.yaml", LIST), (PATH, WORKFLOW)] {
        let text = text.replace("INTERLYNK_TOKEN", "INTERLYNK_NEW_TOKEN");
        fs::write(path.join(file), text).expect("a file");
    }
    assert!(found(path, &[]).is_empty());
    let found = found(path, &["--policy-from", "main"]);
    assert!(found.contains(&format!("{PATH}:6 undeclared-token-reference")), "{found:?}");
}

#[test]
fn what_an_inventory_says_is_shown_masked_and_printable() {
    let list = LIST
        .replace("sbom-upload\n", "\"$PERSONAL \\e[31m\"\n")
        .replace("team-platform", "$SERVICE");
    let list = list.replace("2026-02-15", "2025-12-31");
    let here = folder(&[("lynk-tokens.yaml", &list), (PATH, WORKFLOW)]);
    for format in ["human", "terraform", "compact", "json", "sarif", "github", "html", "markdown"] {
        let output = run(here.path(), &["--format", format, NOW[0], NOW[1], "--all"]);
        assert_eq!(code(&output), 2, "{format}: {output:?}");
        quiet(&output);
        assert!(!output.stdout.contains(&0x1b), "{format}");
    }
}

fn error(list: &str) -> String {
    let file = YamlFile::new(Kind::Inventory, "lynk-tokens.yaml", list);
    Config::default().declare(&file).expect_err("it is wrong").shown()
}

/// What is wrong with a configuration that gives rules numbers.
fn parameter_error(config: &str, set: &str) -> String {
    let folder = folder(&[("a.yaml", set)]);
    let file = YamlFile::new(Kind::Configuration, ".lynklint.yaml", config);
    let policy = Config::parse(file).map_err(anyhow::Error::from);
    let tree = Tree::Disk(folder.path().to_owned());
    let policy = policy.and_then(|it| Policy::new(it, Vec::new(), &tree));
    let error = policy.err().expect("it is wrong");
    error.downcast_ref::<Broken>().expect("it has a place").shown()
}

#[test]
fn every_mistake_has_its_message_its_place_and_a_next_step() {
    let lists: &[(&str, &str, &str)] = &[
        ("an unknown key", "purpose:", "porpose:"),
        ("an unknown stage", "owner:", "stage: producton\n    owner:"),
        ("an unknown kind", "kind: service", "kind: machine"),
        ("a wrong type", "[secrets.INTERLYNK_TOKEN]", "secrets.INTERLYNK_TOKEN"),
        ("a list that is a word", "tokens:", "tokens: none\nothers:"),
        ("no owner", "    owner: team-platform\n", ""),
        ("an empty owner", "owner: team-platform", "owner: ' '"),
        ("a date that is none", "2026-02-15", "2026-02-30"),
        ("an end before the start", "2026-02-15", "2025-11-30"),
        ("a glob that is none", ".github/**", ".github/[x"),
        ("nowhere", "owner:", "places: 0\n    owner:"),
        ("a negative number", "owner:", "places: -1\n    owner:"),
        ("role and permissions", "role: sbom-uploader", "role: x\n    permissions: [view_sbom]"),
        ("a reference that is none", "secrets.INTERLYNK_TOKEN", "'${{ secrets.X }}'"),
        ("a fingerprint that is none", "owner:", "fingerprint: lynk_live_****\n    owner:"),
        ("a fingerprint with a slip", "owner:", "fingerprint: E788BFDEAD4092EF\n    owner:"),
        ("a reference twice", "[secrets.INTERLYNK_TOKEN]", "[secrets.A, secrets.A]"),
        ("no version", "version: 1\n", ""),
        ("another version", "version: 1", "version: 2"),
        ("an alias", "version: 1", "version: 1\na: &a [x]\nb: *a"),
        ("nothing", LIST, ""),
    ];
    let twice = LIST.replace("tokens:\n", "").replace("version: 1\n", "");
    let shown = lists.iter().map(|(what, from, to)| {
        assert!(LIST.contains(from), "{from}");
        format!("## {what}\n{}\n\n", error(&LIST.replace(from, to)))
    });
    let same = "    fingerprint: e788bfdead4092ef\n    references: []\n";
    let other = twice
        .replace("sbom-upload", "other")
        .replace("    references: [secrets.INTERLYNK_TOKEN]\n", same);
    let list = LIST.replace("    references: [secrets.INTERLYNK_TOKEN]\n", same);
    let same = format!("## a fingerprint twice\n{}\n\n", error(&format!("{list}{other}")));
    let twice = format!("## a name twice\n{}\n\n", error(&format!("{LIST}{twice}")));
    let head = "version: 1\npolicy_sets: [./a.yaml]\n";
    let parameters: &[(&str, &str, &str)] = &[
        ("a number for no rule", "parameters: { token-expired-soon: { days: 1 } }\n", "{}"),
        ("a number of no name", "parameters: { token-expires-soon: { day: 1 } }\n", "{}"),
        ("a number where there is none", "parameters: { token-expired: { days: 1 } }\n", "{}"),
        ("a number that is none", "parameters: { token-expires-soon: { days: few } }\n", "{}"),
        ("a number for no rule in a set", "", "parameters: { token-expird: { days: 1 } }\n"),
        ("a number of no name in a set", "", "parameters: { shared-token: { days: 1 } }\n"),
    ];
    let parameters = parameters.iter().map(|(what, config, set)| {
        format!("## {what}\n{}\n\n", parameter_error(&format!("{head}{config}"), set))
    });
    insta::assert_snapshot!(shown.chain([twice, same]).chain(parameters).collect::<String>());
}

#[test]
fn a_glob_of_a_list_that_matches_nothing_is_a_warning_there() {
    let here = folder(&[("lynk-tokens.yaml", &LIST.replace(".github/**", "nowhere/**"))]);
    let output = run(here.path(), &["validate"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(code(&output), 0);
    assert!(shown.contains("lynk-tokens.yaml: `nowhere/**` matches no file"), "{shown}");
}
