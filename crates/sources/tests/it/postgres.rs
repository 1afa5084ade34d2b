//! PostgreSQL: goldens, twins, both forms of the log, and lines of pgaudit that nobody here wrote.

use crate::{golden, real};
use serde_json::{Value, json};
use sources::split::{Limits, Piece, Splitter};

#[test]
fn goldens() {
    golden::all("postgres", 26);
}

#[test]
fn a_denied_statement_keeps_the_fields_of_its_allowed_twin() {
    // How long it took is known of a statement that ran.
    for name in ["select", "drop"] {
        let [allowed, denied] = ["allowed", "denied"].map(|twin| golden::event("postgres", &format!("{name}.{twin}")));
        assert_eq!(allowed["status"], "success");
        assert_eq!(denied["status"], "failure");
        assert_eq!(denied["decision"]["effect"], "deny");
        for field in ["access", "activity_id", "class_uid", "api", "actor", "session", "src", "client_app", "process"] {
            assert_eq!(allowed[field], denied[field], "{name}: {field}");
        }
    }
    assert_eq!(golden::event("postgres", "select.denied")["resources"][1]["name"], "ledger/accounts");
}

/// Where an event keeps the columns that are read verbatim.
const VERBATIM: [(&str, &str); 11] = [
    ("time_raw", "/time_raw"),
    ("status_code", "/status_code"),
    ("error_code", "/error_code"),
    ("error_message", "/error_message"),
    ("actor_name", "/actor/name"),
    ("authn_method", "/authn/method"),
    ("issued_credential_native_id", "/issued_credential/native_id"),
    ("src_ip", "/src/ip"),
    ("src_port", "/src/port"),
    ("client_app", "/client_app"),
    ("process", "/process"),
];

#[test]
fn each_verbatim_value_stands_where_its_origin_says() {
    // The identity of a Kerberos connection tells its method, which that line does not spell.
    golden::origins(
        "postgres",
        &VERBATIM.map(|pair| if pair.0 == "authn_method" { ("src_host", "/src/host") } else { pair }),
    );
}

#[test]
fn no_column_holds_a_statement() {
    for case in ["create-role-until", "select.denied", "audit-read", "syntax-error"] {
        let event = golden::event("postgres", case).to_string();
        for part in ["PASSWORD", "deedbook:secret", "from accounts", "selekt 1"] {
            assert!(!event.contains(part), "{case} holds {part}");
        }
    }
}

