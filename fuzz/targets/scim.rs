//! A change of a resource of SCIM and a filter over what it becomes: names that are fixed stay, and what a filter does not
//! find, its opposite does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use server::fuzzing::{scim_changed, scim_finds};

fuzz_target!(|bytes: &[u8]| {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u-1", "userName": "svc-billing", "active": true,
        "name": { "familyName": "Billing" }, "emails": [{ "value": "a@acme.example", "type": "work" }],
        "members": [{ "value": "u-2" }, { "value": "u-3" }, "u-4"], "meta": { "created": "2026-11-29T08:00:00Z" },
    });
    let user = user.as_object().expect("an object");
    // The filter stands before the change, on a line of its own.
    let (filter, change) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => bytes.split_at(at),
        None => (bytes, &[][..]),
    };
    let changed = scim_changed(user, change).unwrap_or_else(|_| user.clone());
    for fixed in ["schemas", "id", "meta"] {
        assert_eq!(changed.get(fixed), user.get(fixed), "{fixed} changed");
    }
    let Ok(filter) = std::str::from_utf8(filter) else { return };
    for resource in [user, &changed] {
        let Some(found) = scim_finds(resource, filter) else { continue };
        let opposite = scim_finds(resource, &format!("not ({filter})"));
        assert!(opposite.is_none_or(|opposite| opposite != found), "it is neither found nor not found");
    }
});
