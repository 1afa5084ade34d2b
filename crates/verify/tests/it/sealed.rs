//! Whole logs, written by the ledger, then altered.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use ledger::{Clock, InitOptions, Ledger, LogInfo, Options, RealDisk};
use model::{Header, Kind, LakeFile, Millis, Position, Prepared, ViewManifest, canonical_json};
use sha2::{Digest, Sha256};
use tlog::checkpoint::Checkpoint;
use tlog::note::{Algorithm, SignerKey};

use crate::run;

const START_MS: u64 = 1_763_000_000_000;

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn wall(&self) -> Millis {
        Millis(START_MS)
    }

    fn monotonic_ms(&self) -> u64 {
        0
    }
}

fn small() -> Options {
    Options {
        group_records_max: 16,
        group_bytes_max: 16 << 10,
        leaf_bytes_max: 32 << 10,
        queue_records_max: 64,
        queue_bytes_max: 64 << 10,
        wal_file_bytes: 128 << 10,
        segment_leaves: 256,
        segment_bytes_max: 32 << 10,
        row_group_records_max: 64,
        row_group_bytes_max: 16 << 10,
        publish_interval_ms: 3_600_000,
        reserve_bytes: 0,
        merge: false,
        ..Options::default()
    }
}

struct Log {
    _data: tempfile::TempDir,
    info: LogInfo,
    options: Options,
}

impl Log {
    fn new() -> Log {
        let data = tempfile::tempdir().unwrap();
        let options = InitOptions { origin: Some("test/log".to_owned()), options: small() };
        let info = ledger::init(data.path(), &options, &Still).unwrap();
        fs::write(info.dir.join("../../key.vkey"), format!("{}\n", info.vkey)).unwrap();
        Log { _data: data, info, options: small() }
    }

    /// Closed segments, a WAL that begins after some of them, and leaves that are in the WAL alone.
    fn written() -> Log {
        let log = Log::new();
        let ledger = log.open();
        append(&ledger, 0..1_000);
        ledger.flush().unwrap();
        append(&ledger, 1_000..1_040);
        ledger.publish().unwrap();
        drop(ledger);
        log
    }

