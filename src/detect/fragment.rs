//! Tells whether a name holds a piece of a token that stands in the same file.

use super::{Detector, Token};

/// How many characters in a row a name and a body have in common before the name gives the token away.
const PIECE: usize = 8;
/// The shortest run of letters and digits that might be the body of a token which is written in a way that nobody knows.
const SECRETIVE: usize = 16;
/// How many different characters such a run has.
const DISTINCT: usize = 9;

/// The pieces of the bodies of some tokens. They are bodies all the same, so nothing can show them.
#[derive(Clone, Default)]
pub struct Fragments {
    /// Sorted: a file may hold a million tokens, and each of them a name of its own.
    pieces: Vec<u64>,
}

impl Fragments {
    /// Those of `tokens`, which are all that the detector finds in `bytes`.
    pub fn new(detector: &Detector, bytes: &[u8], tokens: &[Token]) -> Self {
        let mut all = Self::default();
        if tokens.is_empty() {
            return all;
        }
        for (token, body) in detector.read(bytes) {
            let runs = body.split(|it| !it.is_ascii_alphanumeric());
            // What follows a prefix may be plain words, as in the name of a function.
            let runs = runs.filter(|it| token.certainty.violates() || is_secretive(it));
            all.pieces.extend(runs.flat_map(pieces));
        }
        all.sort();
        all
    }

    /// Whether a word has a piece in common with one of the bodies.
    pub fn touch(&self, word: &[u8]) -> bool {
        !self.is_empty() && pieces(word).any(|it| self.pieces.binary_search(&it).is_ok())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Takes in those of other tokens.
    pub fn extend(&mut self, other: Self) {
        if !other.is_empty() {
            self.pieces.extend(other.pieces);
        }
    }

    /// Makes [`Fragments::touch`] right after [`Fragments::extend`].
    pub fn sort(&mut self) {
        self.pieces.sort_unstable();
        self.pieces.dedup();
    }
}

/// Whether a run of letters and digits varies like a secret.
pub fn is_secretive(run: &[u8]) -> bool {
    let mut seen = [false; 256];
    run.iter().for_each(|&b| seen[usize::from(b)] = true);
    let mixed = run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic);
    run.len() >= SECRETIVE && mixed && seen.iter().filter(|&&it| it).count() >= DISTINCT
}

/// The pieces of a word, in small letters: some systems write names in one case.
fn pieces(word: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let piece =
        |it: &[u8]| it.iter().fold(0, |bits, b| bits << 8 | u64::from(b.to_ascii_lowercase()));
    word.windows(PIECE).map(piece)
}
