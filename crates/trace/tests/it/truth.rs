//! The scenario's truth as oracle: every issuance and every parent it names, against what lineage finds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use trace::{EdgeKind, Fact, Issuer, Lineage, Settings, Tier, grant, life, lineage, who};

use crate::judge::{
    Said, Score, all, expected_of_use, is, judge, judge_left, judge_refused, judge_uses, print, records, text, uri_of,
};
use crate::memory::Memory;

/// What a run of the scenario left behind.
pub(crate) struct World {
    pub(crate) facts: Vec<Arc<Fact>>,
    /// One value a credential.
    pub(crate) truth: Vec<Value>,
    /// One value a grant.
    pub(crate) grants: Vec<Value>,
    /// One value a use under a grant, or without one.
    pub(crate) uses: Vec<Value>,
    /// Attempts that were refused.
    pub(crate) denied: Vec<Value>,
    /// Accounts that were closed.
    pub(crate) offboarding: Vec<Value>,
    /// Standing tokens that were misused.
    pub(crate) standing: Vec<Value>,
    /// Privileges, from when until when.
    pub(crate) privileges: Vec<Value>,
    /// Identities that inventories list.
    pub(crate) listed: Vec<Value>,
    /// Records of those who acted with another's rights.
    pub(crate) acted: Vec<Value>,
    /// Cases with a name.
    pub(crate) cases: Vec<Value>,
    /// When the log ends, nanoseconds since 1970.
    pub(crate) end: i64,
}

pub(crate) fn world(records: u64) -> World {
    delivered(records, scenario::Delivery::default())
}

pub(crate) fn delivered(records: u64, delivery: scenario::Delivery) -> World {
    let folder = tempfile::tempdir().unwrap();
    let form = scenario::Form::Lines;
    let options = scenario::Options { seed: 7, records, start_ms: 1_795_168_800_000, form, delivery };
    scenario::write(folder.path(), &options).unwrap();
    let mut facts = Vec::new();
    crate::files::read(folder.path(), &mut facts);
    let lines = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let truth = lines("truth.ndjson").into_iter().filter(|value| value.get("credential").is_some()).collect();
    let end = facts.iter().map(|fact: &Arc<Fact>| fact.time).max().unwrap();
    let (uses, denied) = (lines("truth-uses.ndjson"), lines("truth-denied.ndjson"));
    let (offboarding, cases) = (lines("truth-offboarding.ndjson"), lines("truth-cases.ndjson"));
    let (listed, acted) = (lines("truth-listed.ndjson"), lines("truth-acted.ndjson"));
    let (standing, privileges) = (lines("truth-standing.ndjson"), lines("truth-privileges.ndjson"));
    let grants = lines("truth-grants.ndjson");
    World { facts, truth, grants, uses, denied, offboarding, standing, privileges, listed, acted, cases, end }
}

/// Which issuer is which cluster and whose jobs: the operator knows, the scenario tells.
pub(crate) fn settings(_: &[Arc<Fact>]) -> Settings {
    let issuers = scenario::issuers(7);
    let issuers = issuers.into_iter().map(|[host, platform, authority]| Issuer { host, platform, authority });
    Settings { issuers: issuers.collect(), ..Settings::default() }
}

/// Who asked, who agreed, and from when until when, as folded: against the truth about each grant in force.
fn judge_grants(store: &Memory, grants: &[Value], uses: &[Value], settings: &Settings) -> usize {
    let mut judged = BTreeSet::new();
    for granted in grants.iter().filter(|granted| granted["approved"] == true) {
        let id = text(granted, "grant");
        let Some(one) = uses.iter().find(|one| text(one, "grant") == id) else { continue };
        let event = &records(store, text(one, "record")).pop().unwrap();
        let lineage = lineage::of_event(store, event, settings).unwrap();
        let proof = grant::prove(store, event, &lineage, settings).unwrap();
        let folded = proof.grant.unwrap();
        let near = |time: Option<i64>, key: &str| {
            let truth = granted[key].as_i64().unwrap();
            // What nothing ends has no end; whole seconds are all that some platforms write.
            time.map_or(0, |time| time / 1_000_000).abs_diff(truth) < 2_000
        };
        let ends = [folded.ends, folded.ends_by].into_iter().flatten().min();
        assert!(near(folded.begins, "not_before_ms"), "{granted} {folded:?}");
        // A lease whose end no record tells ends with its token.
        assert!(
            near(ends, "not_after_ms") || folded.ends.is_none() && text(granted, "platform") == "vault",
            "{granted} {folded:?}"
        );
        let approver = text(granted, "approver").replace('@', "%40");
        let agreed = |approval: &grant::Approval| approval.approver.as_ref().is_some_and(|by| by.ends_with(&approver));
        let owed = folded.requested && folded.approvals_min != Some(0) && one["verdict"] != "UNKNOWN";
        assert!(
            !owed || text(granted, "platform") == "entra" || folded.approvals.iter().any(agreed),
            "{granted} {folded:?}"
        );
        if text(granted, "platform") == "aws" {
            let (proofs, _) = grant::uses(store, &folded.grant, i64::MIN, i64::MAX, settings).unwrap();
            let told = |record: &str| proofs.iter().any(|one| one.user.source_event_id.as_deref() == Some(record));
            let under = |one: &&Value| text(one, "grant") == id && text(one, "verdict") != "OVER_SCOPE";
            assert!(uses.iter().filter(under).all(|one| told(text(one, "record"))), "{granted} {proofs:?}");
        }
        judged.insert(id);
    }
    judged.len()
}

