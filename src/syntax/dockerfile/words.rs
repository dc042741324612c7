//! The parts of an instruction: names, quoted values, here-documents, JSON arrays.

use std::ops::Range;

use crate::syntax::draft::{Draft, Quote};
use crate::syntax::{Address, Command, Output, Text, Value, Word};

pub(super) fn past_blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|it| it.is_ascii_whitespace()).count()
}

pub(super) fn word_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|it| !it.is_ascii_whitespace()).count()
}

/// The end of a name, which may be quoted.
pub(super) fn name_end(bytes: &[u8], at: usize) -> usize {
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
        return memchr::memchr(*quote, &bytes[at + 1..]).map_or(bytes.len(), |it| at + it + 2);
    }
    at + bytes[at..].iter().take_while(|it| !it.is_ascii_whitespace() && **it != b'=').count()
}

pub(super) fn unquoted(name: &[u8]) -> &[u8] {
    match name {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => name,
    }
}

/// A value that means what is written.
pub(super) fn raw(bytes: &[u8], address: Address, key: Range<usize>, span: Range<usize>) -> Value {
    let text = Text::plain(&bytes[span.clone()], span.start);
    Value { address, key, span, text, interpolates: false }
}

/// The value behind a name and its `=`, and where it ends.
pub(super) fn value(
    bytes: &[u8],
    address: Address,
    key: Range<usize>,
    escape: u8,
) -> (Value, usize) {
    let mut at = key.end + 1;
    let mut draft = Draft::at(at);
    let mut quote = None;
    while let Some(byte) = bytes.get(at) {
        let kind = if quote == Some(b'\'') { Quote::Literal } else { Quote::Interpolated };
        match *byte {
            it if quote.is_none() && it.is_ascii_whitespace() => break,
            it if quote == Some(it) => quote = None,
            it @ (b'"' | b'\'') if quote.is_none() => quote = Some(it),
            it if it == escape && kind == Quote::Interpolated && at + 1 < bytes.len() => {
                at += 1;
                draft.copy(bytes, at..at + 1, kind);
            }
            _ => draft.copy(bytes, at..at + 1, kind),
        }
        at += 1;
    }
    (draft.value(address, key, at), at)
}

/// The delimiters of the here-documents that a line announces, and whether tabs in front of them are stripped. `<<<` is none.
pub(super) fn here_documents(line: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let name = &line[past_blanks(line, 0)..];
    let takes = [&b"RUN"[..], b"COPY", b"ADD", b"ONBUILD"];
    if !takes.iter().any(|it| name.len() > it.len() && name[..it.len()].eq_ignore_ascii_case(it)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memmem::find(&line[at..], b"<<") {
        let less = line[at + next..].iter().take_while(|it| **it == b'<').count();
        let digits = line[..at + next].iter().rev().take_while(|it| it.is_ascii_digit()).count();
        let alone = line[..at + next - digits].last().is_some_and(u8::is_ascii_whitespace);
        at += next + less;
        let stripped = line.get(at) == Some(&b'-');
        let start = at + usize::from(stripped);
        let quote = matches!(line.get(start), Some(b'"' | b'\''));
        let start = start + usize::from(quote);
        let word = |it: &&u8| it.is_ascii_alphanumeric() || **it == b'_' || 128 <= **it;
        let len = line[start.min(line.len())..].iter().take_while(word).count();
        if alone && less == 2 && 0 < len {
            found.push((line[start..start + len].to_vec(), stripped));
            at = start + len;
        }
    }
    found
}

/// The script of an instruction: its words, or its here-document where it has nothing else.
pub(super) fn script(bytes: &[u8], at: usize) -> Range<usize> {
    let end = word_end(bytes, at);
    if !bytes[at..].starts_with(b"<<") || bytes.get(end) != Some(&b'\n') {
        return at..bytes.len();
    }
    let body = bytes[end..].strip_suffix(b"\n").unwrap_or(&bytes[end..]);
    let last = memchr::memrchr(b'\n', body).unwrap_or(0);
    end + 1..(end + 1).max(end + last + 1)
}

/// Whether a script is for a shell, which it is unless its first line says otherwise.
pub(super) fn is_shell(script: &[u8]) -> bool {
    let line = script.split(|it| *it == b'\n').next().unwrap_or_default();
    !line.starts_with(b"#!") || line.trim_ascii_end().ends_with(b"sh")
}

/// The command of `["program", "argument"]`.
pub(super) fn exec_form(bytes: &[u8], start: usize) -> Option<Command> {
    let list = &bytes[start..];
    let words: Vec<String> =
        list.starts_with(b"[").then(|| serde_json::from_slice(list).ok())??;
    let mut at = start;
    let words = words.into_iter().map(|text| {
        let from = at + memchr::memchr(b'"', &bytes[at..]).unwrap_or(0);
        at = from + 1;
        while bytes.get(at).is_some_and(|it| *it != b'"') {
            at += 1 + usize::from(bytes[at] == b'\\');
        }
        at = bytes.len().min(at + 1);
        Word { span: from..at, text, expansions: Vec::new() }
    });
    let words: Vec<_> = words.collect();
    let span = words.first()?.span.start..words.last()?.span.end;
    Some(Command { span, words, redirects: Vec::new(), output: Output::Shown })
}
