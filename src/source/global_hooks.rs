//! The folder of the hooks of all of a user's repositories. While git looks there, it runs no repository's own hooks: so
//! that nobody loses any, each kind of hook has a script there that runs the repository's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::hook_file::{self, HookFile};
use super::{file, git};

/// What the scripts that run a repository's own hook, and nothing else, say in their second line.
const PASSES_ON: &str = "# Written by lynklint: runs the repository's own hook.";

/// The hooks that git runs, as of 2.51. Without `push-to-checkout`, `proc-receive` and `fsmonitor-watchman`: that there is
/// one changes what git does, even if it does nothing.
const KINDS: [&str; 23] = [
    "applypatch-msg",
    "commit-msg",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "reference-transaction",
    "update",
];

/// The folder that git's global `core.hooksPath` names, or is to name.
pub struct GlobalHooks {
    folder: PathBuf,
    /// The folder is lynklint's own and no other that the user has chosen.
    is_ours: bool,
    /// Git looks there.
    is_set: bool,
}

impl GlobalHooks {
    /// Where the user has set it, and `own` otherwise.
    pub fn find(own: &Path) -> Self {
        let mut command = git::plain(Path::new("."));
        command.args(["config", "--global", "--type=path", "--get", "core.hooksPath"]);
        let known = git::output(command, "read its configuration").ok();
        let known = known.map(|it| PathBuf::from(String::from_utf8_lossy(&it).trim_end()));
        let is_set = known.is_some();
        let folder = known.unwrap_or_else(|| own.to_owned());
        Self { is_ours: folder == own, folder, is_set }
    }

    /// A hook in the folder.
    pub fn hook(&self, name: &'static str) -> HookFile {
        HookFile::global(name, &self.folder)
    }

    /// Whether a file is lynklint's for all repositories, though one repository's was asked for.
    pub fn hold(&self, hook: &HookFile) -> bool {
        self.is_set && self.is_ours && hook.path().parent() == Some(&*self.folder)
    }

    /// Lets git look into the folder while there is a hook of lynklint's, and no longer if it is lynklint's own. Says
    /// which setting was taken away.
    pub fn settle(&self) -> anyhow::Result<Option<String>> {
        let could = || format!("could not change {}", self.folder.display());
        let has_hook = KINDS.iter().any(|it| self.hook(it).is_ours());
        match (has_hook, self.is_ours) {
            (true, true) => self.pass_others_on().with_context(could)?,
            (false, true) => return self.clear().with_context(could),
            (_, false) => {}
        }
        if has_hook && !self.is_set {
            set(&["core.hooksPath".as_ref(), self.folder.as_os_str()])?;
        }
        Ok(None)
    }

    fn pass_others_on(&self) -> io::Result<()> {
        for name in KINDS {
            let path = self.folder.join(name);
            if passes_on(&path) || !file::exists(&path) {
                hook_file::write(&path, &script(name))?;
            }
        }
        Ok(())
    }

    /// What somebody else has put into the folder keeps it.
    fn clear(&self) -> anyhow::Result<Option<String>> {
        for path in KINDS.map(|name| self.folder.join(name)).iter().filter(|it| passes_on(it)) {
            fs::remove_file(path)?;
        }
        let is_empty = fs::remove_dir(&self.folder).is_ok() || !self.folder.exists();
        if !is_empty {
            self.pass_others_on()?;
        }
        if !is_empty || !self.is_set {
            return Ok(None);
        }
        set(&["--unset".as_ref(), "core.hooksPath".as_ref()])?;
        Ok(Some("core.hooksPath".to_owned()))
    }
}

fn set(arguments: &[&std::ffi::OsStr]) -> anyhow::Result<()> {
    let mut command = git::plain(Path::new("."));
    command.args(["config", "--global"]).args(arguments);
    git::output(command, "change its configuration")?;
    Ok(())
}

/// Whether a script only runs the repository's own hook.
pub(super) fn passes_on(path: &Path) -> bool {
    file::regular(path).is_ok_and(|it| String::from_utf8_lossy(&it).contains(PASSES_ON))
}

fn script(name: &str) -> String {
    format!(
        "#!/bin/sh\n{PASSES_ON}\n\
         common=$(git rev-parse --path-format=absolute --git-common-dir 2>/dev/null) || exit 0\n\
         own=$common/hooks/{name}\n\
         if [ -x \"$own\" ]; then exec \"$own\" \"$@\"; fi\n"
    )
}
