//! Who called: the canonical principal of each `userIdentity` type (`identity.md` 3.1 to 3.4), the
//! session it worked in and those who led to it.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, AliasRel, Human, Party, StepKind};
use model::{Alias, Principal, Step, Text, Workload};

use super::arn::{AMAZON, Arn, PLATFORM, account_of_key};
use super::human::{self, Verdict};
use super::record::{Identity, Issuer, Maybe, Record, filled, seen};

/// What `userIdentity` says.
#[derive(Debug)]
pub(super) struct Who<'a> {
    pub(super) actor: Principal<'a>,
    /// Account of the actor: the authority of its keys and sessions.
    pub(super) account: Text<'a>,
    pub(super) role: Maybe<'a>,
    pub(super) subject: Option<String>,
    pub(super) initiator: Option<String>,
    pub(super) session: Option<String>,
    pub(super) chain: Vec<Step<'a>>,
    pub(super) aliases: Vec<Alias>,
    pub(super) workload: Workload<'a>,
    pub(super) party: Option<Party>,
    pub(super) privileged: Option<bool>,
}

/// Reads the caller off a record that belongs to `tenant`. `proved` is false for a sign-in that
/// failed: then the identity is only what the caller claimed.
pub(super) fn read<'a>(record: &Record<'a>, tenant: &str, proved: bool) -> Who<'a> {
    let nobody = Identity::default();
    let identity = record.user_identity.as_ref().unwrap_or(&nobody);
    let account = account(identity, tenant);
    let mut who = match kind(record, identity) {
        "Root" => root(record, identity, account, proved),
        "IAMUser" => user(record, identity, account, proved),
        "AssumedRole" | "Role" => role(record, identity, account),
        "FederatedUser" => federated(record, identity, account),
        "AWSService" => service(record, identity),
        "AWSAccount" => foreign(identity, account),
        "IdentityCenterUser" => center_user(record, identity, account),
        "SAMLUser" => saml(identity, account),
        "WebIdentityUser" => web(identity, account),
        "Directory" => named(identity, account, "directory", proved, human::UNKNOWN),
        _ => named(identity, account, "unknown", proved, human::UNKNOWN),
    };
    if who.party.is_none() && !tenant.is_empty() && who.account != "unknown" {
        who.party = Some(if who.account == tenant { Party::Own } else { Party::Third });
    }
    lead(record, identity, &mut who);
    who
}

/// The type, or what the rest of a record without one shows.
fn kind<'t>(record: &'t Record<'_>, identity: &'t Identity<'_>) -> &'t str {
    if let Some(kind) = seen(&identity.kind) {
        return kind;
    }
    if let Some(arn) = seen(&identity.arn).and_then(Arn::parse) {
        match (arn.service, arn.typed().0, arn.resource) {
            ("iam", _, "root") => return "Root",
            ("iam", "user", _) => return "IAMUser",
            ("iam", "role", _) | ("sts", "assumed-role", _) => return "AssumedRole",
            ("sts", "federated-user", _) => return "FederatedUser",
            _ => {}
        }
    }
    let service = seen(&record.event_type) == Some("AwsServiceEvent") || seen(&identity.invoked_by).is_some();
    match () {
        () if seen(&identity.user_name).is_some() || seen(&identity.principal_id).is_some() => "Unknown",
        () if service => "AWSService",
        () if seen(&identity.account_id).is_some() => "AWSAccount",
        () => "Unknown",
    }
}

/// The account of the caller, from the plainest source that the record has.
fn account<'a>(identity: &Identity<'a>, tenant: &str) -> Text<'a> {
    if let Some(account) = filled(&identity.account_id) {
        return account;
    }
    let issuer = identity.session_context.as_ref().and_then(|session| session.session_issuer.as_ref());
    if let Some(arn) = seen(&identity.arn).and_then(Arn::parse).filter(|arn| !arn.account.is_empty()) {
        return Cow::Owned(arn.account.to_owned());
    }
    if let Some(account) = issuer.and_then(|issuer| filled(&issuer.account_id)) {
        return account;
    }
    match seen(&identity.access_key_id).and_then(account_of_key) {
        Some(account) => Cow::Owned(account),
        None => Cow::Owned(if tenant.is_empty() { "unknown" } else { tenant }.to_owned()),
    }
}

