//! What is known of the places in a platform's files: `tests/sites/` holds, for each platform, files with the findings in
//! them, the place and the scope of each, and at least one file that is right.
//!
//! `UPDATE_SITES=1` writes what was found in place of what was expected.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::{env, fs, path::Path};

use lynklint::platform::{Platform, Platforms};
use lynklint::policy::Policy;
use lynklint::rule::example;
use lynklint::scan;
use lynklint::source::Blob;
use lynklint::syntax::Syntax;

#[test]
fn every_platform_knows_its_places() {
    let policy = Policy::recommended(Vec::new()).expect("the built-in policy loads");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites");
    let (mut wrong, mut held) = (String::new(), BTreeSet::new());
    for file in walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let path = file.expect("it can be listed").into_path();
        let id = path.file_stem().and_then(|it| it.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("text");
        let (mut found, mut right) = (Vec::new(), false);
        for case in text.trim_end().split("\n====\n") {
            let (source, expected) = case.split_once("\n----").unwrap_or((case, ""));
            let (name, content) = source.split_once('\n').expect("a path above the text");
            let says = findings(name, content, &id, &policy);
            right |= says.is_empty();
            if says.trim() != expected.trim() {
                writeln!(wrong, "{id}: {source}\n---- says\n{says}---- not{expected}")
                    .expect("memory");
            }
            found.push(format!("{source}\n----\n{says}").trim_end().to_owned());
        }
        if env::var_os("UPDATE_SITES").is_some() {
            fs::write(&path, found.join("\n====\n") + "\n").expect("written");
        }
        if !right {
            writeln!(wrong, "{id}: no file is right").expect("memory");
        }
        held.insert(id);
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(unheld(&held), Vec::<String>::new(), "no file of these is listed");
}

/// The platforms with a structure of which there is no file. One file holds for all that share a structure.
fn unheld(held: &BTreeSet<String>) -> Vec<String> {
    let platforms = Platforms::builtin();
    let shares = |it: &Platform, other: &Platform| Arc::ptr_eq(&it.structure, &other.structure);
    let is_held = |it| platforms.iter().any(|other| shares(it, other) && held.contains(&other.id));
    let structured = platforms.iter().filter(|it| it.structure.syntax != Syntax::Text);
    structured.filter(|it| !is_held(it)).map(|it| it.id.clone()).collect()
}

/// The findings of a file of the platform, one a line.
fn findings(path: &str, text: &str, id: &str, policy: &Policy) -> String {
    let text = example::expand(text);
    let blob = Blob::whole(path, text.as_bytes());
    let mut out = String::new();
    for it in scan::check(&blob, policy) {
        let platform = it.site.platform.map(|it| it.id.as_str());
        assert_eq!(platform, Some(id), "{path}");
        let place = it.site.place.map_or("-", lynklint::site::Place::name);
        let (address, scope) = (it.site.address.as_deref(), it.site.scope);
        let (address, scope) = (address.unwrap_or("-"), scope.unwrap_or("-"));
        writeln!(out, "{} {address} {place} {scope}", it.rule.id).expect("memory");
    }
    out
}

/// Each of many entries asks what kind of manifest they are in, and that stands behind all of them.
#[test]
fn a_large_block_is_asked_once_what_it_is() {
    let entries: String = (0..40_000).map(|i| format!("  k{i}: v\n")).collect();
    let text = format!("apiVersion: v1\ndata:\n{entries}  t: $PERSONAL\nkind: Secret\n");
    let policy = Policy::recommended(Vec::new()).expect("the rules are built in");
    let found = findings("deploy/secret.yaml", &text, "kubernetes", &policy);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.contains(" data.t credential "), "{found}");
}

/// Each of many words of a command asks what is in the others.
#[test]
fn a_long_command_is_read_around_each_thing_in_it() {
    let words =
        |count: usize| "  -e INTERLYNK_SECURITY_TOKEN=$INTERLYNK_SECURITY_TOKEN \\\n".repeat(count);
    let text = format!("docker run \\\n{}  image\n", words(2_000));
    let policy = Policy::recommended(Vec::new()).expect("the rules are built in");
    let found = findings("up.sh", &text, "shell", &policy);
    assert_eq!(found.lines().count(), 2_000);
}
