//! One pack: its bytes, its index and the forest of its entries.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use super::delta::Delta;
use super::entry::{self, Damage, Header, Inflater, Kind};
use super::forest::{Forest, Link};
use super::index::Index;
use super::map::Map;

/// The largest object that is made in memory. Larger ones are read by windows.
pub(super) const LARGEST: u64 = 48 << 20;

/// A pack that is open.
pub(super) struct Pack {
    /// Its file's name.
    pub(super) name: String,
    pub(super) index: Index,
    /// What the system knows of the pack and of its index.
    pub(super) about: [Metadata; 2],
    bytes: Map,
    hash: usize,
}

/// What stands before the first entry: the word, the version and the count.
const HEAD: usize = 12;

impl Pack {
    /// Opens the pack `stem`.pack and its index.
    pub(super) fn open(stem: &Path, hash: usize) -> io::Result<Self> {
        let name = stem.file_name().unwrap_or_default().to_string_lossy();
        let (index, about_index) = Index::open(&stem.with_extension("idx"), hash)?;
        let (bytes, about) = Map::of(&stem.with_extension("pack"))?;
        let version = bytes.first_chunk::<8>();
        if !version.is_some_and(|it| it.starts_with(b"PACK\0\0\0") && matches!(it[7], 2 | 3)) {
            return Err(io::Error::other("not a pack of a version that is known"));
        }
        Ok(Self { name: format!("{name}.pack"), index, about: [about, about_index], bytes, hash })
    }

    pub(super) fn forest(&self) -> Forest {
        Forest::of(self.entries(), &self.index, self.hash)
    }

    /// The checksum at the end is no entry.
    fn entries(&self) -> &[u8] {
        &self.bytes[..self.end()]
    }

    /// What the pack says that its bytes come to.
    pub(super) fn checksum(&self) -> &[u8] {
        &self.bytes[self.end()..]
    }

    fn end(&self) -> usize {
        self.bytes.len().saturating_sub(self.hash).max(HEAD.min(self.bytes.len()))
    }

    /// The header of an entry, and its deflated bytes (and whatever follows them).
    pub(super) fn header(&self, offset: u64) -> Result<(Header<'_>, &[u8]), Damage> {
        let at = usize::try_from(offset).map_err(|_| Damage::CutOff)?;
        let bytes = self.entries().get(at..).filter(|_| at >= HEAD).ok_or(Damage::CutOff)?;
        let header = entry::header(bytes, self.hash)?;
        let deflated = &bytes[header.len..];
        Ok((header, deflated))
    }

    /// Makes one object from the bottom of its tree: slow where there are many of them.
    pub(super) fn object(
        &self,
        forest: &Forest,
        entry: u32,
        inflater: &mut Inflater,
    ) -> Result<(Kind, Vec<u8>), Damage> {
        let (mut chain, mut at) = (Vec::new(), entry);
        let kind = loop {
            match forest.link(at) {
                Link::Root(kind) => break kind,
                Link::On(base) => chain.push(std::mem::replace(&mut at, base)),
                Link::Broken(damage) => return Err(damage),
            }
        };
        let (mut bytes, mut delta, mut made) = (Vec::new(), Vec::new(), Vec::new());
        self.inflate(forest.offset(at), inflater, &mut bytes)?;
        for entry in chain.into_iter().rev() {
            self.inflate(forest.offset(entry), inflater, &mut delta)?;
            Delta::read(&delta)?.apply(&bytes, &mut made)?;
            std::mem::swap(&mut bytes, &mut made);
        }
        Ok((kind, bytes))
    }

    /// Inflates an entry, whatever it is, and says its size.
    fn inflate(
        &self,
        offset: u64,
        inflater: &mut Inflater,
        out: &mut Vec<u8>,
    ) -> Result<(), Damage> {
        let (header, deflated) = self.header(offset)?;
        inflater.inflate(deflated, bounded(header.size)?, out)
    }
}

/// A size that fits into memory.
pub(super) fn bounded(size: u64) -> Result<usize, Damage> {
    usize::try_from(size).ok().filter(|_| size <= LARGEST).ok_or(Damage::Large)
}
