//! Reads the YAML files that people write for lynklint, strictly: whatever is wrong with one is a diagnostic in it.

mod frame;
mod message;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::str::FromStr;

use granit_parser::{Event, Parser};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode, SourceSpan,
};
use serde::Deserializer;
use serde::de::{self, DeserializeOwned, Visitor};

use crate::excerpt::{Veil, veiled};
use frame::{Frame, enter};
pub use message::meant;

/// The deepest nesting.
const DEEPEST: usize = 32;
/// The longest line that is shown; the renderer panics far to the right.
const LONGEST_LINE: usize = 4096;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A rule.
    Rule,
    /// A set of levels.
    PolicySet,
    /// `.lynklint.yaml`.
    Configuration,
    /// Accepted findings.
    Baseline,
    /// Declared tokens.
    Inventory,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Rule => "lynklint::rule",
            Self::PolicySet => "lynklint::set",
            Self::Configuration => "lynklint::configuration",
            Self::Baseline => "lynklint::baseline",
            Self::Inventory => "lynklint::inventory",
        }
    }

    /// In words, with an article.
    fn name(self) -> &'static str {
        match self {
            Self::Rule => "a rule",
            Self::PolicySet => "a set",
            Self::Configuration => "a configuration",
            Self::Baseline => "a baseline",
            Self::Inventory => "an inventory",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Rule => {
                "see `lynklint rules show ID` for a rule that is right, and docs/rules.md for the format"
            }
            Self::PolicySet => {
                "see docs/policy.md for the format, and `lynklint rules list` for the rules"
            }
            Self::Configuration => {
                "see docs/policy.md for every key; `lynklint init` writes a file that is right"
            }
            Self::Baseline => {
                "see docs/policy.md for the format; `lynklint baseline create` writes a file that is right"
            }
            Self::Inventory => "see docs/inventory.md for every key",
        }
    }

    /// The most bytes of such a file. A baseline grows with what it holds.
    fn largest(self) -> usize {
        match self {
            Self::Rule | Self::PolicySet | Self::Configuration | Self::Inventory => 1 << 20,
            Self::Baseline => 16 << 20,
        }
    }
}

/// A file's text, with what messages need.
#[derive(Clone, Debug)]
pub struct YamlFile {
    kind: Kind,
    /// Its name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What is wrong with a file, and where.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Broken {
    kind: Kind,
    severity: Severity,
    message: String,
    source_code: NamedSource<String>,
    span: SourceSpan,
}

impl Broken {
    /// As people see it: the message, the place in the file and the next step.
    pub fn shown(&self) -> String {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
        let mut text = String::new();
        match handler.with_links(false).render_report(&mut text, self) {
            Ok(()) => text.trim().to_owned(),
            Err(_) => self.to_string(),
        }
    }
}

impl Diagnostic for Broken {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.kind.code()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.kind.help()))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), self.span);
        Some(Box::new(std::iter::once(label)))
    }
}

/// A node of a file: where its key stands (or itself, if it has none), and where its value does.
struct Node {
    key: usize,
    value: Range<usize>,
}

impl YamlFile {
    /// A file of a kind. `name` is for messages. A byte order mark is no part of the text.
    pub fn new(kind: Kind, name: impl Into<String>, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Self { kind, name: name.into(), text }
    }

