//! Bytes in, tokens out: finds every literal of the family in whatever way it is written. Knows no policy.
//!
//! One pass looks for the stem of the family in all its written forms (`needle`). A hit inside an encoded run is
//! peeled (`layer`) until it is text, and the text is read through escapes and joins (`text`). What stands after
//! the prefix decides how sure we are (`shape`).

pub(crate) mod family;
mod fragment;
mod layer;
mod name;
mod needle;
mod shape;
mod text;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use memchr::memmem::Finder;
use serde::{Deserialize, Deserializer};

use family::{Family, Prefix};
pub use fragment::{Fragments, is_secretive};
use layer::Layer;
pub use name::{Name, Named};
use needle::Needles;
use text::{Joins, Reading};

use crate::digest::Digest;
use crate::yaml_file;

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A person's; it has that person's role and ends when they leave.
    Personal,
    /// The organisation's.
    Service,
}

/// Which installation accepts the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Production.
    Live,
    /// The vendor's staging installation.
    Staging,
    /// Development and tests.
    Test,
}

/// How sure the detector is that a literal is a token of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Exactly the shape that the issuer makes.
    Certain,
    /// The right prefix and a plausible body.
    Likely,
    /// The right prefix before the key of another product.
    OtherIssuer,
    /// Written to stand for a token: `xxx`, `<token>`, `your_token_here`.
    Placeholder,
    /// The prefix inside a longer word. Never reported, but masked all the same.
    Embedded,
}

impl Certainty {
    /// Whether a literal of this certainty can break a rule.
    pub fn violates(self) -> bool {
        matches!(self, Self::Certain | Self::Likely)
    }
}

/// How a literal is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Inside base64, any alignment, either alphabet.
    Base64,
    /// With percent escapes.
    Percent,
    /// With two bytes for each character.
    Utf16,
    /// As hexadecimal digits.
    Hex,
    /// With `\u`, `\x`, octal or character-reference escapes.
    Escaped,
    /// In pieces, by concatenation or line continuation.
    Split,
}

macro_rules! names {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The word for this in every output.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
names!(Kind { Personal => "personal", Service => "service" });
names!(Environment { Live => "live", Staging => "staging", Test => "test" });
names!(Certainty {
    Certain => "certain", Likely => "likely", OtherIssuer => "other-issuer",
    Placeholder => "placeholder", Embedded => "embedded",
});
names!(Encoding {
    Plain => "plain", Base64 => "base64", Percent => "percent", Utf16 => "utf16",
    Hex => "hex", Escaped => "escaped", Split => "split",
});

/// The identity of a token: the first 16 hexadecimal digits of its SHA-256. Its 200 bits make that safe to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Digest);

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = |it| format!("a token's fingerprint is {it}: `lynklint env` prints it");
        text.parse().map(Self).map_err(shape)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        yaml_file::parsed(from, "a token's fingerprint")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A token literal: what it is and where it stands. It holds no character of the token's body, so that nothing made
/// from it can show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub kind: Kind,
    /// Which installation accepts it.
    pub environment: Environment,
    /// How sure we are.
    pub certainty: Certainty,
    /// How it is written.
    pub encoding: Encoding,
    /// Where it stands, in the bytes that were searched.
    pub span: Range<usize>,
    /// What must be masked: at least [`Token::span`].
    pub mask: Range<usize>,
    /// Its identity.
    pub fingerprint: Fingerprint,
    prefix: Arc<str>,
}

impl Token {
    /// What people may see of it: the prefix and four asterisks, whatever its length.
    pub fn masked(&self) -> String {
        format!("{}****", self.prefix)
    }
}

/// Finds tokens. Building one takes some tens of microseconds; it is shared by all threads.
pub struct Detector {
    family: Family,
    prefixes: Vec<Prefix>,
    needles: Needles,
    stem: Finder<'static>,
    reader: text::Reader,
}

impl Default for Detector {
    fn default() -> Self {
        let family = Family::interlynk();
        let needles = Needles::of(&family.stem);
        let stem = Finder::new(&family.stem).into_owned();
        Self { prefixes: family.prefixes(), needles, stem, reader: text::Reader::default(), family }
    }
}

