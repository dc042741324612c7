//! The one pass over the bytes: the family's stem in every written form, found by a single packed searcher.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use sha2::{Digest, Sha256};

use super::layer::{self, Alignment, Layer};

/// Finds the places that deserve a closer look.
pub(super) struct Needles {
    searcher: AhoCorasick,
    patterns: Vec<Vec<u8>>,
    /// For each pattern of the searcher, the encodings around the text, outermost first.
    layers: Vec<Vec<Layer>>,
}

/// A place where the stem begins, and what it is wrapped in.
pub(super) struct Hit<'n> {
    pub(super) at: usize,
    pub(super) layers: &'n [Layer],
}

impl Needles {
    /// The needles of a stem such as `lynk_`.
    #[expect(clippy::expect_used, reason = "some thirty short literals are far from every limit")]
    pub(super) fn of(stem: &str) -> Self {
        let mut forms: Vec<(Vec<u8>, Vec<Layer>)> = Vec::new();
        // The underscore may be escaped on its own (`lynk%5Flive`), so the bare word is what is sought in text.
        let word = stem.trim_end_matches('_').as_bytes();
        forms.extend(escaped_forms(word).into_iter().map(|form| (form, vec![])));
        for word in [word, &word.to_ascii_uppercase()] {
            forms.push((layer::utf16(word), vec![Layer::Utf16]));
        }
        for digits in [hex(word, false), hex(word, true)] {
            forms.push((digits, vec![Layer::Hex]));
        }
        // A value that was encoded whole, twice. Three by three alignments would be more than the packed searcher likes.
        let [whole, ..] = Alignment::ALL;
        let twice = whole.stem(&whole.stem(stem.as_bytes()));
        forms.push((twice, vec![Layer::Base64(whole), Layer::Base64(whole)]));
        for alignment in Alignment::ALL {
            let inner = alignment.stem(stem.as_bytes());
            forms.push((layer::utf16(&inner), vec![Layer::Utf16, Layer::Base64(alignment)]));
            forms.push((inner, vec![Layer::Base64(alignment)]));
            let wide = alignment.stem(&layer::utf16(word));
            forms.push((wide, vec![Layer::Base64(alignment), Layer::Utf16]));
        }
        let (patterns, layers): (Vec<_>, Vec<_>) = forms.into_iter().unzip();
        let searcher = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(&patterns)
            .expect("the needles make a small automaton");
        Self { searcher, patterns, layers }
    }

    pub(super) fn first(&self, bytes: &[u8]) -> bool {
        self.searcher.is_match(bytes)
    }

    /// A digest of them all.
    pub(super) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for pattern in &self.patterns {
            digest.update((pattern.len() as u64).to_le_bytes());
            digest.update(pattern);
        }
        digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The most bytes of a needle.
    pub(super) fn longest(&self) -> usize {
        self.searcher.max_pattern_len()
    }

    pub(super) fn hits<'n>(&'n self, bytes: &'n [u8]) -> impl Iterator<Item = Hit<'n>> {
        self.searcher
            .find_iter(bytes)
            .map(|hit| Hit { at: hit.start(), layers: &self.layers[hit.pattern().as_usize()] })
    }
}

/// The ways in which text itself spells a word: as it is, and with every character escaped.
fn escaped_forms(word: &[u8]) -> Vec<Vec<u8>> {
    let spell = |each: &dyn Fn(u8) -> String| {
        word.iter().map(|&b| each(b)).collect::<String>().into_bytes()
    };
    let mut forms = vec![
        word.to_vec(),
        // No token is in capitals, but the names of tokens are.
        word.to_ascii_uppercase(),
        spell(&|b| format!("%{b:02x}")),
        spell(&|b| format!("%{b:02X}")),
        spell(&|b| format!("\\x{b:02x}")),
        spell(&|b| format!("\\x{b:02X}")),
        spell(&|b| format!("\\u{b:04x}")),
        spell(&|b| format!("\\u{b:04X}")),
        spell(&|b| format!("\\u{{{b:x}}}")),
        spell(&|b| format!("\\{b:03o}")),
        spell(&|b| format!("&#{b};")),
        spell(&|b| format!("&#x{b:x};")),
        spell(&|b| format!("&#x{b:X};")),
    ];
    forms.dedup();
    forms
}

fn hex(word: &[u8], upper: bool) -> Vec<u8> {
    let digits = |b: &u8| if upper { format!("{b:02X}") } else { format!("{b:02x}") };
    word.iter().map(digits).collect::<String>().into_bytes()
}
