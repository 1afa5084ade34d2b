//! Tetragon events: goldens, twins, and the way from process to process.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("tetragon", 6);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("tetragon", 1);
}

#[test]
fn a_process_is_found_by_the_id_that_its_children_name() {
    let event = golden::event("tetragon", "exec");
    assert_eq!(event["session"], "nhi:session:tetragon:node-1:exec/bm9kZS0xOjEyMzQ1Njc4OTo0Mjgx");
    assert_eq!(event["related"][0]["source_event_id"], "bm9kZS0xOjEyMzQ1Njc4ODo0Mjcw");
    assert_eq!(event["actor"]["uri"], "nhi:principal:k8s:wharf:pod/0b9b3c71-7c55-4f0a-8f0f-1d2c3b4a5968");
    let event = golden::event("tetragon", "connect");
    assert_eq!(event["actor"]["uri"], "nhi:principal:linux:node-1:unix-uid/~1001");
    assert_eq!((&event["class_uid"], &event["dst"]["ip"]), (&json!(4001), &json!("203.0.113.9")));
}

#[test]
fn arguments_are_not_told_and_lost_events_are() {
    assert!(!golden::event("tetragon", "exec").to_string().contains("-H x"));
    let event = golden::event("tetragon", "dropped");
    assert_eq!((&event["class_uid"], &event["data_rows"]), (&json!(1008), &json!(318)));
}

#[test]
fn odd_values_lose_no_record() {
    for record in [
        json!({"process_exec": {}, "time": 7}),
        json!({"process_kprobe": {"args": [1, null, {"int_arg": "x"}]}, "node_name": null, "time": "yesterday"}),
    ] {
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|r| panic!("{record}: {r}"));
        assert_eq!(event["platform"], "tetragon");
    }
}
