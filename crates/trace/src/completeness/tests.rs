//! One promise each, on a source that says something every minute of a working day and nothing at night.

use super::*;

const DAY: i64 = DAY_MS;
const MINUTE: i64 = 60_000;

/// 2026-03-02, a Monday.
const START: i64 = 1_772_409_600_000;

fn receipt(at_ms: i64) -> Receipt {
    Receipt {
        leaf: (at_ms / 1_000) as u64,
        received_ms: at_ms,
        event_ms: Some(at_ms - 2_000),
        number: None,
        again: false,
    }
}

/// Every minute from 8 to 18, every day, but for what `lost` says.
fn told(source: Source, days: i64, lost: impl Fn(i64) -> bool) -> Account {
    let mut account = Account::new(source);
    for day in 0..days {
        for minute in 8 * 60..18 * 60 {
            let at = START + day * DAY + minute * MINUTE;
            if !lost(at) {
                account.push(&receipt(at));
            }
        }
    }
    account
}

/// Day and time of day, in milliseconds since 1970.
fn at(day: i64, hour: i64, minute: i64) -> i64 {
    START + day * DAY + hour * HOUR_MS + minute * MINUTE
}

fn verdict(report: &SourceAccount, day: i64, hour: i64) -> Verdict {
    report.hours.iter().find(|told| told.from_ms == at(day, hour, 0)).unwrap().verdict
}

fn found(report: &SourceAccount) -> Vec<Verdict> {
    report.findings.iter().map(|finding| finding.verdict).collect()
}

#[test]
fn nights_are_no_silence_and_an_hour_of_a_working_day_is() {
    let until = at(13, 0, 0);
    let whole = told(Source::default(), 13, |_| false).report(START, until);
    assert_eq!(found(&whole), []);
    assert_eq!(verdict(&whole, 12, 3), Verdict::Complete);
    let lost = Span::new(at(10, 10, 20), at(10, 11, 40));
    let report = told(Source::default(), 13, |at| lost.holds(at)).report(START, until);
    assert_eq!(found(&report), [Verdict::Silent]);
    let silence = &report.findings[0];
    assert_eq!((silence.span, silence.open), (Span::new(lost.from_ms - MINUTE, lost.until_ms), false));
    assert_eq!(silence.leaves, [lost.from_ms / 1_000 - 60, lost.until_ms / 1_000].map(|leaf| leaf as u64));
    assert_eq!([9, 10, 11, 12].map(|hour| verdict(&report, 10, hour)), {
        let (whole, silent) = (Verdict::Complete, Verdict::Silent);
        [whole, silent, silent, whole]
    });
}

#[test]
fn a_silence_is_told_while_it_lasts_and_not_before_it_is_one() {
    let account = told(Source::default(), 12, |at_ms| at_ms > at(11, 12, 0));
    assert_eq!(account.silent(at(11, 12, 4)), None);
    let silence = account.silent(at(11, 12, 30)).unwrap();
    assert_eq!((silence.after, silence.expected), (None, 30));
    let report = account.report(at(11, 0, 0), at(11, 12, 30));
    assert!(report.findings[0].open);
    assert_eq!(report.hours.last().map(|hour| (hour.verdict, hour.partial)), Some((Verdict::Silent, true)));
}

#[test]
fn before_a_week_is_known_nothing_is_judged_and_that_is_said() {
    let report =
        told(Source::default(), 6, |at_ms| at_ms > at(4, 9, 0) && at_ms < at(4, 16, 0)).report(START, at(6, 0, 0));
    assert_eq!(found(&report), []);
    assert!(report.hours.iter().all(|hour| hour.verdict == Verdict::TooLittleHistory && hour.expected.is_none()));
    assert!(report.blind_spots.iter().any(|spot| matches!(spot, BlindSpot::TooLittleHistory { .. })));
}

#[test]
fn what_was_announced_or_said_by_the_platform_is_not_a_silence_of_the_source() {
    let lost = Span::new(at(10, 10, 0), at(10, 13, 0));
    let is_lost = |at| lost.holds(at);
    let pause = Pause { span: lost, reason: "upgrade".to_owned(), author: "ops".to_owned(), leaf: 7 };
    let paused = told(Source { pauses: vec![pause], ..Source::default() }, 12, is_lost).report(START, at(12, 0, 0));
    assert_eq!(found(&paused), [Verdict::Paused]);
    assert_eq!(paused.findings[0].what, "announced by ops: upgrade");
    assert_eq!(paused.findings[0].leaves, [7]);
    let stops = [(lost.from_ms, false, 3), (lost.until_ms, true, 4)];
    let stops = stops.map(|(at_ms, started, leaf)| Stop { at_ms, started, leaf }).to_vec();
    let stopped = told(Source { stops, ..Source::default() }, 12, is_lost).report(START, at(12, 0, 0));
    assert_eq!(found(&stopped), [Verdict::Stopped]);
    let blind =
        blind_spans(&[Heartbeat { at_ms: lost.from_ms, leaf: 1 }, Heartbeat { at_ms: lost.until_ms, leaf: 2 }], 0);
    let blind = told(Source { blind, ..Source::default() }, 12, is_lost).report(START, at(12, 0, 0));
    assert_eq!(found(&blind), [Verdict::Blind]);
    assert_eq!([9, 10, 12, 13].map(|hour| verdict(&blind, 10, hour)), {
        let (whole, blind) = (Verdict::Complete, Verdict::Blind);
        [whole, blind, blind, whole]
    });
}

