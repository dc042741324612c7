//! A word while it is read: its text with its source, the variables in it, and how it is quoted.

use std::ops::Range;

use super::{Address, Expansion, Text, Value, Word};

/// The beginning of a word.
pub(super) struct Draft {
    start: usize,
    text: Text,
    pub(super) expansions: Vec<Expansion>,
    interpolates: bool,
}

/// Whether a piece of a word is taken as it is or has its variables replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Literal,
    Interpolated,
}

impl Draft {
    pub(super) fn at(start: usize) -> Self {
        Self { start, text: Text::at(start), expansions: Vec::new(), interpolates: false }
    }

    /// Appends bytes of the source as they are written.
    pub(super) fn copy(&mut self, bytes: &[u8], span: Range<usize>, quote: Quote) {
        self.interpolates |= quote == Quote::Interpolated;
        if !span.is_empty() {
            self.text.copy(&bytes[span.clone()], span.start);
        }
    }

    /// Appends bytes that are written in another way.
    pub(super) fn decode(&mut self, meaning: &[u8], span: Range<usize>) {
        self.text.decode(meaning, span);
    }

    /// Where it begins.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.bytes()
    }

    /// The whole word, which ends before `end`.
    pub(super) fn word(self, end: usize) -> Word {
        let (span, text) = (self.start..end, self.text.into_string());
        Word { span, text, expansions: self.expansions }
    }

    /// The whole word as what an assignment gives to a name.
    pub(super) fn value(&self, address: Address, key: Range<usize>, end: usize) -> Value {
        let (span, text) = (self.start..end, self.text.clone());
        Value { address, key, span, text, interpolates: self.interpolates }
    }
}
