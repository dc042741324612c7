//! Where a walk through a file stands: the collections that are open.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{DEEPEST, Node};

/// Visits a value, and opens it if it is a collection. Says whether that is enough.
pub(super) fn enter(
    frames: &mut Vec<Frame>,
    opened: Option<Frame>,
    at: Range<usize>,
    visit: &mut dyn FnMut(&[Frame], Node) -> bool,
) -> Result<bool, (usize, String)> {
    if frames.last().is_some_and(Frame::awaits_key) {
        return Err((at.start, "a key is a word".to_owned()));
    }
    let start = at.start;
    let key = frames.last().and_then(Frame::key_at).unwrap_or(start);
    if visit(frames, Node { key, value: at }) {
        return Ok(true);
    }
    match opened {
        Some(frame) => frames.push(frame),
        None => frames.last_mut().into_iter().for_each(Frame::advance),
    }
    match frames.len() > DEEPEST {
        true => Err((start, format!("nested more than {DEEPEST} deep"))),
        false => Ok(false),
    }
}

/// A collection that is open while the text is walked.
pub(super) enum Frame {
    Mapping { key: Option<(String, usize)>, seen: BTreeSet<String> },
    Sequence { index: usize },
}

impl Frame {
    pub(super) fn mapping() -> Self {
        Self::Mapping { key: None, seen: BTreeSet::new() }
    }

    pub(super) fn awaits_key(&self) -> bool {
        matches!(self, Self::Mapping { key: None, .. })
    }

    pub(super) fn key_at(&self) -> Option<usize> {
        match self {
            Self::Mapping { key, .. } => key.as_ref().map(|it| it.1),
            Self::Sequence { .. } => None,
        }
    }

    pub(super) fn take_key(&mut self, text: &str, at: usize) -> Result<(), (usize, String)> {
        if let Self::Mapping { key, seen } = self {
            if !seen.insert(text.to_owned()) {
                return Err((at, format!("`{text}` stands here twice: keep one of the two")));
            }
            *key = Some((text.to_owned(), at));
        }
        Ok(())
    }

    /// The value is over.
    pub(super) fn advance(&mut self) {
        match self {
            Self::Mapping { key, .. } => *key = None,
            Self::Sequence { index } => *index += 1,
        }
    }

    pub(super) fn step(&self) -> String {
        match self {
            Self::Mapping { key, .. } => key.as_ref().map_or_else(String::new, |it| it.0.clone()),
            Self::Sequence { index } => index.to_string(),
        }
    }
}
