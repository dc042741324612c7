//! Judges the variables of a running job: which of them hold tokens, and whether each may. Reads nothing but its arguments.

mod base;
mod check;
mod form;
mod hook;
mod job;

use std::collections::{BTreeMap, BTreeSet};

pub use base::{change, system};
pub use check::Check;
pub use hook::hook_prefix;
pub use job::Job;

use crate::detect::{Detector, Encoding, Environment, Fingerprint, Kind, Token};
use crate::excerpt::{masked, veiled};
use crate::policy::Gate;
use crate::scan::Outcome;
use form::{Form, Words};

/// The most characters of a name that are shown.
const LONGEST_NAME: usize = 120;

/// A variable as the process got it. Neither part need be UTF-8.
#[derive(Clone, Copy)]
pub struct Variable<'e> {
    /// Its name.
    pub name: &'e [u8],
    /// Its value.
    pub value: &'e [u8],
}

/// What is asked about an environment.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Variables that must hold a token, beside the family's own, which may.
    pub names: Vec<String>,
    /// Whether this is a CI job, even if no variable says so.
    pub ci: bool,
    /// Whether this is a release job, even if no variable says so.
    pub release: bool,
    /// Whether an environment without a token is fine.
    pub allow_none: bool,
}

/// A variable that was judged. The name is fit to be shown.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The tokens in it, of any certainty.
    pub tokens: Vec<Token>,
}

/// Something that is wrong with a variable.
#[derive(Debug)]
pub struct Violation {
    /// What it is.
    pub check: Check,
    /// The variable, fit to be shown.
    pub name: String,
    /// The token that is concerned, if there is one.
    pub token: Option<Token>,
    /// What is particular about this case, in words that follow the summary; may be empty.
    pub detail: String,
}

/// What came out. Holds no part of a value.
#[derive(Debug)]
pub struct Judgement {
    /// Where the process runs.
    pub job: Job,
    /// The variables that were looked at closely, by name.
    pub entries: Vec<Entry>,
    /// What is wrong, worst first.
    pub violations: Vec<Violation>,
    /// Variables that were asked for and are not set, fit to be shown.
    pub missing: Vec<String>,
    allow_none: bool,
}

impl Judgement {
    /// How the run ended: a variable that is missing, or no token at all, leaves the question open.
    pub fn outcome(&self) -> Outcome {
        let open = self.tokens() == 0 && !self.allow_none;
        let failed = self.violations.iter().any(|it| it.check.level() >= Gate::default().fail_on);
        match (self.missing.is_empty(), failed, open) {
            (false, _, _) | (true, false, true) => Outcome::CouldNotJudge,
            (true, true, _) => Outcome::Failed,
            (true, false, false) => Outcome::Passed,
        }
    }

    /// How many different tokens there are.
    pub fn tokens(&self) -> usize {
        let tokens = self.entries.iter().flat_map(|it| &it.tokens);
        let sure = tokens.filter(|it| it.certainty.violates());
        sure.map(|it| &it.fingerprint).collect::<BTreeSet<_>>().len()
    }

    /// Why it ended so, in one sentence.
    pub fn reason(&self) -> String {
        let failing =
            self.violations.iter().filter(|it| it.check.level() >= Gate::default().fail_on).count();
        match self.outcome() {
            Outcome::Passed if self.violations.is_empty() => "passed: no violation".to_owned(),
            Outcome::Passed => "passed: every violation is advisory".to_owned(),
            Outcome::Failed if failing == 1 => {
                "failed: 1 violation of mandatory policies".to_owned()
            }
            Outcome::Failed => format!("failed: {failing} violations of mandatory policies"),
            Outcome::CouldNotJudge if self.missing.is_empty() => {
                "error: nothing to judge: no variable holds a token (--name says which must, --allow-none that none need)"
                    .to_owned()
            }
            Outcome::CouldNotJudge => {
                format!("error: not set, so nothing is known about it: {}", self.missing.join(", "))
            }
        }
    }
}