    /// Reads the text into its type, behind a guard: the typed parser needs seconds for nested brackets and bombs, and
    /// takes the last of two equal keys.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Broken> {
        self.guard().map_err(|(at, message)| self.at_byte(at, message))?;
        serde_yaml::from_str(&self.text).map_err(|error| {
            let at = error.location().map_or(0, |it| it.index());
            self.at_byte(at, message::of_serde(&error.to_string()))
        })
    }

    /// Something wrong with the node at a path such as `exceptions.0.until`, or with the file if there is none.
    pub fn broken(&self, path: &str, message: impl fmt::Display) -> Broken {
        self.at_byte(self.node(path).map_or(0, |it| it.key), message)
    }

    /// Something about the node at a path that is allowed, but seems to be a mistake.
    pub fn warning(&self, path: &str, message: impl fmt::Display) -> Broken {
        Broken { severity: Severity::Warning, ..self.broken(path, message) }
    }

    /// Where the value at a path stands.
    pub fn span(&self, path: &str) -> Range<usize> {
        self.node(path).map_or(0..0, |it| it.value)
    }

    /// Where the values below a path such as `tokens` stand, by their own paths.
    pub fn spans(&self, below: &str) -> BTreeMap<String, Range<usize>> {
        let mut spans = BTreeMap::new();
        let _ = self.walk(&mut |frames, node| {
            let path = frames.iter().map(Frame::step).collect::<Vec<_>>().join(".");
            if path.starts_with(below) {
                spans.insert(path, node.value);
            }
            false
        });
        spans
    }

    /// Hides the tokens that stand in it against all advice.
    pub(crate) fn veil(&self) -> Veil {
        Veil::of(self.text.as_bytes())
    }

    fn at_byte(&self, at: usize, message: impl fmt::Display) -> Broken {
        let text = &self.text;
        let at = at.min(text.len());
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        // What is underlined is as long as what is shown: a mask hides the length.
        let veil = self.veil();
        let shown = veiled(&veil.name(line));
        let text = [&text[..start], &shown, &text[start + line.len()..]].concat();
        let line = shown.as_str();
        let indent = line.len() - line.trim_start().len();
        let too_long = text.lines().any(|it| it.len() > LONGEST_LINE);
        let span = if too_long { (0, 0) } else { (start + indent, line.trim().len().max(1)) };
        let text = if too_long { String::new() } else { text };
        Broken {
            kind: self.kind,
            severity: Severity::Error,
            message: format!(
                "{}: {}",
                self.name,
                message::shortened(&veil.name(&message.to_string()))
            ),
            source_code: NamedSource::new(&self.name, text),
            span: span.into(),
        }
    }

    fn guard(&self) -> Result<(), (usize, String)> {
        let (kind, largest) = (self.kind.name(), self.kind.largest());
        if self.text.len() > largest {
            return Err((0, format!("{kind} file has at most {largest} bytes")));
        }
        self.walk(&mut |_, _| false)
    }

    fn node(&self, path: &str) -> Option<Node> {
        let mut found = None;
        let mut visit = |frames: &[Frame], node: Node| {
            let here = frames.iter().map(Frame::step).eq(path.split('.'));
            if here {
                found = Some(node);
            }
            here
        };
        let _ = self.walk(&mut visit);
        found
    }

    /// Calls `visit` with the way to each node until it says that this is enough. Fails on whatever no file may have.
    fn walk(&self, visit: &mut dyn FnMut(&[Frame], Node) -> bool) -> Result<(), (usize, String)> {
        let mut frames: Vec<Frame> = Vec::new();
        for next in Parser::new_from_str(&self.text) {
            let (event, span) = next.map_err(|error| {
                (error.marker().byte_offset().unwrap_or(0), format!("not YAML: {error}"))
            })?;
            let at = span.byte_range().unwrap_or(0..0);
            let opened = match event {
                Event::Alias(..) => {
                    let kind = self.kind.name();
                    return Err((at.start, format!("{kind} file has no aliases")));
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    frames.pop();
                    frames.last_mut().into_iter().for_each(Frame::advance);
                    continue;
                }
                Event::Scalar(text, ..) if frames.last().is_some_and(Frame::awaits_key) => {
                    frames.last_mut().map_or(Ok(()), |it| it.take_key(&text, at.start))?;
                    continue;
                }
                Event::Scalar(..) => None,
                Event::MappingStart(..) => Some(Frame::mapping()),
                Event::SequenceStart(..) => Some(Frame::Sequence { index: 0 }),
                _ => continue,
            };
            if enter(&mut frames, opened, at, visit)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Reads a type from its text. A message about the text points at it, and not at what it stands in.
pub fn parsed<'de, T, D>(from: D, expected: &'static str) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    struct Text<T>(&'static str, PhantomData<T>);
    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    from.deserialize_str(Text(expected, PhantomData))
}
