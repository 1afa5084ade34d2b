//! Credentials: the one used, the one handed out, those changed (`identity.md` 4, rows 1 to 9).

use std::borrow::Cow;

use model::uri;
use model::{Alias, Credential, CredentialChange, Event, Text};
use model::{AliasRel, CredentialChangeKind};

use super::arn::{Arn, PLATFORM, account_of_key};
use super::class::Call;
use super::identity::{self, Who};
use super::record::{Record, filled, seen};
use crate::params::Params;

/// What the caller acted with.
pub(super) fn used<'a>(record: &Record<'a>, who: &Who<'_>, proved: bool) -> Option<Credential<'a>> {
    let identity = record.user_identity.as_ref()?;
    let session = identity.session_context.as_ref();
    let attributes = session.and_then(|session| session.attributes.as_ref());
    let mut credential = if let Some(key) = filled(&identity.access_key_id) {
        let kind = if is_temporary(&key, session.is_some()) { "sts-key" } else { "access-key" };
        of(&who.account, kind, key)
    } else if let Some(id) = filled(&identity.credential_id) {
        of(&who.account, "identity-center", id)
    } else if is_sign_in(record) {
        let kind = if seen(&identity.kind) == Some("Root") { "root-password" } else { "console-password" };
        let id = filled(&identity.principal_id).or_else(|| filled(&identity.user_name))?;
        let claimed = || uri::build(uri::Class::Cred, PLATFORM, &who.account, kind).claim(&id).finish();
        let uri = if proved { uri::cred(PLATFORM, &who.account, kind, &id) } else { claimed() };
        Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(id), ..Credential::default() }
    } else {
        return None;
    };
    credential.issuer = session.and_then(|s| s.session_issuer.as_ref()).and_then(|issuer| filled(&issuer.arn));
    credential.not_before = attributes.and_then(|a| seen(&a.creation_date)).and_then(nanos);
    credential.mfa = attributes.and_then(|a| a.mfa_authenticated).or_else(|| mfa_used(record));
    Some(credential)
}

fn is_sign_in(record: &Record<'_>) -> bool {
    seen(&record.event_type).is_some_and(|kind| kind.eq_ignore_ascii_case("AwsConsoleSignIn"))
}

/// Whether a sign-in used a second factor.
pub(super) fn mfa_used(record: &Record<'_>) -> Option<bool> {
    let used = seen(&record.additional_event_data.as_ref()?.mfa_used)?;
    Some(used.eq_ignore_ascii_case("yes"))
}

/// `ASIA` ids are of temporary keys, `AKIA` ids of long-lived ones; samples with other ids are judged
/// by whether there is a session.
fn is_temporary(key: &str, has_session: bool) -> bool {
    match key.get(..4) {
        Some("ASIA" | "ABIA") => true,
        Some("AKIA") => false,
        _ => has_session,
    }
}

fn of<'a>(account: &str, kind: &'static str, id: Text<'a>) -> Credential<'a> {
    Credential {
        uri: uri::cred(PLATFORM, account, kind, &id),
        kind: Cow::Borrowed(kind),
        native_id: Some(id),
        ..Credential::default()
    }
}

/// Reads off what a successful call handed out or changed.
pub(super) fn fill<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    call: Call<'_>,
    request: &Params<'a>,
    who: &Who<'a>,
) {
    let parent = event.credential.as_ref().map(|credential| credential.uri.clone());
    if let Some(mut minted) = issued(event, record, call, request, who) {
        // A session's id stands in the record that opens it, too.
        minted.parent = parent.filter(|parent| *parent != minted.uri);
        event.issued_credential = Some(minted);
    }
    changes(event, call, request, who);
}

