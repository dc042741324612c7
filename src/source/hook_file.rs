//! The files by which git runs lynklint: written beside what is there already, and taken away again.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::global_hooks::passes_on;
use super::{file, git};

/// What every file of ours says in its second line.
const MARK: &str = "# Written by `lynklint hook install`; `lynklint hook uninstall` takes it away.";
/// What another hook is called while ours stands in its place. Ours runs it first.
const BEFORE: &str = "before-lynklint";

/// A hook of a repository, or of all of a user's repositories.
pub struct HookFile {
    folder: PathBuf,
    name: &'static str,
    scope: Scope,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Repository,
    Global,
}

/// What became of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It is new.
    New(PathBuf),
    /// It stands before another one, which it runs first.
    Before(PathBuf),
    /// It was there already, and is up to date now.
    Again(PathBuf),
    /// It is gone, and what stood in its place is back.
    Gone(PathBuf),
}

impl HookFile {
    /// A hook of the repository around `here`, where its `core.hooksPath` says; all work trees share it.
    pub fn of_repository(here: &Path, name: &'static str) -> anyhow::Result<Self> {
        let mut command = git::plain(here);
        command.args(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]);
        let folder = git::output(command, "say where its hooks are")?;
        let folder = PathBuf::from(String::from_utf8_lossy(&folder).trim_end());
        Ok(Self { folder, name, scope: Scope::Repository })
    }

    /// A hook of all repositories, in their folder. Each repository's own hook is run first.
    pub(super) fn global(name: &'static str, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), name, scope: Scope::Global }
    }

    /// Where the hook is, or would be.
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    fn moved(&self) -> PathBuf {
        self.folder.join(format!("{}.{BEFORE}", self.name))
    }

    pub(super) fn is_ours(&self) -> bool {
        file::regular(&self.path()).is_ok_and(|it| String::from_utf8_lossy(&it).contains(MARK))
    }

    /// Writes the hook. `program` is run if it is still there, and whatever `lynklint` is found otherwise.
    pub fn install(&self, program: &Path) -> anyhow::Result<Installed> {
        let (path, moved) = (self.path(), self.moved());
        let could = || format!("could not write {}", path.display());
        fs::create_dir_all(&self.folder).with_context(could)?;
        let there = fs::symlink_metadata(&path).is_ok() && !passes_on(&path);
        let installed = match (self.is_ours(), there) {
            (true, _) => Installed::Again(path.clone()),
            (false, true) => {
                let free = fs::symlink_metadata(&moved).is_err();
                anyhow::ensure!(free, "{} is in the way: take it away first", moved.display());
                fs::rename(&path, &moved).with_context(could)?;
                Installed::Before(path.clone())
            }
            (false, false) => Installed::New(path.clone()),
        };
        write(&path, &self.script(program)).with_context(could)?;
        Ok(installed)
    }

    /// Takes our hook away, if there is one, and puts back what it stood before.
    pub fn uninstall(&self) -> io::Result<Option<Installed>> {
        if !self.is_ours() {
            return Ok(None);
        }
        let (path, moved) = (self.path(), self.moved());
        match fs::symlink_metadata(&moved).is_ok() {
            true => fs::rename(&moved, &path)?,
            false => fs::remove_file(&path)?,
        }
        Ok(Some(Installed::Gone(path)))
    }

    /// What is read from standard input is needed by both hooks, so it is kept.
    fn script(&self, program: &Path) -> String {
        let name = self.name;
        let own = match self.scope {
            Scope::Repository => String::new(),
            Scope::Global => format!(
                "own=$(git rev-parse --path-format=absolute --git-common-dir)/hooks/{name}\n\
                 if [ -x \"$own\" ]; then run \"$own\" \"$@\"; fi\n"
            ),
        };
        let program = program.to_string_lossy().replace('\'', r"'\''");
        format!(
            "#!/bin/sh\n{MARK}\n\
             input=$(test -t 0 || cat)\n\
             run() {{ printf '%s\\n' \"$input\" | \"$@\" || exit; }}\n\
             other=$(dirname \"$0\")/{name}.{BEFORE}\n\
             if [ -x \"$other\" ]; then run \"$other\" \"$@\"; fi\n\
             {own}\
             program='{program}'\n\
             if [ ! -x \"$program\" ]; then program=lynklint; fi\n\
             run \"$program\" hook run {name} \"$@\"\n"
        )
    }
}

/// Writes a script that git may run.
pub(super) fn write(path: &Path, script: &str) -> io::Result<()> {
    file::replace(path, |out| out.write_all(script.as_bytes()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
