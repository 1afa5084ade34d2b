//! Who called: by the certificate that the proxy checked, by what a gateway authenticated, by the header in which proxies
//! hand such names on; else what the client says of itself.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Alias, AliasRel, Credential, Fingerprint, Human, Principal, Step, StepKind};

use super::NAME;
use super::fields::Call;
use super::xfcc::{self, Element};
use crate::field::Text;
use crate::{fill, oauth, spiffe};

/// What an access log says of whoever called.
pub(super) struct Who<'a> {
    pub(super) actor: Principal<'a>,
    pub(super) subject: Option<String>,
    pub(super) initiator: Option<String>,
    pub(super) chain: Vec<Step<'a>>,
    pub(super) credential: Option<Credential<'a>>,
    pub(super) aliases: Vec<Alias>,
    pub(super) role: Text<'a>,
    pub(super) method: Text<'a>,
    pub(super) protocol: Text<'a>,
}

impl<'a> Who<'a> {
    fn new(actor: Principal<'a>) -> Who<'a> {
        let (subject, initiator, credential, role) = (None, None, None, None);
        let (chain, aliases) = (Vec::new(), Vec::new());
        Who { actor, subject, initiator, chain, credential, aliases, role, method: None, protocol: None }
    }

    fn by(self, protocol: &'static str, method: &'static str) -> Who<'a> {
        Who { protocol: Some(Cow::Borrowed(protocol)), method: Some(Cow::Borrowed(method)), ..self }
    }
}

pub(super) fn of<'a>(call: &Call<'a>, at: &str) -> Who<'a> {
    workload(call)
        .or_else(|| certificate(call, at))
        .or_else(|| consumer(call, at))
        .or_else(|| aws(call))
        .or_else(|| token(call, at))
        .unwrap_or_else(|| client(call, at))
}

fn spiffe_principal<'a>(id: Cow<'a, str>) -> Option<Principal<'a>> {
    let uri = spiffe::principal(&id)?;
    let (kind, is_human, rule) = (ActorKind::Workload, Human::Nonhuman, "R1:spiffe-id");
    Some(Principal { uri, kind, name: Some(id), is_human, rule })
}

/// A workload by the certificate of its connection, or as the header says it.
fn workload<'a>(call: &Call<'a>) -> Option<Who<'a>> {
    let hops: Vec<Element> = call.xfcc.as_deref().map(xfcc::read).unwrap_or_default();
    let nearest = hops.last();
    let name = call.peer_id.clone().or_else(|| nearest?.uri.clone().map(Cow::Owned))?;
    let domain = spiffe::parse(&name)?.0.to_owned();
    let mut who = Who::new(spiffe_principal(name)?);
    let hash = nearest.and_then(|hop| hop.hash.clone()).map(Cow::Owned);
    let digest = call.peer_fingerprint.clone().or(hash.filter(|_| call.peer_id.is_none() || hops.len() == 1));
    who.credential = credential(
        call.peer_serial.as_deref().map(|serial| {
            let serial = spiffe::hex(serial);
            (spiffe::certificate(&domain, &serial), "x509-serial", Cow::Owned(serial))
        }),
        digest,
        &domain,
    );
    // Hops before the nearest are what other proxies say they saw.
    let mut chain: Vec<Step<'a>> = hops
        .iter()
        .rev()
        .skip(1)
        .filter_map(|hop| spiffe::principal(hop.uri.as_deref()?))
        .filter(|uri| *uri != who.actor.uri)
        .map(|principal| Step {
            principal,
            step: StepKind::ServiceForward,
            evidence_path: "/x_forwarded_client_cert",
            asserted_by: Cow::Borrowed("x-forwarded-client-cert"),
            verified: false,
        })
        .collect();
    chain.reverse();
    if let Some(first) = chain.first() {
        who.initiator = Some(first.principal.clone());
        chain.push(Step {
            principal: who.actor.uri.clone(),
            step: StepKind::ServiceForward,
            evidence_path: "/x_forwarded_client_cert",
            asserted_by: Cow::Borrowed("envoy"),
            verified: call.peer_id.is_some(),
        });
    }
    who.chain = chain;
    Some(who.by("mtls", if call.peer_id.is_some() { "x509-svid" } else { "x-forwarded-client-cert" }))
}

