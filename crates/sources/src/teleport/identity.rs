//! Who acted: users, bots, parts of the platform; and the identities that a join was proved with.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Alias, AliasRel, Human, Principal};

use super::NAME;
use super::record::{Identity, Record, Text, first, said};
use crate::spiffe;

/// Within which names mean something.
pub(super) struct Boundary<'a> {
    /// The cluster that wrote the record.
    pub(super) cluster: Cow<'a, str>,
    /// The cluster whose user acted: the root cluster, where a leaf cluster wrote the record. Users,
    /// their bots and their access requests are named within it.
    pub(super) home: Cow<'a, str>,
}

/// The executing principal, and whose rights it used if it impersonated somebody.
pub(super) fn actor<'a>(record: &Record<'a>, at: &Boundary<'_>, unproved: bool) -> (Principal<'a>, Option<String>) {
    let inside = record.identity.as_ref();
    let of_identity =
        |pick: for<'i> fn(&'i Identity<'a>) -> &'i Text<'a>| inside.and_then(|identity| said(pick(identity)));
    let user = first(&[&record.user, &record.user_name])
        .or_else(|| of_identity(|identity| &identity.user))
        .or_else(|| first(&[&record.reviewer, &record.delegator, &record.updated_by]));
    let bot = said(&record.bot_name).or_else(|| of_identity(|identity| &identity.bot_name));
    let impersonator = said(&record.impersonator).or_else(|| of_identity(|identity| &identity.impersonator));
    if unproved {
        return (claimed(user, at), None);
    }
    if let Some(impersonator) = impersonator.filter(|name| Some(name) != user.as_ref()) {
        // The certificate says who asked for it; the user in it is whom that one acts as.
        let subject = user.as_deref().map(|user| user_uri(user, at));
        let is_bot = bot.as_deref().is_some_and(|bot| impersonator.strip_prefix("bot-") == Some(bot));
        let principal = match bot.filter(|_| is_bot) {
            Some(bot) => bot_principal(bot, at),
            None => user_principal(impersonator, None, false, at),
        };
        return (principal, subject);
    }
    let login = record.event.as_deref() == Some("user.login");
    let principal = match (bot, user) {
        (Some(bot), _) => bot_principal(bot, at),
        (None, Some(user)) => user_principal(user, record.user_kind.as_deref(), login, at),
        (None, None) => host(record, at),
    };
    (principal, None)
}

fn bot_principal<'a>(bot: Cow<'a, str>, at: &Boundary<'_>) -> Principal<'a> {
    Principal {
        uri: bot_uri(&bot, at),
        kind: ActorKind::Bot,
        name: Some(bot),
        is_human: Human::Nonhuman,
        rule: "R1:teleport-bot",
    }
}

fn user_principal<'a>(user: Cow<'a, str>, kind: Option<&str>, login: bool, at: &Boundary<'_>) -> Principal<'a> {
    let (kind, is_human, rule) = match kind {
        Some("1" | "USER_KIND_HUMAN") => (ActorKind::Human, Human::Human, "R1:teleport-user-kind"),
        Some("2" | "USER_KIND_BOT") => (ActorKind::Bot, Human::Nonhuman, "R1:teleport-user-kind"),
        Some("3" | "USER_KIND_SYSTEM") => (ActorKind::PlatformService, Human::Nonhuman, "R1:teleport-user-kind"),
        // Names that begin so cannot be given to users.
        _ if user.starts_with("@teleport") => (ActorKind::PlatformService, Human::Nonhuman, "R1:teleport-system-user"),
        _ if login => (ActorKind::Human, Human::Human, "R2:teleport-login"),
        _ => (ActorKind::Unknown, Human::Unknown, "default"),
    };
    Principal { uri: user_uri(&user, at), kind, name: Some(user), is_human, rule }
}

fn claimed<'a>(user: Text<'a>, at: &Boundary<'_>) -> Principal<'a> {
    let uri = uri::principal_claimed(NAME, &at.home, "user", user.as_deref().unwrap_or("unknown"));
    Principal { uri, kind: ActorKind::Unknown, name: user, is_human: Human::Unknown, rule: "default" }
}

