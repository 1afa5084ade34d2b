//! The events as facts: what the index finds is what reading everything finds.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use lake::{Evidence as _, Facts, Pin};
use model::Millis;
use trace::{Fact, Key, Lookup, Order, Store as _};

use crate::log::{Log, ask};

const NOW: Millis = Millis(1_795_168_800_000);

/// Records of all platforms in files of unequal size, some told twice, the last without a file.
fn world(folder: &Path, records: u64) -> Log {
    let (form, delivery) = (scenario::Form::Lines, scenario::Delivery::default());
    let options = scenario::Options { seed: 3, records, start_ms: 1_795_168_800_000, form, delivery };
    scenario::write(&folder.join("native"), &options).unwrap();
    let mut lines = Vec::new();
    for folder in std::fs::read_dir(folder.join("native")).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(folder).into_iter().flatten() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    // The order of arrival is not the order of events.
    lines.sort_by_key(|line| line.len() % 97);
    let mut log = Log::new();
    for (at, line) in lines.iter().enumerate() {
        log.record(line);
        if at % 17 == 0 {
            log.record(line);
        }
        if [lines.len() / 50, lines.len() / 3, lines.len() / 2, lines.len() * 4 / 5].contains(&at) {
            log.settle(folder);
        }
    }
    log
}

