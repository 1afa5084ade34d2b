//! The scenario's truth as oracle: every issuance and every parent it names, against what lineage finds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use trace::{EdgeKind, Fact, Found, Issuer, Lineage, Settings, Tier, lineage};

use crate::memory::{Memory, fact};

const CLUSTERS: [&str; 3] = ["prod-north", "prod-south", "staging"];

/// What a run of the scenario left behind.
pub(crate) struct World {
    pub(crate) facts: Vec<Arc<Fact>>,
    /// One value a credential.
    pub(crate) truth: Vec<Value>,
}

pub(crate) fn world(records: u64) -> World {
    let folder = tempfile::tempdir().unwrap();
    let options = scenario::Options {
        seed: 7,
        records,
        start_ms: 1_795_168_800_000,
        form: scenario::Form::Lines,
        delivery: scenario::Delivery::default(),
    };
    scenario::write(folder.path(), &options).unwrap();
    let mut facts = Vec::new();
    let mut take = |path: &Path, authority: Option<&str>| {
        let context = sources::Context { authority, ..sources::Context::default() };
        for line in std::fs::read_to_string(path).unwrap().lines() {
            facts.push(fact(facts.len(), line, &context));
        }
    };
    for cluster in CLUSTERS {
        take(&folder.path().join(format!("kubernetes/{cluster}.log")), Some(cluster));
    }
    take(&folder.path().join("vault/audit.log"), Some("halden-vault"));
    take(&folder.path().join("cloudtrail/events.ndjson"), None);
    let truth = std::fs::read_to_string(folder.path().join("truth.ndjson")).unwrap();
    let truth: Vec<Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let truth = truth.into_iter().filter(|value| value.get("credential").is_some()).collect();
    World { facts, truth }
}

/// Which issuer is which cluster: the operator knows, the records of the scenario show it by where the
/// service accounts of an issuer are.
pub(crate) fn settings(facts: &[Arc<Fact>]) -> Settings {
    let mut places: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let pods: BTreeMap<&str, &str> = facts
        .iter()
        .filter_map(|fact| Some((fact.issued.as_ref()?.confirmation.as_deref()?, fact.authority.as_str())))
        .collect();
    assert!(!pods.is_empty());
    for fact in facts.iter().filter(|fact| fact.operation.as_deref() == Some("sts:AssumeRoleWithWebIdentity")) {
        let host = fact.actor.uri.split(':').nth(3).unwrap().replace("%2F", "/");
        // The account's own clusters: whichever logged a token for that subject shortly before.
        let subject = fact.actor.name.clone().unwrap();
        let mut words = subject.split(':').skip(2);
        let (namespace, name) = (words.next().unwrap(), words.next().unwrap());
        for cluster in CLUSTERS {
            let holder = format!("nhi:principal:k8s:{cluster}:serviceaccount/~{namespace}/{name}");
            let hits = facts.iter().filter(|f| f.time <= fact.time && f.holders().any(|h| h == holder)).count();
            *places.entry(host.clone()).or_default().entry(cluster).or_default() += hits.min(1);
        }
    }
    let issuers = places.into_iter().map(|(host, hits)| {
        let (cluster, _) = hits.into_iter().max_by_key(|(_, hits)| *hits).unwrap();
        Issuer { host, platform: "k8s".to_owned(), authority: cluster.to_owned() }
    });
    Settings { issuers: issuers.collect(), ..Settings::default() }
}

/// Found, wrong and missed, by tier.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) right: BTreeMap<String, usize>,
    pub(crate) wrong: BTreeMap<String, usize>,
    pub(crate) missed: usize,
}

