//! What the log itself says about times in which records may lack: gaps that a server sealed, announced pauses, and when no
//! server listened. Answers say so, because "none" is not the same as "not seen".
//!
//! It is a fold of the log's own leaves, carried like the names of sources, so that an answer has it without reading the
//! log. What a range comes to depends on the leaves below the size that is asked about, and repeats with it.

use std::collections::VecDeque;

use model::{Directive, Heartbeat, SourceGap};
use serde::{Deserialize, Serialize};
use trace::completeness::HEARTBEAT_MS_MAX;

use crate::derive::Sealed;

/// Lacks that are carried; the account of the log has those before.
const KEPT_MAX: usize = 256;

/// Lacks of one answer.
const SHOWN_MAX: usize = 20;

/// Lacks that a line names.
const LINE_MAX: usize = 3;

const PAUSED: &str = "paused";
const BLIND: &str = "blind";
const LATE: &str = "late";

/// A time in which records may lack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The source; empty when it is true of all.
    source: String,
    kind: String,
    from_ms: i64,
    until_ms: Option<i64>,
    leaf: u64,
    /// When it ended, if a later leaf says so: that leaf, and the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<(u64, i64)>,
}

/// All that is carried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lacks {
    /// The first leaf that was looked at, and its time: of a log which an earlier release began it is not the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened: Option<(u64, i64)>,
    /// The first heartbeat and the last one: leaf and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beats: Option<[(u64, i64); 2]>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    known: VecDeque<Known>,
    /// How many were let go.
    #[serde(default)]
    dropped: u64,
}

/// A time in which records may lack, as an answer says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// The source; none when it is true of all.
    pub source: Option<String>,
    /// `paused`; `blind`, when no server listened; or the verdict of a sealed gap, as in the completeness account.
    pub kind: String,
    /// From when on, RFC 3339.
    pub from: String,
    /// Until when; none while it lasts.
    pub until: Option<String>,
    /// The leaf that says so.
    pub leaf: u64,
}

/// Whether records may lack in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// No server listened to the log before the end of the range: gaps were not looked for.
    NotJudged,
    /// A server listened, and what it found is told.
    Gaps,
    /// A server listened, and knows of no gap.
    NoGapKnown,
}

/// What an answer says about the completeness of its range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// In one word.
    pub state: Seen,
    /// The newest first.
    pub lacks: Vec<Lack>,
    /// How many more there are.
    pub more: usize,
    /// Whether there were others, longer ago, that only the account still has.
    pub older: bool,
}

impl Lacks {
    /// Takes a directive.
    pub(crate) fn directive(&mut self, directive: &Directive, leaf: &Sealed<'_>) {
        let at_ms = signed(leaf.sequenced_at.0);
        match directive {
            Directive::SourcePaused { name, until_ms, .. } => {
                // The last word counts.
                self.end(leaf.index, at_ms, |known| known.kind == PAUSED && known.source == *name);
                let until_ms = Some(signed(*until_ms));
                self.add(Known { until_ms, ..begun(name, PAUSED, at_ms, leaf.index) });
            }
            Directive::SourceResumed { name } => {
                self.end(leaf.index, at_ms, |known| known.kind == PAUSED && known.source == *name);
            }
            _ => {}
        }
    }

    /// Takes what a server said of itself and of its sources.
    pub(crate) fn heartbeat(&mut self, leaf: &Sealed<'_>) {
        if let Ok(gap) = serde_json::from_slice::<SourceGap>(leaf.body) {
            self.gap(&gap, leaf.index);
        } else if serde_json::from_slice::<Heartbeat>(leaf.body).is_ok() {
            let at_ms = signed(leaf.sequenced_at.0);
            let [first, last] = self.beats.unwrap_or([(leaf.index, at_ms); 2]);
            if at_ms - last.1 > HEARTBEAT_MS_MAX {
                let ended = Some((leaf.index, at_ms));
                self.add(Known { ended, ..begun("", BLIND, last.1, last.0) });
            }
            self.beats = Some([first, (leaf.index, at_ms)]);
        }
    }

