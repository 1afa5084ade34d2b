//! Answers against what the scenario says is true, over any store: in memory here, and over a log on disk in
//! `lake`'s bench of the truth.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use trace::{EdgeKind, Fact, Key, Lineage, Lookup, Settings, Store, grant, lineage, offboard};

/// Found, wrong and missed, by tier.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) right: BTreeMap<String, usize>,
    pub(crate) wrong: BTreeMap<String, usize>,
    /// By the tier that was promised.
    pub(crate) missed: BTreeMap<String, usize>,
    /// Left open with its candidates named, by the tier that was promised.
    pub(crate) open: BTreeMap<String, usize>,
}

impl Score {
    pub(crate) fn note(side: &mut BTreeMap<String, usize>, tier: &str) {
        *side.entry(tier.to_owned()).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Score) {
        let sides = [(&mut self.right, other.right), (&mut self.wrong, other.wrong)];
        for (side, more) in sides.into_iter().chain([(&mut self.missed, other.missed), (&mut self.open, other.open)]) {
            more.into_iter().for_each(|(tier, count)| *side.entry(tier).or_default() += count);
        }
    }
}

/// Scores by platform and link.
pub(crate) type Scores = BTreeMap<(String, &'static str), Score>;

/// All platforms of one link together.
pub(crate) fn all(scores: &Scores, link: &str) -> Score {
    let mut sum = Score::default();
    for ((_, of), score) in scores {
        if *of == link {
            let Score { right, wrong, missed, open } = score;
            sum.add(Score { right: right.clone(), wrong: wrong.clone(), missed: missed.clone(), open: open.clone() });
        }
    }
    sum
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

fn promised<'v>(value: &'v Value, link: &str) -> &'v str {
    value["tiers"][link].as_str().unwrap()
}

/// Most tellings of one record.
const TELLINGS_MAX: usize = 64;

/// What records with this id at their source say, oldest first.
pub(crate) fn records(store: &impl Store, id: &str) -> Vec<Arc<Fact>> {
    if id.is_empty() {
        return Vec::new();
    }
    store.find(&Lookup::within(Key::SourceEvent(id), i64::MIN, i64::MAX, TELLINGS_MAX)).unwrap().facts
}

/// The URI that records give to a credential of the truth.
pub(crate) fn uri_of(store: &impl Store, minted: &Value) -> Option<String> {
    let id = text(minted, "credential");
    let names = |credential: &trace::Credential| {
        credential.uri.ends_with(&format!("/{id}"))
            || credential.native_id.as_deref() == Some(id)
            || credential.native_id.as_deref() == Some(&format!("JTI={id}"))
    };
    let of = |key: &str| records(store, text(minted, key));
    let used = of("last_use").iter().filter_map(|fact| fact.credential.as_ref()).find(|c| names(c)).cloned();
    let issued = || of("minted_by").iter().filter_map(|fact| fact.issued.as_ref()).find(|c| names(c)).cloned();
    used.or_else(issued).map(|credential| credential.uri)
}

/// Each credential's own issuance, its parent, and who is behind it.
pub(crate) fn judge(store: &impl Store, truth: &[Value], settings: &Settings) -> Scores {
    let mut scores = Scores::new();
    truth.iter().for_each(|minted| judge_one(store, minted, settings, &mut scores));
    scores
}

