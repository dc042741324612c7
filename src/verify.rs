//! Asks the service whether a token is valid: one request, patience where the service asks for it, three possible verdicts.
//!
//! [`ask`] knows no network and no clock: it is given both. [`Service`] is the network, and [`Vault`] keeps what a scan found.

mod answer;
mod http;
mod vault;

use std::fmt;
use std::time::Duration;

pub use crate::finding::Verdict;
pub use answer::Answer;
pub use http::{Endpoint, Service};
pub use vault::Vault;

use crate::detect::{Detector, Encoding, Token};
use answer::Again;

/// How often a busy service is asked again.
const RETRIES: u32 = 3;
/// The longest pause that a service may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How far apart the requests for a new token are, and how long it may take to become known: lynk-mcp's `verify` asks 24
/// times, 10 to 15 seconds apart.
const PACE: Duration = Duration::from_secs(15);
const SPREADING: Duration = Duration::from_mins(6);

/// A token that may be sent: its text, and what people may see of it. Only [`Service`] reads the text.
pub struct Secret {
    text: String,
    token: Token,
}

impl Secret {
    /// Takes a value that is one token of the family and nothing else, so that no other secret is ever sent.
    pub fn read(value: &[u8], detector: &Detector) -> Option<Self> {
        let token = detector.find(value).into_iter().next()?;
        let whole = token.span == (0..value.len()) && token.encoding == Encoding::Plain;
        let text = String::from_utf8(value.to_vec()).ok()?;
        (whole && token.certainty.violates()).then_some(Self { text, token })
    }

    /// What people may see of it.
    pub fn token(&self) -> &Token {
        &self.token
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.token.masked())
    }
}

/// How long to go on asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Three times more while the service is busy, after what it asks for or after 1, 2 and 4 seconds.
    Short,
    /// Some six minutes, whatever the answer: as long as a new token may need to become known everywhere.
    Long,
}

/// Time, as [`ask`] sees it.
pub trait Clock {
    /// How long ago the first request was.
    fn elapsed(&self) -> Duration;
    /// Lets time pass; `why` is fit to be shown.
    fn pause(&mut self, length: Duration, why: &str);
}

/// Asks until there is a verdict or patience ends. `send` is one request.
pub fn ask(send: &mut dyn FnMut() -> Answer, patience: Patience, clock: &mut dyn Clock) -> Verdict {
    let mut retries = 0;
    loop {
        let (verdict, again) = send().meaning();
        let Some(length) = patience.pause(again, retries, clock.elapsed()) else {
            return verdict;
        };
        clock.pause(length, verdict.why());
        retries += 1;
    }
}

impl Verdict {
    fn why(&self) -> &str {
        match self {
            Self::Valid { .. } => "valid",
            Self::Rejected { why } | Self::Unknown { why } => why,
        }
    }
}

impl Patience {
    /// How long to wait before the next request, if there should be one.
    fn pause(self, again: Again, retries: u32, elapsed: Duration) -> Option<Duration> {
        match (self, again) {
            (_, Again::Never) | (Self::Short, Again::IfNew) => None,
            (Self::Short, Again::Soon(asked)) => {
                let own = Duration::from_secs(1 << retries.min(RETRIES));
                (retries < RETRIES).then_some(asked.unwrap_or(own).min(LONGEST_PAUSE))
            }
            (Self::Long, Again::Soon(asked)) => {
                let length = asked.unwrap_or(PACE).clamp(PACE, LONGEST_PAUSE);
                (elapsed + length <= SPREADING).then_some(length)
            }
            (Self::Long, Again::IfNew) => (elapsed + PACE <= SPREADING).then_some(PACE),
        }
    }
}
