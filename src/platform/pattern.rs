//! A set of addresses: `jobs.*.steps[*].env.*`, `**.environment.{X,Y}`.

use serde::{Deserialize, Deserializer};

use crate::syntax::Step;

/// A set of addresses.
///
/// `*` is any one key, `[*]` any index, `**` any number of steps, `{a,b}` one of some keys, `{^a,b}` any but these, `*_a`
/// one that ends so, `*a*` one that holds it, `"a.b"` a key with dots, and anything else a key.
/// Keys are compared without the case of ASCII letters, since half of the systems do not tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// How many steps every address in the set has, if that is one number.
    len: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    AnyKey,
    AnyIndex,
    AnySteps,
    Keys(Vec<String>),
    OtherKeys(Vec<String>),
}

impl Pattern {
    /// Reads a pattern. Every text is one.
    pub fn new(text: &str) -> Self {
        let text = text.replace("[*]", ".[*]");
        let mut quoted = false;
        let apart = |it: char| {
            quoted ^= it == '"';
            it == '.' && !quoted
        };
        let parts = text.split(apart).filter(|it| !it.is_empty()).map(|part| match part {
            "*" => Part::AnyKey,
            "[*]" => Part::AnyIndex,
            "**" => Part::AnySteps,
            keys => {
                let keys = keys.trim_start_matches('{').trim_end_matches('}');
                let (other, keys) = match keys.strip_prefix('^') {
                    Some(keys) => (true, keys),
                    None => (false, keys),
                };
                let keys = keys.split(',').map(|it| it.trim_matches('"').to_owned()).collect();
                if other { Part::OtherKeys(keys) } else { Part::Keys(keys) }
            }
        });
        let parts: Vec<Part> = parts.collect();
        let len = (!parts.contains(&Part::AnySteps)).then_some(parts.len());
        Self { parts, len }
    }

    /// Whether an address is in the set.
    pub fn matches(&self, steps: &[Step]) -> bool {
        // Most addresses end otherwise, which costs less to see than how they begin.
        let ends = match (self.parts.last(), steps.last()) {
            (Some(part), Some(step)) => fits(part, step),
            _ => true,
        };
        self.len.is_none_or(|it| it == steps.len()) && ends && matches(&self.parts, steps)
    }

    /// The length of the longest beginning of an address that is in the set.
    pub fn prefix_of(&self, steps: &[Step]) -> Option<usize> {
        let lens = self.len.map_or(0..=steps.len(), |it| it..=it.min(steps.len()));
        lens.rev().find(|&len| self.matches(&steps[..len]))
    }
}

fn matches(parts: &[Part], steps: &[Step]) -> bool {
    match (parts.split_first(), steps.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Part::AnySteps, rest)), _) => {
            (0..=steps.len()).any(|skipped| matches(rest, &steps[skipped..]))
        }
        (Some(_), None) => false,
        (Some((part, rest)), Some((step, below))) => fits(part, step) && matches(rest, below),
    }
}

fn fits(part: &Part, step: &Step) -> bool {
    match (part, step) {
        (Part::AnyKey, Step::Key(_)) | (Part::AnyIndex, Step::Index(_)) | (Part::AnySteps, _) => {
            true
        }
        (Part::Keys(keys), Step::Key(key)) => is_one_of(keys, key),
        (Part::OtherKeys(keys), Step::Key(key)) => !is_one_of(keys, key),
        (Part::AnyKey | Part::Keys(_) | Part::OtherKeys(_), Step::Index(_))
        | (Part::AnyIndex, Step::Key(_)) => false,
    }
}

fn is_one_of(keys: &[String], key: &str) -> bool {
    keys.iter().any(|it| match it.strip_prefix('*') {
        Some(part) => match part.strip_suffix('*') {
            Some(part) => key.as_bytes().windows(part.len().max(1)).any(|it| is_same(it, part)),
            None => key
                .len()
                .checked_sub(part.len())
                .is_some_and(|it| is_same(&key.as_bytes()[it..], part)),
        },
        None => it.eq_ignore_ascii_case(key),
    })
}

fn is_same(bytes: &[u8], text: &str) -> bool {
    bytes.eq_ignore_ascii_case(text.as_bytes())
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|it| Self::new(&it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Address;

    fn address(keys: &[&str]) -> Vec<Step> {
        let mut address = Address::default();
        for key in keys {
            let index = key.parse().map(Step::Index);
            address.push(index.unwrap_or_else(|_| Step::Key((*key).into())));
        }
        address.steps().to_vec()
    }

    #[test]
    fn a_pattern_is_a_set_of_addresses() {
        let step = address(&["jobs", "a", "steps", "2", "env", "X"]);
        for (pattern, expected) in [
            ("jobs.*.steps[*].env.*", true),
            ("**.env.*", true),
            ("**", true),
            ("jobs.**.{with,ENV}.x", true),
            ("jobs.*.steps.*.env.*", false),
            ("jobs.*.env.*", false),
            ("**.{*vn,*nv}.*", true),
            ("**.*vn.*", false),
            ("**.{*n*,x}.*", true),
            ("**.*o*.X", false),
            ("**.{**}.X", false),
            ("{^on,env}.*.steps[*].**", true),
            ("{^on,Jobs}.**", false),
            ("", false),
            ("jobs.*.steps[*].\"env\".x", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(&step), expected, "{pattern}");
        }
        assert_eq!(Pattern::new("jobs.*").prefix_of(&step), Some(2));
        assert_eq!(Pattern::new("").prefix_of(&step), Some(0));
        assert_eq!(Pattern::new("on.*").prefix_of(&step), None);
    }
}
