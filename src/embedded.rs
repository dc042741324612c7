//! The data files of the program, compiled in. A new file needs no list to be kept.

use include_dir::{Dir, include_dir};

static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The YAML files of a folder below `rules` (`""` for `rules` itself): their names without ending, sorted, and their text.
pub fn yaml(folder: &str) -> Vec<(String, &'static str)> {
    let dir = if folder.is_empty() { Some(&RULES) } else { RULES.get_dir(folder) };
    let mut files: Vec<_> = dir
        .into_iter()
        .flat_map(Dir::files)
        .filter(|it| it.path().extension().is_some_and(|it| it == "yaml"))
        .filter_map(|it| Some((it.path().file_stem()?.to_str()?.to_owned(), it.contents_utf8()?)))
        .collect();
    files.sort();
    files
}
