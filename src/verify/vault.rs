//! The tokens that a scan reads, each once, to be asked about when it is over. Nothing in it can be shown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Secret, Verdict};
use crate::detect::{Detector, Fingerprint};
use crate::scan::Report;
use crate::source::Blob;

/// After so many tokens in a row about which the service says nothing, no more are asked about.
const PATIENCE: usize = 3;

/// What a scan reads.
#[derive(Default)]
pub struct Vault(Mutex<BTreeMap<Fingerprint, Secret>>);

impl Vault {
    /// Keeps the tokens of a blob and its name.
    pub fn keep(&self, blob: &Blob<'_>, detector: &Detector) {
        let texts = [blob.bytes, blob.path.as_bytes()].into_iter();
        let texts = texts.filter(|it| detector.may_hold(it));
        for (token, text) in texts.flat_map(|it| detector.reveal(it)) {
            let Ok(text) = String::from_utf8(text) else { continue };
            if token.certainty.violates() {
                let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                kept.entry(token.fingerprint).or_insert(Secret { text, token });
            }
        }
    }

    /// Asks about each token of which the report has a finding, and marks the findings.
    pub fn ask(self, report: &mut Report<'_>, ask: &mut dyn FnMut(&Secret) -> Verdict) {
        let kept = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut verdicts: BTreeMap<Fingerprint, Arc<Verdict>> = BTreeMap::new();
        let mut unknown = 0;
        for finding in &mut report.findings {
            let Some(token) = finding.subject.token() else { continue };
            let verdict = verdicts.entry(token.fingerprint).or_insert_with(|| {
                let verdict = match kept.get(&token.fingerprint) {
                    Some(secret) if unknown < PATIENCE => ask(secret),
                    Some(_) => silent(),
                    None => unread(),
                };
                let is_unknown = matches!(verdict, Verdict::Unknown { .. });
                unknown = if is_unknown { unknown + 1 } else { 0 };
                Arc::new(verdict)
            });
            finding.verdict = Some(Arc::clone(verdict));
        }
    }
}

fn silent() -> Verdict {
    let why = format!("not asked: the service said nothing about {PATIENCE} others");
    Verdict::Unknown { why }
}

fn unread() -> Verdict {
    Verdict::Unknown { why: "not asked: the file has changed while it was read".to_owned() }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}
