//! The paths of a platform: globs that are compiled only when a path has the word that they cannot do without.

use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};

/// A glob, without regard to case, whose `*` stops at `/`.
#[derive(Debug)]
pub(super) struct LazyGlob {
    text: String,
    /// Every path that matches holds it, in small letters.
    word: String,
    matcher: OnceLock<Option<GlobMatcher>>,
}

impl LazyGlob {
    pub(super) fn new(text: &str) -> Self {
        let word = longest_word(text).to_lowercase();
        Self { text: text.to_owned(), word, matcher: OnceLock::new() }
    }

    /// How much the glob says: longer ones know better.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it can be compiled.
    pub(super) fn is_valid(&self) -> bool {
        self.matcher().is_some()
    }

    /// Whether a path matches; `lower` is the path in small letters.
    pub(super) fn matches(&self, path: &str, lower: &str) -> bool {
        lower.contains(&self.word) && self.matcher().is_some_and(|it| it.is_match(path))
    }

    fn matcher(&self) -> Option<&GlobMatcher> {
        let compile = || {
            let mut glob = GlobBuilder::new(&self.text);
            glob.literal_separator(true).case_insensitive(true).empty_alternates(true);
            glob.build().ok().map(|it| it.compile_matcher())
        };
        self.matcher.get_or_init(compile).as_ref()
    }
}

/// The longest piece that stands in the glob as it is, outside of brackets and braces.
fn longest_word(glob: &str) -> &str {
    let (mut depth, mut start, mut longest) = (0_usize, 0, "");
    let mut end_at = |start: usize, end: usize| {
        // `**/x` matches `x`, so that a leading or trailing separator may be missing.
        let word = glob[start..end].trim_matches('/');
        longest = if longest.len() < word.len() { word } else { longest };
    };
    for (at, it) in glob.char_indices() {
        if matches!(it, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            if depth == 0 {
                end_at(start, at);
            }
            depth = match it {
                '[' | '{' => depth + 1,
                ']' | '}' => depth.saturating_sub(1),
                _ => depth,
            };
            start = at + 1;
        }
    }
    if depth == 0 {
        end_at(start, glob.len());
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_glob_is_in_every_path_that_matches() {
        for (glob, word, path) in [
            ("**/.ci/flows/*.{yml,yaml}", ".ci/flows", "a/.CI/flows/x.yml"),
            ("**/{docker-,}compose*.{yml,yaml}", "compose", "compose.yml"),
            ("**/*.[ch]", ".", "a.c"),
            ("**/Buildfile*", "buildfile", "Buildfile"),
            ("{a,b}", "", "b"),
        ] {
            let lazy = LazyGlob::new(glob);
            assert_eq!(lazy.word, word, "{glob}");
            assert!(lazy.matches(path, &path.to_lowercase()), "{glob} {path}");
        }
        assert!(!LazyGlob::new("**/x/**/y").matches("y/x", "y/x"));
    }
}
