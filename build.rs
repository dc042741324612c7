//! Turns the data files below `rules/` into texts that the program reads in a tenth of the time that YAML takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

type Folder = BTreeMap<String, serde_json::Value>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=rules");
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    gather(Path::new("rules"), "", &mut folders)?;
    let text =
        |(name, folder): (&String, &Folder)| Ok((name.clone(), serde_json::to_string(folder)?));
    let folders =
        folders.iter().map(text).collect::<serde_json::Result<Vec<(String, String)>>>()?;
    // A slice of pairs, as the language writes it: a folder is read without the others.
    let out = PathBuf::from(env::var("OUT_DIR")?).join("rules.rs");
    Ok(fs::write(out, format!("&{folders:?}"))?)
}

/// Reads the YAML files of a folder and of those below it.
fn gather(
    path: &Path,
    name: &str,
    folders: &mut BTreeMap<String, Folder>,
) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            gather(&path, format!("{name}/{stem}").trim_start_matches('/'), folders)?;
        } else if path.extension().is_some_and(|it| it == "yaml") {
            let data = serde_yaml::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            folders.entry(name.to_owned()).or_default().insert(stem, data);
        }
    }
    Ok(())
}
