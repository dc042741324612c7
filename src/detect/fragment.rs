//! Tells whether a name holds a piece of a token that stands in the same file.

use super::{Detector, Token};

/// How many characters make a piece. Those of `[0-9a-z]` fit into 32 bits.
const PIECE: usize = 6;
/// How far apart the pieces of a body begin. Whatever has eight characters in a row in common with a body has one of its
/// pieces, wherever they begin.
const STRIDE: usize = 3;
/// The shortest run of letters and digits that might be the body of a token which is written in a way that nobody knows.
const SECRETIVE: usize = 16;
/// How many different characters such a run has.
const DISTINCT: usize = 9;

/// The pieces of the bodies of some tokens. They are bodies all the same, so nothing can show them.
#[derive(Clone, Default)]
pub struct Fragments {
    /// Sorted: a file may hold a million tokens, and each of them a name of its own.
    pieces: Vec<u32>,
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
            all.pieces.extend(runs.flat_map(|it| pieces(it).step_by(STRIDE)));
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

/// Every piece of a word of letters and digits, in small letters: some systems write names in one case.
fn pieces(word: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let digit = |b: &u8| char::from(*b).to_digit(36).unwrap_or(0);
    word.windows(PIECE).map(move |it| it.iter().fold(0, |sum, b| sum * 36 + digit(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_characters_in_a_row_have_a_piece_wherever_they_begin() {
        let body = b"3kVbQm7TzXw9RdYhJ2cNfLpG5sAeU8tK";
        for len in 8..=body.len() {
            let body = &body[..len];
            let mut known = Fragments { pieces: pieces(body).step_by(STRIDE).collect() };
            known.sort();
            assert!(body.windows(8).all(|it| known.touch(it)), "{len}");
            assert!(!known.touch(b"interlynk") && !known.touch(&body[..5]));
        }
    }
}
