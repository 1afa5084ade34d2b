//! Records that nobody here wrote, when `DEEDBOOK_REAL_LOGS` names the folder that holds them.
//!
//! Each file goes the way of a delivery: split, scrubbed, normalised. Every record must become an
//! event of the platform of its folder; those that are broken themselves are listed here, with the
//! reason.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value;
use sources::RejectKind;
use sources::scrub::Scrubber;
use sources::split::{Limits, Piece, Splitter};

use crate::golden;

/// The folder of real logs; says so and returns `None` when there is none.
pub(crate) fn folder() -> Option<PathBuf> {
    match std::env::var_os("DEEDBOOK_REAL_LOGS") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            eprintln!("skipped: DEEDBOOK_REAL_LOGS is not set, real logs are not tested");
            None
        }
    }
}

/// All files below a folder whose name ends so, in order of their paths.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The records inside a file of `panther/`: the value `log` of each line.
pub(crate) fn panther(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["log"].to_string())
        .collect()
}

/// Each sample in these files of `panther/` must become an event of the platform, `total` in all; `look` sees
/// every event.
pub(crate) fn all_of(platform: &str, names: &[String], total: usize, look: impl Fn(&Value)) {
    let Some(folder) = folder() else { return };
    let mut count = 0;
    for name in names {
        for (number, raw) in panther(&folder.join("panther").join(format!("{name}.jsonl"))).iter().enumerate() {
            let event = golden::normalise(raw.as_bytes()).unwrap_or_else(|e| panic!("{name} {number}: {e}\n{raw}"));
            assert_eq!(event["platform"], platform, "{name} {number}: {raw}");
            look(&event);
            count += 1;
        }
    }
    assert_eq!(count, total, "samples of {platform}");
}

/// A source that is set to a platform rejects what is no record of it, and says so.
pub(crate) fn shape(platform: model::Platform, raw: &[u8]) {
    let context = sources::Context { platform: Some(platform), ..Default::default() };
    let mut scratch = sources::Scratch::default();
    let reject = sources::normalise(raw, &context, &mut scratch).unwrap_err();
    assert_eq!(reject.kind, RejectKind::Shape, "{reject}");
}

/// The record in a file that holds it as YAML: no platform delivers it so, its collectors kept it so.
pub(crate) fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let [document] = documents.as_slice() else { panic!("{}: {} documents", path.display(), documents.len()) };
    json(document)
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => Value::from(*value),
        Yaml::Value(Scalar::Integer(value)) => Value::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => Value::from(value.as_ref()),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_str().expect("keys of JSON are texts").to_owned(), json(value)))
            .collect(),
        other => panic!("{other:?} has no form in JSON"),
    }
}

/// A record of a delivery, and what came of it.
struct Record {
    file: String,
    number: usize,
    raw: Vec<u8>,
    /// The event as JSON.
    event: Result<Value, sources::Reject>,
}

impl Record {
    fn new(file: &str, number: usize, raw: &[u8]) -> Record {
        Record { file: file.to_owned(), number, raw: raw.to_vec(), event: golden::normalise(raw) }
    }

    /// The record without its envelopes.
    fn inside(&self) -> Option<Value> {
        let mut scratch = sources::Scratch::default();
        serde_json::from_str(sources::unwrapped(&self.raw, sources::mapping::Mappings::shipped(), &mut scratch)?).ok()
    }

    fn place(&self) -> String {
        format!("{} {}", self.file, self.number)
    }
}

fn split(file: &str, content: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut take = |piece: Piece<'_>| {
        if let Piece::Record { bytes, cut, .. } = piece {
            assert_eq!(cut, None);
            records.push(Record::new(file, records.len(), bytes));
        }
    };
    let mut splitter = Splitter::new(Limits::default());
    splitter.push(content, &mut take);
    splitter.finish(&mut take);
    records
}

/// The records of a file, as a delivery of it is split.
pub(crate) fn delivered(path: &Path) -> Vec<Vec<u8>> {
    split(&path.display().to_string(), &std::fs::read(path).unwrap()).into_iter().map(|record| record.raw).collect()
}

