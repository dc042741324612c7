//! TOML: tables, arrays of tables, dotted keys and inline tables, each value by its whole name.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, ParseError, Source, Span};

use super::outline::{Outline, Shape};
use super::text::escape;
use super::{Document, Room, Text, Unparsed};

/// The most tokens: a line with a value has about six.
const TOKENS: usize = 500_000;
const ESCAPES: &[(char, &str)] = &[
    ('n', "\n"),
    ('t', "\t"),
    ('r', "\r"),
    ('b', "\u{8}"),
    ('f', "\u{c}"),
    ('e', "\u{1b}"),
    ('"', "\""),
    ('\\', "\\"),
];

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let tokens: Vec<_> = Source::new(source).lex().take(TOKENS).collect();
    let mut reader = Reader::new(source, room);
    let mut broken: Option<ParseError> = None;
    parse_document(&tokens, &mut reader, &mut broken);
    reader.leave_table();
    if tokens.len() == TOKENS {
        reader.note(Err(Unparsed { at: source.len(), reason: "it has too many words" }));
    }
    if let Some(error) = broken {
        let at = error.unexpected().map_or(0, |it| it.start());
        reader.note(Err(Unparsed { at, reason: "it is not TOML" }));
    }
    reader.outline.finish(reader.end)
}

struct Reader<'b> {
    outline: Outline<'b>,
    /// Whether a budget is used up: the first reason to stop.
    end: Result<(), Unparsed>,
    /// The parts of a key that is not yet complete.
    keys: Vec<(String, Range<usize>)>,
    /// For each key whose value is awaited: how many mappings its dots opened.
    dots: Vec<usize>,
    /// Where a header begins that does not yet end.
    begun: Option<usize>,
    /// The header of the present table: where it stands, its names, and how many collections they opened.
    header: Range<usize>,
    path: Vec<String>,
    opened: usize,
    /// The tables that headers name: by the table above and the name, its number and, of an array, its length.
    tables: HashMap<(usize, String), (usize, usize)>,
    /// How many tables have a number. The root is 0.
    known: usize,
}

impl<'b> Reader<'b> {
    fn new(source: &'b str, room: &'b Room) -> Self {
        Self {
            outline: Outline::new(source, room),
            end: Ok(()),
            keys: Vec::new(),
            dots: Vec::new(),
            begun: None,
            header: 0..0,
            path: Vec::new(),
            opened: 0,
            tables: HashMap::new(),
            known: 0,
        }
    }

    fn note(&mut self, step: Result<(), Unparsed>) {
        if self.end.is_ok() {
            self.end = step;
        }
    }

    fn open(&mut self, shape: Shape, at: usize) {
        let step = self.outline.open(shape, at);
        self.note(step);
    }

    fn close(&mut self, end: usize) {
        let step = self.outline.close(end);
        self.note(step);
    }

    fn start_header(&mut self, span: Span) {
        self.keys.clear();
        self.begun = Some(span.start());
    }

    /// Opens the table that a header names. `new` is 1 if it is another element of an array.
    fn enter_table(&mut self, end: usize, new: usize) {
        let keys = std::mem::take(&mut self.keys);
        let path: Vec<_> = keys.iter().map(|it| it.0.clone()).collect();
        if 0 < self.opened && self.path.len() < path.len() && path.starts_with(&self.path) {
            // The present table has a table, so it is not empty.
            self.outline.skip(1);
        }
        self.leave_table();
        self.path = path;
        self.header = self.begun.take().unwrap_or(end)..end;
        let (mut table, last) = (0, keys.len().saturating_sub(1));
        for (i, (name, span)) in keys.into_iter().enumerate() {
            let known = self.tables.entry((table, name.clone())).or_insert((0, 0));
            let new = if i == last { new } else { 0 };
            if known.0 == 0 || new == 1 {
                self.known += 1;
                *known = (self.known, known.1 + new);
            }
            let len;
            (table, len) = *known;
            self.outline.entry(name, span);
            if 0 < len {
                self.open(Shape::Sequence, self.header.start);
                self.outline.skip(len - 1);
                self.opened += 1;
            }
            self.open(Shape::Mapping, self.header.start);
            self.opened += 1;
            if self.end.is_err() {
                return;
            }
        }
    }

    fn leave_table(&mut self) {
        for _ in 0..std::mem::take(&mut self.opened) {
            self.close(self.header.end);
        }
    }

    /// Ends a value, and with it the mappings that the dots of its key opened.
    fn end_value(&mut self, end: usize) {
        if self.outline.shape() != Some(Shape::Sequence) {
            for _ in 0..self.dots.pop().unwrap_or(0) {
                self.close(end);
            }
        }
    }
}

impl EventReceiver for Reader<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.start_header(span);
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.enter_table(span.end(), 0);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.start_header(span);
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.enter_table(span.end(), 1);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(Shape::Mapping, span.start());
        self.end.is_ok()
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span.end());
        self.end_value(span.end());
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(Shape::Sequence, span.start());
        self.end.is_ok()
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close(span.end());
        self.end_value(span.end());
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        let span = span.start()..span.end();
        let name = decoded(self.outline.source(), span.clone(), encoding);
        self.keys.push((name.lossy().into_owned(), span));
    }

    fn key_val_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        if self.begun.take().is_some() {
            // Whatever table the broken header meant, it was another one.
            self.leave_table();
        }
        let keys = std::mem::take(&mut self.keys);
        let above = keys.len().saturating_sub(1);
        self.dots.push(above);
        for (i, (name, span)) in keys.into_iter().enumerate() {
            let at = span.start;
            self.outline.entry(name, span);
            if i < above && self.end.is_ok() {
                self.open(Shape::Mapping, at);
            }
        }
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        if self.end.is_ok() {
            let span = span.start()..span.end();
            let text = decoded(self.outline.source(), span.clone(), encoding);
            self.end = self.outline.scalar(span.clone(), text);
            self.end_value(span.end);
        }
    }

    fn newline(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.keys.clear();
    }
}

/// What a key or a scalar means.
fn decoded(source: &str, span: Range<usize>, encoding: Option<Encoding>) -> Text {
    let raw = source.get(span.clone()).unwrap_or_default();
    let (quote, marks) = match encoding {
        None => ("", ""),
        Some(Encoding::LiteralString) => ("'", ""),
        Some(Encoding::BasicString) => ("\"", "\\"),
        Some(Encoding::MlLiteralString) => ("'''", ""),
        Some(Encoding::MlBasicString) => ("\"\"\"", "\\"),
    };
    let mut inner = raw.strip_prefix(quote).unwrap_or(raw);
    if quote.len() == 3 {
        inner = inner.strip_prefix('\n').or(inner.strip_prefix("\r\n")).unwrap_or(inner);
    }
    let start = span.end - inner.len();
    let mut text = Text::at(start);
    text.read(inner.strip_suffix(quote).unwrap_or(inner), start, marks, |it| {
        let rest = it[1..].trim_start_matches([' ', '\t']);
        match rest.starts_with(['\n', '\r']) {
            true => Some((it.len() - rest.trim_start().len(), String::new())),
            false => escape(it, ESCAPES),
        }
    });
    text
}
