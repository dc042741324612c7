//! Paths and the platforms that they belong to, as `tests/platforms.txt` lists them, some with how sure it is that CI runs them.

use lynklint::platform::Platforms;

#[test]
fn every_listed_path_has_its_platform() {
    let platforms = Platforms::builtin();
    let list = include_str!("../platforms.txt");
    let mut seen = Vec::new();
    for line in list.lines().filter(|it| !it.is_empty()) {
        let (path, id) = line.split_once('\t').expect("path, tab, id");
        let (id, ci) = id.split_once('\t').map_or((id, None), |(id, ci)| (id, Some(ci)));
        let found = platforms.of(path, b"");
        assert_eq!(found.map(|it| it.id.as_str()), Some(id), "{path}");
        assert!(ci.is_none_or(|it| it == platforms.ci(path, found).name()), "{path}");
        seen.push(id);
    }
    let unlisted = platforms.iter().filter(|it| !it.names && !seen.contains(&it.id.as_str()));
    let unlisted: Vec<_> = unlisted.map(|it| &it.id).collect();
    // These are told by what they declare; the rules' own examples hold them.
    assert!(unlisted.len() <= 4, "no path is listed for {unlisted:?}");
}

/// The globs of each platform are a superset of what the catalog of schemas lists for it.
#[test]
fn what_the_catalog_of_schemas_matches_is_claimed() {
    let platforms = Platforms::builtin();
    let list = include_str!("../schemastore.txt");
    let mut unclaimed = Vec::new();
    for line in list.lines().filter(|it| !it.starts_with('#')) {
        let (glob, id) = line.split_once('\t').expect("glob, tab, id");
        // A glob without a folder matches in any folder, and `**` any number of them.
        let path = glob.trim_start_matches("**/").replace("**", "deep/er").replace('*', "x-1");
        for path in [path.clone(), format!("some/folder/{path}")] {
            let found = platforms.of(&path, b"").map(|it| it.id.as_str());
            if found != Some(id) {
                unclaimed.push(format!("{path}: {found:?}, not {id}"));
            }
        }
    }
    assert_eq!(unclaimed, Vec::<String>::new());
}

#[test]
fn a_manifest_is_told_by_what_it_declares() {
    let platforms = Platforms::builtin();
    let of = |text: &str| platforms.of("deploy/x.yaml", text.as_bytes()).map(|it| it.id.as_str());
    assert_eq!(of("apiVersion: tekton.dev/v1\nkind: Task\n"), Some("tekton"));
    assert_eq!(of("apiVersion: v1\nkind: Secret\n"), Some("kubernetes"));
    assert_eq!(of("a: 1\n"), None);
}

#[test]
fn every_pattern_of_every_platform_compiles() {
    assert_eq!(Platforms::builtin().faults(), Vec::<String>::new());
}
