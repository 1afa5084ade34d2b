//! What all routes take and answer, as OpenAPI 3.1: the questions from their table, the others by hand.
//!
//! `docs/openapi.json` is this document; a test compares them, and another walks every operation with every scope.

use serde_json::{Map, Value, json};

use crate::access::Scope;
use crate::questions::{self, Argument, Format, Method, Named, Parameter, Route, Takes, routes};

/// An event id or any leaf, as in `3f2a91c0-41022`.
const EVENT_ID: &str = "^[0-9a-f]{8}-[0-9]{1,18}$";

/// A route that is no question.
struct Other {
    path: &'static str,
    methods: &'static [&'static str],
    about: &'static str,
    /// Any of these; none for routes that want no token.
    scopes: &'static [Scope],
    /// Parameters of the query.
    query: &'static [(&'static str, Takes, bool)],
    /// Media types of its body; none if it takes none.
    body: &'static [&'static str],
    /// The status of success, and the media types of its answer.
    done: (u16, &'static [&'static str]),
    /// What else it can answer with.
    errors: &'static [u16],
    /// In which media types; all but [`PROBLEM`] are the words of another protocol.
    told: &'static [&'static str],
}

const WRITE: &[Scope] = &[Scope::RecordsWrite];
const READ: &[Scope] = &[Scope::Read];
const EITHER: &[Scope] = &[Scope::Read, Scope::RecordsWrite];
/// What can become of a delivery.
const DELIVERY: &[u16] = &[400, 401, 403, 408, 409, 413, 500, 503];
/// The same where the form of a body is told by its headers.
const TYPED: &[u16] = &[400, 401, 403, 408, 409, 413, 415, 500, 503];
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const PROBLEM: &str = "application/problem+json";
const PROTOBUF: &str = "application/x-protobuf";
const GRPC: &str = "application/grpc";
const CHANNEL: &[(&str, Takes, bool)] = &[("channel", Takes::Text, false), ("source", Takes::Text, false)];

const fn delivery(path: &'static str, about: &'static str) -> Other {
    Other {
        path,
        methods: &["post"],
        about,
        scopes: WRITE,
        query: &[],
        body: &["application/octet-stream", JSON],
        done: (200, &[JSON]),
        errors: DELIVERY,
        told: &[JSON],
    }
}

const SOURCE: &[(&str, Takes, bool)] = &[("source", Takes::Text, false)];

/// OTLP answers in the encoding that it was asked in.
const fn otlp(path: &'static str, about: &'static str) -> Other {
    Other {
        body: &[PROTOBUF, JSON],
        query: SOURCE,
        done: (200, &[PROTOBUF, JSON]),
        errors: TYPED,
        told: &[PROTOBUF, JSON],
        ..delivery(path, about)
    }
}

/// Over gRPC whatever becomes of a call is told beside a status of 200.
const fn call(path: &'static str) -> Other {
    Other {
        body: &[GRPC],
        done: (200, &[GRPC]),
        errors: &[],
        ..delivery(path, "The same over gRPC; `grpc-status` says what became of it.")
    }
}

const fn plain(
    path: &'static str,
    about: &'static str,
    scopes: &'static [Scope],
    answer: &'static [&'static str],
) -> Other {
    Other {
        path,
        methods: &["get"],
        about,
        scopes,
        query: &[],
        body: &[],
        done: (200, answer),
        errors: &[401, 403, 500],
        told: &[PROBLEM],
    }
}

/// What senders of Elasticsearch ask for before they send.
const fn elastic(path: &'static str, about: &'static str) -> Other {
    Other { told: &[JSON], ..plain(path, about, WRITE, &[JSON]) }
}

const SCIM: &str = "application/scim+json";
const LISTED: &[(&str, Takes, bool)] = &[
    ("filter", Takes::Text, false),
    ("startIndex", Takes::Count, false),
    ("count", Takes::Count, false),
    ("attributes", Takes::Text, false),
    ("excludedAttributes", Takes::Text, false),
];
const SHOWN: &[(&str, Takes, bool)] = &[("attributes", Takes::Text, false), ("excludedAttributes", Takes::Text, false)];

