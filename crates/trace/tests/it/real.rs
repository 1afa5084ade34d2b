//! Chains in real logs, where a folder of them is named by `DEEDBOOK_REAL_LOGS`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{EventId, LeafIndex};
use serde_json::Value;
use sources::split::{Limits, Piece, Splitter};
use sources::{Context, Scratch};
use trace::{EdgeKind, Fact, Found, Settings, Tier, lineage};

use crate::memory::Memory;

fn folder(under: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DEEDBOOK_REAL_LOGS").map(|root| Path::new(&root).join(under))?;
    folder.is_dir().then_some(folder)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Everything in a folder that some module reads; what none reads is not of interest here. With each fact
/// goes its record, as JSON, so that what lineage says can be held against it.
fn read_raw(under: &str) -> Option<(Memory, Vec<Value>)> {
    let mut paths = Vec::new();
    files(&folder(under)?, &mut paths);
    let mut facts: Vec<Arc<Fact>> = Vec::new();
    let mut records = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let mut take = |piece: Piece<'_>| {
            let Piece::Record { bytes, .. } = piece else { return };
            let mut scratch = Scratch::default();
            let Ok(event) = sources::normalise(bytes, &Context::default(), &mut scratch) else { return };
            let id = EventId { log: "3f2a91c0".to_owned(), index: LeafIndex(facts.len() as u64) };
            facts.push(Arc::new(Fact::of(id, event.time.unwrap_or_default(), &event)));
            let mut scratch = Scratch::default();
            let inside = sources::unwrapped(bytes, sources::mapping::Mappings::shipped(), &mut scratch).unwrap();
            records.push(serde_json::from_str(inside).unwrap());
        };
        let mut splitter = Splitter::new(Limits::default());
        splitter.push(&bytes, &mut take);
        splitter.finish(&mut take);
    }
    Some((Memory::of(facts), records))
}

fn read(under: &str) -> Option<Memory> {
    read_raw(under).map(|(store, _)| store)
}

/// Each use of a credential that some record issues leads to that record, and to none besides.
/// Returns how many uses lead somewhere, by kind of credential.
fn judge(store: &Memory) -> BTreeMap<String, usize> {
    let mut issued: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in store.facts() {
        if let Some(credential) = &fact.issued {
            issued.entry(&credential.uri).or_default().push(fact);
        }
    }
    let mut led = BTreeMap::new();
    for fact in store.facts() {
        let Some(used) = &fact.credential else { continue };
        let lineage = lineage::of_event(store, fact, &Settings::default()).unwrap();
        let first = |edge: &&trace::Edge| edge.hop == 0 && edge.kind == EdgeKind::Issued && edge.to == used.uri;
        let before = |issuer: &&&Fact| issuer.time <= fact.time + 5_000_000_000;
        let expected = issued.get(used.uri.as_str()).into_iter().flatten().filter(before).count();
        match lineage.edges.iter().find(first) {
            Some(edge) if edge.rule != "announced" => {
                let id = &edge.issuer.as_ref().unwrap().event_id;
                let issuers = &issued[used.uri.as_str()];
                assert!(issuers.iter().any(|issuer| issuer.id == *id), "{:?}", fact.id);
                *led.entry(used.kind.clone()).or_default() += 1;
            }
            _ => assert_eq!(expected, 0, "{} is issued and leads nowhere: {:?}", used.kind, lineage.gaps),
        }
    }
    led
}

/// Folder, and how many uses lead to an issuance in it, by kind of credential.
const FOUND: &[(&str, &[(&str, usize)])] = &[
    ("cloudtrail/invictus", &[("sts-key", 70)]),
    ("cloudtrail/stratus", &[("sts-key", 17)]),
    ("cloudtrail/otrf", &[("sts-key", 11)]),
    ("vault/real_labs", &[("accessor", 910), ("secret-id", 16)]),
];