impl Score {
    fn note(&mut self, tier: Tier, right: bool) {
        let side = if right { &mut self.right } else { &mut self.wrong };
        *side.entry(tier.to_string()).or_default() += 1;
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

/// The last use of a credential, else the record that minted it.
fn uri_of<'f>(facts: &'f BTreeMap<&str, Vec<&'f Fact>>, minted: &Value) -> Option<&'f str> {
    let id = text(minted, "credential");
    let names = |credential: &trace::Credential| {
        credential.uri.ends_with(&format!("/{id}"))
            || credential.native_id.as_deref() == Some(id)
            || credential.native_id.as_deref() == Some(&format!("JTI={id}"))
    };
    let of = |key: &str| facts.get(text(minted, key)).into_iter().flatten();
    let used = of("last_use").filter_map(|fact| fact.credential.as_ref()).find(|c| names(c));
    let issued = || of("minted_by").filter_map(|fact| fact.issued.as_ref()).find(|c| names(c));
    used.or_else(issued).map(|credential| credential.uri.as_str())
}

/// Each credential's own issuance, its parent, and who is behind it.
pub(crate) fn judge(store: &Memory, truth: &[Value], settings: &Settings) -> [Score; 3] {
    let mut by_source: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in store.facts() {
        if let Some(id) = &fact.source_event_id {
            by_source.entry(id).or_default().push(fact);
        }
    }
    let [mut issuance, mut parents, mut origins] = [Score::default(), Score::default(), Score::default()];
    for minted in truth {
        let Some(uri) = uri_of(&by_source, minted) else {
            assert_eq!(minted["uses"], 0, "{minted}");
            continue;
        };
        let lineage = lineage::of_credential(store, uri, i64::MAX, settings).unwrap();
        judge_issuance(&lineage, uri, minted, &mut issuance);
        judge_parent(&lineage, uri, minted, &mut parents);
        judge_origin(&lineage, minted, &mut origins);
    }
    [issuance, parents, origins]
}

fn judge_issuance(lineage: &Lineage, uri: &str, minted: &Value, score: &mut Score) {
    let own = |edge: &&trace::Edge| edge.to == uri && edge.kind == EdgeKind::Issued;
    let by = text(minted, "minted_by");
    match lineage.edges.iter().find(own) {
        Some(edge) => {
            let issuer = edge.issuer.as_ref().unwrap().source_event_id.as_deref().unwrap();
            score.note(edge.tier, issuer == by);
        }
        None if by.is_empty() => {}
        None => score.missed += 1,
    }
}

fn judge_parent(lineage: &Lineage, uri: &str, minted: &Value, score: &mut Score) {
    let parent = text(minted, "parent");
    let own = |edge: &&trace::Edge| edge.to == uri && edge.kind == EdgeKind::Issued;
    match lineage.edges.iter().find(own) {
        Some(edge) if edge.from.starts_with("nhi:cred:") && !parent.is_empty() => {
            score.note(edge.tier, edge.from.ends_with(&format!("/{}", parent.replace(':', "%3A"))));
        }
        // The truth leaves out the kubelet's certificate.
        _ if parent.is_empty() => {}
        _ => score.missed += 1,
    }
}

fn judge_origin(lineage: &Lineage, minted: &Value, score: &mut Score) {
    let truth = text(minted, "origin");
    let Some(origin) = lineage.origins.first() else {
        score.missed += 1;
        return;
    };
    let uri = origin.principal.as_str();
    let name = origin.name.as_deref().unwrap_or_default();
    let right = uri.ends_with(&format!("/~{truth}")) || name == truth || uri.ends_with(&truth.replace('@', "%40"));
    // A Vault token without the metadata of its login says of the workload only its entity; that is
    // no name the truth knows.
    if !right && uri.starts_with("nhi:principal:vault:") {
        let display = format!("kubernetes-{}", truth.replacen('/', "-", 1));
        assert_eq!(name, display, "{minted} {uri}");
        score.note(origin.tier, true);
        return;
    }
    score.note(origin.tier, right);
    if !right {
        eprintln!("origin {uri} ({name}, {:?}), truth {truth}", origin.found == Found::Lineage);
    }
}

#[test]
fn every_link_of_the_truth_is_found_and_none_is_invented() {
    let World { facts, truth } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let [issuance, parents, origins] = judge(&store, &truth, &settings);
    eprintln!("credentials {}\nissuance {issuance:?}\nparents {parents:?}\norigins {origins:?}", truth.len());
    for score in [&issuance, &parents] {
        assert_eq!((&score.wrong, score.missed), (&BTreeMap::new(), 0));
    }
    assert!(issuance.right["L1"] > 50 && issuance.right["L2"] > 3, "{issuance:?}");
    assert_eq!((&origins.wrong, origins.missed), (&BTreeMap::new(), 0));
}

/// A fixed disorder: the same in each run, and nothing like the order of time.
fn shuffled(facts: &[Arc<Fact>]) -> Vec<Arc<Fact>> {
    let mut order: Vec<usize> = (0..facts.len()).collect();
    order.sort_by_key(|at| (*at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let renumbered = |(leaf, at): (usize, &usize)| {
        let mut fact = (*facts[*at]).clone();
        fact.id.index = model::LeafIndex(leaf as u64);
        Arc::new(fact)
    };
    order.iter().enumerate().map(renumbered).collect()
}

/// An answer without what depends on the leaf.
fn timeless(lineage: &Lineage) -> String {
    let mut value = serde_json::to_value(lineage).unwrap();
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("event_id");
                map.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value.to_string()
}

#[test]
fn answers_depend_neither_on_the_order_of_arrival_nor_on_being_told_twice() {
    let World { facts, .. } = world(3_000);
    let settings = settings(&facts);
    let disorder = shuffled(&facts);
    let doubled = {
        let mut all = disorder.clone();
        let more = facts.len() as u64;
        all.extend(facts.iter().map(|fact| {
            let mut again = (**fact).clone();
            again.id.index.0 += more;
            Arc::new(again)
        }));
        all
    };
    let (plain, disorder, doubled) = (Memory::of(facts), Memory::of(disorder), Memory::of(doubled));
    for fact in plain.facts().iter().step_by(7) {
        let uri = match &fact.credential {
            Some(credential) => &credential.uri,
            None => continue,
        };
        let of = |store| timeless(&lineage::of_credential(store, uri, fact.time, &settings).unwrap());
        assert_eq!(of(&plain), of(&disorder), "{uri}");
        assert_eq!(of(&plain), of(&doubled), "{uri}");
    }
}

#[test]
fn with_one_platform_missing_its_links_are_named_and_none_is_invented() {
    let World { facts, truth } = world(6_000);
    let mut settings = settings(&facts);
    let broker = |fact: &&Arc<Fact>| fact.actor.name.as_deref() == Some("vault-secrets-engine");
    settings.brokers = facts.iter().filter(broker).map(|fact| fact.actor.uri.clone()).collect();
    for missing in [model::Platform::Vault, model::Platform::Kubernetes] {
        let left = facts.iter().filter(|fact| fact.platform != missing).cloned().collect();
        let store = Memory::of(left);
        let there: Vec<Value> = truth.iter().filter(|minted| minted["platform"] != missing.as_str()).cloned().collect();
        let [issuance, parents, origins] = judge(&store, &there, &settings);
        assert_eq!(origins.wrong, BTreeMap::new(), "{missing}");
        assert_eq!(origins.missed > 0, missing == model::Platform::Vault, "{missing}: what Vault minted for whom");
        assert!(issuance.wrong.is_empty() && parents.wrong.is_empty(), "{missing}: {issuance:?} {parents:?}");
        assert_eq!((issuance.missed, parents.missed), (0, 0), "{missing}");
    }
}

/// The tokens that were shown to AWS: an exchange names one only where one fits, and then the right one.
#[test]
fn an_exchanged_token_is_the_true_one_or_none() {
    let World { facts, truth } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let (mut right, mut wrong, mut open) = (0, 0, 0);
    for minted in truth.iter().filter(|minted| minted["platform"] == "k8s" && minted["uses"] == 1) {
        let shown = store.facts().iter().find(|fact| fact.source_event_id.as_deref() == minted["last_use"].as_str());
        let Some(shown) = shown.filter(|fact| fact.platform == model::Platform::Aws) else { continue };
        let lineage = lineage::of_event(&store, shown, &settings).unwrap();
        match lineage.edges.iter().find(|edge| edge.kind == EdgeKind::Exchanged) {
            Some(edge) if edge.issuer.as_ref().unwrap().source_event_id.as_deref() == minted["minted_by"].as_str() => {
                assert_eq!(edge.tier, Tier::L4);
                right += 1;
            }
            Some(_) => wrong += 1,
            None => open += 1,
        }
    }
    eprintln!("exchanges at L4: right {right}, wrong {wrong}, left open {open}");
    assert!(right > 20 && wrong == 0, "right {right}, wrong {wrong}, open {open}");
}
