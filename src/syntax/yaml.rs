//! YAML: every scalar where it is written, and which mappings repeat it.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::outline::{Outline, Shape};
use super::yaml_scalar::scalar;
use super::{Address, Document, Room, Unparsed};

/// The most characters that are shown of a key that is no scalar.
const LONGEST_KEY: usize = 80;
const MALFORMED: &str = "it is not YAML";

type Events<'b> = Parser<'b, StrInput<'b>>;

pub(super) fn parse(source: &str, room: &Room) -> Document {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        // What is read is what is written, as in libyaml and all that stems from it.
        block_scalar_eof_without_line_feed: true,
    };
    let mut events = Parser::new_from_str_with_options(source, options);
    let mut outline = Outline::new(source, room);
    // A document that is broken does not hide the next one, but a budget is for the whole file.
    while let Err(broken) = read(&mut events, &mut outline) {
        let more = broken.reason == MALFORMED && events.proceed_next_document() == Ok(true);
        outline.abandon(broken);
        if !more {
            break;
        }
    }
    outline.finish(Ok(()))
}

fn read<'b>(events: &mut Events<'b>, outline: &mut Outline<'b>) -> Result<(), Unparsed> {
    let mut anchors: HashMap<usize, Address> = HashMap::new();
    while let Some((event, span)) = next(events)? {
        let anchor = event.anchor_id();
        let bytes = range(&span);
        let at = bytes.start;
        match event {
            Event::MappingEnd | Event::SequenceEnd => outline.close(bytes.end)?,
            _ if outline.wants_key() => {
                key(events, outline, &event, bytes)?;
                continue;
            }
            Event::Scalar(means, style, ..) => {
                let (span, text) = scalar(outline.source(), bytes, &means, style, span.indent);
                outline.scalar(span, text)?;
            }
            Event::MappingStart(..) => outline.open(Shape::Mapping, at)?,
            Event::SequenceStart(_, _, tag) => {
                outline.open(Shape::Sequence, at)?;
                // An application's own tag before a list makes the list its arguments: `!reference [.job, script]`.
                let own = tag.filter(|it| it.handle() == "!" && !it.suffix().is_empty());
                own.into_iter().for_each(|it| outline.tag(&format!("!{}", it.suffix())));
            }
            Event::Alias(id) if anchors.contains_key(&id) => outline.alias(&anchors[&id], at)?,
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                outline.scalar(bytes.clone(), outline.raw(bytes))?;
            }
            _ => {}
        }
        if let Some(id) = anchor {
            anchors.insert(id, outline.last(at)?);
        }
    }
    Ok(())
}

/// Names the next node.
fn key<'b>(
    events: &mut Events<'b>,
    outline: &mut Outline<'b>,
    event: &Event<'b>,
    mut span: Range<usize>,
) -> Result<(), Unparsed> {
    match event {
        Event::Scalar(name, ScalarStyle::Plain, ..) if name == "<<" => outline.merge(span),
        Event::Scalar(name, ..) if !span.is_empty() => outline.entry(name.as_ref(), span),
        _ => {
            span.end = end_of(events, event, span.end)?;
            let raw = outline.source().get(span.clone()).unwrap_or_default();
            let name: String = raw.chars().take(LONGEST_KEY).collect();
            outline.entry(name.trim(), span);
        }
    }
    Ok(())
}

/// Where the node that an event begins ends.
fn end_of(events: &mut Events<'_>, first: &Event<'_>, end: usize) -> Result<usize, Unparsed> {
    let depth = |event: &Event| match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    };
    let (mut open, mut end) = (depth(first), end);
    while 0 < open {
        let Some((event, span)) = next(events)? else { break };
        open += depth(&event);
        end = range(&span).end.max(end);
    }
    Ok(end)
}

fn next<'b>(events: &mut Events<'b>) -> Result<Option<(Event<'b>, Span)>, Unparsed> {
    events.next_event().transpose().map_err(|error| Unparsed {
        at: error.marker().byte_offset().unwrap_or(0),
        reason: MALFORMED,
    })
}

fn range(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}
