//! The event: what one record says, in the flat shape of `schema.md` 2.1.
//!
//! Normalising is stateless, so an event holds only what can be read off its own record: who, what,
//! when, where, with which credential, and the facts that lineage will need. What the pipeline knows
//! (log, leaf index, source, times of receipt and sequencing, normaliser) is added by the lake.
//!
//! Texts borrow from the record where they can: at a hundred thousand events a second, a copy per
//! field would cost more than the parse.

use std::borrow::Cow;

use crate::{
    Access, ActorKind, AliasRel, CredentialChangeKind, Effect, Entitlement, GrantPhase, Human, Inventory, Mode, Party,
    Platform, ResourceRole, Status, StepKind, TimePrecision,
};

#[cfg(test)]
mod tests;

/// A text, borrowed from the record or built for this event.
pub type Text<'a> = Cow<'a, str>;

/// An identity that can act, as far as one record shows it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Principal<'a> {
    /// Canonical URI (`identity.md` 3.2).
    pub uri: String,
    /// What kind of principal.
    pub kind: ActorKind,
    /// The name in the record, verbatim.
    pub name: Option<Text<'a>>,
    /// Whether a human acted.
    pub is_human: Human,
    /// The rule of `identity.md` 3.4 that decided, as in `R1:k8s-serviceaccount`.
    pub rule: &'static str,
}

/// A digest of a credential, as the platform logs it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fingerprint<'a> {
    /// `sha256`, `hmac-sha256`, ...
    pub algorithm: &'static str,
    /// `hex` or `base64`.
    pub encoding: &'static str,
    /// The digest as text.
    pub value: Text<'a>,
}

/// What a principal acted with. Never the secret itself.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Credential<'a> {
    /// Canonical URI, class `cred`.
    pub uri: String,
    /// The type part of the URI: `access-key`, `sts-key`, `jti`, `accessor`, ...
    pub kind: Text<'a>,
    /// The platform's own id, verbatim.
    pub native_id: Option<Text<'a>>,
    /// A digest of the credential, if the platform logs one.
    pub fingerprint: Option<Fingerprint<'a>>,
    /// Who issued it.
    pub issuer: Option<Text<'a>>,
    /// For whom it is meant.
    pub audience: Vec<Text<'a>>,
    /// What it allows, as the record says.
    pub scopes: Vec<Text<'a>>,
    /// Valid from, nanoseconds since 1970.
    pub not_before: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// Key it is bound to (`cnf`).
    pub confirmation: Option<Text<'a>>,
    /// Whether it was obtained with a second factor.
    pub mfa: Option<bool>,
    /// URI of the credential it was minted with.
    pub parent: Option<String>,
    /// How often it may be used, if that is limited.
    pub uses_max: Option<u32>,
}

/// A credential that this record says was refreshed, revoked, disabled, enabled or rotated.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct CredentialChange<'a> {
    /// What happened.
    pub change: CredentialChangeKind,
    /// Canonical URI, class `cred`.
    pub uri: String,
    /// The platform's own id, verbatim.
    pub native_id: Option<Text<'a>>,
    /// URI of the principal whose credential it is.
    pub holder: Option<String>,
}

/// One link of the delegation chain; index 0 is the initiator, the last is the executor.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Step<'a> {
    /// URI of the principal.
    pub principal: String,
    /// How it led to the next one.
    pub step: StepKind,
    /// JSON pointer of the value that shows it.
    pub evidence_path: &'static str,
    /// Who says so: the platform, a service, the caller.
    pub asserted_by: Text<'a>,
    /// Whether the platform checked it.
    pub verified: bool,
}

/// An AI agent.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Agent<'a> {
    /// Stable id of the agent.
    pub uid: Option<Text<'a>>,
    /// Id of one instance.
    pub instance: Option<Text<'a>>,
    /// Id of one run.
    pub run: Option<Text<'a>>,
    /// Interactive or autonomous.
    pub mode: Option<Mode>,
    /// The model it ran on.
    pub model: Option<Text<'a>>,
    /// Version of the agent.
    pub version: Option<Text<'a>>,
}

/// How an identity was proved.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Authn<'a> {
    /// `saml`, `oidc`, `oauth2`, `password`, `approle`, ...
    pub protocol: Option<Text<'a>>,
    /// The platform's name of the method.
    pub method: Option<Text<'a>>,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// The factors, as the record names them.
    pub factors: Vec<Text<'a>>,
}