fn issued<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    call: Call<'_>,
    request: &Params<'a>,
    who: &Who<'a>,
) -> Option<Credential<'a>> {
    let response = || Params::of(record.response_elements);
    match (call.service, call.name) {
        (
            "sts",
            "AssumeRole"
            | "AssumeRoleWithSAML"
            | "AssumeRoleWithWebIdentity"
            | "AssumeRoot"
            | "GetSessionToken"
            | "GetFederationToken"
            | "GetDelegatedAccessToken",
        )
        | ("eks-auth", "AssumeRoleForPodIdentity")
        | ("cognito-identity", "GetCredentialsForIdentity")
        | ("s3", "CreateSession") => temporary(event, &response(), request, who),
        ("rolesanywhere", "CreateSession") => {
            let set = response().objects("credentialSet").into_iter().next()?;
            temporary(event, &set, request, who)
        }
        ("iam", "CreateAccessKey") => {
            let key = response().object("accessKey");
            let id = key.text("accessKeyId")?;
            long_lived(event, who, "access-key", id, key.text("userName").or_else(|| request.text("userName")))
        }
        ("iam", "CreateServiceSpecificCredential" | "ResetServiceSpecificCredential") => {
            let made = response().object("serviceSpecificCredential");
            let id =
                made.text("serviceSpecificCredentialId").or_else(|| request.text("serviceSpecificCredentialId"))?;
            let mut minted = long_lived(event, who, "service-credential", id, user_of(&made, request))?;
            minted.audience.extend(made.text("serviceName").or_else(|| request.text("serviceName")));
            minted.not_after = made.text("expirationDate").as_deref().and_then(nanos);
            Some(minted)
        }
        ("iam", "UploadSSHPublicKey") => {
            let made = response().object("sSHPublicKey");
            let id = made.text("sSHPublicKeyId")?;
            long_lived(event, who, "ssh-key", id, user_of(&made, request))
        }
        ("iam", "UploadSigningCertificate") => {
            let made = response().object("certificate");
            let id = made.text("certificateId")?;
            long_lived(event, who, "signing-certificate", id, user_of(&made, request))
        }
        ("iam", "CreateLoginProfile") => {
            let user = user_of(&response().object("loginProfile"), request)?;
            long_lived(event, who, "console-password", user.clone(), Some(user))
        }
        ("sso" | "sso-oauth" | "sso-oidc", "CreateToken" | "CreateTokenWithIAM") => {
            let id = filled(&record.user_identity.as_ref()?.credential_id)?;
            let minted = of(&who.account, "identity-center", id);
            credential_of(event, minted.uri.clone(), who.actor.uri.clone());
            Some(minted)
        }
        ("ec2", "CreateKeyPair" | "ImportKeyPair") => {
            Some(of(&who.account, "ec2-key-pair", response().text("keyPairId")?))
        }
        _ => None,
    }
}

fn user_of<'a>(made: &Params<'a>, request: &Params<'a>) -> Option<Text<'a>> {
    made.text("userName").or_else(|| request.text("userName"))
}

fn credential_of(event: &mut Event<'_>, credential: String, holder: String) {
    event.aliases.push(Alias { a: credential, b: holder, rel: AliasRel::CredentialOf, rule: "aws:issued-credential" });
}

/// A key, password or certificate of an IAM user; without a user name it is the caller's own.
fn long_lived<'a>(
    event: &mut Event<'a>,
    who: &Who<'a>,
    kind: &'static str,
    id: Text<'a>,
    user: Option<Text<'a>>,
) -> Option<Credential<'a>> {
    let minted = of(&who.account, kind, id);
    let holder = holder(who, user.as_deref());
    credential_of(event, minted.uri.clone(), holder);
    Some(minted)
}

fn holder(who: &Who<'_>, user: Option<&str>) -> String {
    match user {
        Some(user) => uri::principal_named(PLATFORM, &who.account, "user", user),
        None => who.actor.uri.clone(),
    }
}

