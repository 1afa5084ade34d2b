//! Sign-ins: of users, service principals, managed identities and agents.
//!
//! A successful sign-in issues a token; its unique token identifier is what later records name.

use std::borrow::Cow;

use model::{
    Access, Authn, Credential, Decision, Effect, Event, Fingerprint, Mode, Platform, Resource, ResourceRole, Status,
    uri,
};

use super::guid::lower;
use super::identity::{self, NAME, Table};
use super::record::{Envelope, Properties, said};

type Text<'a> = Cow<'a, str>;

/// Answers that ask for one more step: neither success nor failure.
const INTERRUPTED: [&str; 16] = [
    "16000", "16001", "16003", "50058", "50072", "50074", "50076", "50079", "50097", "50125", "50127", "50129",
    "50140", "50143", "50203", "65001",
];

/// Reads a sign-in.
pub(super) fn read<'a>(envelope: &Envelope<'a>, properties: &Properties<'a>, tenant: String) -> Event<'a> {
    let table = identity::table(envelope.category.as_deref().or(properties.category.as_deref()), properties);
    let (status, code) = outcome(envelope, properties);
    let actor = identity::of_sign_in(properties, table, &tenant, status == Status::Success);
    let mut event = Event::new(Platform::Entra, Cow::Owned(tenant), actor);
    let tenant = event.authority.clone();
    event.class_uid = 3002;
    event.activity_id = 1;
    event.access = Access::Authenticate;
    event.status = status;
    event.status_code = code;
    event.severity_id = match properties.risk.as_deref() {
        Some("high") => 4,
        Some("medium") => 3,
        Some("low") => 2,
        _ => 1,
    };
    failure(&mut event, envelope, properties);
    event.aliases = identity::aliases(properties, table, &tenant);
    event.party = identity::party(properties, &tenant);
    agent(&mut event, properties);
    event.credential = credential_used(properties, &tenant);
    event.issued_credential = token_issued(&event, properties, &tenant);
    event.session = said(&properties.session_id).map(|id| uri::session(NAME, &tenant, "sid", &lower(&id)));
    event.authn = authn(properties, status);
    event.decision = decision(properties);
    event.resources = resources(properties, table, &tenant);
    event.api.operation = envelope.operation.clone().or(Some(Cow::Borrowed("Sign-in activity")));
    event.api.request_id = said(&properties.id);
    event.source_event_id = said(&properties.id);
    let ids = [
        &properties.id,
        &properties.uti,
        &properties.correlation_id,
        &properties.original_request,
        &envelope.correlation_id,
    ];
    for id in ids.into_iter().filter_map(said) {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
    place(&mut event, properties);
    event
}

fn outcome<'a>(envelope: &Envelope<'a>, properties: &Properties<'a>) -> (Status, Option<Text<'a>>) {
    let code = properties.status.as_ref().and_then(|status| said(&status.code)).or_else(|| said(&envelope.result_type));
    let status = match code.as_deref() {
        Some("0") => Status::Success,
        Some(code) if code.eq_ignore_ascii_case("success") => Status::Success,
        Some(code) if INTERRUPTED.contains(&code) => Status::Other,
        Some(_) => Status::Failure,
        None => Status::Unknown,
    };
    (status, code)
}

fn failure<'a>(event: &mut Event<'a>, envelope: &Envelope<'a>, properties: &Properties<'a>) {
    if event.status == Status::Success {
        return;
    }
    event.error_code = event.status_code.clone();
    event.error_message = properties
        .status
        .as_ref()
        .and_then(|status| said(&status.reason))
        .or_else(|| said(&envelope.result_description));
}

fn agent<'a>(event: &mut Event<'a>, properties: &Properties<'a>) {
    if identity::agent_kind(properties).is_none() {
        return;
    }
    event.agent.uid = said(&properties.service_principal_id).or_else(|| said(&properties.user_id));
    let on_behalf_of_user = properties.agent.as_ref().is_some_and(|a| a.subject_kind.as_deref() == Some("agentIDuser"));
    let user_present = properties.interactive == Some(true) && !on_behalf_of_user;
    event.agent.mode = Some(if user_present { Mode::Interactive } else { Mode::Autonomous });
}

/// The secret, certificate or federated credential an application proved itself with.
fn credential_used<'a>(properties: &Properties<'a>, tenant: &str) -> Option<Credential<'a>> {
    let (kind, id) = if let Some(id) = said(&properties.federated_id) {
        ("federated-credential", id)
    } else if let Some(id) = said(&properties.key_id) {
        ("app-key", id)
    } else {
        ("certificate", said(&properties.thumbprint)?)
    };
    Some(Credential {
        uri: uri::cred(NAME, tenant, kind, &lower(&id)),
        kind: Cow::Borrowed(kind),
        native_id: Some(id),
        fingerprint: said(&properties.thumbprint).map(thumbprint),
        ..Credential::default()
    })
}

