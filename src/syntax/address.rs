//! The name of a place inside a file: `jobs.upload.steps[2].env.INTERLYNK_SECURITY_TOKEN`.

use std::fmt;

use smol_str::SmolStr;

/// One step of an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The entry of a mapping or the name of a block. What stands below it shares it.
    Key(SmolStr),
    /// The element of a sequence, from 0.
    Index(usize),
}

/// The steps from the root of a file to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(Vec<Step>);

/// The longest name of a step, in bytes: longer ones are text that stands where a name might.
const LONGEST: usize = 256;

impl Step {
    /// The key, if it is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }

    /// A step by a name of the file; what is too long for a name is cut.
    pub fn named(name: &[u8]) -> Self {
        let mut name = String::from_utf8_lossy(name).into_owned();
        name.truncate(name.floor_char_boundary(LONGEST));
        Self::Key(name.into())
    }
}

impl Address {
    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The key that it ends with, if it does.
    pub fn name(&self) -> Option<&str> {
        self.0.last()?.key()
    }

    /// Whether it begins with a key.
    pub fn is_below(&self, root: &str) -> bool {
        self.0.first().and_then(Step::key) == Some(root)
    }

    /// Goes one step down.
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes one step up.
    pub fn pop(&mut self) -> Option<Step> {
        self.0.pop()
    }

    /// The address of something inside this one, by its steps from here.
    #[must_use]
    pub fn join(&self, inner: &[Step]) -> Self {
        Self([&*self.0, inner].concat())
    }

    /// The address of an entry of this one.
    #[must_use]
    pub fn key(&self, key: impl Into<SmolStr>) -> Self {
        self.join(&[Step::Key(key.into())])
    }
}

impl From<&[Step]> for Address {
    fn from(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for Address {
    fn from(keys: [&str; N]) -> Self {
        Self(keys.into_iter().map(|it| Step::Key(it.into())).collect())
    }
}

/// Keys that are words are joined by dots; any other stands in brackets and quotes.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_word(key) && i == 0 => f.write_str(key)?,
                Step::Key(key) if is_word(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|it| it.is_alphanumeric() || "_-/$".contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_like_a_path() {
        let mut address = Address::from(["jobs", "up.load", "steps"]);
        address.push(Step::Index(2));
        assert_eq!(address.key("X_1").to_string(), "jobs[\"up.load\"].steps[2].X_1");
    }
}