    fn open(&self) -> Ledger {
        let data = self.info.dir.join("../..");
        Ledger::open_on(Arc::new(RealDisk), &data, &self.info.short, self.options.clone(), Arc::new(Still)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.info.dir.join(name)
    }

    fn check(&self, more: &[&str]) -> (i32, String) {
        let base = ["log", ".", "--key", "../../key.vkey"];
        let Output { status, stdout, stderr } = run(&self.info.dir, &[&base[..], more].concat());
        (status.code().unwrap(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    }

    /// Names of the files in a folder, ascending.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with("open-") && !name.starts_with("free-") && name != "torn");
        names.sort_by_key(|name| (name.len(), name.clone()));
        names.into_iter().map(|name| format!("{folder}/{name}")).collect()
    }

    /// Alters a file, expects exit code 3 and these words (`|` stands between two that would do), and
    /// puts the file back.
    fn altered(&self, name: &str, alter: impl FnOnce(&mut Vec<u8>), words: &str) {
        let path = self.path(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        alter(&mut bad);
        assert_ne!(good, bad, "{name}");
        fs::write(&path, bad).unwrap();
        let (code, text) = self.check(&[]);
        assert_eq!(code, 3, "{name}: {text}");
        assert!(words.split('|').any(|words| text.contains(words)), "{name} ({words}): {text}");
        assert!(!text.contains("panicked"), "{text}");
        fs::write(&path, good).unwrap();
    }
}

fn append(ledger: &Ledger, numbers: std::ops::Range<u64>) {
    let record = |number: u64| {
        let header = Header {
            kind: Kind::Record,
            flags: 0,
            source: 1,
            source_seq: number,
            received_at: Millis(START_MS),
            body_bytes: 0,
            replacements: Vec::new(),
            position: Position::default(),
        };
        let body = format!("{{\"record\":{number},\"pad\":\"{}\"}}", "x".repeat(number as usize % 200));
        Prepared::new([number as u8; 16], header, body.into_bytes())
    };
    ledger.append().submit(numbers.map(record).collect()).unwrap().wait().unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    model::hex(&Sha256::digest(bytes))
}

/// Everything under a folder, with its length.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn an_intact_log_is_opened_leaf_by_leaf() {
    let log = Log::written();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 0, "{text}");
    let evidence = format!("in {} evidence files", log.names("evidence").len());
    assert!(text.contains("INTACT: 10") && text.contains(&evidence), "{text}");
    assert!(text.contains("anchored: nothing") && text.contains("the log's own key alone"), "{text}");
    let kept = log.path("log/checkpoint").display().to_string();
    let (code, text) = log.check(&["--checkpoint", &kept]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("by the checkpoint you kept") && !text.contains("not anchored"), "{text}");
    log.open().close().unwrap();
    assert_eq!(log.check(&[]).0, 0);
}

#[test]
fn a_log_that_was_only_made_and_one_that_crashed_are_intact() {
    let log = Log::new();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 of 1 leaves"), "{text}");
    let ledger = log.open();
    append(&ledger, 0..700);
    ledger.publish().unwrap();
    append(&ledger, 700..720);
    drop(ledger);
    let (code, text) = log.check(&[]);
    assert_eq!(code, 0, "{text}");
    // Leaves that are signed in the WAL and not published yet are opened and checked too.
    let published = fs::read_to_string(log.path("log/checkpoint")).unwrap();
    let published: u64 = published.lines().nth(1).unwrap().parse().unwrap();
    let all: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(all > published, "{text}");
    assert!(text.contains(&format!("{all} of {all} leaves were opened")), "{text}");
    let (last, position) = body_of(&log, 719);
    log.altered(&last, |bytes| bytes[position] ^= 1, &last);
}

/// The newest WAL file, and the place of the body of a record in it.
fn body_of(log: &Log, record: u64) -> (String, usize) {
    let name = log.names("wal").pop().unwrap();
    let bytes = fs::read(log.path(&name)).unwrap();
    let body = format!("{{\"record\":{record},");
    let position = bytes.windows(body.len()).position(|window| window == body.as_bytes()).unwrap();
    (name, position)
}

#[test]
fn a_flipped_bit_in_evidence_names_the_file() {
    let log = Log::written();
    let names = log.names("evidence");
    for name in [&names[0], &names[names.len() - 1]] {
        let length = fs::metadata(log.path(name)).unwrap().len() as usize;
        for at in (0..length).step_by(length / 40).chain(length - 12..length) {
            log.altered(name, |bytes| bytes[at] ^= 1 << (at % 8), name);
        }
        log.altered(name, |bytes| bytes.truncate(length / 2), name);
        log.altered(name, Vec::clear, name);
    }
}

#[test]
fn a_flipped_bit_in_a_live_wal_byte_names_the_file_and_the_offset() {
    let log = Log::written();
    let name = log.names("wal").pop().unwrap();
    let bytes = fs::read(log.path(&name)).unwrap();
    // Live: the first page, then frames up to the page of zeros behind the last one.
    let end = bytes.chunks(4_096).position(|page| page.iter().all(|byte| *byte == 0)).unwrap() * 4_096;
    assert!(end > 3 * 4_096);
    for at in (0..end).step_by(509).chain([0, 9, 13, 30, 50, 60, 4_095, 4_096, 4_104, 4_207, end - 1]) {
        log.altered(&name, |bytes| bytes[at] ^= 1 << (at % 8), &format!("{name} offset"));
    }
    log.altered(&name, |bytes| bytes[4_096..8_192].fill(0), &format!("{name} offset"));
    fs::rename(log.path(&name), log.path("moved")).unwrap();
    assert_eq!(log.check(&[]).0, 3, "a WAL file is missing");
}

#[test]
fn a_flipped_bit_in_any_published_file_names_it() {
    let log = Log::written();
    // A second entry in the history, so that the flip is not in the one that may be unfinished.
    let ledger = log.open();
    append(&ledger, 1_040..1_050);
    ledger.publish().unwrap();
    drop(ledger);
    for path in files(&log.path("log")) {
        let name = path.strip_prefix(&log.info.dir).unwrap().display().to_string();
        // An altered entry is named by its tile, or by its leaf.
        let words = if name.contains("entries") { "tile/|: leaf " } else { name.trim_start_matches("log/") };
        let length = fs::metadata(&path).unwrap().len() as usize;
        // Partial tiles of a smaller checkpoint are not live: the beginning of a later one.
        if name.contains(".p/") && is_superseded(&log, &name) {
            continue;
        }
        for at in (0..length).step_by(length / 20 + 1).chain([length - 1]) {
            log.altered(&name, |bytes| bytes[at] ^= 1, words);
        }
        log.altered(&name, |bytes| bytes.push(0), words);
        log.altered(&name, |bytes| bytes.truncate(length / 3), words);
        fs::rename(&path, log.path("moved")).unwrap();
        let (code, text) = log.check(&[]);
        // Without its only day there is no history, which is what a new log has.
        assert!(code == 3 || name.contains("history"), "{name} is missing: {text}");
        fs::rename(log.path("moved"), &path).unwrap();
    }
}

fn is_superseded(log: &Log, name: &str) -> bool {
    let width = |name: &str| name.rsplit('/').next().unwrap().parse::<u16>().unwrap();
    let folder = name.rsplit_once('/').unwrap().0;
    log.names(folder).iter().any(|other| width(other) > width(name))
}

#[test]
fn the_origin_and_the_key_of_a_checkpoint_are_no_other_log() {
    let log = Log::written();
    let position = |what: &str| {
        let note = fs::read_to_string(log.path("log/checkpoint")).unwrap();
        note.rfind(what).unwrap()
    };
    log.altered("log/checkpoint", |bytes| bytes[0] ^= 1, "log/checkpoint");
    let key_name = position("test/log");
    log.altered("log/checkpoint", |bytes| bytes[key_name] ^= 1, "log/checkpoint");
    log.altered("identity", |bytes| bytes[30] ^= 1, "identity");
    let other_time = |bytes: &mut Vec<u8>| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("1763000000000", "1763000000001").into_bytes();
    };
    log.altered("identity", other_time, "leaf 0 sealed");
}