#[test]
fn heartbeats_tell_when_nobody_listened_and_a_log_without_them_says_nothing() {
    let beat = |at_ms| Heartbeat { at_ms, leaf: 0 };
    assert_eq!(blind_spans(&[], at(1, 0, 0)), []);
    let beats = [beat(0), beat(60_000), beat(600_000)];
    assert_eq!(blind_spans(&beats, 630_000), [Span::new(60_000, 600_000)]);
    assert_eq!(blind_spans(&beats, 900_000).last(), Some(&Span::new(600_000, 900_000)));
}

#[test]
fn a_pause_does_not_excuse_the_silence_that_goes_on_behind_it() {
    let lost = Span::new(at(10, 10, 0), at(10, 16, 0));
    let span = Span::new(lost.from_ms, at(10, 12, 0));
    let pause = Pause { span, reason: "upgrade".to_owned(), author: String::new(), leaf: 7 };
    let report = told(Source { pauses: vec![pause], ..Source::default() }, 12, |at| lost.holds(at));
    let report = report.report(START, at(12, 0, 0));
    assert_eq!(found(&report), [Verdict::Paused, Verdict::Silent]);
    assert_eq!((verdict(&report, 10, 11), verdict(&report, 10, 14)), (Verdict::Paused, Verdict::Silent));
}

#[test]
fn a_silence_that_is_filled_afterwards_was_late() {
    let lost = Span::new(at(10, 10, 0), at(10, 12, 0));
    let mut account = told(Source::default(), 11, |at| at >= lost.from_ms);
    for minute in 0..120 {
        let made = lost.from_ms + minute * MINUTE;
        let late = Receipt { received_ms: lost.until_ms, ..receipt(made) };
        account.push(&late);
    }
    account.push(&receipt(lost.until_ms + MINUTE));
    let report = account.report(START, lost.until_ms + 2 * MINUTE);
    assert_eq!(found(&report), [Verdict::Late]);
    assert_eq!(report.findings[0].records, Some(120));
}

#[test]
fn a_sender_that_says_how_many_it_made_is_believed() {
    let span = Span::new(at(3, 0, 0), at(4, 0, 0));
    let count = |records| vec![Count { span, records, leaf: 9 }];
    let report =
        |records| told(Source { counts: count(records), ..Source::default() }, 5, |_| false).report(START, at(5, 0, 0));
    assert_eq!(found(&report(600)), []);
    let short = report(603);
    assert_eq!((found(&short), short.findings[0].records), (vec![Verdict::Hole], Some(3)));
}

#[test]
fn a_proof_that_does_not_hold_is_told_and_one_that_holds_is_not() {
    let proof = |holds| {
        let (span, what) = (Span::new(at(3, 9, 0), at(3, 10, 0)), "digest missing".to_owned());
        vec![Proof { span, holds, what, leaf: None }]
    };
    let report =
        |holds| told(Source { proofs: proof(holds), ..Source::default() }, 5, |_| false).report(START, at(5, 0, 0));
    assert_eq!(found(&report(true)), []);
    assert_eq!(found(&report(false)), [Verdict::Unproved]);
    assert_eq!(verdict(&report(false), 3, 9), Verdict::Unproved);
}

#[test]
fn the_margin_is_what_the_platform_keeps_from_the_last_record_on() {
    let aws = Source { platform: "aws".to_owned(), ..Source::default() };
    let account = told(aws, 2, |_| false);
    let margin = account.report(START, at(2, 0, 0)).margin.unwrap();
    assert_eq!(margin.lost_from_ms, at(1, 17, 59) + 90 * DAY);
    assert_eq!(margin.left_ms, margin.lost_from_ms - at(2, 0, 0));
    assert_eq!(told(Source::default(), 2, |_| false).report(START, at(2, 0, 0)).margin, None);
}

#[test]
fn by_the_clock_of_the_source_neither_clock_nor_delay_is_judged() {
    let taken_in = at(40, 0, 0);
    let mut account = Account::new(Source { axis: Axis::Event, ..Source::default() });
    for day in 0..12 {
        for minute in (8 * 60..18 * 60).filter(|minute| day != 10 || !(600..700).contains(minute)) {
            account.push(&Receipt { received_ms: taken_in, ..receipt(START + day * DAY + minute * MINUTE) });
        }
    }
    let report = account.report(START, at(12, 0, 0));
    assert_eq!(found(&report), [Verdict::Silent]);
    assert!(report.blind_spots.contains(&BlindSpot::OwnClock));
}