fn everything(facts: &Facts) -> Vec<Arc<Fact>> {
    let mut all = Vec::new();
    facts
        .scan(i64::MIN, i64::MAX, &mut |source, fact| {
            assert_eq!(source, "trail");
            all.push(fact);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    all
}

/// What a look-up over these facts should find: the plain reading.
fn plainly(all: &[Arc<Fact>], lookup: &Lookup<'_>) -> (Vec<Arc<Fact>>, bool) {
    let inside = |fact: &&Arc<Fact>| fact.has(lookup.key) && (lookup.from..=lookup.until).contains(&fact.time);
    let mut found: Vec<_> = all.iter().filter(inside).cloned().collect();
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    if lookup.order == Order::Newest {
        found.reverse();
    }
    let more = found.len() > lookup.limit;
    found.truncate(lookup.limit);
    (found, more)
}

fn owned(fact: &Fact) -> BTreeSet<(u8, String)> {
    let mut keys = BTreeSet::new();
    fact.keys(&mut |key| {
        let (number, text) = key.parts();
        keys.insert((number, text.to_owned()));
    });
    keys
}

/// The keys of a fact that `owned` names, as keys.
fn key(number: u8, text: &str) -> Option<Key<'_>> {
    let all = [
        Key::Used(text),
        Key::Issued(text),
        Key::Session(text),
        Key::Principal(text),
        Key::Resource(text),
        Key::Correlation(text),
        Key::SourceEvent(text),
        Key::Name(text),
        Key::Address(text),
        Key::RunOn(text),
    ];
    all.into_iter().find(|key| key.parts().0 == number)
}

#[test]
fn every_key_finds_what_reading_everything_finds() {
    let folder = tempfile::tempdir().unwrap();
    let log = world(folder.path(), 1_500);
    let facts = Facts::as_of(&log.lake(folder.path()), log.size()).unwrap();
    let all = everything(&facts);
    let shown = ask(&log.lake(folder.path()), "SELECT count(*) AS n FROM events");
    assert_eq!(shown, [format!("{{\"n\":{}}}", all.len())], "each event once, the tail too");
    let keys: BTreeSet<(u8, String)> = all.iter().flat_map(|fact| owned(fact)).collect();
    let (middle, mut asked) = (all[all.len() / 2].time, 0);
    for (number, text) in keys.iter().step_by(41) {
        let Some(key) = key(*number, text) else { continue };
        for (from, until) in [(i64::MIN, i64::MAX), (middle, i64::MAX), (i64::MIN, middle)] {
            for order in [Order::Oldest, Order::Newest] {
                for limit in [1, 5, 10_000] {
                    let lookup = Lookup { key, from, until, order, limit };
                    let page = facts.find(&lookup).unwrap();
                    let (expected, more) = plainly(&all, &lookup);
                    assert!(page.facts == expected && page.more == more, "{lookup:?}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert!(facts.find(&Lookup::newest(Key::Name("nobody"), i64::MAX, 5)).unwrap().facts.is_empty());
}

#[test]
fn an_event_is_found_by_its_id_and_nothing_else_is_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let log = world(folder.path(), 1_500);
    let facts = Facts::as_of(&log.lake(folder.path()), log.size()).unwrap();
    for fact in everything(&facts).iter().step_by(13) {
        assert_eq!(facts.event(&fact.id).unwrap().as_ref(), Some(fact));
    }
    let id = |log: &str, index| model::EventId { log: log.to_owned(), index: model::LeafIndex(index) };
    assert_eq!(facts.event(&id(crate::log::LOG, 0)).unwrap(), None, "a directive");
    assert_eq!(facts.event(&id(crate::log::LOG, log.size())).unwrap(), None, "past the end");
    assert_eq!(facts.event(&id("ffffffff", 5)).unwrap(), None, "another log");
}

/// The oracle is the record itself, normalised anew: what a file of facts or the tail holds is nothing else.
#[test]
fn a_fact_is_what_its_record_says_when_it_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = world(folder.path(), 1_500);
    let lake = log.lake(folder.path());
    assert!(lake.covered() > 0 && lake.covered() < log.size(), "some are stored, some are not");
    let facts = Facts::as_of(&lake, log.size()).unwrap();
    let (mut scratch, mut events) = (sources::Scratch::default(), 0);
    log.scan(0, log.size(), &mut |leaf| {
        let id = model::EventId { log: crate::log::LOG.to_owned(), index: model::LeafIndex(leaf.index) };
        let header = model::Header::decode(leaf.header).unwrap();
        let context = sources::Context { received_at: header.received_at, ..sources::Context::default() };
        let is_record = header.kind == model::Kind::Record;
        let event = is_record.then(|| sources::normalise(leaf.body, &context, &mut scratch).ok()).flatten();
        let received = i64::try_from(header.received_at.0).unwrap() * 1_000_000;
        let fact = event.map(|event| Fact::of(id.clone(), event.time.unwrap_or(received), &event));
        events += usize::from(fact.is_some());
        assert_eq!(facts.event(&id).unwrap().as_deref(), fact.as_ref(), "{id}");
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert!(events > 1_500, "told twice, too: {events}");
}

#[test]
fn as_of_a_pin_no_later_record_is_used_however_the_log_grew() {
    let folder = tempfile::tempdir().unwrap();
    let log = world(folder.path(), 1_500);
    let lake = log.lake(folder.path());
    let whole = everything(&Facts::as_of(&lake, log.size()).unwrap());
    for size in [1, log.size() / 5, log.size() / 2, log.size() - 40, log.size()] {
        let pin = Pin { size, ..Facts::as_of(&lake, log.size()).unwrap().pin(NOW) };
        let facts = Facts::at(&lake, &pin).unwrap();
        assert_eq!(facts.pin(NOW), pin);
        let before: Vec<_> = whole.iter().filter(|fact| fact.id.index.0 < size).cloned().collect();
        assert_eq!(everything(&facts), before, "as of {size}");
        for fact in whole.iter().step_by(101) {
            let key = Key::Principal(&fact.actor.uri);
            let lookup = Lookup::within(key, i64::MIN, i64::MAX, 10_000);
            assert_eq!(facts.find(&lookup).unwrap().facts, plainly(&before, &lookup).0);
        }
    }
    let beyond = Pin { size: log.size() + 1, ..Facts::as_of(&lake, 1).unwrap().pin(NOW) };
    assert!(Facts::at(&lake, &beyond).unwrap_err().to_string().contains("run `deedbook verify`"));
}

#[test]
fn merged_and_rebuilt_indexes_find_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new();
    for segment in 0..20 {
        for n in 0..30 {
            let n = segment * 30 + n;
            log.record(&crate::log::k8s(&format!("id-{n}"), &format!("user-{}", n % 7), "get", "db", n % 60));
        }
        log.settle(folder.path());
    }
    let answers = |log: &Log| {
        let facts = Facts::as_of(&log.lake(folder.path()), log.size()).unwrap();
        let found = |name: &str| facts.find(&Lookup::newest(Key::Name(name), i64::MAX, 1_000)).unwrap().facts;
        (0..8).map(|n| found(&format!("user-{n}"))).collect::<Vec<_>>()
    };
    let files = || std::fs::read_dir(folder.path().join("lake")).unwrap().map(|e| e.unwrap().file_name());
    let lookups = || files().filter(|name| name.to_string_lossy().ends_with(".lookup")).count();
    let expected = answers(&log);
    assert_eq!(expected.iter().map(Vec::len).sum::<usize>(), 600);
    assert!(lookups() > 20, "a merged file lies beside those it was made of: {}", lookups());

    let writer = lake::Lake::open_for_writing(&folder.path().join("lake"), Arc::new(log.clone())).unwrap();
    assert!(writer.tidy().unwrap() >= 16);
    assert!(lookups() <= 6, "{}", lookups());
    assert_eq!(answers(&log), expected);
    let manifest = writer.rebuild(&mut |_| {}).unwrap().unwrap();
    drop(writer);
    log.announce(&manifest);
    assert_eq!(answers(&log), expected);
}

#[test]
fn a_lost_or_damaged_file_fails_the_question_and_never_shortens_the_answer() {
    for suffix in ["lookup", "facts"] {
        let folder = tempfile::tempdir().unwrap();
        let mut log = world(folder.path(), 1_500);
        log.settle(folder.path());
        let lake = log.lake(folder.path());
        let files = std::fs::read_dir(folder.path().join("lake")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|own| own == suffix));
        let path = files.max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
        // Somebody with a record among the leaves of that file.
        let name = path.file_name().unwrap().to_str().unwrap();
        let (first, last) = name.split_once('.').unwrap().0.split_once('-').unwrap();
        let leaves = first.parse::<u64>().unwrap()..=last.parse().unwrap();
        let all = everything(&Facts::as_of(&lake, log.size()).unwrap());
        let fact = all.iter().find(|fact| leaves.contains(&fact.id.index.0)).unwrap().clone();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0);
        std::fs::write(&path, bytes).unwrap();
        let facts = Facts::as_of(&lake, log.size()).unwrap();
        let failed = facts.find(&Lookup::newest(Key::Principal(&fact.actor.uri), i64::MAX, 10_000)).unwrap_err();
        assert!(failed.to_string().contains("deedbook lake rebuild"), "{failed}");
        assert_eq!(lake.check().len(), 1, "and `verify` names the file");
    }
}
