//! `lynklint validate`: whether the configuration, its sets, its baseline and its rules are right. Scans nothing.

use std::path::PathBuf;

use clap::Args;

use super::settings::{Set, Settings};
use super::{Failure, baseline, say};
use crate::policy::scope::Globs;
use crate::report::{self, Format};
use crate::scan::Outcome;
use crate::source;

#[derive(Args)]
pub(super) struct Arguments {
    /// The configuration [default: .lynklint.yaml at the repository's root]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let text = self.text().map_err(|error| Failure::new(Format::Human, &error))?;
        say(&text)
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut settings = self.settings.clone();
        settings.config = self.file.clone().or(settings.config);
        let set = settings.policy(&[])?;
        baseline::of_run(None, &set)?;
        let warnings: String = idle_globs(&set).iter().map(|it| format!("{it}\n\n")).collect();
        let (judged_by, rules) = (report::judged_by(&set.policy), set.policy.known().count());
        Ok(format!("{warnings}valid: {judged_by}; {rules} rules"))
    }
}

/// A warning for each glob that matches no file of the repository.
fn idle_globs(set: &Set) -> Vec<String> {
    let config = &set.policy.config;
    let Some(file) = &config.file else {
        return Vec::new();
    };
    let mut globs: Vec<(String, &Globs)> = vec![("paths.exclude".to_owned(), &config.exclude)];
    for (wanted, index) in config.sets.iter().filter_map(|it| Some((it, it.index?))) {
        globs.push((format!("policy_sets.{index}.scope.include"), &wanted.scope.include));
        globs.push((format!("policy_sets.{index}.scope.exclude"), &wanted.scope.exclude));
    }
    for (index, token) in config.tokens.iter().enumerate() {
        globs.push((format!("tokens.{index}.used_by"), &token.used_by));
    }
    let mut idle: Vec<Vec<usize>> =
        globs.iter().map(|it| (0..it.1.texts().len()).collect()).collect();
    source::each_name(&set.root, &mut |path| {
        for ((_, globs), idle) in globs.iter().zip(&mut idle).filter(|it| !it.1.is_empty()) {
            let matching = globs.matches(path);
            idle.retain(|it| !matching.contains(it));
        }
        idle.iter().any(|it| !it.is_empty())
    });
    let warning = |at: &str, globs: &Globs, n: usize| {
        let message = format!("`{}` matches no file", globs.texts()[n]);
        file.warning(&format!("{at}.{n}"), message).shown()
    };
    let idle = globs.iter().zip(&idle);
    idle.flat_map(|((at, globs), idle)| idle.iter().map(|n| warning(at, globs, *n))).collect()
}