/// RFC 7644: read or changed with the token of whoever writes to the source.
const fn scim(methods: &'static [&'static str], path: &'static str, about: &'static str) -> Other {
    Other {
        methods,
        body: &[SCIM, JSON],
        done: (200, &[SCIM]),
        errors: &[400, 401, 403, 404, 405, 408, 409, 413, 500, 503],
        told: &[SCIM],
        ..delivery(path, about)
    }
}

/// They may make it, too.
const THERE: &[&str] = &["get", "put"];

/// All routes of [`crate::router`] that are no questions.
const OTHERS: &[Other] = &[
    Other { errors: &[], ..plain("/healthz", "The process answers.", &[], &[TEXT]) },
    Other { errors: &[500, 503], ..plain("/readyz", "Whether records can be taken and made durable.", &[], &[JSON]) },
    plain("/metrics", "Counters, in the text format of Prometheus.", READ, &[TEXT]),
    Other { errors: &[], ..plain("/v1/openapi.json", "This document.", &[], &[JSON]) },
    Other {
        query: &[("source", Takes::Text, false), ("ack", Takes::One(&["sealed"]), false)],
        errors: &[400, 401, 403, 408, 409, 413, 422, 500, 503],
        told: &[PROBLEM],
        ..delivery("/v1/records", "Have records sealed; a receipt for each comes back.")
    },
    Other {
        errors: &[400, 401, 403, 404, 500],
        ..plain("/v1/records/{id}/proof", "The proof that a record is in the log, a `.tlog-proof`.", EITHER, &[TEXT])
    },
    plain("/v1/checkpoint", "The newest signed checkpoint.", EITHER, &[TEXT]),
    Other {
        query: &[("from", Takes::Count, true)],
        errors: &[400, 401, 403, 500],
        ..plain(
            "/v1/consistency",
            "The proof that the log goes on from what the caller has seen of it.",
            EITHER,
            &[JSON],
        )
    },
    Other {
        scopes: &[],
        told: &[PROBLEM],
        ..delivery("/v1/webhooks/{source}", "A signed webhook; its signature stands for a token.")
    },
    Other {
        errors: &[404],
        ..plain("/v1/webhooks/{source}", "The challenge of a hook of Okta, told back.", &[], &[JSON])
    },
    Other {
        told: &[PROBLEM],
        ..delivery("/v1/kubernetes/audit/{source}", "Lists of events of the audit webhook of Kubernetes.")
    },
    Other {
        told: &[PROBLEM],
        ..delivery("/v1/vault/audit/{source}", "An entry of the `http` audit device of OpenBao.")
    },
    Other {
        query: LISTED,
        body: &[],
        ..scim(&["get"], "/v1/scim/{source}/{endpoint}", "SCIM: Users, Groups, or what this service can do.")
    },
    Other { done: (201, &[SCIM]), ..scim(&["post"], "/v1/scim/{source}/{endpoint}", "SCIM: a new user or group.") },
    Other {
        query: SHOWN,
        body: &[],
        ..scim(&["get"], "/v1/scim/{source}/{endpoint}/{id}", "SCIM: a user, group, schema or resource type.")
    },
    scim(&["put", "patch"], "/v1/scim/{source}/{endpoint}/{id}", "SCIM: a user or group, changed."),
    Other {
        body: &[],
        done: (204, &[]),
        ..scim(&["delete"], "/v1/scim/{source}/{endpoint}/{id}", "SCIM: a user or group is gone.")
    },
    otlp("/v1/logs", "OTLP: an export request of log records."),
    otlp("/v1/traces", "OTLP: an export request of spans."),
    call("/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
    call("/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    Other {
        body: &["application/cloudevents+json", "application/cloudevents-batch+json", "application/octet-stream"],
        query: SOURCE,
        errors: TYPED,
        told: &[PROBLEM],
        ..delivery("/v1/cloudevents", "CloudEvents: structured, batched or binary.")
    },
    Other {
        body: &[JSON, PROTOBUF],
        query: SOURCE,
        done: (204, &[]),
        errors: TYPED,
        told: &[PROBLEM],
        ..delivery("/loki/api/v1/push", "Log lines, as clients of Loki push them.")
    },
    Other { query: CHANNEL, ..delivery("/services/collector", "Splunk HEC.") },
    Other { query: CHANNEL, ..delivery("/services/collector/event", "Splunk HEC.") },
    Other { query: CHANNEL, ..delivery("/services/collector/event/1.0", "Splunk HEC.") },
    Other { query: CHANNEL, ..delivery("/services/collector/raw", "Splunk HEC.") },
    Other { query: CHANNEL, ..delivery("/services/collector/raw/1.0", "Splunk HEC.") },
    Other { query: CHANNEL, ..delivery("/services/collector/ack", "Which acknowledgement ids are sealed.") },
    Other {
        errors: &[503],
        told: &[JSON],
        ..plain("/services/collector/health", "Whether HEC would take something.", &[], &[JSON])
    },
    Other {
        errors: &[503],
        told: &[JSON],
        ..plain("/services/collector/health/1.0", "Whether HEC would take something.", &[], &[JSON])
    },
    Other { told: &[JSON], ..plain("/", "The greeting of Elasticsearch.", WRITE, &[JSON]) },
    Other { methods: &["post", "put"], ..delivery("/_bulk", "Documents, as clients of Elasticsearch send them.") },
    Other {
        methods: &["post", "put"],
        ..delivery("/{index}/_bulk", "Documents, as clients of Elasticsearch send them.")
    },
    elastic("/_license", "The license that Beats and Logstash ask for."),
    elastic("/_xpack", "The same, as older ones ask for it."),
    elastic("/_cluster/health", "Whether it would take something, as Vector asks."),
    Other { methods: THERE, ..elastic("/_index_template/{name}", "Is there: no index needs one.") },
    Other { methods: THERE, ..elastic("/_template/{name}", "Is there: no index needs one.") },
    Other { methods: THERE, ..elastic("/_component_template/{name}", "Is there: no index needs one.") },
    Other { methods: THERE, ..elastic("/_ilm/policy/{name}", "Is there: no index needs one.") },
    Other { methods: THERE, ..elastic("/_data_stream/{name}", "Is there: no index needs one.") },
    elastic("/_alias/{name}", "Is there: no index needs one."),
];

/// The document.
pub fn openapi() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut add = |path: &str, method: &str, operation: Value| {
        let methods = paths.entry(path.to_owned()).or_insert_with(|| json!({}));
        methods.as_object_mut().and_then(|methods| methods.insert(method.to_ascii_lowercase(), operation));
    };
    for route in routes().iter().chain([&questions::TAIL]) {
        add(route.path, route.method.as_str(), question(route));
    }
    for other in OTHERS {
        for method in other.methods {
            add(other.path, method, self::other(other));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Deedbook",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The sealed record of what machines did. A question is a command: what is answered here is what \
                it prints. Errors: docs/errors.md.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer",
                "description": "A token of `deedbook token create`." } },
            "schemas": { "Problem": {
                "type": "object",
                "description": "RFC 9457. `code` is stable, `detail` is for people.",
                "required": ["type", "title", "status", "code", "detail"],
                "properties": {
                    "type": { "type": "string" },
                    "title": { "type": "string" },
                    "status": { "type": "integer" },
                    "code": { "type": "string" },
                    "detail": { "type": "string" },
                },
            } },
        },
    })
}

