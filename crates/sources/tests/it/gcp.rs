//! Tests of `gcp`.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("gcp", 18);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("gcp", 5);
}

#[test]
fn origins_lead_back_to_the_values() {
    golden::origins(
        "gcp",
        &[
            ("source_event_id", "/source_event_id"),
            ("time_raw", "/time_raw"),
            ("tenant", "/tenant"),
            ("region", "/region"),
            ("status_code", "/status_code"),
            ("actor_name", "/actor/name"),
            ("credential_native_id", "/credential/native_id"),
            ("issued_credential_native_id", "/issued_credential/native_id"),
            ("decision_reason", "/decision/reason"),
            ("api_service", "/api/service"),
            ("api_operation", "/api/operation"),
            ("api_request_id", "/api/request_id"),
            ("resources", "/resources/0/name"),
            ("secret_access_version", "/secret_access/version"),
            ("src_ip", "/src/ip"),
            ("src_host", "/src/host"),
            ("src_network", "/src/network"),
            ("dst_ip", "/dst/ip"),
            ("user_agent", "/user_agent"),
            ("client_app", "/client_app"),
            ("trace_id", "/trace_id"),
            ("span_id", "/span_id"),
            ("correlation_ids", "/correlation_ids/0"),
            ("error_code", "/error_code"),
            ("data_rows", "/data_rows"),
            ("purpose_reason", "/purpose/reason"),
        ],
    );
}

/// The event of an entry with this payload; the rest of the entry is complete.
fn event(payload: Value) -> Value {
    let entry = json!({
        "insertId": "x1", "timestamp": "2026-09-03T08:15:22Z",
        "logName": "projects/acme-orders/logs/cloudaudit.googleapis.com%2Fdata_access",
        "protoPayload": payload,
    });
    golden::normalise(entry.to_string().as_bytes()).unwrap()
}

fn actor(email: &str) -> (String, String, String) {
    let event = event(json!({"methodName": "m", "authenticationInfo": {"principalEmail": email}}));
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/actor/uri"), text("/actor/kind"), text("/actor/is_human"))
}

#[test]
fn accounts_belong_to_the_project_in_their_address() {
    let of = |email: &str, authority: &str, kind: &str, human: &str| {
        let (uri, actor_kind, is_human) = actor(email);
        assert!(uri.starts_with(&format!("nhi:principal:gcp:{authority}:")), "{email}: {uri}");
        assert_eq!((actor_kind.as_str(), is_human.as_str()), (kind, human), "{email}");
    };
    of("a@acme-build.iam.gserviceaccount.com", "acme-build", "service-account", "nonhuman");
    of("a@build.acme.example.iam.gserviceaccount.com", "acme.example%3Abuild", "service-account", "nonhuman");
    of("4182-compute@developer.gserviceaccount.com", "4182", "service-account", "nonhuman");
    of("acme-web@appspot.gserviceaccount.com", "acme-web", "service-account", "nonhuman");
    of("4182@cloudbuild.gserviceaccount.com", "4182", "service-account", "nonhuman");
    of("4182@cloudservices.gserviceaccount.com", "4182", "platform-service", "nonhuman");
    of("service-4182@gcp-sa-pubsub.iam.gserviceaccount.com", "4182", "platform-service", "nonhuman");
    of("service-org-77@security-center-api.iam.gserviceaccount.com", "77", "platform-service", "nonhuman");
    of("service-4182-gs-project-accounts.iam.gserviceaccount.com", "unknown", "platform-service", "nonhuman");
    of("Mira@ACME.example", "acme.example", "human", "human");
}

#[test]
fn one_person_is_one_principal_however_the_domain_is_written() {
    assert_eq!(actor("mira@ACME.example").0, actor("mira@acme.example").0);
    assert_ne!(actor("mira@acme.example").0, actor("mira@other.example").0);
}

