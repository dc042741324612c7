//! Objects by name, from one running `git cat-file`: one process for all of them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::Context;

use super::window::{self, ShortRead};
use super::{Visitor, git};

/// Reads one object after the other.
pub(super) struct Contents {
    child: Child,
    names: ChildStdin,
    objects: BufReader<ChildStdout>,
    /// What git calls the opened object.
    kind: String,
    /// What is left of it.
    left: u64,
}

impl Contents {
    /// The objects of the repository around `here`.
    pub(super) fn of(here: &Path) -> anyhow::Result<Self> {
        let mut command = git::hardened(here);
        command.args(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("could not start git")?;
        let names = child.stdin.take().context("git has no input")?;
        let objects = child.stdout.take().context("git has no output")?;
        let objects = BufReader::with_capacity(256 << 10, objects);
        Ok(Self { child, names, objects, kind: String::new(), left: 0 })
    }

    /// Goes to an object and says how many bytes it has. All of them must be read or passed over before the next one.
    pub(super) fn open(&mut self, id: &str) -> io::Result<u64> {
        writeln!(self.names, "{id}")?;
        self.names.flush()?;
        let mut head = String::new();
        self.objects.read_line(&mut head)?;
        let mut words = head.trim_end().rsplit(' ');
        let (size, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        kind.clone_into(&mut self.kind);
        self.left = size.parse().map_err(|_| {
            let short = &id[..id.len().min(12)];
            io::Error::other(format!("the object {short} is missing or damaged"))
        })?;
        Ok(self.left)
    }

    /// What git calls the opened object: `commit`, `tree`, `blob` or `tag`.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// The opened object.
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.objects).take(self.left).read_to_end(&mut bytes)?;
        match bytes.len() as u64 == self.left {
            true => self.end().map(|()| bytes),
            false => Err(io::Error::other("git stopped in the middle of an object")),
        }
    }

    /// Visits the opened object by windows, and says how many bytes that were.
    pub(super) fn windows(&mut self, path: &str, visit: &Visitor<'_>) -> io::Result<u64> {
        let mut object = (&mut self.objects).take(self.left);
        let read = window::read(&mut object, ShortRead::MayGoOn, &mut Vec::new(), path, visit)?;
        self.end().map(|()| read)
    }

    /// Leaves the opened object unread.
    pub(super) fn pass_over(&mut self) -> io::Result<()> {
        io::copy(&mut (&mut self.objects).take(self.left), &mut io::sink())?;
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        self.left = 0;
        self.objects.read_exact(&mut [0])
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
