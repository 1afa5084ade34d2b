//! Attributes of a span: which are read, under all the names they have had.
//!
//! Only what is listed here ever leaves a record. Prompts, completions, instructions and results are
//! not, under any of their names, so they become no column; of the arguments of a tool only a digest does.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json;

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// What the span did: `chat`, `execute_tool`.
    Operation,
    /// The same in conventions that have kinds of spans instead: `TOOL`, `agent`.
    Kind,
    /// The same in conventions that only mark calls of models: `chat`, `completion`.
    ModelCall,
    /// The provider of the model.
    Provider,
    AgentId,
    AgentName,
    AgentVersion,
    /// How the agent ran.
    Mode,
    /// The run: a conversation, a session, a thread.
    Run,
    Model,
    Tool,
    ToolCall,
    /// Arguments of the tool: only their digest is kept.
    Arguments,
    /// The person on whose behalf.
    User,
    /// `jti` of the token that was shown.
    Token,
    /// Issuer of that token.
    TokenIssuer,
    /// What the run is for.
    Purpose,
    /// The ticket that asked for it.
    Ticket,
    McpMethod,
    McpSession,
    McpResource,
    RpcService,
    RpcMethod,
    HttpMethod,
    HttpStatus,
    Url,
    /// Id of a log record.
    LogRecord,
    /// Id that the other end gave to a request.
    Request,
    ServerAddress,
    ServerPort,
    ClientAddress,
    UserAgent,
    Error,
    StatusDescription,
    Service,
    ServiceNamespace,
    ServiceInstance,
    Workload,
    WorkloadId,
    WorkloadNamespace,
    Node,
    CloudAccount,
    CloudRegion,
}

/// Every name that is read, and what it says; of two names for one thing the first listed counts.
/// `docs/sources/otel.md` says which convention each is of.
const NAMES: &[(&str, Says)] = &[
    ("gen_ai.operation.name", Says::Operation),
    ("openinference.span.kind", Says::Kind),
    ("traceloop.span.kind", Says::Kind),
    ("llm.request.type", Says::ModelCall),
    ("gen_ai.provider.name", Says::Provider),
    ("gen_ai.system", Says::Provider),
    ("llm.provider", Says::Provider),
    ("llm.system", Says::Provider),
    ("gen_ai.agent.id", Says::AgentId),
    ("gen_ai.agent.name", Says::AgentName),
    ("agent.name", Says::AgentName),
    ("gen_ai.agent.version", Says::AgentVersion),
    ("gen_ai.agent.mode", Says::Mode),
    ("agent.mode", Says::Mode),
    ("gen_ai.conversation.id", Says::Run),
    ("session.id", Says::Run),
    ("traceloop.association.properties.session_id", Says::Run),
    ("gen_ai.openai.assistant.thread.id", Says::Run),
    ("gen_ai.request.model", Says::Model),
    ("gen_ai.response.model", Says::Model),
    ("llm.model_name", Says::Model),
    ("llm.request.model", Says::Model),
    ("llm.model", Says::Model),
    ("gen_ai.tool.name", Says::Tool),
    ("tool.name", Says::Tool),
    ("function.name", Says::Tool),
    ("gen_ai.tool.call.id", Says::ToolCall),
    ("tool_call.id", Says::ToolCall),
    ("gen_ai.tool.call.arguments", Says::Arguments),
    ("tool.parameters", Says::Arguments),
    ("tool.arguments", Says::Arguments),
    ("function.input", Says::Arguments),
    ("user.id", Says::User),
    ("enduser.id", Says::User),
    ("traceloop.association.properties.user_id", Says::User),
    ("token.jti", Says::Token),
    ("oauth.token.jti", Says::Token),
    ("token.iss", Says::TokenIssuer),
    ("oauth.token.iss", Says::TokenIssuer),
    ("gen_ai.agent.purpose", Says::Purpose),
    ("agent.purpose", Says::Purpose),
    ("ticket.id", Says::Ticket),
    ("mcp.method.name", Says::McpMethod),
    ("mcp.session.id", Says::McpSession),
    ("mcp.resource.uri", Says::McpResource),
    ("rpc.service", Says::RpcService),
    ("rpc.method", Says::RpcMethod),
    ("http.request.method", Says::HttpMethod),
    ("http.method", Says::HttpMethod),
    ("http.response.status_code", Says::HttpStatus),
    ("http.status_code", Says::HttpStatus),
    ("url.full", Says::Url),
    ("http.url", Says::Url),
    ("log.record.uid", Says::LogRecord),
    ("aws.request_id", Says::Request),
    ("aws.requestId", Says::Request),
    ("http.response.header.x-amzn-requestid", Says::Request),
    ("http.response.header.x-amz-request-id", Says::Request),
    ("http.response.header.x-github-request-id", Says::Request),
    ("http.response.header.x-ms-request-id", Says::Request),
    ("http.response.header.x-okta-request-id", Says::Request),
    ("http.response.header.x-request-id", Says::Request),
    ("http.response.header.audit-id", Says::Request),
    ("server.address", Says::ServerAddress),
    ("net.peer.name", Says::ServerAddress),
    ("server.port", Says::ServerPort),
    ("net.peer.port", Says::ServerPort),
    ("client.address", Says::ClientAddress),
    ("user_agent.original", Says::UserAgent),
    ("error.type", Says::Error),
    ("otel.status_description", Says::StatusDescription),
    ("status.description", Says::StatusDescription),
    ("service.name", Says::Service),
    ("service.namespace", Says::ServiceNamespace),
    ("service.instance.id", Says::ServiceInstance),
    ("k8s.pod.name", Says::Workload),
    ("faas.name", Says::Workload),
    ("container.name", Says::Workload),
    ("k8s.pod.uid", Says::WorkloadId),
    ("faas.instance", Says::WorkloadId),
    ("container.id", Says::WorkloadId),
    ("k8s.namespace.name", Says::WorkloadNamespace),
    ("k8s.node.name", Says::Node),
    ("host.name", Says::Node),
    ("cloud.account.id", Says::CloudAccount),
    ("cloud.region", Says::CloudRegion),
];

