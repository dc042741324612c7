//! A pack as a forest: every entry is whole, and so a root, or grows on the entry that it is a difference to.

use rayon::prelude::*;

use super::entry::{self, Damage, Form, Kind};
use super::index::Index;

/// What an entry grows on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Root(Kind),
    On(u32),
    Broken(Damage),
}

/// No entry.
const NONE: u32 = u32::MAX;

/// The entries of a pack, numbered from 0 in the order of their offsets.
pub(super) struct Forest {
    offsets: Vec<u64>,
    positions: Vec<u32>,
    links: Vec<Link>,
    /// The first entry that grows on each.
    children: Vec<u32>,
    /// The next that grows on the same.
    siblings: Vec<u32>,
}

impl Forest {
    /// Reads the header of every entry of a pack.
    pub(super) fn of(pack: &[u8], index: &Index, hash: usize) -> Self {
        let places = (0..index.count()).into_par_iter();
        // An offset that the index lacks is one behind the end.
        let place = |i| (index.offset(i).unwrap_or(u64::MAX), u32::try_from(i).unwrap_or(NONE));
        let mut places: Vec<(u64, u32)> = places.map(place).collect();
        places.par_sort_unstable();
        let (offsets, positions): (Vec<u64>, Vec<u32>) = places.into_par_iter().unzip();
        let link = |i| link(pack, index, hash, &offsets, &positions, i);
        let links = (0..offsets.len()).into_par_iter().map(link).collect();
        let mut forest =
            Self { offsets, positions, links, children: Vec::new(), siblings: Vec::new() };
        forest.cut_circles();
        forest.grow();
        forest
    }

    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    pub(super) fn link(&self, entry: u32) -> Link {
        self.links[entry as usize]
    }

    /// What an entry is, which the root of its tree knows.
    pub(super) fn kind(&self, mut entry: u32) -> Option<Kind> {
        loop {
            match self.link(entry) {
                Link::Root(kind) => return Some(kind),
                Link::On(base) => entry = base,
                Link::Broken(_) => return None,
            }
        }
    }

    pub(super) fn offset(&self, entry: u32) -> u64 {
        self.offsets[entry as usize]
    }

    /// The entry's position in the pack's index.
    pub(super) fn position(&self, entry: u32) -> u32 {
        self.positions[entry as usize]
    }

    /// The entry at a position of the pack's index.
    pub(super) fn entry(&self, index: &Index, position: u32) -> u32 {
        let place = (index.offset(position as usize).unwrap_or(u64::MAX), position);
        let (mut low, mut high) = (0, self.offsets.len());
        while low < high {
            let middle = low.midpoint(high);
            match (self.offsets[middle], self.positions[middle]) < place {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        u32::try_from(low).unwrap_or(NONE)
    }

    /// The entries that grow on `entry`.
    pub(super) fn children(&self, entry: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(self.child(entry), |it| self.sibling(*it))
    }

    /// The first entry that grows on `entry`.
    pub(super) fn child(&self, entry: u32) -> Option<u32> {
        some(self.children[entry as usize])
    }

    /// The next entry that grows where `entry` does.
    pub(super) fn sibling(&self, entry: u32) -> Option<u32> {
        some(self.siblings[entry as usize])
    }

    /// Everything that grows on `entry`, directly or not.
    pub(super) fn descendants(&self, entry: u32) -> Vec<u32> {
        let (mut found, mut done) = (Vec::new(), 0);
        let mut of = entry;
        loop {
            found.extend(self.children(of));
            match found.get(done) {
                Some(next) => of = *next,
                None => return found,
            }
            done += 1;
        }
    }

    /// Only a reference by id can point forward, and only so a circle can close.
    fn cut_circles(&mut self) {
        let forward = |i: &usize| matches!(self.links[*i], Link::On(base) if base as usize >= *i);
        let forward: Vec<usize> = (0..self.len()).into_par_iter().filter(forward).collect();
        if forward.is_empty() {
            return;
        }
        // The walk, from 1, that came by each entry first.
        let mut walks = vec![0_u32; self.len()];
        for (walk, start) in (1..).zip(forward) {
            let mut at = start;
            while walks[at] == 0 {
                walks[at] = walk;
                match self.links[at] {
                    Link::On(base) => at = base as usize,
                    Link::Root(_) | Link::Broken(_) => break,
                }
            }
            if walks[at] == walk && matches!(self.links[at], Link::On(_)) {
                self.links[at] = Link::Broken(Damage::Circle);
            }
        }
    }

    fn grow(&mut self) {
        self.children = vec![NONE; self.len()];
        self.siblings = vec![NONE; self.len()];
        for (i, link) in self.links.iter().enumerate().rev() {
            if let Link::On(base) = link {
                self.siblings[i] = self.children[*base as usize];
                self.children[*base as usize] = u32::try_from(i).unwrap_or(NONE);
            }
        }
    }
}

fn some(entry: u32) -> Option<u32> {
    (entry != NONE).then_some(entry)
}

fn link(
    pack: &[u8],
    index: &Index,
    hash: usize,
    offsets: &[u64],
    positions: &[u32],
    i: usize,
) -> Link {
    let bytes = usize::try_from(offsets[i]).ok().and_then(|it| pack.get(it..));
    let header = bytes.ok_or(Damage::CutOff).and_then(|it| entry::header(it, hash));
    let form = match header {
        Ok(header) => header.form,
        Err(damage) => return Link::Broken(damage),
    };
    let base = match form {
        Form::Whole(kind) => return Link::Root(kind),
        Form::Back(distance) => {
            offsets[i].checked_sub(distance).and_then(|offset| before(offsets, i, offset))
        }
        Form::On(id) => index.position(id).and_then(|position| {
            let offset = index.offset(position)?;
            let first = offsets.partition_point(|it| *it < offset);
            let same = |at: &usize| offsets.get(*at) == Some(&offset);
            let mut places = (first..offsets.len()).take_while(same);
            places.find(|at| positions[*at] as usize == position)
        }),
    };
    base.and_then(|it| u32::try_from(it).ok()).map_or(Link::Broken(Damage::NoBase), Link::On)
}

/// The entry before `i` that begins at `offset`. Most are near, so the search widens from there.
fn before(offsets: &[u64], i: usize, offset: u64) -> Option<usize> {
    let (mut high, mut step) = (i, 1);
    let mut low = i.checked_sub(1)?;
    while offsets[low] > offset {
        high = low;
        low = low.saturating_sub(step);
        step *= 2;
        if low == 0 {
            break;
        }
    }
    offsets[low..high].binary_search(&offset).ok().map(|at| low + at)
}
