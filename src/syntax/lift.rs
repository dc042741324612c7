//! Scripts with expressions that a system replaces before any interpreter sees them: characters of a word, whatever they are.

use std::ops::Range;

use super::{Document, Room, Syntax, Text, Unparsed};
use crate::lazy::LazyRegex;

/// Stands for each byte of an expression while the script is read. No syntax gives it a meaning.
const HELD: u8 = 1;

impl Syntax {
    /// The same as [`Syntax::parse_text`], with what some patterns match lifted out before and put back behind.
    pub fn parse_lifted(
        self,
        text: &Text,
        lifts: &[LazyRegex],
        room: &Room,
    ) -> Result<Document, Unparsed> {
        let bytes = text.bytes();
        let all = lifts.iter().flat_map(|it| it.get().find_iter(bytes)).map(|it| it.range());
        let mut lifted: Vec<Range<usize>> = all.collect();
        lifted.sort_by_key(|it| it.start);
        lifted.dedup_by(|later, kept| later.start < kept.end);
        if lifted.is_empty() || bytes.contains(&HELD) {
            return self.parse_text(text, room);
        }
        let mut script = bytes.to_vec();
        lifted.iter().for_each(|it| script[it.clone()].fill(HELD));
        let at = |it: usize| text.source(&(it..it)).start;
        let mut document =
            self.parse(&script, room).map_err(|it| Unparsed { at: at(it.at), ..it })?;
        let within = |span: &Range<usize>| {
            let first = lifted.partition_point(|it| it.start < span.start);
            let end = lifted.partition_point(|it| it.end <= span.end).max(first);
            lifted[first..end].iter().map(|it| &bytes[it.clone()])
        };
        for command in &mut document.commands {
            let targets = command.redirects.iter_mut().map(|it| &mut it.target);
            for word in command.words.iter_mut().chain(targets) {
                if word.text.as_bytes().contains(&HELD) {
                    let mut read = std::mem::take(&mut word.text).into_bytes();
                    put_back(&mut read, within(&word.span));
                    word.text = String::from_utf8_lossy(&read).into_owned();
                }
            }
        }
        for value in &mut document.values {
            value.text.rewrite(|read| put_back(read, within(&value.span)));
        }
        Ok(document.through(text))
    }
}

/// Puts expressions back where their bytes are held, the first first.
fn put_back<'b>(read: &mut [u8], lifted: impl Iterator<Item = &'b [u8]>) {
    let mut from = 0;
    for expression in lifted {
        let Some(at) = memchr::memchr(HELD, &read[from..]) else { return };
        let end = (from + at + expression.len()).min(read.len());
        read[from + at..end].copy_from_slice(&expression[..end - from - at]);
        from = end;
    }
}
