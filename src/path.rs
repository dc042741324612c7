//! A file's path: the real one, by which the file is judged and told from others, and the one that people see.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::detect::Detector;
use crate::digest::Digest;
use crate::excerpt::{Veil, masked};
use crate::policy::anchor::Anchor;
use crate::policy::{Here, Policy};

/// A path, which is whatever [`Deref`] gives: masked, perhaps with control characters. Two files whose masked paths are the
/// same have different ones. The real path does not leave this module, but for the policy to be asked and as a digest.
#[derive(Clone)]
pub struct FilePath(Arc<Both>);

struct Both {
    shown: Box<str>,
    /// Only if that is something else.
    real: Option<Box<str>>,
}

impl FilePath {
    /// That of a file with this veil.
    pub fn new(real: &str, veil: &Veil) -> Self {
        let shown = veil.name(real);
        let real = (shown != real).then(|| real.into());
        Self(Arc::new(Both { shown: shown.into(), real }))
    }

    /// The policy that holds for the file.
    pub fn here<'p>(&self, policy: &'p Policy) -> Here<'p> {
        policy.at(self.real())
    }

    /// What a finding's identity takes from the path.
    pub fn key(&self, anchor: &Anchor) -> PathKey {
        // A whole token is too long to be guessed from a digest, but a few characters are not.
        let holds_token = |it: &&str| masked(it, Detector::shared()) != **it;
        let path = self.0.real.as_deref().filter(holds_token);
        PathKey(anchor.of(path.unwrap_or(self)).into())
    }

    fn real(&self) -> &str {
        self.0.real.as_deref().unwrap_or(self)
    }
}

impl Deref for FilePath {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.shown
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Ord for FilePath {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        (&**self, self.real()).cmp(&(&**other, other.real()))
    }
}

impl PartialOrd for FilePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FilePath {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for FilePath {}

/// A path from the root, of which nothing but a digest can be made. The empty one is that of whatever file.
#[derive(Clone, Default)]
pub struct PathKey(Box<str>);

impl PathKey {
    /// A digest of the path between two texts.
    pub fn digest(&self, before: &str, after: &str) -> Digest {
        Digest::of([before, &self.0, after].map(str::as_bytes))
    }
}