#[test]
fn both_spellings_of_a_cluster_workload_have_one_subject() {
    let subject = |subject: &str| {
        let payload = json!({"methodName": "m", "authenticationInfo": {"principalSubject": subject}});
        event(payload)["actor"]["uri"].as_str().unwrap().to_owned()
    };
    let old = subject("serviceAccount:acme.svc.id.goog[shop/cart]");
    let new = "principal://iam.googleapis.com/projects/4182/locations/global/workloadIdentityPools/acme.svc.id.goog";
    let new = subject(&format!("{new}/subject/ns/shop/sa/cart"));
    let tail = ":wif/acme.svc.id.goog/ns%2Fshop%2Fsa%2Fcart";
    assert!(old.ends_with(tail) && new.ends_with(tail), "{old} {new}");
}

#[test]
fn the_key_made_is_the_key_used_and_the_key_deleted() {
    let made = golden::event("gcp", "create_key.allowed");
    let used = golden::event("gcp", "sign_jwt");
    let deleted = golden::event("gcp", "delete_key");
    assert_eq!(made["issued_credential"]["uri"], used["credential"]["uri"]);
    assert_eq!(made["issued_credential"]["uri"], deleted["credential_changes"][0]["uri"]);
}

#[test]
fn the_mapped_principal_of_an_exchange_is_the_initiator_of_the_impersonation() {
    let exchange = golden::event("gcp", "exchange_token");
    let mint = golden::event("gcp", "generate_access_token.allowed");
    assert_eq!(exchange["actor"]["uri"], mint["initiator"]);
    let issued = &mint["issued_credential"];
    let seconds = issued["not_after"].as_i64().unwrap() - issued["not_before"].as_i64().unwrap();
    assert_eq!(seconds, 1_800_000_000_000, "the lifetime asked for");
}

#[test]
fn steps_of_a_grant_share_its_name_and_its_start_names_nobody() {
    let [asked, approved, started] =
        ["pam_create_grant", "pam_approve_grant", "pam_activate_grant"].map(|case| golden::event("gcp", case));
    assert_eq!(asked["grants"][0]["uri"], approved["grants"][0]["uri"]);
    assert_eq!(asked["grants"][0]["uri"], started["grants"][0]["uri"]);
    assert_eq!(approved["grants"][0]["beneficiary"], asked["actor"]["uri"]);
    assert_eq!(approved["grants"][0]["approver"], approved["actor"]["uri"]);
    assert_eq!(started["grants"][0].get("beneficiary"), None);
    assert_eq!(started["actor"]["kind"], "platform-service");
    let bound = golden::event("gcp", "set_iam_policy_by_pam");
    assert_ne!(bound["grants"][0]["beneficiary"], bound["actor"]["uri"], "the service agent is not who benefits");
}

#[test]
fn methods_have_the_class_and_access_that_they_mean() {
    for (service, method, class, activity, access) in [
        ("compute.googleapis.com", "v1.compute.instances.aggregatedList", 6003, 2, "read"),
        ("compute.googleapis.com", "beta.compute.instances.setMetadata", 6003, 3, "modify"),
        ("compute.googleapis.com", "v1.compute.firewalls.delete", 6003, 4, "delete"),
        ("compute.googleapis.com", "v1.compute.disks.setIamPolicy", 3007, 99, "grant"),
        ("iam.googleapis.com", "google.iam.admin.v1.SetIAMPolicy", 3007, 99, "grant"),
        ("iam.googleapis.com", "google.iam.admin.v1.DisableServiceAccount", 3007, 5, "modify"),
        ("iam.googleapis.com", "google.iam.admin.v1.DisableServiceAccountKey", 3007, 2, "modify"),
        ("iam.googleapis.com", "google.iam.admin.v1.DeleteRole", 3008, 3, "delete"),
        ("iam.googleapis.com", "google.iam.admin.v1.WorkforcePools.UpdateWorkforcePool", 3004, 3, "modify"),
        ("iamcredentials.googleapis.com", "SignBlob", 3002, 3, "execute"),
        ("storage.googleapis.com", "storage.hmacKeys.create", 3007, 18, "issue"),
        ("storage.googleapis.com", "storage.objects.list", 6005, 8, "read"),
        ("storage.googleapis.com", "storage.objects.update", 6005, 2, "modify"),
        ("storage.googleapis.com", "storage.buckets.create", 6003, 1, "create"),
        ("bigquery.googleapis.com", "google.cloud.bigquery.v2.TableDataService.List", 6005, 1, "read"),
        ("bigquery.googleapis.com", "tableservice.delete", 6005, 7, "delete"),
        ("spanner.googleapis.com", "google.spanner.v1.Spanner.ExecuteStreamingSql", 6005, 4, "execute"),
        ("datastore.googleapis.com", "google.datastore.v1.Datastore.Commit", 6005, 5, "modify"),
        ("cloudkms.googleapis.com", "Encrypt", 6005, 9, "execute"),
        ("logging.googleapis.com", "google.logging.v2.LoggingServiceV2.DeleteLog", 1008, 2, "delete"),
        (
            "secretmanager.googleapis.com",
            "google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion",
            6003,
            1,
            "create",
        ),
        ("admin.googleapis.com", "google.admin.AdminService.suspendUser", 3007, 5, "modify"),
        ("k8s.io", "io.k8s.core.v1.pods.list", 6003, 2, "read"),
        ("k8s.io", "io.k8s.core.v1.serviceaccounts.token.create", 6003, 1, "create"),
        ("unknown.googleapis.com", "google.unknown.v1.Frobnicate", 6003, 99, "other"),
    ] {
        let event = event(json!({"serviceName": service, "methodName": method}));
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{method}");
    }
}

