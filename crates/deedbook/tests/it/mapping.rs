//! Mapping files as sealed directives: in force from their leaf on, the same after a kill and in a rebuild.

use serde_json::{Value, json};

use crate::Bench;
use crate::serve::Server;

/// The mapping of a shop that nobody else has, by the column that tells who acted.
fn mapping(actor: &str) -> String {
    format!(
        "platform = \"shop\"\ntitle = \"Shop\"\nrecognise = [\"/shop/user\", \"/did\"]\n\
         [event]\nauthority = {{ constant = \"acme\" }}\nsource_event_id = \"/id\"\ntime = \"/at\"\napi_operation = \"/did\"\n\
         [outcome]\nby = \"/ok\"\nrows = {{ \"true\" = \"success\", \"*\" = \"failure\" }}\n\
         [act.rows]\n\"*\" = \"6003/99 other\"\n\
         [[actor]]\nuri = \"user/{{{actor}}}\"\nkind = \"human\"\nhuman = \"human\"\nrule = \"R1:shop-user\"\n"
    )
}

fn sale(number: u32) -> String {
    let shop = json!({ "user": format!("u-{number}"), "name": format!("n-{number}") });
    let at = format!("2026-09-03T08:{number:02}:00Z");
    json!({ "id": number.to_string(), "at": at, "did": "sell", "ok": true, "shop": shop }).to_string() + "\n"
}

/// Each record with its platform and who acted, or as a reject.
fn told(bench: &Bench) -> Vec<String> {
    bench.sql(
        "SELECT leaf_index, platform, actor_principal FROM events UNION ALL SELECT leaf_index, 'reject', NULL FROM rejects ORDER BY 1",
    )
}

#[test]
fn a_mapping_holds_from_its_leaf_on_also_after_a_kill_and_in_a_rebuild() {
    let bench = Bench::new();
    let ran = |arguments: &[&str]| {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        ran
    };
    bench.put("first.toml", mapping("/shop/user"));
    bench.put("second.toml", mapping("/shop/name"));
    bench.put("before.jsonl", sale(1));
    bench.ingest_ending(&["--source", "till", "before.jsonl"], 0);
    ran(&["mapping", "add", "first.toml"]);
    let server = Server::start(&bench, &[]);
    let send = |server: &Server<'_>, number| {
        assert_eq!(server.send("/v1/records?source=till", &[], sale(number).as_bytes()).status, 200);
    };
    send(&server, 2);
    // While it serves, too; and a kill between the directive and its rows.
    ran(&["mapping", "add", "second.toml"]);
    send(&server, 3);
    server.kill();
    let server = Server::start(&bench, &[]);
    send(&server, 4);
    ran(&["mapping", "remove", "shop"]);
    send(&server, 5);
    server.stop();
    let rows = told(&bench);
    let read: Vec<&str> = rows.iter().map(|row| row.split_once(',').unwrap().1).collect();
    let shop = |who: &str| format!("shop,nhi:principal:shop:acme:user/{who}");
    assert_eq!(read, ["reject,", &shop("u-2"), &shop("n-3"), &shop("n-4"), "reject,"]);
    ran(&["lake", "rebuild"]);
    assert_eq!(told(&bench), rows, "a rebuild reads each record by the mapping that was in force at its leaf");
    let listed: Value = ran(&["mapping", "ls", "-o", "json"]).json();
    assert!(listed.as_array().unwrap().iter().all(|mapping| mapping["name"] != "shop"), "{listed}");
    bench.assert_intact();
}
