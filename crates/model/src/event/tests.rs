#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Map, Value, json};

use super::*;
use crate::{EntitlementKind, HeldCredential, InventoryState, rfc3339_from_nanos};

/// A text that an encoder has to take care with.
const TEXT: &str = "q\"\\\u{0}\n\u{7f}é\u{2028}😀";

/// 2026-11-20T10:41:07.000000001Z.
const NANOS: i64 = 1_795_171_267_000_000_001;

fn text<'a>() -> Option<Text<'a>> {
    Some(Cow::Borrowed(TEXT))
}

fn uri(class: &str) -> String {
    format!("nhi:{class}:aws:111122223333:role/A")
}

fn credential<'a>() -> Credential<'a> {
    Credential {
        uri: uri("cred"),
        kind: "sts-key".into(),
        native_id: text(),
        fingerprint: Some(Fingerprint { algorithm: "sha256", encoding: "hex", value: "00ff".into() }),
        issuer: text(),
        audience: vec![TEXT.into(), "b".into()],
        scopes: vec![TEXT.into()],
        not_before: Some(NANOS),
        not_after: Some(NANOS),
        confirmation: text(),
        mfa: Some(false),
        parent: Some(uri("cred")),
        uses_max: Some(1),
    }
}

fn endpoint<'a>() -> Endpoint<'a> {
    Endpoint { ip: Some("::1".into()), port: Some(u16::MAX), host: text(), country: text(), network: text() }
}

fn grant<'a>() -> GrantFact<'a> {
    GrantFact {
        uri: uri("grant"),
        phase: GrantPhase::Approve,
        requester: Some(uri("principal")),
        beneficiary: Some(uri("principal")),
        approver: Some(uri("principal")),
        target: text(),
        reason: text(),
        ticket: text(),
        not_before: Some(NANOS),
        not_after: Some(NANOS),
        duration_s: Some(3_600),
        resource: text(),
        policy: text(),
        policy_version: text(),
        approvals_min: Some(2),
    }
}

fn inventory<'a>() -> Inventory<'a> {
    Inventory {
        uri: uri("principal"),
        name: text(),
        item_type: "iam-user".into(),
        kind: ActorKind::ServiceAccount,
        is_human: Human::Nonhuman,
        rule: "R4:owner-tag",
        state: Some(InventoryState::Disabled),
        owners: vec![TEXT.into(), "b".into()],
        team: text(),
        purpose: text(),
        sensitivity: text(),
        created: Some(NANOS),
        last_used: Some(NANOS),
        not_after: Some(NANOS),
        credentials: vec![HeldCredential {
            uri: uri("cred"),
            kind: "access-key".into(),
            native_id: text(),
            state: Some(InventoryState::Enabled),
            created: Some(NANOS),
            last_used: Some(NANOS),
            not_after: Some(NANOS),
        }],
    }
}

fn entitlement<'a>() -> Entitlement<'a> {
    Entitlement {
        holder: uri("principal"),
        kind: EntitlementKind::Privilege,
        privileges: vec!["s3:*".into(), TEXT.into()],
        except: vec!["s3:PutObject".into()],
        source: Some(uri("resource")),
        targets: vec![TEXT.into(), "*".into()],
        effect: Effect::Deny,
        via: text(),
        conditional: true,
        not_after: Some(NANOS),
    }
}

