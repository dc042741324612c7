//! Loose objects: a deflated file each.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::ZlibDecoder;

use super::entry::Kind;
use crate::source::file;

/// An object that is open: what it is, its size, and its bytes to be read.
pub(super) struct Open {
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) bytes: ZlibDecoder<BufReader<File>>,
}

/// The kind and the size, with a zero at the end, are shorter than this.
const LONGEST_HEAD: usize = 32;

/// Opens a loose object.
pub(super) fn open(path: &Path) -> io::Result<Open> {
    let damaged = |_| io::Error::other("its deflated bytes are damaged");
    let mut bytes = ZlibDecoder::new(BufReader::new(file::open_regular(path)?));
    let (mut head, mut byte) = (Vec::new(), [0]);
    while head.len() < LONGEST_HEAD {
        bytes.read_exact(&mut byte).map_err(damaged)?;
        match byte {
            [0] => break,
            [byte] => head.push(byte),
        }
    }
    let (kind, size) = parsed(&head).ok_or_else(|| io::Error::other("its header is damaged"))?;
    Ok(Open { kind, size, bytes })
}

fn parsed(head: &[u8]) -> Option<(Kind, u64)> {
    let (kind, size) = str::from_utf8(head).ok()?.split_once(' ')?;
    Some((Kind::of(kind.as_bytes())?, size.parse().ok()?))
}
