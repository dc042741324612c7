//! The facts of where a match stands: which platform's file it is, at which address, and whether CI runs it.

mod call;
mod enter;
mod facts;
mod layout;
mod line;
mod prefixes;
mod reference;
mod reuse;

use serde::Deserialize;

use crate::platform::{Ci, Platform, Platforms};

pub use call::{Call, calls};
pub use facts::{Facts, Thing, What};
pub use layout::{Layout, Placed, Run};
pub use reference::Reference;

/// Every fact around a match that rules ask for.
#[derive(Clone, Debug)]
pub struct Site<'p> {
    /// The system that reads the file, if it is known.
    pub platform: Option<&'p Platform>,
    /// How sure it is that CI runs what stands here.
    pub ci: Ci,
    /// The name of the place inside the file: `jobs.upload.steps[2].env.X`. Masked; may hold control characters.
    pub address: Option<Box<str>>,
    /// What the place is.
    pub place: Option<Place>,
    /// The part of the file that sees what stands here, in the platform's word: `workflow`, `job`, `step`.
    pub scope: Option<&'p str>,
    /// What can stand here in place of the literal, without any other change of the file.
    pub replacement: Option<&'p str>,
    /// Why the place is less certain than others, in words that follow "because": it was read as text.
    pub unparsed: Option<&'static str>,
}

/// What a place inside a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A variable of the environment of what is run.
    Env,
    /// Text that an interpreter runs.
    Script,
    /// A word of a command.
    Argument,
    /// What a step or task is given.
    Input,
    /// The default of an input, parameter or variable.
    Default,
    /// A parameter that people see and fill in.
    Parameter,
    /// What a step, job or module hands on.
    Output,
    /// What becomes part of an image.
    ImageLayer,
    /// What is kept after a job, for others to fetch.
    Artifact,
    /// A field for credentials: a secret store's reference, a password.
    Credential,
    /// A switch that makes the system print what it does.
    Debug,
    /// Where a program is told to send its requests.
    ApiUrl,
    /// Any other value.
    Value,
}

impl Place {
    /// The word for this in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Script => "script",
            Self::Argument => "argument",
            Self::Input => "input",
            Self::Default => "default",
            Self::Parameter => "parameter",
            Self::Output => "output",
            Self::ImageLayer => "image-layer",
            Self::Artifact => "artifact",
            Self::Credential => "credential",
            Self::Debug => "debug",
            Self::ApiUrl => "api-url",
            Self::Value => "value",
        }
    }
}

impl<'p> Site<'p> {
    /// The facts of a file as a whole: `path` with `/`, `bytes` its beginning or all of it.
    pub fn of(path: &str, bytes: &[u8], platforms: &'p Platforms) -> Self {
        let platform = platforms.of(path, bytes);
        let ci = platforms.ci(path, platform);
        Self {
            platform,
            ci,
            address: None,
            place: None,
            scope: None,
            replacement: None,
            unparsed: None,
        }
    }

    /// The place in words that follow "in": `a GitHub Actions workflow`.
    pub fn name(&self) -> Option<&'p str> {
        self.platform.map(|it| it.name.as_str())
    }

    /// What is to be known about how the place was found, if it is not certain.
    pub fn note(&self) -> Option<String> {
        self.unparsed.map(|it| format!("low certainty of the place: read as text, because {it}"))
    }

    /// What to write instead of a literal here.
    pub fn reference(&self) -> &'p str {
        self.platform
            .map_or("the environment variable INTERLYNK_SECURITY_TOKEN", |it| &it.reference)
    }

    /// What to do about a literal in this kind of file.
    pub fn remedy(&self) -> String {
        match (self.platform, self.place) {
            (Some(it), _) => it.fix.replace("{reference}", &it.reference),
            // Of the places inside files a platform tells, so this one is in a job.
            (None, Some(_)) => "Store the token where the system that runs this keeps secrets, and hand it over as the environment variable `INTERLYNK_SECURITY_TOKEN`.".to_owned(),
            (None, None) => "Read the token from the environment variable `INTERLYNK_SECURITY_TOKEN` when the program runs.".to_owned(),
        }
    }
}
