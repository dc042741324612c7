//! Sections of `key = value` lines, as in ini files, systemd units, package managers' settings and properties.

use std::ops::Range;

use super::outline::{Outline, Shape};
use super::{Document, Room, Text, Unparsed};

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let mut outline = Outline::new(source, room);
    let end = read(&mut outline);
    outline.finish(end)
}

fn read(outline: &mut Outline<'_>) -> Result<(), Unparsed> {
    let mut lines = Lines { source: outline.source(), at: 0 };
    let mut section = 0..0;
    while let Some(line) = lines.next() {
        let text = &lines.source[line.clone()];
        if let Some(name) = text.strip_prefix('[').and_then(|it| it.split_once(']')) {
            outline.close(section.end)?;
            section = line.start..line.start + name.0.len() + 2;
            outline.entry(name.0.trim(), section.clone());
            outline.open(Shape::Mapping, section.start)?;
        } else if let Some((key, value)) = pair(text, line.start) {
            outline.entry(&lines.source[key.clone()], key.clone());
            assign(outline, &mut lines, key, value)?;
        }
    }
    outline.close(section.end)
}

/// Adds the value of a key, with the lines that go on with it.
fn assign(
    outline: &mut Outline<'_>,
    lines: &mut Lines<'_>,
    key: Range<usize>,
    value: Range<usize>,
) -> Result<(), Unparsed> {
    let source = outline.source();
    let nests = |it: &Range<usize>| pair(&source[it.clone()], it.start).is_some();
    if value.is_empty() && lines.indented().is_some_and(|it| nests(&it)) {
        outline.open(Shape::Mapping, key.start)?;
        while lines.indented().is_some() {
            let Some(line) = lines.next() else { break };
            if let Some((key, value)) = pair(&source[line.clone()], line.start) {
                outline.entry(&source[key.clone()], key);
                let span = quoted(source, value.clone());
                outline.scalar(value, outline.raw(span))?;
            }
        }
        return outline.close(key.end);
    }
    let below = if value.is_empty() { lines.indented().and_then(|_| lines.next()) } else { None };
    let value = below.unwrap_or(value);
    let mut text = Text::at(value.start);
    let mut part = value.clone();
    loop {
        let raw = &source[part.clone()];
        let joined = raw.strip_suffix('\\');
        let raw = joined.unwrap_or(raw);
        let (end, glue) = (part.start + raw.len(), if joined.is_some() { " " } else { "\n" });
        text.copy(raw.as_bytes(), part.start);
        let next = match joined {
            Some(_) => lines.next(),
            None => lines.indented().filter(|it| !nests(it)).and_then(|_| lines.next()),
        };
        let Some(next) = next else { break };
        text.decode(glue.as_bytes(), end..next.start);
        part = next;
    }
    let span = value.start..part.end;
    if &source[key] == "Environment" && environment(outline, span.clone())? {
        return Ok(());
    }
    match quoted(source, span.clone()) {
        inner if inner != span => outline.scalar(span, outline.raw(inner)),
        _ => outline.scalar(span, text),
    }
}

/// Adds the assignments of a unit's `Environment=`, if it is a list of them: `A=1 "B=2 3"`.
fn environment(outline: &mut Outline<'_>, span: Range<usize>) -> Result<bool, Unparsed> {
    let source = outline.source();
    let words = words(&source[span.clone()], span.start);
    let split = |it: &Range<usize>| source[it.clone()].find('=').map(|i| it.start + i);
    if words.is_empty() || !words.iter().all(|it| split(it).is_some()) {
        return Ok(false);
    }
    outline.open(Shape::Mapping, span.start)?;
    for word in words {
        let middle = split(&word).unwrap_or(word.end);
        outline.entry(&source[word.start..middle], word.start..middle);
        let value = middle + 1..word.end;
        outline.scalar(value.clone(), outline.raw(quoted(source, value)))?;
    }
    outline.close(span.end)?;
    Ok(true)
}

/// The words of a list; a quote at the beginning of one, or of its value, holds it together.
fn words(list: &str, start: usize) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(skipped) = list[at..].find(|it: char| !it.is_whitespace() && it != '\\') {
        at += skipped;
        let rest = &list[at..];
        let quote = |it: &str| it.chars().next().filter(|it| *it == '"' || *it == '\'');
        let whole = quote(rest).and_then(|it| rest[1..].find(it));
        if let Some(len) = whole {
            words.push(start + at + 1..start + at + 1 + len);
            at += len + 2;
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let value = rest[..end].find('=').map_or(end, |it| it + 1);
        let inner = quote(&rest[value..]).and_then(|it| rest[value + 1..].find(it));
        let len = inner.map_or(end, |it| value + it + 2);
        words.push(start + at..start + at + len);
        at += len;
    }
    words
}

/// A value without the quotes around it.
fn quoted(source: &str, span: Range<usize>) -> Range<usize> {
    let raw = &source[span.clone()];
    let quoted = |it: char| 2 <= raw.len() && raw.starts_with(it) && raw.ends_with(it);
    match ['"', '\''].into_iter().any(quoted) {
        true => span.start + 1..span.end - 1,
        false => span,
    }
}

/// Where key and value of a line stand. A colon parts them only before a blank, or where there is no `=`: the key
/// `//host/:_password` has one. `a==1` is a requirement.
fn pair(line: &str, start: usize) -> Option<(Range<usize>, Range<usize>)> {
    let colon = line.find(": ").or_else(|| line.strip_suffix(':').map(str::len));
    let parts = |i: &usize| {
        !line[i + 1..].starts_with('=') && !line[..*i].ends_with(['=', '<', '>', '!', '~'])
    };
    let equals = line.match_indices('=').map(|it| it.0).find(parts);
    let middle = match (colon, equals) {
        (Some(colon), Some(equals)) => colon.min(equals),
        (colon, equals) => colon.or(equals).or_else(|| line.find(':'))?,
    };
    let (key, value) = (line[..middle].trim_end(), line[middle + 1..].trim_start());
    let named = !key.is_empty() && !key.contains(char::is_whitespace);
    let value = start + line.len() - value.len()..start + line.len();
    named.then(|| (start..start + key.len(), value))
}

/// The lines that say something, without the white space around them.
struct Lines<'b> {
    source: &'b str,
    at: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        while self.at < self.source.len() {
            let start = self.at;
            let rest = &self.source[start..];
            let len = rest.find('\n').map_or(rest.len(), |it| it + 1);
            self.at += len;
            let line = rest[..len].trim_start_matches('\u{feff}').trim_start();
            if !line.is_empty() && !line.starts_with(['#', ';', '!']) {
                let start = self.at - line.len();
                return Some(start..start + line.trim_end().len());
            }
        }
        None
    }

    /// The next line, if it is indented.
    fn indented(&self) -> Option<Range<usize>> {
        let next = Lines { source: self.source, at: self.at }.next()?;
        self.source[..next.start].ends_with([' ', '\t']).then_some(next)
    }
}