/// The same for one credential.
pub(crate) fn judge_one(store: &impl Store, minted: &Value, settings: &Settings, scores: &mut Scores) {
    let uri = uri_of(store, minted);
    let used = records(store, text(minted, "last_use")).pop();
    let names = |uri: &str| used.as_ref().is_some_and(|used| used.credential.as_ref().is_some_and(|of| of.uri == uri));
    if minted["uses"] == 0 && promised(minted, "issuance") == "L3" {
        return;
    }
    let platform = text(minted, "platform");
    let own = used.as_ref().filter(|used| used.platform.as_str() == platform);
    let key = |link| (platform.to_owned(), link);
    // A token that was shown to another platform is named by what that one logs, or exchanged for another
    // token and named nowhere.
    let elsewhere = used.as_ref().filter(|used| used.platform.as_str() != platform);
    if elsewhere.is_some() && !uri.as_deref().is_some_and(names) && !EXCHANGED.contains(&platform) {
        eprintln!("used without its name: {minted}");
        Score::note(&mut scores.entry(key("issuance")).or_default().missed, promised(minted, "issuance"));
        return;
    }
    let (to, lineage) = match (&uri, own) {
        // What has no id of its own is known by its use alone.
        (uri, Some(used)) if !uri.as_deref().is_some_and(names) && used.credential.is_none() => {
            let to = used.session.as_ref().unwrap_or(&used.actor.uri);
            (to.clone(), lineage::of_event(store, used, settings).unwrap())
        }
        (Some(uri), _) => (uri.clone(), lineage::of_credential(store, uri, i64::MAX, settings).unwrap()),
        // No record names it, though the truth promises that one does.
        _ => {
            eprintln!("no record names it: {minted}");
            Score::note(&mut scores.entry(key("issuance")).or_default().missed, promised(minted, "issuance"));
            return;
        }
    };
    judge_issuance(&lineage, &to, minted, scores.entry(key("issuance")).or_default());
    judge_parent(&lineage, &to, minted, scores.entry(key("parent")).or_default());
    judge_origin(&lineage, minted, scores.entry(key("origin")).or_default());
}

/// That the record which issued a credential is missing is said: who bore it is then all that is told.
fn is_without_issuance(lineage: &Lineage) -> bool {
    lineage.gaps.iter().any(|gap| matches!(gap, trace::Gap::UseWithoutIssuance { .. }))
}

fn is_open(lineage: &Lineage) -> bool {
    lineage.gaps.iter().any(|gap| matches!(gap, trace::Gap::Ambiguous { .. }))
}

/// Edges into a credential, whoever says so.
fn into<'l>(lineage: &'l Lineage, to: &str) -> Vec<&'l trace::Edge> {
    let minting = [EdgeKind::Issued, EdgeKind::Brokered, EdgeKind::Opened];
    let name = to.rsplit_once('/').map_or(to, |(_, id)| id);
    let same = |edge: &&trace::Edge| edge.to == to || edge.to.rsplit_once('/').is_some_and(|(_, id)| id == name);
    lineage.edges.iter().filter(|edge| minting.contains(&edge.kind) && edge.hop == 0).filter(same).collect()
}

fn issued_by(edge: &trace::Edge) -> &str {
    edge.issuer.as_ref().and_then(|issuer| issuer.source_event_id.as_deref()).unwrap_or_default()
}

fn judge_issuance(lineage: &Lineage, to: &str, minted: &Value, score: &mut Score) {
    let (by, tier) = (text(minted, "minted_by"), promised(minted, "issuance"));
    let edges = into(lineage, to);
    match edges.iter().find(|edge| issued_by(edge) == by) {
        Some(edge) if edge.tier.as_str() == tier => Score::note(&mut score.right, tier),
        Some(edge) => {
            eprintln!("issuance at {} instead of {tier}: {minted}", edge.tier);
            Score::note(&mut score.wrong, tier);
        }
        // Another's account of the same: the key that Vault had made, by Vault's own record.
        None if tier.is_empty() || edges.iter().any(|edge| edge.kind == EdgeKind::Brokered) => {}
        None if !edges.is_empty() => {
            eprintln!("issued by {}: {minted}", issued_by(edges[0]));
            Score::note(&mut score.wrong, tier);
        }
        None if is_open(lineage) => Score::note(&mut score.open, tier),
        None => {
            eprintln!("no issuance of {to}: {minted} GAPS {:?}", lineage.gaps);
            Score::note(&mut score.missed, tier);
        }
    }
}

