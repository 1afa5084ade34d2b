//! Chains of digests: which are CloudTrail's, which are missing, and where nothing is proved.

use std::collections::{BTreeMap, BTreeSet};

use super::key::{Keys, Signature};
use super::listed::{self, LogFiles};
use super::verdict::{Chain, Kind, Report, Trail, Verdict};
use super::{Digest, Unreadable, key, named_time};

/// Digests come once an hour, and within an hour after their end: twice as long is silence.
const SILENCE_NANOS: i64 = 2 * HOUR_NANOS;

/// As long as a digest usually covers.
const HOUR_NANOS: i64 = 3_600 * 1_000_000_000;

/// A digest file, as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where: path or key.
    pub name: String,
    /// What it says.
    pub digest: Result<Digest, Unreadable>,
    /// Its signature in hex, if the metadata of the object were kept.
    pub signature: Option<String>,
}

/// What is asked about, nanoseconds since 1970. Digests outside of it still help to prove those inside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// From when on.
    pub since: Option<i64>,
    /// Until when: up to then, digests are expected.
    pub until: Option<i64>,
}

/// What is known of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// CloudTrail signed it, or signed what has its hash.
    Proved,
    /// It is not what CloudTrail signed.
    Refuted(String),
    /// There is nothing to check it with.
    Open(Kind, String),
}

struct Member<'a> {
    found: &'a Found,
    /// The key it stands for in the chain.
    key: &'a str,
    state: State,
    /// Its own signature is wrong, though it is good.
    bad_signature: bool,
    /// It lies elsewhere.
    moved: bool,
}

impl Member<'_> {
    fn digest(&self) -> Option<&Digest> {
        self.found.digest.as_ref().ok()
    }

    /// What its claims may be used for.
    fn usable(&self) -> Option<&Digest> {
        self.digest().filter(|_| !matches!(self.state, State::Refuted(_)))
    }

    /// When it ends: what is signed counts, else its name.
    fn end(&self) -> Option<i64> {
        let named = named_time(self.key);
        match self.state {
            State::Refuted(_) => named.or_else(|| Some(self.digest()?.end)),
            _ => self.digest().map(|digest| digest.end).or(named),
        }
    }
}

/// Judges all digests found, and the log files that they list.
pub fn verify(found: &[Found], files: &LogFiles, keys: &Keys, range: Range) -> Report {
    let mut report = Report::default();
    let mut chains: BTreeMap<Trail, Vec<Member<'_>>> = BTreeMap::new();
    let there: BTreeSet<&str> = found.iter().map(|found| key(&found.name)).collect();
    let mut seen = BTreeSet::new();
    for found in found {
        let place = key(&found.name);
        let said = found.digest.as_ref().ok().map(|digest| key(&digest.object));
        // Taken in twice, or lying elsewhere under a name of its own: what it says of itself counts.
        let moved = said.is_some_and(|said| said != place && place.contains("AWSLogs/"));
        let key = match said {
            Some(said) if !moved || !there.contains(said) => said,
            _ => place,
        };
        let hash = found.digest.as_ref().ok().map(|digest| digest.sha256);
        if !seen.insert((key, hash, found.signature.as_deref(), moved)) {
            continue;
        }
        let trail = Trail::of(key).or_else(|| found.digest.as_ref().ok().map(|digest| digest.trail.clone()));
        match trail {
            Some(trail) => {
                let state = State::Open(Kind::DigestUnsigned, String::new());
                chains.entry(trail).or_default().push(Member { found, key, state, bad_signature: false, moved });
            }
            None => {
                let why = found.digest.as_ref().err().map(ToString::to_string).unwrap_or_default();
                report.strangers.push(Verdict::new(Kind::DigestAltered, (None, None), key, why));
            }
        }
    }
    let mut judged = Vec::new();
    for (trail, mut members) in chains {
        // By their names first: each proves the one before it.
        members.sort_by(|a, b| (named_time(a.key), a.key).cmp(&(named_time(b.key), b.key)));
        prove(&mut members, keys);
        members.sort_by(|a, b| (a.end(), a.key).cmp(&(b.end(), b.key)));
        judged.push((trail, members));
    }
    let covered = Covered::by(&judged);
    for (trail, members) in &judged {
        report.chains.push(judge(trail, members, files, range));
    }
    listed::unlisted(files, &covered, &mut report);
    for chain in &mut report.chains {
        chain.verdicts.retain(|verdict| concerns(verdict, range));
        chain.verdicts.sort_by_key(|verdict| (verdict.since.or(verdict.until), verdict.until));
    }
    report
}

