//! What is in a tree, and how two trees differ.

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    mode: &'t [u8],
    pub(super) name: &'t [u8],
    pub(super) id: &'t [u8],
}

impl Entry<'_> {
    /// Whether it is a tree itself.
    pub(super) fn is_tree(&self) -> bool {
        self.mode == b"40000"
    }
}

/// Which of two trees has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// Tells the entries that only one of two trees has, whose ids have `hash` bytes. An entry that is not where its name
/// belongs is told of both, as are those that differ.
pub(super) fn compare<'t>(
    mut old: &'t [u8],
    mut new: &'t [u8],
    hash: usize,
    mut tell: impl FnMut(Side, Entry<'t>),
) {
    let mut left = first(old, hash);
    loop {
        while let Some((_, rest)) = left {
            let same = &old[..old.len() - rest.len()];
            let Some(after) = new.strip_prefix(same) else { break };
            (old, new) = (rest, after);
            left = first(old, hash);
        }
        let right = first(new, hash);
        let order = match (&left, &right) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.name.cmp(b.name),
        };
        if let Some((entry, rest)) = left.filter(|_| order.is_le()) {
            tell(Side::Old, entry);
            old = rest;
            left = first(old, hash);
        }
        if let Some((entry, rest)) = right.filter(|_| order.is_ge()) {
            tell(Side::New, entry);
            new = rest;
        }
    }
}

/// The first entry, and what is behind it; nothing at the end, or where the tree is damaged.
fn first(tree: &[u8], hash: usize) -> Option<(Entry<'_>, &[u8])> {
    let end = memchr::memchr(0, tree)?;
    let (mode, name) = tree[..end].split_at(memchr::memchr(b' ', &tree[..end])?);
    let (id, rest) = tree[end + 1..].split_at_checked(hash)?;
    Some((Entry { mode, name: &name[1..], id }, rest))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn tree(entries: &BTreeSet<(String, u8)>) -> Vec<u8> {
        let entry =
            |(name, id): &(String, u8)| [format!("40000 {name}\0").as_bytes(), &[*id; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    proptest! {
        #[test]
        fn an_entry_is_told_unless_both_have_it(
            old in proptest::collection::btree_set(("[a-c]{1,2}", 0_u8..4), 0..9),
            new in proptest::collection::btree_set(("[a-c]{1,2}", 0_u8..4), 0..9),
        ) {
            let (before, after) = (tree(&old), tree(&new));
            let (mut gone, mut added) = (BTreeSet::new(), BTreeSet::new());
            compare(&before, &after, 20, |side, entry| {
                let it = (String::from_utf8(entry.name.to_vec()).unwrap(), entry.id[0]);
                assert!(entry.is_tree());
                match side {
                    Side::Old => gone.insert(it),
                    Side::New => added.insert(it),
                };
            });
            let rest: BTreeSet<_> = old.difference(&gone).cloned().collect();
            prop_assert_eq!(rest.union(&added).cloned().collect::<BTreeSet<_>>(), new.clone());
            prop_assert!(gone.is_subset(&old) && added.is_subset(&new));
        }

        #[test]
        fn no_bytes_can_do_harm(old in any::<Vec<u8>>(), new in any::<Vec<u8>>()) {
            compare(&old, &new, 20, |_, _| {});
        }
    }
}
