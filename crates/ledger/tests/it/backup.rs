//! Backups: whole or not there, verified, of this log only, beside a writer that does not wait.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::backup::Backup;
use ledger::verify::{self, Report};
use ledger::{Disk, ErrorKind, File, Guard, InitOptions, Ledger, LogInfo, Options, Reader, RealDisk};

use crate::sim::{Coins, SimDisk};
use crate::support::{HandClock, START_MS, all_records, append, new_log, open, record_of, records, small};

fn back_up(data: &Path, info: &LogInfo, to: &Path) -> ledger::Result<Backup> {
    ledger::backup::run(data, &info.short, to, 2, &mut |_| {})
}

fn check(data: &Path, info: &LogInfo, checkpoint: Option<Vec<u8>>) -> Report {
    let options = verify::Options { checkpoint, bodies: true, from: 0, threads: 2 };
    verify::run(data, &info.short, &options, &mut |_| {}).unwrap()
}

/// As the command does it: flushed and published before each look.
fn back_up_live(ledger: &Ledger, data: &Path, info: &LogInfo, to: &Path) -> Backup {
    for _ in 0..50 {
        ledger.flush().unwrap();
        ledger.publish().unwrap();
        match back_up(data, info, to) {
            Ok(made) => return made,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
    }
    panic!("the log moved on 50 times");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

/// What a folder holds, by name and content.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files(folder).into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// A log of several blocks, published now and then.
fn sample(data: &Path) -> (LogInfo, Ledger) {
    let info = new_log(data);
    let ledger = open(data, &info);
    for batch in 0..30 {
        append(&ledger, records(batch * 20..batch * 20 + 20));
        if batch % 4 == 1 {
            ledger.flush().unwrap();
            ledger.publish().unwrap();
        }
    }
    ledger.flush().unwrap();
    ledger.publish().unwrap();
    (info, ledger)
}

#[test]
fn ten_backups_beside_a_busy_writer_are_whole_and_each_goes_on_from_the_one_before() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let info = new_log(data.path());
    let ledger = open(data.path(), &info);
    let stop = AtomicBool::new(false);
    let mut sizes = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                append(&ledger, records(number..number + 16));
                number += 16;
            }
        });
        let mut kept = None;
        for _ in 0..10 {
            let made = back_up_live(&ledger, data.path(), &info, to.path());
            let report = check(to.path(), &info, kept.replace(made.checkpoint.to_vec()));
            assert_eq!((report.findings, report.size), (vec![], made.size));
            sizes.push(made.size.0);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(sizes.is_sorted() && sizes[0] < sizes[9], "{sizes:?}");
    // What the last one holds is the beginning of the log.
    ledger.close().unwrap();
    let read = |data: &Path| all_records(&Reader::open(data, &info.short).unwrap().view().unwrap());
    let (copied, whole) = (read(to.path()), read(data.path()));
    assert!(copied.len() > 100 && whole.starts_with(&copied), "{} of {}", copied.len(), whole.len());
    assert!(files(to.path()).iter().all(|path| !path.to_string_lossy().contains("partial")));
}

#[test]
fn a_backup_with_its_keys_is_a_log_that_goes_on() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, ledger) = sample(data.path());
    // Behind the last checkpoint: of the next backup.
    append(&ledger, records(600..605));
    let made = back_up(data.path(), &info, to.path()).unwrap();
    assert!(!to.path().join("keys").exists());
    let error = Ledger::open(to.path(), &info.short, small(), HandClock::at(START_MS)).err().unwrap();
    assert!(error.to_string().contains("keys"), "{error}");
    let restored = tempfile::tempdir().unwrap();
    copy(to.path(), restored.path());
    copy(&data.path().join("keys"), &restored.path().join("keys"));
    let info = LogInfo { dir: restored.path().join("logs").join(&info.short), ..info };
    let ledger = open(restored.path(), &info);
    assert_eq!(ledger.size(), made.size.0);
    append(&ledger, records(700..900));
    ledger.close().unwrap();
    let report = check(restored.path(), &info, Some(made.checkpoint.to_vec()));
    assert_eq!(report.findings, []);
}

