//! Judges the name of a file as a text of its own: a token in it is in every listing, log and link.

use super::judge::findings;
use super::reading::Reading;
use super::show::Shower;
use crate::excerpt::Veil;
use crate::finding::{Finding, Position};
use crate::policy::Policy;
use crate::site::Facts;
use crate::source::{Blob, Naming};

/// What stands at no line, where formats and their readers need one.
const TOP: Position = Position { byte: 0, line: 1, column: 1 };

/// Whether a name deserves a closer look.
pub(super) fn may_hold(blob: &Blob<'_>, policy: &Policy) -> bool {
    blob.naming == Naming::Judged && policy.detector.may_name(blob.path)
}

/// What the tokens in a name break. Each is found at the folder or file that is named with it, however many files are below.
pub(super) fn judge<'p>(blob: &Blob<'_>, policy: &'p Policy) -> Vec<Finding<'p>> {
    let veil = Veil::of(blob.path.as_bytes()).and(blob.bytes);
    let platform = policy.platforms().of_names();
    let violating = veil.tokens().iter().filter(|it| it.certainty.violates());
    let found = violating.flat_map(|token| {
        let rest = &blob.path[token.span.end..];
        let path = &blob.path[..token.span.end + rest.find('/').unwrap_or(rest.len())];
        let named = Blob { commit: blob.commit, ..Blob::whole(path, path.as_bytes()) };
        let reading = Reading::of(&named);
        let facts = Facts::of(platform, named.path, named.bytes, &[]);
        let shower = Shower::new(&named, &reading, policy, &veil);
        findings(policy, &facts, std::slice::from_ref(token), shower)
    });
    found.map(|it| Finding { start: TOP, end: TOP, ..it }).collect()
}
