//! Bitbucket Server: goldens and the lines that nobody here wrote.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("bitbucket", 4);
}

#[test]
fn who_was_refused_is_a_claim() {
    let event = golden::event("bitbucket", "sign-in-refused");
    assert_eq!(
        (&event["actor"]["uri"], &event["status"]),
        (&json!("nhi:principal:bitbucket:unknown:user/?mira"), &json!("failure"))
    );
}

#[test]
fn every_real_line_becomes_an_event() {
    let Some(folder) = real::folder() else { return };
    let records = real::delivered(&folder.join("cicd/plaso/atlassian-bitbucket-audit.log"));
    assert_eq!(records.len(), 5);
    for raw in records {
        let event =
            golden::normalise(&raw).unwrap_or_else(|reject| panic!("{}: {reject}", String::from_utf8_lossy(&raw)));
        assert_eq!(event["platform"], "bitbucket");
    }
}
