//! `lynklint init`: a commented configuration file that holds what applies without one.

use std::io;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Failure, say};
use crate::config::FILE;
use crate::report::Format;
use crate::scan::Outcome;
use crate::source;

/// The file.
pub(super) const STARTER: &str = include_str!("starter.yaml");

#[derive(Args)]
pub(super) struct Arguments {
    /// The file to write [default: .lynklint.yaml at the repository's root]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let written = self.write().map_err(|error| Failure::new(Format::Human, &error))?;
        say(&format!("wrote {}: `lynklint policy` shows what it says", written.display()))
    }

    fn write(&self) -> anyhow::Result<PathBuf> {
        let here = std::env::current_dir().context("could not find the current folder")?;
        let root = source::repository_of(&here).unwrap_or(here);
        let path = self.file.clone().unwrap_or_else(|| root.join(FILE));
        source::create(&path, STARTER).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow::anyhow!("{} exists already: `lynklint validate` checks it", path.display())
            }
            _ => anyhow::Error::new(error).context(format!("could not write {}", path.display())),
        })?;
        Ok(path)
    }
}