/// Every field set, and none by default: a field that is added has to be added here.
fn full<'a>() -> Event<'a> {
    Event {
        platform: Platform::Aws,
        source_event_id: text(),
        time: Some(NANOS),
        time_raw: text(),
        time_precision: TimePrecision::Nano,
        class_uid: 6003,
        activity_id: 99,
        status: Status::Failure,
        status_code: text(),
        severity_id: 4,
        access: Access::Issue,
        tenant: text(),
        authority: TEXT.into(),
        region: text(),
        actor: Principal {
            uri: uri("principal"),
            kind: ActorKind::Agent,
            name: text(),
            is_human: Human::Mixed,
            rule: "R1:k8s-serviceaccount",
        },
        subject: Some(uri("principal")),
        initiator: Some(uri("principal")),
        chain: vec![Step {
            principal: uri("principal"),
            step: StepKind::Exchange,
            evidence_path: "/userIdentity",
            asserted_by: TEXT.into(),
            verified: true,
        }],
        party: Some(Party::Third),
        role: text(),
        privileged: Some(false),
        agent: Agent {
            uid: text(),
            instance: text(),
            run: text(),
            mode: Some(Mode::Autonomous),
            model: text(),
            version: text(),
        },
        workload: Workload { name: text(), uid: text(), namespace: text(), node: text() },
        credential: Some(credential()),
        issued_credential: Some(credential()),
        credential_changes: vec![CredentialChange {
            change: CredentialChangeKind::Rotated,
            uri: uri("cred"),
            native_id: text(),
            holder: Some(uri("principal")),
        }],
        session: Some(uri("session")),
        grant_refs: vec![uri("grant")],
        grants: vec![grant()],
        aliases: vec![Alias { a: uri("principal"), b: uri("principal"), rel: AliasRel::RunsAs, rule: "aws:arn" }],
        inventory: Some(Box::new(inventory())),
        entitlements: vec![entitlement()],
        delegation_uid: text(),
        authn: Authn { protocol: text(), method: text(), mfa: Some(true), factors: vec![TEXT.into()] },
        decision: Decision {
            effect: Some(Effect::Observed),
            pdp: text(),
            policies: vec![TEXT.into()],
            rule: text(),
            reason: text(),
        },
        api: Api { service: text(), operation: text(), request_id: text() },
        resources: vec![Resource {
            uri: uri("resource"),
            kind: "s3-object".into(),
            name: text(),
            role: ResourceRole::Affected,
        }],
        secret_access: SecretAccess { path: text(), version: text(), lease_id: text() },
        src: endpoint(),
        user_agent: text(),
        client_app: text(),
        dst: endpoint(),
        device: Device { id: text(), name: text(), os: text(), managed: Some(false) },
        process: text(),
        trace_id: text(),
        span_id: text(),
        parent_span_id: text(),
        correlation_ids: vec![TEXT.into()],
        related: vec![Related { rel: "group", source_event_id: TEXT.into() }],
        error_code: text(),
        error_message: text(),
        duration_ms: Some(i64::MAX),
        data_bytes_in: Some(i64::MAX),
        data_bytes_out: Some(i64::MIN),
        data_rows: Some(0),
        changes: vec![Change { field: TEXT.into(), before: text(), after: text() }],
        tool: Tool { name: text(), server: text(), call_id: text(), argument_digest: Some("00".into()) },
        purpose: Purpose { reason: text(), ticket: text(), job: text() },
        quality: Quality {
            missing: vec!["time"],
            truncated: true,
            sampled: true,
            redacted: true,
            duplicate_keys: true,
        },
    }
}

/// No null and nothing empty, at any depth.
fn is_full(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty() && items.iter().all(is_full),
        Value::Object(map) => !map.is_empty() && map.values().all(is_full),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[test]
fn an_event_with_every_field_set_survives_its_json_form() {
    let event = full();
    let line = serde_json::to_string(&event).unwrap();
    assert!(!line.contains('\n'), "one line");
    let read: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read, serde_json::to_value(&event).unwrap());
    assert!(is_full(&read), "a field of the full event is empty: {read:#}");
    for (pointer, wanted) in [
        ("/time", json!(NANOS)),
        ("/time_raw", json!(TEXT)),
        ("/actor/kind", json!("agent")),
        ("/actor/rule", json!("R1:k8s-serviceaccount")),
        ("/chain/0/step", json!("exchange")),
        ("/credential/fingerprint/value", json!("00ff")),
        ("/credential/audience/1", json!("b")),
        ("/grants/0/duration_s", json!(3_600)),
        ("/src/port", json!(65_535)),
        ("/data_bytes_out", json!(i64::MIN)),
        ("/duration_ms", json!(i64::MAX)),
        ("/changes/0/before", json!(TEXT)),
        ("/inventory/state", json!("disabled")),
        ("/inventory/credentials/0/kind", json!("access-key")),
        ("/entitlements/0/privileges/0", json!("s3:*")),
        ("/privileged", json!(false)),
    ] {
        assert_eq!(read.pointer(pointer), Some(&wanted), "{pointer}");
    }
}

