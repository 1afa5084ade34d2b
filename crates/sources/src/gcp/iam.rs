//! Identity facts of single methods: tokens minted, subjects mapped, keys made and ended, roles bound.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::method::{self, KeyChange, Kind};
use super::record::{AuditLog, MonitoredLabels, present, read};
use super::{PLATFORM, actor, pam};
use crate::{json, time};

type OptText<'a> = Option<Cow<'a, str>>;

/// Lifetime of a token when the request names none: one hour.
const TOKEN_LIFETIME_S: i64 = 3_600;

/// What the facts of a method are read from.
pub(super) struct Parts<'p, 'a> {
    pub(super) kind: Kind,
    pub(super) method: &'p str,
    pub(super) resource_name: &'p str,
    pub(super) payload: &'p AuditLog<'a>,
    pub(super) labels: Option<&'p MonitoredLabels<'a>>,
    pub(super) failed: bool,
}

/// Adds to an event what its method says about identities.
pub(super) fn facts<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>) {
    same_account(event, parts);
    match parts.kind {
        Kind::Mint => mint(event, parts),
        Kind::Exchange => exchange(event, parts),
        Kind::Key(change) => key(event, parts, change),
        Kind::ServiceAccount => created_account(event, parts),
        Kind::Policy => policy(event, parts),
        Kind::Grant => pam::grant(event, parts),
        _ => {}
    }
    // Buckets and other resources can be made with their policy.
    if parts.kind != Kind::Policy && parts.payload.service_data.is_some() {
        let deltas = deltas(parts);
        bind(event, parts, deltas);
    }
}

/// One record that shows the address and the unique id of a service account makes them one.
fn same_account(event: &mut Event<'_>, parts: &Parts<'_, '_>) {
    let Some(labels) = parts.labels else { return };
    if let (Some(email), Some(id)) = (labels.email_id.as_deref(), labels.unique_id.as_deref())
        && email.contains('@')
        && !id.is_empty()
    {
        let by_id = actor::service_account_by_id(&actor::project_of(email), id);
        let by_name = actor::of_email(email).uri;
        event.aliases.push(Alias { a: by_id, b: by_name, rel: AliasRel::SameAs, rule: "gcp:email_id+unique_id" });
    }
}

/// URI of the service account that a resource name ends in: `.../serviceAccounts/<id or address>`.
fn account_uri(parts: &Parts<'_, '_>, name: &str) -> Option<String> {
    let (before, after) = name.split_once("/serviceAccounts/")?;
    let account = after.split('/').next().unwrap_or(after);
    if account.contains('@') {
        return Some(actor::of_email(account).uri);
    }
    let email = parts.labels.and_then(|labels| labels.email_id.as_deref()).filter(|email| email.contains('@'));
    let label = parts.labels.and_then(|labels| labels.project_id.as_deref());
    let named = before.strip_prefix("projects/").filter(|project| *project != "-");
    let project = email.map(actor::project_of).or(label.map(Cow::Borrowed)).or(named.map(Cow::Borrowed));
    Some(actor::service_account_by_id(&project.unwrap_or(Cow::Borrowed("unknown")), account))
}

#[derive(Default, Deserialize)]
struct TokenRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    delegates: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    scope: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    audience: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    lifetime: OptText<'a>,
    #[serde(rename = "subjectTokenType", borrow, default, deserialize_with = "json::text")]
    subject_token_type: OptText<'a>,
}