    fn gap(&mut self, gap: &SourceGap, leaf: u64) {
        let (from_ms, until_ms) = (signed(gap.from_ms), signed(gap.until_ms));
        let is_it = |known: &Known| known.source == gap.source && known.from_ms == from_ms && known.kind != PAUSED;
        if gap.open {
            self.add(begun(&gap.source, &gap.verdict, from_ms, leaf));
        } else if !self.end(leaf, until_ms, is_it) || gap.verdict == LATE {
            self.add(Known { until_ms: Some(until_ms), ..begun(&gap.source, &gap.verdict, from_ms, leaf) });
        }
    }

    fn add(&mut self, known: Known) {
        if self.known.len() >= KEPT_MAX {
            self.known.pop_front();
            self.dropped += 1;
        }
        self.known.push_back(known);
    }

    /// Ends those that are meant and have not ended; false if there are none.
    fn end(&mut self, leaf: u64, at_ms: i64, is_meant: impl Fn(&Known) -> bool) -> bool {
        let lasts = |known: &Known| known.ended.is_none() && known.until_ms.is_none_or(|until| until > at_ms);
        let mut any = false;
        for known in self.known.iter_mut().filter(|known| lasts(known) && is_meant(known)) {
            (known.ended, any) = (Some((leaf, at_ms)), true);
        }
        any
    }

    /// Takes note that a leaf was looked at.
    pub(crate) fn look(&mut self, leaf: &Sealed<'_>) {
        self.opened.get_or_insert((leaf.index, signed(leaf.sequenced_at.0)));
    }

    /// What is known of a range below a size, milliseconds since 1970, both ends included. A range that is open at its beginning
    /// (`i64::MIN`) begins with the log.
    pub(crate) fn of(&self, size: u64, from_ms: i64, until_ms: i64) -> Completeness {
        let below = |leaf: u64| leaf < size;
        let mut lacks: Vec<(i64, Lack)> = Vec::new();
        let mut tell = |known: &Known| {
            let ended = known.ended.filter(|(leaf, _)| below(*leaf)).map(|(_, at_ms)| at_ms);
            let end_ms = ended.or(known.until_ms);
            // Only as long as no heartbeat came does a while without one begin to count.
            let is_begun = known.kind != BLIND || ended.is_some() || until_ms - known.from_ms > HEARTBEAT_MS_MAX;
            if is_begun && below(known.leaf) && known.from_ms <= until_ms && end_ms.is_none_or(|end| end >= from_ms) {
                lacks.push((known.from_ms, shown(known, end_ms)));
            }
        };
        self.known.iter().for_each(&mut tell);
        let heard = self.beats.filter(|[(leaf, at_ms), _]| below(*leaf) && *at_ms <= until_ms);
        if let (Some([first, last]), Some((opened, opened_ms))) = (heard, self.opened) {
            // Before the first heartbeat nobody listened, and behind the last one nobody may.
            let since_ms = if from_ms == i64::MIN { opened_ms } else { from_ms.min(first.1) };
            if first.1 - since_ms > HEARTBEAT_MS_MAX {
                tell(&Known { ended: Some(first), ..begun("", BLIND, since_ms, opened) });
            }
            tell(&begun("", BLIND, last.1, last.0));
        }
        lacks.sort_by_key(|(from_ms, lack)| (std::cmp::Reverse(*from_ms), lack.leaf));
        let more = lacks.len().saturating_sub(SHOWN_MAX);
        let lacks: Vec<Lack> = lacks.into_iter().map(|(_, lack)| lack).take(SHOWN_MAX).collect();
        let oldest_ms = self.known.front().map_or(i64::MIN, |known| known.from_ms);
        let older = self.dropped > 0 && from_ms < oldest_ms;
        let is_judged = heard.is_some() && self.opened.is_some_and(|(leaf, _)| leaf == 0);
        let state = match (is_judged, lacks.is_empty() && !older) {
            (false, _) => Seen::NotJudged,
            (true, false) => Seen::Gaps,
            (true, true) => Seen::NoGapKnown,
        };
        Completeness { state, lacks, more, older }
    }
}

fn begun(source: &str, kind: &str, from_ms: i64, leaf: u64) -> Known {
    Known { source: source.to_owned(), kind: kind.to_owned(), from_ms, until_ms: None, leaf, ended: None }
}