/// All records of the folders of the platforms, read once for all tests.
fn records() -> Option<&'static [Record]> {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    let folder = folder()?;
    Some(RECORDS.get_or_init(|| read(&folder)))
}

fn read(folder: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    for (part, ending) in [
        ("cloudtrail/awsdocs", ".txt"),
        ("cloudtrail/bindplane", ".json"),
        ("cloudtrail/invictus", ".json"),
        ("cloudtrail/otrf", ".json"),
        ("cloudtrail/sans504", ".json.gz"),
        ("cloudtrail/stratus", ".json"),
        ("k8s/audit2rbac", ".log"),
        ("k8s/falco", ".json"),
        ("vault/real_labs", ".jsonl"),
        ("okta/bindplane", ".json"),
        ("ocsf_examples", ".raw"),
        ("http/plaso", ""),
        ("linux/plaso", ".log"),
        ("cicd/plaso", ".log"),
    ] {
        for path in files(&folder.join(part), ending) {
            let mut content = std::fs::read(&path).unwrap();
            if ending.ends_with(".gz") {
                let mut plain = Vec::new();
                flate2::read::MultiGzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
                content = plain;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            records.extend(split(&name, &content));
        }
    }
    for path in files(&folder.join("k8s/khi"), ".yaml") {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        records.push(Record::new(&name, 0, yaml(&path).to_string().as_bytes()));
    }
    // What its collector answers for a search: each entry is a record.
    let name = "vault/chronicle_HASHICORP_BOUNDARY/raw_logs_default_log.json";
    let answer: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    for (number, entry) in answer["raw_logs"]["entries"].as_array().unwrap().iter().enumerate() {
        records.push(Record::new(name, number, entry.to_string().as_bytes()));
    }
    for name in PANTHER {
        let path = folder.join("panther").join(format!("{name}.jsonl"));
        for (number, log) in panther(&path).into_iter().enumerate() {
            records.push(Record::new(&format!("panther/{name}"), number, log.as_bytes()));
        }
    }
    records
}

/// Files of `panther/`, with the platforms whose records are in them.
const PANTHER: [&str; 23] = [
    "AWS.CloudTrail",
    "Amazon.EKS.Audit",
    "GCP.AuditLog",
    "GitHub.Audit",
    "GitHub.Webhook",
    "Okta.SystemLog",
    "Azure.Audit",
    "Azure.MonitorActivity",
    "Gravitational.TeleportAudit",
    "Snowflake.LoginHistory",
    "Snowflake.QueryHistory",
    "Snowflake.GrantsToUsers",
    "Snowflake.GrantsToRoles",
    "Snowflake.DataTransferHistory",
    "Slack.AuditLogs",
    "Databricks.Audit",
    "Auth0.Events",
    "Salesforce.LoginAs",
    "Salesforce.RealtimeEvent",
    "OnePassword.ItemUsage",
    "OnePassword.SignInAttempt",
    "MongoDB.OrganizationEvent",
    "MongoDB.ProjectEvent",
];

/// Files with records that are no events: how many of which kind, and why.
const REJECTS: &[(&str, RejectKind, usize, &str)] = &[
    (
        "cloudtrail/awsdocs/ct-cloudtrail-additional-cli-commands",
        RejectKind::NotJson,
        1,
        "event selectors, with a comma too many",
    ),
    (
        "cloudtrail/awsdocs/ct-cloudtrail-event-reference",
        RejectKind::NotJson,
        1,
        "a brace too many after the last event",
    ),
    ("cloudtrail/awsdocs/ct-cloudtrail-log-file-examples", RejectKind::NotJson, 1, "a line break inside a text"),
    (
        "cloudtrail/awsdocs/ct-query-integration-event-schema",
        RejectKind::NotJson,
        1,
        "a schema with type names for values",
    ),
    ("cloudtrail/awsdocs/ct-query-lake-cli", RejectKind::NotJson, 1, "a query status, with a comma too many"),
    ("cloudtrail/awsdocs/ct-query-lake-examples", RejectKind::UnknownPlatform, 3, "answers to queries, not events"),
    (
        "cloudtrail/awsdocs/iam-cloudtrail-integration",
        RejectKind::NotJson,
        3,
        "commas missing, a text wrapped with a backslash",
    ),
    ("panther/Amazon.EKS.Audit", RejectKind::UnknownPlatform, 8, "nothing but enrichment of other logs"),
    ("panther/GCP.AuditLog", RejectKind::UnknownPlatform, 2, "cut down to two fields, none of them of a log entry"),
];

/// How many events of each platform there are at least.
const EVENTS: &[(&str, usize)] = &[
    ("aws", 23_000),
    ("k8s", 160),
    ("vault", 1_500),
    ("gcp", 90),
    ("github", 100),
    ("okta", 36),
    ("entra", 20),
    ("teleport", 14),
    ("http", 18),
    ("linux", 11),
    ("boundary", 7),
    ("bitbucket", 5),
    ("falco", 1),
    ("snowflake", 25),
    ("slack", 31),
    ("databricks", 87),
    ("auth0", 30),
    ("salesforce", 11),
    ("onepassword", 4),
    ("mongodb-atlas", 13),
];

/// Folders with records of platforms that are not read here: DNS, firewall, findings.
const FOREIGN: [&str; 5] = ["/Route53/", "/route53/", "/WAF/", "/Security_Hub/", "/Prowler/"];

#[test]
fn every_real_record_becomes_an_event_or_is_listed_with_its_reason() {
    let Some(records) = records() else { return };
    let mut events: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rejects: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for record in records {
        match &record.event {
            Ok(event) => *events.entry(event["platform"].as_str().unwrap()).or_default() += 1,
            Err(_) if FOREIGN.iter().any(|part| record.file.contains(part)) => {}
            Err(reject) => rejects
                .entry((&record.file, reject.kind.as_str()))
                .or_default()
                .push(format!("record {}: {}", record.number, reject.detail)),
        }
    }
    for (file, kind, count, _) in REJECTS {
        let found = rejects.keys().find(|(name, found)| name.starts_with(file) && *found == kind.as_str()).copied();
        let found = found.and_then(|key| rejects.remove(&key)).unwrap_or_default();
        assert_eq!(found.len(), *count, "{file}: {found:#?}");
    }
    assert!(rejects.is_empty(), "rejects that are not listed: {rejects:#?}");
    for (platform, least) in EVENTS {
        let count = events.get(platform).copied().unwrap_or_default();
        assert!(count >= *least, "{count} events of {platform}, at least {least} are there");
    }
}

#[test]
fn records_kept_as_yaml_become_events_of_their_platforms() {
    let Some(records) = records() else { return };
    let kept = records.iter().filter(|record| record.file.starts_with("k8s/khi/"));
    let platforms: Vec<&str> = kept
        .map(|record| record.event.as_ref().map_or("reject", |event| event["platform"].as_str().unwrap()))
        .collect();
    assert_eq!(platforms, ["gcp", "gcp", "gcp", "gcp", "gcp", "k8s"]);
}

/// A JSON pointer into the record, and the columns of which one must be filled if it has a value.
type Filled = (&'static str, &'static [&'static str]);

/// What the records of each platform have.
const COLUMNS: &[(&str, &[Filled])] = &[
    (
        "aws",
        &[
            ("/userIdentity/type", &["/actor/uri"]),
            ("/eventName", &["/api/operation"]),
            ("/eventTime", &["/time"]),
            ("/sourceIPAddress", &["/src/ip", "/src/host"]),
            ("/errorCode", &["/error_code"]),
            ("/resources/0/ARN", &["/resources/0/uri"]),
            ("/requestParameters/bucketName", &["/resources/0/uri"]),
            ("/userIdentity/accessKeyId", &["/credential/uri"]),
            ("/responseElements/credentials/accessKeyId", &["/issued_credential/uri"]),
            ("/eventID", &["/source_event_id"]),
        ],
    ),
    (
        "k8s",
        &[
            ("/user/username", &["/actor/uri"]),
            ("/verb", &["/api/operation"]),
            ("/stageTimestamp", &["/time"]),
            ("/objectRef/resource", &["/resources/0/uri"]),
            ("/sourceIPs/0", &["/src/ip"]),
            ("/auditID", &["/source_event_id"]),
        ],
    ),
    (
        "vault",
        &[
            ("/request/operation", &["/api/operation"]),
            ("/time", &["/time"]),
            ("/request/path", &["/resources/0/uri"]),
            ("/request/remote_address", &["/src/ip"]),
            ("/error", &["/error_message"]),
        ],
    ),
    (
        "gcp",
        &[
            ("/protoPayload/authenticationInfo/principalEmail", &["/actor/uri"]),
            ("/protoPayload/methodName", &["/api/operation"]),
            ("/timestamp", &["/time"]),
            ("/protoPayload/resourceName", &["/resources/0/uri"]),
            ("/protoPayload/requestMetadata/callerIp", &["/src/ip", "/src/host"]),
        ],
    ),
    (
        "github",
        &[
            ("/actor", &["/actor/uri"]),
            ("/action", &["/api/operation"]),
            ("/@timestamp", &["/time"]),
            ("/created_at", &["/time"]),
            ("/actor_ip", &["/src/ip"]),
            ("/repo", &["/resources/0/uri"]),
        ],
    ),
    (
        "okta",
        &[
            ("/actor/id", &["/actor/uri"]),
            ("/eventType", &["/api/operation"]),
            ("/published", &["/time"]),
            ("/target/0/id", &["/resources/0/uri"]),
            ("/client/ipAddress", &["/src/ip"]),
        ],
    ),
    (
        "entra",
        &[
            ("/time", &["/time"]),
            ("/operationName", &["/api/operation"]),
            ("/callerIpAddress", &["/src/ip"]),
            ("/properties/ipAddress", &["/src/ip"]),
            ("/properties/targetResources/0/id", &["/resources/0/uri"]),
        ],
    ),
    (
        "azure",
        &[
            ("/time", &["/time"]),
            ("/operationName", &["/api/operation"]),
            ("/callerIpAddress", &["/src/ip"]),
            ("/resourceId", &["/resources/0/uri"]),
        ],
    ),
    (
        "teleport",
        &[
            ("/user", &["/actor/uri"]),
            ("/event", &["/api/operation"]),
            ("/time", &["/time"]),
            ("/server_id", &["/resources/0/uri"]),
            ("/sid", &["/session"]),
            ("/login", &["/role"]),
            ("/addr.remote", &["/src/ip"]),
            ("/src_addr", &["/src/ip"]),
            ("/error", &["/error_message"]),
            ("/uid", &["/source_event_id"]),
        ],
    ),
    (
        "snowflake",
        &[
            ("/USER_NAME", &["/actor/name"]),
            ("/EVENT_TYPE", &["/api/operation"]),
            ("/QUERY_TYPE", &["/api/operation"]),
            ("/EVENT_TIMESTAMP", &["/time"]),
            ("/CREATED_ON", &["/time"]),
            ("/ROLE_NAME", &["/role"]),
            ("/WAREHOUSE_NAME", &["/resources/0/uri"]),
            ("/PRIVILEGE", &["/grants/0/uri"]),
            ("/ERROR_MESSAGE", &["/error_message"]),
        ],
    ),
    (
        "slack",
        &[
            ("/actor/user/id", &["/actor/uri"]),
            ("/action", &["/api/operation"]),
            ("/date_create", &["/time"]),
            ("/entity/user/id", &["/resources/0/uri"]),
            ("/entity/app/id", &["/grants/0/uri"]),
            ("/context/ip_address", &["/src/ip"]),
        ],
    ),
    (
        "databricks",
        &[
            ("/userIdentity/email", &["/actor/name"]),
            ("/actionName", &["/api/operation"]),
            ("/timestamp", &["/time"]),
            ("/requestParams/targetUserName", &["/resources/0/uri"]),
            ("/requestParams/principal", &["/grants/0/uri", "/resources/0/uri"]),
            ("/sourceIPAddress", &["/src/ip"]),
            ("/response/statusCode", &["/status_code"]),
        ],
    ),
    (
        "auth0",
        &[
            ("/user_id", &["/actor/name"]),
            ("/type", &["/api/operation"]),
            ("/date", &["/time"]),
            ("/ip", &["/src/ip"]),
            ("/details/request/auth/credentials/jti", &["/credential/uri"]),
            ("/details/request/path", &["/resources/0/uri"]),
            ("/log_id", &["/source_event_id"]),
        ],
    ),
    (
        "salesforce",
        &[
            ("/USER_ID", &["/actor/uri"]),
            ("/DELEGATED_USER_ID", &["/initiator"]),
            ("/EVENT_TYPE", &["/api/operation"]),
            ("/TIMESTAMP", &["/time"]),
            ("/SOURCE_IP", &["/src/ip"]),
            ("/SESSION_KEY", &["/session"]),
            ("/CONNECTED_APP_ID", &["/resources/0/uri"]),
        ],
    ),
    (
        "onepassword",
        &[
            ("/user/uuid", &["/actor/uri"]),
            ("/target_user/uuid", &["/actor/uri"]),
            ("/timestamp", &["/time"]),
            ("/item_uuid", &["/secret_access/path"]),
            ("/session_uuid", &["/session"]),
            ("/client/ip_address", &["/src/ip"]),
        ],
    ),
    (
        "mongodb-atlas",
        &[
            ("/userId", &["/actor/uri"]),
            ("/eventTypeName", &["/api/operation"]),
            ("/eventtypename", &["/api/operation"]),
            ("/created", &["/time"]),
            ("/remoteAddress", &["/src/ip"]),
            ("/whitelistEntry", &["/resources/0/uri"]),
        ],
    ),
];

/// Records that have a value where none is, and the column that is rightly empty.
const NO_VALUES: &[(&str, &[usize], &str, &str)] = &[
    ("panther/AWS.CloudTrail", &[227], "/eventTime", "the text `...`"),
    (
        "panther/AWS.CloudTrail",
        &[76],
        "/responseElements/credentials/accessKeyId",
        "the call failed, so nothing was issued",
    ),
    ("panther/Okta.SystemLog", &[18, 19, 20, 21], "/published", "the text `redacted`"),
];

#[test]
fn no_column_is_empty_where_the_record_has_it() {
    let Some(records) = records() else { return };
    let mut empty: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records {
        let (Ok(event), Some(raw)) = (&record.event, record.inside()) else { continue };
        let filled = |pointer: &str| event.pointer(pointer).is_some_and(|value| !value.is_null() && value != "");
        let platform = event["platform"].as_str().unwrap();
        for always in ["/actor/uri", "/access", "/status", "/authority"] {
            assert!(filled(always), "{}: {always} is empty", record.place());
        }
        let columns = COLUMNS.iter().find(|(name, _)| *name == platform).map_or(&[][..], |(_, columns)| columns);
        for (source, columns) in columns {
            let listed = NO_VALUES.iter().any(|(file, numbers, pointer, _)| {
                record.file == *file && numbers.contains(&record.number) && pointer == source
            });
            if has(&raw, source) && !listed && !columns.iter().any(|column| filled(column)) {
                empty.entry(format!("{platform}: {source} -> {columns:?}")).or_default().push(record.place());
            }
        }
    }
    assert!(empty.is_empty(), "{empty:#?}");
}

/// Whether a record has a value at this place that says something.
fn has(raw: &Value, pointer: &str) -> bool {
    match raw.pointer(pointer) {
        Some(Value::String(text)) => !text.is_empty() && text != "unknown",
        Some(Value::Number(_)) => true,
        _ => false,
    }
}

/// Calls that AWS marks read-only though they do more than read: a key is used, a credential issued.
const READ_ONLY_BUT: &[(&str, &str)] = &[
    ("kms:Decrypt", "execute"),
    ("kms:Encrypt", "execute"),
    ("kms:GenerateDataKey", "execute"),
    ("sts:AssumeRole", "issue"),
];

#[test]
fn access_agrees_with_the_read_only_flag_of_cloudtrail() {
    let Some(records) = records() else { return };
    let mut against: BTreeMap<String, usize> = BTreeMap::new();
    let mut compared = 0;
    for record in records {
        let (Ok(event), Some(raw)) = (&record.event, record.inside()) else { continue };
        let (true, Some(read_only)) = (event["platform"] == "aws", raw["readOnly"].as_bool()) else { continue };
        compared += 1;
        let (access, operation) =
            (event["access"].as_str().unwrap(), event["api"]["operation"].as_str().unwrap_or_default());
        let listed = read_only && READ_ONLY_BUT.contains(&(operation, access));
        if (access == "read") != read_only && !listed {
            *against.entry(format!("{operation} is {access}, readOnly is {read_only}")).or_default() += 1;
        }
    }
    assert!(compared > 20_000, "only {compared} records have the flag");
    assert!(against.is_empty(), "{against:#?}");
}

/// Known secrets in these logs, by rule; each was looked at: session tokens in answers of STS, one
/// of them beside the secret key in an answer of the instance metadata service.
const SECRETS: &[(u16, usize)] = &[(15, 160)];

#[test]
fn known_secrets_are_replaced_and_the_event_stays_the_same() {
    let Some(records) = records() else { return };
    let scrubber = Scrubber::new([0; 32]).unwrap();
    let mut by_rule: BTreeMap<u16, usize> = BTreeMap::new();
    for record in records {
        let Some(scrubbed) = scrubber.scrub(&record.raw) else { continue };
        for replacement in &scrubbed.replacements {
            *by_rule.entry(replacement.rule).or_default() += 1;
        }
        assert_eq!(record.event, golden::normalise(&scrubbed.body), "{}", record.place());
        assert_eq!(scrubber.scrub(&scrubbed.body), None, "{}", record.place());
    }
    assert_eq!(by_rule.into_iter().collect::<Vec<_>>(), SECRETS);
}

/// Known secrets in all files, by folder and rule, each looked at: session tokens in answers of STS, beside the
/// secret key in an answer of the instance metadata service; passwords in statements that pgaudit logs in its own tests.
const SECRETS_OF_FILES: &[(&str, &str, usize)] = &[
    ("cloudtrail/awsdocs", "aws-credential", 1),
    ("cloudtrail/invictus", "aws-credential", 36),
    ("cloudtrail/otrf", "aws-credential", 6),
    ("cloudtrail/sans504", "aws-credential", 109),
    ("cloudtrail/stratus", "aws-credential", 5),
    ("panther/AWS.CloudTrail.jsonl", "aws-credential", 4),
    ("postgres/pgaudit", "sql-password", 13),
];

#[test]
fn no_secret_is_replaced_in_any_file_that_is_not_listed() {
    let Some(folder) = folder() else { return };
    let scrubber = Scrubber::new([0; 32]).unwrap();
    let mut found: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for path in files(&folder, "") {
        let mut content = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
            content = plain;
        }
        let name = path.strip_prefix(&folder).unwrap().iter().take(2).map(|part| part.to_string_lossy());
        let name = name.collect::<Vec<_>>().join("/");
        let replacements = scrubber.scrub(&content).map(|scrubbed| scrubbed.replacements).unwrap_or_default();
        for replacement in replacements {
            let rule = sources::scrub::rule(replacement.rule).unwrap().name;
            *found.entry((name.clone(), rule)).or_default() += 1;
        }
    }
    // Counts alone: what was replaced is not told.
    let found: Vec<(&str, &str, usize)> =
        found.iter().map(|((name, rule), count)| (name.as_str(), *rule, *count)).collect();
    assert_eq!(found, SECRETS_OF_FILES);
}
