//! Lists a folder: what it holds, by kind, and what each entry is called.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::DIRECTORY);

/// What a folder holds, by name: regular files, folders and links. FIFOs, sockets and devices are not part of a tree's
/// text.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) files: Vec<Box<CStr>>,
    pub(super) folders: Vec<Box<CStr>>,
    pub(super) links: Vec<Box<CStr>>,
    pub(super) git: bool,
    pub(super) gitignore: bool,
    pub(super) ignore: bool,
}

/// Opens and lists a folder.
pub(super) fn list(path: &Path) -> io::Result<(Entries, Dir)> {
    let mut dir = Dir::new(openat(CWD, path, FOLDER, Mode::empty())?)?;
    if is_kernel_view(dir.fd()?) {
        return Err(io::Error::other("a view of the kernel's, not files"));
    }
    let mut entries = Entries::default();
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(statat(dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            known => known,
        };
        entries.add(name, kind);
    }
    Ok((entries, dir))
}

impl Entries {
    fn add(&mut self, name: &CStr, kind: FileType) {
        let is_file = kind == FileType::RegularFile;
        match name.to_bytes() {
            b".git" => return self.git = true,
            // git follows no link to its rules.
            b".gitignore" => self.gitignore = is_file,
            b".ignore" => self.ignore = is_file,
            _ => {}
        }
        match kind {
            FileType::RegularFile => self.files.push(name.into()),
            FileType::Symlink => self.links.push(name.into()),
            FileType::Directory => self.folders.push(name.into()),
            _ => {}
        }
    }
}

/// `/proc` and `/sys` have files without a size that block, or that never end.
#[cfg(target_os = "linux")]
fn is_kernel_view(fd: BorrowedFd<'_>) -> bool {
    const PROC: i64 = 0x9fa0;
    const SYSFS: i64 = 0x6265_6572;
    #[expect(clippy::unnecessary_cast, reason = "the type differs between processors")]
    rustix::fs::fstatfs(fd).is_ok_and(|it| matches!(it.f_type as i64, PROC | SYSFS))
}

#[cfg(not(target_os = "linux"))]
fn is_kernel_view(_: BorrowedFd<'_>) -> bool {
    false
}

/// The two names of an entry, the system's and the people's, in buffers that a folder's entries share.
pub(super) struct Names {
    path: Vec<u8>,
    shown: String,
    /// How much of each is the folder's.
    folder: (usize, usize),
}

impl Names {
    pub(super) fn below(path: &Path, shown: &str) -> Self {
        let mut path = path.as_os_str().as_bytes().to_vec();
        let mut shown = shown.to_owned();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        if !shown.is_empty() && !shown.ends_with('/') {
            shown.push('/');
        }
        let folder = (path.len(), shown.len());
        Self { path, shown, folder }
    }

    pub(super) fn path(&mut self, name: &CStr) -> &Path {
        self.path.truncate(self.folder.0);
        self.path.extend_from_slice(name.to_bytes());
        Path::new(OsStr::from_bytes(&self.path))
    }

    pub(super) fn shown(&mut self, name: &CStr) -> &str {
        self.shown.truncate(self.folder.1);
        self.shown.push_str(&name.to_string_lossy());
        &self.shown
    }
}
