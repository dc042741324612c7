//! Parts of a repository: globs on paths from its root, where `*` does not cross `/`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Some globs, any of which may match.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    texts: Vec<String>,
    set: GlobSet,
}

/// Where a set of policies applies: everywhere, but for what the globs say.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only here, if there is any.
    pub include: Globs,
    /// Not here.
    pub exclude: Globs,
}

impl Globs {
    /// Compiles globs; a glob that ends in `/` is a folder with all below it. Says which is wrong, and why.
    pub fn new(texts: &[String]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (index, text) in texts.iter().enumerate() {
            let whole = text.strip_prefix("./").unwrap_or(text);
            let whole = if whole.ends_with('/') { format!("{whole}**") } else { whole.to_owned() };
            let glob = GlobBuilder::new(&whole).literal_separator(true).build();
            set.add(
                glob.map_err(|error| (index, format!("`{text}` is no glob: {}", error.kind())))?,
            );
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self { texts: texts.to_vec(), set })
    }

    /// Whether one of them matches.
    pub fn match_path(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Which of them match, by index.
    pub fn matches(&self, path: &str) -> Vec<usize> {
        self.set.matches(path)
    }

    /// The globs as they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

impl Scope {
    /// Whether a path is in it.
    pub fn covers(&self, path: &str) -> bool {
        let included = self.include.texts.is_empty() || self.include.match_path(path);
        included && !self.exclude.match_path(path)
    }

    /// Whether every path is in it.
    pub fn is_everywhere(&self) -> bool {
        self.include.texts.is_empty() && self.exclude.texts.is_empty()
    }

    /// In words that follow a set's name: `in services/**, not in services/old/**`.
    pub fn words(&self) -> String {
        let list = |word: &str, globs: &Globs| match globs.texts.is_empty() {
            true => String::new(),
            false => format!("{word} {}", globs.texts.join(", ")),
        };
        let (include, exclude) = (list("in", &self.include), list("not in", &self.exclude));
        let parts: Vec<_> = [include, exclude].into_iter().filter(|it| !it.is_empty()).collect();
        parts.join(", ")
    }
}
