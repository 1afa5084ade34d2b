//! The rules by which a use is joined to an issuance: a table over facts, no platform code.
//!
//! A platform whose module fills in the facts of an event is covered by the generic rows. A kind of
//! credential that the table does not list is joined as a key id, the more careful of the two.

use crate::Tier;

/// How two records are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// Both name the credential by one URI.
    Uri,
    /// The issuing record does not know the authority in which the credential is used.
    Elsewhere,
    /// Both call the credential by one native id, on two platforms.
    NativeId,
    /// The same, where the issuing platform logs a hash of the id and the operator says of what.
    Hashed,
    /// The record says that the credential came to exist, without handing it out.
    Announced,
    /// The platform logs no id: account, caller and window of time have to do.
    Window,
    /// A token of one platform was shown to another, which logs whose it was and not which.
    Exchange,
    /// One of several such tokens or jobs has an id that the caller named when it showed its token.
    Claimed,
    /// The record that opened the session.
    Session,
    /// An agent's own record shows the token that the call was made with.
    Shown,
    /// An agent's own record names the call by the id that the platform gave it.
    Call,
    /// Another record of the same run of an agent.
    Run,
    /// An agent's own record has the trace in which the call was made.
    Trace,
}

/// What kinds of credentials a rule holds for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kinds {
    /// These.
    Of(&'static [&'static str]),
    /// Those no other rule of the same join lists.
    Others,
    /// All, and events without one.
    All,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Stable name, part of every answer.
    pub(crate) id: &'static str,
    /// Raised when what the rule joins changes.
    pub(crate) version: u32,
    pub(crate) join: Join,
    pub(crate) kinds: Kinds,
    pub(crate) tier: Tier,
    /// Column of the issuing record and of the using record.
    pub(crate) basis: (&'static str, &'static str),
    /// How far two clocks may be apart, milliseconds.
    pub(crate) tolerance_ms: i64,
}

/// Clocks of one platform.
const ONE_CLOCK_MS: i64 = 5_000;
/// Clocks of two platforms.
const TWO_CLOCKS_MS: i64 = 60_000;

/// Every tolerance that a rule may have, milliseconds.
pub(crate) const TOLERANCES_MS: [i64; 2] = [ONE_CLOCK_MS, TWO_CLOCKS_MS];
/// The largest of them.
pub(crate) const TOLERANCE_MAX_MS: i64 = TWO_CLOCKS_MS;

/// Ids that one issuance gets and no other (`identity.md` 4, rows 1, 2, 10 to 12, 18, 19, 21, 23, 26, 30, 32 to 36).
const TOKEN_IDS: &[&str] = &[
    "sts-key",
    "jti",
    "x509-sha256",
    "x509-serial",
    "accessor",
    "token",
    "uti",
    "access-token",
    "id-token",
    "refresh-token",
    "id-jag",
    "token-sha256",
    "lease",
    "cert",
    "svid",
    "txn",
];

/// Ids of a sign-in that every call of it carries (`identity.md` 4, row 8).
const SESSION_IDS: &[&str] = &["identity-center"];

/// Kinds that a use never names (`identity.md` 4, rows 15 and 16).
const WITHOUT_ID: &[&str] = &["access-token", "id-token", "signed-jwt", "federated-token"];

const ISSUED: &str = "issued_credential_uri";
const USED: &str = "credential_uri";

const fn by_uri(id: &'static str, kinds: Kinds, tier: Tier) -> Rule {
    Rule { id, version: 1, join: Join::Uri, kinds, tier, basis: (ISSUED, USED), tolerance_ms: ONE_CLOCK_MS }
}

const fn elsewhere(id: &'static str, kinds: Kinds, tier: Tier) -> Rule {
    let basis = ("issued_credential_native_id", "credential_native_id");
    Rule { id, version: 1, join: Join::Elsewhere, kinds, tier, basis, tolerance_ms: TWO_CLOCKS_MS }
}

/// The rule that goes by an id which the caller chose.
pub(crate) const CLAIMED: &str = "claimed-id";

