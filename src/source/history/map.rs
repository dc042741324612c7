//! Maps a file that does not change into memory. The one place with `unsafe`.

use std::fs::Metadata;
use std::io;
use std::ops::Deref;
use std::path::Path;

use crate::source::file;

/// A file's bytes, read by the system when they are touched.
pub(super) struct Map(Option<memmap2::Mmap>);

impl Map {
    /// Maps a file as long as it is now, and says what the system knows of it.
    pub(super) fn of(path: &Path) -> io::Result<(Self, Metadata)> {
        let file = file::open_regular(path)?;
        let about = file.metadata()?;
        if about.len() == 0 {
            return Ok((Self(None), about));
        }
        #[expect(unsafe_code, reason = "the system offers no other way to map a file")]
        // SAFETY: git writes packs and their indices under another name, makes them read-only, and replaces or removes
        // them by name only, which leaves a mapping as it was. Whoever cuts off a pack in place all the same, during a
        // scan, ends the scan by SIGBUS: no result, and no wrong one.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok((Self(Some(map)), about))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
