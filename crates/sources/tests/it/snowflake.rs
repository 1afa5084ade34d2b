//! Snowflake: goldens, twins, the way from a query back to the credential.

use serde_json::{Value, json};

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("snowflake", 19);
}

#[test]
fn a_denied_call_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("snowflake", 2);
}

const VERBATIM: [(&str, &str); 15] = [
    ("source_event_id", "/source_event_id"),
    ("time_raw", "/time_raw"),
    ("tenant", "/tenant"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("role", "/role"),
    ("api_request_id", "/api/request_id"),
    ("credential_native_id", "/credential/native_id"),
    ("authn_method", "/authn/method"),
    ("src_ip", "/src/ip"),
    ("purpose_job", "/purpose/job"),
    ("data_rows", "/data_rows"),
    ("region", "/region"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    golden::origins_but("snowflake", &VERBATIM, &["login-sso-lower-case", "access-read-as-text"]);
}

#[test]
fn a_query_leads_to_its_session_its_login_and_its_credential() {
    let [login, session, query] =
        ["login-key-pair.allowed", "session", "query-select.allowed"].map(|case| golden::event("snowflake", case));
    assert_eq!(query["session"], session["session"]);
    let alias = &session["aliases"][0];
    assert_eq!((&alias["a"], &alias["b"]), (&session["session"], &login["session"]));
    assert_eq!(login["credential"]["uri"], "nhi:cred:snowflake:halden-analytics:credential/a1f0-77");
    let [read, written] = ["query-select.allowed", "access-write"].map(|case| golden::event("snowflake", case));
    assert_eq!(written["related"][0]["source_event_id"], read["source_event_id"]);
}

#[test]
fn a_role_that_was_given_is_the_one_that_was_taken() {
    let [given, taken] = ["grant-role-to-user", "grant-role-ended"].map(|case| golden::event("snowflake", case));
    assert_eq!(given["grants"][0]["uri"], taken["grants"][0]["uri"]);
    assert_eq!(
        (given["grants"][0]["phase"].as_str(), taken["grants"][0]["phase"].as_str()),
        (Some("activate"), Some("revoke"))
    );
}

#[test]
fn statements_have_the_class_and_access_that_they_mean() {
    for (kind, text, class, activity, access) in [
        ("SELECT", "select 1", 6005, 1, "read"),
        ("INSERT", "INSERT INTO t VALUES (1)", 6005, 5, "modify"),
        ("MERGE", "merge into t using s on t.a = s.a when matched then delete", 6005, 5, "modify"),
        ("DROP", "DROP TABLE t", 6005, 7, "delete"),
        ("CREATE", "CREATE OR REPLACE TEMP STAGE out", 6005, 6, "create"),
        ("UNLOAD", "COPY INTO @out FROM t", 6005, 1, "read"),
        ("GET_FILES", "GET @out 'file:///'", 6005, 1, "read"),
        ("PUT_FILES", "PUT 'file:///x' @in", 6005, 5, "modify"),
        ("USE", "USE ROLE ACCOUNTADMIN", 3002, 7, "other"),
        ("SHOW", "SHOW USERS", 6005, 8, "read"),
        ("CREATE_USER", "CREATE USER jan PASSWORD = 'x'", 3007, 1, "create"),
        ("DROP_USER", "DROP USER IF EXISTS jan", 3007, 3, "delete"),
        ("ALTER_USER", "ALTER USER jan SET DISABLED=FALSE;", 3007, 4, "modify"),
        ("ALTER_USER", "ALTER USER jan SET PASSWORD = '*'", 3007, 8, "modify"),
        ("ALTER_USER", "ALTER USER svc SET RSA_PUBLIC_KEY = 'MII'", 3007, 18, "issue"),
        ("ALTER_USER", "ALTER USER svc REMOVE PROGRAMMATIC ACCESS TOKEN ci", 3007, 19, "delete"),
        ("CREATE_ROLE", "CREATE ROLE r", 3008, 1, "create"),
        ("GRANT", "GRANT SELECT ON TABLE t TO ROLE r", 3008, 4, "grant"),
        ("REVOKE", "REVOKE ROLE r FROM USER jan", 3007, 17, "grant"),
        ("ALTER", "ALTER NETWORK POLICY p SET ALLOWED_IP_LIST = ('0.0.0.0/0')", 3004, 3, "modify"),
        ("ALTER_ACCOUNT", "ALTER ACCOUNT SET EVENT_TABLE = a.b.c", 1008, 9, "modify"),
        ("ALTER_ACCOUNT", "alter account unset event_table", 1008, 10, "modify"),
        ("CALL", "CALL p()", 6005, 4, "execute"),
        ("SOMETHING_NEW", "", 6005, 4, "other"),
    ] {
        let record = json!({"QUERY_TYPE": kind, "QUERY_TEXT": text, "EXECUTION_STATUS": "SUCCESS", "USER_NAME": "JAN"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let found = (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["access"].as_str());
        assert_eq!(found, (Some(class), Some(activity), Some(access)), "{kind}: {text}");
    }
}

#[test]
fn whoever_fails_to_sign_in_is_a_claim() {
    let event = golden::event("snowflake", "login-key-pair.denied");
    assert_eq!(event["actor"]["uri"], "nhi:principal:snowflake:halden-analytics:user/?LOADER_SVC");
    assert_eq!(event["actor"]["is_human"], "unknown");
    assert_eq!(golden::event("snowflake", "login-elided")["quality"]["sampled"], true, "more were left out");
}

#[test]
fn odd_values_lose_no_record() {
    for (key, value) in [
        ("USER_NAME", json!(null)),
        ("QUERY_TEXT", json!(["a"])),
        ("START_TIME", json!("yesterday")),
        ("EXECUTION_STATUS", json!(7)),
        ("ROWS_PRODUCED", json!("many")),
        ("OBJECTS_MODIFIED", json!("[{")),
    ] {
        let mut record = json!({"QUERY_TYPE": "SELECT", "EXECUTION_STATUS": "SUCCESS", "USER_NAME": "JAN"});
        record[key] = value;
        let event = golden::normalise(record.to_string().as_bytes()).unwrap_or_else(|e| panic!("{record}: {e}"));
        assert_eq!(event["platform"], "snowflake");
    }
    real::shape(model::Platform::Snowflake, br#"{"id":"x"}"#);
}

#[test]
fn every_real_sample_becomes_an_event() {
    let files = ["LoginHistory", "QueryHistory", "GrantsToUsers", "GrantsToRoles", "DataTransferHistory"];
    real::all_of("snowflake", &files.map(|name| format!("Snowflake.{name}")), 25, |event| {
        assert!(event["actor"]["uri"].is_string());
        let timeless = event["api"]["operation"] == "DATA_TRANSFER.COPY";
        assert!(timeless || event["time"] != Value::Null, "{event:#}");
    });
}
