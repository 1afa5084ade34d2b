//! Microsoft 365: goldens, twins, joins with Entra, Copilot, auditing switched off, and records nobody here wrote.

use serde_json::{Value, json};
use sources::split::{Limits, Piece, Splitter};

use crate::{golden, real};

const TENANT: &str = "a1b2c3d4-0f0e-4a4b-8c8d-1234567890ab";

#[test]
fn goldens() {
    golden::all("m365", 24);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("m365", 2);
}

#[test]
fn the_principals_tokens_and_sessions_are_those_of_entra() {
    let login = golden::event("m365", "login.allowed");
    assert_eq!(
        login["actor"]["uri"],
        format!("nhi:principal:entra:{TENANT}:user/12d24f71-64c7-49b3-821f-f8884f3f373e")
    );
    assert_eq!(login["actor"]["is_human"], "human");
    let denied = golden::event("m365", "login.denied");
    assert!(denied["actor"]["uri"].as_str().unwrap().contains(":user/?"), "{denied:#}");
    let download = golden::event("m365", "file-downloaded");
    assert_eq!(download["credential"]["uri"], format!("nhi:cred:entra:{TENANT}:uti/U3BUb2tlbkV4YW1wbGUxMg"));
    assert_eq!(download["session"], login["session"]);
    // The same token by the key vault's own log.
    let vault = golden::event("azure", "secret_read.allowed");
    assert_eq!(download["credential"]["uri"], vault["credential"]["uri"]);
    let app = golden::event("m365", "app-reads-files");
    assert_eq!(app["actor"]["uri"], format!("nhi:principal:entra:{TENANT}:sp/7a7a7a7a-0001-4001-8001-0000000000aa"));
    let secret = golden::event("m365", "service-principal-secret");
    assert_eq!(
        secret["issued_credential"]["uri"],
        format!("nhi:cred:entra:{TENANT}:app-key/4c4c4c4c-0003-4003-8003-0000000000cc")
    );
}

#[test]
fn a_secret_that_was_taken_away_is_the_one_that_was_given() {
    let [given, taken] =
        ["service-principal-secret", "service-principal-secret-removed"].map(|case| golden::event("m365", case));
    assert_eq!(given["issued_credential"]["uri"], taken["credential_changes"][0]["uri"]);
    assert!(taken.get("issued_credential").is_none() && taken["access"] == "delete", "{taken:#}");
}

#[test]
fn auditing_that_is_switched_off_is_an_event_of_logging() {
    for case in ["auditing-off", "mailbox-auditing-bypassed"] {
        let event = golden::event("m365", case);
        assert_eq!((event["class_uid"].as_i64(), event["activity_id"].as_i64()), (Some(1008), Some(10)), "{case}");
    }
    assert_ne!(golden::event("m365", "forwarding-set.allowed")["class_uid"], 1008);
}

#[test]
fn a_share_that_is_taken_back_is_the_one_that_was_given() {
    let [given, taken] = ["shared-outside", "share-taken-back"].map(|case| golden::event("m365", case));
    assert_eq!(given["grants"][0]["uri"], taken["grants"][0]["uri"]);
    assert_eq!((&given["grants"][0]["phase"], &taken["grants"][0]["phase"]), (&json!("activate"), &json!("revoke")));
}

#[test]
fn an_agent_of_copilot_is_named_with_its_model_run_and_files() {
    let event = golden::event("m365", "copilot");
    assert_eq!(event["agent"]["uid"], "CopilotStudio.Declarative.T_0a1b");
    assert_eq!(event["agent"]["model"], "DEEP_LEO");
    assert_eq!(event["tool"]["name"], "Web search");
    assert_eq!(event["resources"][0]["name"], "https://acme.sharepoint.com/sites/finance/payouts.xlsx");
    assert_eq!(golden::event("m365", "copilot-jailbreak")["severity_id"], 4);
}