/// A token minted for a service account. Google logs no id of it: the record that shows it stands in.
fn mint<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>) {
    event.privileged = Some(true);
    let request: TokenRequest<'a> = read(parts.payload.request).unwrap_or_default();
    let holder = account_uri(parts, parts.resource_name)
        .or_else(|| request.name.as_deref().and_then(|name| account_uri(parts, name)));
    event.authn.method = Some(Cow::Owned(method::last(parts.method).to_owned()));
    for name in &request.delegates {
        event.resources.push(model::Resource {
            uri: uri::resource(PLATFORM, &event.authority, "iam", name),
            kind: Cow::Borrowed("iam.googleapis.com/ServiceAccount"),
            name: Some(name.clone()),
            role: model::ResourceRole::Related,
        });
    }
    if parts.failed {
        return;
    }
    let (kind, lifetime) = match method::last(parts.method) {
        "GenerateAccessToken" => ("access-token", Some(TOKEN_LIFETIME_S)),
        "GenerateIdToken" => ("id-token", Some(TOKEN_LIFETIME_S)),
        _ => ("signed-jwt", None),
    };
    let lifetime = request.lifetime.as_deref().and_then(pam::seconds).or(lifetime);
    issue(event, kind, holder, request.scope, request.audience, lifetime);
}

/// Adds a token that only its issuing record knows.
fn issue<'a>(
    event: &mut Event<'a>,
    kind: &'static str,
    holder: Option<String>,
    scopes: Vec<Cow<'a, str>>,
    audience: Vec<Cow<'a, str>>,
    lifetime_s: Option<i64>,
) {
    let Some(record) = event.source_event_id.as_deref() else { return };
    let uri = uri::cred(PLATFORM, &event.authority, kind, record);
    if let Some(holder) = holder {
        let rule = "gcp:issued-for";
        event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule });
    }
    let not_after = event.time.zip(lifetime_s).and_then(|(time, s)| time.checked_add(s.checked_mul(1_000_000_000)?));
    event.issued_credential = Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        issuer: event.api.service.clone(),
        audience,
        scopes,
        not_before: event.time,
        not_after,
        parent: event.credential.as_ref().map(|credential| credential.uri.clone()),
        ..Credential::default()
    });
}

#[derive(Default, Deserialize)]
struct ExchangeMetadata<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    mapped_principal: OptText<'a>,
    #[serde(rename = "mappedPrincipal", borrow, default, deserialize_with = "json::text")]
    mapped_principal_camel: OptText<'a>,
}

/// The principal that a token exchange mapped its caller to.
pub(super) fn mapped_principal<'a>(payload: &AuditLog<'a>) -> OptText<'a> {
    let metadata: ExchangeMetadata<'a> = read(payload.metadata)?;
    present(metadata.mapped_principal).or_else(|| present(metadata.mapped_principal_camel))
}

/// A subject of an outside provider became a Google principal for an hour.
fn exchange<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>) {
    let request: TokenRequest<'a> = read(parts.payload.request).unwrap_or_default();
    let token = request.subject_token_type.as_deref().unwrap_or_default();
    event.authn.protocol = match token.rsplit(':').next() {
        Some("jwt" | "id_token") => Some(Cow::Borrowed("oidc")),
        Some("saml2") => Some(Cow::Borrowed("saml")),
        Some("aws4_request") => Some(Cow::Borrowed("aws4")),
        Some("mtls") => Some(Cow::Borrowed("mtls")),
        Some("access_token") => Some(Cow::Borrowed("oauth2")),
        _ => None,
    };
    event.authn.method = present(parts.payload.resource_name.clone());
    if !parts.failed {
        let holder = Some(event.actor.uri.clone());
        let scopes =
            request.scope.iter().flat_map(|scope| scope.split(' ').map(|s| Cow::Owned(s.to_owned()))).collect();
        issue(event, "federated-token", holder, scopes, request.audience, Some(TOKEN_LIFETIME_S));
    }
}

#[derive(Default, Deserialize)]
struct KeyInfo<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    name: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    uid: OptText<'a>,
    #[serde(rename = "accessId", borrow, default, deserialize_with = "json::text")]
    access_id: OptText<'a>,
    #[serde(borrow, default)]
    valid_after_time: Option<&'a RawValue>,
    #[serde(rename = "validAfterTime", borrow, default)]
    valid_after_time_camel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    valid_before_time: Option<&'a RawValue>,
    #[serde(rename = "validBeforeTime", borrow, default)]
    valid_before_time_camel: Option<&'a RawValue>,
}