impl<'a> Who<'a> {
    fn new(uri: String, name: Maybe<'a>, verdict: Verdict, account: Text<'a>) -> Who<'a> {
        Who {
            actor: Principal { uri, kind: verdict.kind, name, is_human: verdict.human, rule: verdict.rule },
            account,
            role: None,
            subject: None,
            initiator: None,
            session: None,
            chain: Vec::new(),
            aliases: Vec::new(),
            workload: Workload::default(),
            party: None,
            privileged: None,
        }
    }

    fn alias(&mut self, a: String, rel: AliasRel, b: String, rule: &'static str) {
        self.aliases.push(Alias { a, b, rel, rule });
    }
}

/// A principal by the best id there is: what AWS never reuses, else a name; a claim if unproved.
fn principal(account: &str, kind: &str, id: Option<&str>, name: Option<&str>, proved: bool) -> String {
    match (id, name) {
        (Some(id), _) if proved => uri::principal(PLATFORM, account, kind, id),
        (None, Some(name)) if proved => uri::principal_named(PLATFORM, account, kind, name),
        (Some(text), _) | (None, Some(text)) => uri::principal_claimed(PLATFORM, account, kind, text),
        (None, None) => uri::principal_named(PLATFORM, account, kind, "unknown"),
    }
}

fn root<'a>(record: &Record<'a>, identity: &Identity<'a>, account: Text<'a>, proved: bool) -> Who<'a> {
    let uri = principal(&account, "root", Some(&account), None, proved);
    let name = filled(&identity.arn).or_else(|| filled(&identity.user_name)).or_else(|| filled(&identity.principal_id));
    let mut who = Who::new(uri, name, human::root(record), account);
    who.privileged = Some(true);
    session(identity, &mut who, "root-session", None);
    who
}

fn user<'a>(record: &Record<'a>, identity: &Identity<'a>, account: Text<'a>, proved: bool) -> Who<'a> {
    let id = seen(&identity.principal_id).filter(|id| !id.contains(':'));
    let arn = seen(&identity.arn).and_then(Arn::parse);
    let name = seen(&identity.user_name).or_else(|| arn.map(|arn| arn.last()));
    let uri = principal(&account, "user", id, name.or(seen(&identity.principal_id)), proved);
    let shown =
        filled(&identity.user_name).or_else(|| filled(&identity.arn)).or_else(|| filled(&identity.principal_id));
    let mut who = Who::new(uri, shown, human::user(record, identity), account);
    // AWS filled in the id of a user that exists, whether or not the caller proved to be it.
    if let (Some(id), Some(name)) = (id, name) {
        let named = uri::principal_named(PLATFORM, &who.account, "user", name);
        let known = uri::principal(PLATFORM, &who.account, "user", id);
        who.alias(named, AliasRel::SameAs, known, "aws:user-name+principal-id");
    }
    session(identity, &mut who, "user", id);
    who
}

fn role<'a>(record: &Record<'a>, identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let nobody = Issuer::default();
    let issuer = identity.session_context.as_ref().and_then(|s| s.session_issuer.as_ref()).unwrap_or(&nobody);
    let (id, label) = match seen(&identity.principal_id).and_then(|id| id.split_once(':')) {
        Some((id, label)) => (Some(id), Some(label)),
        None => (seen(&identity.principal_id), None),
    };
    let id = seen(&issuer.principal_id).or(id);
    let arn = seen(&identity.arn).and_then(Arn::parse);
    let issuer_arn = seen(&issuer.arn).and_then(Arn::parse);
    let name = seen(&issuer.user_name)
        .or_else(|| issuer_arn.and_then(|arn| arn.role_name()))
        .or_else(|| arn.and_then(|arn| arn.role_name()));
    let label = label.or_else(|| arn.filter(|arn| arn.typed().0 == "assumed-role").map(|arn| arn.last()));
    let uri = principal(&account, "role", id, name, true);
    let shown = filled(&identity.arn).or_else(|| filled(&issuer.arn)).or_else(|| filled(&identity.principal_id));
    let mut who = Who::new(uri, shown, human::role(record, identity, name, label), account);
    if let (Some(_), Some(name)) = (id, name) {
        let named = uri::principal_named(PLATFORM, &who.account, "role", name);
        who.alias(named, AliasRel::SameAs, who.actor.uri.clone(), "aws:role-name+principal-id");
    }
    who.role = filled(&issuer.arn).or_else(|| filled(&identity.arn));
    session_of_role(identity, &mut who, id, name, label);
    if let Some(label) = label.filter(|label| human::is_instance(label)) {
        who.workload.uid = Some(Cow::Owned(label.to_owned()));
    }
    if let (Some(label), true) = (label, name.is_some_and(human::is_sso_role)) {
        who.initiator = Some(uri::principal_claimed(PLATFORM, &who.account, "identity-center-user", label));
        who.chain.push(Step {
            principal: uri::principal_claimed(PLATFORM, &who.account, "identity-center-user", label),
            step: StepKind::Assume,
            evidence_path: "/userIdentity/arn",
            asserted_by: Cow::Borrowed("sso.amazonaws.com"),
            verified: true,
        });
    }
    who
}

