//! Which policy a run uses: the flags and variables that say so, the file that is found, and how they come together.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};

use crate::config::{self, Config};
use crate::date::Date;
use crate::inventory;
use crate::policy::anchor::Anchor;
use crate::policy::set::SetUse;
use crate::policy::{Assigned, Enforcement, Policy};
use crate::rule::{self, Rule, RuleId};
use crate::source::{self, Tree};
use crate::yaml_file::{Kind, YamlFile, meant};

/// Flags of every verb that judges.
#[derive(Args, Clone, Default)]
pub(super) struct Settings {
    /// Use this configuration instead of .lynklint.yaml at the repository's root
    #[arg(long, value_name = "FILE", env = "LYNKLINT_CONFIG", hide_env_values = true, value_parser = path())]
    pub(super) config: Option<PathBuf>,
    /// Use no configuration file
    #[arg(long, env = "LYNKLINT_NO_CONFIG", hide_env_values = true, value_parser = FalseyValueParser::new())]
    no_config: bool,
    /// Read the configuration, and what it names, from a commit, so that the change at hand cannot loosen them
    #[arg(long, value_name = "REF", env = "LYNKLINT_POLICY_FROM", hide_env_values = true)]
    pub(super) policy_from: Option<String>,
    /// Apply these sets instead of the configuration's
    #[arg(
        long,
        value_name = "SET",
        env = "LYNKLINT_POLICY_SET",
        hide_env_values = true,
        value_delimiter = ','
    )]
    policy_set: Vec<String>,
    /// Set a rule's level, whatever the sets and the configuration say
    #[arg(
        long,
        value_name = "RULE=LEVEL",
        env = "LYNKLINT_ENFORCE",
        hide_env_values = true,
        value_delimiter = ','
    )]
    enforce: Vec<String>,
    /// Add the rules of a folder of YAML files
    #[arg(long, value_name = "DIR", env = "LYNKLINT_RULES", hide_env_values = true, value_parser = path())]
    rules: Option<PathBuf>,
    /// The day on which suppressions, baselines and exceptions are judged [default: today, in UTC]
    #[arg(long, value_name = "DATE", env = "LYNKLINT_NOW", hide_env_values = true)]
    now: Option<String>,
}

/// A path that may be empty: a variable without a value is as good as none.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// What the settings come to.
pub(super) struct Set {
    pub(super) policy: Policy,
    pub(super) now: Date,
    /// The repository's root.
    pub(super) root: PathBuf,
    /// Where the configuration stands, and what it names.
    pub(super) tree: Tree,
    /// The folder of the configuration on the disk.
    pub(super) home: PathBuf,
}

impl Settings {
    /// The policy for a scan of `paths`.
    pub(super) fn policy(&self, paths: &[PathBuf]) -> anyhow::Result<Set> {
        let here = std::env::current_dir().context("could not find the current folder")?;
        let first = paths.first().map_or(here.as_path(), PathBuf::as_path);
        let root = source::repository_of(first).unwrap_or_else(|| root_without_git(paths, &here));
        let (tree, home, name) = self.place(&root)?;
        let mut config = self.read(&tree, &name)?;
        self.overlay(&mut config)?;
        let rules = self.rules(&config, &tree)?;
        let mut policy = Policy::new(config, rules, &tree)?;
        policy.anchor = Anchor::new(&root, &base(paths, &here));
        Ok(Set { policy, now: self.today()?, root, tree, home })
    }

