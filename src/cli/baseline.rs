//! `lynklint baseline`: accept what is there, drop what is no more, show what is accepted.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};

use super::settings::{Set, Settings, path};
use super::{Failure, say};
use crate::baseline::{Acceptance, Baseline};
use crate::config::BASELINE;
use crate::date::Date;
use crate::excerpt::{masked, printable};
use crate::exempt::Terms;
use crate::report::{Format, plural};
use crate::scan::{self, Again, Files, Outcome, Progress, Report};
use crate::source::{self, WalkOptions};
use crate::yaml_file::{Kind, YamlFile};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Accept every finding that is there now
    Create(Create),
    /// Drop what no longer occurs, and follow what has moved
    Prune(Prune),
    /// Show what is accepted
    Show(Show),
}

#[derive(Args)]
pub(super) struct Create {
    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day on which they are
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Accept findings of hard-mandatory rules, too; needs --by
    #[arg(long, requires = "by")]
    accept_hard: bool,
    /// Who accepts those
    #[arg(long, value_name = "WHO", requires = "accept_hard")]
    by: Option<String>,
    /// Replace the baseline that is there
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
pub(super) struct Prune {
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    place: Place,
}

#[derive(Args)]
struct Place {
    /// The baseline [default: .lynklint-baseline.yaml beside the configuration]
    #[arg(long, value_name = "FILE", env = "LYNKLINT_BASELINE", hide_env_values = true, value_parser = path())]
    baseline: Option<PathBuf>,
    /// Read what ignore rules hide, too
    #[arg(long)]
    no_ignore: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Verb {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let text = match self {
            Self::Create(verb) => verb.text(),
            Self::Prune(verb) => verb.text(),
            Self::Show(verb) => verb.text(),
        };
        say(&text.map_err(|error| Failure::new(Format::Human, &error))?)
    }
}

impl Create {
    fn text(&self) -> anyhow::Result<String> {
        let set = self.place.set()?;
        let path = self.place.path(&set);
        let shown = path.display();
        ensure!(
            self.replace || !path.exists(),
            "{shown} exists already: `baseline prune` drops what is no more, --replace starts anew"
        );
        ensure!(set.now <= self.until, "--until {}: that day is over", self.until);
        let said = |key: &str, text: &str| {
            ensure!(!text.trim().is_empty(), "{key} is empty");
            Ok(printable(&masked(text.trim(), set.policy.detector)))
        };
        let terms = Acceptance {
            reason: said("--reason", &self.reason)?,
            until: self.until,
            approver: self.by.as_ref().map(|it| said("--by", it)).transpose()?,
        };
        let report = self.place.scanned(&set)?;
        let (baseline, left_out) =
            Baseline::of(&shown.to_string(), &report.findings, &set.policy.anchor, &terms);
        write(&path, &baseline)?;
        let mut text =
            format!("wrote {shown}: {}\n", plural(baseline.entries.len() as u64, "entry"));
        if left_out > 0 {
            let left_out = plural(left_out as u64, "finding");
            let _ = writeln!(
                text,
                "left out: {left_out} of hard-mandatory rules; --accept-hard and --by take them in"
            );
        }
        Ok(text)
    }
}

impl Prune {
    fn text(&self) -> anyhow::Result<String> {
        let set = self.place.set()?;
        let path = self.place.path(&set);
        let file = self.place.file(&set)?;
        let mut baseline = Baseline::parse(&file)?;
        baseline.gone = gone(&baseline, &set.root);
        let report = self.place.scanned(&set)?;
        let pruned = baseline.pruned(&report.findings, &set.policy.anchor);
        let count = |it: &Baseline| it.entries.iter().map(|it| it.count).sum::<usize>();
        let dropped = count(&baseline) - count(&pruned);
        if pruned.entries != baseline.entries {
            write(&path, &pruned)?;
        }
        let dropped = plural(dropped as u64, "finding");
        Ok(format!("{dropped} dropped, {} left in {}", count(&pruned), path.display()))
    }
}

impl Show {
    fn text(&self) -> anyhow::Result<String> {
        let set = self.place.set()?;
        let baseline = Baseline::parse(&self.place.file(&set)?)?;
        let mut text = String::new();
        for entry in &baseline.entries {
            let until = baseline.until_of(entry);
            let over = if until.is_some_and(|it| it < set.now) { " (over)" } else { "" };
            let until = until.map_or_else(String::new, |it| it.to_string());
            let approver =
                entry.approver.as_ref().map_or_else(String::new, |it| format!(" by {it}"));
            let reason = baseline.reason_of(entry).unwrap_or_default();
            let (path, rule, subject, count) =
                (printable(&entry.path), &entry.rule, &entry.subject, entry.count);
            let _ = writeln!(
                text,
                "{path}: {rule}: {subject} ×{count} until {until}{over}{approver}: {reason}"
            );
        }
        let findings = baseline.entries.iter().map(|it| it.count).sum::<usize>();
        let findings = plural(findings as u64, "finding");
        let _ = write!(text, "{findings} accepted in {}", baseline.name);
        Ok(text)
    }
}

impl Place {
    /// The policy for all of the repository.
    fn set(&self) -> anyhow::Result<Set> {
        let here = std::env::current_dir().context("could not find the current folder")?;
        self.settings.policy(&[source::repository_of(&here).unwrap_or(here)])
    }

