//! The messages of OTLP that are read (opentelemetry-proto 1.x: `common`, `resource`, `logs`, `trace`), as tables.

/// What a field holds, and so how JSON writes it (OTLP specification, *JSON Protobuf Encoding*).
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    Text,
    /// An id: hex, unlike other bytes.
    Hex,
    /// Base64.
    Bytes,
    Bool,
    /// A number of 32 bits.
    U32,
    /// The same with a sign; enums, which are numbers here.
    I32,
    /// 64 bits: a number in a text.
    I64,
    Fixed32,
    /// 64 bits: a number in a text.
    Fixed64,
    Double,
    Message(&'static Message),
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    pub(super) is_list: bool,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) fields: &'static [Field],
    /// At most one of the fields is there.
    pub(super) is_oneof: bool,
}

/// Most fields of a message.
pub(super) const FIELDS_MAX: usize = 16;

const fn one(number: u32, name: &'static str, holds: Holds) -> Field {
    Field { number, name, holds, is_list: false }
}

const fn list(number: u32, name: &'static str, holds: Holds) -> Field {
    Field { number, name, holds, is_list: true }
}

const fn message(fields: &'static [Field]) -> Message {
    assert!(fields.len() <= FIELDS_MAX, "a message has more than FIELDS_MAX fields");
    Message { fields, is_oneof: false }
}

static ANY_VALUE: Message = Message {
    fields: &[
        one(1, "stringValue", Holds::Text),
        one(2, "boolValue", Holds::Bool),
        one(3, "intValue", Holds::I64),
        one(4, "doubleValue", Holds::Double),
        one(5, "arrayValue", Holds::Message(&ARRAY_VALUE)),
        one(6, "kvlistValue", Holds::Message(&KEY_VALUE_LIST)),
        one(7, "bytesValue", Holds::Bytes),
        one(8, "stringValueStrindex", Holds::I32),
    ],
    is_oneof: true,
};
static ARRAY_VALUE: Message = message(&[list(1, "values", Holds::Message(&ANY_VALUE))]);
static KEY_VALUE_LIST: Message = message(&[list(1, "values", Holds::Message(&KEY_VALUE))]);
static KEY_VALUE: Message = message(&[
    one(1, "key", Holds::Text),
    one(2, "value", Holds::Message(&ANY_VALUE)),
    one(3, "keyStrindex", Holds::I32),
]);
static SCOPE: Message = message(&[
    one(1, "name", Holds::Text),
    one(2, "version", Holds::Text),
    list(3, "attributes", Holds::Message(&KEY_VALUE)),
    one(4, "droppedAttributesCount", Holds::U32),
]);
static ENTITY_REF: Message = message(&[
    one(1, "schemaUrl", Holds::Text),
    one(2, "type", Holds::Text),
    list(3, "idKeys", Holds::Text),
    list(4, "descriptionKeys", Holds::Text),
]);
static RESOURCE: Message = message(&[
    list(1, "attributes", Holds::Message(&KEY_VALUE)),
    one(2, "droppedAttributesCount", Holds::U32),
    list(3, "entityRefs", Holds::Message(&ENTITY_REF)),
]);
static EVENT: Message = message(&[
    one(1, "timeUnixNano", Holds::Fixed64),
    one(2, "name", Holds::Text),
    list(3, "attributes", Holds::Message(&KEY_VALUE)),
    one(4, "droppedAttributesCount", Holds::U32),
]);
static LINK: Message = message(&[
    one(1, "traceId", Holds::Hex),
    one(2, "spanId", Holds::Hex),
    one(3, "traceState", Holds::Text),
    list(4, "attributes", Holds::Message(&KEY_VALUE)),
    one(5, "droppedAttributesCount", Holds::U32),
    one(6, "flags", Holds::Fixed32),
]);
static STATUS: Message = message(&[one(2, "message", Holds::Text), one(3, "code", Holds::I32)]);

/// A span.
pub(super) static SPAN: Message = message(&[
    one(1, "traceId", Holds::Hex),
    one(2, "spanId", Holds::Hex),
    one(3, "traceState", Holds::Text),
    one(4, "parentSpanId", Holds::Hex),
    one(16, "flags", Holds::Fixed32),
    one(5, "name", Holds::Text),
    one(6, "kind", Holds::I32),
    one(7, "startTimeUnixNano", Holds::Fixed64),
    one(8, "endTimeUnixNano", Holds::Fixed64),
    list(9, "attributes", Holds::Message(&KEY_VALUE)),
    one(10, "droppedAttributesCount", Holds::U32),
    list(11, "events", Holds::Message(&EVENT)),
    one(12, "droppedEventsCount", Holds::U32),
    list(13, "links", Holds::Message(&LINK)),
    one(14, "droppedLinksCount", Holds::U32),
    one(15, "status", Holds::Message(&STATUS)),
]);

/// A log record.
pub(super) static LOG_RECORD: Message = message(&[
    one(1, "timeUnixNano", Holds::Fixed64),
    one(11, "observedTimeUnixNano", Holds::Fixed64),
    one(2, "severityNumber", Holds::I32),
    one(3, "severityText", Holds::Text),
    one(5, "body", Holds::Message(&ANY_VALUE)),
    list(6, "attributes", Holds::Message(&KEY_VALUE)),
    one(7, "droppedAttributesCount", Holds::U32),
    one(8, "flags", Holds::Fixed32),
    one(9, "traceId", Holds::Hex),
    one(10, "spanId", Holds::Hex),
    one(12, "eventName", Holds::Text),
]);

/// An export request without its list, field 1.
pub(super) static REQUEST: Message = message(&[]);
/// What is said of a process: `ResourceSpans` and `ResourceLogs`, without their list, field 2.
pub(super) static OF_RESOURCE: Message =
    message(&[one(1, "resource", Holds::Message(&RESOURCE)), one(3, "schemaUrl", Holds::Text)]);
/// What is said of a library in it: `ScopeSpans` and `ScopeLogs`, without their list, field 2.
pub(super) static OF_SCOPE: Message =
    message(&[one(1, "scope", Holds::Message(&SCOPE)), one(3, "schemaUrl", Holds::Text)]);