/// A part of the cluster, or nobody that the record names.
fn host<'a>(record: &Record<'a>, at: &Boundary<'_>) -> Principal<'a> {
    match first(&[&record.host_id, &record.server_id]) {
        Some(id) => Principal {
            uri: uri::principal(NAME, &at.cluster, "host", &id),
            kind: ActorKind::PlatformService,
            name: first(&[&record.node_name, &record.server_hostname]).or(Some(id)),
            is_human: Human::Nonhuman,
            rule: "R1:teleport-host",
        },
        None => Principal {
            uri: uri::principal(NAME, &at.cluster, "cluster", &at.cluster),
            kind: ActorKind::PlatformService,
            name: None,
            is_human: Human::Nonhuman,
            rule: "R1:teleport-itself",
        },
    }
}

/// A user is known by its name, which can be given to another later.
pub(super) fn user_uri(user: &str, at: &Boundary<'_>) -> String {
    uri::principal_named(NAME, &at.home, "user", user)
}

fn bot_uri(bot: &str, at: &Boundary<'_>) -> String {
    uri::principal_named(NAME, &at.home, "bot", bot)
}

/// The instance of a bot: one join, under one id until it has to join again.
pub(super) fn instance<'a>(record: &Record<'a>) -> Text<'a> {
    let inside = record.identity.as_ref();
    said(&record.bot_instance_id).or_else(|| inside.and_then(|identity| said(&identity.bot_instance_id)))
}

/// What the record shows about who is who.
pub(super) fn aliases(record: &Record<'_>, actor: &Principal<'_>, at: &Boundary<'_>) -> Vec<Alias> {
    let mut aliases = Vec::new();
    let mut add = |a: String, b: String, rel, rule| {
        if a != b {
            aliases.push(Alias { a, b, rel, rule });
        }
    };
    if actor.kind == ActorKind::Bot {
        if let Some(instance) = instance(record) {
            let instance = uri::principal(NAME, &at.home, "bot-instance", &instance);
            add(instance, actor.uri.clone(), AliasRel::InstanceOf, "teleport:bot_instance_id");
        }
        if let Some(user) = first(&[&record.user, &record.user_name]).filter(|user| user.starts_with("bot-")) {
            add(actor.uri.clone(), user_uri(&user, at), AliasRel::RunsAs, "teleport:bot-user");
        }
    }
    if let (Some("bot.join"), Some(foreign)) = (record.event.as_deref(), joined_as(record)) {
        add(foreign, actor.uri.clone(), AliasRel::FederatesTo, "teleport:join-attributes");
    }
    if let Some(workload) = said(&record.spiffe_id).as_deref().and_then(spiffe::principal) {
        add(actor.uri.clone(), workload, AliasRel::RunsAs, "teleport:spiffe_id");
    }
    if let Some(role) = said(&record.aws_role_arn).as_deref().and_then(aws_role) {
        add(actor.uri.clone(), role, AliasRel::FederatesTo, "teleport:aws_role_arn");
    }
    if let Some(email) = said(&record.gcp_service_account) {
        let project = email.split_once('@').and_then(|(_, host)| host.strip_suffix(".iam.gserviceaccount.com"));
        let account = uri::principal_named("gcp", project.unwrap_or("unknown"), "sa", &email);
        add(actor.uri.clone(), account, AliasRel::FederatesTo, "teleport:gcp_service_account");
    }
    aliases
}

/// The identity of another platform that a join was proved with.
fn joined_as(record: &Record<'_>) -> Option<String> {
    let attributes = record.attributes.as_ref()?;
    match record.method.as_deref()? {
        "github" => {
            let builder = uri::build(uri::Class::Principal, "oauth", "token.actions.githubusercontent.com", "subject");
            Some(builder.id(&said(&attributes.sub)?).finish())
        }
        "iam" => aws_role(&said(&attributes.arn)?),
        _ => None,
    }
}

/// An AWS role by its name, from its ARN or the ARN of a session of it.
fn aws_role(arn: &str) -> Option<String> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    let (_, _, _, account, resource) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = match resource.split_once('/')? {
        ("assumed-role", rest) => rest.split('/').next()?,
        ("role", rest) => rest.rsplit('/').next()?,
        _ => return None,
    };
    Some(uri::principal_named("aws", account, "role", name))
}