/// What a policy decision point decided.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Decision<'a> {
    /// Allowed, denied or only observed.
    pub effect: Option<Effect>,
    /// Who decided.
    pub pdp: Option<Text<'a>>,
    /// The policies named.
    pub policies: Vec<Text<'a>>,
    /// The rule that matched.
    pub rule: Option<Text<'a>>,
    /// The reason, verbatim.
    pub reason: Option<Text<'a>>,
}

/// The call.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Api<'a> {
    /// `s3`, `core/v1`, `kv`, `iam.googleapis.com`, ...
    pub service: Option<Text<'a>>,
    /// `s3:GetObject`, `get secrets`, ... The action that `--action` matches; see each source page.
    pub operation: Option<Text<'a>>,
    /// The platform's id of the request.
    pub request_id: Option<Text<'a>>,
}

/// What was acted on.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Resource<'a> {
    /// Canonical URI, class `resource`.
    pub uri: String,
    /// The platform's type: `s3-object`, `secrets`, `lease`, ...
    pub kind: Text<'a>,
    /// The name or ARN in the record, verbatim.
    pub name: Option<Text<'a>>,
    /// Its part in the event.
    pub role: ResourceRole,
}

/// Access to a secret's value.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct SecretAccess<'a> {
    /// Path, ARN or `namespace/name` of the secret.
    pub path: Option<Text<'a>>,
    /// Version read or written.
    pub version: Option<Text<'a>>,
    /// Lease under which it was handed out.
    pub lease_id: Option<Text<'a>>,
}

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Endpoint<'a> {
    /// IP address, as text.
    pub ip: Option<Text<'a>>,
    /// Port.
    pub port: Option<u16>,
    /// Name, when the record has a name instead of an address.
    pub host: Option<Text<'a>>,
    /// Country as the platform says.
    pub country: Option<Text<'a>>,
    /// Network as the platform says: VPC endpoint, AS, zone.
    pub network: Option<Text<'a>>,
}

/// The device a human used.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Device<'a> {
    /// Id.
    pub id: Option<Text<'a>>,
    /// Name.
    pub name: Option<Text<'a>>,
    /// Operating system.
    pub os: Option<Text<'a>>,
    /// Managed or compliant, as the platform says.
    pub managed: Option<bool>,
}

/// The workload an actor ran in.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Workload<'a> {
    /// Pod, function, instance, job.
    pub name: Option<Text<'a>>,
    /// Its immutable id.
    pub uid: Option<Text<'a>>,
    /// Namespace, project or repository.
    pub namespace: Option<Text<'a>>,
    /// Node or host it ran on.
    pub node: Option<Text<'a>>,
}

/// A call of a tool by an agent.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Tool<'a> {
    /// Name of the tool.
    pub name: Option<Text<'a>>,
    /// Server that offers it.
    pub server: Option<Text<'a>>,
    /// Id of the call.
    pub call_id: Option<Text<'a>>,
    /// SHA-256 of the arguments, hex.
    pub argument_digest: Option<String>,
}

/// Why it was done, as declared.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Purpose<'a> {
    /// Free text.
    pub reason: Option<Text<'a>>,
    /// Ticket or change id.
    pub ticket: Option<Text<'a>>,
    /// Job or pipeline.
    pub job: Option<Text<'a>>,
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change<'a> {
    /// Name of the field.
    pub field: Text<'a>,
    /// Value before.
    pub before: Option<Text<'a>>,
    /// Value after.
    pub after: Option<Text<'a>>,
}

/// Another record that this one names.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Related<'a> {
    /// `shared-event`, `request-response`, `group`, ...
    pub rel: &'static str,
    /// The other record's id at its source.
    pub source_event_id: Text<'a>,
}

/// Two names seen in one record, or one name that leads to another.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Alias {
    /// URI.
    pub a: String,
    /// URI.
    pub b: String,
    /// How they relate.
    pub rel: AliasRel,
    /// Which rule of the module says so, as in `aws:arn+principalId`.
    pub rule: &'static str,
}