fn judge_parent(lineage: &Lineage, to: &str, minted: &Value, score: &mut Score) {
    let (parent, by, tier) = (text(minted, "parent"), text(minted, "minted_by"), promised(minted, "parent"));
    if tier.is_empty() {
        return;
    }
    let edges = into(lineage, to);
    match edges.iter().find(|edge| issued_by(edge) == by && edge.from.starts_with("nhi:cred:")) {
        Some(edge) if edge.from.ends_with(&format!("/{}", parent.replace(':', "%3A"))) => {
            Score::note(&mut score.right, edge.tier.as_str());
        }
        Some(edge) => {
            eprintln!("parent {}: {minted}", edge.from);
            Score::note(&mut score.wrong, tier);
        }
        None => {
            eprintln!("no parent: {minted}");
            Score::note(&mut score.missed, tier);
        }
    }
}

/// Whether a principal is the one that the truth calls so.
pub(crate) fn is(origin: &trace::Origin, truth: &str) -> bool {
    let (uri, name) = (origin.principal.as_str(), origin.name.as_deref().unwrap_or_default());
    // A subject of another's token stands in the URI as one escaped segment.
    let escaped = trace::escaped(truth);
    let path = truth.strip_prefix("spiffe://").and_then(|id| id.split_once('/'));
    uri.ends_with(&format!("/~{truth}"))
        || uri.ends_with(&format!("/{truth}"))
        || uri.ends_with(&truth.replace('@', "%40"))
        || uri.ends_with(&format!("/~{escaped}"))
        || path.is_some_and(|(domain, path)| uri.ends_with(&format!("{domain}:workload/{path}")))
        || name == truth
        // A Vault token without the metadata of its login says of the workload only its entity; that is
        // no name the truth knows.
        || uri.starts_with("nhi:principal:vault:") && name == format!("kubernetes-{}", truth.replacen('/', "-", 1))
}

fn judge_origin(lineage: &Lineage, minted: &Value, score: &mut Score) {
    let (truth, tier) = (text(minted, "origin"), promised(minted, "origin"));
    if tier.is_empty() {
        return;
    }
    match lineage.origins.iter().find(|origin| is(origin, truth)) {
        Some(origin) if origin.tier.as_str() == tier => Score::note(&mut score.right, tier),
        Some(origin) => {
            eprintln!("origin at {} instead of {tier}: {minted}", origin.tier);
            Score::note(&mut score.wrong, tier);
        }
        None if lineage.origins.is_empty() && is_open(lineage) => Score::note(&mut score.open, tier),
        // The identity under which another platform knows it: true, and not who is behind it.
        None if lineage.origins.first().is_none_or(|origin| origin.principal.contains(":oauth:"))
            || is_without_issuance(lineage) =>
        {
            eprintln!("no origin: {minted} {:?} {:?}", lineage.origins, lineage.gaps);
            Score::note(&mut score.missed, tier);
        }
        None => {
            eprintln!("origins {:?}: {minted}", lineage.origins.iter().map(|o| &o.principal).collect::<Vec<_>>());
            Score::note(&mut score.wrong, tier);
        }
    }
}

/// Verdicts by platform of the grant and the truth's own: each that was said, and how often.
pub(crate) type Said = BTreeMap<(String, String), BTreeMap<String, usize>>;

/// Verdicts on uses.
pub(crate) fn judge_uses(store: &impl Store, uses: &[Value], settings: &Settings) -> Said {
    let mut said = Said::new();
    uses.iter().for_each(|one| judge_use(store, one, settings, &mut said));
    said
}

