//! The attributes of an OCSF event that have a column here, in the spellings of versions 1.0 to 1.9.

use serde::Deserialize;

use crate::field::Text;
pub(super) use crate::field::said;
use crate::json;

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) class_uid: Option<i64>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) activity_id: Option<i64>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) type_uid: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) class_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) activity_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) time_dt: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) severity_id: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) status_id: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) status_detail: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) duration: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) actor: Option<Actor<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) group: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) policy: Option<Named<'a>>,
    #[serde(borrow, default, rename = "iam_role", deserialize_with = "json::object")]
    pub(super) role: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) entity: Option<Entity<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) app: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) database: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) databucket: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) service: Option<Named<'a>>,
    #[serde(borrow, default, rename = "finding_info", deserialize_with = "json::object")]
    pub(super) finding: Option<Finding<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) api: Option<Api<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) cloud: Option<Cloud<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) src_endpoint: Option<Endpoint<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) dst_endpoint: Option<Endpoint<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) device: Option<Device<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) http_request: Option<HttpRequest<'a>>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) resources: Vec<Resource<'a>>,
    /// Spelling of 1.0.
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) resource: Option<Resource<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) session: Option<Session<'a>>,
    #[serde(borrow, default, rename = "authentication_token", deserialize_with = "json::object")]
    pub(super) token: Option<Token<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) auth_protocol: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) logon_type: Text<'a>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) is_mfa: Option<bool>,
    /// Spelling of 1.0.
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) mfa: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) auth_factors: Vec<Factor<'a>>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) action_id: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) firewall_rule: Option<Named<'a>>,
    #[serde(default, deserialize_with = "json::object")]
    pub(super) traffic: Option<Traffic>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) trace: Option<Trace<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) ai_agent: Option<AiAgent<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) delegation: Option<Delegation<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) ticket: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) original_event_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) original_time: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) event_code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) correlation_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) tenant_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) product: Option<Product<'a>>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) is_truncated: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Product<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "vendor_name", deserialize_with = "json::text")]
    pub(super) vendor: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Actor<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) session: Option<Session<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) process: Option<Named<'a>>,
    #[serde(borrow, default, rename = "iam_role", deserialize_with = "json::object")]
    pub(super) role: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) app_name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) app_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) invoked_by: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::objects")]
    pub(super) authorizations: Vec<Authorization<'a>>,
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid_alt: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "email_addr", deserialize_with = "json::text")]
    pub(super) email: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) type_id: Option<i64>,
    #[serde(borrow, default, rename = "credential_uid", deserialize_with = "json::text")]
    pub(super) credential: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) account: Option<Named<'a>>,
    /// Spelling of 1.0.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) account_uid: Text<'a>,
    #[serde(borrow, default, rename = "programmatic_credentials", deserialize_with = "json::objects")]
    pub(super) credentials: Vec<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Session<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) issuer: Text<'a>,
    #[serde(borrow, default, rename = "credential_uid", deserialize_with = "json::text")]
    pub(super) credential: Text<'a>,
    #[serde(default, rename = "created_time", deserialize_with = "json::integer")]
    pub(super) created: Option<i64>,
    #[serde(default, rename = "expiration_time", deserialize_with = "json::integer")]
    pub(super) expires: Option<i64>,
    #[serde(default, deserialize_with = "json::boolean")]
    pub(super) is_mfa: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Token<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(default, rename = "created_time", deserialize_with = "json::integer")]
    pub(super) created: Option<i64>,
    #[serde(default, rename = "expiration_time", deserialize_with = "json::integer")]
    pub(super) expires: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Authorization<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) decision: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) policy: Option<Named<'a>>,
}

/// Anything with an id and a name.
#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) title: Text<'a>,
}

/// A managed entity: one of these is filled.
#[derive(Deserialize)]
pub(super) struct Entity<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) policy: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) user: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) group: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) device: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) org: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Finding<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) title: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Api<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) operation: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) service: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) request: Option<ApiRequest<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) response: Option<ApiResponse<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) token: Option<Token<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ApiRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct ApiResponse<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) code: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) error_message: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Cloud<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) account: Option<Named<'a>>,
    /// Spelling of 1.0.
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) account_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) org: Option<Named<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) project_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) region: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Endpoint<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) ip: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) port: Option<i64>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hostname: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) domain: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) svc_name: Text<'a>,
    #[serde(borrow, default, rename = "vpc_uid", deserialize_with = "json::text")]
    pub(super) vpc: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) location: Option<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) autonomous_system: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) country: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Device<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) hostname: Text<'a>,
    #[serde(default, rename = "is_managed", deserialize_with = "json::boolean")]
    pub(super) managed: Option<bool>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) os: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct HttpRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) user_agent: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Resource<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) role_id: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Factor<'a> {
    #[serde(borrow, default, rename = "factor_type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Traffic {
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) bytes_in: Option<i64>,
    #[serde(default, deserialize_with = "json::integer")]
    pub(super) bytes_out: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Trace<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    pub(super) span: Option<Span<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Span<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) parent_uid: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct AiAgent<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) instance_uid: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) version: Text<'a>,
    #[serde(borrow, default, rename = "ai_model", deserialize_with = "json::object")]
    pub(super) model: Option<Named<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Delegation<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    pub(super) uid: Text<'a>,
}