#[test]
fn a_role_made_for_a_while_is_followed_from_its_creation_to_its_end() {
    let role = "nhi:principal:postgres:unknown:role/~v-approle-reader-x1B2c3-1773478871";
    let made = golden::event("postgres", "create-role-until");
    assert_eq!(made["issued_credential"]["not_after"], json!(1_773_482_471_000_000_000_i64));
    assert_eq!(golden::event("postgres", "dynamic-user")["actor"]["uri"], role);
    let dropped = golden::event("postgres", "drop-role");
    assert_eq!(dropped["credential_changes"][0]["uri"], made["issued_credential"]["uri"]);
    assert_eq!(dropped["credential_changes"][0]["holder"], role);
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The same line as `csvlog` writes it.
fn as_csv(record: &Value) -> String {
    let from = match (&record["remote_host"], &record["remote_port"]) {
        (Value::Null, _) => String::new(),
        (host, Value::Null) => quoted(host),
        (host, port) => format!("\"{}:{port}\"", host.as_str().unwrap()),
    };
    let (code, none) = (record.get("state_code").cloned().unwrap_or(json!("00000")), Value::Null);
    let at = |key: &str| quoted(&record[key]);
    let plain = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    [
        plain("timestamp"),
        at("user"),
        at("dbname"),
        at("pid"),
        from,
        plain("session_id"),
        at("line_num"),
        at("ps"),
        plain("session_start"),
        plain("vxid"),
        at("txid"),
        plain("error_severity"),
        code.as_str().unwrap().to_owned(),
        at("message"),
        quoted(&none),
        quoted(&none),
        quoted(&none),
        quoted(&none),
        quoted(&none),
        at("statement"),
        quoted(&none),
        quoted(&none),
        at("application_name"),
        at("backend_type"),
        quoted(&none),
        "0".to_owned(),
    ]
    .join(",")
}

#[test]
fn both_forms_of_the_log_give_the_same_event() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/postgres");
    let mut compared = 0;
    for path in real::files(folder.as_ref(), ".json") {
        if path.to_string_lossy().ends_with(".event.json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let record: Value = serde_json::from_str(&text).unwrap();
        let mut event = golden::normalise(text.as_bytes()).unwrap();
        // This form leaves out the code of success, the other writes it.
        event["status_code"] = record.get("state_code").cloned().unwrap_or(json!("00000"));
        assert_eq!(golden::normalise(as_csv(&record).as_bytes()).unwrap(), event, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 26, "{compared}");
}

fn split(content: &[u8], step: usize) -> Vec<String> {
    let mut records = Vec::new();
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, .. } = piece {
            records.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
    };
    let mut splitter = Splitter::new(Limits::default());
    content.chunks(step).for_each(|chunk| splitter.push(chunk, &mut take));
    splitter.finish(&mut take);
    records
}

#[test]
fn a_line_end_in_a_quoted_statement_does_not_cut_the_record() {
    let line = |n: u32, message: &str| {
        let mut record = json!({"timestamp": format!("2026-03-14 09:00:0{n}.482 UTC"), "user": "app", "dbname": "ledger",
            "pid": 7, "session_id": "s.1", "line_num": n, "ps": "SELECT", "session_start": "2026-03-14 09:00:00 UTC",
            "vxid": "3/1", "txid": 0, "error_severity": "LOG", "application_name": "a", "backend_type": "client backend"});
        record["message"] = json!(message);
        as_csv(&record)
    };
    let records = [line(1, "statement: select\n  \"x\"\n\nfrom t"), line(2, "plain"), line(3, "statement: -- \"\n1")];
    let content = records.join("\n") + "\n";
    for step in [1, 3, 64, content.len()] {
        assert_eq!(split(content.as_bytes(), step), records, "in chunks of {step}");
    }
    // A record that was cut off inside of a quoted value takes no other with it.
    let broken = &records[0][..records[0].find("\n\nfrom t").unwrap()];
    let content = format!("{broken}\n{}\n", records[1]);
    for step in [1, 7, content.len()] {
        assert_eq!(split(content.as_bytes(), step), [broken, records[1].as_str()].map(str::to_owned), "{step}");
    }
}

#[test]
fn what_is_neither_form_is_a_reject_that_says_so() {
    let context = sources::Context { platform: Some(model::Platform::Postgres), ..sources::Context::default() };
    for (text, wanted) in [
        ("plain text", "neither a JSON object nor a csvlog line"),
        ("2026-03-14 09:01:11.482 UTC,\"open", "neither a JSON object nor a csvlog line"),
        ("{\"timestamp\":\"x\"}", "message is missing"),
    ] {
        let mut scratch = sources::Scratch::default();
        let reject = sources::normalise(text.as_bytes(), &context, &mut scratch).unwrap_err();
        assert!(reject.detail.contains(wanted), "{text}: {reject}");
    }
}

#[test]
fn every_line_of_the_extension_s_own_tests_is_read() {
    let Some(folder) = real::folder() else { return };
    let text = std::fs::read_to_string(folder.join("postgres/pgaudit/pgaudit.out.part1"));
    let Ok(text) = text else { panic!("pgaudit.out.part1 is not there") };
    let mut read = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("NOTICE:  ")) {
        if !line.starts_with("AUDIT: ") || line.matches('"').count() % 2 == 1 {
            // The regression output breaks a statement at its line ends, a log does not.
            continue;
        }
        let record = json!({"timestamp": "2026-03-14 09:00:00.000 UTC", "user": "regress", "dbname": "contrib",
            "pid": 1, "session_id": "s", "line_num": read, "error_severity": "LOG", "message": line,
            "backend_type": "client backend"});
        let event = golden::normalise(record.to_string().as_bytes()).unwrap();
        let command = line.split(',').nth(4).unwrap();
        assert_eq!(event["api"]["operation"], command, "{line}");
        let class = line.split(',').nth(3).unwrap();
        let access = event["access"].as_str().unwrap();
        match class {
            "READ" => assert_eq!(access, "read", "{line}"),
            "WRITE" => assert!(["modify", "delete"].contains(&access), "{line}: {access}"),
            "FUNCTION" => assert_eq!(access, "execute", "{line}"),
            "ROLE" | "DDL" => assert!(["create", "modify", "delete", "grant"].contains(&access), "{line}: {access}"),
            _ => {}
        }
        read += 1;
    }
    assert!(read >= 60, "{read} lines");
}
