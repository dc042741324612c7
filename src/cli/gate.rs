//! What fails a run, and what does not count: the flags of every verb that judges.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use clap::Args;
use clap::builder::FalseyValueParser;

use super::baseline;
use super::settings::{Set, path};
use crate::excerpt::{masked, printable};
use crate::exempt::{Heeded, Override, Terms};
use crate::policy::{Enforcement, Gate, Policy};
use crate::yaml_file::meant;

#[derive(Args, Clone)]
pub(super) struct Flags {
    /// Fail on violations of this level and those above
    #[arg(
        long,
        value_name = "LEVEL",
        env = "LYNKLINT_FAIL_ON",
        hide_env_values = true,
        default_value = "soft-mandatory"
    )]
    fail_on: FailOn,
    /// End with 0 though a mandatory policy failed; the report says so
    #[arg(long, env = "LYNKLINT_EXIT_ZERO", hide_env_values = true, value_parser = FalseyValueParser::new())]
    exit_zero: bool,
    /// Let a soft-mandatory rule fail nothing in this run; needs --reason and --by, and the report says so
    #[arg(long = "override", value_name = "RULE", requires_all = ["reason", "by"])]
    overrides: Vec<String>,
    /// Why the rules are overridden
    #[arg(long, value_name = "TEXT", requires = "overrides")]
    reason: Option<String>,
    /// Who overrides them
    #[arg(long, value_name = "WHO", requires = "overrides")]
    by: Option<String>,
    /// Judge as if there were no suppressions, in comments or in the configuration
    #[arg(long, env = "LYNKLINT_NO_SUPPRESSIONS", hide_env_values = true, value_parser = FalseyValueParser::new())]
    no_suppressions: bool,
}

/// Which baseline exempts findings: the flags of every verb that judges files.
#[derive(Args, Clone)]
pub(super) struct Accepted {
    /// Exempt the findings of this baseline [default: .lynklint-baseline.yaml beside the configuration, if it is there]
    #[arg(long, value_name = "FILE", env = "LYNKLINT_BASELINE", hide_env_values = true, value_parser = path())]
    baseline: Option<PathBuf>,
    /// Use no baseline
    #[arg(long, env = "LYNKLINT_NO_BASELINE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    no_baseline: bool,
}

/// A level as an argument.
#[derive(Clone, Copy)]
struct FailOn(Enforcement);

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Enforcement::ALL.map(Enforcement::name);
        let default = text.is_empty().then_some(Enforcement::SoftMandatory);
        let level = Enforcement::parse(text).or(default).map(Self);
        level.ok_or_else(|| format!("it is one of {}{}", names.join(", "), meant(text, names)))
    }
}

impl Flags {
    pub(super) fn gate(&self) -> Gate {
        Gate { fail_on: self.fail_on.0, exit_zero: self.exit_zero }
    }

    /// What does not count, without a baseline.
    pub(super) fn terms(&self, set: &Set) -> anyhow::Result<Terms> {
        let overrides = self.overrides.iter().map(|it| self.overridden(it, &set.policy));
        Ok(Terms {
            now: set.now,
            suppressions: if self.no_suppressions { Heeded::No } else { Heeded::Yes },
            whole: false,
            baseline: None,
            overrides: overrides.collect::<Result<_, _>>()?,
        })
    }

    /// What does not count in files. `whole` says whether the scan is of the whole repository.
    pub(super) fn terms_of_files(
        &self,
        accepted: &Accepted,
        set: &Set,
        whole: bool,
    ) -> anyhow::Result<Terms> {
        let baseline = match accepted.no_baseline {
            true => None,
            false => baseline::of_run(accepted.baseline.as_deref(), set)?,
        };
        Ok(Terms { whole, baseline, ..self.terms(set)? })
    }

    fn overridden(&self, id: &str, policy: &Policy) -> anyhow::Result<Override> {
        let said = |key: &str, text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default().trim();
            ensure!(!text.is_empty(), "--override {id}: {key} is empty");
            Ok(printable(&masked(text, policy.detector)))
        };
        let rule = policy.known().find(|it| it.id.as_str() == id).with_context(|| {
            let meant = meant(id, policy.known().map(|it| it.id.as_str()));
            format!("--override: there is no rule `{id}`: `lynklint rules list` shows all{meant}")
        })?;
        let levels = policy.levels(rule).into_iter().map(|it| it.0.enforcement);
        match levels.max_by_key(|it| *it == Enforcement::SoftMandatory) {
            Some(Enforcement::SoftMandatory) => {}
            Some(Enforcement::HardMandatory) => {
                bail!(
                    "--override: {id} is hard-mandatory: only an exception in the configuration exempts it"
                )
            }
            Some(Enforcement::Advisory) => {
                bail!("--override: {id} is advisory: it fails nothing")
            }
            None => bail!("--override: no set has {id}: it fails nothing"),
        }
        let rule = rule.id.clone();
        Ok(Override { rule, reason: said("--reason", &self.reason)?, by: said("--by", &self.by)? })
    }
}