/// `assumed-role/<role id>/<key id>`; without a key the session name stands in, as the claim it is.
fn session_of_role(
    identity: &Identity<'_>,
    who: &mut Who<'_>,
    id: Option<&str>,
    name: Option<&str>,
    label: Option<&str>,
) {
    let uri = role_session(&who.account, id, name, seen(&identity.access_key_id), label);
    if let Some(uri) = uri {
        who.alias(uri.clone(), AliasRel::InstanceOf, who.actor.uri.clone(), "aws:assumed-role");
        who.session = Some(uri);
    }
}

/// The URI of a role session: the same for the record that mints it and for those that use it.
pub(super) fn role_session(
    account: &str,
    id: Option<&str>,
    name: Option<&str>,
    key: Option<&str>,
    label: Option<&str>,
) -> Option<String> {
    let uri = uri::build(Class::Session, PLATFORM, account, "assumed-role");
    let uri = match (id, name) {
        (Some(id), _) => uri.id(id),
        (None, Some(name)) => uri.name(name),
        (None, None) => return None,
    };
    match (key, label) {
        (Some(key), _) => Some(uri.id(key).finish()),
        (None, Some(label)) => Some(uri.claim(label).finish()),
        (None, None) => None,
    }
}

/// The session behind a temporary key of a user or of root.
fn session(identity: &Identity<'_>, who: &mut Who<'_>, kind: &str, id: Option<&str>) {
    let Some(key) = seen(&identity.access_key_id).filter(|_| identity.session_context.is_some()) else { return };
    let uri = uri::build(Class::Session, PLATFORM, &who.account, kind);
    let uri = if let Some(id) = id { uri.id(id) } else { uri };
    who.session = Some(uri.id(key).finish());
}

fn federated<'a>(record: &Record<'a>, identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let name = seen(&identity.arn).and_then(Arn::parse).map(|arn| arn.last());
    let name = name.or_else(|| seen(&identity.principal_id)?.split_once(':').map(|(_, name)| name));
    let uri = principal(&account, "federated-user", None, name, true);
    let shown = filled(&identity.arn).or_else(|| filled(&identity.principal_id));
    let mut who = Who::new(uri, shown, human::user(record, identity), account);
    session(identity, &mut who, "federated-user", name);
    let issuer = identity.session_context.as_ref().and_then(|session| session.session_issuer.as_ref());
    let Some(issuer) = issuer else { return who };
    let owner = match seen(&issuer.kind) {
        Some("Root") => Some(uri::principal(PLATFORM, &who.account, "root", &who.account)),
        Some("Role") => seen(&issuer.principal_id).map(|id| uri::principal(PLATFORM, &who.account, "role", id)),
        _ => seen(&issuer.principal_id).map(|id| uri::principal(PLATFORM, &who.account, "user", id)),
    };
    if let Some(owner) = owner {
        who.role = filled(&issuer.arn);
        who.alias(who.actor.uri.clone(), AliasRel::RunsAs, owner.clone(), "aws:federation-token");
        who.chain.push(Step {
            principal: owner.clone(),
            step: StepKind::Exchange,
            evidence_path: "/userIdentity/sessionContext/sessionIssuer/principalId",
            asserted_by: Cow::Borrowed("sts.amazonaws.com"),
            verified: true,
        });
        who.subject = Some(owner.clone());
        who.initiator = Some(owner);
    }
    who
}

fn service<'a>(record: &Record<'a>, identity: &Identity<'a>) -> Who<'a> {
    let name = filled(&identity.invoked_by)
        .or_else(|| filled(&record.source_ip_address).filter(|host| host.ends_with(".amazonaws.com")))
        .or_else(|| filled(&record.event_source))
        .unwrap_or(Cow::Borrowed("unknown"));
    let uri = uri::principal(PLATFORM, AMAZON, "service", &name);
    let mut who = Who::new(uri, Some(name), human::SERVICE, Cow::Borrowed(AMAZON));
    who.party = Some(Party::Provider);
    who
}

