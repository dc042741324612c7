//! No output shows a token, and no output lets a file speak to the terminal.

use clap::ValueEnum;
use lynklint::date::Date;
use lynklint::excerpt::obeyed;
use lynklint::exempt::Terms;
use lynklint::report::Format;
use lynklint::rule::example::expand;
use lynklint::scan::{Files, Progress, check, scan};
use lynklint::source::{Blob, Commit, Coverage, Revision, Skipped, Visitor};

use crate::any::leaks;
use crate::detect::utf16;
use crate::report::{judged, policy, shown};

const HOSTILE: [&str; 9] = [
    "plain $SERVICE",
    "two $SERVICE $PERSONAL on a line",
    "\u{1b}[31m$SERVICE\u{1b}[0m",
    "\u{202e}$SERVICE\u{2066}\u{7}\u{9b}31m",
    "$SERVICE$PERSONAL $SERVICE",
    "realynk_live_$PERSONAL x$SERVICE $SERVICE",
    "a\r$SERVICE\r\n\u{0}$PERSONAL",
    "\"lynk_live_\" + \"nothing\" $SERVICE",
    "::error file=x::%0A$SERVICE",
];

/// The most characters of a line. A line of the input may have any length, one of the output may not; formats that put a
/// finding or a rule's page on one line have a longer one, which holds no more of the input.
fn longest(format: Format) -> usize {
    match format {
        Format::Jsonl => 2_500,
        Format::Sarif => 4_000,
        Format::Html => 20_000,
        Format::Markdown | Format::Github | Format::Azure => 1_200,
        Format::Gitlab | Format::GitlabSecrets => 1_500,
        Format::Human
        | Format::Terraform
        | Format::Compact
        | Format::Json
        | Format::Junit
        | Format::Checkstyle => 400,
    }
}

#[test]
fn no_format_shows_a_token_or_obeys_a_file() {
    let policy = policy();
    let long = format!("{}$SERVICE{}", "x = 1;".repeat(30_000), "y = 2;".repeat(30_000));
    let texts: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    for format in Format::value_variants() {
        for text in &texts {
            for name in ["a.txt", ".github/workflows/$NAME.yml", "a\nb\u{1b}[2J\u{202e}.py"] {
                let name =
                    lynklint::rule::example::expand(&name.replace("$NAME", "$PERSONAL_STAGING"));
                let report = judged(&policy, &[(&name, text)]);
                assert!(!report.findings.is_empty(), "{text:?}");
                let out = shown(*format, &report);
                assert!(!leaks(&out), "{format:?}: {out}");
                let obeyed: Vec<_> = out.chars().filter(|it| *it != '\n' && obeyed(*it)).collect();
                assert!(obeyed.is_empty(), "{format:?}: {obeyed:?}");
                assert!(
                    out.lines().all(|it| it.chars().count() < longest(*format)),
                    "{format:?}: a line too long"
                );
            }
        }
    }
}

/// A suppression of a rule that is not there, in two pieces, so that it suppresses nothing in this file.
const ALLOW: &str = concat!("# lynk", "lint: allow(no) -- ");

/// Names of things that belong to a file with a token in it: `BODY` is the token's without its prefix, `BEGIN` its first characters.
const NAMES: [&str; 6] = ["BODY", "aBODY", "a-BODY", "T_BODY", "BEGIN", "x.BODY.y"];

#[test]
fn a_name_made_of_a_token_of_the_file_is_masked() {
    let policy = policy();
    let token = expand("$PERSONAL");
    let body = token.strip_prefix("lynk_live_").expect("a prefix");
    for format in Format::value_variants() {
        for name in NAMES {
            let name = name.replace("BODY", body).replace("BEGIN", &body[..20]);
            let job = format!("{name}:\n  variables:\n    X: $PERSONAL\n  script: [x]\n");
            let variable = format!("a:\n  variables:\n    T_{name}: $PERSONAL\n  script: [x]\n");
            let files = [
                (".gitlab-ci.yml".to_owned(), job.clone()),
                (".gitlab-ci.yml".to_owned(), variable),
                (".gitlab-ci.yml".to_owned(), format!("{job}  {ALLOW}x\n")),
                (format!("d/{name}/x"), "$PERSONAL".to_owned()),
                (format!("tag:v{name}"), "$PERSONAL".to_owned()),
                (format!("{name}.md"), format!("x\n{ALLOW}$PERSONAL\n")),
            ];
            for (path, text) in files {
                let report = judged(&policy, &[(&path, &text)]);
                assert!(!report.findings.is_empty(), "{path}: {text}");
                let out = shown(*format, &report);
                assert!(!leaks(&out), "{format:?}: {out}");
            }
        }
    }
}