#[test]
fn every_use_in_real_logs_leads_to_the_record_that_issued_its_credential() {
    for (under, found) in FOUND {
        let Some(store) = read(under) else {
            eprintln!("skipped: DEEDBOOK_REAL_LOGS has no {under}, chains in real logs are not tested");
            continue;
        };
        let found = found.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        assert_eq!(judge(&store), found, "{under}");
    }
}

/// Id of a use, kind of the credential, id of the record that issued it.
type Link = (String, &'static str, String);

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// What the records themselves say, field against field: no module and no rule has a part in it.
fn links(records: &[Value], issued: &[(&'static str, &str)], used: &[(&'static str, &str)], id: &str) -> Vec<Link> {
    let mut issuers: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for record in records {
        for (kind, pointer) in issued {
            if let (Some(credential), Some(id)) = (text(record, pointer), text(record, id)) {
                // A renewal answers with the same token; the first record made it.
                issuers.entry((kind, credential)).or_insert(id);
            }
        }
    }
    let link = |record, kind: &'static str, pointer| {
        let (issuer, id) = (issuers.get(&(kind, text(record, pointer)?))?, text(record, id)?);
        (*issuer != id).then(|| (id.to_owned(), kind, (*issuer).to_owned()))
    };
    let mut links: Vec<Link> =
        records.iter().flat_map(|record| used.iter().filter_map(move |(kind, at)| link(record, kind, at))).collect();
    links.sort();
    links
}

