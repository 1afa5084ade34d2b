//! Who acted, as far as OCSF can say it.

use std::borrow::Cow;

use model::{ActorKind, Alias, AliasRel, Credential, Human, Principal, uri};

use super::NAME;
use super::record::{Record, User, said};
use crate::Context;

type Text<'a> = Cow<'a, str>;

/// Whose names these are: the cloud account, the tenant, the organisation, the user's own account.
pub(super) fn authority<'a>(record: &Record<'a>, context: &Context<'_>) -> Option<Text<'a>> {
    let cloud = record.cloud.as_ref();
    let account = cloud
        .and_then(|cloud| cloud.account.as_ref().and_then(|a| said(&a.uid)).or_else(|| said(&cloud.account_uid)))
        .or_else(|| record.metadata.as_ref().and_then(|metadata| said(&metadata.tenant_uid)))
        .or_else(|| cloud.and_then(|cloud| said(&cloud.org.as_ref()?.uid)))
        .or_else(|| cloud.and_then(|cloud| said(&cloud.project_uid)));
    let own = || user(record).and_then(|u| said(&u.account.as_ref()?.uid).or_else(|| said(&u.account_uid)));
    account.or_else(own).or_else(|| context.authority.map(|authority| Cow::Owned(authority.to_owned())))
}

/// The user who acted. An authentication names them outside the actor.
pub(super) fn user<'r, 'a>(record: &'r Record<'a>) -> Option<&'r User<'a>> {
    let actor = record.actor.as_ref().and_then(|actor| actor.user.as_ref()).filter(|user| named(user).is_some());
    actor.or_else(|| record.user.as_ref().filter(|_| record.class_uid == Some(3002)))
}

fn named<'a>(user: &User<'a>) -> Option<Text<'a>> {
    said(&user.uid).or_else(|| said(&user.name)).or_else(|| said(&user.uid_alt)).or_else(|| said(&user.email))
}

/// The executing principal: user, agent, role, application, process.
pub(super) fn actor<'a>(record: &Record<'a>, authority: &str, unproved: bool) -> Principal<'a> {
    let agent = record.ai_agent.as_ref();
    if let Some((agent, id)) = agent.and_then(|agent| Some((agent, said(&agent.uid)?))) {
        return Principal {
            uri: uri::principal(NAME, authority, "agent", &id),
            kind: ActorKind::Agent,
            name: said(&agent.name).or(Some(id)),
            is_human: Human::Nonhuman,
            rule: "R1:ocsf-ai-agent",
        };
    }
    if let Some(user) = user(record) {
        return of_user(user, authority, unproved);
    }
    let actor = record.actor.as_ref();
    let role = actor.and_then(|actor| actor.role.as_ref());
    let process = actor.and_then(|actor| actor.process.as_ref());
    let app = actor.map(|actor| (said(&actor.app_uid), said(&actor.app_name).or_else(|| said(&actor.invoked_by))));
    let found = [
        role.map(|role| ("role", ActorKind::Workload, said(&role.uid), said(&role.name))),
        app.map(|(id, name)| ("app", ActorKind::Integration, id, name)),
        process.map(|process| ("process", ActorKind::Unknown, None, said(&process.name))),
    ];
    for (part, kind, id, name) in found.into_iter().flatten() {
        let uri = match (&id, &name) {
            (Some(id), _) => uri::principal(NAME, authority, part, id),
            (None, Some(name)) => uri::principal_named(NAME, authority, part, name),
            (None, None) => continue,
        };
        return Principal { uri, kind, name: name.or(id), is_human: Human::Unknown, rule: "default" };
    }
    Principal {
        uri: uri::principal(NAME, authority, "unknown", "unknown"),
        kind: ActorKind::Unknown,
        name: None,
        is_human: Human::Unknown,
        rule: "default",
    }
}

fn of_user<'a>(user: &User<'a>, authority: &str, unproved: bool) -> Principal<'a> {
    let (kind, is_human, rule) = match (user.type_id, user.kind.as_deref()) {
        (Some(4), _) | (_, Some("Service")) => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:ocsf-user-type"),
        (Some(3), _) | (_, Some("System")) => (ActorKind::PlatformService, Human::Nonhuman, "R1:ocsf-user-type"),
        (_, Some("AssumedRole")) => (ActorKind::Workload, Human::Unknown, "default"),
        // A user account may be anybody's; OCSF does not say who sat at it.
        (Some(1 | 2), _) => (ActorKind::Human, Human::Unknown, "default"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    let name = said(&user.name).or_else(|| said(&user.email)).or_else(|| named(user));
    let builder = uri::build(uri::Class::Principal, NAME, authority, "user");
    let builder = match (said(&user.uid).or_else(|| said(&user.uid_alt)), named(user)) {
        (Some(id), _) if unproved => builder.claim(&id),
        (Some(id), _) => builder.id(&id),
        (None, Some(name)) if unproved => builder.claim(&name),
        (None, Some(name)) => builder.name(&name),
        (None, None) => builder.id("unknown"),
    };
    Principal { uri: builder.finish(), kind, name, is_human, rule }
}

/// Two ids of one user in one event.
pub(super) fn aliases(record: &Record<'_>, authority: &str) -> Vec<Alias> {
    let Some(user) = user(record) else { return Vec::new() };
    let Some((id, other)) = said(&user.uid).zip(said(&user.uid_alt)).filter(|(id, other)| id != other) else {
        return Vec::new();
    };
    vec![Alias {
        a: uri::principal(NAME, authority, "user", &id),
        b: uri::principal(NAME, authority, "user", &other),
        rel: AliasRel::SameAs,
        rule: "ocsf:uid+uid_alt",
    }]
}

/// What it acted with.
pub(super) fn credential<'a>(record: &Record<'a>, authority: &str) -> Option<Credential<'a>> {
    let session = record.actor.as_ref().and_then(|actor| actor.session.as_ref());
    let user = user(record);
    let token = record.api.as_ref().and_then(|api| api.token.as_ref());
    let (kind, id) = session
        .and_then(|session| said(&session.credential))
        .or_else(|| user.and_then(|user| said(&user.credential)))
        .or_else(|| user.and_then(|user| user.credentials.iter().find_map(|credential| said(&credential.uid))))
        .map(|id| ("credential", id))
        .or_else(|| token.and_then(|token| said(&token.uid)).map(|id| ("token", id)))?;
    Some(Credential {
        uri: uri::cred(NAME, authority, kind, &id),
        kind: Cow::Borrowed(kind),
        native_id: Some(id),
        issuer: session.and_then(|session| said(&session.issuer)),
        not_before: session.and_then(|session| nanos(session.created)),
        not_after: session.and_then(|session| nanos(session.expires)),
        mfa: session.and_then(|session| session.is_mfa),
        ..Credential::default()
    })
}

/// The ticket that an authentication handed out.
pub(super) fn issued<'a>(record: &Record<'a>, authority: &str) -> Option<Credential<'a>> {
    let token = record.token.as_ref()?;
    let id = said(&token.uid)?;
    Some(Credential {
        uri: uri::cred(NAME, authority, "token", &id),
        kind: Cow::Borrowed("token"),
        native_id: Some(id),
        not_before: nanos(token.created),
        not_after: nanos(token.expires),
        ..Credential::default()
    })
}

fn nanos(epoch: Option<i64>) -> Option<i64> {
    Some(crate::time::from_epoch(epoch?)?.nanos)
}