/// Judges an environment.
pub fn judge(variables: &[Variable<'_>], question: &Question, detector: &Detector) -> Judgement {
    let mut variables = variables.to_vec();
    variables.sort_by_key(|it| (it.name, it.value));
    let names = question.names.iter().chain(detector.variables()).map(String::as_bytes);
    let asked: BTreeSet<&[u8]> = names.collect();
    let is_set = |name: &&String| variables.iter().any(|it| it.name == name.as_bytes());
    let missing = question.names.iter().filter(|it| !is_set(it));
    let mut judgement = Judgement {
        job: Job::of(&variables, question),
        entries: Vec::new(),
        violations: Vec::new(),
        missing: missing.map(|it| shown(it.as_bytes(), detector)).collect(),
        allow_none: question.allow_none,
    };
    let words = Words::builtin();
    for variable in variables {
        let tokens = detector.find(variable.value);
        let is_asked = asked.contains(variable.name);
        if is_asked || tokens.iter().any(|it| it.certainty.violates()) {
            let name = shown(variable.name, detector);
            let purpose = if is_asked { Purpose::Asked } else { words.purpose(variable.name) };
            judgement.judge(name, purpose, Form::of(variable.value, &tokens, &words), tokens);
        }
    }
    judgement.judge_sharing();
    judgement.violations.sort_by(|a, b| {
        let key = |it: &Violation| (it.check.severity(), it.check);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
    judgement
}

/// The lines that make the system of a job hide each token in its log. They hold the tokens, and are for the system alone.
pub fn masks(variables: &[Variable<'_>], job: &Job, detector: &Detector) -> Vec<String> {
    let written = variables.iter().flat_map(|variable| {
        let tokens = detector.find(variable.value).into_iter();
        tokens
            .filter(|it| it.certainty.violates())
            .map(|it| String::from_utf8_lossy(&variable.value[it.span]).into_owned())
    });
    // Anything else would have to be escaped, each system in its own way.
    let plain = |text: &String| text.bytes().all(|b| b.is_ascii_graphic() && b != b'%');
    let written: BTreeSet<String> = written.filter(plain).collect();
    written.iter().filter_map(|it| job.mask(it)).collect()
}

/// A name of a variable as people may see it. Only what names are made of stays as it is, so that none can be a
/// command to the CI system that reads the log.
pub fn shown(name: &[u8], detector: &Detector) -> String {
    let text = veiled(&masked(&String::from_utf8_lossy(name), detector));
    let usual = |it: char| it.is_ascii_alphanumeric() || "_-.()%*".contains(it);
    let mut shown = String::new();
    for it in text.chars().take(LONGEST_NAME) {
        match it {
            it if usual(it) => shown.push(it),
            it => shown.extend(it.escape_unicode()),
        }
    }
    shown
}

/// What a variable is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To hold a token of the family.
    Asked,
    /// To be sent to somebody else.
    Foreign,
    /// Nothing that is known.
    Unknown,
}

impl Judgement {
    fn judge(&mut self, name: String, purpose: Purpose, form: Form, tokens: Vec<Token>) {
        let mut report = |check, token: Option<&Token>, detail: String| {
            let (name, token) = (name.clone(), token.cloned());
            self.violations.push(Violation { check, name, token, detail });
        };
        let sure: BTreeMap<&Fingerprint, &Token> = tokens
            .iter()
            .filter(|it| it.certainty.violates())
            .map(|it| (&it.fingerprint, it))
            .collect();
        for &token in sure.values() {
            if self.job.ci && token.kind == Kind::Personal {
                report(Check::PersonalTokenInCi, Some(token), String::new());
            }
            if let (Some(sign), true) = (&self.job.release, token.environment != Environment::Live)
            {
                report(Check::NonproductionTokenInRelease, Some(token), format!("told by {sign}"));
            }
        }
        let first = sure.values().next().copied();
        match purpose {
            Purpose::Foreign => report(Check::TokenInForeignVariable, first, String::new()),
            Purpose::Unknown => report(Check::TokenInUnknownVariable, first, String::new()),
            Purpose::Asked => match form {
                Form::Whole => {}
                Form::Malformed(what) => {
                    report(Check::MalformedTokenValue, first, format!("it has {what}"));
                }
                Form::Reference => report(Check::UnresolvedReference, None, String::new()),
                Form::Placeholder => report(Check::PlaceholderTokenValue, None, String::new()),
                Form::Empty => report(Check::EmptyTokenVariable, None, String::new()),
                Form::Unshaped => report(Check::UnshapedTokenValue, None, String::new()),
            },
        }
        self.entries.push(Entry { name, tokens });
    }

    fn judge_sharing(&mut self) {
        let mut holders: BTreeMap<Fingerprint, (Token, BTreeSet<String>)> = BTreeMap::new();
        for (entry, token) in
            self.entries.iter().flat_map(|it| it.tokens.iter().map(move |t| (it, t)))
        {
            if token.certainty.violates() {
                let of = holders.entry(token.fingerprint);
                of.or_insert_with(|| (token.clone(), BTreeSet::new())).1.insert(entry.name.clone());
            }
        }
        for (token, names) in holders.into_values().filter(|(_, names)| names.len() > 1) {
            let mut names = names.into_iter();
            let name = names.next().unwrap_or_default();
            let detail = format!("also in {}", names.collect::<Vec<_>>().join(", "));
            let check = Check::SameTokenUnderTwoNames;
            self.violations.push(Violation { check, name, token: Some(token), detail });
        }
    }
}

/// Whether the token is written as it is sent.
fn is_plain(token: &Token) -> bool {
    token.encoding == Encoding::Plain
}