/// What this record says about a grant.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct GrantFact<'a> {
    /// Canonical URI, class `grant`.
    pub uri: String,
    /// Step in its life.
    pub phase: GrantPhase,
    /// Who asked.
    pub requester: Option<String>,
    /// Who receives it.
    pub beneficiary: Option<String>,
    /// Who approved or denied.
    pub approver: Option<String>,
    /// Role, resource or privileges, verbatim.
    pub target: Option<Text<'a>>,
    /// Justification.
    pub reason: Option<Text<'a>>,
    /// Ticket.
    pub ticket: Option<Text<'a>>,
    /// Valid from, nanoseconds since 1970.
    pub not_before: Option<i64>,
    /// Valid until, nanoseconds since 1970.
    pub not_after: Option<i64>,
    /// Longest allowed duration in seconds.
    pub duration_s: Option<u64>,
    /// What it is limited to, as other records name it: a canonical URI, or a name verbatim; a `*` at
    /// the end stands for everything that begins so. A grant for several things has a fact for each.
    pub resource: Option<Text<'a>>,
    /// The policy that decides who must agree: its name or id.
    pub policy: Option<Text<'a>>,
    /// Version or digest of that policy.
    pub policy_version: Option<Text<'a>>,
    /// Approvals that policy asks for.
    pub approvals_min: Option<u32>,
}

impl GrantFact<'_> {
    /// A step in the life of a grant of which nothing more is known.
    pub fn new(uri: String, phase: GrantPhase) -> Self {
        GrantFact {
            uri,
            phase,
            requester: None,
            beneficiary: None,
            approver: None,
            target: None,
            reason: None,
            ticket: None,
            not_before: None,
            not_after: None,
            duration_s: None,
            resource: None,
            policy: None,
            policy_version: None,
            approvals_min: None,
        }
    }
}

/// What is wrong with the record, or weak about it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Quality {
    /// Columns a complete record of this platform would fill.
    pub missing: Vec<&'static str>,
    /// The platform says it cut the record.
    pub truncated: bool,
    /// The platform says it kept only some records.
    pub sampled: bool,
    /// Values were hidden by the platform.
    pub redacted: bool,
    /// A JSON object had the same key twice; the last one counts.
    pub duplicate_keys: bool,
}

