//! What really happened: one line a credential, and the totals.

use std::collections::BTreeMap;

use serde::Serialize;

/// What the logs allow to be known of a credential: the tier of each link (`L1` to `L4`), after what
/// the vendors log; empty where they log nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tiers {
    /// From a use to the record that minted it.
    pub issuance: &'static str,
    /// From that record to the credential it was minted with.
    pub parent: &'static str,
    /// From a use to who is behind it.
    pub origin: &'static str,
}

/// A credential, from the record that minted it to its last use.
#[derive(Clone, Debug, Serialize)]
pub struct Minted {
    /// As in `aws`, `k8s`, `vault`.
    pub platform: &'static str,
    /// The id under which later records name it.
    pub credential: String,
    /// The source's id of the record that minted it; empty for a key that is older than the log.
    pub minted_by: String,
    /// The credential it was minted with; empty where the platform logs none.
    pub parent: String,
    /// Who used it, as the company would say.
    pub holder: String,
    /// Who is behind it in the end.
    pub origin: String,
    /// How strongly each of it can be known.
    pub tiers: Tiers,
    /// Records that were made with it.
    pub uses: u64,
    /// The source's id of the last of them; empty if it was never used, or if no record of a use names it.
    pub last_use: String,
    /// The source's id of the record that revoked it; empty if none did.
    pub revoked_by: String,
}

/// A grant, as it was asked for and decided.
#[derive(Clone, Debug, Serialize)]
pub struct Granted {
    /// Where it was asked for: `teleport`, `hoop`, `entra`, `gcp`, `k8s`, `aws`, `github`, `grant`, `vault`, `okta`.
    pub platform: &'static str,
    /// Its id there, or the part of its name that no other has.
    pub grant: String,
    /// Who asked.
    pub requester: String,
    /// Who received it.
    pub beneficiary: String,
    /// The role or the connection.
    pub target: String,
    /// Who decided.
    pub approver: String,
    /// Approved, or denied.
    pub approved: bool,
    /// In force from, milliseconds since 1970; 0 if it never was.
    pub not_before_ms: i64,
    /// In force until, milliseconds since 1970; 0 if nothing ends it.
    pub not_after_ms: i64,
}

/// One use and what is to be said of it.
#[derive(Clone, Debug, Serialize)]
pub struct Use {
    /// Platform of the record.
    pub platform: &'static str,
    /// The record's id at its source.
    pub record: String,
    /// Platform of the grant, or at which it was not asked for.
    pub granted_at: &'static str,
    /// The grant it was under; empty where none was asked for.
    pub grant: String,
    /// `PROVED`, `CONSISTENT`, `OUTSIDE_WINDOW`, `NOT_APPROVED`, `NO_GRANT`, `STANDING`, `OVER_SCOPE`, `UNKNOWN`.
    pub verdict: &'static str,
    /// How the use is linked to the grant; empty without one.
    pub tier: &'static str,
    /// Somebody approved what was asked for by themselves.
    pub self_approved: bool,
    /// The credential in use lives longer than the grant, as the log shows.
    pub credential_outlives_grant: bool,
}

/// Whose account was closed, when, and what became of what it had.
#[derive(Clone, Debug, Serialize)]
pub struct Offboarding {
    /// Platform of the account.
    pub platform: &'static str,
    /// Boundary of its names.
    pub authority: &'static str,
    /// Its id that nobody else gets.
    pub principal: String,
    /// By when it should have been gone, milliseconds since 1970.
    pub at_ms: i64,
    /// What it had.
    pub items: Vec<Gone>,
}

/// One credential of somebody who left, as of the end of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Gone {
    /// Its id.
    pub credential: String,
    /// `REVOKED`, `STILL_ALIVE`, `USED_AFTER`.
    pub verdict: &'static str,
}

/// A standing token that somebody else used.
#[derive(Clone, Debug, Serialize)]
pub struct Misuse {
    /// Platform.
    pub platform: &'static str,
    /// The token's id or hash.
    pub credential: String,
    /// Whose it is.
    pub owner: String,
    /// The records of the misuse, by their ids at the source.
    pub records: Vec<String>,
}

/// A privilege, and when somebody had it.
#[derive(Clone, Debug, Serialize)]
pub struct Privilege {
    /// Platform.
    pub platform: &'static str,
    /// Boundary of its names.
    pub authority: &'static str,
    /// Who had it.
    pub principal: String,
    /// What.
    pub privilege: &'static str,
    /// The record that gave it.
    pub granted: String,
    /// Milliseconds since 1970.
    pub from_ms: i64,
    /// The record that took it away.
    pub removed: String,
    /// Milliseconds since 1970.
    pub until_ms: i64,
}

/// An attempt that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct Refused<'a> {
    /// Platform of the record.
    pub platform: &'static str,
    /// The record's id at its source.
    pub record: &'a str,
    /// The credential that was shown.
    pub credential: &'a str,
    /// Who is behind it.
    pub origin: &'a str,
}

/// A record of one who acted with the rights of another.
#[derive(Clone, Debug, Serialize)]
pub struct Acted<'a> {
    /// Platform of the record.
    pub platform: &'static str,
    /// The record's id at its source.
    pub record: &'a str,
    /// Who acted.
    pub actor: &'a str,
    /// Whose rights were used, as namespace and name.
    pub subject: &'a str,
}

/// An identity that an inventory lists, and what became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Listed {
    /// Platform of the identity.
    pub platform: &'static str,
    /// Boundary of its names.
    pub authority: String,
    /// Its id that nobody else gets.
    pub principal: String,
    /// Its name; of a service account of Google its address.
    pub name: String,
    /// Who answers for it; empty where no inventory tells.
    pub owner: String,
    /// Listed as deleted.
    pub deleted: bool,
    /// Calls that it made itself.
    pub records: u64,
    /// What inventories give it and what was used of it, as they spell it.
    pub used: Vec<String>,
    /// What was not.
    pub unused: Vec<String>,
    /// Calls that were let through and that nothing in an inventory allows.
    pub without_grant: Vec<String>,
    /// Calls that were refused.
    pub denied: Vec<String>,
}

/// A case with a name, its records in order, and what the answer has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// `ci-deployment`, `secret-rotation`, `gateway-decision`, `disabled-service-account`.
    pub case: &'static str,
    /// Who is behind it, or what it is about.
    pub answer: String,
    /// What happened.
    pub steps: Vec<Told>,
}

/// One step of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Platform of the record.
    pub platform: &'static str,
    /// The record's id at its source.
    pub record: String,
    /// What it shows.
    pub what: &'static str,
}

/// Counts over the whole scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Bytes of them, line feeds included, before compression.
    pub bytes: u64,
    /// Records by platform.
    pub platforms: BTreeMap<&'static str, u64>,
    /// Records whose outcome is a failure.
    pub denied: u64,
    /// Credentials minted.
    pub minted: u64,
    /// What the operator has to configure: each issuer of tokens with its platform and authority.
    pub issuers: Vec<[String; 3]>,
    /// The account under which Vault has keys minted: its name.
    pub broker: &'static str,
    /// Time of the first record, milliseconds since 1970.
    pub first_ms: i64,
    /// Time of the last record, milliseconds since 1970.
    pub last_ms: i64,
}