/// A certificate's thumbprint is the SHA-1 of it, in hex, or in base64 in newer records.
fn thumbprint(value: Text<'_>) -> Fingerprint<'_> {
    let hex = value.bytes().all(|b| b.is_ascii_hexdigit());
    let algorithm = match (hex, value.len()) {
        (true, 64) | (false, 43 | 44) => "sha256",
        _ => "sha1",
    };
    Fingerprint { algorithm, encoding: if hex { "hex" } else { "base64" }, value }
}

fn token_issued<'a>(event: &Event<'a>, properties: &Properties<'a>, tenant: &str) -> Option<Credential<'a>> {
    let id = said(&properties.uti).filter(|_| event.status == Status::Success)?;
    let audience = said(&properties.resource_id).or_else(|| said(&properties.resource_name));
    Some(Credential {
        uri: uri::cred(NAME, tenant, "uti", &id),
        kind: Cow::Borrowed("uti"),
        native_id: Some(id),
        issuer: Some(Cow::Owned(format!("https://sts.windows.net/{tenant}/"))).filter(|_| tenant != "unknown"),
        audience: audience.into_iter().collect(),
        mfa: event.authn.mfa,
        parent: event.credential.as_ref().map(|credential| credential.uri.clone()),
        ..Credential::default()
    })
}

fn authn<'a>(properties: &Properties<'a>, status: Status) -> Authn<'a> {
    let factors: Vec<Text<'a>> = properties
        .details
        .iter()
        .filter(|step| step.succeeded != Some(false))
        .filter_map(|step| said(&step.method))
        .collect();
    let method = said(&properties.client_credential)
        .filter(|kind| kind != "none")
        .or_else(|| properties.details.iter().find_map(|step| said(&step.method)))
        .or_else(|| said(&properties.incoming_token).filter(|kind| kind != "none"));
    Authn {
        protocol: said(&properties.protocol).filter(|protocol| protocol != "none"),
        method,
        // A requirement is proof of a second factor only when it was met.
        mfa: said(&properties.requirement)
            .map(|requirement| requirement == "multiFactorAuthentication" && status == Status::Success),
        factors,
    }
}

fn decision<'a>(properties: &Properties<'a>) -> Decision<'a> {
    let effect = match properties.conditional_access.as_deref() {
        Some("success") => Effect::Allow,
        Some("failure") => Effect::Deny,
        Some("notApplied") => Effect::Observed,
        _ => return Decision::default(),
    };
    let applied = |policy: &&super::record::Policy<'a>| matches!(policy.result.as_deref(), Some("success" | "failure"));
    Decision {
        effect: Some(effect),
        pdp: Some(Cow::Borrowed("conditional-access")),
        policies: properties
            .policies
            .iter()
            .chain(&properties.other_policies)
            .filter(applied)
            .filter_map(|policy| said(&policy.name))
            .collect(),
        rule: None,
        reason: properties.conditional_access.clone(),
    }
}

/// The application that was signed in to, and the one that a user signed in with.
fn resources<'a>(properties: &Properties<'a>, table: Table, tenant: &str) -> Vec<Resource<'a>> {
    let id = said(&properties.resource_identity)
        .or_else(|| said(&properties.resource_id).filter(|id| !id.starts_with('/')))
        .or_else(|| said(&properties.resource_principal));
    let mut resources: Vec<Resource<'a>> =
        application(tenant, id, said(&properties.resource_name), ResourceRole::Target).into_iter().collect();
    if matches!(table, Table::User | Table::NonInteractive) {
        let client =
            application(tenant, said(&properties.app_id), said(&properties.app_display_name), ResourceRole::Actor);
        resources.extend(client);
    }
    resources
}

fn application<'a>(
    tenant: &str,
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    role: ResourceRole,
) -> Option<Resource<'a>> {
    let uri = match (&id, &name) {
        (Some(id), _) => uri::build(uri::Class::Resource, NAME, tenant, "application").id(&lower(id)).finish(),
        (None, Some(name)) => uri::resource(NAME, tenant, "application", name),
        (None, None) => return None,
    };
    Some(Resource { uri, kind: Cow::Borrowed("application"), name: name.or(id), role })
}

fn place<'a>(event: &mut Event<'a>, properties: &Properties<'a>) {
    event.src.country = properties.location.as_ref().and_then(|location| said(&location.country));
    event.src.network = said(&properties.network).filter(|network| network != "0");
    event.user_agent = said(&properties.user_agent);
    event.client_app = said(&properties.app_display_name).or_else(|| said(&properties.client_app));
    let Some(device) = &properties.device else { return };
    event.device.id = said(&device.id);
    event.device.name = said(&device.name);
    event.device.os = said(&device.os);
    event.device.managed = device.managed;
}