/// A long-lived key: of a service account, an HMAC key, an API key.
fn key<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>, change: KeyChange) {
    event.privileged = Some(true);
    let response: KeyInfo<'a> = read(parts.payload.response).unwrap_or_default();
    let request: KeyInfo<'a> = read(parts.payload.request).unwrap_or_default();
    let native = response
        .name
        .or(response.access_id)
        .or(response.uid)
        .filter(|_| change == KeyChange::Create)
        .or_else(|| present(parts.payload.resource_name.clone()).filter(|name| has_key(name)))
        .or_else(|| present(request.name).filter(|name| has_key(name)))
        .or_else(|| (change != KeyChange::Create).then(|| present(parts.payload.resource_name.clone())).flatten());
    let Some(native) = native.filter(|_| !parts.failed) else { return };
    let kind = key_kind(parts.method);
    let email = parts.labels.and_then(|labels| labels.email_id.as_deref()).filter(|email| email.contains('@'));
    let uri = key_uri(&native, kind, email);
    let holder = account_uri(parts, &native).or_else(|| account_uri(parts, parts.resource_name));
    if change != KeyChange::Create {
        let change = match change {
            KeyChange::Disable => CredentialChangeKind::Disabled,
            KeyChange::Enable => CredentialChangeKind::Enabled,
            _ => CredentialChangeKind::Revoked,
        };
        event.credential_changes.push(CredentialChange { change, uri, native_id: Some(native), holder });
        return;
    }
    if let Some(holder) = holder {
        let rule = "gcp:issued-for";
        event.aliases.push(Alias { a: uri.clone(), b: holder, rel: AliasRel::CredentialOf, rule });
    }
    event.issued_credential = Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id: Some(native),
        issuer: event.api.service.clone(),
        not_before: response.valid_after_time.or(response.valid_after_time_camel).and_then(instant),
        not_after: response.valid_before_time.or(response.valid_before_time_camel).and_then(instant),
        ..Credential::default()
    });
}

fn has_key(name: &str) -> bool {
    name.contains("/keys/") || name.contains("/hmacKeys/")
}

fn key_kind(method: &str) -> &'static str {
    if method.starts_with("storage.hmacKeys.") {
        "hmac-key"
    } else if method.starts_with("google.api.apikeys.") {
        "api-key"
    } else {
        "sa-key"
    }
}

/// URI of a key: `[//iam.googleapis.com/]projects/<p>/serviceAccounts/<account>/keys/<id>`. A name
/// with the account's unique id and `-` for its project needs the account's address, if it is known.
pub(super) fn key_uri(name: &str, kind: &str, email: Option<&str>) -> String {
    let path = name.trim_start_matches("//iam.googleapis.com/");
    let id = path.rsplit('/').next().unwrap_or(path);
    let account = path.split_once("/serviceAccounts/").and_then(|(_, rest)| rest.split('/').next());
    let project = path.strip_prefix("projects/").and_then(|rest| rest.split('/').next()).filter(|p| *p != "-");
    let project = match account.filter(|account| account.contains('@')).or(email) {
        Some(email) => actor::project_of(email),
        None => Cow::Borrowed(project.unwrap_or("unknown")),
    };
    uri::cred(PLATFORM, &project, kind, id)
}

#[derive(Default, Deserialize)]
struct NewAccount<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    email: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    unique_id: OptText<'a>,
    #[serde(rename = "uniqueId", borrow, default, deserialize_with = "json::text")]
    unique_id_camel: OptText<'a>,
}

fn created_account(event: &mut Event<'_>, parts: &Parts<'_, '_>) {
    let Some(response) = read::<NewAccount<'_>>(parts.payload.response) else { return };
    if let (Some(email), Some(id)) = (response.email, response.unique_id.or(response.unique_id_camel)) {
        let by_id = actor::service_account_by_id(&actor::project_of(&email), &id);
        let by_name = actor::of_email(&email).uri;
        let alias = Alias { a: by_id, b: by_name, rel: AliasRel::SameAs, rule: "gcp:email+unique_id" };
        if !event.aliases.contains(&alias) {
            event.aliases.push(alias);
        }
    }
}

