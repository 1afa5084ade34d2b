//! What is known is a fold of the log: folded along the way or all at once, it is the same.

use collect::{Input, State};

use crate::{Bench, add, lines, numbered, options};

#[test]
fn a_state_folded_at_once_knows_what_the_grown_one_knows() {
    let bench = Bench::new();
    let (whole, grown) = (bench.put("whole", lines(0..40)), bench.put("grown", lines(50..60)));
    bench.ingest(&[whole.clone(), grown.clone()]);
    add(&grown, &lines(60..63));
    assert_eq!(bench.ingest(std::slice::from_ref(&grown)).records, 3);
    let fresh = State::open(&bench.path("state/fresh.redb")).unwrap();
    bench.fold_into(&fresh);
    assert_eq!(fresh.sources().unwrap(), bench.state.sources().unwrap());
    assert_eq!(fresh.applied_through(), bench.state.applied_through());
    let inputs = || [&whole, &grown].map(|path| Input::File(path.clone())).into();
    let of_fresh = bench.with(|pipeline| pipeline.ingest(&fresh, inputs(), &options()));
    let of_grown = bench.with(|pipeline| pipeline.ingest(&bench.state, inputs(), &options()));
    assert_eq!((of_fresh.records, of_fresh.already_known), (0, 53));
    assert_eq!(of_fresh, of_grown);
}

#[test]
fn folding_a_leaf_twice_changes_nothing() {
    let bench = Bench::new();
    let path = bench.put("a", lines(0..10));
    bench.ingest(std::slice::from_ref(&path));
    let before = bench.state.sources().unwrap();
    bench.fold_into(&bench.state);
    assert_eq!(bench.state.sources().unwrap(), before);
    assert_eq!(bench.ingest(&[path]).already_known, 10);
    assert_eq!(bench.records(), numbered(0..10));
}

#[test]
fn a_state_closed_and_opened_goes_on() {
    let mut bench = Bench::new();
    let path = bench.put("a", lines(0..10));
    bench.ingest(std::slice::from_ref(&path));
    let sources = bench.state.sources().unwrap();
    // One process at a time holds the file.
    bench.state = std::sync::Arc::new(State::open(&bench.path("state/other.redb")).unwrap());
    bench.state = std::sync::Arc::new(State::open(&bench.path("state/known.redb")).unwrap());
    assert_eq!(bench.state.sources().unwrap(), sources);
    add(&path, &lines(10..12));
    let summary = bench.ingest(&[path]);
    assert_eq!((summary.records, summary.already_known), (2, 10));
}

/// A last line without its line feed may be a half one: it is read again, whole, once the file has grown.
#[test]
fn a_half_line_comes_again_whole() {
    let bench = Bench::new();
    let path = bench.put("a", format!("{}{{\"num", lines(0..3)));
    assert_eq!(bench.ingest(std::slice::from_ref(&path)).records, 4);
    add(&path, &format!("ber\":3}}\n{}", lines(4..5)));
    assert_eq!(bench.ingest(&[path]).records, 2);
    let half = vec!["{\"num".to_owned()];
    assert_eq!(bench.records(), [numbered(0..3), half, numbered(3..5)].concat());
}
