//! A pack's index, versions 1 and 2: which objects the pack holds, and where.

use std::fs::Metadata;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::map::Map;

const MAGIC: &[u8] = b"\xfftOc\0\0\0\x02";
const FANOUT: usize = 256 * 4;
/// Set in an offset of version 2 that stands in the table of large ones.
const LARGE: u32 = 1 << 31;

/// An index. Objects have positions, from 0, in the order of their ids.
pub(super) struct Index {
    map: Map,
    hash: usize,
    count: usize,
    fanout: usize,
    layout: Layout,
}

/// Where the tables begin.
enum Layout {
    /// Offset and id side by side.
    One {
        records: usize,
    },
    Two {
        ids: usize,
        offsets: usize,
        large: Range<usize>,
    },
}

impl Index {
    /// Opens an index whose ids have `hash` bytes, and checks that its tables are all there.
    pub(super) fn open(path: &Path, hash: usize) -> io::Result<(Self, Metadata)> {
        let (map, about) = Map::of(path)?;
        let two = map.starts_with(MAGIC);
        if !two && map.starts_with(&MAGIC[..4]) {
            return Err(io::Error::other("an index of a version that is not known"));
        }
        let fanout = if two { MAGIC.len() } else { 0 };
        let cut_off = || io::Error::other("the index is cut off");
        let ends: Vec<u32> = (0..256)
            .map(|i| number(&map, fanout + i * 4).ok_or_else(cut_off))
            .collect::<Result<_, _>>()?;
        if !ends.is_sorted() {
            return Err(io::Error::other("the index is damaged"));
        }
        let count = ends[255] as usize;
        let tables = fanout + FANOUT;
        let rest = map.len().checked_sub(tables + 2 * hash).ok_or_else(cut_off)?;
        if rest / (hash + if two { 8 } else { 4 }) < count {
            return Err(cut_off());
        }
        let layout = if two {
            let offsets = tables + count * (hash + 4);
            let large = offsets + count * 4..map.len() - 2 * hash;
            Layout::Two { ids: tables, offsets, large }
        } else {
            Layout::One { records: tables }
        };
        Ok((Self { map, hash, count, fanout, layout }, about))
    }

    /// The checksums at its end: of the pack, and of the index itself.
    pub(super) fn checksums(&self) -> &[u8] {
        &self.map[self.map.len() - 2 * self.hash..]
    }

    /// How many objects the pack holds.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The id of the object at a position below [`Index::count`].
    pub(super) fn id(&self, position: usize) -> &[u8] {
        let at = match self.layout {
            Layout::One { records } => records + position * (self.hash + 4) + 4,
            Layout::Two { ids, .. } => ids + position * self.hash,
        };
        &self.map[at..at + self.hash]
    }

    /// Where in the pack the object at a position begins; nothing if the index is damaged there.
    pub(super) fn offset(&self, position: usize) -> Option<u64> {
        match &self.layout {
            Layout::One { records } => {
                number(&self.map, records + position * (self.hash + 4)).map(u64::from)
            }
            Layout::Two { offsets, large, .. } => {
                let offset = number(&self.map, offsets + position * 4)?;
                if offset & LARGE == 0 {
                    return Some(offset.into());
                }
                let at = large.start + (offset ^ LARGE) as usize * 8;
                let table = self.map.get(at..large.end)?.first_chunk::<8>()?;
                Some(u64::from_be_bytes(*table))
            }
        }
    }

    /// The position of an object.
    pub(super) fn position(&self, id: &[u8]) -> Option<usize> {
        let first = usize::from(*id.first()?);
        let end = |i: usize| number(&self.map, self.fanout + i * 4).unwrap_or(0) as usize;
        let (mut low, mut high) = (if first == 0 { 0 } else { end(first - 1) }, end(first));
        while low < high {
            let middle = low.midpoint(high);
            match self.id(middle).cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|it| u32::from_be_bytes(*it))
}