#[derive(Default, Deserialize)]
struct ServiceData<'a> {
    #[serde(rename = "policyDelta", borrow, default, deserialize_with = "json::object")]
    policy_delta: Option<PolicyDelta<'a>>,
}

#[derive(Default, Deserialize)]
struct PolicyDelta<'a> {
    #[serde(rename = "bindingDeltas", borrow, default, deserialize_with = "json::objects")]
    bindings: Vec<Binding<'a>>,
    #[serde(rename = "auditConfigDeltas", borrow, default, deserialize_with = "json::objects")]
    audit: Vec<AuditDelta<'a>>,
}

/// A change of what is written into the audit log.
#[derive(Clone, Default, Deserialize)]
struct AuditDelta<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    action: OptText<'a>,
    /// Somebody whose calls are left out.
    #[serde(rename = "exemptedMember", borrow, default, deserialize_with = "json::text")]
    exempted: OptText<'a>,
}

#[derive(Clone, Default, Deserialize)]
struct Binding<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    action: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    role: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    member: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::texts")]
    members: Vec<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::object")]
    condition: Option<Condition<'a>>,
}

#[derive(Clone, Default, Deserialize)]
struct Condition<'a> {
    #[serde(borrow, default, deserialize_with = "json::text")]
    title: OptText<'a>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    expression: OptText<'a>,
}

#[derive(Default, Deserialize)]
struct PolicyRequest<'a> {
    #[serde(borrow, default, deserialize_with = "json::object")]
    policy: Option<Policy<'a>>,
    #[serde(borrow, default, deserialize_with = "json::text")]
    member: OptText<'a>,
}

#[derive(Default, Deserialize)]
struct Policy<'a> {
    #[serde(borrow, default, deserialize_with = "json::objects")]
    bindings: Vec<Binding<'a>>,
}

/// What was added to and removed from a policy, as the platform worked it out.
fn deltas<'a>(parts: &Parts<'_, 'a>) -> Vec<Binding<'a>> {
    delta(parts).bindings
}

fn delta<'a>(parts: &Parts<'_, 'a>) -> PolicyDelta<'a> {
    let data = parts.payload.service_data.or(parts.payload.service_data_table);
    let delta = read::<ServiceData<'a>>(data).and_then(|data| data.policy_delta);
    // Newer services put the delta into `metadata`.
    let delta = delta.or_else(|| read::<ServiceData<'a>>(parts.payload.metadata).and_then(|data| data.policy_delta));
    delta.unwrap_or_default()
}

/// A policy also says what is audited: switching that off is more than any binding.
fn audited(event: &mut Event<'_>, deltas: &[AuditDelta<'_>]) {
    if deltas.is_empty() {
        return;
    }
    // Less is written where a kind of log is taken away, or a member is added whose calls are left out.
    let less = |delta: &AuditDelta<'_>| {
        let removes = delta.action.as_deref() == Some("REMOVE");
        if present(delta.exempted.clone()).is_some() { !removes } else { removes }
    };
    let activity = match deltas.iter().filter(|delta| less(delta)).count() {
        0 => 9,
        count if count == deltas.len() => 10,
        _ => 99,
    };
    (event.class_uid, event.activity_id, event.access) = (1008, activity, model::Access::Modify);
}

