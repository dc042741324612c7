//! Which refs reach which commits.

use rayon::prelude::*;

use super::graph::Graph;
use super::refs::Refs;

/// Refs that are named for one object; of the rest only the number is.
const NAMED: usize = 20;

/// The commits in their order, and where refs point.
pub(super) struct Reach<'r> {
    graph: &'r Graph<'r>,
    refs: &'r Refs,
    /// All commits, parents before children.
    order: Vec<u32>,
    /// The commit that each ref reaches, by its place in [`Refs::named`].
    tips: Vec<Option<u32>>,
    /// The newest commit of the checked-out branch.
    pub(super) head: Option<u32>,
    logged: Vec<u32>,
    held: Vec<bool>,
}

impl<'r> Reach<'r> {
    pub(super) fn new(graph: &'r Graph<'r>, refs: &'r Refs) -> Self {
        let tips: Vec<_> = refs.named.iter().map(|it| graph.place(graph.peeled(it.1))).collect();
        let newest = refs.head.and_then(|it| graph.place(it));
        let logged: Vec<_> = refs.logged.iter().filter_map(|it| graph.place(*it)).collect();
        let order = graph.in_order();
        let mut held = vec![false; graph.commits.len()];
        let ends = tips.iter().flatten().chain(&newest).chain(&logged);
        ends.for_each(|it| held[*it as usize] = true);
        for place in order.iter().rev() {
            if held[*place as usize] {
                let parents = graph.commits[*place as usize].parents.iter();
                parents.for_each(|it| held[*it as usize] = true);
            }
        }
        Self { graph, refs, order, tips, head: newest, logged, held }
    }

    /// Whether a ref or a reflog reaches a commit.
    pub(super) fn holds(&self, place: u32) -> bool {
        self.held[place as usize]
    }

    /// For each group of commits, the refs that reach one of them.
    pub(super) fn refs(&self, groups: &[&[u32]]) -> Vec<Vec<String>> {
        let some = groups.par_chunks(u64::BITS as usize);
        some.flat_map_iter(|groups| self.some(groups)).collect()
    }

    /// One walk over all commits, with a bit for each of at most 64 groups.
    fn some(&self, groups: &[&[u32]]) -> Vec<Vec<String>> {
        let mut reached = vec![0_u64; self.graph.commits.len()];
        for (bit, group) in groups.iter().enumerate() {
            group.iter().for_each(|it| reached[*it as usize] |= 1 << bit);
        }
        for place in &self.order {
            let parents = self.graph.commits[*place as usize].parents.iter();
            reached[*place as usize] |= parents.fold(0, |all, it| all | reached[*it as usize]);
        }
        let has = |bit: usize, place: u32| reached[place as usize] & 1 << bit != 0;
        let names = |bit: usize| {
            let tips = self.refs.named.iter().zip(&self.tips);
            tips.filter(move |it| it.1.is_some_and(|tip| has(bit, tip))).map(|it| &*it.0.0)
        };
        let of = |bit: usize| {
            let count = names(bit).count();
            if count == 0 && self.head.is_some_and(|it| has(bit, it)) {
                return vec!["HEAD".to_owned()];
            }
            if count == 0 && self.logged.iter().any(|it| has(bit, *it)) {
                return vec!["reflog".to_owned()];
            }
            listed(count, names(bit))
        };
        (0..groups.len()).map(of).collect()
    }
}

/// The first names of many, and how many there are beside them.
pub(super) fn listed<'n>(count: usize, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut listed: Vec<String> = names.take(NAMED).map(str::to_owned).collect();
    if count > NAMED {
        listed.push(format!("and {} more", count - NAMED));
    }
    listed
}
