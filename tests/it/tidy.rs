//! What holds for every file of the project.

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
    let files: Vec<_> = walk
        .into_iter()
        .map(|it| it.expect("it can be listed").into_path())
        .filter(|it| it.is_file() && it.to_string_lossy().ends_with(ending))
        .map(|it| {
            (
                it.strip_prefix(root).expect("below").to_owned(),
                fs::read_to_string(&it).expect("text"),
            )
        })
        .collect();
    assert!(!files.is_empty(), "nothing in {folder}");
    files
}

#[test]
fn every_source_file_says_what_it_is_for_and_is_short() {
    for (path, text) in files("src", ".rs") {
        assert!(text.starts_with("//! "), "{} does not open with a sentence", path.display());
        assert!(
            text.lines().count() <= 400,
            "{} has {} lines",
            path.display(),
            text.lines().count()
        );
    }
}

#[test]
fn no_vendor_is_named_in_the_code() {
    let platforms =
        ["jenkins", "circleci", "gitlab", "buildkite", "tekton", "azure", "travis", "woodpecker"];
    for (path, text) in files("src", ".rs") {
        // But for the readers of a report, each of which is a format.
        if path.starts_with("src/report") || path == Path::new("src/report.rs") {
            continue;
        }
        let code: String = text.lines().filter(|it| !it.trim_start().starts_with("//")).collect();
        for name in platforms {
            assert!(!code.to_lowercase().contains(name), "{} names {name}", path.display());
        }
    }
}

#[test]
fn only_the_human_report_and_yaml_files_use_miette() {
    let allowed = ["src/report/human.rs", "src/yaml_file.rs"];
    for (path, text) in files("src", ".rs") {
        let name = path.to_string_lossy();
        assert!(!text.contains("miette::") || allowed.contains(&&*name), "{name} uses miette");
    }
}

#[test]
fn the_architecture_names_every_module() {
    let page = &files(".", "ARCHITECTURE.md")[0].1;
    assert!(page.lines().count() <= 150);
    for (path, _) in files("src", ".rs") {
        let inside = path.strip_prefix("src").expect("below src");
        let module = inside.components().next().expect("a name").as_os_str().to_string_lossy();
        let name = if inside.components().count() > 1 {
            format!("src/{module}/")
        } else {
            format!("src/{module}")
        };
        assert!(
            name == "src/lib.rs" || page.contains(&name),
            "ARCHITECTURE.md does not name {name}"
        );
    }
}