#[test]
fn a_checkpoint_signed_by_another_key_is_altered_and_a_foreign_key_verifies_nothing() {
    let log = Log::written();
    let stranger = SignerKey::from_seed("test/log", Algorithm::Ed25519, &[9; 32]).unwrap();
    let resigned = Checkpoint::new("test/log", 1, tlog::leaf_hash(b"x")).sign(&stranger).unwrap().encode();
    log.altered("log/checkpoint", |bytes| *bytes = resigned.into_bytes(), "log/checkpoint");
    let foreign = log.path("foreign");
    fs::write(&foreign, stranger.verifier().to_string()).unwrap();
    let output = run(&log.info.dir, &["log", ".", "--key", "foreign"]);
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let other = SignerKey::from_seed("other/log", Algorithm::Ed25519, &[9; 32]).unwrap();
    fs::write(&foreign, other.verifier().to_string()).unwrap();
    assert_eq!(run(&log.info.dir, &["log", ".", "--key", "foreign"]).status.code(), Some(5));
}

#[test]
fn a_missing_and_an_unannounced_evidence_file_are_named() {
    let log = Log::written();
    let name = log.names("evidence").remove(0);
    fs::rename(log.path(&name), log.path("moved")).unwrap();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains(&name) && text.contains("missing"), "{text}");
    fs::rename(log.path("moved"), log.path(&name)).unwrap();
    // The same leaves under a generation that no leaf announces: nothing needs this file.
    let next_generation = name.replace(".1.parquet", ".2.parquet");
    fs::rename(log.path(&name), log.path(&next_generation)).unwrap();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("no sealed manifest announces this file"), "{text}");
    fs::copy(log.path(&next_generation), log.path(&name)).unwrap();
    assert_eq!(log.check(&[]).0, 0);
    fs::remove_dir_all(log.path("evidence")).unwrap();
    assert_eq!(log.check(&[]).0, 3);
    assert_eq!(log.check(&["--published"]).0, 0);
}

