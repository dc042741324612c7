//! `lynklint validate`: whether the configuration, its sets, its baseline and its rules are right. Scans nothing.

use std::path::PathBuf;

use clap::Args;

use super::settings::{Set, Settings};
use super::{Failure, baseline, say};
use crate::config::Config;
use crate::policy::scope::Globs;
use crate::report::{self, Format};
use crate::scan::Outcome;
use crate::source;
use crate::yaml_file::YamlFile;

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
    let globs = globs(&set.policy.config);
    let mut idle: Vec<Vec<usize>> =
        globs.iter().map(|it| (0..it.globs.texts().len()).collect()).collect();
    source::each_name(&set.root, &mut |path| {
        for (Stated { globs, .. }, idle) in
            globs.iter().zip(&mut idle).filter(|it| !it.1.is_empty())
        {
            let matching = globs.matches(path);
            idle.retain(|it| !matching.contains(it));
        }
        idle.iter().any(|it| !it.is_empty())
    });
    let warning = |it: &Stated<'_>, n: usize| {
        let message = format!("`{}` matches no file", it.globs.texts()[n]);
        it.file.warning(&format!("{}.{n}", it.at), message).shown()
    };
    let idle = globs.iter().zip(&idle);
    idle.flat_map(|(it, idle)| idle.iter().map(|n| warning(it, *n))).collect()
}

/// Globs where they are stated.
struct Stated<'c> {
    file: &'c YamlFile,
    at: String,
    globs: &'c Globs,
}

fn globs(config: &Config) -> Vec<Stated<'_>> {
    let mut all = Vec::new();
    if let Some(file) = &config.file {
        all.push(Stated { file, at: "paths.exclude".to_owned(), globs: &config.exclude });
        for (wanted, index) in config.sets.iter().filter_map(|it| Some((it, it.index?))) {
            let scope = |key| format!("policy_sets.{index}.scope.{key}");
            all.push(Stated { file, at: scope("include"), globs: &wanted.scope.include });
            all.push(Stated { file, at: scope("exclude"), globs: &wanted.scope.exclude });
        }
    }
    for token in config.inventory.tokens() {
        let (file, at) = (config.inventory.file(token), format!("tokens.{}.used_by", token.index));
        all.push(Stated { file, at, globs: &token.used_by });
    }
    all
}
