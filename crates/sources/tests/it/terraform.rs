//! HCP Terraform: goldens, tokens, runs, and who stands behind them.

use serde_json::json;

use crate::golden;

#[test]
fn goldens() {
    golden::all("terraform", 10);
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 9] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("api_request_id", "/api/request_id"),
    ("actor_name", "/actor/name"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("workload_uid", "/workload/uid"),
    ("secret_access_path", "/secret_access/path"),
    ("purpose_reason", "/purpose/reason"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins("terraform", &VERBATIM);
}

#[test]
fn tokens_that_act_are_told_by_the_names_that_the_platform_gives_them() {
    for (case, user, human, rule) in [
        ("run-applied", "user-Mira7Holt", "unknown", "default"),
        ("state-read", "user-OrgTok01", "nonhuman", "R1:terraform-organization-token"),
        ("run-created-by-team-token", "user-TeamTok1", "nonhuman", "R1:terraform-team-token"),
    ] {
        let actor = &golden::event("terraform", case)["actor"];
        assert_eq!(actor["uri"], format!("nhi:principal:terraform:app.terraform.io:user/{user}"), "{case}");
        assert_eq!((actor["is_human"].as_str(), actor["rule"].as_str()), (Some(human), Some(rule)), "{case}");
    }
}

#[test]
fn a_run_is_one_session_whoever_works_on_it_and_an_override_goes_past_its_policy() {
    let [made, applied, past] =
        ["run-created-by-team-token", "run-applied", "policy-overridden"].map(|case| golden::event("terraform", case));
    assert_eq!(made["session"], "nhi:session:terraform:app.terraform.io:run/run-Apply01");
    assert_eq!((&made["session"], &made["session"]), (&applied["session"], &past["session"]));
    assert_eq!(past["grants"][0]["phase"], "bypass");
    assert_eq!(past["grants"][0]["approver"], past["actor"]["uri"]);
}

#[test]
fn an_impersonator_stands_in_front_of_the_user() {
    let event = golden::event("terraform", "team-access-added");
    assert_eq!(event["initiator"], "nhi:principal:terraform:app.terraform.io:user/user-Support9");
    assert_eq!(event["chain"][1]["principal"], event["actor"]["uri"]);
}

#[test]
fn a_token_that_was_made_is_the_one_that_goes() {
    let [made, gone] =
        ["token-created", "token-destroyed-by-organization-token"].map(|case| golden::event("terraform", case));
    assert_eq!(made["issued_credential"]["uri"], gone["credential_changes"][0]["uri"]);
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("auth", json!(null)),
        ("auth", json!({"accessor_id": {}, "type": 1})),
        ("request", json!("x")),
        ("timestamp", json!("never")),
        ("resource", json!({"action": [], "type": null, "meta": []})),
    ] {
        let mut record = json!({"id": "1", "version": "0", "type": "Resource", "timestamp": "2026-09-03T08:05:22Z",
            "auth": {"accessor_id": "user-1"}, "request": {"id": "r"},
            "resource": {"id": "run-1", "type": "run", "action": "create", "meta": null}});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "terraform");
    }
}