#[test]
fn what_a_merge_replaced_may_be_left_over() {
    let mut log = Log::written();
    let pieces = log.names("evidence");
    let copies: Vec<_> = pieces.iter().map(|name| (log.path(name), fs::read(log.path(name)).unwrap())).collect();
    log.options = Options { merge: true, segment_bytes_max: 1 << 20, ..small() };
    let ledger = log.open();
    append(&ledger, 1_040..1_300);
    ledger.close().unwrap();
    assert!(log.names("evidence").iter().any(|name| name.contains(".2.parquet")), "{:?}", log.names("evidence"));
    assert_eq!(log.check(&[]).0, 0);
    let gone: Vec<_> = copies.iter().filter(|(path, _)| !path.exists()).collect();
    assert!(!gone.is_empty());
    gone.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let (code, text) = log.check(&[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("was replaced by a later generation"), "{text}");
}

#[test]
fn a_body_that_was_written_anew_names_the_leaf() {
    let log = Log::written();
    let name = log.names("evidence").remove(0);
    log.altered(
        &name,
        |bytes| {
            *bytes = rewritten(&log.path(&name), &mut |leaf, _, body| {
                if leaf == 17 {
                    body[3] ^= 1
                }
            })
        },
        "leaf 17:",
    );
    // The commitment is over header and body one after the other: what divides them is checked too.
    let moved = |leaf: u64, header: &mut Vec<u8>, body: &mut Vec<u8>| {
        if leaf == 17 {
            header.push(body.remove(0));
        }
    };
    log.altered(&name, |bytes| *bytes = rewritten(&log.path(&name), &mut { moved }), "leaf 17:");
}

/// Changes header and body of a leaf.
type Change<'a> = &'a mut dyn FnMut(u64, &mut Vec<u8>, &mut Vec<u8>);

/// An evidence file written again, each leaf as `change` leaves it.
fn rewritten(path: &Path, change: Change<'_>) -> Vec<u8> {
    use parquet::column::reader::get_typed_column_reader;
    use parquet::data_type::{ByteArrayType, FixedLenByteArrayType, Int32Type, Int64Type};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::file::writer::SerializedFileWriter;
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    for group in 0..reader.num_row_groups() {
        let rows = reader.metadata().row_group(group).num_rows() as usize;
        let group = reader.get_row_group(group).unwrap();
        macro_rules! read {
            ($type:ty, $at:expr) => {{
                let mut values = Vec::new();
                let mut column = get_typed_column_reader::<$type>(group.get_column_reader($at).unwrap());
                column.read_records(rows, None, None, &mut values).unwrap();
                values
            }};
        }
        let (index, kind, time) = (read!(Int64Type, 0), read!(Int32Type, 1), read!(Int64Type, 2));
        let (salt, mut header, mut body) =
            (read!(FixedLenByteArrayType, 3), read!(ByteArrayType, 4), read!(ByteArrayType, 5));
        for row in 0..rows {
            let (mut head, mut content) = (header[row].data().to_vec(), body[row].data().to_vec());
            change(index[row] as u64, &mut head, &mut content);
            (header[row], body[row]) = (head.into(), content.into());
        }
        let mut group = writer.next_row_group().unwrap();
        macro_rules! write {
            ($type:ty, $values:expr) => {
                let mut column = group.next_column().unwrap().unwrap();
                column.typed::<$type>().write_batch($values, None, None).unwrap();
                column.close().unwrap();
            };
        }
        write!(Int64Type, &index);
        write!(Int32Type, &kind);
        write!(Int64Type, &time);
        write!(FixedLenByteArrayType, &salt);
        write!(ByteArrayType, &header);
        write!(ByteArrayType, &body);
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_cut_below_a_kept_checkpoint_or_below_the_history_is_seen() {
    let log = Log::written();
    let before = log.info.dir.with_file_name("before");
    copy_all(&log.info.dir, &before);
    let ledger = log.open();
    append(&ledger, 1_040..1_100);
    ledger.publish().unwrap();
    drop(ledger);
    fs::copy(log.path("log/checkpoint"), log.path("../kept")).unwrap();
    assert_eq!(log.check(&["--checkpoint", "../kept"]).0, 0);
    for path in files(&log.path("log/history")) {
        fs::copy(&path, log.path("../later.notes")).unwrap();
    }
    fs::remove_dir_all(&log.info.dir).unwrap();
    copy_all(&before, &log.info.dir);
    assert_eq!(log.check(&[]).0, 0, "an older copy alone cannot be told from the newest");
    let (code, text) = log.check(&["--checkpoint", "../kept"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("cut"), "{text}");
    let day = files(&log.path("log/history")).remove(0);
    fs::copy(log.path("../later.notes"), day).unwrap();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("cut"), "{text}");
}

fn copy_all(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
    fs::create_dir_all(to.join("wal/torn")).unwrap();
}

#[test]
fn two_roots_signed_for_one_size_are_proof_against_the_log() {
    let log = Log::written();
    let secret = fs::read_to_string(&log.info.key).unwrap();
    let signer = SignerKey::parse(secret.trim_end()).unwrap();
    let size = fs::read_to_string(log.path("log/checkpoint")).unwrap().lines().nth(1).unwrap().parse().unwrap();
    let fork = Checkpoint::new("test/log", size, tlog::leaf_hash(b"fork")).sign(&signer).unwrap().encode();
    fs::write(log.path("../fork"), &fork).unwrap();
    let (code, text) = log.check(&["--checkpoint", "../fork"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("two roots for"), "{text}");
    log.altered("log/checkpoint", |bytes| *bytes = fork.into_bytes(), "two roots for");
}

#[test]
fn an_unfinished_last_entry_of_the_history_is_a_crash_and_nothing_else() {
    let log = Log::written();
    let day = log.names("log/history").remove(0);
    let whole = fs::read(log.path(&day)).unwrap();
    let entry = whole.len() - fs::read(log.path("log/checkpoint")).unwrap().len();
    for end in [entry + 5, entry - 10, 40, 0] {
        fs::write(log.path(&day), &whole[..end]).unwrap();
        let (code, text) = log.check(&[]);
        assert_eq!(code, 0, "cut at {end}: {text}");
        assert_eq!(text.contains("unfinished"), end > 0, "{text}");
    }
    let begin = whole[..entry - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let mut zeros = whole.clone();
    zeros[begin..].fill(0);
    fs::write(log.path(&day), &zeros).unwrap();
    assert_eq!(log.check(&[]).0, 0, "sectors of zeros");
    zeros[begin + 3] = 1;
    fs::write(log.path(&day), &zeros).unwrap();
    assert_eq!(log.check(&[]).0, 3);
    let mut longer = whole;
    longer.push(b'x');
    fs::write(log.path(&day), &longer).unwrap();
    assert_eq!(log.check(&[]).0, 3);
}

#[test]
fn a_lake_file_that_differs_has_its_own_exit_code() {
    let log = Log::written();
    let lake = log.path("../../lake");
    fs::create_dir_all(&lake).unwrap();
    let put = |name: &str, content: &str| {
        fs::write(lake.join(name), content).unwrap();
        let (sha256, bytes) = (sha256(content.as_bytes()), content.len() as u64);
        LakeFile { name: name.to_owned(), sha256, bytes, rows: 1 }
    };
    let announce = |first: u64, last: u64, rebuild: bool, files: Vec<LakeFile>| {
        let view = ViewManifest { first, last, normaliser: "ab".to_owned(), files, rebuild };
        let ledger = log.open();
        ledger.append().submit_own(Kind::ViewManifest, canonical_json(&view)).unwrap().wait().unwrap();
        ledger.publish().unwrap();
        drop(ledger);
    };
    announce(0, 99, false, vec![put("0-99.ab.1.events.parquet", "first")]);
    announce(100, 199, false, vec![put("100-199.ab.1.events.parquet", "second")]);
    let check = || log.check(&["--lake", "../../lake"]);
    let (code, text) = check();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 lake files"), "{text}");
    fs::write(lake.join("100-199.ab.1.events.parquet"), "sEcond").unwrap();
    let (code, text) = check();
    assert_eq!(code, 6, "{text}");
    assert!(text.contains("lake/100-199.ab.1.events.parquet") && text.contains("rebuild"), "{text}");
    assert_eq!(log.check(&[]).0, 0, "without --lake nothing is said about it");
    fs::remove_file(lake.join("0-99.ab.1.events.parquet")).unwrap();
    assert!(check().1.contains("lake/0-99.ab.1.events.parquet: announced by leaf"), "{}", check().1);
    // A file of the same leaves takes the place of the older one, a rebuild that of all.
    announce(100, 199, false, vec![put("100-199.ab.2.events.parquet", "again")]);
    announce(200, 249, false, vec![put("200-249.ab.2.events.parquet", "beyond")]);
    fs::remove_file(lake.join("200-249.ab.2.events.parquet")).unwrap();
    assert_eq!(check().0, 6);
    announce(0, 199, true, vec![put("0-199.ab.3.events.parquet", "rebuilt")]);
    let (code, text) = check();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 lake files"), "{text}");
    let name = log.names("evidence").remove(0);
    fs::write(lake.join("0-199.ab.3.events.parquet"), "").unwrap();
    log.altered(&name, |bytes| bytes[100] ^= 1, &name);
    let bytes = fs::read(log.path(&name)).unwrap();
    fs::write(log.path(&name), b"PAR1").unwrap();
    let (code, text) = check();
    assert_eq!(code, 3, "altered evidence is worse than a lake file: {text}");
    assert!(text.contains("DIFFERS: lake/0-199"), "{text}");
    fs::write(log.path(&name), bytes).unwrap();
}

#[test]
fn a_log_of_another_format_or_of_no_log_has_its_exit_code() {
    let log = Log::written();
    let identity = fs::read_to_string(log.path("identity")).unwrap();
    fs::write(log.path("identity"), identity.replace("\"format\":0", "\"format\":1,\"new\":2")).unwrap();
    assert_eq!(log.check(&[]).0, 5);
    fs::remove_file(log.path("identity")).unwrap();
    let (code, text) = log.check(&[]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("--published"), "{text}");
    let output = run(&log.info.dir, &["log", "nowhere", "--key", "../../key.vkey"]);
    assert_eq!(output.status.code(), Some(1));
}
