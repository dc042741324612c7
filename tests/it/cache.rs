//! `--history --cache`: what is remembered, and that nothing is believed that might be otherwise.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lynklint::detect::Detector;
use lynklint::rule::example::expand;
use lynklint::source::{Blob, Cache, Coverage, HistoryOptions, Needle, Search, history};

use crate::cli::{code, json, lynklint, quiet};
use crate::history::{commit, git, init, pack, packed, reasons, zlib};

/// A repository and the folder that remembers scans of it.
struct Scanned {
    repository: tempfile::TempDir,
    cache: tempfile::TempDir,
    needles: &'static str,
    now: SystemTime,
}

impl Scanned {
    fn new(repository: tempfile::TempDir) -> Self {
        let cache = tempfile::tempdir().expect("a folder");
        // Everything has been as it is for long enough to be remembered.
        let now = SystemTime::now() + Duration::from_mins(1);
        Self { repository, cache, needles: "needles", now }
    }

    fn at(&self) -> &Path {
        self.repository.path()
    }

    /// The paths of what is found.
    fn scan(&self) -> (Vec<String>, Coverage) {
        let detector = Detector::default();
        let needle =
            Needle { is_in: &|it| detector.may_hold(it), longest: detector.longest_needle() };
        let is_hit = |it: &[u8]| detector.find(it).iter().any(|it| it.certainty.violates());
        let found = Mutex::new(Vec::new());
        let visit = |it: &Blob<'_>| found.lock().expect("no panic").push(it.path.to_owned());
        let (folder, needles) = (self.cache.path().join("new"), self.needles.to_owned());
        let cache = Some(Cache { folder, needles, now: self.now });
        let options = HistoryOptions { jobs: 2, cache, ..HistoryOptions::default() };
        let search = Search { needle, is_hit: &is_hit };
        let coverage = history(self.at(), &options, &search, &visit).expect("it is a repository");
        let mut found = found.into_inner().expect("no panic");
        found.sort();
        (found, coverage)
    }

    /// The one file of the cache.
    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.cache.path().join("new")).expect("it is there");
        let file = files.next().expect("a file").expect("a file").path();
        assert!(files.next().is_none(), "a file is left over");
        file
    }
}

/// A repository with one pack and one loose file, in both of which there is a token, and in others none.
fn repository() -> tempfile::TempDir {
    let folder = packed();
    commit(folder.path(), "clean.txt", "clean\n", "clean");
    commit(folder.path(), "loose.txt", "$SERVICE\n", "loose");
    folder
}

fn counts(it: &Coverage) -> (u64, u64, u64) {
    (it.files, it.blobs, it.bytes)
}

#[test]
fn the_second_scan_reads_nothing_but_what_may_hold_a_token() {
    let scanned = Scanned::new(repository());
    let (found, first) = scanned.scan();
    assert_eq!(first.cached, 0);
    let (again, second) = scanned.scan();
    assert_eq!(again, found);
    assert_eq!(counts(&second), counts(&first));
    // The loose file with the token is read again; the pack is not, but for what it holds.
    assert_eq!(second.cached, first.blobs - 1);
    let text = fs::read_to_string(scanned.file()).expect("text");
    assert!(!text.contains("lynk") && !text.contains(".txt"), "{text}");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&scanned.file()), 0o600);
    assert_eq!(mode(scanned.file().parent().expect("a folder")), 0o700);
}

#[test]
fn what_came_after_is_read() {
    let scanned = Scanned::new(repository());
    let (before, _) = scanned.scan();
    commit(scanned.at(), "new/a.txt", "$PERSONAL\n", "new");
    commit(scanned.at(), "new/b.txt", "b\n", "message $PERSONAL");
    let (after, _) = scanned.scan();
    let new: Vec<_> = after.iter().filter(|it| !before.contains(it)).collect();
    assert!(new.len() == 2 && new.iter().any(|it| *it == "new/a.txt"), "{new:?}");
    git(scanned.at(), &["repack", "-adfq"]);
    let (packed, coverage) = scanned.scan();
    assert_eq!((packed, coverage.cached), (after, 0));
}

#[test]
fn other_needles_are_sought_everywhere() {
    let mut scanned = Scanned::new(repository());
    scanned.scan();
    scanned.needles = "others";
    assert_eq!(scanned.scan().1.cached, 0);
    assert_ne!(scanned.scan().1.cached, 0);
}

#[test]
fn what_has_just_changed_is_not_remembered() {
    let mut scanned = Scanned::new(repository());
    scanned.now = SystemTime::now();
    scanned.scan();
    assert_eq!(scanned.scan().1.cached, 0);
}

/// Writes to a file that git has made read-only, and leaves its length and its time as they were.
fn forge(path: &Path, bytes: &[u8]) {
    let times = fs::metadata(path).and_then(|it| it.modified()).expect("it is there");
    fs::set_permissions(path, Permissions::from_mode(0o644)).expect("it is ours");
    fs::write(path, bytes).expect("it writes");
    fs::File::options().write(true).open(path).and_then(|it| it.set_modified(times)).expect("ours");
}

/// Deflated as git does it when it is told not to press.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("it is memory");
    encoder.finish().expect("it is memory")
}

