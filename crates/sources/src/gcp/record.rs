//! The shape of a `LogEntry` with an `AuditLog` payload, as exporters spell it.
//!
//! Sinks, agents and tables change the case of some keys (`insertid`, `protopayload`), and one record
//! can carry two spellings of the same key. So each spelling is a field of its own, and the accessors
//! below choose; a serde alias would refuse such a record as having a duplicate key.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;

type OptText<'a> = Option<Cow<'a, str>>;

/// One log entry.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LogEntry<'a> {
    #[serde(rename = "insertId", borrow, default, deserialize_with = "json::text")]
    insert_id: OptText<'a>,
    #[serde(rename = "insertid", borrow, default, deserialize_with = "json::text")]
    insert_id_lower: OptText<'a>,
    #[serde(rename = "logName", borrow, default, deserialize_with = "json::text")]
    log_name: OptText<'a>,
    #[serde(rename = "logname", borrow, default, deserialize_with = "json::text")]
    log_name_lower: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) timestamp: OptText<'a>,
    #[serde(rename = "receiveTimestamp", borrow, default, deserialize_with = "json::text")]
    receive_timestamp: OptText<'a>,
    #[serde(rename = "receivetimestamp", borrow, default, deserialize_with = "json::text")]
    receive_timestamp_lower: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) severity: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Monitored<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) labels: Option<Labels<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) operation: Option<Operation<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) trace: OptText<'a>,
    #[serde(rename = "spanId", borrow, default, deserialize_with = "json::text")]
    pub(super) span_id: OptText<'a>,
    #[serde(rename = "protoPayload", borrow, default, deserialize_with = "json::object")]
    proto_payload: Option<AuditLog<'a>>,
    #[serde(rename = "protopayload", borrow, default, deserialize_with = "json::object")]
    proto_payload_lower: Option<AuditLog<'a>>,
    #[serde(rename = "protopayload_auditlog", borrow, default, deserialize_with = "json::object")]
    proto_payload_table: Option<AuditLog<'a>>,
    #[serde(rename = "jsonPayload", borrow, default, deserialize_with = "json::object")]
    json_payload: Option<AuditLog<'a>>,
}

impl<'a> LogEntry<'a> {
    /// The payload, under whichever key it travels.
    pub(super) fn take_payload(&mut self) -> Option<AuditLog<'a>> {
        let payload = self.proto_payload.take();
        let payload = payload.or_else(|| self.proto_payload_lower.take());
        let payload = payload.or_else(|| self.proto_payload_table.take());
        payload.or_else(|| self.json_payload.take())
    }

    /// The id of the entry, unique within its log and time.
    pub(super) fn take_insert_id(&mut self) -> OptText<'a> {
        present(self.insert_id.take()).or_else(|| present(self.insert_id_lower.take()))
    }

    /// `projects/<id>/logs/cloudaudit.googleapis.com%2Factivity` and the like.
    pub(super) fn log_name(&self) -> Option<&str> {
        self.log_name.as_deref().or(self.log_name_lower.as_deref())
    }

    /// When Cloud Logging received the entry: the last resort for the event time.
    pub(super) fn take_receive_timestamp(&mut self) -> OptText<'a> {
        self.receive_timestamp.take().or_else(|| self.receive_timestamp_lower.take())
    }
}

/// The monitored resource.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Monitored<'a> {
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) labels: Option<MonitoredLabels<'a>>,
}

/// The labels of a monitored resource that say where and what.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MonitoredLabels<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) project_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) organization_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) folder_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) location: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) region: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) zone: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) cluster_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) email_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) unique_id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) bucket_name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) service: OptText<'a>,
}

/// The labels of the entry itself that carry facts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Labels<'a> {
    #[serde(rename = "authorization.k8s.io/decision", borrow, default, deserialize_with = "json::text")]
    pub(super) k8s_decision: OptText<'a>,
    #[serde(rename = "authorization.k8s.io/reason", borrow, default, deserialize_with = "json::text")]
    pub(super) k8s_reason: OptText<'a>,
    #[serde(rename = "compute.googleapis.com/root_trigger_id", borrow, default, deserialize_with = "json::text")]
    pub(super) root_trigger_id: OptText<'a>,
}

/// The long-running operation that an entry belongs to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Operation<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) producer: OptText<'a>,
}

/// `google.cloud.audit.AuditLog`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AuditLog<'a> {
    #[serde(rename = "serviceName", borrow, default, deserialize_with = "json::text")]
    pub(super) service_name: OptText<'a>,
    #[serde(rename = "methodName", borrow, default, deserialize_with = "json::text")]
    pub(super) method_name: OptText<'a>,
    #[serde(rename = "resourceName", borrow, default, deserialize_with = "json::text")]
    pub(super) resource_name: OptText<'a>,
    #[serde(rename = "resourceLocation", borrow, default, deserialize_with = "json::object")]
    pub(super) resource_location: Option<ResourceLocation<'a>>,
    #[serde(rename = "numResponseItems", default, deserialize_with = "json::integer")]
    pub(super) num_response_items: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) status: Option<RpcStatus<'a>>,
    #[serde(rename = "authenticationInfo", borrow, default, deserialize_with = "json::object")]
    pub(super) authentication: Option<Authentication<'a>>,
    #[serde(rename = "authorizationInfo", borrow, default, deserialize_with = "json::objects")]
    pub(super) authorization: Vec<Authorization<'a>>,
    #[serde(rename = "requestMetadata", borrow, default, deserialize_with = "json::object")]
    pub(super) request_metadata: Option<RequestMetadata<'a>>,
    #[serde(borrow, default)]
    pub(super) request: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(rename = "serviceData", borrow, default)]
    pub(super) service_data: Option<&'a RawValue>,
    #[serde(rename = "servicedata_v1_iam", borrow, default)]
    pub(super) service_data_table: Option<&'a RawValue>,
    // Entries whose own fields some exporter moved into the payload.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) timestamp: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Monitored<'a>>,
}

