//! What earlier scans of a repository need not have read again: the places without a needle. Nothing that was found.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write};
use std::ops::AddAssign;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::Mode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::database::{Database, digits};
use super::entry::Kind;
use super::store::Place;

/// Where scans are remembered, and what they sought.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The user's own folder for this. It is no part of a repository, which anybody may have made.
    pub folder: PathBuf,
    /// What tells the needles, and the way in which they are sought, from any other.
    pub needles: String,
    /// The time at which the scan begins.
    pub now: SystemTime,
}

/// How much was read at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Counts {
    pub(super) objects: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Counts {
    /// Counts an object.
    pub(super) fn add(&mut self, kind: Kind, bytes: u64) {
        self.objects += 1;
        self.files += u64::from(kind == Kind::Blob);
        self.bytes += bytes;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// A place that was read to the end, and without damage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clean {
    pub(super) counts: Counts,
    /// But for these: the positions in a pack's index of objects that may hold a needle.
    pub(super) suspects: Vec<u32>,
}

/// Packs and loose objects, with what is known of each.
pub(super) struct Memory {
    file: Option<PathBuf>,
    key: String,
    /// What the file held, if it could be believed.
    before: String,
    packs: Vec<Known>,
    loose: Vec<Known>,
}

#[derive(Clone, Default)]
struct Known {
    /// What the place is now; nothing for one that changed too short a while ago to tell.
    seal: Option<String>,
    clean: Option<Clean>,
}

/// The file: a digest in the first line, and this.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    key: String,
    /// By their seals.
    places: BTreeMap<String, Clean>,
}

/// A pack of which more objects than these must be read again is read whole.
const SUSPECTS: usize = 10_000;
/// A larger file is none of ours, in bytes.
const LARGEST: u64 = 256 << 20;
/// What changed so many seconds before a scan may have changed once more in the same tick of the clock.
const TICK: u64 = 2;

impl Memory {
    /// Recalls what is known of a repository's packs and loose objects. A file that is damaged, of another user, or of a
    /// scan for something else is as good as none.
    pub(super) fn open(cache: Option<&Cache>, database: &Database) -> Self {
        let mut memory = Self {
            file: None,
            key: String::new(),
            before: String::new(),
            packs: vec![Known::default(); database.packs.len()],
            loose: vec![Known::default(); database.loose.len()],
        };
        let Some(cache) = cache else { return memory };
        let folder = database.folder.as_os_str().as_encoded_bytes();
        let version = env!("CARGO_PKG_VERSION").as_bytes();
        memory.key = seal(&[version, cache.needles.as_bytes(), folder]);
        let file = cache.folder.join(format!("{}.json", seal(&[folder])));
        let (before, mut places) = recall(&file, &memory.key).unwrap_or_default();
        for (known, pack) in memory.packs.iter_mut().zip(&database.packs) {
            let settled = pack.about.iter().all(|it| is_settled(it, cache.now));
            let [about, index] = pack.about.each_ref().map(stamp);
            let name = pack.name.as_bytes();
            let parts = [name, pack.checksum(), pack.index.checksums(), &about, &index];
            known.seal = settled.then(|| seal(&parts));
        }
        for (known, loose) in memory.loose.iter_mut().zip(&database.loose) {
            let about = fs::symlink_metadata(&loose.path).ok();
            let about = about.filter(|it| is_settled(it, cache.now));
            known.seal = about.map(|it| seal(&[&loose.id, &stamp(&it)]));
        }
        for known in memory.packs.iter_mut().chain(&mut memory.loose) {
            known.clean = known.seal.as_ref().and_then(|it| places.remove(it));
        }
        // What is gone may be what something that is left names, and that would not be asked again.
        if !places.is_empty() {
            memory.packs.iter_mut().chain(&mut memory.loose).for_each(|it| it.clean = None);
        }
        Self { file: Some(file), before, ..memory }
    }

    /// What is known of a place.
    pub(super) fn of(&self, place: Place) -> Option<&Clean> {
        match place {
            Place::Pack(at) => self.packs[at].clean.as_ref(),
            Place::Loose(at) => self.loose[at].clean.as_ref(),
        }
    }

    /// The packs of which something is known.
    pub(super) fn packs(&self) -> impl Iterator<Item = (usize, &Clean)> {
        self.packs.iter().enumerate().filter_map(|(at, it)| Some((at, it.clean.as_ref()?)))
    }

    /// How much need not be read.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let clean = self.packs.iter().chain(&self.loose).filter_map(|it| it.clean.as_ref());
        clean.for_each(|it| counts += it.counts);
        counts
    }

    /// Notes a place that was read to the end, and without damage.
    pub(super) fn note(&mut self, place: Place, clean: Clean) {
        let known = match place {
            Place::Pack(at) if clean.suspects.len() <= SUSPECTS => &mut self.packs[at],
            Place::Loose(at) if clean.suspects.is_empty() => &mut self.loose[at],
            Place::Pack(_) | Place::Loose(_) => return,
        };
        known.clean = Some(clean);
    }

    /// Writes down what is known, whole or not at all, for nobody but this user.
    pub(super) fn keep(self) -> io::Result<()> {
        let Some(file) = self.file else { return Ok(()) };
        let known = self.packs.into_iter().chain(self.loose);
        let places = known.filter_map(|it| Some((it.seal?, it.clean?))).collect();
        let text = serde_json::to_string(&Record { key: self.key, places })?;
        if text == self.before {
            return Ok(());
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let new = file.with_extension(format!("{}.tmp", std::process::id()));
        let _ = fs::remove_file(&new);
        let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
        let write = |mut it: fs::File| write!(it, "{}\n{text}", seal(&[text.as_bytes()]));
        let written = open.and_then(write).and_then(|()| fs::rename(&new, &file));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }
}

/// What a file says, if it can be believed: it is this user's alone, as it was written, and about the same thing.
fn recall(file: &Path, key: &str) -> Option<(String, BTreeMap<String, Clean>)> {
    let about = fs::symlink_metadata(file).ok()?;
    let mode = Mode::from_raw_mode(about.mode());
    let own = about.uid() == rustix::process::geteuid().as_raw()
        && !mode.intersects(Mode::RWXG | Mode::RWXO);
    if !about.is_file() || !own || about.len() > LARGEST {
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    let (digest, text) = text.split_once('\n')?;
    let record: Record =
        serde_json::from_str(text).ok().filter(|_| digest == seal(&[text.as_bytes()]))?;
    (record.key == key).then(|| (text.to_owned(), record.places))
}

/// A digest of several things, of which each is told from the next.
fn seal(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digits(&digest.finalize())
}

/// What the system says of a file that would be another one had anybody written to it.
fn stamp(about: &Metadata) -> Vec<u8> {
    let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
    let numbers = [about.dev(), about.ino(), about.len()];
    let times = times.into_iter().flat_map(i64::to_le_bytes);
    times.chain(numbers.into_iter().flat_map(u64::to_le_bytes)).collect()
}

fn is_settled(about: &Metadata, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let changed = about.ctime().max(about.mtime());
    u64::try_from(changed).is_ok_and(|it| it + TICK <= now)
}