/// A certificate: by its serial number, else by its digest.
fn credential<'a>(
    serial: Option<(String, &'static str, Cow<'a, str>)>,
    digest: Text<'a>,
    at: &str,
) -> Option<Credential<'a>> {
    let fingerprint = digest.map(|value| Cow::Owned(spiffe_digest(&value)));
    let (uri, kind, native_id) = match (serial, &fingerprint) {
        (Some(serial), _) => serial,
        (None, Some(digest)) => (uri::cred("spiffe", at, "x509-sha256", digest), "x509-sha256", digest.clone()),
        (None, None) => return None,
    };
    let fingerprint = fingerprint.map(|value| Fingerprint { algorithm: "sha256", encoding: "hex", value });
    Some(Credential {
        uri,
        kind: Cow::Borrowed(kind),
        native_id: Some(native_id),
        fingerprint,
        ..Credential::default()
    })
}

fn spiffe_digest(digest: &str) -> String {
    digest.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect()
}

/// A certificate without a SPIFFE ID in it: its subject is a name within its issuer.
fn certificate<'a>(call: &Call<'a>, at: &str) -> Option<Who<'a>> {
    let subject = call.peer_subject.clone()?;
    let uri = uri::build(Class::Principal, NAME, at, "x509-subject").name(&subject).finish();
    let (kind, is_human, rule) = (ActorKind::ApiClient, Human::Unknown, "default");
    let mut who = Who::new(Principal { uri, kind, name: Some(subject), is_human, rule });
    let issuer = call.peer_issuer.clone();
    let serial = call.peer_serial.as_deref().map(spiffe::hex);
    who.credential = match (serial, &call.peer_fingerprint) {
        (Some(serial), _) => Some(Credential {
            uri: uri::build(Class::Cred, NAME, at, "x509-serial")
                .name(issuer.as_deref().unwrap_or("unknown"))
                .id(&serial)
                .finish(),
            kind: Cow::Borrowed("x509-serial"),
            native_id: Some(Cow::Owned(serial)),
            ..Credential::default()
        }),
        (None, Some(print)) => Some(Credential {
            uri: uri::build(Class::Cred, NAME, at, "x509-fingerprint").id(print).finish(),
            kind: Cow::Borrowed("x509-fingerprint"),
            native_id: Some(print.clone()),
            ..Credential::default()
        }),
        (None, None) => None,
    };
    if let Some(credential) = &mut who.credential {
        credential.issuer = issuer;
    }
    Some(who.by("mtls", "x509"))
}

/// Whom Kong found behind a key: a person or a program, it does not say.
fn consumer<'a>(call: &Call<'a>, at: &str) -> Option<Who<'a>> {
    let name = call.consumer_name.clone();
    let uri = match (&call.consumer, &name) {
        (Some(id), _) => uri::principal(NAME, at, "consumer", id),
        (None, Some(name)) => uri::principal_named(NAME, at, "consumer", name),
        (None, None) => return None,
    };
    let kind = ActorKind::ApiClient;
    let name_of = name.clone().or_else(|| call.consumer.clone());
    let mut who = Who::new(Principal { uri, kind, name: name_of, is_human: Human::Unknown, rule: "default" });
    if let (Some(id), Some(name)) = (&call.consumer, &name) {
        let (a, b) = (uri::principal(NAME, at, "consumer", id), uri::principal_named(NAME, at, "consumer", name));
        who.aliases.push(Alias { a, b, rel: AliasRel::SameAs, rule: "http:consumer-id+name" });
    }
    who.credential = call.consumer_credential.clone().map(|id| Credential {
        uri: uri::cred(NAME, at, "consumer-credential", &id),
        kind: Cow::Borrowed("consumer-credential"),
        native_id: Some(id),
        ..Credential::default()
    });
    Some(who.by("http", "consumer"))
}

