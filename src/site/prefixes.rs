//! Something for each of some addresses, found by what stands below or above them.

use std::collections::BTreeMap;

use crate::syntax::Step;

/// Something for each of some addresses.
#[derive(Clone, Debug)]
pub(super) struct Prefixes<T>(BTreeMap<Vec<Step>, T>);

impl<T> Default for Prefixes<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Prefixes<T> {
    /// What there is at the beginnings of an address, shortest first.
    pub(super) fn above(&self, address: &[Step]) -> impl Iterator<Item = &T> {
        (0..=address.len()).filter_map(|len| self.0.get(&address[..len]))
    }

    /// Whether there is anything at an address or below it.
    pub(super) fn any_below(&self, address: &[Step]) -> bool {
        let mut from = self.0.range(address.to_vec()..);
        from.next().is_some_and(|(it, _)| it.starts_with(address))
    }

    /// Puts something at an address.
    pub(super) fn set(&mut self, address: &[Step], it: T) {
        self.0.insert(address.to_vec(), it);
    }

    /// What there is at an address, made where there is nothing.
    pub(super) fn at(&mut self, address: &[Step]) -> &mut T
    where
        T: Default,
    {
        self.0.entry(address.to_vec()).or_default()
    }
}
