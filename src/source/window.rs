//! Reads a file of any size in bounded memory: whole if it fits, else by windows that overlap.

use std::io::{self, Read};

use super::{Blob, Naming, Owned, Start, Visitor};

/// The first read: most files are smaller, and a small buffer stays in the processor's cache.
const FIRST: usize = 128 << 10;
/// The largest window: as much as a parser reads, so that what has places at all has them.
const WINDOW: usize = crate::syntax::LARGEST;
/// What a window sees of the one before, for the context of a match.
const LEFT: usize = 8 << 10;
/// What it sees of the one after: more than the longest match.
const RIGHT: usize = 16 << 10;

/// Whether a read that brings less than was asked for is the last one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ShortRead {
    /// So it is for a regular file, and asking once more would be a fifth of all system calls of a scan.
    Ends,
    /// A pipe brings what there is so far.
    MayGoOn,
}

/// Visits everything that `from` yields, and says how many bytes that were. `buffer` is kept between files.
pub(super) fn read(
    from: &mut impl Read,
    short: ShortRead,
    buffer: &mut Vec<u8>,
    path: &str,
    visit: &Visitor<'_>,
) -> io::Result<u64> {
    let (mut start, mut filled, mut owned) = (Start::OF_FILE, 0, 0);
    loop {
        let ended = fill(from, short, buffer, &mut filled)?;
        let end = if ended { filled } else { filled - RIGHT };
        let bytes = &buffer[..filled];
        let owned_part = match start.byte == 0 && ended {
            true => Owned::All,
            false => Owned::Window(owned..end),
        };
        let naming = if start.byte == 0 { Naming::Judged } else { Naming::Known };
        visit(&Blob { path, bytes, start, owned: owned_part, commit: None, naming });
        if ended {
            return Ok(start.byte + filled as u64);
        }
        let kept = end - LEFT;
        start = start.after(&buffer[..kept]);
        buffer.copy_within(kept..filled, 0);
        (filled, owned) = (filled - kept, LEFT);
    }
}

/// Fills the buffer; true at the end of the file.
fn fill(
    from: &mut impl Read,
    short: ShortRead,
    buffer: &mut Vec<u8>,
    filled: &mut usize,
) -> io::Result<bool> {
    loop {
        if *filled == buffer.len() {
            match buffer.len() {
                0 => buffer.resize(FIRST, 0),
                WINDOW.. => return Ok(false),
                // Step by step: to touch all of a window for a file of some 200 KiB cost a fiftieth of a whole scan.
                len => buffer.resize((4 * len).min(WINDOW), 0),
            }
        }
        match from.read(&mut buffer[*filled..]) {
            Ok(0) => return Ok(true),
            Ok(n) => {
                *filled += n;
                if short == ShortRead::Ends && *filled < buffer.len() {
                    return Ok(true);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn windows_partition_a_file() {
        for len in
            [0, 1, FIRST - 1, FIRST, FIRST + 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 17]
        {
            let bytes: Vec<u8> = (0..len).map(|i| if i % 97 == 0 { b'\n' } else { b'a' }).collect();
            let next = Mutex::new(0);
            let visit = |blob: &Blob<'_>| {
                let mut next = next.lock().unwrap();
                let at = usize::try_from(blob.start.byte).unwrap();
                let owned = match &blob.owned {
                    Owned::Window(owned) => owned.clone(),
                    Owned::All | Owned::Lines(_) => 0..blob.bytes.len(),
                };
                assert_eq!(at + owned.start, *next, "of {len}");
                assert_eq!(blob.bytes, &bytes[at..at + blob.bytes.len()]);
                let lines = bytes[..at].split(|b| *b == b'\n').count() as u64;
                assert_eq!(blob.start.line, lines);
                *next = at + owned.end;
            };
            let read =
                read(&mut &bytes[..], ShortRead::Ends, &mut Vec::new(), "x", &visit).unwrap();
            assert_eq!((read, *next.lock().unwrap()), (len as u64, len));
        }
    }
}
