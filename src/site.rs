//! The facts of where a match stands: which platform's file it is and whether that file is run by CI.

use crate::platform::{Ci, Platform, Platforms};

/// Every fact around a match that rules ask for.
#[derive(Clone, Copy, Debug)]
pub struct Site<'p> {
    /// The system that reads the file, if it is known.
    pub platform: Option<&'p Platform>,
}

impl<'p> Site<'p> {
    /// The facts of a file: `path` with `/`, `bytes` its beginning or all of it.
    pub fn of(path: &str, bytes: &[u8], platforms: &'p Platforms) -> Self {
        Self { platform: platforms.of(path, bytes) }
    }

    /// How sure it is that CI runs what stands here.
    pub fn ci(&self) -> Ci {
        self.platform.map_or(Ci::None, |it| it.ci)
    }

    /// The place in words that follow "in": `a GitHub Actions workflow`.
    pub fn name(&self) -> Option<&'p str> {
        self.platform.map(|it| it.name.as_str())
    }

    /// What to write instead of a literal here.
    pub fn reference(&self) -> &'p str {
        self.platform
            .map_or("the environment variable INTERLYNK_SECURITY_TOKEN", |it| &it.reference)
    }

    /// What to do about a literal in this kind of file.
    pub fn remedy(&self) -> String {
        self.platform.map_or_else(
            || "Read the token from the environment variable `INTERLYNK_SECURITY_TOKEN` when the program runs.".to_owned(),
            |it| it.fix.replace("{reference}", &it.reference),
        )
    }
}
