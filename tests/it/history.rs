//! `source::history` on repositories that git makes, and on ones that somebody broke.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lynklint::detect::Detector;
use lynklint::rule::example::expand;
use lynklint::source::{Blob, Coverage, HistoryOptions, Needle, Search, history};
use proptest::prelude::*;

/// What is found, each hit as a line.
fn found(
    repository: &Path,
    options: &HistoryOptions,
    line: impl Fn(&Blob<'_>) -> String + Sync,
) -> (Vec<String>, Coverage) {
    let detector = Detector::default();
    let needle = Needle { is_in: &|it| detector.may_hold(it), longest: detector.longest_needle() };
    let is_hit = |it: &[u8]| detector.find(it).iter().any(|it| it.certainty.violates());
    let lines = Mutex::new(Vec::new());
    let visit = |it: &Blob<'_>| lines.lock().expect("no panic").push(line(it));
    let search = Search { needle, is_hit: &is_hit };
    let coverage = history(repository, options, &search, &visit).expect("it is a repository");
    let mut lines = lines.into_inner().expect("no panic");
    lines.sort();
    (lines, coverage)
}

const TWO: HistoryOptions =
    HistoryOptions { jobs: 2, allow_partial: false, authors: false, cache: None };

/// The paths of all hits.
fn paths(repository: &Path) -> (Vec<String>, Coverage) {
    found(repository, &TWO, |it| it.path.to_owned())
}

/// All hits, with the commits that have them, by their subjects.
fn all(repository: &Path) -> (Vec<String>, Coverage) {
    found(repository, &TWO, |it| line(repository, it))
}

fn line(repository: &Path, it: &Blob<'_>) -> String {
    let commit = it.commit.map_or("-".to_owned(), |it| {
        let head = if it.at_head { "head" } else { "past" };
        let reached = match it.reachable {
            Some(true) => "held",
            Some(false) => "loose",
            None => "unknown",
        };
        let subject = |id: &str| git(repository, &["show", "--no-patch", "--format=%s", id]);
        let (first, last) = (subject(&it.first.id), subject(&it.last.id));
        format!("{first}..{last} {head} {reached} {}", it.refs.join(","))
    });
    format!("{} {commit}", it.path)
}

pub(crate) fn reasons(coverage: &Coverage) -> Vec<String> {
    coverage.skipped.iter().map(|it| format!("{}: {}", it.path, it.reason)).collect()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    // Every commit is later than the one before.
    static SECOND: AtomicU32 = AtomicU32::new(1_000_000_000);
    let date = format!("{} +0200", SECOND.fetch_add(1, Ordering::Relaxed));
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main", "-c", "gc.auto=0"])
        .args(["-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false"])
        .args(arguments)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@b")])
        .envs([("GIT_COMMITTER_NAME", "C"), ("GIT_COMMITTER_EMAIL", "c@d")])
        .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
        .stdin(Stdio::null());
    command
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    said
}

pub(crate) fn init(options: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &[&["init", "--quiet"], options].concat());
    folder
}

/// Writes a file whose text has macros, and commits it.
pub(crate) fn commit(folder: &Path, path: &str, text: &str, subject: &str) {
    write(folder, path, text);
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", &expand(subject)]);
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, expand(text)).expect("a file");
}

