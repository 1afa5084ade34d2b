//! What is sealed of a delivery is enough to put its content together again, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{DeliveryBody, Header, Kind};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{Bench, lines};

/// The content of each delivery by its name, put together as `docs/format` says: records in order,
/// between them a gap that begins where the first of them ends, else the usual text.
fn contents(bench: &Bench) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut records: BTreeMap<u64, Vec<(Header, Vec<u8>)>> = BTreeMap::new();
    for (header, leaf) in bench.leaves() {
        match header.kind {
            Kind::Record => {
                let lone = header.position.content_sha256;
                if let (Some(sha256), Some(name)) = (lone, header.position.name.clone()) {
                    assert_eq!(<[u8; 32]>::from(Sha256::digest(&leaf.body)), sha256, "{name}");
                    found.insert(name, leaf.body.to_vec());
                } else {
                    records.entry(header.position.delivery.unwrap()).or_default().push((header, leaf.body.to_vec()));
                }
            }
            Kind::Delivery => {
                let body: DeliveryBody = serde_json::from_slice(&leaf.body).unwrap();
                let content = joined(&body, &records.remove(&body.delivery).unwrap_or_default());
                assert_eq!(model::hex(&Sha256::digest(&content)), body.content_sha256, "{}", body.name);
                assert_eq!((content.len() as u64, body.ended.as_str()), (body.content_bytes, "end"));
                found.insert(body.name, content);
            }
            _ => {}
        }
    }
    assert!(records.is_empty(), "a delivery without its end: {:?}", records.keys());
    found
}

fn joined(body: &DeliveryBody, records: &[(Header, Vec<u8>)]) -> Vec<u8> {
    assert!(!body.gaps_cut);
    assert_eq!(body.records, records.len() as u64);
    let gap = |at: u64| body.gaps.iter().find(|gap| gap.offset == at).map(|gap| STANDARD.decode(&gap.bytes).unwrap());
    let mut content = gap(body.offset).unwrap_or_default();
    for (at, (header, bytes)) in records.iter().enumerate() {
        assert_eq!(header.position.offset, Some(body.offset + content.len() as u64), "{}", body.name);
        content.extend_from_slice(bytes);
        let behind = gap(body.offset + content.len() as u64);
        let usual = if at + 1 < records.len() { body.between.clone().into_bytes() } else { Vec::new() };
        content.extend(behind.unwrap_or(usual));
    }
    content
}

/// Pieces of which logs are made, whole and broken.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0_u32..1_000).prop_map(|number| lines(number..number + 1)),
        1 => Just("\r\n".to_owned()),
        1 => Just("\n\n  \t".to_owned()),
        1 => Just("{\"Records\":[{\"a\":1}, {\"b\":[2]}\n ,{\"c\":\"]\"}]}\n".to_owned()),
        1 => Just("[{\"a\":1},{\"b\":2}]".to_owned()),
        1 => Just("{\n  \"pretty\": {\n    \"printed\": true\n  }\n}\n".to_owned()),
        1 => Just("{\"broken\": [1, 2\n".to_owned()),
        1 => "[ -~]{0,40}\n",
    ]
}

proptest! {
    // Each case is a log of its own; its many files are the cases that count.
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, ..ProptestConfig::default() })]
    #[test]
    fn every_delivery_can_be_put_together(
        files in prop::collection::vec(prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat()), 1..40)
    ) {
        let bench = Bench::new();
        let paths: Vec<_> = files.iter().enumerate().map(|(at, text)| bench.put(&format!("{at}.log"), text)).collect();
        let summary = bench.ingest(&paths);
        prop_assert_eq!(&summary.unread, &[]);
        let found = contents(&bench);
        for (name, content) in &found {
            prop_assert_eq!(content, &std::fs::read(name).unwrap());
        }
        // Equal contents are sealed once, under the first of their names.
        let different: BTreeSet<&String> = files.iter().filter(|text| !text.is_empty()).collect();
        prop_assert!(found.len() >= different.len(), "{} of {}", found.len(), different.len());
        prop_assert_eq!(bench.ingest(&paths).records, 0);
    }
}

#[test]
fn numbers_of_a_source_have_no_gap() {
    let bench = Bench::new();
    for round in 0..3 {
        let paths =
            [0, 1].map(|file| bench.put(&format!("{round}-{file}"), lines(round * 100..round * 100 + 30 + file)));
        bench.ingest(&paths);
    }
    let of_source = bench.leaves().into_iter().filter(|(header, _)| header.source == 1);
    let numbers: Vec<u64> = of_source.map(|(header, _)| header.source_seq).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
}