/// All rules, strongest first within a join.
pub(crate) static RULES: &[Rule] = &[
    by_uri("token-id", Kinds::Of(TOKEN_IDS), Tier::L1),
    by_uri("session-id", Kinds::Of(SESSION_IDS), Tier::L3),
    by_uri("key-id", Kinds::Others, Tier::L2),
    elsewhere("token-id-elsewhere", Kinds::Of(TOKEN_IDS), Tier::L1),
    elsewhere("key-id-elsewhere", Kinds::Others, Tier::L2),
    Rule {
        id: "native-id",
        version: 1,
        join: Join::NativeId,
        kinds: Kinds::All,
        tier: Tier::L1,
        basis: ("issued_credential_native_id", "credential_native_id"),
        tolerance_ms: TWO_CLOCKS_MS,
    },
    Rule {
        id: "hashed-id",
        version: 1,
        join: Join::Hashed,
        kinds: Kinds::All,
        tier: Tier::L1,
        basis: ("issued_credential_native_id", "credential_native_id"),
        tolerance_ms: TWO_CLOCKS_MS,
    },
    Rule {
        id: "announced",
        version: 1,
        join: Join::Announced,
        kinds: Kinds::All,
        tier: Tier::L1,
        basis: ("credential_changes", USED),
        tolerance_ms: ONE_CLOCK_MS,
    },
    Rule {
        id: "account-caller-window",
        version: 1,
        join: Join::Window,
        kinds: Kinds::Of(WITHOUT_ID),
        tier: Tier::L3,
        basis: ("aliases credential_of", "actor_principal"),
        tolerance_ms: ONE_CLOCK_MS,
    },
    Rule {
        id: "subject-window",
        version: 1,
        join: Join::Exchange,
        kinds: Kinds::All,
        tier: Tier::L4,
        basis: ("aliases credential_of", "actor_principal"),
        tolerance_ms: TWO_CLOCKS_MS,
    },
    Rule {
        id: CLAIMED,
        version: 1,
        join: Join::Claimed,
        kinds: Kinds::All,
        tier: Tier::L4,
        basis: ("correlation_ids", "correlation_ids"),
        tolerance_ms: TWO_CLOCKS_MS,
    },
    Rule {
        id: "session-opened",
        version: 1,
        join: Join::Session,
        kinds: Kinds::All,
        tier: Tier::L3,
        basis: ("session_uri", "session_uri"),
        tolerance_ms: ONE_CLOCK_MS,
    },
    told("token-shown", Join::Shown, Tier::L1, USED),
    told("request-id", Join::Call, Tier::L1, "correlation_ids"),
    told("agent-run", Join::Run, Tier::L3, "session_uri"),
    // The trace travels in a header that anyone can write.
    told("trace-id", Join::Trace, Tier::L4, "trace_id"),
];

/// What an agent's own record tells of a call (`identity.md` 4, row 38): one column, in both records.
const fn told(id: &'static str, join: Join, tier: Tier, column: &'static str) -> Rule {
    Rule { id, version: 2, join, kinds: Kinds::All, tier, basis: (column, column), tolerance_ms: TWO_CLOCKS_MS }
}

/// The rule of a join for a kind of credential.
pub(crate) fn rule(join: Join, kind: &str) -> Option<&'static Rule> {
    let listed = |rule: &&Rule| matches!(rule.kinds, Kinds::Of(kinds) if kinds.contains(&kind));
    let rest = |rule: &&Rule| matches!(rule.kinds, Kinds::Others | Kinds::All);
    let of_join = || RULES.iter().filter(|rule| rule.join == join);
    of_join().find(listed).or_else(|| of_join().find(rest))
}

/// Whether one issuance gets this kind of id and no other. Two issuances of one key id are a name
/// used again; two of one token id contradict each other.
pub(crate) fn is_unique(kind: &str) -> bool {
    TOKEN_IDS.contains(&kind)
}

/// Whether uses of this kind of credential never name it.
pub(crate) fn is_without_id(kind: &str) -> bool {
    WITHOUT_ID.contains(&kind)
}

/// Whether a credential of this kind is meant to end by itself.
pub(crate) fn is_temporary(kind: &str) -> bool {
    is_unique(kind) || is_without_id(kind) || SESSION_IDS.contains(&kind)
}

/// Principals that fetch a credential for another and hand it on: platform and kind of their URI. Whoever
/// the credential is for is behind what is done with it, not they (`identity.md` 4, row 10).
const CUSTODIANS: &[(&str, &str)] = &[("k8s", "node"), ("k8s", "component"), ("aws", "service"), ("gcp", "service")];

/// The path below which the agents of SPIRE have their identities; it is reserved for them.
const SPIRE_AGENTS: (&str, &str, &str) = ("spiffe", "workload", "spire/agent/");

/// Whether a principal only hands credentials on.
pub(crate) fn is_custodian(principal: &str) -> bool {
    let (platform, kind, path) = SPIRE_AGENTS;
    crate::name::Name::of(principal).is_some_and(|name| {
        CUSTODIANS.contains(&(name.platform, name.kind))
            || (name.platform, name.kind) == (platform, kind) && name.id.starts_with(path)
    })
}

/// As what a principal is made, changed and removed.
struct AsResource {
    platform: &'static str,
    /// Kind of the principal's URI.
    kind: &'static str,
    /// Kind of the resource's.
    resource: &'static str,
    /// What stands before the id of the resource.
    before: &'static str,
    /// What the calls that make or remove the principal itself end in; others make or remove a part of it.
    noun: &'static str,
}

const fn as_kind(platform: &'static str, kind: &'static str, resource: &'static str, noun: &'static str) -> AsResource {
    AsResource { platform, kind, resource, before: "", noun }
}

