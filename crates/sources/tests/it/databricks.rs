//! Databricks: goldens, twins, tokens, grants and who stands behind a call.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("databricks", 17);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("databricks", 3);
}

const VERBATIM: [(&str, &str); 13] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("actor_name", "/actor/name"),
    ("api_service", "/api/service"),
    ("api_request_id", "/api/request_id"),
    ("status_code", "/status_code"),
    ("error_message", "/error_message"),
    ("credential_native_id", "/credential/native_id"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("resources", "/resources/0/name"),
    ("src_ip", "/src/ip"),
    ("user_agent", "/user_agent"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins_but("databricks", &VERBATIM, &["job-on-behalf-table-form"]);
}

#[test]
fn a_token_that_was_made_is_the_one_that_signs_in() {
    let [made, used] = ["token-created", "token-login.allowed"].map(|case| golden::event("databricks", case));
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(used["actor"]["is_human"], "mixed", "a token of a user");
    assert!(golden::event("databricks", "temporary-credential.denied").get("issued_credential").is_none());
}

#[test]
fn rights_on_an_object_are_given_and_taken_one_by_one() {
    let event = golden::event("databricks", "permissions-updated");
    let facts: Vec<(&str, &str)> = event["grants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| (fact["phase"].as_str().unwrap(), fact["target"].as_str().unwrap()))
        .collect();
    assert_eq!(facts, [("activate", "SELECT"), ("revoke", "MODIFY"), ("activate", "SELECT")]);
    assert!(event["grants"][2]["beneficiary"].as_str().unwrap().contains(":service-principal/5b1c9d2e-"));
}

#[test]
fn a_job_names_who_started_it_and_whose_rights_it_used() {
    let event = golden::event("databricks", "job-on-behalf-table-form");
    let account = "nhi:principal:databricks:8a2f6c10-0d3e-4c0b-9a51-2b7d4e6f8a01";
    assert_eq!(event["initiator"], format!("{account}:user/~mira%40halden.example"));
    assert_eq!(
        event["chain"][1]["principal"],
        format!("{account}:service-principal/5b1c9d2e-7f80-4a13-b6c5-d8e9f0a1b2c3")
    );
    assert_eq!(golden::event("databricks", "support-login")["party"], "provider");
}

#[test]
fn actions_have_the_class_and_access_that_they_mean() {
    for (service, action, params, class, activity, access) in [
        ("accounts", "login", json!({}), 3002, 1, "authenticate"),
        ("accounts", "logout", json!({}), 3002, 2, "authenticate"),
        ("accounts", "oidcTokenAuthorization", json!({}), 3002, 1, "authenticate"),
        ("accounts", "createGroup", json!({}), 3006, 6, "create"),
        ("accounts", "removePrincipalFromGroup", json!({}), 3006, 4, "grant"),
        ("accounts", "delete", json!({"endpoint": "/users"}), 3007, 3, "delete"),
        ("accounts", "updateAccountSettings", json!({}), 3004, 3, "modify"),
        ("accounts", "changeDbTokenAcl", json!({}), 3004, 3, "grant"),
        ("secrets", "putAcl", json!({"scope": "s"}), 3004, 3, "grant"),
        ("secrets", "getSecret", json!({"scope": "s", "key": "k"}), 6003, 2, "read"),
        ("unityCatalog", "generateTemporaryVolumeCredential", json!({}), 3002, 3, "issue"),
        ("unityCatalog", "createStorageCredential", json!({}), 3004, 1, "create"),
        ("unityCatalog", "getPermissions", json!({}), 6003, 2, "read"),
        ("ssoConfigBackend", "update", json!({}), 3004, 3, "modify"),
        ("notebook", "runCommand", json!({}), 6003, 99, "execute"),
        ("dbfs", "unmount", json!({}), 6003, 4, "delete"),
        ("logDelivery", "createLogDeliveryConfiguration", json!({}), 1008, 9, "create"),
        (
            "workspace",
            "workspaceConfEdit",
            json!({"workspaceConfKeys": "enableVerboseAuditLogs", "workspaceConfValues": "true"}),
            1008,
            9,
            "modify",
        ),
        ("clusters", "somethingUnheardOf", json!({}), 6003, 99, "other"),
    ] {
        let record = json!({"serviceName": service, "actionName": action, "userIdentity": {"email": "a@b.example"}, "requestParams": params});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{service} {action}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("requestParams", json!("a")),
        ("requestParams", json!({"changes": "[{", "name": ["x"]})),
        ("response", json!([])),
        ("timestamp", json!("yesterday")),
        ("userIdentity", json!({"email": null})),
    ] {
        let mut record = json!({"serviceName": "unityCatalog", "actionName": "updatePermissions", "userIdentity": {"email": "a@b.example"}});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "databricks");
    }
    real::shape(model::Platform::Databricks, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    real::all_of("databricks", &["Databricks.Audit".to_owned()], 87, |event| {
        assert!(event["resources"] != Value::Null && event["api"]["operation"].is_string(), "{event:#}");
    });
}