/// Another account's principal, of which only the unique id is shown.
fn foreign<'a>(identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let id = seen(&identity.principal_id);
    let (id, label) =
        id.map_or((None, None), |id| id.split_once(':').map_or((Some(id), None), |(a, b)| (Some(a), Some(b))));
    let kind = match id {
        Some(id) if id.starts_with("AIDA") => "user",
        Some(id) if id.starts_with("AROA") || label.is_some() => "role",
        Some(id) if id == account => "account",
        Some(_) => "unknown",
        None => "account",
    };
    let uri = principal(&account, kind, id.or(Some(&account)), None, true);
    let shown =
        filled(&identity.arn).or_else(|| filled(&identity.principal_id)).or_else(|| filled(&identity.account_id));
    let verdict = if label.is_some_and(human::is_instance) { human::INSTANCE } else { human::UNKNOWN };
    let mut who = Who::new(uri, shown, verdict, account);
    if kind == "role" {
        session_of_role(identity, &mut who, id, None, label);
    }
    if let Some(label) = label.filter(|label| human::is_instance(label)) {
        who.workload.uid = Some(Cow::Owned(label.to_owned()));
    }
    who
}

/// The URI of an Identity Center user. Its id is a GUID; its authority the account of the store.
fn center_uri(account: &str, store: Option<&str>, user: &str) -> String {
    let store = store.and_then(Arn::parse).map(|arn| arn.account).filter(|account| !account.is_empty());
    uri::principal(PLATFORM, store.unwrap_or(account), "identity-center-user", user)
}

/// The same user by a name, which can be given to another.
fn center_name(account: &str, store: Option<&str>, name: &str) -> String {
    let store = store.and_then(Arn::parse).map(|arn| arn.account).filter(|account| !account.is_empty());
    uri::principal_named(PLATFORM, store.unwrap_or(account), "identity-center-user", name)
}

fn named_of<'t>(record: &'t Record<'_>) -> Option<&'t str> {
    record.additional_event_data.as_ref().and_then(|data| seen(&data.user_name))
}

fn center_user<'a>(record: &Record<'a>, identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let nobody = Default::default();
    let behalf = identity.on_behalf_of.as_ref().unwrap_or(&nobody);
    let named = record.additional_event_data.as_ref().and_then(|data| filled(&data.user_name));
    let uri = match (seen(&behalf.user_id), seen(&identity.principal_id), named.as_deref()) {
        (Some(user), _, _) => center_uri(&account, seen(&behalf.identity_store_arn), user),
        (None, Some(id), _) => uri::principal(PLATFORM, &account, "identity-center-user", id),
        (None, None, name) => principal(&account, "identity-center-user", None, name, true),
    };
    let shown = named.or_else(|| filled(&identity.user_name)).or_else(|| filled(&behalf.user_id));
    let user_name = named_of(record);
    let mut who = Who::new(uri, shown, human::CENTER_USER, account);
    if let (Some(user), Some(name)) = (seen(&behalf.user_id), user_name) {
        let by_id = center_uri(&who.account, seen(&behalf.identity_store_arn), user);
        let by_name = center_name(&who.account, seen(&behalf.identity_store_arn), name);
        who.alias(by_name, AliasRel::SameAs, by_id, "aws:user-id+user-name");
    }
    if let Some(id) = seen(&identity.credential_id) {
        who.session = Some(uri::session(PLATFORM, &who.account, "identity-center", id));
    }
    who
}

/// A user that a SAML provider vouches for; STS checked the assertion.
fn saml<'a>(identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let qualifier = seen(&identity.identity_provider);
    let qualifier =
        qualifier.or_else(|| seen(&identity.principal_id)?.rsplit_once(':').map(|(qualifier, _)| qualifier));
    let user = seen(&identity.user_name).or_else(|| seen(&identity.principal_id)).unwrap_or("unknown");
    let uri = uri::build(Class::Principal, PLATFORM, &account, "saml-user").id(qualifier.unwrap_or("unknown"));
    let shown = filled(&identity.user_name).or_else(|| filled(&identity.principal_id));
    Who::new(uri.name(user).finish(), shown, human::SAML, account)
}

/// The subject of an OIDC token, by its issuer: the URI under which the issuer's own platform can
/// be joined.
pub(super) fn oidc_subject(issuer: &str, subject: &str) -> String {
    uri::build(Class::Principal, "oauth", issuer_host(issuer), "subject").id(subject).finish()
}

/// The issuer inside a provider ARN or URL.
pub(super) fn issuer_host(provider: &str) -> &str {
    let text = provider.split_once(":oidc-provider/").map_or(provider, |(_, issuer)| issuer);
    text.strip_prefix("https://").unwrap_or(text)
}