/// A policy was set, or was to be set: without a delta, the bindings asked for.
fn policy<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>) {
    event.privileged = Some(true);
    let mut bindings = deltas(parts);
    if bindings.is_empty()
        && let Some(request) = read::<PolicyRequest<'a>>(parts.payload.request)
    {
        for binding in request.policy.unwrap_or_default().bindings {
            for member in &binding.members {
                bindings.push(Binding { member: Some(member.clone()), members: Vec::new(), ..binding.clone() });
            }
        }
        if let Some(member) = request.member {
            let role = Some(Cow::Borrowed("roles/owner"));
            bindings.push(Binding { member: Some(member), role, ..Binding::default() });
        }
    }
    let removes = |binding: &Binding<'_>| binding.action.as_deref() == Some("REMOVE");
    if !bindings.is_empty() {
        event.activity_id = if bindings.iter().all(removes) { 17 } else { 16 };
    }
    audited(event, &delta(parts).audit);
    bind(event, parts, bindings);
}

fn bind<'a>(event: &mut Event<'a>, parts: &Parts<'_, 'a>, bindings: Vec<Binding<'a>>) {
    for binding in bindings {
        let (Some(role), Some(member)) = (binding.role, binding.member) else { continue };
        let removed = binding.action.as_deref() == Some("REMOVE");
        let condition = binding.condition.unwrap_or_default();
        let uri = uri::build(Class::Grant, PLATFORM, &event.authority, "binding")
            .id(parts.resource_name)
            .id(&role)
            .id(&member)
            .id(condition.title.as_deref().unwrap_or("unconditional"))
            .finish();
        let phase = match (parts.failed, removed) {
            (true, _) => GrantPhase::Deny,
            (false, true) => GrantPhase::Revoke,
            (false, false) => GrantPhase::Activate,
        };
        let beneficiary = Some(actor::of_member(&member).uri);
        let fact = GrantFact {
            requester: Some(event.actor.uri.clone()),
            beneficiary: beneficiary.clone(),
            target: Some(role.clone()),
            reason: condition.title,
            resource: project_of_policy(parts.resource_name).and_then(|project| pam::all_of_project(&project)),
            not_after: condition.expression.as_deref().and_then(expiry),
            ..GrantFact::new(uri, phase)
        };
        // The agent of Privileged Access Manager binds only for one who asked there: that somebody agreed is
        // told by the records of that request or by none.
        if phase == GrantPhase::Activate && pam::is_agent(event.actor.name.as_deref()) {
            event.grants.push(GrantFact { requester: beneficiary, phase: GrantPhase::Request, ..fact.clone() });
        }
        event.grants.push(fact);
        let (before, after) = if removed { (Some(member), None) } else { (None, Some(member)) };
        event.changes.push(Change { field: role, before, after });
    }
}

/// The project whose own policy it is: `projects/<id>` and nothing below.
fn project_of_policy(resource: &str) -> Option<String> {
    let project = resource.strip_prefix("projects/").filter(|project| !project.contains('/'))?;
    Some(format!("/projects/{project}"))
}

/// The end that a condition sets: `request.time < timestamp("2026-01-01T00:00:00Z")`.
fn expiry(expression: &str) -> Option<i64> {
    let (_, rest) = expression.split_once("request.time")?;
    let rest = rest.trim_start().strip_prefix('<')?.trim_start_matches('=').trim_start();
    let quoted = rest.strip_prefix("timestamp(")?.trim_start_matches(['"', '\'']);
    time::parse(quoted.split(['"', '\'']).next()?).map(|parsed| parsed.nanos)
}

/// Nanoseconds of a timestamp: a text, or an object with `seconds`.
fn instant(raw: &RawValue) -> Option<i64> {
    #[derive(Deserialize)]
    struct Seconds {
        seconds: f64,
    }
    match serde_json::from_str::<Cow<'_, str>>(raw.get()) {
        Ok(text) => time::parse(&text).map(|parsed| parsed.nanos),
        Err(_) => {
            let Seconds { seconds } = serde_json::from_str(raw.get()).ok()?;
            // The year 9999 stands for "no end" and does not fit.
            (seconds.is_finite() && seconds.abs() < 9.0e9).then_some(seconds as i64)?.checked_mul(1_000_000_000)
        }
    }
}