#[test]
fn operations_have_the_class_and_access_that_they_mean() {
    for (workload, operation, class, activity, access) in [
        ("AzureActiveDirectory", "Add user.", 3007, 1, "create"),
        ("AzureActiveDirectory", "Delete group.", 3006, 5, "delete"),
        ("AzureActiveDirectory", "Consent to application.", 3007, 14, "grant"),
        ("Exchange", "MailItemsAccessed", 6001, 2, "read"),
        ("Exchange", "HardDelete", 6001, 4, "delete"),
        ("Exchange", "New-TransportRule", 3004, 1, "create"),
        ("Exchange", "Remove-MailboxPermission", 3007, 15, "grant"),
        ("Exchange", "Add-RoleGroupMember", 3006, 3, "grant"),
        ("Exchange", "Get-Mailbox", 3004, 2, "read"),
        ("SecurityComplianceCenter", "Remove-UnifiedAuditLogRetentionPolicy", 1008, 99, "modify"),
        ("SharePoint", "FileAccessed", 6001, 2, "read"),
        ("SharePoint", "FileRecycled", 6001, 4, "delete"),
        ("OneDrive", "AnonymousLinkCreated", 6001, 8, "grant"),
        ("OneDrive", "AnonymousLinkUsed", 6001, 2, "read"),
        ("SharePoint", "SiteCollectionAdminAdded", 3007, 14, "grant"),
        ("MicrosoftTeams", "TeamCreated", 6003, 1, "create"),
        ("MicrosoftTeams", "BotAddedToTeam", 6002, 1, "create"),
        ("SecurityComplianceCenter", "AlertTriggered", 2004, 1, "other"),
        ("Endpoint", "DlpRuleMatch", 2004, 1, "other"),
        ("PowerBI", "ViewReport", 6003, 2, "read"),
        ("Yammer", "SomethingUnheardOf", 6003, 99, "other"),
    ] {
        let record = json!({"Operation": operation, "RecordType": 1, "CreationTime": "2026-11-20T10:41:07", "Workload": workload});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{operation}");
    }
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("CopilotEventData", json!([])),
        ("Actor", json!({"ID": 7})),
        ("Parameters", json!([{"Name": "User"}, 7])),
        ("ModifiedProperties", json!("x")),
        ("UserType", json!("Regular")),
        ("AppAccessContext", json!(null)),
    ] {
        let mut record =
            json!({"Operation": "x", "RecordType": 1, "CreationTime": "2026-11-20T10:41:07", "UserId": "a"});
        record[key] = value;
        let event =
            golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(event["platform"], "m365");
    }
    let context = sources::Context { platform: Some(model::Platform::M365), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(br#"{"Id":"x"}"#, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: Operation is missing; every record of the audit log has one");
    let reject = sources::normalise(b"a,b", &context, &mut scratch).unwrap_err();
    assert_eq!(reject.to_string(), "shape: no line of 166 columns, as an export has");
}

#[test]
fn every_real_record_becomes_an_event_that_keeps_what_it_has() {
    let Some(folder) = real::folder() else { return };
    let mut count = 0;
    for (name, least) in [("AzureActiveDirectory", 2), ("Exchange", 10), ("SharePoint", 5)] {
        let records = real::panther(&folder.join(format!("panther/Microsoft365.Audit.{name}.jsonl")));
        assert_eq!(records.len(), least);
        for text in records {
            count += 1;
            let event = golden::normalise(text.as_bytes()).unwrap_or_else(|reject| panic!("{reject}: {text}"));
            let record: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(event["platform"], "m365", "{text}");
            let at = |keys: [&str; 2]| keys.iter().find_map(|key| record[*key].as_str());
            assert_eq!(event["actor"]["name"].as_str(), at(["UserId", "userid"]), "{text}");
            assert_eq!(event["api"]["operation"].as_str(), at(["Operation", "operation"]), "{text}");
            assert!(event["time"].is_i64() && event["src"]["ip"].is_string(), "{text}");
            assert!(event["resources"][0]["uri"].is_string() && event["access"] != "other", "{text}");
        }
    }
    assert_eq!(count, 17);
}

#[test]
fn every_item_of_a_real_export_is_a_record_and_an_event() {
    let Some(folder) = real::folder() else { return };
    let content = std::fs::read(folder.join("ai/splunk_m365_copilot/copilot_prompt_logs.csv")).unwrap();
    let (mut events, mut of_copilot) = (0, 0);
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, .. } = piece {
            let event = golden::normalise(bytes).unwrap_or_else(|reject| panic!("{reject}"));
            assert_eq!(event["platform"], "m365");
            assert!(event["time"].is_i64() && event["source_event_id"].is_string());
            events += 1;
            of_copilot += usize::from(event["agent"]["uid"].is_string());
        }
    };
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(&content, &mut take);
    splitter.finish(&mut take);
    assert_eq!((events, of_copilot), (177, 137));
}
