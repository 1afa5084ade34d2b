//! Logging stopped, started, changed or thrown away, on every platform that can say so: class 1008.

use serde_json::{Value, json};

use crate::golden;

/// Golden, and the activity that it must have.
const GOLDENS: &[(&str, &str, u64)] = &[
    ("aws", "stop-logging", 7),
    ("aws", "root-delete-trail", 2),
    ("aws", "bucket-logging-off", 10),
    ("aws", "bucket-logging-on", 9),
    ("aws", "detector-off", 10),
    ("aws", "event-selectors", 99),
    ("aws", "delete-flow-logs.allowed", 10),
    ("aws", "delete-flow-logs.denied", 10),
    // Put away and listed by the platform: nothing becomes of the log.
    ("aws", "digest", 4),
    ("gcp", "delete_sink", 10),
    ("gcp", "update_sink_off", 10),
    ("gcp", "audit_config_less", 10),
    ("azure", "diagnostic_setting_deleted", 10),
    ("azure", "diagnostic_setting_written", 99),
    ("github", "audit_stream_off", 10),
    ("github", "audit_stream_paused", 10),
    ("okta", "log_stream_off", 10),
    ("vault", "disable-audit", 10),
    ("vault", "enable-audit", 9),
    ("vault", "audit-header-in-clear", 99),
    ("gitlab", "streaming-destination-removed", 10),
    ("teleport", "session-recording-config", 99),
    ("teleport", "external-audit-storage-off", 10),
    ("postgres", "alter-system-log", 10),
    ("postgres", "alter-role-log", 99),
    ("postgres", "settings-reread", 10),
];

#[test]
fn each_platform_that_can_say_so_says_that_its_log_was_stopped() {
    for (platform, case, activity) in GOLDENS {
        let event = golden::event(platform, case);
        let told = (event["class_uid"].as_u64(), event["activity_id"].as_u64());
        assert_eq!(told, (Some(1008), Some(*activity)), "{platform}/{case}");
    }
}

fn class_of(record: &Value) -> (u64, u64) {
    let event = golden::normalise(record.to_string().as_bytes()).unwrap();
    (event["class_uid"].as_u64().unwrap(), event["activity_id"].as_u64().unwrap())
}

#[test]
fn calls_of_aws_that_concern_a_log() {
    for (service, name, parameters, activity) in [
        ("cloudtrail", "UpdateTrail", json!({}), 99),
        ("cloudtrail", "CreateTrail", json!({}), 99),
        ("cloudtrail", "PutInsightSelectors", json!({}), 99),
        ("cloudtrail", "StartLogging", json!({}), 6),
        ("cloudtrail", "StopEventDataStoreIngestion", json!({}), 7),
        ("config", "StopConfigurationRecorder", json!({}), 7),
        ("config", "PutConfigurationRecorder", json!({}), 99),
        ("guardduty", "DeleteDetector", json!({}), 2),
        ("guardduty", "UpdateDetector", json!({"enable": true}), 9),
        ("guardduty", "UpdateDetector", json!({"findingPublishingFrequency": "SIX_HOURS"}), 99),
        ("guardduty", "StopMonitoringMembers", json!({}), 7),
        ("logs", "DeleteLogGroup", json!({}), 2),
        ("logs", "PutRetentionPolicy", json!({"retentionInDays": 1}), 99),
        ("logs", "DeleteSubscriptionFilter", json!({}), 10),
        ("route53resolver", "DisassociateResolverQueryLogConfig", json!({}), 10),
        ("wafv2", "DeleteLoggingConfiguration", json!({}), 10),
        ("rds", "StopActivityStream", json!({}), 7),
        ("redshift", "DisableLogging", json!({}), 10),
        ("bedrock", "DeleteModelInvocationLoggingConfiguration", json!({}), 10),
        (
            "eks",
            "UpdateClusterConfig",
            json!({"logging": {"clusterLogging": [{"types": ["audit"], "enabled": false}]}}),
            10,
        ),
        (
            "eks",
            "UpdateClusterConfig",
            json!({"logging": {"clusterLogging": [{"types": ["audit"], "enabled": true}]}}),
            9,
        ),
        (
            "elasticloadbalancing",
            "ModifyLoadBalancerAttributes",
            json!({"attributes": [{"key": "access_logs.s3.enabled", "value": "false"}, {"key": "x", "value": "true"}]}),
            10,
        ),
    ] {
        let source = format!("{service}.amazonaws.com");
        let record = json!({"eventVersion": "1.11", "userIdentity": {"type": "IAMUser"}, "eventSource": source,
            "eventName": name, "readOnly": false, "requestParameters": parameters});
        assert_eq!(class_of(&record), (1008, activity), "{service}:{name} {parameters}");
    }
    let other = json!({"eventSource": "eks.amazonaws.com", "eventName": "UpdateClusterConfig", "userIdentity": {},
        "requestParameters": {"resourcesVpcConfig": {"endpointPublicAccess": true}}});
    assert_eq!(class_of(&other), (6003, 3));
}

#[test]
fn what_postgres_writes_down_is_set_by_statement_or_file() {
    let said = |message: &str| {
        let mut record: Value = serde_json::from_str(include_str!("../golden/postgres/alter-system-log.json")).unwrap();
        record["message"] = json!(message);
        class_of(&record)
    };
    for (statement, activity) in [
        ("ALTER SYSTEM SET log_statement = 'none'", 10),
        ("ALTER SYSTEM SET log_statement TO all", 9),
        ("alter system set logging_collector=off;", 10),
        ("ALTER SYSTEM RESET pgaudit.log", 99),
        ("ALTER DATABASE ledger SET pgaudit.log TO 'none'", 10),
        ("ALTER ROLE app SET log_min_duration_statement = 0", 99),
        ("SET LOCAL pgaudit.log = 'none'", 10),
        ("RESET log_statement", 99),
        ("CREATE EXTENSION IF NOT EXISTS pgaudit", 9),
        ("DROP EXTENSION pgaudit CASCADE", 10),
    ] {
        assert_eq!(said(&format!("statement: {statement}")), (1008, activity), "{statement}");
    }
    for statement in ["SET search_path = x", "ALTER ROLE app SET work_mem = '4MB'", "SELECT 'log_statement = none'"] {
        assert_ne!(said(&format!("statement: {statement}")).0, 1008, "{statement}");
    }
    assert_eq!(said("parameter \"log_statement\" changed to \"none\""), (1008, 10));
    assert_eq!(said("parameter \"pgaudit.log\" removed from configuration file, reset to default"), (1008, 99));
    assert_ne!(said("parameter \"work_mem\" changed to \"none\"").0, 1008);
}

#[test]
fn an_added_audit_config_switches_on_and_a_mixed_one_changes() {
    let base: Value = serde_json::from_str(include_str!("../golden/gcp/audit_config_less.json")).unwrap();
    let with = |deltas: Value| {
        let mut record = base.clone();
        record["protoPayload"]["serviceData"]["policyDelta"]["auditConfigDeltas"] = deltas;
        class_of(&record)
    };
    let add = json!({"action": "ADD", "service": "allServices", "logType": "ADMIN_READ"});
    let remove = json!({"action": "REMOVE", "service": "allServices", "logType": "ADMIN_READ"});
    assert_eq!(with(json!([add])), (1008, 9));
    assert_eq!(with(json!([remove])), (1008, 10));
    assert_eq!(with(json!([add, remove])), (1008, 99));
    assert_ne!(with(json!([])).0, 1008);
}