/// The same for one use.
pub(crate) fn judge_use(store: &impl Store, one: &Value, settings: &Settings, said: &mut Said) {
    let event = records(store, text(one, "record")).pop().unwrap_or_else(|| panic!("{one}"));
    let lineage = lineage::of_event(store, &event, settings).unwrap();
    let proof = grant::prove(store, &event, &lineage, settings).unwrap();
    let key = (text(one, "granted_at").to_owned(), text(one, "verdict").to_owned());
    let told = told_of_use(&proof, one);
    if told != expected_of_use(one) {
        let window = proof.grant.as_ref().map(|grant| (grant.begins, grant.ends));
        eprintln!("{told} by {:?} {window:?} at {}: {one}", proof.uri, event.time);
    }
    *said.entry(key).or_default().entry(told).or_default() += 1;
}

/// Whether a refused attempt leads to whoever is behind it; `None` if the truth's id is no record's, as at
/// Azure, which gives its records none.
pub(crate) fn judge_refused(store: &impl Store, one: &Value, settings: &Settings) -> Option<bool> {
    let event = records(store, text(one, "record")).pop()?;
    let lineage = lineage::of_event(store, &event, settings).unwrap();
    let behind = lineage.origins.iter().any(|origin| is(origin, text(one, "origin")));
    let right = event.status == model::Status::Failure && behind;
    if !right {
        eprintln!("refused, by {:?}: {one}", lineage.origins);
    }
    Some(right)
}

/// Verdicts on the credentials of an account that was closed, as of the end of the log: the truth's, and
/// what was said.
pub(crate) fn judge_left(store: &impl Store, left: &Value, end: i64, settings: &Settings) -> Vec<(String, String)> {
    let (platform, authority) = (text(left, "platform"), text(left, "authority"));
    let principal = format!("nhi:principal:{platform}:{authority}:user/{}", text(left, "principal"));
    let at = left["at_ms"].as_i64().unwrap() * 1_000_000;
    let proof = offboard::prove(store, &principal, at, end, settings).unwrap();
    let said = |item: &Value| {
        let found = proof.items.iter().find(|one| one.item.ends_with(text(item, "credential")));
        let verdict = found.map(|one| serde_json::to_value(one.verdict).unwrap());
        let said = verdict.and_then(|verdict| verdict.as_str().map(str::to_owned)).unwrap_or_default();
        if said != text(item, "verdict") {
            eprintln!("{said}: {left} {proof:?}");
        }
        (text(item, "verdict").to_owned(), said)
    };
    left["items"].as_array().unwrap().iter().map(said).collect()
}

/// Verdict, tier and marks of a proof, and whether it rests on another grant than the truth.
fn told_of_use(proof: &grant::Proof, one: &Value) -> String {
    let verdict = serde_json::to_value(proof.verdict).unwrap().as_str().unwrap().to_owned();
    let tier = proof.tier.map_or("", |tier| tier.as_str());
    let uri = proof.uri.as_deref().unwrap_or_default();
    let unescaped = uri.replace("%3A", ":").replace("%2F", "/").replace("%40", "@");
    // Who asked for nothing this time may hold what was given before.
    let names = text(one, "grant").is_empty() || unescaped.contains(text(one, "grant"));
    let grant = if names { "" } else { " another grant" };
    tell(&verdict, tier, proof.self_approved, proof.credential_outlives_grant) + grant
}

pub(crate) fn expected_of_use(one: &Value) -> String {
    let mark = |key: &str| one[key].as_bool().unwrap();
    tell(text(one, "verdict"), text(one, "tier"), mark("self_approved"), mark("credential_outlives_grant"))
}

fn tell(verdict: &str, tier: &str, self_approved: bool, outlives: bool) -> String {
    let mark = |is: bool, name: &'static str| if is { name } else { "" };
    format!("{verdict} {tier}{}{}", mark(self_approved, " self-approved"), mark(outlives, " outlived"))
}

pub(crate) fn print(scores: &Scores) {
    for ((platform, link), Score { right, wrong, missed, open }) in scores {
        eprintln!("{platform:9} {link:9} right {right:?} wrong {wrong:?} missed {missed:?} open {open:?}");
    }
}

/// Platforms whose tokens are exchanged at others, which log whose it was and not which.
const EXCHANGED: [&str; 1] = ["k8s"];