fn concerns(verdict: &Verdict, range: Range) -> bool {
    let after = range.since.is_none_or(|since| verdict.until.is_none_or(|until| until > since));
    let before = range.until.is_none_or(|until| verdict.since.is_none_or(|since| since < until));
    after && before
}

/// Finds out of each digest whether CloudTrail signed it. A signature proves wherever it was kept; the word of a
/// proved digest about the one before it proves, and refutes.
fn prove(members: &mut [Member<'_>], keys: &Keys) {
    let mut named_by: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(previous) = member.digest().and_then(|digest| digest.previous.as_ref()) {
            named_by.entry(key(&previous.object).to_owned()).or_default().push(at);
        }
    }
    let successors = |key: &str| named_by.get(key).map(Vec::as_slice).unwrap_or_default();
    for at in 0..members.len() {
        let Some(member) = members.get(at) else { continue };
        let (state, bad_signature) = by_signature(member, members, successors(member.key), keys);
        if let Some(member) = members.get_mut(at) {
            (member.state, member.bad_signature) = (state, bad_signature);
        }
    }
    // From newest to oldest: each may prove, or refute, the one before it.
    loop {
        let mut changed = false;
        for at in (0..members.len()).rev() {
            let Some(member) = members.get(at) else { continue };
            let state = match &member.state {
                State::Proved => continue,
                _ => by_successor(member, members, successors(member.key)),
            };
            let Some(state) = state.filter(|state| *state != member.state) else { continue };
            if let Some(member) = members.get_mut(at) {
                member.state = state;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// By the signatures at hand: the object's own, and the one that a later digest repeats.
fn by_signature(member: &Member<'_>, all: &[Member<'_>], successors: &[usize], keys: &Keys) -> (State, bool) {
    let digest = match &member.found.digest {
        Ok(digest) => digest,
        Err(why) => return (State::Refuted(why.to_string()), false),
    };
    if key(&digest.object) != member.key {
        let why = format!("it says that it is {}", key(&digest.object));
        return (State::Refuted(why), false);
    }
    let own = member.found.signature.as_deref().map(|signature| keys.check(digest, signature));
    let bad = own == Some(Signature::Wrong);
    if own == Some(Signature::Verified) {
        return (State::Proved, false);
    }
    let repeated = |at: &usize| all.get(*at)?.digest()?.previous.as_ref().map(|previous| previous.signature.as_str());
    let mut later = None;
    for signature in successors.iter().filter_map(repeated) {
        let checked = keys.check(digest, signature);
        if checked == Signature::Verified {
            return (State::Proved, bad);
        }
        later = Some(checked);
    }
    let state = match (own, later) {
        (Some(Signature::Wrong), _) => State::Refuted("its signature does not hold".to_owned()),
        // Whether it, or the one that repeats its signature, was changed, that one's own state tells.
        (None, Some(Signature::Wrong)) => State::Refuted("its signature in the next digest does not hold".to_owned()),
        (Some(Signature::KeyUnknown), _) | (None, Some(Signature::KeyUnknown)) => {
            State::Open(Kind::KeyUnknown, format!("signed with the key {}, which was not given", digest.fingerprint))
        }
        (Some(Signature::Unsupported), _) | (None, Some(Signature::Unsupported)) => {
            State::Open(Kind::Unsupported, format!("signed by `{}`", digest.algorithm))
        }
        _ => State::Open(Kind::DigestUnsigned, "neither its metadata nor a later digest has its signature".to_owned()),
    };
    (state, bad)
}

/// By what proved digests say of it.
fn by_successor(member: &Member<'_>, all: &[Member<'_>], successors: &[usize]) -> Option<State> {
    let digest = member.digest().filter(|digest| key(&digest.object) == member.key)?;
    let mut refuted = None;
    let mut others = 0;
    for next in successors.iter().filter_map(|at| all.get(*at)) {
        let Some(previous) = next.digest().and_then(|digest| digest.previous.as_ref()) else { continue };
        match (&next.state, previous.sha256) {
            (State::Proved, Some(hash)) if hash == digest.sha256 => return Some(State::Proved),
            (State::Proved, Some(hash)) => {
                let (said, found) = (model::hex(&hash), model::hex(&digest.sha256));
                refuted = Some(State::Refuted(format!("{} says SHA-256 {said}, found {found}", key(next.key))));
            }
            (State::Refuted(_), _) => others += 1,
            _ => {}
        }
    }
    if refuted.is_some() {
        return refuted;
    }
    // Only changed digests speak against it, and their word is worth nothing.
    let only_repeated = member.found.signature.is_none() && others == successors.len() && others > 0;
    (only_repeated && matches!(member.state, State::Refuted(_))).then(|| {
        let why = "the digest that has its signature was altered".to_owned();
        State::Open(Kind::DigestUnsigned, why)
    })
}

/// Goes along one chain, oldest first.
fn judge(trail: &Trail, members: &[Member<'_>], files: &LogFiles, range: Range) -> Chain {
    let since = members.iter().filter_map(|member| Some(member.usable()?.start)).min();
    let mut chain = Chain {
        trail: trail.clone(),
        since,
        until: members.iter().filter_map(Member::end).max(),
        digests: members.len() as u64,
        empty: 0,
        log_files: 0,
        verdicts: Vec::new(),
    };
    let proved: BTreeSet<&str> =
        members.iter().filter(|member| member.state == State::Proved).map(|member| member.key).collect();
    let keys: BTreeSet<&str> = members.iter().map(|member| member.key).collect();
    let mut last: Option<Last<'_>> = None;
    for member in members {
        let Some(digest) = member.usable() else {
            refuted(member, proved.contains(member.key), &mut last, &mut chain.verdicts);
            continue;
        };
        chain.verdicts.extend(of_member(member, digest));
        chain.verdicts.extend(join(digest, last.as_ref(), &keys, trail, range));
        if member.state == State::Proved {
            chain.empty += u64::from(digest.log_files.is_empty());
        }
        chain.log_files += digest.log_files.len() as u64;
        listed::judge(digest, member.state == State::Proved, files, &mut chain.verdicts);
        last = Some(Last { key: member.key, end: digest.end, known: true });
    }
    let silent = chain.until.zip(range.until).filter(|(end, until)| until.saturating_sub(*end) > SILENCE_NANOS);
    if let Some((end, until)) = silent.filter(|_| !trail.backfill) {
        let what = last.map_or("", |last| last.key);
        let evidence = "no digest after this one: gone, or logging stopped; nothing that is left can tell";
        chain.verdicts.push(Verdict::new(Kind::ChainSilent, (Some(end), Some(until)), what, evidence));
    }
    chain
}

/// The digest before, in order of time.
#[derive(Clone, Copy)]
struct Last<'a> {
    key: &'a str,
    end: i64,
    /// Its end is signed, not only named.
    known: bool,
}

/// A digest that is not CloudTrail's takes its place in the chain, and proves nothing.
fn refuted<'a>(member: &Member<'a>, copied: bool, last: &mut Option<Last<'a>>, verdicts: &mut Vec<Verdict>) {
    let State::Refuted(why) = &member.state else { return };
    let end = member.end();
    if copied {
        // The real one is there, too.
        let since = member.digest().map(|digest| digest.start);
        let why = format!("a copy that is not as the original: {why}");
        verdicts.push(Verdict::new(Kind::DigestAltered, (since, end), member.key, why));
        return;
    }
    let start = last.map(|last| last.end);
    // Its own word on where it begins counts only where the names of the files leave room for more than it covers.
    let claimed = member.digest().filter(|digest| key(&digest.object) == member.key).map(|digest| digest.start);
    let room = start.zip(end).zip(claimed).filter(|((start, end), claimed)| {
        let covers = end.saturating_sub(*claimed).max(HOUR_NANOS);
        claimed > start && end.saturating_sub(*start) > covers.saturating_add(covers / 2)
    });
    let begins = match room {
        Some(((start, _), claimed)) => {
            let named = member.digest().and_then(|digest| digest.previous.as_ref());
            let what = named.map_or("", |previous| previous.object.as_str());
            let evidence = format!("{}, as an altered digest and the names of the files say", many(start, claimed));
            let range = (Some(start), Some(claimed));
            verdicts.push(Verdict::new(Kind::DigestMissing, range, what, evidence));
            Some(claimed)
        }
        None => start.or(claimed),
    };
    verdicts.push(Verdict::new(Kind::DigestAltered, (begins, end), member.key, why.as_str()));
    if let Some(end) = end {
        *last = Some(Last { key: member.key, end, known: false });
    }
}

/// What is to be said of a digest by itself.
fn of_member(member: &Member<'_>, digest: &Digest) -> Vec<Verdict> {
    let range = (Some(digest.start), Some(digest.end));
    let mut verdicts = vec![match &member.state {
        State::Open(kind, why) => Verdict::new(*kind, range, member.key, why.as_str()),
        _ => Verdict::new(Kind::DigestVerified, range, member.key, "signed by CloudTrail"),
    }];
    if member.bad_signature && member.state == State::Proved {
        let evidence = "the signature beside it does not hold, what the next digest says of it does";
        verdicts.push(Verdict::new(Kind::SignatureAltered, range, member.key, evidence));
    }
    if member.moved {
        let evidence = format!("found at {}", key(&member.found.name));
        verdicts.push(Verdict::new(Kind::DigestMoved, range, member.key, evidence));
    }
    if let Some(previous) = digest.previous.as_ref().filter(|previous| previous.bucket != digest.bucket) {
        let evidence = format!("from {} to {}", previous.bucket, digest.bucket);
        verdicts.push(Verdict::new(Kind::BucketChanged, range, member.key, evidence));
    }
    verdicts
}

/// How a digest follows on the one before it.
fn join(
    digest: &Digest,
    last: Option<&Last<'_>>,
    keys: &BTreeSet<&str>,
    trail: &Trail,
    range: Range,
) -> Option<Verdict> {
    let here = key(&digest.object);
    let Some(previous) = &digest.previous else {
        let (Some(last), false) = (last, trail.backfill) else {
            let evidence = "the first digest since logging, or its validation, was switched on";
            let at = (Some(digest.start), Some(digest.end));
            return Some(Verdict::new(Kind::ChainBegins, at, here, evidence));
        };
        let between = (Some(last.end.min(digest.start)), Some(digest.start));
        let evidence = format!("it names no digest before it, though {} is there", last.key);
        return Some(Verdict::new(Kind::ChainRestarted, between, here, evidence));
    };
    let named = key(&previous.object);
    let Some(last) = last else {
        // What lies before the range was not asked for.
        let asked = range.since.is_none_or(|since| digest.start > since);
        let evidence = format!("named by {here}; how many are gone before it, nothing tells");
        let gone = asked && !keys.contains(named);
        return gone.then(|| Verdict::new(Kind::DigestMissing, (None, Some(digest.start)), named, evidence));
    };
    if last.key == named {
        return (last.known && !trail.backfill).then(|| ranges(last, digest, here)).flatten();
    }
    if keys.contains(named) {
        let evidence = format!("{here} follows on {named} instead");
        return Some(Verdict::new(Kind::ChainForked, (Some(digest.start), Some(last.end)), last.key, evidence));
    }
    let gone = (Some(last.end.min(digest.start)), Some(digest.start));
    let evidence = format!("{}, this one named by {here}", many(last.end, digest.start));
    Some(Verdict::new(Kind::DigestMissing, gone, named, evidence))
}

fn ranges(last: &Last<'_>, digest: &Digest, here: &str) -> Option<Verdict> {
    let (from, to) = (last.end, digest.start);
    let (kind, range) = match from.cmp(&to) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Less => (Kind::RangeGap, (Some(from), Some(to))),
        std::cmp::Ordering::Greater => (Kind::RangeOverlap, (Some(to), Some(from))),
    };
    Some(Verdict::new(kind, range, here, format!("{} ends and this one begins at another time", last.key)))
}

