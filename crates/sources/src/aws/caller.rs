//! Callers and resources of AWS as logs beside CloudTrail name them: by ARN alone. The URIs are those of CloudTrail,
//! by name where it has an id; its own records say which id a name has.

use std::borrow::Cow;

use model::uri;
use model::{ActorKind, Alias, AliasRel, Human, Party, Principal, Resource, ResourceRole, Text};

use super::arn::{AMAZON, Arn, PLATFORM, Place, account_of_key, place};
use super::human::{self, Verdict};
use super::identity::role_session;
use super::policy::aws_principal;

/// Who called, as far as an ARN says.
pub(crate) struct Caller<'a> {
    pub(crate) actor: Principal<'a>,
    /// The account in the ARN.
    pub(crate) account: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) role: Option<Text<'a>>,
    pub(crate) aliases: Vec<Alias>,
    /// The instance that a session is named after.
    pub(crate) instance: Option<Text<'a>>,
    /// Whom the directory of the organisation names as the user of its role: a claim of the session's name.
    pub(crate) initiator: Option<String>,
    pub(crate) party: Option<Party>,
}

impl<'a> Caller<'a> {
    fn new(uri: String, name: Option<Text<'a>>, verdict: Verdict) -> Caller<'a> {
        Caller {
            actor: Principal { uri, kind: verdict.kind, name, is_human: verdict.human, rule: verdict.rule },
            account: None,
            session: None,
            role: None,
            aliases: Vec::new(),
            instance: None,
            initiator: None,
            party: None,
        }
    }

    /// The caller that an ARN names. `None` if the text is none.
    pub(crate) fn of_arn(text: &Text<'a>) -> Option<Caller<'a>> {
        let arn = Arn::parse(text)?;
        let account = arn.account;
        let uri = if arn.resource == "root" {
            uri::principal(PLATFORM, account, "root", account)
        } else {
            aws_principal(text)?
        };
        let label = (arn.typed().0 == "assumed-role").then(|| arn.last());
        let role = arn.role_name();
        let mut caller = Caller::new(uri, Some(text.clone()), verdict(arn, role, label));
        if let (Some(role), Some(label)) = (role, label) {
            caller.role = Some(text.clone());
            caller.session = role_session(account, None, Some(role), None, Some(label));
            if let Some(a) = caller.session.clone() {
                let b = caller.actor.uri.clone();
                caller.aliases.push(Alias { a, b, rel: AliasRel::InstanceOf, rule: "aws:assumed-role" });
            }
            caller.instance = human::is_instance(label).then(|| Cow::Owned(label.to_owned()));
            caller.initiator = human::is_sso_role(role)
                .then(|| uri::principal_claimed(PLATFORM, account, "identity-center-user", label));
        }
        caller.account = Some(account.to_owned()).filter(|account| !account.is_empty());
        Some(caller)
    }

    /// A service of AWS, by its host name.
    pub(crate) fn service(host: &str, name: Text<'a>) -> Caller<'a> {
        let mut caller = Caller::new(uri::principal(PLATFORM, AMAZON, "service", host), Some(name), human::SERVICE);
        caller.party = Some(Party::Provider);
        caller
    }

    /// An account by its canonical user id, or whoever in it: another form of its number.
    pub(crate) fn canonical(id: Text<'a>) -> Caller<'a> {
        Caller::new(uri::principal(PLATFORM, AMAZON, "canonical-user", &id), Some(id), human::UNKNOWN)
    }

    /// Whoever called without a credential, or with one that was not accepted.
    pub(crate) fn anonymous() -> Caller<'a> {
        let verdict = Verdict { kind: ActorKind::Shared, human: Human::Unknown, rule: "anonymous" };
        Caller::new(uri::principal(PLATFORM, AMAZON, "anon", "anonymous"), None, verdict)
    }

    /// A name of a form that is not known here.
    pub(crate) fn named(name: Text<'a>) -> Caller<'a> {
        Caller::new(uri::principal_claimed(PLATFORM, "unknown", "unknown", &name), Some(name), human::UNKNOWN)
    }
}

fn verdict(arn: Arn<'_>, role: Option<&str>, label: Option<&str>) -> Verdict {
    match (role, label) {
        _ if arn.resource == "root" => {
            Verdict { kind: ActorKind::Shared, human: Human::Unknown, rule: "default:aws-root" }
        }
        (_, Some(label)) if human::is_instance(label) => human::INSTANCE,
        (Some(role), _) if human::is_sso_role(role) => human::SSO_ROLE,
        (Some(role), _) if role.starts_with("AWSServiceRoleFor") => human::LINKED,
        _ => human::UNKNOWN,
    }
}

/// The URI and the kind of an access key by its id: as in the records of CloudTrail.
pub(crate) fn key(account: Option<&str>, id: &str) -> (String, &'static str) {
    let of_key = account_of_key(id);
    let account = account.or(of_key.as_deref()).unwrap_or("unknown");
    let kind = if id.starts_with("ASIA") { "sts-key" } else { "access-key" };
    (uri::cred(PLATFORM, account, kind, id), kind)
}

/// A resource by its ARN, as CloudTrail's records have it. `None` if the text is no ARN.
pub(crate) fn resource<'a>(text: Text<'a>, account: &str, role: ResourceRole) -> Option<Resource<'a>> {
    let found = place(Arn::parse(&text)?, account);
    let (uri, kind) = (found.uri(), found.kind.clone());
    Some(Resource { uri, kind, name: Some(text), role })
}

/// A model of Bedrock by its id, as CloudTrail's records have it.
pub(crate) fn model<'a>(id: Text<'a>, account: &str, region: &str) -> Resource<'a> {
    if let Some(found) = resource(id.clone(), account, ResourceRole::Target) {
        return found;
    }
    let kind = Cow::Borrowed("bedrock-foundation-model");
    let place = Place { kind: kind.clone(), account, region, id: &id, immutable: false };
    Resource { uri: place.uri(), kind, name: Some(id.clone()), role: ResourceRole::Target }
}

/// An object and its bucket, or a bucket alone; their names are unique in all of AWS.
pub(crate) fn bucket<'a>(bucket: Text<'a>, key: Option<Text<'a>>) -> Vec<Resource<'a>> {
    let of = |kind: &'static str, id: &str, name: Text<'a>, role| {
        let place = Place { kind: Cow::Borrowed(kind), account: "", region: "", id, immutable: false };
        Resource { uri: place.uri(), kind: Cow::Borrowed(kind), name: Some(name), role }
    };
    match key {
        Some(key) => vec![
            of("s3-object", &format!("{bucket}/{key}"), key, ResourceRole::Target),
            of("s3-bucket", &bucket, bucket.clone(), ResourceRole::Related),
        ],
        None => vec![of("s3-bucket", &bucket, bucket.clone(), ResourceRole::Target)],
    }
}
