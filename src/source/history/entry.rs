//! One entry of a pack: what its header says, and its inflated bytes.

use libdeflater::{DecompressionError, Decompressor};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    /// The kind that git calls so.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"commit" => Self::Commit,
            b"tree" => Self::Tree,
            b"blob" => Self::Blob,
            b"tag" => Self::Tag,
            _ => return None,
        })
    }

    /// What git calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// How an entry stands in the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'p> {
    Whole(Kind),
    /// As a difference to the entry that begins so many bytes before.
    Back(u64),
    /// As a difference to the object of this id.
    On(&'p [u8]),
}

/// What stands before an entry's deflated bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'p> {
    pub(super) form: Form<'p>,
    /// Inflated size, of the difference if it is one. It may be a lie.
    pub(super) size: u64,
    /// How many bytes the header has.
    pub(super) len: usize,
}

/// Why an object cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Damage {
    #[error("the pack is cut off before it")]
    CutOff,
    #[error("its header is damaged")]
    Header,
    #[error("its deflated bytes are damaged")]
    Deflate,
    #[error("its size is not what its header says")]
    Size,
    #[error("it is a damaged difference")]
    Delta,
    #[error("what it is a difference to is not in the pack")]
    NoBase,
    #[error("it is a difference to itself, by way of others")]
    Circle,
    #[error("it is too large to be made in memory")]
    Large,
}

/// Reads the header at the beginning of `bytes`, in a pack whose ids have `hash` bytes.
pub(super) fn header(bytes: &[u8], hash: usize) -> Result<Header<'_>, Damage> {
    let mut rest = bytes;
    let first = next(&mut rest)?;
    let (mut size, mut shift, mut more) = (u64::from(first & 15), 4, first & 0x80 != 0);
    while more {
        let byte = next(&mut rest)?;
        let part = u64::from(byte & 0x7f);
        if shift > 57 && part >> (64 - shift) != 0 {
            return Err(Damage::Header);
        }
        size |= part << shift;
        shift += 7;
        more = byte & 0x80 != 0;
        if more && shift > 63 {
            return Err(Damage::Header);
        }
    }
    let form = match first >> 4 & 7 {
        1 => Form::Whole(Kind::Commit),
        2 => Form::Whole(Kind::Tree),
        3 => Form::Whole(Kind::Blob),
        4 => Form::Whole(Kind::Tag),
        6 => Form::Back(distance(&mut rest)?),
        7 => {
            let (id, after) = rest.split_at_checked(hash).ok_or(Damage::CutOff)?;
            rest = after;
            Form::On(id)
        }
        _ => return Err(Damage::Header),
    };
    Ok(Header { form, size, len: bytes.len() - rest.len() })
}

/// Git's other way of writing a number: every byte but the last stands for one more than it says.
fn distance(rest: &mut &[u8]) -> Result<u64, Damage> {
    let mut byte = next(rest)?;
    let mut value = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next(rest)?;
        let shifted = value.checked_add(1).and_then(|it| it.checked_mul(128));
        value = shifted.ok_or(Damage::Header)? | u64::from(byte & 0x7f);
    }
    Ok(value)
}

fn next(rest: &mut &[u8]) -> Result<u8, Damage> {
    let (first, after) = rest.split_first().ok_or(Damage::CutOff)?;
    *rest = after;
    Ok(*first)
}

/// Inflates entries. Keeping one saves its set-up, which small objects would feel.
pub(super) struct Inflater(Decompressor);

/// Deflate makes no more of one byte.
const DENSEST: u64 = 1032;

impl Inflater {
    pub(super) fn new() -> Self {
        Self(Decompressor::new())
    }

    /// Inflates what `deflated` begins with to `out`, exactly `size` bytes. The caller bounds `size`.
    pub(super) fn inflate(
        &mut self,
        deflated: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Damage> {
        if size as u64 / DENSEST > deflated.len() as u64 {
            return Err(Damage::Size);
        }
        out.truncate(size);
        out.reserve_exact(size - out.len());
        out.resize(size, 0);
        match self.0.zlib_decompress(deflated, out) {
            Ok(len) if len == size => Ok(()),
            Ok(_) | Err(DecompressionError::InsufficientSpace) => Err(Damage::Size),
            Err(DecompressionError::BadData) => Err(Damage::Deflate),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_header_is_read_as_git_writes_it() {
        for (bytes, form, size) in [
            (&[0x3f][..], Form::Whole(Kind::Blob), 15),
            (&[0x95, 0x0a], Form::Whole(Kind::Commit), 0xa5),
            (
                &[0xaf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
                Form::Whole(Kind::Tree),
                u64::MAX,
            ),
            (&[0x60, 0x7f], Form::Back(127), 0),
            (&[0x60, 0x80, 0x00], Form::Back(128), 0),
            (&[0x71, 7, 7], Form::On(&[7, 7]), 1),
        ] {
            let wanted = Header { form, size, len: bytes.len() };
            assert_eq!(header(bytes, 2), Ok(wanted), "{bytes:?}");
        }
        let too_large = [0xaf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f];
        assert_eq!(header(&too_large, 20), Err(Damage::Header));
        assert_eq!(
            header(&[0x60, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], 20),
            Err(Damage::Header)
        );
        assert_eq!(header(&[0x71, 7], 20), Err(Damage::CutOff));
    }

    proptest! {
        #[test]
        fn no_bytes_can_do_harm(bytes in any::<Vec<u8>>(), size in 0_usize..1 << 20) {
            let _ = header(&bytes, 20);
            let mut out = Vec::new();
            if Inflater::new().inflate(&bytes, size, &mut out).is_ok() {
                prop_assert_eq!(out.len(), size);
            }
            prop_assert!(out.capacity() <= size.max(8));
        }
    }
}
