//! Short names for long things: enough of a SHA-256 to tell two of them apart.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The first 64 bits of a SHA-256, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u64);

impl Digest {
    /// Of bytes that stand one after another.
    pub fn of<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Self {
        let hasher = parts.into_iter().fold(Sha256::new(), Sha256::chain_update);
        Self(hasher.finalize().iter().take(8).fold(0, |bits, &b| bits << 8 | u64::from(b)))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Digest {
    /// What such a digest looks like.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let bits = u64::from_str_radix(text, 16).ok();
        bits.filter(|_| text.len() == 16 && text.bytes().all(hexadecimal))
            .map(Self)
            .ok_or("16 hexadecimal digits")
    }
}
