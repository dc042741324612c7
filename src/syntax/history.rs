//! Histories: what was typed into `bash`, `zsh`, `fish` and others, entry by entry. Each is a value and a script.

use super::{Address, Document, Room, Step, Syntax, Text, Unparsed, Value, part};

/// What a history says. Each entry is addressed by its number; variables that it assigns are below that.
pub(super) fn parse(bytes: &[u8], room: &Room) -> Result<Document, Unparsed> {
    let mut document = Document::default();
    let fish = bytes.trim_ascii_start().starts_with(b"- cmd: ");
    let mut at = 0;
    let mut entries = 0;
    while at < bytes.len() {
        let text = match fish {
            true => fish_entry(bytes, &mut at),
            false => entry(bytes, &mut at),
        };
        let span = text.source(&(0..text.bytes().len()));
        if span.is_empty() {
            continue;
        }
        let mut address = Address::default();
        address.push(Step::Index(entries));
        entries += 1;
        document.append(part(Syntax::Shell.parse_text(&text, room)).below(&address));
        let key = span.start..span.start;
        let entry = Value { address, key, span, text, interpolates: false };
        if let Err(full) = document.add(entry, room) {
            return document.ended(Err(full));
        }
    }
    document.ended(Ok(()))
}

/// The next physical line without its end, and where it begins.
fn line<'b>(bytes: &'b [u8], at: &mut usize) -> (&'b [u8], usize) {
    let (start, rest) = (*at, &bytes[*at..]);
    let end = memchr::memchr(b'\n', rest);
    *at += end.map_or(rest.len(), |it| it + 1);
    let line = &rest[..end.unwrap_or(rest.len())];
    (line.strip_suffix(b"\r").unwrap_or(line), start)
}

/// `- cmd: …` with `\n` and `\\` in it. When it was typed, and for which files, stands in lines of their own.
fn fish_entry(bytes: &[u8], at: &mut usize) -> Text {
    let (line, start) = line(bytes, at);
    let Some(command) = line.strip_prefix(b"- cmd: ") else {
        return Text::at(start);
    };
    let mut from = start + line.len() - command.len();
    let end = start + line.len();
    let mut text = Text::at(from);
    while let Some(len) = memchr::memchr(b'\\', &bytes[from..end]) {
        text.copy(&bytes[from..from + len], from);
        from += len;
        let escaped = &bytes[from..end.min(from + 2)];
        match escaped {
            b"\\n" => text.decode(b"\n", from..from + 2),
            b"\\\\" => text.decode(b"\\", from..from + 2),
            _ => text.copy(&escaped[..1], from),
        }
        from += if matches!(escaped, b"\\n" | b"\\\\") { 2 } else { 1 };
    }
    text.copy(&bytes[from..end], from);
    text
}

/// A line with those that continue it. `#1700000000` is when the next was typed, `: 1700000000:0;` when this one was; a
/// shell that writes the latter writes some bytes in another way as well.
fn entry(bytes: &[u8], at: &mut usize) -> Text {
    let (mut content, mut start) = line(bytes, at);
    if content
        .strip_prefix(b"#")
        .is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit))
    {
        return Text::at(start);
    }
    let stamp = stamp(content);
    (content, start) = (&content[stamp..], start + stamp);
    let mut text = Text::at(start);
    loop {
        let continued = matches!(content.last(), Some(b'\\' | b'`')) && *at < bytes.len();
        // The backslash of a command that was typed over two lines is doubled where entries have a stamp. A backtick
        // continues a line for another shell, whose commands read alike.
        let other = continued && content.ends_with(b"`");
        let dropped = usize::from(other || continued && 0 < stamp);
        let typed = &content[..content.len() - dropped];
        match stamp {
            0 => text.copy(typed, start),
            _ => unmetafied(typed, start, &mut text),
        }
        if !continued {
            return text;
        }
        match other {
            true => text.decode(b" ", *at - 1..*at),
            false => text.copy(b"\n", *at - 1),
        }
        (content, start) = line(bytes, at);
    }
}

/// How long `: 1700000000:0;` is.
fn stamp(line: &[u8]) -> usize {
    let Some(rest) = line.strip_prefix(b": ") else { return 0 };
    let len = rest.iter().take_while(|it| it.is_ascii_digit() || **it == b':').count();
    match 0 < len && rest.get(len) == Some(&b';') {
        true => 2 + len + 1,
        false => 0,
    }
}

/// `zsh` writes a byte that means something to itself as 0x83 and that byte with one bit turned.
fn unmetafied(bytes: &[u8], start: usize, text: &mut Text) {
    let mut at = 0;
    while let Some(len) = memchr::memchr(0x83, &bytes[at..]) {
        let escape = at + len;
        let turned = bytes.get(escape + 1).map(|it| it ^ 32);
        let Some(byte) = turned.filter(|it| matches!(it, 0 | 0x83..=0xa2)) else {
            text.copy(&bytes[at..=escape], start + at);
            at = escape + 1;
            continue;
        };
        text.copy(&bytes[at..escape], start + at);
        text.decode(&[byte], start + escape..start + escape + 2);
        at = escape + 2;
    }
    text.copy(&bytes[at..], start + at);
}