/// Columns that the pipeline adds to an event: `docs/tables.md`.
const ADDED: [&str; 11] = [
    "event_id",
    "log",
    "leaf_index",
    "source",
    "source_number",
    "sequenced_at",
    "received_at",
    "normaliser",
    "duplicate_of",
    "group_count",
    "status_id",
];

/// The columns of an event, read off its JSON form: parts of an object under its name, times as text.
fn columns(event: &Value) -> Map<String, Value> {
    let mut columns = Map::new();
    for (field, value) in event.as_object().unwrap() {
        match value {
            Value::Object(parts) => put(field, parts, &mut columns),
            _ => {
                let name = match field.as_str() {
                    "subject" | "initiator" => format!("{field}_principal"),
                    "session" => "session_uri".to_owned(),
                    same => same.to_owned(),
                };
                columns.insert(name, shown(field, value));
            }
        }
    }
    columns
}

fn put(prefix: &str, parts: &Map<String, Value>, columns: &mut Map<String, Value>) {
    for (part, value) in parts {
        let name = match (prefix, part.as_str()) {
            ("actor", "uri") => "actor_principal".to_owned(),
            ("actor", "is_human") => "is_human".to_owned(),
            ("actor", "rule") => "is_human_rule".to_owned(),
            _ => format!("{prefix}_{part}"),
        };
        match value {
            Value::Object(parts) => put(&name, parts, columns),
            _ => drop(columns.insert(name, shown(part, value))),
        }
    }
}

fn shown(field: &str, value: &Value) -> Value {
    match (field, value) {
        ("time" | "not_before" | "not_after" | "created" | "last_used", nanos) => {
            json!(rfc3339_from_nanos(nanos.as_i64().unwrap()))
        }
        (_, Value::Array(items)) => items.iter().map(|item| part_of(field, item)).collect(),
        _ => value.clone(),
    }
}

fn part_of(list: &str, item: &Value) -> Value {
    let Value::Object(parts) = item else { return item.clone() };
    let named = |part: &String| if list == "resources" && part == "kind" { "type".to_owned() } else { part.clone() };
    parts.iter().map(|(part, value)| (named(part), shown(part, value))).collect()
}

/// Whether a value is valid by the keywords of our schema; another keyword is an error.
fn check(at: &str, value: &Value, schema: &Value) {
    for (keyword, wanted) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "format" => true,
            "type" => match wanted.as_str().unwrap() {
                "string" => value.is_string(),
                "integer" => value.is_i64(),
                "boolean" => value.is_boolean(),
                "array" => value.is_array(),
                "object" => value.is_object(),
                other => panic!("type {other}"),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "minItems" => value.as_array().unwrap().len() as u64 >= wanted.as_u64().unwrap(),
            // The one pattern of an event's own columns: RFC 3339 in UTC.
            "pattern" => value.as_str().unwrap().ends_with('Z'),
            "items" => {
                value.as_array().unwrap().iter().for_each(|item| check(at, item, wanted));
                true
            }
            "required" => wanted.as_array().unwrap().iter().all(|name| {
                let name = name.as_str().unwrap();
                value.get(name).is_some() || at.is_empty() && ADDED.contains(&name)
            }),
            "additionalProperties" => {
                value.as_object().unwrap().keys().all(|name| schema["properties"].get(name).is_some())
            }
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    match value.get(name) {
                        Some(value) => check(&format!("{at}/{name}"), value, schema),
                        None => assert!(at.is_empty() && ADDED.contains(&name.as_str()), "no {at}/{name} in it"),
                    }
                }
                true
            }
            other => panic!("keyword {other}"),
        };
        assert!(fits, "{at}: {value} against {keyword} {wanted}");
    }
}

#[test]
fn a_full_event_has_every_column_of_the_published_schema_and_no_other() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/event-v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let row = Value::Object(columns(&serde_json::to_value(full()).unwrap()));
    check("", &row, &schema);
}