/// Whether every verdict is the true one: with its tier and its marks.
fn assert_uses(said: &Said, uses: &[Value]) {
    let expected: BTreeSet<String> = uses.iter().map(expected_of_use).collect();
    for ((platform, truth), verdicts) in said {
        for (told, count) in verdicts {
            eprintln!("{platform:9} {truth:15} {told:40} {count}");
        }
        let right = |told: &String| expected.contains(told) && told.starts_with(&format!("{truth} "));
        assert!(verdicts.keys().all(right), "{platform} {truth}: {verdicts:?}");
    }
}

/// Every link that the vendors' logs allow, at the tier they allow, on every platform; and every verdict
/// on what people did with what they had asked for. `DEEDBOOK_SCENARIO_RECORDS` asks for more of it.
#[test]
fn every_link_of_the_truth_is_found_and_none_is_invented() {
    let size = std::env::var("DEEDBOOK_SCENARIO_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(6_000);
    let World { facts, truth, grants, uses: told, .. } = world(size);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let scores = judge(&store, &truth, &settings);
    print(&scores);
    for link in ["issuance", "parent", "origin"] {
        let Score { right, wrong, missed, open } = all(&scores, link);
        assert_eq!((&wrong, &missed), (&BTreeMap::new(), &BTreeMap::new()), "{link}");
        assert!(open.keys().all(|tier| tier > &"L2".to_owned()), "{link}: {open:?}");
        eprintln!("{link}: {right:?}, left open {open:?}");
    }
    let uses = truth.iter().filter_map(|minted| records(&store, text(minted, "last_use")).pop());
    let used: BTreeSet<&str> = uses.map(|fact| fact.platform.as_str()).collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), USED_ON);
    let found: BTreeSet<&str> = scores.keys().map(|(platform, _)| platform.as_str()).collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), PLATFORMS);
    let said = judge_uses(&store, &told, &settings);
    assert_uses(&said, &told);
    let windows = judge_grants(&store, &grants, &told, &settings);
    assert!(windows > 80, "{windows}");
    eprintln!("windows and approvers of grants in force: {windows}");
    let platforms: BTreeSet<&str> = said.keys().map(|(platform, _)| platform.as_str()).collect();
    assert_eq!(platforms.into_iter().collect::<Vec<_>>(), GRANTING);
}