/// The normalised view of one record.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Event<'a> {
    /// The platform whose module or mapping file read the record.
    pub platform: Platform,
    /// The record's id at its source.
    pub source_event_id: Option<Text<'a>>,
    /// Event time by the source's clock, nanoseconds since 1970. Without one the lake uses the time
    /// of receipt and lists `time` in `quality_missing`.
    pub time: Option<i64>,
    /// The time, verbatim.
    pub time_raw: Option<Text<'a>>,
    /// How fine it was.
    pub time_precision: TimePrecision,
    /// OCSF class.
    pub class_uid: u32,
    /// OCSF activity within the class.
    pub activity_id: u8,
    /// Outcome.
    pub status: Status,
    /// The platform's outcome code, verbatim.
    pub status_code: Option<Text<'a>>,
    /// OCSF severity: 1 informational unless the platform or the act says more.
    pub severity_id: u8,
    /// What was done, coarsely.
    pub access: Access,
    /// Organisation, tenant or account the record belongs to.
    pub tenant: Option<Text<'a>>,
    /// Tenancy or issuer boundary of the names in it; never empty, `unknown` is allowed.
    pub authority: Text<'a>,
    /// Region.
    pub region: Option<Text<'a>>,

    /// Who executed.
    pub actor: Principal<'a>,
    /// URI of whose rights were used, if not the actor's own.
    pub subject: Option<String>,
    /// URI of who started it, as the record says.
    pub initiator: Option<String>,
    /// Initiator first, executor last; empty when there is no delegation.
    pub chain: Vec<Step<'a>>,
    /// Whose the actor is.
    pub party: Option<Party>,
    /// Role under which the actor worked, verbatim.
    pub role: Option<Text<'a>>,
    /// Whether the actor or the act is privileged, if the record shows it.
    pub privileged: Option<bool>,
    /// The AI agent behind the act.
    pub agent: Agent<'a>,
    /// The workload the actor ran in.
    pub workload: Workload<'a>,

    /// What the actor acted with.
    pub credential: Option<Credential<'a>>,
    /// A credential this record shows being issued.
    pub issued_credential: Option<Credential<'a>>,
    /// Credentials refreshed, revoked, disabled, enabled or rotated.
    pub credential_changes: Vec<CredentialChange<'a>>,
    /// URI of the session, class `session`.
    pub session: Option<String>,
    /// URIs of grants this event names.
    pub grant_refs: Vec<String>,
    /// What the record says about grants.
    pub grants: Vec<GrantFact<'a>>,
    /// Names seen together.
    pub aliases: Vec<Alias>,
    /// The item of an inventory that this record is; boxed, for few records are one.
    pub inventory: Option<Box<Inventory<'a>>>,
    /// What the record, an inventory's, says that holders may do.
    pub entitlements: Vec<Entitlement<'a>>,
    /// OCSF delegation uid.
    pub delegation_uid: Option<Text<'a>>,

    /// How the identity was proved.
    pub authn: Authn<'a>,
    /// What was decided, by whom.
    pub decision: Decision<'a>,
    /// The call.
    pub api: Api<'a>,
    /// What was acted on.
    pub resources: Vec<Resource<'a>>,
    /// Access to a secret's value.
    pub secret_access: SecretAccess<'a>,
    /// Where it came from.
    pub src: Endpoint<'a>,
    /// User agent, verbatim.
    pub user_agent: Option<Text<'a>>,
    /// The caller's program as the platform names it.
    pub client_app: Option<Text<'a>>,
    /// Where it went.
    pub dst: Endpoint<'a>,
    /// Device of a person.
    pub device: Device<'a>,
    /// Process on a host.
    pub process: Option<Text<'a>>,

    /// W3C trace id.
    pub trace_id: Option<Text<'a>>,
    /// Span id.
    pub span_id: Option<Text<'a>>,
    /// Parent span id.
    pub parent_span_id: Option<Text<'a>>,
    /// Every value by which another record names this one: request id, trace id, `sharedEventID`, `auditID`.
    pub correlation_ids: Vec<Text<'a>>,
    /// Records this one names.
    pub related: Vec<Related<'a>>,

    /// Error code, verbatim.
    pub error_code: Option<Text<'a>>,
    /// Error message, verbatim.
    pub error_message: Option<Text<'a>>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// Bytes towards the resource.
    pub data_bytes_in: Option<i64>,
    /// Bytes from the resource.
    pub data_bytes_out: Option<i64>,
    /// Rows or items touched.
    pub data_rows: Option<i64>,
    /// Values changed.
    pub changes: Vec<Change<'a>>,
    /// Tool call of an agent.
    pub tool: Tool<'a>,
    /// Declared reason.
    pub purpose: Purpose<'a>,
    /// What is wrong with the record, or weak about it.
    pub quality: Quality,
}

impl<'a> Event<'a> {
    /// An event with nothing but what is never empty; modules fill in what the record has.
    pub fn new(platform: Platform, authority: Text<'a>, actor: Principal<'a>) -> Event<'a> {
        Event {
            platform,
            source_event_id: None,
            time: None,
            time_raw: None,
            time_precision: TimePrecision::Second,
            class_uid: 6003,
            activity_id: 99,
            status: Status::Unknown,
            status_code: None,
            severity_id: 1,
            access: Access::Other,
            tenant: None,
            authority,
            region: None,
            actor,
            subject: None,
            initiator: None,
            chain: Vec::new(),
            party: None,
            role: None,
            privileged: None,
            agent: Agent::default(),
            workload: Workload::default(),
            credential: None,
            issued_credential: None,
            credential_changes: Vec::new(),
            session: None,
            grant_refs: Vec::new(),
            grants: Vec::new(),
            aliases: Vec::new(),
            inventory: None,
            entitlements: Vec::new(),
            delegation_uid: None,
            authn: Authn::default(),
            decision: Decision::default(),
            api: Api::default(),
            resources: Vec::new(),
            secret_access: SecretAccess::default(),
            src: Endpoint::default(),
            user_agent: None,
            client_app: None,
            dst: Endpoint::default(),
            device: Device::default(),
            process: None,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
            correlation_ids: Vec::new(),
            related: Vec::new(),
            error_code: None,
            error_message: None,
            duration_ms: None,
            data_bytes_in: None,
            data_bytes_out: None,
            data_rows: None,
            changes: Vec::new(),
            tool: Tool::default(),
            purpose: Purpose::default(),
            quality: Quality::default(),
        }
    }
}