    /// The tree and folder of the configuration, and its name there.
    fn place(&self, root: &Path) -> anyhow::Result<(Tree, PathBuf, String)> {
        let file = match self.config.as_ref().filter(|it| !it.as_os_str().is_empty()) {
            Some(file) => file.clone(),
            None if std::env::current_dir().is_ok_and(|it| it == root) => config::FILE.into(),
            None => root.join(config::FILE),
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let home = file.parent().map(Path::to_owned).unwrap_or_default();
        let Some(reference) = self.reference() else {
            return Ok((Tree::Disk(home.clone()), home, name));
        };
        let full = Path::new(".").join(&home).canonicalize().unwrap_or_else(|_| home.clone());
        let inside = full.strip_prefix(root).with_context(|| {
            format!("could not read {} from a commit: it is outside the repository", file.display())
        })?;
        let mut folder = inside.to_string_lossy().into_owned();
        if !folder.is_empty() {
            folder.push('/');
        }
        Ok((Tree::commit(root, reference, &folder)?, home, name))
    }

    fn reference(&self) -> Option<&str> {
        self.policy_from.as_deref().filter(|it| !it.is_empty())
    }

    fn read(&self, tree: &Tree, name: &str) -> anyhow::Result<Config> {
        if self.no_config {
            return Ok(Config::default());
        }
        let asked = self.config.as_ref().filter(|it| !it.as_os_str().is_empty());
        let shown = |file: &Path| match self.reference() {
            Some(reference) => format!("{} of {reference}", file.display()),
            None => file.display().to_string(),
        };
        let file = asked.map_or_else(|| Path::new(name), PathBuf::as_path);
        let mut config = if let Some(text) = tree.text(name)? {
            Config::parse(YamlFile::new(Kind::Configuration, shown(file), text))?
        } else {
            ensure!(asked.is_none(), "could not read {}: there is no such file", shown(file));
            Config::default()
        };
        if let Some(text) = tree.text(inventory::FILE)? {
            let file = file.with_file_name(inventory::FILE);
            config.declare(&YamlFile::new(Kind::Inventory, shown(&file), text))?;
        }
        Ok(config)
    }

    /// The command line and the environment count for more than the file.
    fn overlay(&self, config: &mut Config) -> anyhow::Result<()> {
        let sets: Vec<_> = self.policy_set.iter().filter(|it| !it.is_empty()).collect();
        if !sets.is_empty() {
            for name in &sets {
                let wrong = crate::policy::set::wrong_name(name);
                ensure!(wrong.is_none(), "--policy-set: {}", wrong.unwrap_or_default());
            }
            config.sets = sets.into_iter().map(|it| SetUse::everywhere(it)).collect();
        }
        for text in self.enforce.iter().filter(|it| !it.is_empty()) {
            let (rule, level) = text.split_once('=').unwrap_or((text, ""));
            let names = Enforcement::ALL.map(Enforcement::name);
            let level = Enforcement::parse(level).with_context(|| {
                let meant = meant(level, names);
                format!(
                    "--enforce {text}: write RULE=LEVEL, with a level of {}{meant}",
                    names.join(", ")
                )
            })?;
            let assigned = Assigned { level, by: "--enforce".to_owned() };
            config.enforcement.insert(RuleId::new(rule), assigned);
        }
        Ok(())
    }

    fn rules(&self, config: &Config, tree: &Tree) -> anyhow::Result<Vec<Rule>> {
        let mut rules = match self.rules.as_ref().filter(|it| !it.as_os_str().is_empty()) {
            Some(folder) => rule::from_folder(folder)?,
            None => Vec::new(),
        };
        if let Some(folder) = &config.rules {
            let mut files = Vec::new();
            for name in
                tree.names(folder).map_err(|error| config.broken("rules", format!("{error:#}")))?
            {
                let id = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
                let path = format!("{folder}/{name}");
                if let (Some(id), Some(text)) = (id, tree.text(&path)?) {
                    files.push((id.to_owned(), path, text));
                }
            }
            rules.extend(rule::from_files(&files)?);
        }
        Ok(rules)
    }

    /// The only place that reads the clock.
    pub(super) fn today(&self) -> anyhow::Result<Date> {
        if let Some(text) = self.now.as_ref().filter(|it| !it.is_empty()) {
            return Date::parse(text).with_context(|| {
                format!("--now {text}: `{text}` is no date: write it like 2027-01-31")
            });
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let today = since.ok().and_then(|it| Date::of_unix(it.as_secs()));
        today.context("could not read the clock: give the day with --now")
    }
}

/// What the paths of a scan are relative to: a folder that is named alone by its full path, or the current folder.
fn base(paths: &[PathBuf], here: &Path) -> PathBuf {
    match paths {
        [alone] if alone.is_absolute() && alone.is_dir() => {
            alone.canonicalize().unwrap_or_else(|_| alone.clone())
        }
        _ => here.to_owned(),
    }
}

/// Where no repository begins: the folder that is scanned alone, unless the current one has a configuration.
fn root_without_git(paths: &[PathBuf], here: &Path) -> PathBuf {
    match paths {
        [alone] if alone.is_dir() && !source::exists(&here.join(config::FILE)) => {
            alone.canonicalize().unwrap_or_else(|_| alone.clone())
        }
        _ => here.to_owned(),
    }
}
