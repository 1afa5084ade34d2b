//! What a walk may do, and what the operator configured: which issuer speaks for whom.

use model::uri::{self, Class};

use crate::name::{Name, decoded};

/// Bounds and configuration of an answer. Everything an answer depends on besides the store.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Issuers of foreign tokens, and whose tokens they are.
    pub issuers: Vec<Issuer>,
    /// URIs of accounts under which a broker mints for others, as the user of Vault's AWS engine: they
    /// are never an origin.
    pub brokers: Vec<String>,
    /// Ids in the clear, and what a platform that hashes them logs in their place, as the holder of the
    /// key worked it out: `sys/audit-hash` of Vault.
    pub hashes: Vec<Hashed>,
    /// Longest chain of hops.
    pub hops_max: usize,
    /// Most events visited on the way up.
    pub events_max: usize,
    /// Most candidates looked at for one hop.
    pub candidates_max: usize,
    /// Longest life assumed of a token whose issuing record names no end, milliseconds.
    pub life_max_ms: i64,
    /// Most uses in one answer, and most events read for one principal or grant.
    pub uses_max: usize,
    /// Most credentials in one answer.
    pub credentials_max: usize,
    /// Most privileges of one principal.
    pub privileges_max: usize,
    /// Most principals whose rights are told in one blast radius.
    pub principals_max: usize,
    /// Most URIs of identities kept while coverage is counted; about 500 bytes each.
    pub identities_max: usize,
    /// Most identities in one list of coverage.
    pub listed_max: usize,
    /// Most resources and peers listed in a passport, the most frequent.
    pub top_max: usize,
    /// Silence in a session that is marked as a gap, milliseconds.
    pub silence_ms: i64,
    /// Longest time between two calls of a session that no record names, milliseconds.
    pub idle_ms: i64,
    /// How far a use may lie outside the window of its grant, milliseconds.
    pub grant_skew_ms: i64,
    /// Whether policy lets people approve their own requests.
    pub self_approval_allowed: bool,
    /// Approvals that policy asks for when a grant was requested and no record tells; 0 trusts the activation
    /// alone, `None` leaves open what nobody approved.
    pub approvals_min: Option<usize>,
    /// Answers kept while the share of clear actors is counted; about 150 bytes each.
    pub kept_max: usize,
    /// Most actors named as shared, ambiguous or unknown.
    pub unclear_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            issuers: Vec::new(),
            brokers: Vec::new(),
            hashes: Vec::new(),
            hops_max: 32,
            events_max: 256,
            candidates_max: 16,
            life_max_ms: 43_200_000,
            uses_max: 10_000,
            credentials_max: 1_000,
            privileges_max: 10_000,
            principals_max: 100,
            identities_max: 500_000,
            listed_max: 1_000,
            top_max: 20,
            silence_ms: 900_000,
            idle_ms: 1_800_000,
            grant_skew_ms: 5_000,
            self_approval_allowed: false,
            approvals_min: None,
            kept_max: 500_000,
            unclear_max: 10_000,
        }
    }
}

/// An OIDC issuer that the operator says is a cluster, an organisation, a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Host and path of the issuer, without `https://`.
    pub host: String,
    /// Platform part of its principals' URIs, as in `k8s`.
    pub platform: String,
    /// Authority of its principals' URIs: the cluster's id, `github.com`.
    pub authority: String,
}

/// An id, and its hash under a key that only its platform has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// The id, as the platform logs it that is acted on.
    pub id: String,
    /// The hash, as the platform logs it that issued: `hmac-sha256:<hex>`.
    pub hash: String,
}

/// Whom a foreign subject stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// A principal, one to one.
    Principal(String),
    /// A job of a repository: values under which its runs are found.
    Job { run: Option<String>, resources: Vec<String> },
}

impl Settings {
    /// What stands for an id where it is hashed; one for each platform or device that does.
    pub(crate) fn hashes_of<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s str> {
        self.hashes.iter().filter(move |pair| pair.id == id).map(|pair| pair.hash.as_str())
    }

    /// What a hash stands for.
    pub(crate) fn id_of<'s>(&'s self, hash: &'s str) -> impl Iterator<Item = &'s str> {
        self.hashes.iter().filter(move |pair| pair.hash == hash).map(|pair| pair.id.as_str())
    }