/// Where the resource lives.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ResourceLocation<'a> {
    #[serde(rename = "currentLocations", borrow, default, deserialize_with = "json::texts")]
    pub(super) current: Vec<Cow<'a, str>>,
}

/// `google.rpc.Status`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RpcStatus<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) code: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) message: OptText<'a>,
}

/// Who called.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Authentication<'a> {
    #[serde(rename = "principalEmail", borrow, default, deserialize_with = "json::text")]
    pub(super) email: OptText<'a>,
    #[serde(rename = "principalSubject", borrow, default, deserialize_with = "json::text")]
    pub(super) subject: OptText<'a>,
    #[serde(rename = "serviceAccountKeyName", borrow, default, deserialize_with = "json::text")]
    pub(super) key_name: OptText<'a>,
    #[serde(rename = "authoritySelector", borrow, default, deserialize_with = "json::text")]
    pub(super) authority_selector: OptText<'a>,
    #[serde(rename = "serviceAccountDelegationInfo", borrow, default, deserialize_with = "json::objects")]
    pub(super) delegation: Vec<Delegate<'a>>,
    #[serde(rename = "oauthInfo", borrow, default, deserialize_with = "json::object")]
    pub(super) oauth: Option<OAuth<'a>>,
}

/// The OAuth client that a person's token was issued to.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OAuth<'a> {
    #[serde(rename = "oauthClientId", borrow, default, deserialize_with = "json::text")]
    pub(super) client_id: OptText<'a>,
}

/// One hop before the service account that called.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Delegate<'a> {
    #[serde(rename = "principalSubject", borrow, default, deserialize_with = "json::text")]
    pub(super) subject: OptText<'a>,
    #[serde(rename = "firstPartyPrincipal", borrow, default, deserialize_with = "json::object")]
    pub(super) first_party: Option<FirstParty<'a>>,
}

/// A Google identity in a delegation.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FirstParty<'a> {
    #[serde(rename = "principalEmail", borrow, default, deserialize_with = "json::text")]
    pub(super) email: OptText<'a>,
}

/// One permission that was checked.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Authorization<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) resource: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) permission: OptText<'a>,
    #[serde(rename = "permissionType", borrow, default, deserialize_with = "json::text")]
    pub(super) permission_type: OptText<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) granted: Option<bool>,
    #[serde(rename = "resourceAttributes", borrow, default, deserialize_with = "json::object")]
    pub(super) attributes: Option<ResourceAttributes<'a>>,
}

/// What a permission was checked on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ResourceAttributes<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: OptText<'a>,
    #[serde(rename = "type", borrow, default, deserialize_with = "json::text")]
    pub(super) kind: OptText<'a>,
}

/// Where the call came from.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RequestMetadata<'a> {
    #[serde(rename = "callerIp", borrow, default, deserialize_with = "json::text")]
    caller_ip: OptText<'a>,
    #[serde(rename = "callerIP", borrow, default, deserialize_with = "json::text")]
    caller_ip_upper: OptText<'a>,
    #[serde(rename = "callerSuppliedUserAgent", borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: OptText<'a>,
    #[serde(rename = "callerNetwork", borrow, default, deserialize_with = "json::text")]
    pub(super) network: OptText<'a>,
    #[serde(rename = "requestAttributes", borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<RequestAttributes<'a>>,
    #[serde(rename = "destinationAttributes", borrow, default, deserialize_with = "json::object")]
    pub(super) destination: Option<Peer<'a>>,
}

impl<'a> RequestMetadata<'a> {
    /// The caller's address, or the word that stands for one.
    pub(super) fn take_caller_ip(&mut self) -> OptText<'a> {
        present(self.caller_ip.take()).or_else(|| present(self.caller_ip_upper.take()))
    }
}

/// The request as the front end saw it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RequestAttributes<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) id: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: OptText<'a>,
}

/// The other end of the connection.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Peer<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip: OptText<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) port: Option<i64>,
}

/// A text that is there and not empty.
pub(super) fn present(text: OptText<'_>) -> OptText<'_> {
    text.filter(|text| !text.is_empty())
}

/// Reads a part of the payload that most methods do not need; `None` when it is absent, no object, or
/// cannot be read.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    raw.map(RawValue::get).filter(|text| text.starts_with('{')).and_then(|text| serde_json::from_str(text).ok())
}
