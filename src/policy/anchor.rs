//! Where the paths of a scan begin: policies and fingerprints speak of paths from the repository's root.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Turns a path of the scan into one from the root, wherever the scan was started.
#[derive(Clone, Debug, Default)]
pub struct Anchor {
    root: String,
    base: String,
}

impl Anchor {
    /// `base` is the folder that the paths of the scan are relative to; both are absolute.
    pub fn new(root: &Path, base: &Path) -> Self {
        Self { root: folder(root), base: folder(base) }
    }

    /// The path from the root; a path outside of it stays as it is.
    pub fn of<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if self.root == self.base && !path.starts_with(['/', '.']) {
            return Cow::Borrowed(path);
        }
        let (mut base, mut rest) = (self.base.as_str(), path);
        while let Some(above) = rest.strip_prefix("../") {
            let parent = base.trim_end_matches('/').rfind('/').map_or(0, |i| i + 1);
            (base, rest) = (&base[..parent], above);
        }
        let full = if path.starts_with('/') { path.to_owned() } else { format!("{base}{rest}") };
        match full.strip_prefix(&self.root) {
            Some(inside) if !self.root.is_empty() => Cow::Owned(inside.to_owned()),
            _ => Cow::Borrowed(path),
        }
    }

    /// Where a path of the scan is.
    pub fn full(&self, path: &str) -> PathBuf {
        Path::new(&self.base).join(path)
    }
}

fn folder(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.ends_with('/') { text.into_owned() } else { format!("{text}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_same_from_wherever_the_scan_starts() {
        let root = Path::new("/r/repo");
        for (base, path) in [
            ("/r/repo", "a/b.yml"),
            ("/r/repo/a", "b.yml"),
            ("/r", "repo/a/b.yml"),
            ("/r/repo/x/y", "../../a/b.yml"),
            ("/r/else", "/r/repo/a/b.yml"),
        ] {
            assert_eq!(Anchor::new(root, Path::new(base)).of(path), "a/b.yml", "{base} {path}");
        }
        assert_eq!(Anchor::new(root, Path::new("/r")).of("other/b.yml"), "other/b.yml");
        assert_eq!(Anchor::default().of("../b.yml"), "../b.yml");
        assert_eq!(Anchor::new(root, root).of(".env"), ".env");
    }
}