/// A refused attempt shows who tried, as an allowed one does.
#[test]
fn a_refused_attempt_leads_to_whoever_is_behind_it() {
    let World { facts, denied, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let mut platforms: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &denied {
        let Some(right) = judge_refused(&store, one, &settings) else { continue };
        assert!(right, "{one}");
        *platforms.entry(text(one, "platform")).or_default() += 1;
    }
    assert!(platforms.len() > 5, "{platforms:?}");
}

#[test]
fn of_whoever_left_each_credential_is_known_to_be_gone_alive_or_used_after() {
    let World { facts, offboarding, end, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for left in &offboarding {
        for (truth, said) in judge_left(&store, left, end, &settings) {
            assert_eq!(said, truth, "{left}");
            *seen.entry(truth).or_default() += 1;
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["REVOKED", "STILL_ALIVE", "USED_AFTER"]);
}

/// Who acts with another's rights is the actor, and the other the subject: both in one record, so that no
/// look-up can miss either.
#[test]
fn who_acts_with_anothers_rights_is_told_apart_from_whose_rights_they_are() {
    let World { facts, acted, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    for one in &acted {
        let event = store.by_source(text(one, "record"));
        let who = who::of_event(&store, &event, &settings).unwrap();
        let own = who.executed_by.name.as_deref().and_then(|name| name.strip_prefix("oidc:"));
        assert_eq!((own, who.executed_by.tier), (Some(text(one, "actor")), Tier::L1), "{one}");
        let subject = event.subject.as_deref().unwrap_or_default();
        assert!(subject.ends_with(&format!(":serviceaccount/~{}", text(one, "subject"))), "{one} {subject}");
    }
    assert!(acted.len() > 3, "{}", acted.len());
}

/// A credential that was taken back is alive until that record and revoked by it from then on; one that
/// nobody took back is not revoked.
#[test]
fn a_revoked_credential_is_dead_from_the_record_that_revoked_it_and_no_other_is() {
    let World { facts, truth, end, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let mut revoked: BTreeMap<&str, usize> = BTreeMap::new();
    for minted in &truth {
        let Some(uri) = uri_of(&store, minted) else { continue };
        let by = text(minted, "revoked_by");
        let life = life::of(&store, &uri, end, &settings).unwrap();
        let ended = life.ended.as_ref().and_then(|ended| ended.source_event_id.as_deref());
        assert_eq!(ended.unwrap_or_default(), by, "{minted} {life:?}");
        assert_eq!(life.state == life::State::Revoked, !by.is_empty(), "{minted} {life:?}");
        if by.is_empty() {
            continue;
        }
        let before = life::of(&store, &uri, store.by_source(by).time - 1, &settings).unwrap();
        assert_eq!(before.state, life::State::Alive, "{minted} {before:?}");
        *revoked.entry(text(minted, "platform")).or_default() += 1;
    }
    eprintln!("revoked: {revoked:?}");
    let all = truth.iter().filter(|minted| !text(minted, "revoked_by").is_empty()).count();
    assert_eq!(revoked.values().sum::<usize>(), all);
    assert_eq!(revoked.keys().copied().collect::<Vec<_>>(), REVOKED_ON);
}

/// Platforms on which the scenario takes credentials back, apart from those of whoever left.
const REVOKED_ON: [&str; 2] = ["gitlab", "okta"];

/// The four cases: every record is there, refused where it was refused, and the deployment leads to
/// whoever started the job.
#[test]
fn the_cases_with_a_name_are_told_by_their_records() {
    let World { facts, cases, .. } = world(6_000);
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for case in &cases {
        names.insert(text(case, "case"));
        for step in case["steps"].as_array().unwrap() {
            let event = &records(&store, text(step, "record")).pop().unwrap();
            let refused = matches!(text(step, "what"), "refused" | "denied");
            assert_eq!(event.status == model::Status::Failure, refused, "{step}");
            if text(case, "case") == "ci-deployment" {
                let lineage = lineage::of_event(&store, event, &settings).unwrap();
                assert!(lineage.origins.iter().any(|origin| is(origin, text(case, "answer"))), "{case} {lineage:?}");
            }
        }
    }
    let all = ["ci-deployment", "disabled-service-account", "gateway-decision", "secret-rotation"];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), all);
}

/// Platforms that hand out what the truth follows; the uses of it are on more.
const PLATFORMS: [&str; 9] = ["aws", "entra", "gcp", "gitlab", "k8s", "okta", "postgres", "spire", "vault"];

/// Platforms whose records show one of those in use. Azure gives its records no id; GitHub, Teleport and hoop.dev
/// are held against other truths.
const USED_ON: [&str; 10] = ["aws", "entra", "gcp", "gitlab", "k8s", "mcp", "okta", "otel", "postgres", "vault"];

/// Platforms at which rights are asked for.
const GRANTING: [&str; 10] = ["aws", "entra", "gcp", "github", "grant", "hoop", "k8s", "okta", "teleport", "vault"];

/// The same truth, told late, twice and out of order.
#[test]
fn a_disorderly_delivery_changes_no_link_and_no_verdict() {
    let delivery = scenario::Delivery { shuffle_s: 21_600, double_percent: 20, without: Vec::new() };
    let World { facts, truth, uses, .. } = delivered(4_000, delivery);
    assert!(facts.len() > 4_500, "{}", facts.len());
    let settings = settings(&facts);
    let store = Memory::of(facts);
    let scores = judge(&store, &truth, &settings);
    for link in ["issuance", "parent", "origin"] {
        let Score { wrong, missed, .. } = all(&scores, link);
        assert_eq!((wrong, missed), (BTreeMap::new(), BTreeMap::new()), "{link}");
    }
    assert_uses(&judge_uses(&store, &uses, &settings), &uses);
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
    let World { facts, truth, .. } = world(6_000);
    let mut settings = settings(&facts);
    let broker = |fact: &&Arc<Fact>| fact.actor.name.as_deref() == Some("vault-secrets-engine");
    settings.brokers = facts.iter().filter(broker).map(|fact| fact.actor.uri.clone()).collect();
    use model::Platform::{GitHub, Kubernetes, Okta, Spire, Vault};
    for missing in [Vault, Kubernetes, Spire, GitHub, Okta] {
        let left = facts.iter().filter(|fact| fact.platform != missing).cloned().collect();
        let store = Memory::of(left);
        let there: Vec<Value> = truth.iter().filter(|minted| minted["platform"] != missing.as_str()).cloned().collect();
        let scores = judge(&store, &there, &settings);
        for link in ["issuance", "parent", "origin"] {
            assert_eq!(all(&scores, link).wrong, BTreeMap::new(), "{missing} {link}");
        }
    }
}

/// The tokens that were shown to AWS: an exchange names one only where one fits, and then the right one.
#[test]
fn an_exchanged_token_is_the_true_one_or_none() {
    let World { facts, truth, .. } = world(6_000);
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