fn question(route: &Route) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    let mut members: Map<String, Value> = Map::new();
    let mut required: Vec<&str> = Vec::new();
    let text = Parameter { name: "", takes: Takes::Text, required: true, about: "What is asked about." };
    let named = match route.argument {
        Argument::Named(name) => Some(Parameter { name, ..text }),
        Argument::Path(name) => {
            parameters.push(in_path(name));
            None
        }
        _ => None,
    };
    for parameter in named.into_iter().chain(route.named_parameters().copied()) {
        let schema = schema(parameter.name, parameter.takes, parameter.required);
        match route.named {
            Named::Query => parameters
                .push(json!({ "name": parameter.name, "in": "query", "required": parameter.required,
                "description": parameter.about, "schema": schema })),
            Named::Body => {
                members.insert(parameter.name.to_owned(), schema);
                required.extend(parameter.required.then_some(parameter.name));
            }
        }
    }
    let mut errors = vec![400, 401, 403, 404, 422, 500, 503, 504];
    let body = match (route.argument, route.named) {
        (Argument::Body(media_type), _) => Some(
            json!({ "required": true, "content": { media_type: { "schema": if media_type == JSON { json!({}) } else { json!({ "type": "string" }) } } } }),
        ),
        (_, Named::Body) if route.method != Method::Delete => {
            Some(json!({ "required": true, "content": { JSON: { "schema": {
            "type": "object", "required": required, "properties": members, "additionalProperties": false } } } }))
        }
        _ => None,
    };
    if body.is_some() || route.named == Named::Body {
        errors.extend([408, 413]);
    }
    if !route.formats.is_empty() {
        errors.push(406);
    }
    let answered = |format: &Format| (format.media_type().to_owned(), json!({ "schema": answer_schema(*format) }));
    let content: Map<String, Value> = match route.formats {
        _ if route.path == questions::TAIL.path => {
            [("text/event-stream".to_owned(), json!({ "schema": { "type": "string" } }))].into_iter().collect()
        }
        [] => [answered(&Format::Table)].into_iter().collect(),
        formats => formats.iter().map(answered).collect(),
    };
    let mut operation = operation(
        route.about,
        &[route.scope],
        parameters,
        body,
        (200, json!({ "description": "The answer.", "content": content })),
    );
    problems(&mut operation, &errors, &[PROBLEM]);
    operation
}

