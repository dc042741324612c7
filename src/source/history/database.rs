//! The object directories of a repository, and what lies in them: packs, loose objects, and what is neither.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::pack::Pack;
use crate::source::{Skipped, file, git};

/// A loose object.
pub(super) struct Loose {
    pub(super) id: Box<[u8]>,
    pub(super) path: PathBuf,
}

/// All objects of a repository, in packs and loose, each with a number: those of the first pack come first, in the order
/// of its index, and the loose ones last.
pub(super) struct Database {
    pub(super) packs: Vec<Pack>,
    /// By id.
    pub(super) loose: Vec<Loose>,
    /// What is there and cannot be read.
    pub(super) skipped: Vec<Skipped>,
    /// Bytes of an id.
    pub(super) hash: usize,
    /// The repository's own folder of objects.
    pub(super) folder: PathBuf,
    firsts: Vec<u32>,
}

impl Database {
    /// Opens what git says is there.
    pub(super) fn open(repository: &Path) -> anyhow::Result<Self> {
        let arguments = [
            "rev-parse",
            "--path-format=absolute",
            "--show-object-format",
            "--git-path",
            "objects",
        ];
        let said = git::ask(repository, "find the objects", arguments)?;
        let said = said.strip_suffix(b"\n").unwrap_or(&said);
        let end = memchr::memchr(b'\n', said).context("git did not say where its objects are")?;
        let (format, folder) = (&said[..end], &said[end + 1..]);
        let hash = match format {
            b"sha1" => 20,
            b"sha256" => 32,
            other => anyhow::bail!("objects named by {}", String::from_utf8_lossy(other)),
        };
        let mut database = Self {
            packs: Vec::new(),
            loose: Vec::new(),
            skipped: Vec::new(),
            hash,
            folder: PathBuf::from(OsStr::from_bytes(folder)),
            firsts: Vec::new(),
        };
        database.folders(repository);
        database.number_all()?;
        Ok(database)
    }

    /// The number of an object.
    pub(super) fn number(&self, id: &[u8]) -> Option<u32> {
        let packed = self.packs.iter().zip(&self.firsts).find_map(|(pack, first)| {
            let position = u32::try_from(pack.index.position(id)?).ok()?;
            Some(first + position)
        });
        packed.or_else(|| {
            let at = self.loose.binary_search_by(|it| (*it.id).cmp(id)).ok()?;
            Some(self.firsts[self.packs.len()] + u32::try_from(at).ok()?)
        })
    }

    /// The number of a loose object, which may be in a pack, too.
    pub(super) fn number_of_loose(&self, at: usize) -> u32 {
        self.number(&self.loose[at].id).unwrap_or(u32::MAX)
    }

    /// The lowest number that a pack gives, or the loose objects behind the last one.
    pub(super) fn first(&self, pack: usize) -> u32 {
        self.firsts[pack]
    }

    /// How many objects there are, each counted in every place.
    pub(super) fn len(&self) -> usize {
        self.packs.iter().map(|it| it.index.count()).sum::<usize>() + self.loose.len()
    }

    /// The number of an object of a pack, which may be in another pack, too.
    pub(super) fn number_in(&self, pack: usize, position: u32) -> u32 {
        match pack {
            0 => position,
            _ => self.number(self.packs[pack].index.id(position as usize)).unwrap_or(position),
        }
    }

    /// The pack of a numbered object, and its position in that; the loose ones follow the last pack.
    pub(super) fn place(&self, number: u32) -> (usize, u32) {
        let pack = self.firsts.partition_point(|it| *it <= number) - 1;
        (pack, number - self.firsts[pack])
    }

    /// The id of a numbered object.
    pub(super) fn id(&self, number: u32) -> &[u8] {
        let (pack, at) = self.place(number);
        match self.packs.get(pack) {
            Some(pack) => pack.index.id(at as usize),
            None => &self.loose[at as usize].id,
        }
    }

    fn skip(&mut self, path: &Path, error: &io::Error) {
        self.skipped.push(Skipped::new(&path.to_string_lossy(), error));
    }

    /// A folder, those that it borrows from, and those that the environment adds.
    fn folders(&mut self, repository: &Path) {
        let added = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let added = unquoted(added.as_bytes(), b':').into_iter().map(|it| repository.join(it));
        let mut waiting: Vec<PathBuf> = added.collect();
        waiting.push(self.folder.clone());
        let mut seen = BTreeSet::new();
        while let Some(folder) = waiting.pop() {
            match folder.canonicalize() {
                Ok(full) if seen.insert(full.clone()) => {
                    waiting.extend(alternates(&full));
                    self.folder(&full);
                }
                Ok(_) => {}
                Err(error) => self.skip(&folder, &error),
            }
        }
    }

