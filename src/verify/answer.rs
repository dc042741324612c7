//! What an answer means. Pure: an answer in, a verdict and whether to ask again out.

use std::time::Duration;

use serde::Deserialize;

use super::Verdict;
use crate::detect::Detector;
use crate::excerpt::{LONGEST, masked, printable, veiled};

/// What came back from one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// An HTTP response.
    Response {
        /// Its status.
        status: u16,
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
        /// Its body.
        body: Vec<u8>,
    },
    /// No response, or none that could be read; the text says why.
    Failure(String),
}

/// Whether asking again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// The answer will not change.
    Never,
    /// The service is busy, and may have said for how long.
    Soon(Option<Duration>),
    /// The answer changes if the token is new, or the connection bad.
    IfNew,
}

/// Codes by which GraphQL services refuse whoever asks; the first is the documented one.
const REFUSALS: [&str; 3] = ["UNAUTHORIZED", "UNAUTHENTICATED", "FORBIDDEN"];

#[derive(Deserialize)]
struct Body {
    data: Option<Data>,
    errors: Option<Vec<Problem>>,
}

#[derive(Deserialize)]
struct Data {
    organization: Option<Organization>,
}

#[derive(Deserialize)]
struct Organization {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

impl Answer {
    pub(super) fn meaning(&self) -> (Verdict, Again) {
        let (status, retry_after, body) = match self {
            Self::Response { status, retry_after, body } => (*status, *retry_after, body),
            Self::Failure(why) => return (unknown(why), Again::IfNew),
        };
        match status {
            200 => meaning_of(body),
            401 => {
                let why =
                    "401: the token is wrong, missing or expired (the service does not say which)";
                (Verdict::Rejected { why: why.to_owned() }, Again::IfNew)
            }
            403 if serde_json::from_slice::<Body>(body).is_ok_and(|it| it.errors.is_some()) => {
                let why = "403: the token may not read its organisation";
                (Verdict::Rejected { why: why.to_owned() }, Again::IfNew)
            }
            300..=399 => (
                unknown(&format!(
                    "a redirect ({status}), which is not followed: is the URL right?"
                )),
                Again::Never,
            ),
            429 => (unknown("the service is asked too often (429)"), Again::Soon(retry_after)),
            500..=599 => (
                unknown(&format!("the service has a problem ({status})")),
                Again::Soon(retry_after),
            ),
            _ => (unknown(&format!("an answer that says nothing ({status})")), Again::Never),
        }
    }
}

/// A status of 200 alone says nothing: errors come with it, too.
fn meaning_of(body: &[u8]) -> (Verdict, Again) {
    let Ok(Body { data, errors }) = serde_json::from_slice(body) else {
        return (unknown("an answer that is not the service's: is the URL right?"), Again::Never);
    };
    if let Some(problem) = errors.iter().flatten().next() {
        let why = format!("an error of the service: {}", shown(&problem.message));
        let code = problem.extensions.as_ref().and_then(|it| it.code.as_deref());
        return match code.is_some_and(|it| REFUSALS.contains(&it)) {
            true => (Verdict::Rejected { why }, Again::IfNew),
            false => (Verdict::Unknown { why }, Again::Never),
        };
    }
    match data.and_then(|it| it.organization) {
        Some(it) => (Verdict::Valid { organisation: it.name.as_deref().map(shown) }, Again::Never),
        None => (unknown("an answer without an organisation"), Again::Never),
    }
}

fn unknown(why: &str) -> Verdict {
    Verdict::Unknown { why: shown(why) }
}

/// Text of the service as people may see it. CI systems that read the log look for `##` anywhere in a line.
fn shown(text: &str) -> String {
    let text = printable(&veiled(&masked(text, Detector::shared())));
    text.replace("##", "#\\u{23}").chars().take(LONGEST).collect()
}
