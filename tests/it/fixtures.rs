//! Whole repositories through the binary. A folder of `fixtures/` is a case, and its output a snapshot.
//!
//! Files hold macros such as `$PERSONAL`, and `base64«…»` and its like for text in another form. What `.gitignore` hides
//! is tracked only where `.tracked` names it (and is added to this repository with `git add -f`). The folder of a repository without a violation is called `clean-…`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lynklint::rule::example::expand;

use crate::any::leaks;
use crate::detect::{base64, each, utf16};
use crate::index::git;

/// The ways of writing text that a fixture can ask for.
fn spell(form: &str, text: &str) -> Option<Vec<u8>> {
    Some(match form {
        "base64" => base64(text.as_bytes(), false).into_bytes(),
        "hex" => each(text, |b| format!("{b:02x}")).into_bytes(),
        "percent" => each(text, |b| format!("%{b:02X}")).into_bytes(),
        "unicode" => each(text, |b| format!("\\u{b:04x}")).into_bytes(),
        "utf16" => [&b"\xFF\xFE"[..], &utf16(text, false)].concat(),
        // The body of a token whose prefix stands elsewhere.
        "split" => text.rsplit('_').next().unwrap_or(text).as_bytes().to_vec(),
        _ => return None,
    })
}

/// The text of a fixture's file as bytes, innermost forms first.
fn realised(text: &str) -> Vec<u8> {
    let Some((before, rest)) = text.rsplit_once('«') else { return text.as_bytes().to_vec() };
    let (inner, after) = rest.split_once('»').expect("what is opened is closed");
    let form = before.rsplit(|it: char| !it.is_ascii_alphanumeric()).next().unwrap_or(before);
    let before = &before[..before.len() - form.len()];
    let spelt = spell(form, inner).unwrap_or_else(|| panic!("{form} is no form"));
    match String::from_utf8(spelt) {
        Ok(spelt) => realised(&format!("{before}{spelt}{after}")),
        Err(spelt) => [&realised(before), spelt.as_bytes(), after.as_bytes()].concat(),
    }
}

/// A repository made of a fixture.
fn repository(fixture: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for entry in walkdir::WalkDir::new(fixture) {
        let entry = entry.expect("it can be listed");
        if entry.file_type().is_file() {
            let path = root.join(entry.path().strip_prefix(fixture).expect("below"));
            let text = fs::read_to_string(entry.path()).expect("text");
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, realised(&expand(&text))).expect("a file");
        }
    }
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    for path in fs::read_to_string(root.join(".tracked")).unwrap_or_default().lines() {
        git(root, &["add", "-f", path]);
    }
    folder
}

#[test]
fn every_fixture_is_judged_as_its_snapshot_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entries = fs::read_dir(folder).expect("the fixtures");
    let mut fixtures: Vec<PathBuf> = entries.map(|it| it.expect("an entry").path()).collect();
    fixtures.sort();
    assert!(fixtures.len() >= 10);
    for fixture in fixtures {
        let case = fixture.file_name().expect("a name").to_string_lossy().into_owned();
        let repository = repository(&fixture);
        let output = Command::new(env!("CARGO_BIN_EXE_lynklint"))
            .args(["check", ".", "--format", "compact"])
            .current_dir(repository.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .expect("it runs");
        let code = output.status.code().expect("it was not killed");
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8(shown).expect("UTF-8");
        assert!(!leaks(&shown), "{case}: {shown}");
        assert_eq!(code, if case.starts_with("clean-") { 0 } else { 2 }, "{case}: {shown}");
        insta::assert_snapshot!(case, shown);
    }
}