/// The attributes of a span or a resource that are read.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    /// Place in [`NAMES`], and value.
    found: Vec<(usize, Cow<'a, str>)>,
}

impl<'a> Attributes<'a> {
    /// The value that is said under the first of its names.
    pub(super) fn get(&self, what: Says) -> Option<Cow<'a, str>> {
        self.all(what).next()
    }

    /// The values that are said under any of its names, in the order of [`NAMES`].
    pub(super) fn all(&self, what: Says) -> impl Iterator<Item = Cow<'a, str>> {
        let mut found: Vec<_> = self
            .found
            .iter()
            .filter(|(place, value)| NAMES.get(*place).is_some_and(|name| name.1 == what) && !value.is_empty())
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, value)| value.clone())
    }

    /// What a process says of itself, wherever it stands: beside the span, or copied into it on its way.
    pub(super) fn either(&self, resource: &Attributes<'a>, what: Says) -> Option<Cow<'a, str>> {
        resource.get(what).or_else(|| self.get(what))
    }

    fn add(&mut self, place: Option<usize>, value: Option<Cow<'a, str>>) {
        if let (Some(place), Some(value)) = (place, value)
            && self.found.iter().all(|(known, _)| *known != place)
        {
            self.found.push((place, value));
        }
    }
}

fn place(key: &str) -> Option<usize> {
    NAMES.iter().position(|(name, _)| *name == key)
}

/// A key and its value in OTLP, where the type of a value is the name of its field.
#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    key: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    value: Option<Value<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    #[serde(borrow, default, alias = "string_value", deserialize_with = "json::text")]
    string_value: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "int_value", deserialize_with = "json::text")]
    int_value: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "bool_value", deserialize_with = "json::text")]
    bool_value: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "array_value", deserialize_with = "json::object")]
    array_value: Option<Values<'a>>,
}

#[derive(Deserialize)]
struct Values<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    values: Vec<Value<'a>>,
}

impl<'a> Value<'a> {
    /// A scalar; of a list its first element, as headers are lists of one.
    fn text(self) -> Option<Cow<'a, str>> {
        let scalar = self.string_value.or(self.int_value).or(self.bool_value);
        scalar.or_else(|| self.array_value?.values.into_iter().next()?.text())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Attributes<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes as a list of pairs or an object")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Attributes::default();
                for pair in json::objects::<_, Pair<'de>>(SeqAccessDeserializer::new(seq))? {
                    let place = pair.key.as_deref().and_then(place);
                    attributes.add(place, pair.value.filter(|_| place.is_some()).and_then(Value::text));
                }
                Ok(attributes)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(Key(key)) = map.next_key()? {
                    match key {
                        // Arguments may be an object: then they count as they are written.
                        Some(place) if NAMES.get(place).is_some_and(|name| name.1 == Says::Arguments) => {
                            let raw = map.next_value::<&'de RawValue>()?.get();
                            let text = match raw.as_bytes().first() {
                                Some(b'{' | b'[') => Some(Cow::Borrowed(raw)),
                                _ => json::text(&mut serde_json::Deserializer::from_str(raw)).ok().flatten(),
                            };
                            attributes.add(Some(place), text);
                        }
                        Some(place) => {
                            let First(value) = map.next_value()?;
                            attributes.add(Some(place), value);
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(attributes)
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Attributes::default())
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A key, as its place among the names.
struct Key(Option<usize>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Key(json::text(deserializer)?.as_deref().and_then(place)))
    }
}

/// A scalar, or the first of a list.
struct First<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(First(json::texts(deserializer)?.into_iter().next()))
    }
}
