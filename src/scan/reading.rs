//! A blob as parsers and names read it: as it is or, in two-byte characters, decoded.

use std::ops::Range;

use crate::detect::Token;
use crate::source::Blob;
use crate::syntax::Utf16;

/// A blob and how it is read. Spans of what is read are not those of the blob, by which findings go.
pub(super) struct Reading<'b> {
    bytes: &'b [u8],
    decoded: Option<Utf16>,
}

impl<'b> Reading<'b> {
    pub(super) fn of(blob: &Blob<'b>) -> Self {
        let decoded = if blob.is_whole() { Utf16::decode(blob.bytes) } else { None };
        Self { bytes: blob.bytes, decoded }
    }

    /// What is read.
    pub(super) fn bytes(&self) -> &[u8] {
        self.decoded.as_ref().map_or(self.bytes, Utf16::bytes)
    }

    /// Where in the blob something stands that was read.
    pub(super) fn source(&self, span: &Range<usize>) -> Range<usize> {
        self.decoded.as_ref().map_or_else(|| span.clone(), |it| it.source(span))
    }

    /// A token of the blob, where it is read.
    pub(super) fn token(&self, token: &Token) -> Token {
        let here = |span: &Range<usize>| {
            self.decoded.as_ref().map_or_else(|| span.clone(), |it| it.here(span))
        };
        let mut token = token.clone();
        (token.span, token.mask) = (here(&token.span), here(&token.mask));
        token
    }
}