/// Temporary credentials, whose they are and how they came about.
fn temporary<'a>(
    event: &mut Event<'a>,
    response: &Params<'a>,
    request: &Params<'a>,
    who: &Who<'a>,
) -> Option<Credential<'a>> {
    let made = response.object("credentials");
    let key = made.text("accessKeyId")?;
    let assumed = response.object("assumedRoleUser");
    let arn_text = assumed
        .text("arn")
        .or_else(|| response.object("federatedUser").text("arn"))
        .or_else(|| request.text("roleArn"));
    let arn = arn_text.as_deref().and_then(Arn::parse);
    // The key belongs to the account of the role: there it will be used, and there it must be found.
    let account = match arn.map(|arn| arn.account).filter(|account| !account.is_empty()) {
        Some(account) => account.to_owned(),
        None => match request.text("targetPrincipal") {
            Some(target) => Arn::parse(&target).map_or_else(|| target.to_string(), |arn| arn.account.to_owned()),
            None if who.account == super::arn::AMAZON => account_of_key(&key)?,
            None => who.account.to_string(),
        },
    };
    // What the caller named its session: a run, a pod, a ticket. A claim, by which others may be found.
    if let Some(label) = request.text("roleSessionName").filter(|label| !event.correlation_ids.contains(label)) {
        event.correlation_ids.push(label);
    }
    let mut minted = of(&account, if is_temporary(&key, true) { "sts-key" } else { "access-key" }, key.clone());
    minted.not_after = made.text("expiration").as_deref().and_then(expiry);
    minted.issuer = request.text("roleArn").or_else(|| arn_text.clone());
    minted.audience.extend(response.text("audience"));
    minted.scopes.extend(request.texts("policyArns"));
    minted.scopes.extend(request.objects("policyArns").iter().filter_map(|policy| policy.text("arn")));
    let id_text = assumed.text("assumedRoleId").or_else(|| assumed.text("assumeRoleId"));
    let (id, label) = id_text
        .as_deref()
        .map_or((None, None), |id| id.split_once(':').map_or((Some(id), None), |(a, b)| (Some(a), Some(b))));
    let name = arn.and_then(|arn| arn.role_name());
    if assumed.is_empty() && name.is_none() {
        let holder = match arn.filter(|arn| arn.typed().0 == "federated-user") {
            Some(arn) => uri::principal_named(PLATFORM, &account, "federated-user", arn.last()),
            None if account != who.account => uri::principal(PLATFORM, &account, "root", &account),
            None => who.actor.uri.clone(),
        };
        credential_of(event, minted.uri.clone(), holder);
        return Some(minted);
    }
    if let Some(label) = label.filter(|label| event.correlation_ids.iter().all(|id| id != label)) {
        event.correlation_ids.push(Cow::Owned(label.to_owned()));
    }
    hold_by_role(event, &minted.uri, &account, Role { id, name, label, key: &key });
    federate(event, response, who);
    Some(minted)
}

/// A role as a minting response names it.
struct Role<'t> {
    id: Option<&'t str>,
    name: Option<&'t str>,
    label: Option<&'t str>,
    key: &'t str,
}

/// The new key is of a session, the session of a role, and the role has a name and an id.
fn hold_by_role(event: &mut Event<'_>, credential: &str, account: &str, role: Role<'_>) {
    let principal = match (role.id, role.name) {
        (Some(id), _) => uri::principal(PLATFORM, account, "role", id),
        (None, Some(name)) => uri::principal_named(PLATFORM, account, "role", name),
        (None, None) => return,
    };
    let session = identity::role_session(account, role.id, role.name, Some(role.key), role.label);
    if let Some(session) = session {
        credential_of(event, credential.to_owned(), session.clone());
        event.aliases.push(Alias {
            a: session,
            b: principal.clone(),
            rel: AliasRel::InstanceOf,
            rule: "aws:assumed-role",
        });
    }
    if let (Some(_), Some(name)) = (role.id, role.name) {
        event.aliases.push(Alias {
            a: uri::principal_named(PLATFORM, account, "role", name),
            b: principal,
            rel: AliasRel::SameAs,
            rule: "aws:role-name+principal-id",
        });
    }
}

