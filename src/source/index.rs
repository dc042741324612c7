//! Reads git's index: what git tracks in a work tree, and as what. The format is git's `gitformat-index`.

use std::io;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::file;
use super::work_tree::WorkTree;

/// A file that git tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path below the work tree, with `/`.
    pub path: Vec<u8>,
    /// Its kind and permissions: `0o100644`, `0o100755`, `0o120000` for a link, `0o160000` for a submodule.
    pub mode: u32,
    /// The object that holds it: 20 bytes, or 32 in a repository of SHA-256.
    pub id: Vec<u8>,
    /// 0, or 1 to 3 for the sides of a merge that is not done.
    pub stage: u8,
    /// Whether it has only been announced (`git add -N`), so that its object is the empty one.
    pub intent_to_add: bool,
    /// What the file looked like when it was last compared.
    pub stat: Stat,
}

/// The low 32 bits of what the system said about a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// When its metadata changed: seconds and nanoseconds.
    pub ctime: (u32, u32),
    /// When its content changed.
    pub mtime: (u32, u32),
    /// Its device.
    pub dev: u32,
    /// Its inode.
    pub ino: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its length in bytes.
    pub size: u32,
}

/// What an index says.
#[derive(Debug, PartialEq, Eq)]
pub enum Index {
    /// Every entry, by path and stage.
    Entries(Vec<Entry>),
    /// It takes git itself to understand this one: it is split or sparse, or newer than this reader.
    AskGit,
}

impl Index {
    /// The index of the work tree at `root`. Where there is none git may know more.
    pub fn of(root: &Path) -> io::Result<Self> {
        Self::at(&WorkTree::at(root).git_dir.join("index"))
    }

    /// The index in a file.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        match read(path)? {
            Some(bytes) => Self::parse(&bytes).ok_or_else(damaged),
            None => Ok(Self::AskGit),
        }
    }

    /// Finds out whether the index in a file is whole. What it says is read only if its checksum does not tell.
    pub(super) fn verify(path: &Path) -> io::Result<()> {
        let whole =
            |it: &[u8]| Sum::of::<Sha1>(it) == Sum::Right || Sum::of::<Sha256>(it) == Sum::Right;
        match read(path)? {
            Some(bytes) if !whole(&bytes) => Self::parse(&bytes).map(drop).ok_or_else(damaged),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads the bytes of an index; `None` if they are damaged, which the checksum at their end tells.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::signed::<Sha1>(bytes).or_else(|| Self::signed::<Sha256>(bytes))
    }

    /// Reads an index of a repository that names its objects by the digest `D`.
    fn signed<D: Digest>(bytes: &[u8]) -> Option<Self> {
        let id_len = <D as Digest>::output_size();
        if Sum::of::<D>(bytes) == Sum::Wrong {
            return None;
        }
        let signed = &bytes[..bytes.len() - id_len];
        let mut reader = Reader(signed.strip_prefix(b"DIRC")?);
        let version = reader.u32()?;
        if !(2..=4).contains(&version) {
            return Some(Self::AskGit);
        }
        let count = reader.u32()?;
        let mut entries: Vec<Entry> = Vec::new();
        for _ in 0..count {
            let before = entries.last().map_or(&[][..], |it| &it.path);
            let entry = reader.entry(version, id_len, before)?;
            entries.push(entry);
        }
        match reader.needs_git()? {
            true => Some(Self::AskGit),
            false if entries.iter().any(|it| it.path.is_empty()) => None,
            false => Some(Self::Entries(entries)),
        }
    }
}

/// What the checksum at the end of an index tells.
#[derive(PartialEq, Eq)]
enum Sum {
    Right,
    Wrong,
    /// `index.skipHash` writes zeros. What is cut off does not end where an extension ends.
    Absent,
}

impl Sum {
    /// By the digest `D`.
    fn of<D: Digest>(bytes: &[u8]) -> Self {
        let signed = bytes.len().checked_sub(<D as Digest>::output_size());
        match signed.map(|it| bytes.split_at(it)) {
            Some((_, sum)) if sum.iter().all(|it| *it == 0) => Self::Absent,
            Some((signed, sum)) if D::digest(signed).as_slice() == sum => Self::Right,
            Some(_) | None => Self::Wrong,
        }
    }
}

/// The bytes of an index, if there is one.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match file::regular(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("git's index: {error}"))),
    }
}

fn damaged() -> io::Error {
    io::Error::other("git's index is damaged: restore it with git reset")
}

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    const EXTENDED: u16 = 0x4000;
    const INTENT_TO_ADD: u16 = 0x2000;
    const NAME_LEN: u16 = 0x0FFF;

    fn bytes(&mut self, len: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.bytes(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// The bytes up to a zero.
    fn until_zero(&mut self) -> Option<&'b [u8]> {
        let len = memchr::memchr(0, self.0)?;
        let bytes = self.bytes(len)?;
        self.0 = &self.0[1..];
        Some(bytes)
    }

    fn entry(&mut self, version: u32, id_len: usize, before: &[u8]) -> Option<Entry> {
        let before_it = self.0.len();
        let ctime = (self.u32()?, self.u32()?);
        let mtime = (self.u32()?, self.u32()?);
        let (dev, ino, mode) = (self.u32()?, self.u32()?, self.u32()?);
        let (uid, gid, size) = (self.u32()?, self.u32()?, self.u32()?);
        let id = self.bytes(id_len)?.to_vec();
        let flags = self.u16()?;
        let extended = if flags & Self::EXTENDED == 0 { 0 } else { self.u16()? };
        let path = if version == 4 {
            let kept = before.len().checked_sub(self.varint()?)?;
            [&before[..kept], self.until_zero()?].concat()
        } else {
            let path = self.until_zero()?.to_vec();
            // Zeros fill an entry up to a multiple of eight; one of them has ended the path.
            let taken = before_it - self.0.len();
            self.bytes(taken.next_multiple_of(8) - taken)?;
            path
        };
        let len = usize::from(flags & Self::NAME_LEN);
        let whole = path.len() == len || len == usize::from(Self::NAME_LEN) && path.len() > len;
        let stat = Stat { ctime, mtime, dev, ino, uid, gid, size };
        let intent_to_add = extended & Self::INTENT_TO_ADD != 0;
        let stage = flags.to_be_bytes()[0] >> 4 & 3;
        whole.then_some(Entry { path, mode, id, stage, intent_to_add, stat })
    }

    /// An offset as packs write it: seven bits in each byte, and one more for each byte that follows.
    fn varint(&mut self) -> Option<usize> {
        let mut byte = self.bytes(1)?[0];
        let mut value = usize::from(byte & 0x7F);
        while byte & 0x80 != 0 {
            byte = self.bytes(1)?[0];
            value = value.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7F);
        }
        Some(value)
    }

    /// Whether one of the extensions after the entries changes what they mean; those begin with a small letter.
    fn needs_git(&mut self) -> Option<bool> {
        let mut needs = false;
        while !self.0.is_empty() {
            let name = self.bytes(4)?;
            needs |= !name[0].is_ascii_uppercase();
            let len = self.u32()?;
            self.bytes(usize::try_from(len).ok()?)?;
        }
        Some(needs)
    }
}