fn web<'a>(identity: &Identity<'a>, account: Text<'a>) -> Who<'a> {
    let id = seen(&identity.principal_id);
    let issuer = seen(&identity.identity_provider).or_else(|| id?.split_once(':').map(|(issuer, _)| issuer));
    let issuer = issuer.unwrap_or("unknown");
    let subject = seen(&identity.user_name).or(id).unwrap_or("unknown");
    let shown = filled(&identity.user_name).or_else(|| filled(&identity.principal_id));
    let mut who = Who::new(oidc_subject(issuer, subject), shown, human::oidc(issuer, subject), account);
    // The subject is of the issuer's world, not of an account.
    who.party = Some(Party::Third);
    who
}

/// A principal of which there is no more than a name or an id.
fn named<'a>(identity: &Identity<'a>, account: Text<'a>, kind: &str, proved: bool, verdict: Verdict) -> Who<'a> {
    let id = seen(&identity.principal_id);
    let uri = principal(&account, kind, id, seen(&identity.user_name).or(seen(&identity.arn)), proved);
    let shown =
        filled(&identity.user_name).or_else(|| filled(&identity.arn)).or_else(|| filled(&identity.principal_id));
    Who::new(uri, shown, verdict, account)
}

/// Those before the actor and after it: who it works for, and which service made the call for it.
fn lead<'a>(record: &Record<'a>, identity: &Identity<'a>, who: &mut Who<'a>) {
    let mut before = Vec::new();
    if let Some(delegate) = identity.invoked_by_delegate.as_ref().and_then(|delegate| seen(&delegate.account_id)) {
        before.push(Step {
            principal: uri::principal(PLATFORM, delegate, "account", delegate),
            step: StepKind::Delegation,
            evidence_path: "/userIdentity/invokedByDelegate/accountId",
            asserted_by: Cow::Borrowed("iam.amazonaws.com"),
            verified: true,
        });
        who.party = Some(Party::Third);
    }
    let behalf = identity.on_behalf_of.as_ref();
    if let Some((user, behalf)) = behalf.and_then(|behalf| Some((seen(&behalf.user_id)?, behalf))) {
        let principal = center_uri(&who.account, seen(&behalf.identity_store_arn), user);
        if principal != who.actor.uri {
            before.push(Step {
                principal,
                step: StepKind::Delegation,
                evidence_path: "/userIdentity/onBehalfOf/userId",
                asserted_by: Cow::Borrowed("sso.amazonaws.com"),
                verified: true,
            });
        }
    }
    let source = identity.session_context.as_ref().and_then(|session| seen(&session.source_identity));
    if let Some(source) = source {
        before.push(Step {
            principal: uri::principal_claimed(PLATFORM, &who.account, "source-identity", source),
            step: StepKind::Assume,
            evidence_path: "/userIdentity/sessionContext/sourceIdentity",
            asserted_by: Cow::Borrowed("caller"),
            verified: false,
        });
    }
    before.append(&mut who.chain);
    who.chain = before;
    if let Some(first) = who.chain.first() {
        who.initiator = Some(first.principal.clone());
    }
    if let Some(scope) = &identity.in_scope_of {
        who.workload.name = filled(&scope.credentials_issued_to).or_else(|| filled(&scope.source_arn));
        who.workload.namespace = filled(&scope.source_account);
    }
    follow(record, identity, who);
}

/// The executor ends the chain: the service that made the call, or the actor itself.
fn follow<'a>(record: &Record<'a>, identity: &Identity<'a>, who: &mut Who<'a>) {
    let service = filled(&identity.invoked_by).filter(|_| who.party != Some(Party::Provider));
    if service.is_none() && who.chain.is_empty() {
        return;
    }
    let asserted_by = filled(&record.event_source).unwrap_or(Cow::Borrowed("aws"));
    let (step, evidence_path) = match service {
        Some(_) => (StepKind::ServiceForward, "/userIdentity/invokedBy"),
        None => (StepKind::Invoke, "/userIdentity/principalId"),
    };
    let actor = who.actor.uri.clone();
    who.chain.push(Step { principal: actor, step, evidence_path, asserted_by: asserted_by.clone(), verified: true });
    if let Some(service) = service {
        who.chain.push(Step {
            principal: uri::principal(PLATFORM, AMAZON, "service", &service),
            step: StepKind::Invoke,
            evidence_path: "/userIdentity/invokedBy",
            asserted_by,
            verified: true,
        });
    }
}

/// What a verdict rests on when the platform itself made the call.
pub(super) fn insight<'a>() -> Principal<'a> {
    Principal {
        uri: uri::principal(PLATFORM, AMAZON, "service", "cloudtrail.amazonaws.com"),
        kind: ActorKind::PlatformService,
        name: None,
        is_human: Human::Nonhuman,
        rule: human::SERVICE.rule,
    }
}