#[test]
fn the_platform_decides_where_the_verb_is_unknown() {
    let with = |kind: &str| {
        let checked = json!([{"permission": "p", "granted": true, "permissionType": kind}]);
        event(json!({"methodName": "google.x.v1.Frobnicate", "authorizationInfo": checked}))["access"].clone()
    };
    assert_eq!(with("DATA_READ"), "read");
    assert_eq!(with("ADMIN_WRITE"), "modify");
}

#[test]
fn odd_values_lose_no_record() {
    for payload in [
        json!({"methodName": 7, "authenticationInfo": "hidden", "requestMetadata": "...", "request": "..."}),
        json!({"methodName": "SetIamPolicy", "authorizationInfo": {"permission": "p"}, "status": [], "serviceData": 3}),
        json!({"methodName": "SetIamPolicy", "request": {"policy": {"bindings": "none"}}, "metadata": null}),
        json!({"methodName": "GenerateAccessToken", "request": {"lifetime": "999999999999999999s", "scope": 1}}),
        json!({"methodName": "google.iam.admin.v1.CreateServiceAccountKey",
               "response": {"name": "keys/é", "valid_before_time": {"seconds": 1e300}}}),
        json!({"methodName": "..", "resourceName": "///", "serviceName": "k8s.io"}),
        json!({"methodName": "io.k8s.core.v1.secrets.get", "resourceName": "core"}),
        json!({}),
    ] {
        let event = event(payload.clone());
        assert!(event["actor"]["uri"].is_string() && event["access"].is_string(), "{payload}");
    }
}

