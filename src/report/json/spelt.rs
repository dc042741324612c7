//! JSON as it goes to a file or a terminal: written while it is made, and with escapes for what a terminal would obey.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::excerpt::obeyed;

/// A list whose entries are made when their turn comes, so that a long report is nowhere in memory as a whole.
pub(in crate::report) struct Lazy<F>(pub(in crate::report) F);

impl<F, I> Serialize for Lazy<F>
where
    F: Fn() -> I,
    I: IntoIterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0())
    }
}

/// Writes a value over many lines, and a line feed.
pub(crate) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Spelt(out), value)?;
    writeln!(out)
}

/// Writes a value on one line, and a line feed.
pub(in crate::report) fn write_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(Spelt(out), value)?;
    writeln!(out)
}

/// Spells characters that a terminal would obey as escapes, which JSON reads as the same: they stand in strings only.
struct Spelt<'w>(&'w mut dyn Write);

impl Write for Spelt<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nearly all of a report is plain, and a report may be long.
        if bytes.iter().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        // The serialiser hands over whole strings or pieces of its own punctuation.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        for piece in text.split_inclusive(spelt) {
            let last = piece.chars().next_back().filter(|it| spelt(*it));
            self.0.write_all(&piece.as_bytes()[..piece.len() - last.map_or(0, char::len_utf8)])?;
            let mut units = [0; 2];
            for unit in last.iter().flat_map(|it| it.encode_utf16(&mut units).to_vec()) {
                write!(self.0, "\\u{unit:04x}")?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn spelt(it: char) -> bool {
    it != '\n' && obeyed(it)
}