#[test]
fn files_whose_masked_names_are_equal_stay_apart() {
    let policy = policy();
    // The same name as people see it.
    let [a, b] = [expand("$PERSONAL"), expand("$PERSONAL").replace("lynk_live_", "lynk_live_aa")];
    let text = format!("x = \"$SERVICE\"\n{ALLOW}x\n");
    let mut report =
        judged(&policy, &[(&format!("d/{a}.py"), &text), (&format!("d/{b}.py"), &text)]);
    report.exempt(&Terms::of(Date::parse("2026-11-24").expect("a day")));
    let of_content = |rule: &str| {
        let of_rule = report.findings.iter().filter(move |it| it.rule.id.as_str() == rule);
        of_rule.map(|it| (&*it.path, it.fingerprint)).collect::<Vec<_>>()
    };
    for rule in ["hardcoded-service-token", "suppression-malformed"] {
        let found = of_content(rule);
        assert_eq!(found.len(), 2, "{rule}");
        assert_eq!(found[0].0, found[1].0);
        assert_ne!(found[0].1, found[1].1);
    }
    assert!(!leaks(&format!("{report:?}", report = report.findings)));
}

#[test]
fn a_token_in_a_name_is_found_once_where_it_is_named() {
    let policy = policy();
    let files =
        ["$PERSONAL.d/a.py", "$PERSONAL.d/b/c.py", "d/v-$SERVICE_TEST", "$PERSONAL.d/$SERVICE"];
    let files = files.map(expand);
    let files: Vec<_> = files.iter().map(|it| (it.as_str(), "x = 1\n")).collect();
    let report = judged(&policy, &files);
    let found: Vec<_> =
        report.findings.iter().map(|it| format!("{} {}", &*it.path, it.rule.id)).collect();
    assert_eq!(
        found,
        [
            "d/v-lynk_service_test_**** hardcoded-nonproduction-token",
            "lynk_live_****.d hardcoded-personal-token",
            "lynk_live_****.d/lynk_service_live_**** hardcoded-service-token",
        ]
    );
    assert_eq!(report.findings[1].excerpt.text(), "lynk_live_****.d");
    assert_eq!(report.findings[1].site.name(), Some("the name of a file, folder or ref"));
    for format in Format::value_variants() {
        let out = shown(*format, &report);
        assert!(!leaks(&out), "{format:?}: {out}");
    }
}

#[test]
fn a_name_that_gives_nothing_away_stays() {
    let digest = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
    let path = format!("d/{digest}/deployment.py");
    let text = "x = \"$SERVICE\"\ndef lynk_service_live_deployment(): pass\n";
    for finding in judged(&policy(), &[(&path, text)]).findings {
        assert_eq!(*finding.path, *path);
    }
}

#[test]
fn a_ref_made_of_a_token_is_masked() {
    let policy = policy();
    let body = &expand("$PERSONAL")["lynk_live_".len()..];
    let name = format!("refs/tags/v{body}");
    let source = |visit: &Visitor<'_>| {
        let revision = Revision {
            seconds: 0,
            date: "1970-01-01T00:00:00Z".to_owned(),
            id: "0".repeat(40),
            author: Some(format!("{body} <a@b>")),
        };
        let commit = Commit {
            first: revision.clone(),
            last: revision,
            refs: vec![name.clone()],
            at_head: true,
            reachable: Some(true),
        };
        let text = expand("$PERSONAL");
        visit(&Blob { commit: Some(&commit), ..Blob::whole("a.txt", text.as_bytes()) });
        let skipped = vec![Skipped { path: name.clone(), reason: format!("no {body}") }];
        Ok(Coverage { refs: vec![name.clone()], skipped, files: 1, ..Coverage::default() })
    };
    let report = scan(&policy, &Progress::default(), Files::InGit, source).expect("a report");
    assert_eq!(report.findings.len(), 1);
    for format in Format::value_variants() {
        let out = shown(*format, &report);
        assert!(!leaks(&out), "{format:?}: {out}");
    }
}

#[test]
fn an_excerpt_and_a_place_are_without_the_byte_order_mark() {
    let policy = policy();
    for big in [false, true] {
        let bytes = utf16(&expand("\u{feff}T=$PERSONAL\n"), big);
        let finding = check(&Blob::whole("a.txt", &bytes), &policy).remove(0);
        assert_eq!(finding.excerpt.text(), "T=lynk_live_****");
        assert_eq!((finding.start.line, finding.start.column, finding.start.byte), (1, 3, 6));
    }
}

#[test]
fn debug_of_a_finding_shows_no_token() {
    let policy = policy();
    let report = judged(&policy, &[("a.txt", HOSTILE[1])]);
    assert!(!leaks(&format!("{:?}", report.findings)));
}