impl Detector {
    /// The one detector of the program, made when it is first asked for.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Detector> = OnceLock::new();
        SHARED.get_or_init(Self::default)
    }

    /// Whether there is anything in `bytes` that deserves a closer look.
    pub fn may_hold(&self, bytes: &[u8]) -> bool {
        self.needles.first(bytes)
    }

    /// Whether there is a token in a name, or the beginning of one. Nobody encodes a name, and there are many of them.
    pub fn may_name(&self, name: &str) -> bool {
        self.stem.find(name.as_bytes()).is_some()
    }

    /// The environment variables from which the family's tools read a token, most used first.
    pub fn variables(&self) -> &[String] {
        &self.family.variables
    }

    /// The most bytes of what [`Detector::may_hold`] looks for.
    pub fn longest_needle(&self) -> usize {
        self.needles.longest()
    }

    /// What tells what [`Detector::may_hold`] looks for from anything else.
    pub fn needles_digest(&self) -> String {
        self.needles.digest()
    }

    /// Every literal that begins like a token, of any certainty, in the order in which they stand.
    pub fn find(&self, bytes: &[u8]) -> Vec<Token> {
        let read = self.read(bytes).map(|it| it.0);
        let mut tokens: Vec<Token> = read.collect();
        tokens.sort_by_key(|token| (token.span.start, token.certainty, token.span.end));
        tokens.dedup_by(absorb);
        tokens
    }

    /// Every literal as [`Detector::find`] reads it, with its text in plain. What is made of that may not be shown.
    #[cfg(feature = "verify")]
    pub(crate) fn reveal<'b>(
        &'b self,
        bytes: &'b [u8],
    ) -> impl Iterator<Item = (Token, Vec<u8>)> + 'b {
        self.read(bytes).map(|(token, body)| {
            let text = [token.prefix.as_bytes(), &body].concat();
            (token, text)
        })
    }

    /// Every reading of a literal, with its body.
    fn read<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = (Token, Vec<u8>)> + 'b {
        self.needles.hits(bytes).filter_map(move |hit| self.judge(bytes, hit.at, hit.layers, None))
    }

    /// Every word that names a token or its host, in the order in which they stand.
    pub fn names(&self, bytes: &[u8]) -> Vec<Name> {
        let plain = self.needles.hits(bytes).filter(|it| it.layers.is_empty());
        let mut names: Vec<Name> = plain.filter_map(|it| self.name(bytes, it.at)).collect();
        names.dedup();
        names
    }

    fn name(&self, bytes: &[u8], at: usize) -> Option<Name> {
        let alphanumeric = |b: u8| b.is_ascii_alphanumeric();
        let name = |what, span: Range<usize>| {
            let text = String::from_utf8_lossy(&bytes[span.clone()]).into_owned();
            Name { what, text, span }
        };
        let word = name::word(bytes, at, |b| alphanumeric(b) || b"_-".contains(&b));
        let is_literal = self.prefixes.iter().any(|it| bytes[at..].starts_with(it.text.as_bytes()));
        if !is_literal && self.family.names.is_match(&bytes[word.clone()]) {
            return Some(name(Named::Token, word));
        }
        let host =
            name(Named::Host, name::word(bytes, at, |b| alphanumeric(b) || b"-.".contains(&b)));
        self.family.hosts.contains(&host.text).then_some(host)
    }

    /// Reads what stands at `at` once the encodings `layers` are peeled off, outermost first. `inside` is what was peeled last.
    fn judge(
        &self,
        bytes: &[u8],
        at: usize,
        layers: &[Layer],
        inside: Option<Layer>,
    ) -> Option<(Token, Vec<u8>)> {
        let Some((layer, inner)) = layers.split_first() else {
            return self.judge_text(bytes, at, inside.map_or(0, Layer::padding));
        };
        let read = |peeled: layer::Peeled| {
            let (token, body) = self.judge(&peeled.bytes, peeled.at, inner, Some(*layer))?;
            let (span, mask) = (peeled.source(&token.span), peeled.source(&token.mask));
            Some((Token { span, mask, encoding: layer.encoding(), ..token }, body))
        };
        layer
            .peel(bytes, at, inside.is_some())
            .into_iter()
            .filter_map(read)
            .min_by_key(|it| it.0.certainty)
    }

    /// `padding` bytes at the beginning may be there for the alignment only.
    fn judge_text(&self, bytes: &[u8], at: usize, padding: usize) -> Option<(Token, Vec<u8>)> {
        let plain = self.reader.read(bytes, at, &self.prefixes, Joins::None);
        let plain = plain.map(|reading| (shape::classify(&reading, &self.family), reading));
        let (certainty, reading) = match plain {
            Some((Certainty::Certain, reading)) => (Certainty::Certain, reading),
            other => self.judge_joined(bytes, at).or(other)?,
        };
        // An underscore before the token makes a longer word of it, wherever that begins.
        let begins = (at <= padding && !bytes[..at].ends_with(b"_"))
            || self.reader.begins_word(bytes, at)
            || self.reader.is_emphasised(bytes, at, &reading)
            || self.ends_token(&bytes[..at]);
        let certainty = if begins { certainty } else { Certainty::Embedded };
        Some(self.token(certainty, at, reading))
    }

    /// Whether a whole token stands at the end of `bytes`, so that what follows it is no part of a longer word.
    fn ends_token(&self, bytes: &[u8]) -> bool {
        let Some(start) = bytes.len().checked_sub(self.family.certain.length) else { return false };
        let (before, body) = bytes.split_at(start);
        shape::is_shaped(body, &self.family)
            && self.prefixes.iter().any(|it| before.ends_with(it.text.as_bytes()))
    }

    /// Pieces are put together only where the whole is beyond doubt: `a("lynk_live_", "Something")` is two arguments.
    fn judge_joined(&self, bytes: &[u8], at: usize) -> Option<(Certainty, Reading)> {
        let joins = Joins::Until(self.family.certain.length);
        let reading = self.reader.read(bytes, at, &self.prefixes, joins)?;
        let certainty = shape::classify(&reading, &self.family);
        (certainty == Certainty::Certain).then_some((certainty, reading))
    }

    fn token(&self, certainty: Certainty, at: usize, reading: Reading) -> (Token, Vec<u8>) {
        let prefix = &self.prefixes[reading.prefix];
        let length = shape::body_len(&reading, certainty);
        let (end, mask) = (reading.end_of(length), reading.end_of(reading.run.len()));
        let encoding = reading.encoding;
        let mut body = reading.run;
        body.truncate(length);
        let token = Token {
            kind: prefix.kind,
            environment: prefix.environment,
            certainty,
            encoding,
            span: at..end,
            mask: at..mask,
            fingerprint: Fingerprint(Digest::of([prefix.text.as_bytes(), &body])),
            prefix: prefix.text.clone(),
        };
        (token, body)
    }
}

/// Makes room for one token at one place: of two that overlap the surer one is kept, and both stay masked.
fn absorb(later: &mut Token, kept: &mut Token) -> bool {
    if later.span.start >= kept.span.end {
        return false;
    }
    kept.mask.end = kept.mask.end.max(later.mask.end);
    if later.certainty.violates()
        && !kept.certainty.violates()
        && later.span.start > kept.span.start
    {
        kept.span.end = later.span.start;
        return false;
    }
    true
}