/// An identity of another platform that became a role session: an edge between two worlds.
fn federate(event: &mut Event<'_>, response: &Params<'_>, who: &Who<'_>) {
    let Some(role) =
        event.aliases.iter().rev().find(|alias| alias.rel == AliasRel::InstanceOf).map(|alias| alias.b.clone())
    else {
        return;
    };
    let pod = response.object("subject");
    let subject = match (response.text("provider"), response.text("subjectFromWebIdentityToken")) {
        (Some(provider), Some(subject)) => identity::oidc_subject(&provider, &subject),
        _ if who.actor.uri.contains(":saml-user/") => who.actor.uri.clone(),
        _ => match (pod.text("namespace"), pod.text("serviceAccount")) {
            (Some(namespace), Some(name)) => uri::build(uri::Class::Principal, "k8s", "unknown", "serviceaccount")
                .name(&namespace)
                .path(&name)
                .finish(),
            _ => return,
        },
    };
    event.aliases.push(Alias { a: subject, b: role, rel: AliasRel::FederatesTo, rule: "aws:federated-session" });
}

/// Keys and passwords switched, replaced or removed.
fn changes<'a>(event: &mut Event<'a>, call: Call<'_>, request: &Params<'a>, who: &Who<'a>) {
    if call.service != "iam" {
        return;
    }
    let (kind, id) = match call.name {
        "UpdateAccessKey" | "DeleteAccessKey" => ("access-key", request.text("accessKeyId")),
        "UpdateServiceSpecificCredential" | "DeleteServiceSpecificCredential" | "ResetServiceSpecificCredential" => {
            ("service-credential", request.text("serviceSpecificCredentialId"))
        }
        "UpdateSSHPublicKey" | "DeleteSSHPublicKey" => ("ssh-key", request.text("sSHPublicKeyId")),
        "UpdateSigningCertificate" | "DeleteSigningCertificate" => {
            ("signing-certificate", request.text("certificateId"))
        }
        "UpdateLoginProfile" | "DeleteLoginProfile" => ("console-password", request.text("userName")),
        "ChangePassword" => ("console-password", who.actor.name.clone()),
        _ => return,
    };
    let change = match (call.name, request.text("status").as_deref()) {
        (name, _) if name.starts_with("Delete") => CredentialChangeKind::Revoked,
        ("UpdateLoginProfile" | "ChangePassword" | "ResetServiceSpecificCredential", _) => {
            CredentialChangeKind::Rotated
        }
        (_, Some("Inactive")) => CredentialChangeKind::Disabled,
        (_, Some("Active")) => CredentialChangeKind::Enabled,
        _ => return,
    };
    let Some(id) = id else { return };
    let holder = holder(who, request.text("userName").as_deref());
    let uri = uri::cred(PLATFORM, &who.account, kind, &id);
    event.credential_changes.push(CredentialChange { change, uri, native_id: Some(id), holder: Some(holder) });
}

fn nanos(text: &str) -> Option<i64> {
    crate::time::parse(text).map(|time| time.nanos)
}

/// STS writes `Jul 10, 2023, 12:09:47 PM`, always in UTC; other services write RFC 3339.
pub(super) fn expiry(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if let Some(time) = nanos(text) {
        return Some(time);
    }
    let mut words = text.split([' ', ',', '\u{202f}']).filter(|word| !word.is_empty());
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (day, year): (u8, u16) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut clock = words.next()?.splitn(3, ':');
    let hour: u8 = clock.next()?.parse().ok()?;
    let minute: u8 = clock.next()?.parse().ok()?;
    let second: u8 = clock.next()?.parse().ok()?;
    let hour = match words.next()? {
        "AM" if hour <= 12 => hour % 12,
        "PM" if hour <= 12 => hour % 12 + 12,
        _ => return None,
    };
    nanos(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}