    fn folder(&mut self, objects: &Path) {
        for entry in self.list(objects) {
            let name = entry.to_string_lossy();
            let fan = name.len() == 2 && name.bytes().all(|b| b.is_ascii_hexdigit());
            match &*name {
                "pack" => self.pack_folder(&objects.join("pack")),
                _ if fan => self.fan(&objects.join(&entry), &name),
                // Objects of a push that is not accepted yet are another database's.
                "info" => {}
                _ if name.starts_with("tmp_objdir-") => {}
                _ => self.skip(&objects.join(&entry), &io::Error::other(STRAY)),
            }
        }
    }

    /// The names in a folder, sorted. One that cannot be listed is skipped.
    fn list(&mut self, folder: &Path) -> Vec<OsString> {
        let names = fs::read_dir(folder)
            .and_then(|it| it.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>());
        let mut names = names.unwrap_or_else(|error| {
            self.skip(folder, &error);
            Vec::new()
        });
        names.sort();
        names
    }

    fn fan(&mut self, folder: &Path, fan: &str) {
        for name in self.list(folder) {
            let path = folder.join(&name);
            let id = name.to_str().and_then(|rest| hex(&format!("{fan}{rest}")));
            match id.filter(|it| it.len() == self.hash) {
                Some(id) => self.loose.push(Loose { id: id.into(), path }),
                None => self.skip(&path, &io::Error::other(STRAY)),
            }
        }
    }

    fn pack_folder(&mut self, folder: &Path) {
        let names = self.list(folder);
        for name in &names {
            let (path, has) = (folder.join(name), |ending: &str| {
                names.binary_search(&Path::new(name).with_extension(ending).into()).is_ok()
            });
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            match &*ending {
                "idx" if !has("pack") => {
                    self.skip(&path, &io::Error::other("an index without its pack"));
                }
                "pack" if !has("idx") => {
                    self.skip(&path, &io::Error::other("a pack without its index"));
                }
                "pack" => match Pack::open(&path.with_extension(""), self.hash) {
                    Ok(pack) => self.packs.push(pack),
                    Err(error) => self.skip(&path, &error),
                },
                "idx" | "rev" | "bitmap" | "keep" | "promisor" | "mtimes" => {}
                _ if name.as_bytes().starts_with(b"multi-pack-index") => {}
                _ => self.skip(&path, &io::Error::other(STRAY)),
            }
        }
    }

    fn number_all(&mut self) -> anyhow::Result<()> {
        self.loose.sort_by(|a, b| a.id.cmp(&b.id));
        self.loose.dedup_by(|a, b| a.id == b.id);
        let mut first = 0_usize;
        for count in self.packs.iter().map(|it| it.index.count()).chain([self.loose.len()]) {
            self.firsts.push(u32::try_from(first).context("more than four billion objects")?);
            first += count;
        }
        u32::try_from(first).context("more than four billion objects")?;
        Ok(())
    }
}

const STRAY: &str = "not an object of git's: left over from a transfer, or put there";

/// An id as people see it.
pub(super) fn digits(id: &[u8]) -> String {
    id.iter().map(|b| format!("{b:02x}")).collect()
}

/// Hexadecimal digits as bytes.
pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.as_bytes().chunks_exact(2).map(pair).collect()
}

/// The object folders that one borrows from. That there is no such file is the rule.
fn alternates(objects: &Path) -> Vec<PathBuf> {
    let text = file::regular(&objects.join("info/alternates")).unwrap_or_default();
    let lines = unquoted(&text, b'\n').into_iter();
    lines
        .filter(|it| !it.as_os_str().as_bytes().starts_with(b"#"))
        .map(|it| objects.join(it))
        .collect()
}

/// The paths of a list, of which git puts some in quotation marks and escapes characters of them.
fn unquoted(list: &[u8], separator: u8) -> Vec<PathBuf> {
    let (mut paths, mut rest) = (Vec::new(), list);
    while !rest.is_empty() {
        let mut path = Vec::new();
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = unquote(quoted, &mut path);
        }
        let end = memchr::memchr(separator, rest).unwrap_or(rest.len());
        path.extend_from_slice(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        if !path.is_empty() {
            paths.push(OsString::from_vec(path).into());
        }
    }
    paths
}

/// Reads up to the closing mark, and returns what is behind it.
fn unquote<'q>(mut quoted: &'q [u8], path: &mut Vec<u8>) -> &'q [u8] {
    while let Some((&byte, rest)) = quoted.split_first() {
        quoted = rest;
        match byte {
            b'"' => break,
            b'\\' => {
                let octal = quoted.get(..3).and_then(|it| str::from_utf8(it).ok());
                if let Some(byte) = octal.and_then(|it| u8::from_str_radix(it, 8).ok()) {
                    path.push(byte);
                    quoted = &quoted[3..];
                } else if let Some((&byte, rest)) = quoted.split_first() {
                    path.push(match byte {
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        other => other,
                    });
                    quoted = rest;
                }
            }
            byte => path.push(byte),
        }
    }
    quoted
}