#[test]
fn only_what_is_new_moves() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, ledger) = sample(data.path());
    let disk: Arc<dyn Disk> = Arc::new(Apart(data.path().to_owned()));
    let across = || ledger::backup::run_on(&disk, data.path(), &info.short, to.path(), 2, &mut |_| {}).unwrap();
    let first = across();
    assert_eq!((first.linked, first.kept, first.former), (0, 0, None));
    assert!(first.copied_bytes == first.bytes && first.copied > 20, "{first:?}");
    append(&ledger, records(600..610));
    ledger.flush().unwrap();
    ledger.publish().unwrap();
    let second = across();
    assert_eq!(second.former, Some(first.size));
    assert!(second.kept > 10 && second.copied < first.copied / 2, "{second:?}");
    assert_eq!(check(to.path(), &info, Some(first.checkpoint.to_vec())).findings, []);
    // On one file system nothing of the evidence is copied at all.
    let near = tempfile::tempdir_in(data.path().parent().unwrap()).unwrap();
    let linked = back_up(data.path(), &info, near.path()).unwrap();
    assert!(linked.linked > 20 && linked.copied < 8, "{linked:?}");
    assert_eq!(linked.size, second.size);
}

/// The full tile came after the checkpoint: what its size needs is cut from it.
#[test]
fn a_partial_tile_that_its_full_one_replaced_is_made_again() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let info = new_log(data.path());
    let options = Options { merge: false, ..small() };
    let ledger = Ledger::open(data.path(), &info.short, options, HandClock::at(START_MS)).unwrap();
    append(&ledger, (0..230).map(|number| record_of(number, 10)).collect());
    ledger.flush().unwrap();
    let published = ledger.publish().unwrap();
    let partial = info.dir.join(format!("log/tile/entries/000.p/{}", published.size.0));
    assert!(partial.exists());
    append(&ledger, (230..270).map(|number| record_of(number, 10)).collect());
    ledger.flush().unwrap();
    assert!(!partial.exists(), "the full bundle is durable");
    let made = back_up(data.path(), &info, to.path()).unwrap();
    assert_eq!(made.size, published.size);
    assert_eq!(check(to.path(), &info, None).findings, []);
}

