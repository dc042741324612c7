//! `check --verify`: keeps the tokens of a scan and asks the service about those that are reported. Without the flag, and
//! in a program without the feature, it keeps and sends nothing.

use anyhow::ensure;
use clap::Args;

use super::asking::Asking;
use crate::scan::Report;
use crate::source::Blob;

#[cfg(feature = "verify")]
use {super::asking::Line, crate::detect::Detector, crate::verify::Vault};

#[derive(Args)]
pub(super) struct Verification {
    /// Ask the service about each token that is found, and say which are live
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    asking: Asking,
}

impl Verification {
    /// What asks the service, if that is wanted. Nothing is sent yet.
    pub(super) fn verifier(&self) -> anyhow::Result<Verifier> {
        ensure!(self.verify || !self.asking.any(), "--api-url, --wait and --timeout need --verify");
        if self.verify { Verifier::new(&self.asking) } else { Ok(Verifier::default()) }
    }
}

#[derive(Default)]
pub(super) struct Verifier {
    #[cfg(feature = "verify")]
    line: Option<(Line, Vault)>,
}

#[cfg(feature = "verify")]
impl Verifier {
    fn new(asking: &Asking) -> anyhow::Result<Self> {
        Ok(Self { line: Some((asking.line()?, Vault::default())) })
    }

    /// Keeps the tokens of a blob.
    pub(super) fn keep(&self, blob: &Blob<'_>) {
        if let Some((_, vault)) = &self.line {
            vault.keep(blob, Detector::shared());
        }
    }

    /// Asks about each token that is reported, once.
    pub(super) fn ask(self, report: &mut Report<'_>) {
        if let Some((line, vault)) = self.line {
            vault.ask(report, &mut |secret| line.ask(secret));
        }
    }
}

#[cfg(not(feature = "verify"))]
impl Verifier {
    fn new(_: &Asking) -> anyhow::Result<Self> {
        anyhow::bail!(
            "--verify: this lynklint was built without the feature `verify` and can send nothing"
        )
    }

    #[expect(clippy::unused_self, reason = "the other one keeps something")]
    pub(super) fn keep(&self, _: &Blob<'_>) {}

    #[expect(clippy::unused_self, reason = "the other one asks")]
    pub(super) fn ask(self, _: &mut Report<'_>) {}
}