/// As many digests as an interval is hours long; at least the one that is named.
fn many(since: i64, until: i64) -> String {
    let hours = until.saturating_sub(since).saturating_add(HOUR_NANOS / 2).div_euclid(HOUR_NANOS).max(1);
    if hours == 1 { "one digest".to_owned() } else { format!("about {hours} digests in a row") }
}

/// Time that proved digests cover without a break, by account and region.
pub(super) struct Covered<'a> {
    runs: BTreeMap<(&'a str, &'a str), Vec<(i64, i64)>>,
    /// Every log file that any digest lists, an altered one included.
    pub(super) listed: BTreeSet<&'a str>,
}

impl<'a> Covered<'a> {
    fn by(chains: &'a [(Trail, Vec<Member<'_>>)]) -> Covered<'a> {
        let mut covered = Covered { runs: BTreeMap::new(), listed: BTreeSet::new() };
        for (trail, members) in chains {
            let lists = members.iter().filter_map(Member::digest).flat_map(|digest| &digest.log_files);
            covered.listed.extend(lists.map(|file| key(&file.object)));
            if trail.backfill {
                continue;
            }
            let runs = covered.runs.entry((&trail.account, &trail.region)).or_default();
            for digest in members.iter().filter(|member| member.state == State::Proved).filter_map(Member::digest) {
                match runs.last_mut() {
                    Some((_, end)) if *end == digest.start => *end = digest.end,
                    _ => runs.push((digest.start, digest.end)),
                }
            }
        }
        covered
    }

    /// Whether an hour before and after a moment is covered, so that a file of then must be listed.
    pub(super) fn around(&self, account: &str, region: &str, time: i64) -> Option<(i64, i64)> {
        let runs = self.runs.get(&(account, region))?;
        let inside = |(start, end): &&(i64, i64)| {
            *start <= time.saturating_sub(HOUR_NANOS) && time.saturating_add(HOUR_NANOS) <= *end
        };
        runs.iter().find(inside).map(|_| (time, time))
    }
}