#[test]
fn what_is_no_backup_of_this_log_is_left_alone() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, ledger) = sample(data.path());
    let refused = |to: &Path, part: &str| {
        let before = content(to);
        let error = back_up(data.path(), &info, to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(content(to) == before, "{error}");
    };
    fs::write(to.path().join("holiday.jpg"), "x").unwrap();
    refused(to.path(), "holiday.jpg");
    let other = tempfile::tempdir().unwrap();
    let options = InitOptions { origin: Some("other/log".to_owned()), options: small() };
    let foreign = ledger::init(other.path(), &options, HandClock::at(START_MS).as_ref()).unwrap();
    refused(other.path(), "data folder");
    let of_other = tempfile::tempdir().unwrap();
    Ledger::open(other.path(), &foreign.short, small(), HandClock::at(START_MS)).unwrap().close().unwrap();
    back_up(other.path(), &foreign, of_other.path()).unwrap();
    refused(of_other.path(), "another log");
    // The same name, made a second time.
    let again = tempfile::tempdir().unwrap();
    let (twin, twins) = sample(again.path());
    let of_twin = tempfile::tempdir().unwrap();
    back_up(again.path(), &twin, of_twin.path()).unwrap();
    refused(of_twin.path(), "another log");
    drop((ledger, twins));
    // Itself.
    let error = back_up(data.path(), &info, data.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[test]
fn a_backup_that_is_ahead_of_the_log_or_beside_it_shows_a_rollback() {
    let (data, to, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, ledger) = sample(data.path());
    ledger.close().unwrap();
    copy(data.path(), old.path());
    let ledger = open(data.path(), &info);
    append(&ledger, records(1_000..1_200));
    ledger.close().unwrap();
    back_up(data.path(), &info, to.path()).unwrap();
    let before = content(&to.path().join("logs"));
    let error = back_up(old.path(), &info, to.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rollback, "{error}");
    assert!(error.to_string().contains("rolled back"), "{error}");
    // The old log goes on another way, with the key: longer than the backup, and not from it.
    let ledger = open(old.path(), &info);
    for batch in 0..20 {
        append(&ledger, records(5_000 + batch * 20..5_020 + batch * 20));
    }
    ledger.close().unwrap();
    let error = back_up(old.path(), &info, to.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rollback, "{error}");
    assert!(error.to_string().contains("another history"), "{error}");
    assert!(
        content(&to.path().join("logs"))
            .iter()
            .filter(|(path, _)| !path.to_string_lossy().contains("partial"))
            .eq(&before)
    );
    assert_eq!(check(to.path(), &info, None).findings, []);
}

#[test]
fn damage_in_the_log_stops_a_backup_and_damage_in_the_backup_is_mended_by_the_next() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, ledger) = sample(data.path());
    ledger.close().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(Apart(data.path().to_owned()));
    let across = || ledger::backup::run_on(&disk, data.path(), &info.short, to.path(), 2, &mut |_| {});
    across().unwrap();
    let evidence = |log: &Path| files(&log.join("evidence")).remove(0);
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let copied = to.path().join("logs").join(&info.short);
    flip(&evidence(&copied));
    assert_ne!(check(to.path(), &info, None).findings, []);
    let mended = across().unwrap();
    assert!(mended.anew, "{mended:?}");
    assert_eq!(check(to.path(), &info, None).findings, []);
    // The other way round, the backup before has what the log has lost.
    flip(&evidence(&info.dir));
    let made = across().unwrap();
    assert!(!made.anew, "{made:?}");
    assert_eq!(check(to.path(), &info, None).findings, []);
    let fresh = tempfile::tempdir().unwrap();
    let error = back_up(data.path(), &info, fresh.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let name = evidence(&info.dir).file_name().unwrap().to_string_lossy().into_owned();
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(files(&fresh.path().join("logs")), Vec::<PathBuf>::new());
}

#[test]
fn two_backups_into_one_folder_take_turns() {
    let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (info, _ledger) = sample(data.path());
    let held = RealDisk.lock(&to.path().join(".backup-lock"), 1).unwrap();
    let error = back_up(data.path(), &info, to.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    drop(held);
    back_up(data.path(), &info, to.path()).unwrap();
}

/// A power cut after every operation of a second backup: one of the two is there, whole, and the next backup succeeds.
#[test]
fn a_power_cut_leaves_the_backup_before_or_the_new_one() {
    let (data, to) = (Path::new("/data"), Path::new("/backup"));
    let disk = SimDisk::recording();
    let options = Options { wal_file_bytes: 64 << 10, ..small() };
    let init = InitOptions { origin: Some("test/log".to_owned()), options: options.clone() };
    let info = ledger::init_on(&disk.arc(), data, &init, HandClock::at(START_MS).as_ref()).unwrap();
    let open = || Ledger::open_on(disk.arc(), data, &info.short, options.clone(), HandClock::at(START_MS)).unwrap();
    let back_up = |disk: &SimDisk| ledger::backup::run_on(&disk.arc(), data, &info.short, to, 1, &mut |_| {});
    let mut sizes = Vec::new();
    for run in 0..2 {
        let ledger = open();
        append(&ledger, records(run * 150..run * 150 + 150));
        ledger.close().unwrap();
        sizes.push((disk.ops(), back_up(&disk).unwrap().size));
    }
    let record = disk.record();
    let verify = verify::Options { checkpoint: None, bodies: true, from: 0, threads: 1 };
    let mut medium = SimDisk::empty_medium();
    let mut seen = [0, 0];
    for (done, op) in record.iter().enumerate() {
        medium.apply(op);
        if done < sizes[1].0 || done % 3 != 0 && done + 60 < record.len() {
            continue;
        }
        let found = medium.power_cut(512, &mut Coins::new(done as u64));
        if let Ok(report) = verify::run_on(&found.arc(), to, &info.short, &verify, &mut |_| {}) {
            assert_eq!(report.findings, [], "after operation {done}");
            seen[usize::from(report.size != sizes[0].1)] += 1;
            assert!(report.size == sizes[0].1 || report.size == sizes[1].1);
        }
        let made = back_up(&found).unwrap_or_else(|error| panic!("after operation {done}: {error}"));
        let report = verify::run_on(&found.arc(), to, &info.short, &verify, &mut |_| {}).unwrap();
        assert_eq!((report.findings, report.size), (vec![], made.size), "after operation {done}");
    }
    assert!(seen[0] > 10 && seen[1] > 0, "{seen:?}");
}

/// The log lies on another file system than everything else: no links lead out of it.
struct Apart(PathBuf);

impl Disk for Apart {
    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        RealDisk.create_new(path)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        RealDisk.open(path)
    }
    fn open_write(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        RealDisk.open_write(path)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if from.starts_with(&self.0) != to.starts_with(&self.0) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        RealDisk.link(from, to)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        RealDisk.exchange(one, other)
    }
    fn unlink(&self, path: &Path) -> io::Result<()> {
        RealDisk.unlink(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(path)
    }
    fn lock(&self, path: &Path, pid: u32) -> io::Result<Guard> {
        RealDisk.lock(path, pid)
    }
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(path)
    }
}
