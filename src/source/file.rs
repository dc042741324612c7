//! Single files that are not scanned: rule files that are read, and reports that are written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::{CWD, Mode, OFlags, openat};

/// Reads a text file.
pub fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} is not UTF-8", path.display()))
}

/// Reads a file that ought to be one: see [`open_regular`].
pub(super) fn regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file, also through a link. A FIFO would keep whoever opens it waiting for ever.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(openat(CWD, path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(file)
}

/// Whether there is anything of this name, even a link to nothing.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes a file that is not there yet.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Writes a file whole or not at all: a report that was cut off would read as one that found less.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let to = |path: &Path| {
        let mut out = BufWriter::new(File::create(path)?);
        write(&mut out).and_then(|()| out.flush())
    };
    let old = fs::symlink_metadata(path);
    if old.as_ref().is_ok_and(|it| !it.is_file()) {
        return to(path);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let name = PathBuf::from(name);
    let keep = |()| old.map_or(Ok(()), |it| fs::set_permissions(&name, it.permissions()));
    let written = to(&name).and_then(keep).and_then(|()| fs::rename(&name, path));
    if written.is_err() {
        let _ = fs::remove_file(&name);
    }
    written
}

/// Adds to the end of a file, or makes it.
pub fn append(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::options().append(true).create(true).open(path)?);
    write(&mut out).and_then(|()| out.flush())
}
