//! How a token is named rather than written: variables, secrets and the issuer's host.

use std::ops::Range;

/// A word of the bytes that names a token or the host which accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What is named.
    pub what: Named,
    /// The word as it is written.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A token: `INTERLYNK_SECURITY_TOKEN`, `interlynk-token`.
    Token,
    /// The host that tokens are for.
    Host,
}

/// The whole word around a hit, of the characters that `belongs` to names.
pub(super) fn word(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> Range<usize> {
    /// More than the longest name.
    const REACH: usize = 128;
    let before = bytes[at.saturating_sub(REACH)..at].iter().rev();
    let start = at - before.take_while(|b| belongs(**b)).count();
    let after = bytes[at..(at + REACH).min(bytes.len())].iter();
    start..at + after.take_while(|b| belongs(**b)).count()
}