/// Others are a resource of their own kind.
const AS_RESOURCE: &[AsResource] = &[
    as_kind("aws", "role", "iam-role", "Role"),
    as_kind("aws", "user", "iam-user", "User"),
    as_kind("k8s", "serviceaccount", "serviceaccounts", "serviceaccounts"),
    as_kind("k8s", "node", "nodes", "nodes"),
    as_kind("k8s", "pod", "pods", "pods"),
    as_kind("entra", "sp", "service-principal", "service principal"),
    as_kind("entra", "mi", "service-principal", "service principal"),
    as_kind("entra", "agent", "service-principal", "service principal"),
    as_kind("entra", "app", "application", "application"),
    as_kind("entra", "user", "user", "user"),
    as_kind("okta", "client", "app-instance", ""),
    AsResource {
        platform: "gcp",
        kind: "sa",
        resource: "iam",
        before: "~projects%2F-%2FserviceAccounts%2F",
        noun: "ServiceAccount",
    },
];

fn as_row(principal: &crate::name::Name<'_>) -> Option<&'static AsResource> {
    AS_RESOURCE.iter().find(|row| (row.platform, row.kind) == (principal.platform, principal.kind))
}

/// The URI of a principal as something that is administered.
pub(crate) fn as_resource(principal: &str) -> Option<String> {
    let name = crate::name::Name::of(principal)?;
    let (kind, before) = as_row(&name).map_or((name.kind, ""), |row| (row.resource, row.before));
    let id = if before.is_empty() { name.id } else { name.id.trim_start_matches('~') };
    Some(format!("{}:resource:{}:{}:{kind}/{before}{id}", model::uri::SCHEME, name.platform, name.authority))
}

/// Whether a call that makes or removes something means the principal itself, not a part of it.
pub(crate) fn means_itself(principal: &str, operation: Option<&str>) -> bool {
    let noun = crate::name::Name::of(principal).and_then(|name| as_row(&name)).map_or("", |row| row.noun);
    operation.is_none_or(|operation| operation.ends_with(noun))
}

/// What a rule of `identity.md` 3.4 goes by, and its place in the order of rules: the first hit wins.
pub(crate) fn human_rule(rule: &str) -> (u8, &'static str) {
    match rule.split_once(':').map_or(rule, |(number, _)| number) {
        "R1" => (1, "the platform says so"),
        "R2" => (2, "the way it signed in or was federated says so"),
        "R3" => (3, "the kind of its credential says so"),
        "R4" => (4, "its inventory or its owner's mark says so"),
        "R5" => (5, "its behaviour suggests it"),
        _ => (6, "no record decides it"),
    }
}

/// Platforms on which ending a credential ends those minted with it (`identity.md` 4, row 19): the
/// platform and the kind of the parent.
const CASCADES: &[(&str, &str)] = &[("vault", "accessor"), ("vault", "token")];

/// Calls that cut a child off from its parent: the last word of the operation.
const ORPHANS: &[&str] = &["create-orphan"];

/// Whether ending a credential ends what this record minted with it.
pub(crate) fn cascades(parent: &str, issuer: &crate::Fact) -> bool {
    let orphan = issuer.operation.as_deref().and_then(|operation| operation.rsplit('/').next());
    let Some(parent) = crate::name::Name::of(parent) else { return false };
    CASCADES.contains(&(parent.platform, parent.kind))
        && parent.platform == issuer.platform.as_str()
        && !orphan.is_some_and(|word| ORPHANS.contains(&word))
}

/// Words with which a record says that it opens a session, where that is no login: the last one of its
/// operation, as in `db.session.start` (`identity.md` 4, row 37).
const OPENINGS: &[&str] = &["start", "open"];

/// Whether a record opens the session that it names.
pub(crate) fn is_opening(operation: Option<&str>) -> bool {
    operation.and_then(|operation| operation.rsplit('.').next()).is_some_and(|word| OPENINGS.contains(&word))
}

/// Words with which a record says that what it belongs to is over, as [`OPENINGS`].
const CLOSINGS: &[&str] = &["end", "close", "completed_workflow_run"];

/// Whether a record closes the session or the run that it belongs to.
pub(crate) fn is_closing(operation: Option<&str>) -> bool {
    operation.and_then(|operation| operation.rsplit('.').next()).is_some_and(|word| CLOSINGS.contains(&word))
}

/// Grants that always end, whether or not a record says when: platform and kind of their URI.
const BOUNDED: &[(&str, &str)] = &[("vault", "lease"), ("github", "deployment"), ("gitlab", "deployment")];

/// Whether a grant has an end by its nature.
pub(crate) fn is_bounded(grant: &str) -> bool {
    crate::name::Name::of(grant).is_some_and(|name| BOUNDED.contains(&(name.platform, name.kind)))
}

/// Values that a caller chose and the platform then kept unchanged through a chain: the last part of
/// their JSON pointer (`identity.md` 4, row 4).
const STICKY_CLAIMS: &[&str] = &["sourceIdentity"];

/// The tier of a principal that one record names as leading to another.
pub(crate) fn in_event(step: &crate::Step) -> Tier {
    let sticky = step.evidence_path.rsplit('/').next().is_some_and(|last| STICKY_CLAIMS.contains(&last));
    match (step.verified, crate::rank(&step.principal)) {
        (true, crate::Rank::Claim) => Tier::L3,
        (true, _) => Tier::L1,
        (false, _) if sticky => Tier::L3,
        (false, _) => Tier::L4,
    }
}
