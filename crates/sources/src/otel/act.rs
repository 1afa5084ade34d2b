//! What a span did: its operation, OCSF activity and coarse access.

use std::borrow::Cow;

use model::Access;

use super::attributes::{Attributes, Says};
use super::record::Text;

/// What kind of act a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An agent that runs.
    Agent,
    /// An agent that another calls, or makes.
    RemoteAgent,
    /// A tool.
    Tool,
    /// A model.
    Model,
    /// Something else: a call over HTTP, a step of a program.
    Other,
}

/// The operation of a span, and what it is about.
pub(super) struct Act<'a> {
    pub(super) operation: Text<'a>,
    pub(super) subject: Subject,
    pub(super) activity_id: u8,
    pub(super) access: Access,
}

/// Reads the act off the attributes; `kind` and `name` are the span's own.
pub(super) fn read<'a>(attributes: &Attributes<'a>, kind: Option<&str>, name: Text<'a>) -> Act<'a> {
    let said = attributes.get(Says::Operation).or_else(|| by_kind(attributes, kind).map(Cow::Borrowed));
    if let Some(operation) = said {
        let access = access(&operation);
        let subject = subject(&operation, is_client(kind));
        return Act { activity_id: activity(access), access, subject, operation: Some(operation) };
    }
    if let Some(method) = attributes.get(Says::McpMethod) {
        let access =
            if method.ends_with("/read") || method.ends_with("/list") { Access::Read } else { Access::Execute };
        let subject = if &*method == "tools/call" { Subject::Tool } else { Subject::Other };
        return Act { activity_id: activity(access), access, subject, operation: Some(method) };
    }
    let rpc = attributes.get(Says::RpcService).zip(attributes.get(Says::RpcMethod));
    if let Some((service, method)) = rpc {
        let operation = Some(Cow::Owned(format!("{service}:{method}")));
        return Act { operation, subject: Subject::Other, activity_id: 99, access: Access::Other };
    }
    if let Some(method) = attributes.get(Says::HttpMethod) {
        let access = match &*method {
            "GET" | "HEAD" | "OPTIONS" => Access::Read,
            "PUT" | "PATCH" => Access::Modify,
            "DELETE" => Access::Delete,
            _ => Access::Execute,
        };
        let subject = Subject::Other;
        return Act { activity_id: activity(access), access, subject, operation: Some(method) };
    }
    Act { operation: name, subject: Subject::Other, activity_id: 99, access: Access::Other }
}

/// Kinds of spans of other conventions, as the operations that mean the same.
fn by_kind(attributes: &Attributes<'_>, kind: Option<&str>) -> Option<&'static str> {
    let said = attributes.get(Says::Kind);
    let word = said.as_deref().or(kind).unwrap_or_default();
    Some(match word.to_ascii_lowercase().as_str() {
        "agent" => "invoke_agent",
        "tool" => "execute_tool",
        "llm" => "chat",
        "embedding" => "embeddings",
        "retriever" => "retrieval",
        "workflow" => "invoke_workflow",
        _ => match attributes.get(Says::ModelCall).as_deref()? {
            "completion" => "text_completion",
            "embedding" => "embeddings",
            _ => "chat",
        },
    })
}

fn subject(operation: &str, is_client: bool) -> Subject {
    match operation {
        "create_agent" => Subject::RemoteAgent,
        "invoke_agent" if is_client => Subject::RemoteAgent,
        "invoke_agent" | "invoke_workflow" | "plan" => Subject::Agent,
        "execute_tool" => Subject::Tool,
        "chat" | "generate_content" | "text_completion" | "embeddings" => Subject::Model,
        _ => Subject::Other,
    }
}

/// Whether a span tells of a call from the caller's end.
pub(super) fn is_client(kind: Option<&str>) -> bool {
    matches!(kind, Some("3" | "SPAN_KIND_CLIENT" | "SpanKind.CLIENT" | "CLIENT" | "Client" | "client"))
}

fn access(operation: &str) -> Access {
    match operation {
        "retrieval" | "search_memory" => Access::Read,
        "create_agent" | "create_memory" | "create_memory_store" => Access::Create,
        "update_memory" | "upsert_memory" => Access::Modify,
        "delete_memory" | "delete_memory_store" => Access::Delete,
        _ => Access::Execute,
    }
}

fn activity(access: Access) -> u8 {
    match access {
        Access::Create => 1,
        Access::Read => 2,
        Access::Modify => 3,
        Access::Delete => 4,
        _ => 99,
    }
}
