//! Builds a document from the nodes of a tree as they stand in a file: names each, within the budgets.

use std::ops::Range;

use smol_str::SmolStr;

use super::{Address, DEEPEST, Document, Room, Step, Text, Unparsed, Value};

/// How the nodes of a collection are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// By [`Outline::entry`].
    Mapping,
    /// By their number.
    Sequence,
    /// As the collection itself: the arguments of a call, the mappings of a merge.
    Same,
}

struct Frame {
    shape: Shape,
    /// Where the collection begins.
    at: usize,
    /// Where its key stands.
    key: Range<usize>,
    /// How many steps of the address are its name and its tag.
    steps: usize,
    nodes: usize,
}

/// A document in the making. Collections are opened and closed; a node is a scalar, a collection or an alias.
pub(super) struct Outline<'b> {
    source: &'b str,
    room: &'b Room,
    document: Document,
    address: Address,
    frames: Vec<Frame>,
    /// The name of the next node; without one it stands for the mapping itself.
    entry: Option<(Option<SmolStr>, Range<usize>)>,
}

impl<'b> Outline<'b> {
    pub(super) fn new(source: &'b str, room: &'b Room) -> Self {
        Self {
            source,
            room,
            document: Document::default(),
            address: Address::default(),
            frames: Vec::new(),
            entry: None,
        }
    }

    /// The whole file.
    pub(super) fn source(&self) -> &'b str {
        self.source
    }

    /// The shape of the innermost collection that is open.
    pub(super) fn shape(&self) -> Option<Shape> {
        self.frames.last().map(|it| it.shape)
    }

    /// Whether a key must come before the next node.
    pub(super) fn wants_key(&self) -> bool {
        self.entry.is_none() && self.shape() == Some(Shape::Mapping)
    }

    /// Names the next node.
    pub(super) fn entry(&mut self, name: impl Into<SmolStr>, key: Range<usize>) {
        self.entry = Some((Some(name.into()), key));
    }

    /// Says that the next node's entries are those of the mapping itself.
    pub(super) fn merge(&mut self, key: Range<usize>) {
        self.entry = Some((None, key));
    }

    /// Opens a collection that begins at a byte.
    pub(super) fn open(&mut self, shape: Shape, at: usize) -> Result<(), Unparsed> {
        let merged = matches!(self.entry, Some((None, _)));
        let (key, steps) = self.down(at)?;
        let shape = if merged && shape == Shape::Sequence { Shape::Same } else { shape };
        self.frames.push(Frame { shape, at, key, steps, nodes: 0 });
        Ok(())
    }

    /// Says what the collection that has just been opened is: the call of a function, whose name is a step.
    pub(super) fn tag(&mut self, name: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.steps += 1;
            self.address.push(Step::named(name.as_bytes()));
        }
    }

    /// Says that so many nodes of the innermost collection stand elsewhere.
    pub(super) fn skip(&mut self, nodes: usize) {
        self.frames.last_mut().into_iter().for_each(|it| it.nodes = nodes);
    }

    /// Closes the innermost collection. An empty one is a scalar: `pull_request: {}` has an address, too.
    pub(super) fn close(&mut self, end: usize) -> Result<(), Unparsed> {
        self.entry = None;
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        if frame.nodes == 0 && frame.shape != Shape::Same {
            let span = frame.at..end.max(frame.at);
            self.emit(frame.key, span.clone(), self.raw(span), false)?;
        }
        self.up(frame.steps);
        Ok(())
    }

    /// Adds a scalar that means `text`.
    pub(super) fn scalar(&mut self, span: Range<usize>, text: Text) -> Result<(), Unparsed> {
        self.leaf(span, text, false)
    }

    /// Adds a scalar in which the language of the file replaces variables.
    pub(super) fn template(&mut self, span: Range<usize>, text: Text) -> Result<(), Unparsed> {
        self.leaf(span, text, true)
    }

    /// Adds an alias of what stands at another address.
    pub(super) fn alias(&mut self, of: &Address, at: usize) -> Result<(), Unparsed> {
        let (_, steps) = self.down(at)?;
        let alias = (self.held(at)?, of.clone());
        self.document.aliases.push(alias);
        self.up(steps);
        Ok(())
    }

    /// The address of the node that was just opened or added.
    pub(super) fn last(&mut self, at: usize) -> Result<Address, Unparsed> {
        match (self.frames.last(), self.document.values.last()) {
            (Some(frame), Some(value)) if 0 < frame.nodes => Ok(value.address.clone()),
            (None, Some(value)) => Ok(value.address.clone()),
            _ => self.held(at),
        }
    }

    /// What is written there, as a text.
    pub(super) fn raw(&self, span: Range<usize>) -> Text {
        let raw = self.source.get(span.clone()).unwrap_or_default();
        Text::plain(raw.as_bytes(), span.start)
    }

    /// Forgets what is open, to go on behind what could not be read.
    pub(super) fn abandon(&mut self, broken: Unparsed) {
        self.document.broken.get_or_insert(broken);
        (self.address, self.entry) = (Address::default(), None);
        self.frames.clear();
    }

    /// The document, and where its parser gave up.
    pub(super) fn finish(mut self, end: Result<(), Unparsed>) -> Document {
        self.document.broken = self.document.broken.or(end.err());
        self.document
    }

    fn leaf(&mut self, span: Range<usize>, text: Text, template: bool) -> Result<(), Unparsed> {
        let (key, steps) = self.down(span.start)?;
        self.emit(key, span, text, template)?;
        self.up(steps);
        Ok(())
    }

    /// Goes down to the next node: where its key stands, and how many steps that are.
    fn down(&mut self, at: usize) -> Result<(Range<usize>, usize), Unparsed> {
        if DEEPEST <= self.address.steps().len() {
            return Err(Unparsed { at, reason: "it is nested more than 64 deep" });
        }
        let frame = self.frames.last_mut();
        let index = frame.as_ref().map_or(0, |it| it.nodes);
        let shape = frame.as_ref().map_or(Shape::Same, |it| it.shape);
        let key = frame.as_ref().map_or(at..at, |it| it.key.clone());
        frame.into_iter().for_each(|it| it.nodes += 1);
        let (step, key) = match self.entry.take() {
            Some((name, key)) => (name.map(Step::Key), key),
            None if shape == Shape::Sequence => (Some(Step::Index(index)), at..at),
            None => (None, key),
        };
        let steps = usize::from(step.is_some());
        step.into_iter().for_each(|it| self.address.push(it));
        Ok((key, steps))
    }

    fn up(&mut self, steps: usize) {
        for _ in 0..steps {
            self.address.pop();
        }
    }

    fn emit(
        &mut self,
        key: Range<usize>,
        span: Range<usize>,
        text: Text,
        interpolates: bool,
    ) -> Result<(), Unparsed> {
        let address = self.address.clone();
        self.document.add(Value { address, key, span, text, interpolates }, self.room)
    }

    /// The present address, paid for.
    fn held(&mut self, at: usize) -> Result<Address, Unparsed> {
        let size = |it: &Address| size_of::<Address>() + size_of_val(it.steps());
        self.room.take(2 * size(&self.address), at)?;
        Ok(self.address.clone())
    }
}