/// One object or array in JSON; the other forms are texts.
fn answer_schema(format: Format) -> Value {
    match format {
        Format::Json => json!({ "type": ["object", "array"] }),
        _ => json!({ "type": "string" }),
    }
}

fn other(other: &Other) -> Value {
    let braced = other.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = braced.map(in_path).collect();
    for (name, takes, required) in other.query {
        parameters.push(
            json!({ "name": name, "in": "query", "required": required, "schema": schema(name, *takes, *required) }),
        );
    }
    let body =
        (!other.body.is_empty()).then(|| json!({ "required": true, "content": content(other.body, &json!({})) }));
    let (status, answer) = other.done;
    let answer = json!({ "description": "Done.", "content": content(answer, &json!({ "type": "object" })) });
    let mut operation = operation(other.about, other.scopes, parameters, body, (status, answer));
    problems(&mut operation, other.errors, other.told);
    operation
}

/// A schema for each media type: the one given where it is JSON.
fn content(media_types: &[&str], schema: &Value) -> Map<String, Value> {
    let of = |media_type: &&str| {
        let schema = if media_type.ends_with("json") { schema.clone() } else { json!({ "type": "string" }) };
        ((*media_type).to_owned(), json!({ "schema": schema }))
    };
    media_types.iter().map(of).collect()
}

fn in_path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": schema(name, Takes::Text, true) })
}

fn operation(
    about: &str,
    scopes: &[Scope],
    parameters: Vec<Value>,
    body: Option<Value>,
    (status, answer): (u16, Value),
) -> Value {
    // Any one of the scopes will do; `admin` may everything.
    let security: Vec<Value> = scopes.iter().map(|scope| json!({ "bearer": [scope.as_str()] })).collect();
    let mut operation = json!({ "summary": about, "security": security, "parameters": parameters, "responses": { status.to_string(): answer } });
    if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), body);
    }
    operation
}

fn problems(operation: &mut Value, statuses: &[u16], told: &[&str]) {
    let schema =
        if told == [PROBLEM] { json!({ "$ref": "#/components/schemas/Problem" }) } else { json!({ "type": "object" }) };
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let mut statuses = statuses.to_vec();
    statuses.sort_unstable();
    for status in statuses {
        let reason = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let answer = json!({ "description": reason.unwrap_or("Error"), "content": content(told, &schema) });
        responses.insert(status.to_string(), answer);
    }
}

fn schema(name: &str, takes: Takes, required: bool) -> Value {
    let text = match name {
        "event" | "before" | "after" | "sealed_after" => json!({ "type": "string", "pattern": EVENT_ID }),
        _ if required => json!({ "type": "string", "minLength": 1 }),
        _ => json!({ "type": "string" }),
    };
    match takes {
        Takes::Text => text,
        Takes::Texts => json!({ "type": "array", "items": text }),
        Takes::One(known) => json!({ "type": "string", "enum": known }),
        Takes::Count => json!({ "type": "integer", "minimum": 0, "maximum": 999_999_999 }),
        Takes::Switch => json!({ "type": "boolean" }),
    }
}