fn shown(known: &Known, end_ms: Option<i64>) -> Lack {
    let moment = |ms: i64| model::rfc3339_from_nanos(ms.saturating_mul(1_000_000));
    Lack {
        source: (!known.source.is_empty()).then(|| known.source.clone()),
        kind: known.kind.clone(),
        from: moment(known.from_ms),
        until: end_ms.map(moment),
        leaf: known.leaf,
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Completeness {
    /// In one line, for people.
    pub fn line(&self) -> String {
        let each = |lack: &Lack| {
            let until = lack.until.as_deref().unwrap_or("now");
            match &lack.source {
                Some(source) => format!("{source} {} {} .. {until}", lack.kind, lack.from),
                None => format!("no server listened {} .. {until}", lack.from),
            }
        };
        let named = self.lacks.iter().take(LINE_MAX).map(each).collect::<Vec<_>>().join("; ");
        let more = self.lacks.len().saturating_sub(LINE_MAX) + self.more;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let older = if self.older { "; older ones: `deedbook completeness`" } else { "" };
        match self.state {
            Seen::NotJudged if self.lacks.is_empty() => {
                "not judged: no server listened (`deedbook completeness` makes the account)".to_owned()
            }
            Seen::NotJudged => format!("not judged, but known: {named}{more}{older}"),
            Seen::Gaps => format!("gaps: {named}{more}{older}"),
            Seen::NoGapKnown => "no gap known".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Millis;

    use super::*;

    const MINUTE: i64 = 60_000;

    /// The log of these leaves: minute, and the body of a heartbeat, a gap or a directive.
    #[derive(Default)]
    struct Log(Lacks, u64);

    impl Log {
        fn leaf(&mut self, minute: i64, take: impl FnOnce(&mut Lacks, &Sealed<'_>), body: &str) {
            let sequenced_at = Millis((minute * MINUTE).unsigned_abs());
            let leaf = Sealed { index: self.1, sequenced_at, header: b"", body: body.as_bytes() };
            self.0.look(&leaf);
            take(&mut self.0, &leaf);
            self.1 += 1;
        }

        fn beat(&mut self, minute: i64) {
            let beat = Heartbeat { note: "heartbeat".to_owned(), since_ms: 0, sources: Vec::new() };
            self.leaf(minute, Lacks::heartbeat, &serde_json::to_string(&beat).unwrap());
        }

        fn gap(&mut self, minute: i64, verdict: &str, span: [i64; 2], open: bool) {
            let [from_ms, until_ms] = span.map(|minute| (minute * MINUTE).unsigned_abs());
            let (source, verdict) = ("db".to_owned(), verdict.to_owned());
            let (note, what) = ("gap".to_owned(), String::new());
            let gap = SourceGap {
                note,
                source,
                verdict,
                from_ms,
                until_ms,
                open,
                records: None,
                leaves: Vec::new(),
                what,
                rules: 1,
            };
            self.leaf(minute, Lacks::heartbeat, &serde_json::to_string(&gap).unwrap());
        }

        fn directive(&mut self, minute: i64, directive: &Directive) {
            self.leaf(minute, |lacks, leaf| lacks.directive(directive, leaf), "");
        }

        /// What an answer over minutes says below a size: the state, and kind, beginning and end of each lack.
        fn of(&self, size: u64, from: i64, until: i64) -> (Seen, Vec<(String, i64, Option<i64>)>) {
            let told = self.0.of(size, from * MINUTE, until * MINUTE);
            let minute = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond() / MINUTE;
            let each = |lack: &Lack| (lack.kind.clone(), minute(&lack.from), lack.until.as_deref().map(minute));
            (told.state, told.lacks.iter().map(each).collect())
        }
    }

    fn lack(kind: &str, from: i64, until: Option<i64>) -> (String, i64, Option<i64>) {
        (kind.to_owned(), from, until)
    }

    #[test]
    fn without_a_server_nothing_is_judged_but_a_pause_is_known() {
        let mut log = Log::default();
        assert_eq!(log.of(9, 0, 100), (Seen::NotJudged, vec![]));
        assert!(log.0.of(9, 0, 1).line().contains("no server listened"));
        let (name, reason, author) = ("db".to_owned(), String::new(), String::new());
        log.directive(10, &Directive::SourcePaused { name: name.clone(), reason, until_ms: 3_600_000, author });
        assert_eq!(log.of(9, 0, 100), (Seen::NotJudged, vec![lack("paused", 10, Some(60))]));
        log.directive(20, &Directive::SourceResumed { name });
        assert_eq!(log.of(9, 0, 100).1, [lack("paused", 10, Some(20))]);
        assert_eq!(log.of(1, 0, 100).1, [lack("paused", 10, Some(60))], "as of a pin it had not ended");
        assert_eq!(log.of(9, 30, 100).1, []);
    }

    #[test]
    fn a_gap_is_told_while_it_lasts_and_with_its_end_and_as_of_a_pin_as_it_was() {
        let mut log = Log::default();
        (0..10).for_each(|minute| log.beat(minute));
        assert_eq!(log.of(10, 0, 9), (Seen::NoGapKnown, vec![]));
        log.gap(9, "silent", [3, 9], true);
        assert_eq!(log.of(11, 0, 9), (Seen::Gaps, vec![lack("silent", 3, None)]));
        assert_eq!(log.of(10, 0, 9), (Seen::NoGapKnown, vec![]), "below it nobody knew");
        assert_eq!(log.of(11, 0, 2), (Seen::NoGapKnown, vec![]), "the range ends before it");
        log.gap(12, "silent", [3, 11], false);
        assert_eq!(log.of(12, 0, 12).1, [lack("silent", 3, Some(11))]);
        log.gap(13, "hole", [1, 2], false);
        let told = log.of(13, 0, 12).1;
        assert_eq!(told, [lack("silent", 3, Some(11)), lack("hole", 1, Some(2))], "the newest first");
        assert_eq!(log.0.of(13, 0, 12 * MINUTE).line().matches("db ").count(), 2);
    }

    #[test]
    fn when_no_server_listened_is_told_between_heartbeats_and_behind_the_last() {
        let mut log = Log::default();
        log.beat(0);
        log.beat(1);
        log.beat(10);
        assert_eq!(log.of(3, 0, 11), (Seen::Gaps, vec![lack("blind", 1, Some(10))]));
        assert_eq!(log.of(2, 0, 11).1, [lack("blind", 1, None)], "as of the second beat it lasts");
        assert_eq!(log.of(2, 0, 2), (Seen::NoGapKnown, vec![]));
        assert_eq!(log.of(3, 11, 20).1, [lack("blind", 10, None)]);
        assert_eq!(log.of(3, -9, -5), (Seen::NotJudged, vec![]), "nobody listened before the first");
    }

    #[test]
    fn a_range_that_begins_before_the_first_heartbeat_is_not_told_as_whole() {
        let mut log = Log::default();
        // Files were taken in for ten minutes before a server began.
        log.leaf(0, |_, _| {}, "");
        (10..20).for_each(|minute| log.beat(minute));
        let whole = log.0.of(11, i64::MIN, 19 * MINUTE);
        assert_eq!((whole.state, whole.lacks[0].leaf), (Seen::Gaps, 0), "from where the log was opened");
        assert_eq!(log.of(11, 0, 19), (Seen::Gaps, vec![lack("blind", 0, Some(10))]));
        assert_eq!(log.of(11, -60, 19).1, [lack("blind", -60, Some(10))], "before there was a log, too");
        assert_eq!(log.of(11, 9, 19), (Seen::NoGapKnown, vec![]), "a minute is no time");
        assert_eq!(log.of(11, 12, 19), (Seen::NoGapKnown, vec![]));
    }

    #[test]
    fn what_is_carried_stays_small_and_says_so() {
        let mut log = Log::default();
        log.beat(0);
        (0..300).for_each(|nth| log.gap(1, "hole", [nth * 2, nth * 2 + 1], false));
        let told = log.0.of(999, 0, i64::MAX);
        assert_eq!((told.lacks.len(), told.more, told.older), (SHOWN_MAX, KEPT_MAX - SHOWN_MAX + 1, true));
        assert!(!log.0.of(999, 500 * MINUTE, i64::MAX).older);
        let earlier = Lacks { opened: Some((7, 0)), ..log.0 };
        assert_eq!(earlier.of(999, 0, MINUTE).state, Seen::NotJudged, "of a log that an earlier release began");
    }
}