#[test]
fn a_replaced_pack_is_read() {
    // Name, length, time and both checksums stay those of a clean pack.
    let token = expand("$PERSONAL");
    let clean: String = token.chars().rev().collect();
    let folder = init(&[]);
    commit(folder.path(), "a", &clean, "a");
    git(folder.path(), &["-c", "core.compression=0", "repack", "-adqF"]);
    let scanned = Scanned::new(folder);
    assert!(scanned.scan().0.is_empty());
    assert_ne!(scanned.scan().1.cached, 0);
    let path = pack(scanned.at(), ".pack");
    let bytes = fs::read(&path).expect("it reads");
    let (old, new) = (stored(clean.as_bytes()), stored(token.as_bytes()));
    let at = bytes.windows(old.len()).position(|it| it == old).expect("it is in the pack");
    let with = |piece: &[u8]| [&bytes[..at], piece, &bytes[at + piece.len()..]].concat();
    forge(&path, &with(&new));
    assert_eq!(scanned.scan().0, ["a"]);
    // A byte that is flipped is damage, and was not when the pack was remembered.
    forge(&path, &with(&old));
    assert!(scanned.scan().0.is_empty());
    forge(&path, &with(&[0xff; 4]));
    let (_, coverage) = scanned.scan();
    assert!(!coverage.skipped.is_empty(), "{coverage:?}");
    // What is damaged is damaged in every scan.
    assert_eq!(reasons(&scanned.scan().1), reasons(&coverage));
}

#[test]
fn a_loose_object_that_is_written_over_is_read() {
    let folder = init(&[]);
    commit(folder.path(), "a", "aaaaaaaa\n", "a");
    let scanned = Scanned::new(folder);
    assert!(scanned.scan().0.is_empty());
    let id = git(scanned.at(), &["rev-parse", "HEAD:a"]);
    let path = scanned.at().join(".git/objects").join(&id[..2]).join(&id[2..]);
    let text = expand("$PERSONAL\n");
    let _ = fs::remove_file(&path);
    fs::write(&path, zlib(format!("blob {}\0{text}", text.len()).as_bytes())).expect("it writes");
    assert_eq!(scanned.scan().0, ["a"]);
}

#[test]
fn what_is_gone_is_missed() {
    let scanned = Scanned::new(init(&[]));
    let at = scanned.at();
    for text in ["one", "two", "three"] {
        commit(at, "a", text, text);
    }
    scanned.scan();
    assert_eq!(reasons(&scanned.scan().1), Vec::<String>::new());
    let second = git(at, &["rev-parse", "HEAD~1"]);
    fs::remove_file(at.join(".git/objects").join(&second[..2]).join(&second[2..])).expect("loose");
    let missing = "history: a commit's tree or parent is missing: `git fsck` says which";
    assert_eq!(reasons(&scanned.scan().1), [missing]);
    assert_eq!(reasons(&scanned.scan().1), [missing], "nor is it remembered");
}

#[test]
fn a_cache_that_was_touched_is_none() {
    let scanned = Scanned::new(repository());
    let (found, first) = scanned.scan();
    let file = scanned.file();
    let bytes = fs::read(&file).expect("it reads");
    let other = Scanned::new(repository());
    other.scan();
    let foreign = fs::read(other.file()).expect("it reads");
    let middle = bytes.len() / 2;
    let flips = [0, 10, 70, 200, middle, bytes.len() - 2].map(|at| {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        flipped
    });
    let cut = [&bytes[..0], &bytes[..1], &bytes[..middle], &bytes[..bytes.len() - 1]];
    let cut = cut.map(<[u8]>::to_vec);
    let more = [[&bytes[..], b"x"].concat(), foreign, b"{}".to_vec(), vec![0xff; 100]];
    for touched in flips.into_iter().chain(cut).chain(more) {
        fs::write(&file, &touched).expect("it writes");
        let (again, coverage) = scanned.scan();
        assert_eq!((&again, coverage.cached), (&found, 0));
        assert_eq!(counts(&coverage), counts(&first));
        // It is made anew.
        assert_ne!(scanned.scan().1.cached, 0);
    }
}

#[test]
fn a_cache_that_others_may_write_to_is_none() {
    let scanned = Scanned::new(repository());
    scanned.scan();
    let file = scanned.file();
    fs::set_permissions(&file, Permissions::from_mode(0o620)).expect("it is ours");
    assert_eq!(scanned.scan().1.cached, 0);
    let elsewhere = scanned.cache.path().join("elsewhere");
    fs::rename(&file, &elsewhere).expect("it is ours");
    symlink(&elsewhere, &file).expect("a link");
    assert_eq!(scanned.scan().1.cached, 0);
    assert!(fs::symlink_metadata(&file).expect("it is there").is_file());
}

#[test]
fn a_cache_that_cannot_be_written_is_no_failure() {
    let scanned = Scanned::new(repository());
    fs::write(scanned.cache.path().join("new"), "a file").expect("it writes");
    let (found, coverage) = scanned.scan();
    assert!(!found.is_empty() && coverage.skipped.is_empty());
    assert!(coverage.notes[0].starts_with("could not write the cache"), "{coverage:?}");
}

#[test]
fn the_flag_is_for_people_and_not_for_ci() {
    let (folder, home) = (repository(), tempfile::tempdir().expect("a folder"));
    let run = |variable: (&str, &str)| {
        let mut command = lynklint(folder.path());
        command.args(["--history", "--cache", "--format", "json"]);
        let output = command.env("HOME", home.path()).env(variable.0, variable.1).output();
        let output = output.expect("it runs");
        quiet(&output);
        assert_eq!(code(&output), 2, "{output:?}");
        output
    };
    let report = json(&run(("CI", "true")));
    assert!(report["receipt"]["cached"].is_null());
    assert!(!home.path().join(".cache").exists());
    run(("LANG", "C"));
    assert!(home.path().join(".cache/lynklint").is_dir());
    // The receipt tells what was scanned.
    assert_eq!(report["receipt"]["refs"], serde_json::json!(["refs/heads/main"]));
    let (files, blobs) = (&report["receipt"]["files"], &report["receipt"]["blobs"]);
    assert!(files.as_u64() < blobs.as_u64(), "{files} {blobs}");
}
