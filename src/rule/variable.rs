//! What a rule may ask about a variable of a running job, and what there is to say of the answer.

use serde::Deserialize;

use super::when::one_or_more;
use crate::detect::{self, Kind};
use crate::environment::{Form, Held, Purpose};

/// Which variables: every key that is given must hold. A variable with several tokens is asked about each of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    /// Whether the job is a CI system's.
    #[serde(default)]
    ci: Option<bool>,
    /// Whether the job releases something.
    #[serde(default)]
    release: Option<bool>,
    /// What the variable is for: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    purpose: Vec<Purpose>,
    /// How its value looks: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    form: Vec<Form>,
    /// Whose token is in it.
    #[serde(default)]
    kind: Option<Kind>,
    /// Which installation accepts that: one of these.
    #[serde(default, deserialize_with = "one_or_more")]
    environment: Vec<detect::Environment>,
    /// Whose its entry in the inventory says it is.
    #[serde(default)]
    declared_as: Option<Kind>,
    /// Whether its last day, as its entry says it, is over.
    #[serde(default)]
    ended: Option<bool>,
    /// Whether other variables hold that, too. One of them stands for all.
    #[serde(default)]
    shared: Option<bool>,
}

impl Variable {
    /// Whether a variable is meant, and what more there is to say: words that follow the rule's summary.
    pub(super) fn holds(&self, it: &Held<'_>) -> Option<String> {
        let meant = self.ci.is_none_or(|ci| ci == it.job.ci)
            && self.release.is_none_or(|release| release == it.job.release.is_some())
            && (self.purpose.is_empty() || self.purpose.contains(&it.purpose))
            && (self.form.is_empty() || self.form.contains(&it.form))
            && self.shared.is_none_or(|shared| shared != it.also_in.is_empty())
            && self.is_token_meant(it);
        meant.then(|| self.notes(it).join(", "))
    }

    /// What is not about the tokens is said once of a variable, however many it holds.
    fn is_token_meant(&self, it: &Held<'_>) -> bool {
        let asked = self.kind.is_some() || !self.environment.is_empty() || self.shared.is_some();
        let declared = self.declared_as.is_some() || self.ended.is_some();
        let fits = |token: &detect::Token| {
            self.kind.is_none_or(|kind| kind == token.kind)
                && (self.environment.is_empty() || self.environment.contains(&token.environment))
        };
        let over = it.declared.and_then(|entry| Some(entry.expires? < it.now));
        (if asked || declared { it.token.is_some_and(fits) } else { it.is_first })
            && self.declared_as.is_none_or(|kind| it.declared.is_some_and(|it| it.kind == kind))
            && self.ended.is_none_or(|ended| over == Some(ended))
    }

    fn notes(&self, it: &Held<'_>) -> Vec<String> {
        let sign = self.release.and(it.job.release.as_ref()).map(|it| format!("told by {it}"));
        let formed = !self.form.is_empty() && !it.around.is_empty();
        let around = formed.then(|| format!("it has {}", it.around));
        let names =
            (self.shared == Some(true)).then(|| format!("also in {}", it.also_in.join(", ")));
        let end = self.ended.and(it.declared).and_then(|it| it.expires);
        let end = end.map(|it| format!("its last day is {it}"));
        [sign, around, names, end].into_iter().flatten().collect()
    }
}