/// Who signed a request with a key of AWS, named as CloudTrail names them.
fn aws<'a>(call: &Call<'a>) -> Option<Who<'a>> {
    let arn = call.arn.clone()?;
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let (kind, rest) = resource.split_once('/').unwrap_or((&resource, ""));
    let session = rest.split_once('/');
    let (uri, actor_kind) = match (kind, session) {
        ("assumed-role", Some((role, _))) => (uri::principal_named("aws", &account, "role", role), ActorKind::Unknown),
        ("user", _) => {
            let name = rest.rsplit('/').next().unwrap_or(rest);
            (uri::principal_named("aws", &account, "user", name), ActorKind::Unknown)
        }
        ("root", _) => (uri::principal("aws", &account, "root", &account), ActorKind::Shared),
        _ => (uri::build(Class::Principal, "aws", &account, "arn").name(&arn).finish(), ActorKind::Unknown),
    };
    let actor = Principal { uri, kind: actor_kind, name: Some(arn.clone()), is_human: Human::Unknown, rule: "default" };
    let mut who = Who::new(actor);
    who.role = match (kind, session) {
        ("assumed-role", Some((role, _))) => Some(Cow::Owned(role.to_owned())),
        _ => None,
    };
    who.credential = call.access_key.clone().map(|key| {
        let kind = if key.starts_with("ASIA") { "sts-key" } else { "access-key" };
        let uri = uri::cred("aws", &account, kind, &key);
        Credential { uri, kind: Cow::Borrowed(kind), native_id: Some(key), ..Credential::default() }
    });
    Some(who.by("aws", "sigv4"))
}

/// Whom an authorizer found in a token, or behind a key.
fn token<'a>(call: &Call<'a>, at: &str) -> Option<Who<'a>> {
    let issuer = oauth::issuer(call.issuer.as_deref());
    let (actor, method) = if let Some(subject) = call.subject.clone().filter(|_| call.issuer.is_some()) {
        // Of a client that has its token for itself the subject is its own id.
        let own = call.client_id.as_deref() == Some(&subject);
        let uri = if own { oauth::client(&issuer, &subject) } else { oauth::subject(&issuer, &subject) };
        let (kind, is_human, rule) = match own {
            true => (ActorKind::ApiClient, Human::Nonhuman, "R1:oauth-client"),
            false => (ActorKind::Unknown, Human::Unknown, "default"),
        };
        (Principal { uri, kind, name: Some(subject), is_human, rule }, "jwt")
    } else if let Some(client) = call.client_id.clone().filter(|_| call.issuer.is_some()) {
        let uri = oauth::client(&issuer, &client);
        let (kind, is_human, rule) = (ActorKind::ApiClient, Human::Nonhuman, "R1:oauth-client");
        (Principal { uri, kind, name: Some(client), is_human, rule }, "jwt")
    } else if let Some(name) = call.authorizer.clone() {
        let uri = uri::principal_named(NAME, at, "authorizer-principal", &name);
        let kind = ActorKind::Unknown;
        (Principal { uri, kind, name: Some(name), is_human: Human::Unknown, rule: "default" }, "authorizer")
    } else {
        let key = call.api_key.clone()?;
        let uri = uri::principal(NAME, at, "api-key-holder", &key);
        let (kind, is_human, rule) = (ActorKind::ApiClient, Human::Nonhuman, "R3:api-key");
        (Principal { uri, kind, name: Some(key), is_human, rule }, "api-key")
    };
    let mut who = Who::new(actor);
    who.credential = match (&call.token_id, &call.api_key) {
        (Some(jti), _) => Some(Credential {
            uri: oauth::token(&issuer, jti),
            kind: Cow::Borrowed("jti"),
            native_id: Some(jti.clone()),
            issuer: call.issuer.clone(),
            ..Credential::default()
        }),
        (None, Some(key)) => Some(Credential {
            uri: uri::cred(NAME, at, "api-key", key),
            kind: Cow::Borrowed("api-key"),
            native_id: Some(key.clone()),
            ..Credential::default()
        }),
        (None, None) => None,
    };
    Some(who.by(if method == "jwt" { "oauth2" } else { "http" }, method))
}

/// A name that came with the request: servers log it checked or not, and do not say which. Else an address.
fn client<'a>(call: &Call<'a>, at: &str) -> Who<'a> {
    match call.user.clone() {
        Some(user) => Who::new(fill::claimed(NAME, at, "user", Some(user))).by("http", "user"),
        None => Who::new(fill::claimed(NAME, at, "client", call.client.clone().map(fill::host))),
    }
}