/// The first hop of every use, as lineage finds it.
fn hops(store: &Memory, kinds: &[&'static str]) -> Vec<Link> {
    let mut hops = Vec::new();
    for fact in store.facts() {
        let Some(used) = &fact.credential else { continue };
        let Some(kind) = kinds.iter().find(|kind| **kind == used.kind) else { continue };
        let lineage = lineage::of_event(store, fact, &Settings::default()).unwrap();
        let first = |edge: &&trace::Edge| edge.hop == 0 && edge.kind == EdgeKind::Issued && edge.to == used.uri;
        let Some(edge) = lineage.edges.iter().find(first) else { continue };
        let issuer = edge.issuer.as_ref().unwrap().source_event_id.clone().unwrap();
        hops.push((fact.source_event_id.clone().unwrap(), *kind, issuer));
    }
    hops.sort();
    hops
}

/// How many uses each issuing record leads to.
fn counted(links: &[Link]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (.., issuer) in links {
        *counts.entry(issuer).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// The chains of temporary keys: the record that minted each, and how often its key was used.
const KEYS: &[(&str, &[(&str, usize)])] = &[
    (
        "cloudtrail/invictus",
        &[
            ("13da6c81-90fd-4e56-9ac3-269bd9a8ea96", 1),
            ("2e59bbc2-ff35-43a5-835a-ba9239af22b1", 8),
            ("55e25aa9-7165-446e-aef6-815c7a79a961", 2),
            ("7a5ee168-7848-4cfa-8d3c-69f78ecb1806", 13),
            ("9182290d-3afa-407b-8628-3130627af412", 15),
            ("bbe86c7c-5981-4ac8-ad20-9248612b16c1", 29),
            ("c24de5b7-4166-4f8d-870f-038ca2e8ca87", 1),
            ("dcce42ae-a4f1-45ca-8944-9f70843ca957", 1),
        ],
    ),
    (
        "cloudtrail/stratus",
        &[
            ("099bfd30-232c-4dff-9998-3821921063ca", 1),
            ("6e882b9d-2af8-4c67-b91f-aeac6a0e5e70", 1),
            ("eebae605-3664-4560-a248-17d33f9ef6ef", 15),
        ],
    ),
    ("cloudtrail/otrf", &[("a3a3dded-7c27-42c0-a42d-891cdd436278", 11)]),
];

#[test]
fn temporary_keys_in_real_logs_lead_from_use_to_mint_record_by_record() {
    for (under, chains) in KEYS {
        let Some((store, records)) = read_raw(under) else {
            eprintln!("skipped: DEEDBOOK_REAL_LOGS has no {under}, chains of keys are not tested");
            continue;
        };
        let issued = [("sts-key", "/responseElements/credentials/accessKeyId")];
        let expected = links(&records, &issued, &[("sts-key", "/userIdentity/accessKeyId")], "/eventID");
        assert_eq!(hops(&store, &["sts-key"]), expected, "{under}");
        assert_eq!(counted(&expected), *chains, "{under}");
    }
}

/// The chains of Vault: logins by user and password, logins by AppRole, and the secret ids of the latter.
const TOKENS: &[(&str, usize)] = &[
    ("5cae061c-4f59-436a-f5c6-6defa2712a93", 42),
    ("76cf4a14-7601-d1ea-5ff3-338861c00117", 2),
    ("971cd18d-4bc2-a616-485a-4a1e1efb4061", 4),
    ("c324cbda-fedf-337b-7203-8d524a223023", 416),
    ("cc759352-25d6-53b8-3f8f-50f20db88589", 448),
    ("d66b3c25-eab7-0646-fde4-8662d97e3b6e", 14),
];

#[test]
fn tokens_of_vault_in_real_logs_lead_from_use_to_login_record_by_record() {
    let under = "vault/real_labs";
    let Some((store, mut records)) = read_raw(under) else {
        eprintln!("skipped: DEEDBOOK_REAL_LOGS has no {under}, chains of tokens are not tested");
        return;
    };
    // A token that was shown with a login decided nothing: it is not what the login was made with.
    for record in records.iter_mut().filter(|one| text(one, "/request/path").is_some_and(|p| p.contains("/login"))) {
        record["auth"] = Value::Null;
    }
    let issued = [("accessor", "/response/auth/accessor"), ("secret-id", "/response/data/secret_id")];
    let used = [("accessor", "/auth/accessor"), ("secret-id", "/request/data/secret_id")];
    let expected = links(&records, &issued, &used, "/request/id");
    assert_eq!(hops(&store, &["accessor", "secret-id"]), expected);
    assert_eq!(counted(&expected), TOKENS);
}

/// Whom each record of impersonation names as the one that was acted as.
#[test]
fn impersonation_in_real_logs_leads_to_the_caller_in_each_record() {
    let under = "k8s/audit2rbac";
    let Some((store, records)) = read_raw(under) else {
        eprintln!("skipped: DEEDBOOK_REAL_LOGS has no {under}, impersonation is not tested");
        return;
    };
    let by_id: BTreeMap<&str, &Value> =
        records.iter().map(|record| (text(record, "/auditID").unwrap(), record)).collect();
    assert_eq!((store.facts().len(), by_id.len()), (37, 37));
    let mut impersonated: BTreeMap<&str, usize> = BTreeMap::new();
    for fact in store.facts() {
        let record = by_id[fact.source_event_id.as_deref().unwrap()];
        let name = text(record, "/impersonatedUser/username").unwrap();
        *impersonated.entry(name).or_default() += 1;
        assert_eq!(fact.actor.name.as_deref(), text(record, "/user/username"), "{:?}", fact.source_event_id);
        let last = fact.subject.as_ref().unwrap().rsplit(['/', '~']).next().unwrap();
        assert!(name.rsplit(':').next() == Some(last), "{name} is {:?}", fact.subject);
        let lineage = lineage::of_event(&store, fact, &Settings::default()).unwrap();
        let [origin] = lineage.origins.as_slice() else { panic!("{:?}", lineage.origins) };
        assert_eq!((&origin.principal, origin.found, origin.tier), (&fact.actor.uri, Found::Initiator, Tier::L1));
    }
    let counts: Vec<(&str, usize)> = impersonated.into_iter().collect();
    assert_eq!(counts, [("alice", 3), ("bob", 29), ("system:serviceaccount:ns1:sa1", 5)]);
}