/// A repository with a token in every place that git has for one.
fn planted(options: &[&str]) -> tempfile::TempDir {
    let folder = init(options);
    let at = folder.path();
    commit(at, "kept.txt", "kept\n", "start");
    commit(at, "old/gone.env", "A=$PERSONAL\n", "add");
    git(at, &["mv", "old/gone.env", "moved.env"]);
    git(at, &["commit", "--quiet", "--message", "move"]);
    git(at, &["rm", "--quiet", "moved.env"]);
    git(at, &["commit", "--quiet", "--message", "remove"]);
    commit(at, "kept.txt", "kept $SERVICE\n", "keep");
    commit(at, "x.txt", "x\n", "message with $PERSONAL");
    git(at, &["tag", "--annotate", "--message", &expand("$SERVICE"), "v1"]);
    git(at, &["notes", "add", "--message", &expand("note $PERSONAL")]);
    git(at, &["checkout", "--quiet", "-b", "side"]);
    commit(at, "side.bin", "\0\u{1}$SERVICE_TEST\0", "side");
    git(at, &["checkout", "--quiet", "main"]);
    commit(at, "y.txt", "y\n", "other side");
    git(at, &["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    commit(at, "evil.txt", "only in the merge $PERSONAL_TEST\n", "merge");
    git(at, &["rm", "--quiet", "evil.txt", "side.bin"]);
    git(at, &["commit", "--quiet", "--message", "after"]);
    git(at, &["branch", "--quiet", "--delete", "--force", "side"]);
    git(at, &["checkout", "--quiet", "-b", "pull"]);
    commit(at, "pull.txt", "pulled $PERSONAL_STAGING\n", "pull");
    git(at, &["update-ref", "refs/pull/1/head", "HEAD"]);
    git(at, &["checkout", "--quiet", "main"]);
    git(at, &["branch", "--quiet", "--delete", "--force", "pull"]);
    commit(at, "amended.txt", "was $SERVICE_STAGING\n", "to be amended");
    write(at, "amended.txt", "is clean\n");
    git(at, &["commit", "--quiet", "--all", "--amend", "--message", "amended"]);
    write(at, "kept.txt", "stashed $PERSONAL\n");
    git(at, &["stash", "--quiet"]);
    write(at, "dangling", "dangling $PERSONAL\n");
    git(at, &["hash-object", "-w", "dangling"]);
    fs::remove_file(at.join("dangling")).expect("it is there");
    folder
}

fn dangling(at: &Path) -> String {
    write(at, "again", "dangling $PERSONAL\n");
    let id = git(at, &["hash-object", "again"]);
    fs::remove_file(at.join("again")).expect("it is there");
    id
}

/// What is in a planted repository.
fn planted_hits(at: &Path) -> Vec<String> {
    let short = |revision: &str| git(at, &["rev-parse", revision])[..12].to_owned();
    let message = short("refs/tags/v1^{commit}");
    let held = "refs/heads/main,refs/tags/v1,refs/notes/commits,refs/pull/1/head,refs/stash";
    let with = expand("message with $PERSONAL");
    let late = "refs/heads/main,refs/pull/1/head,refs/stash";
    let early = held.replace("refs/notes/commits,", "");
    let mut hits = vec![
        format!("old/gone.env add..add past held {early}"),
        format!("moved.env move..move past held {early}"),
        "kept.txt keep..index on main".to_owned(),
        format!("commit:{message} {with}..{with} past held {early}"),
        "tag:v1 - held refs/tags/v1".to_owned(),
        format!(
            "note:{message} Notes added by 'git notes add'..Notes added by 'git notes add' past held refs/notes/commits"
        ),
        format!("side.bin side..merge past held {late}"),
        format!("evil.txt merge..merge past held {late}"),
        "pull.txt pull..pull past held refs/pull/1/head".to_owned(),
        "amended.txt to be amended..to be amended past held reflog".to_owned(),
        "kept.txt WIP on main..WIP on main past held refs/stash".to_owned(),
        format!("object:{} -", &dangling(at)[..12]),
    ];
    hits.sort();
    hits
}

#[test]
fn every_place_of_git_is_searched_and_attributed() {
    for options in [vec![], vec!["--object-format=sha256"], vec!["--ref-format=reftable"]] {
        let folder = planted(&options);
        let (mut lines, coverage) = all(folder.path());
        assert_eq!(reasons(&coverage), Vec::<String>::new());
        for line in &mut lines {
            // The tag's own commit is no commit, and a stash's subject has an id.
            if line.starts_with("tag:") {
                *line = "tag:v1 - held refs/tags/v1".to_owned();
            }
            if line.contains("WIP on") {
                *line = "kept.txt WIP on main..WIP on main past held refs/stash".to_owned();
            }
            if let Some((before, _)) = line.split_once("..index on") {
                *line = format!("{before}..index on main");
            }
        }
        assert_eq!(lines, planted_hits(folder.path()), "{options:?}");
    }
}

#[test]
fn however_git_keeps_the_objects_the_same_is_found() {
    let folder = planted(&[]);
    let at = folder.path();
    let (loose, coverage) = all(at);
    assert!(!loose.is_empty() && coverage.blobs > 20);
    let ways: [&[&str]; 6] = [
        &["-c", "pack.indexVersion=1", "repack", "-adkq"],
        &["-c", "repack.useDeltaBaseOffset=false", "repack", "-adkfq", "--depth=50"],
        &["repack", "-adkq", "--write-midx"],
        &[
            "-c",
            "gc.reflogExpireUnreachable=never",
            "-c",
            "gc.reflogExpire=never",
            "gc",
            "-q",
            "--prune=never",
        ],
        &["-c", "core.compression=0", "repack", "-adkfq"],
        &["pack-refs", "--all"],
    ];
    for way in ways {
        git(at, way);
        let (lines, again) = all(at);
        assert_eq!(lines, loose, "{way:?}");
        assert_eq!(reasons(&again), Vec::<String>::new(), "{way:?}");
    }
    assert_eq!(found(at, &HistoryOptions { jobs: 1, ..TWO }, |it| line(at, it)).0, loose);
}

#[test]
fn a_repository_may_borrow_be_bare_linked_or_shallow() {
    let folder = planted(&[]);
    let other = tempfile::tempdir().expect("a folder");
    let (from, at) = (folder.path(), other.path());
    let path = format!("file://{}", from.display());
    git(at, &["clone", "--quiet", "--mirror", &path, "mirror"]);
    let mirror = paths(&at.join("mirror")).0;
    assert!(mirror.iter().any(|it| it.starts_with("pull.txt")), "{mirror:?}");
    git(at, &["clone", "--quiet", "--shared", &from.display().to_string(), "shared"]);
    let shared = paths(&at.join("shared")).0;
    assert!(shared.iter().any(|it| it.starts_with("object:")), "{shared:?}");
    // Two that borrow from each other, and from one that is gone.
    let borrow = format!("# both\n{}\n/nowhere/at/all\n", at.join("shared/.git/objects").display());
    fs::create_dir_all(from.join(".git/objects/info")).expect("a folder");
    fs::write(from.join(".git/objects/info/alternates"), borrow).expect("a file");
    let (lines, coverage) = paths(from);
    assert!(lines.len() >= shared.len());
    assert_eq!(reasons(&coverage), ["/nowhere/at/all: no such file or directory"]);
    git(at, &["clone", "--quiet", "--depth=1", &path, "shallow"]);
    let shallow = paths(&at.join("shallow"));
    assert!(shallow.0.iter().any(|it| it.starts_with("kept.txt")), "{shallow:?}");
    // What was cut off may hold anything, so this is no pass.
    assert!(reasons(&shallow.1)[0].starts_with("shallow clone: "), "{:?}", shallow.1.skipped);
    git(from, &["worktree", "add", "--quiet", &at.join("linked").display().to_string(), "v1"]);
    assert_eq!(paths(&at.join("linked")).0.len(), lines.len());
}

#[test]
fn a_partial_clone_says_what_it_lacks() {
    let folder = init(&[]);
    let at = folder.path();
    commit(at, "a.txt", "$PERSONAL\n", "add");
    commit(at, "a.txt", "clean\n", "message with $SERVICE");
    git(at, &["config", "uploadpack.allowFilter", "true"]);
    let path = format!("file://{}", at.display());
    git(at, &["clone", "--quiet", "--no-checkout", "--filter=blob:none", &path, "partial"]);
    let (lines, coverage) = paths(&at.join("partial"));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(reasons(&coverage), ["partial clone: 2 objects are at the remote only"]);
    let allowed = HistoryOptions { allow_partial: true, ..TWO };
    let coverage = found(&at.join("partial"), &allowed, |it| it.path.to_owned()).1;
    assert_eq!(reasons(&coverage), Vec::<String>::new());
}

#[test]
fn a_person_is_named_only_if_asked_for() {
    let folder = init(&[]);
    commit(folder.path(), "a.txt", "$PERSONAL\n", "add");
    for authors in [false, true] {
        let revision = |it: &Blob<'_>| {
            let revision = &it.commit.expect("it is committed").first;
            format!("{} {}", revision.author.as_deref().unwrap_or("-"), revision.date)
        };
        let lines = found(folder.path(), &HistoryOptions { authors, ..TWO }, revision).0;
        let start = format!("{} 2001-09-09T0", if authors { "A <a@b>" } else { "-" });
        assert!(lines[0].starts_with(&start) && lines[0].ends_with("+02:00"), "{lines:?}");
    }
}

/// The only pack of a repository, writable.
pub(crate) fn pack(repository: &Path, ending: &str) -> PathBuf {
    let folder = repository.join(".git/objects/pack");
    let mut entries =
        fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    let path = entries.find(|it| it.to_string_lossy().ends_with(ending)).expect("a pack");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("it is ours");
    path
}

/// A repository with one pack of files that are differences to each other.
pub(crate) fn packed() -> tempfile::TempDir {
    let folder = init(&[]);
    let at = folder.path();
    let lines: Vec<String> = (0..300).map(|i| format!("line {i} of a file\n")).collect();
    for i in 0..12 {
        let mut lines = lines.clone();
        lines[i * 20] = format!("changed to {}\n", if i % 3 == 0 { "$PERSONAL" } else { "x" });
        commit(at, "a.txt", &lines.concat(), "change");
        commit(at, &format!("{i}.txt"), "$SERVICE alone\n", "more");
    }
    git(at, &["repack", "-adfq"]);
    folder
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_read() {
    let folder = packed();
    let at = folder.path();
    let (whole, coverage) = paths(at);
    assert_eq!(reasons(&coverage), Vec::<String>::new());
    let (path, index) = (pack(at, ".pack"), pack(at, ".idx"));
    let (bytes, places) = (fs::read(&path).expect("it reads"), fs::read(&index).expect("it reads"));
    let mut flipped = bytes.clone();
    let middle = bytes.len() / 2;
    flipped[middle..middle + 8].fill(0xff);
    fs::write(&path, flipped).expect("it writes");
    let (lines, coverage) = paths(at);
    let damaged = reasons(&coverage).join("\n");
    assert!(damaged.contains(".pack: object ") && damaged.contains(" at byte "), "{damaged}");
    assert!(!lines.is_empty() && lines.len() <= whole.len());
    fs::write(&path, &bytes[..bytes.len() * 2 / 3]).expect("it writes");
    let (lines, coverage) = paths(at);
    assert!(!coverage.skipped.is_empty() && !lines.is_empty(), "{coverage:?}");
    fs::write(&path, &bytes).expect("it writes");
    for cut in [0, 7, 1000, places.len() / 2] {
        fs::write(&index, &places[..cut]).expect("it writes");
        let reasons = reasons(&paths(at).1);
        assert!(reasons.join("\n").contains("index"), "{reasons:?}");
    }
    fs::remove_file(&index).expect("it is there");
    assert!(reasons(&paths(at).1)[0].ends_with("a pack without its index"));
    fs::write(&index, &places).expect("it writes");
    fs::remove_file(&path).expect("it is there");
    assert!(reasons(&paths(at).1)[0].ends_with("an index without its pack"));
}

/// Where an object is that is in no pack.
fn loose(at: &Path, id: &str) -> PathBuf {
    at.join(".git/objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn what_is_missing_may_reach_a_commit() {
    let folder = init(&[]);
    let at = folder.path();
    commit(at, "a", "$PERSONAL", "first");
    commit(at, "a", "b", "second");
    commit(at, "a", "c", "third");
    let forget = || git(at, &["reflog", "expire", "--expire=now", "--all"]);
    forget();
    assert_eq!(all(at).0, ["a first..first past held refs/heads/main"]);
    let (second, new) =
        (git(at, &["rev-parse", "HEAD~1"]), git(at, &["commit-tree", "-m", "n", "HEAD:"]));
    git(at, &["update-ref", "refs/heads/main", &new]);
    forget();
    assert_eq!(all(at).0, ["a first..first past loose "], "now nothing reaches it");
    git(at, &["update-ref", "refs/heads/main", &second]);
    forget();
    fs::remove_file(loose(at, &second)).expect("it is there");
    let (lines, coverage) = all(at);
    assert_eq!(lines, ["a first..first past unknown "]);
    let lost = "refs/heads/main: what it points at is not in this repository";
    assert_eq!(reasons(&coverage), [lost]);
}

#[test]
fn a_gap_in_the_history_is_named() {
    let folder = init(&[]);
    let at = folder.path();
    commit(at, "a", "one", "first");
    commit(at, "a", "two", "second");
    commit(at, "a", "three", "third");
    let missing = "history: a commit's tree or parent is missing: `git fsck` says which";
    for lost in ["HEAD~1", "HEAD~1:"] {
        let file = loose(at, &git(at, &["rev-parse", lost]));
        let bytes = fs::read(&file).expect("it is loose");
        fs::remove_file(&file).expect("it is there");
        assert_eq!(reasons(&all(at).1), [missing], "{lost}");
        fs::write(&file, bytes).expect("it writes");
        assert_eq!(reasons(&all(at).1), Vec::<String>::new());
    }
    // What nothing reaches may have lost what it grew on.
    let second = git(at, &["rev-parse", "HEAD~1"]);
    let new = git(at, &["commit-tree", "-m", "n", "HEAD:"]);
    git(at, &["update-ref", "refs/heads/main", &new]);
    git(at, &["reflog", "expire", "--expire=now", "--all"]);
    fs::remove_file(loose(at, &second)).expect("it is there");
    assert_eq!(reasons(&all(at).1), Vec::<String>::new());
}

#[test]
fn a_loose_file_that_is_no_object_is_named() {
    let folder = planted(&[]);
    let at = folder.path();
    let objects = at.join(".git/objects");
    let whole = paths(at).0.len();
    for (path, text) in [("ab/no-object", "x"), ("stray", "x"), ("pack/tmp_pack_1", "x")] {
        fs::create_dir_all(objects.join("ab")).expect("a folder");
        fs::write(objects.join(path), text).expect("a file");
    }
    for (digit, bytes) in [("1", &b"no zlib"[..]), ("2", b""), ("3", &zlib(b"blob 9\0short"))] {
        fs::write(objects.join("ab").join(digit.repeat(38)), bytes).expect("a file");
    }
    let (lines, coverage) = paths(at);
    assert_eq!(lines.len(), whole);
    assert_eq!(coverage.skipped.len(), 6, "{:?}", reasons(&coverage));
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// The header of an entry of a pack.
fn header(kind: u8, mut size: u64) -> Vec<u8> {
    let mut bytes = vec![kind << 4 | (size & 15) as u8];
    size >>= 4;
    while size > 0 {
        *bytes.last_mut().expect("one") |= 0x80;
        bytes.push((size & 0x7f) as u8);
        size >>= 7;
    }
    bytes
}

/// An entry that is a difference to the object `on`: all of its `base` bytes, and `insert` behind them.
#[expect(clippy::cast_possible_truncation, reason = "the numbers are cut to seven bits, or small")]
fn grown(on: &[u8; 20], base: usize, insert: &[u8]) -> Vec<u8> {
    let number = |mut n: usize| {
        let mut bytes = Vec::new();
        while n > 0x7f {
            bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    };
    let mut delta = [number(base), number(base + insert.len())].concat();
    delta.extend([0xb0, base as u8, (base >> 8) as u8, insert.len() as u8]);
    delta.extend(insert);
    [header(7, delta.len() as u64), on.to_vec(), zlib(&delta)].concat()
}

/// A repository with a pack of such entries, the id of each being its place.
fn handmade(entries: &[Vec<u8>]) -> tempfile::TempDir {
    let folder = init(&[]);
    let count = u32::try_from(entries.len()).expect("few").to_be_bytes();
    let mut pack = [b"PACK\0\0\0\x02", &count[..]].concat();
    let mut offsets = Vec::new();
    for entry in entries {
        offsets.extend(u32::try_from(pack.len()).expect("small").to_be_bytes());
        pack.extend(entry);
    }
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    (0..256).for_each(|_| index.extend(count));
    (0..entries.len()).for_each(|i| index.extend(id(i)));
    index.extend(vec![0; 4 * entries.len()]);
    index.extend(offsets);
    index.extend([0; 40]);
    let at = folder.path().join(".git/objects/pack");
    fs::write(at.join("pack-1.pack"), pack).expect("a file");
    fs::write(at.join("pack-1.idx"), index).expect("a file");
    folder
}

/// All ids begin with a zero, and are in order.
fn id(i: usize) -> [u8; 20] {
    let mut id = [0; 20];
    id[12..].copy_from_slice(&(i as u64).to_be_bytes());
    id
}

fn whole(bytes: &[u8]) -> Vec<u8> {
    [header(3, bytes.len() as u64), zlib(bytes)].concat()
}

#[test]
fn a_chain_may_be_deep_and_its_links_in_any_order() {
    let depth = 3000;
    let token = expand("$PERSONAL");
    // Each grows on the one behind it; the root is last.
    let mut entries: Vec<_> = (0..depth).map(|i| grown(&id(i + 1), depth - 1 - i, b".")).collect();
    entries.push(whole(b""));
    entries.push(whole(token.as_bytes()));
    let (lines, coverage) = paths(handmade(&entries).path());
    assert_eq!(coverage.skipped.len(), 1, "an empty copy is none: {:?}", reasons(&coverage));
    assert_eq!(lines.len(), 1);
    entries[depth] = whole(b"!");
    for (i, entry) in entries.iter_mut().enumerate().take(depth) {
        let insert = if i == 0 { token.as_bytes() } else { b"." };
        *entry = grown(&id(i + 1), depth - i, insert);
    }
    let (lines, coverage) = paths(handmade(&entries).path());
    assert_eq!(reasons(&coverage), Vec::<String>::new());
    assert_eq!((lines.len(), coverage.files), (2, depth as u64 + 2));
}

#[test]
fn circles_lies_and_nonsense_end_with_their_names() {
    let token = expand("a $PERSONAL");
    let mut lie = header(3, 1 << 60);
    lie.extend(zlib(b"small"));
    let entries = [
        grown(&id(1), 5, b"x"),
        grown(&id(0), 5, b"x"),
        grown(&id(2), 5, b"x"),
        lie,
        [header(3, 100), zlib(b"not a hundred")].concat(),
        [header(3, 3), b"no zlib".to_vec()].concat(),
        header(5, 3),
        vec![0xff; 30],
        grown(&[9; 20], 5, b"x"),
        [header(6, 3), vec![0x7f], zlib(b"xyz")].concat(),
        whole(token.as_bytes()),
        grown(&id(10), 3, b"wrong size of the base"),
    ];
    let (lines, coverage) = paths(handmade(&entries).path());
    assert_eq!(lines.len(), 1, "{lines:?}");
    let reasons = reasons(&coverage).join("\n");
    for i in 1..12_usize {
        let id: String = id(i).iter().map(|b| format!("{b:02x}")).collect();
        assert!(i == 10 || i == 1 || reasons.contains(&id), "{id} in {reasons}");
    }
    assert!(reasons.contains("and 1 others") && reasons.contains("to itself"), "{reasons}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_of_a_pack_or_index_can_do_harm(
        at in 0.0..1.0, bytes in proptest::collection::vec(any::<u8>(), 1..24), index: bool, cut: bool,
    ) {
        let folder = packed_once();
        let path = pack(folder, if index { ".idx" } else { ".pack" });
        let before = fs::read(&path).expect("it reads");
        let mut broken = before.clone();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a place in a small file")]
        let at = (at * broken.len() as f64) as usize;
        if cut {
            broken.truncate(at);
        } else {
            let end = (at + bytes.len()).min(broken.len());
            broken[at..end].copy_from_slice(&bytes[..end - at]);
        }
        fs::write(&path, broken).expect("it writes");
        let (_, coverage) = paths(folder);
        fs::write(&path, before).expect("it writes");
        prop_assert!(!cut || !coverage.skipped.is_empty());
    }
}

fn packed_once() -> &'static Path {
    static FOLDER: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    FOLDER.get_or_init(packed).path()
}

#[test]
fn a_ref_named_with_a_token_is_a_hit() {
    let folder = init(&[]);
    commit(folder.path(), "a.txt", "clean\n", "clean");
    let (branch, tag) = (expand("x-$PERSONAL"), expand("$SERVICE"));
    git(folder.path(), &["branch", &branch]);
    git(folder.path(), &["tag", &tag]);
    let (found, coverage) = paths(folder.path());
    assert_eq!(found, [format!("refs/heads/{branch}"), format!("refs/tags/{tag}")]);
    assert_eq!(coverage.skipped, []);
}
