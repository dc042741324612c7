//! The pages that are made from the rules are the rules'. `UPDATE_DOCS=1 cargo test` writes them.

use std::fs;
use std::path::{Path, PathBuf};

use lynklint::policy::Policy;
use lynklint::rule::page;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn is(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, wanted).expect("it can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} is out of date: UPDATE_DOCS=1 cargo test", path.display());
}

#[test]
fn every_rule_has_its_page() {
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    let mut pages: Vec<PathBuf> = Vec::new();
    for (rule, _) in policy.rules() {
        let path = root().join(format!("docs/rules/{}.md", rule.id));
        is(&path, &page::markdown(rule));
        pages.push(path);
    }
    for entry in fs::read_dir(root().join("docs/rules")).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        assert!(pages.contains(&path), "{} belongs to no rule", path.display());
    }
}

#[test]
fn the_readme_lists_every_rule() {
    let policy = Policy::recommended(Vec::new()).expect("it loads");
    let row = |(rule, level): (&lynklint::rule::Rule, lynklint::policy::Enforcement)| {
        let (id, severity) = (&rule.id, rule.severity.name());
        format!(
            "| [`{id}`](docs/rules/{id}.md) | {severity} | {} | {} |\n",
            level.name(),
            rule.summary
        )
    };
    let rows: String = policy.rules().map(row).collect();
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let (open, close) = ("<!-- rules -->\n", "<!-- /rules -->");
    let start = readme.find(open).expect("a mark") + open.len();
    let end = readme.find(close).expect("a mark");
    let table = format!("\n| rule | severity | level | policy |\n|---|---|---|---|\n{rows}\n");
    is(&path, &format!("{}{table}{}", &readme[..start], &readme[end..]));
}