    /// Whom the subject of an issuer stands for: `None` for a principal that is no subject, `Err` with
    /// the issuer for one that is not configured.
    pub(crate) fn foreign(&self, principal: &str) -> Option<Result<Foreign, String>> {
        let name = Name::of(principal).filter(|name| name.platform == "oauth" && name.kind == "subject")?;
        let host = decoded(name.authority);
        let Some(issuer) = self.issuers.iter().find(|issuer| issuer.host == host) else { return Some(Err(host)) };
        read_subject(issuer, &decoded(name.id)).map(Ok)
    }

    /// Under which subjects a principal shows itself elsewhere.
    pub(crate) fn subjects(&self, principal: &str) -> Vec<String> {
        let Some(name) = Name::of(principal).filter(|name| name.kind == "serviceaccount") else { return Vec::new() };
        let Some((namespace, account)) = name.id.strip_prefix('~').and_then(|id| id.split_once('/')) else {
            return Vec::new();
        };
        let subject = format!("system:serviceaccount:{}:{}", decoded(namespace), decoded(account));
        let authority = decoded(name.authority);
        let speaks = |issuer: &&Issuer| issuer.platform == name.platform && issuer.authority == authority;
        let uri =
            |issuer: &Issuer| uri::build(Class::Principal, "oauth", &issuer.host, "subject").id(&subject).finish();
        self.issuers.iter().filter(speaks).map(uri).collect()
    }

    /// Under which names the jobs of a repository show themselves elsewhere: host of the issuer and the
    /// repository's name.
    pub(crate) fn jobs(&self, resource: &crate::Resource) -> Vec<String> {
        let Some(name) = Name::of(&resource.uri).filter(|name| name.kind == "repo") else { return Vec::new() };
        let by_name = name.id.strip_prefix('~').map(decoded).or_else(|| resource.name.clone());
        let Some(repository) = by_name else { return Vec::new() };
        let authority = decoded(name.authority);
        let speaks = |issuer: &&Issuer| issuer.platform == name.platform && issuer.authority == authority;
        self.issuers.iter().filter(speaks).map(|issuer| format!("{}/{repository}", issuer.host)).collect()
    }

    /// Configured authorities of a platform, escaped as they stand in URIs.
    pub(crate) fn authorities(&self, platform: &str) -> Vec<String> {
        let escaped = |authority: &str| {
            let uri = uri::principal(platform, authority, "x", "x");
            Name::of(&uri).map(|name| name.authority.to_owned())
        };
        let mut found: Vec<String> = self
            .issuers
            .iter()
            .filter(|issuer| issuer.platform == platform)
            .filter_map(|issuer| escaped(&issuer.authority))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// The forms of subjects: a service account of a cluster, a job of a repository.
fn read_subject(issuer: &Issuer, subject: &str) -> Option<Foreign> {
    let Issuer { platform, authority, .. } = issuer;
    if let Some((namespace, account)) = subject.strip_prefix("system:serviceaccount:").and_then(|s| s.split_once(':')) {
        let uri = uri::build(Class::Principal, platform, authority, "serviceaccount").name(namespace).id(account);
        return Some(Foreign::Principal(uri.finish()));
    }
    let mut claims = subject.strip_prefix("repo:")?.split(':');
    let repository = claims.next()?;
    let run = claims.by_ref().skip_while(|claim| *claim != "run_id").nth(1);
    Some(Foreign::Job { run: run.map(str::to_owned), resources: repository_uris(platform, authority, repository) })
}

/// A repository by its name, and by its id where the subject has it: `owner@1/name@2`.
fn repository_uris(platform: &str, authority: &str, repository: &str) -> Vec<String> {
    let name = without_ids(repository);
    let id = repository.rsplit_once('@').map(|(_, id)| id).filter(|id| !id.contains('/'));
    let start = || uri::build(Class::Resource, platform, authority, "repo");
    id.map(|id| start().id(id).finish()).into_iter().chain([start().name(&name).finish()]).collect()
}

/// The name of the repository whose job a subject is: `owner/name`.
pub(crate) fn repository(subject: &str) -> Option<String> {
    subject.strip_prefix("repo:")?.split(':').next().map(without_ids)
}

/// `owner@1/name@2` without the ids.
fn without_ids(repository: &str) -> String {
    let plain = |part: &str| part.split_once('@').map_or(part.to_owned(), |(name, _)| name.to_owned());
    repository.split('/').map(plain).collect::<Vec<_>>().join("/")
}