    fn path(&self, set: &Set) -> PathBuf {
        match self.baseline.as_ref().filter(|it| !it.as_os_str().is_empty()) {
            Some(path) => path.clone(),
            None => set.home.join(set.policy.config.baseline.as_deref().unwrap_or(BASELINE)),
        }
    }

    fn file(&self, set: &Set) -> anyhow::Result<YamlFile> {
        let path = self.path(set);
        let text = source::text(&path)
            .with_context(|| "there is no baseline: `lynklint baseline create` writes one")?;
        Ok(YamlFile::new(Kind::Baseline, path.display().to_string(), text))
    }

    /// The findings of the whole repository, with suppressions and exceptions applied.
    fn scanned<'p>(&self, set: &'p Set) -> anyhow::Result<Report<'p>> {
        let options = WalkOptions { no_ignore: self.no_ignore, jobs: 0 };
        let roots = std::slice::from_ref(&set.root);
        let again: &Again<'_> = &|wanted, visit| source::walk_some(roots, &options, wanted, visit);
        let files = Files::InFolders(again);
        let mut report = scan::scan(&set.policy, &Progress::default(), files, |visit| {
            source::walk(roots, &options, visit)
        })?;
        ensure!(
            report.coverage.skipped.is_empty(),
            "{} could not be read, so what is there is not known: `lynklint check` names them",
            plural(report.coverage.skipped.len() as u64, "path")
        );
        report.exempt(&Terms::of(set.now));
        Ok(report)
    }
}

/// The baseline of a run, if there is one: the one that is asked for, or the one beside the configuration.
pub(super) fn of_run(asked: Option<&Path>, set: &Set) -> anyhow::Result<Option<Baseline>> {
    let named = set.policy.config.baseline.as_deref();
    let asked = asked.filter(|it| !it.as_os_str().is_empty());
    let name =
        asked.map_or_else(|| named.unwrap_or(BASELINE).to_owned(), |it| it.display().to_string());
    let text = match asked {
        Some(path) => Some(source::text(path)?),
        None => set.tree.text(&name)?,
    };
    if asked.is_none() && named.is_some() && text.is_none() {
        return Err(set.policy.config.broken("baseline", format!("there is no file {name}")));
    }
    let Some(text) = text else {
        return Ok(None);
    };
    let file = YamlFile::new(Kind::Baseline, name, text);
    let mut baseline = Baseline::parse(&file)?;
    baseline.check_rules(&file, &set.policy)?;
    baseline.gone = gone(&baseline, &set.root);
    Ok(Some(baseline))
}

fn gone(baseline: &Baseline, root: &Path) -> std::collections::BTreeSet<String> {
    let mut paths: Vec<&String> = baseline.entries.iter().map(|it| &it.path).collect();
    paths.dedup();
    paths.into_iter().filter(|it| !source::exists(&root.join(it))).cloned().collect()
}

fn write(path: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    let text = baseline.text();
    source::replace(path, |out| out.write_all(text.as_bytes()))
        .with_context(|| format!("could not write {}", path.display()))
}