#[test]
fn an_entry_without_an_audit_payload_is_refused_with_its_reason() {
    let context = sources::Context { platform: Some(model::Platform::Gcp), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let entry = br#"{"insertId":"a","textPayload":"hello"}"#;
    let reject = sources::normalise(entry, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.kind, sources::RejectKind::Shape);
}

#[test]
fn every_real_record_becomes_an_event_and_no_column_is_empty_where_the_record_has_it() {
    let Some(folder) = real::folder() else { return };
    let records = real::panther(&folder.join("panther/GCP.AuditLog.jsonl"));
    let mut rejected = Vec::new();
    for (index, raw) in records.iter().enumerate() {
        match golden::normalise(raw.as_bytes()) {
            Ok(event) => complete(&format!("panther {}", index + 1), &serde_json::from_str(raw).unwrap(), &event),
            Err(_) => rejected.push(index + 1),
        }
    }
    // Nothing but `operation.producer` was left of these two: neither caller, method nor time.
    assert_eq!(rejected, [75, 76]);
}

#[test]
fn real_entries_of_gke_become_events() {
    let Some(folder) = real::folder() else { return };
    let files = real::files(&folder.join("k8s/khi"), ".yaml");
    let mut seen = 0;
    for path in files.iter().filter(|path| path.to_string_lossy().contains("gke_audit")) {
        let entry = real::yaml(path);
        let event = golden::normalise(entry.to_string().as_bytes()).unwrap();
        complete(&path.to_string_lossy(), &entry, &event);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

/// Each column is filled from a record that has its value, whatever the case of the keys.
fn complete(origin: &str, record: &Value, event: &Value) {
    assert_eq!(event["platform"], "gcp", "{origin}");
    let payload = ["protoPayload", "protopayload"].iter().find_map(|key| record.get(key)).unwrap_or(record);
    let filled = |pointer: &str| event.pointer(pointer).is_some_and(|value| !value.is_null() && value != "");
    // `...` is where the author of a case cut it.
    let has = |v: &Value, pointer: &str| v.pointer(pointer).is_some_and(|v| !v.is_null() && v != "" && v != "...");
    for (pointer, column) in [
        ("/methodName", "/api/operation"),
        ("/serviceName", "/api/service"),
        ("/authenticationInfo/principalEmail", "/actor/name"),
        ("/authenticationInfo/serviceAccountKeyName", "/credential/uri"),
        ("/authenticationInfo/serviceAccountDelegationInfo/0", "/chain/0"),
        ("/authorizationInfo/0/granted", "/decision/effect"),
        ("/resourceName", "/resources/0/uri"),
        ("/authorizationInfo/0/resource", "/resources/0/uri"),
        ("/requestMetadata/callerIp", "/src/ip"),
        ("/requestMetadata/callerIP", "/src/ip"),
        ("/requestMetadata/callerSuppliedUserAgent", "/user_agent"),
        ("/requestMetadata/requestAttributes/time", "/time"),
        ("/timestamp", "/time"),
        ("/status/code", "/status_code"),
        ("/serviceData/policyDelta/bindingDeltas/0", "/grants/0/beneficiary"),
        ("/request/policy/bindings/0", "/grants/0/target"),
    ] {
        assert!(!has(payload, pointer) || filled(column), "{origin}: {pointer} is there, {column} is empty");
    }
    for (pointer, column) in [
        ("/timestamp", "/time"),
        ("/receiveTimestamp", "/time"),
        ("/insertId", "/source_event_id"),
        ("/insertid", "/source_event_id"),
        ("/resource/labels/project_id", "/tenant"),
        ("/resource/labels/location", "/region"),
        ("/operation/id", "/correlation_ids/0"),
    ] {
        assert!(!has(record, pointer) || filled(column), "{origin}: {pointer} is there, {column} is empty");
    }
    assert!(filled("/access") && filled("/actor/uri") && filled("/authority"), "{origin}");
    let code = payload.pointer("/status/code").and_then(Value::as_i64);
    if let Some(code) = code {
        assert_eq!(event["status"], if code == 0 { "success" } else { "failure" }, "{origin}");
    }
    // The platform's own word on reading, where it gives one.
    if let Some(kind) = payload.pointer("/authorizationInfo/0/permissionType").and_then(Value::as_str) {
        let changes = ["create", "modify", "delete"].contains(&event["access"].as_str().unwrap());
        assert!(!(kind.ends_with("_READ") && changes), "{origin}: {kind} {}", event["access"]);
        assert!(!(kind.ends_with("_WRITE") && event["access"] == "read"), "{origin}: {kind}");
    }
}

#[test]
fn records_of_other_platforms_are_not_taken_for_log_entries() {
    let Some(folder) = real::folder() else { return };
    let module = sources::module(model::Platform::Gcp).unwrap();
    for path in real::files(&folder.join("panther"), ".jsonl") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for raw in real::panther(&path).iter().filter(|_| name != "GCP.AuditLog.jsonl") {
            let taken = (module.recognise)(&sources::Probe::new(raw));
            // Clusters of GKE are audited through Cloud Logging: those cases are log entries.
            assert!(!taken || raw.contains("\"protoPayload\""), "{name}: {raw}");
        }
    }
}
