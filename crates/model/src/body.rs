//! The bodies of our own leaves: canonical JSON, each with its page in `docs/format/`.
//!
//! Canonical here: the fields in the order of the type, no white space, integers only, no field
//! left out. A body that does not re-encode to the same bytes is refused.

use serde::{Deserialize, Serialize};

/// A value with exactly one encoding.
pub trait CanonicalJson: Serialize + for<'de> Deserialize<'de> {}

/// Encodes a body.
pub fn canonical_json<T: CanonicalJson>(value: &T) -> Vec<u8> {
    // Plain structs of strings, integers and lists: serialising them cannot fail.
    serde_json::to_vec(value).unwrap_or_default()
}

macro_rules! canonical {
    ($($name:ident),+) => { $(impl CanonicalJson for $name {})+ };
}

canonical!(
    Manifest,
    ViewManifest,
    DeliveryBody,
    Directive,
    RecoveryNote,
    ClockNote,
    DamageNote,
    VerificationNote,
    Audit,
    Heartbeat,
    SourceGap
);

/// Kind 2: an evidence file is complete. Sealed after the file is durable, before the WAL is freed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// First leaf of the segment.
    pub first: u64,
    /// Last leaf of the segment.
    pub last: u64,
    /// 1 for a new segment, one more for each rewrite.
    pub generation: u32,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    /// Generations this file takes the place of: `<first>-<last>.<generation>` each.
    pub replaces: Vec<String>,
}

/// One lake file, as a view manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LakeFile {
    /// Name inside `lake/`.
    pub name: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
}

/// Kind 12: lake files of a leaf range are complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewManifest {
    /// First leaf covered.
    pub first: u64,
    /// Last leaf covered.
    pub last: u64,
    /// Hash over module versions and settings that made the rows.
    pub normaliser: String,
    /// The files.
    pub files: Vec<LakeFile>,
    /// True when these files take the place of every earlier one (a rebuild).
    pub rebuild: bool,
}

/// Bytes of a delivery that belong to no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Where they begin, counted like the offsets of records.
    pub offset: u64,
    /// The bytes, base64 (standard, padded); empty where two records touch.
    pub bytes: String,
}

/// Kind 13: a delivery that was not exactly one record. The content is the records at their offsets
/// and the bytes between them, so a stranger can put the object together again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryBody {
    /// Path, object key or stream name.
    pub name: String,
    /// Number of the delivery at its source.
    pub delivery: u64,
    /// `none`, `gzip` or `zstd`.
    pub encoding: String,
    /// SHA-256 of the bytes as they came, hex.
    pub transport_sha256: String,
    /// Length of the bytes as they came.
    pub transport_bytes: u64,
    /// SHA-256 of the decoded content, before any secret was replaced, hex.
    pub content_sha256: String,
    /// Where the content begins in a growing file; 0 for a whole file. Offsets count from the
    /// beginning of the file.
    pub offset: u64,
    /// Length of the decoded content.
    pub content_bytes: u64,
    /// Records in it; their offsets are in their sealed positions.
    pub records: u64,
    /// Secrets replaced in its records: more than 0 means the content digest was checked at receipt
    /// and cannot be checked again.
    pub replaced: u64,
    /// What lies between two records unless a gap begins where the first of them ends.
    pub between: String,
    /// What lies before the first record, after the last one, and wherever it is not `between`.
    pub gaps: Vec<Gap>,
    /// True when there were more gaps than are kept: the content cannot be put together again.
    pub gaps_cut: bool,
    /// `end` when it was read to its end, else what stopped it, as in `gzip stream ends early`.
    pub ended: String,
    /// On whose behalf its records were sent, as their sender told by tokens of the callers. Where two say something of a
    /// record, the later one counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Caller>,
    /// True when there were more callers than are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub callers_cut: bool,
}

impl DeliveryBody {
    /// The caller of a record, by its number in the delivery.
    pub fn caller_of(&self, ordinal: u64) -> Option<&Caller> {
        self.callers.iter().rev().find(|caller| (caller.first..=caller.last).contains(&ordinal))
    }
}

/// What a token said that a sender relayed. The token itself is sealed nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Number of the first record in the delivery that it belongs to.
    pub first: u64,
    /// Number of the last one.
    pub last: u64,
    /// Whether a configured issuer signed it, for us, and it held when it came. If not, all of this is a claim.
    pub verified: bool,
    /// Why it is not verified.
    pub reason: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `jti`.
    pub jti: Option<String>,
    /// `client_id`, else `azp`.
    pub client: Option<String>,
    /// Who acts for the subject (`act`, RFC 8693 section 4.1): the current actor first, then those before.
    pub actors: Vec<Actor>,
}

/// One hop of an actor chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// `iss`, where the hop names one.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
}

/// Kind 4: a leaf with force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "directive", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Directive {
    /// Leaf 0 of every log: what `identity` says, sealed.
    LogOpened {
        /// Name of the log in its checkpoints.
        origin: String,
        /// The verifier key, in the text form of a signed note.
        key: String,
        /// Version of the folder's format.
        format: u32,
        /// Milliseconds since 1970.
        created_ms: u64,
    },
    /// The first leaf of a successor after its opening: which log it goes on from, and up to where that
    /// one is good.
    Continues {
        /// Name of the log before.
        origin: String,
        /// Its verifier key, in the text form of a signed note.
        key: String,
        /// Its last good checkpoint: the signed note, verbatim.
        checkpoint: String,
    },
    /// Gives a source its number and name.
    Source {
        /// The number in headers.
        number: u32,
        /// The name people use.
        name: String,
        /// `auto` or the name of a platform.
        platform: String,
        /// Authority of records that do not name their own: a cluster id, a Vault cluster, a host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<String>,
        /// Whom to ask about it: a team or a person, in the operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// Says whose tokens an OIDC issuer signs; the last word about a host counts.
    Issuer {
        /// Host and path of the issuer, without `https://`.
        host: String,
        /// Platform of its principals, as in their URIs.
        platform: String,
        /// Authority of its principals, as in their URIs.
        authority: String,
    },
    /// Names an account under which a broker mints for others: it is never an origin.
    Broker {
        /// Canonical URI.
        principal: String,
    },
    /// Lets whoever has a token do something.
    Token {
        /// The id by which it is listed and revoked: the first 12 digits of `sha256`.
        id: String,
        /// The name people gave it.
        name: String,
        /// What it may do: `records:write`, `read`, `export`, `admin`.
        scopes: Vec<String>,
        /// The sources it may write to; empty for all.
        sources: Vec<String>,
        /// When it stops to hold, milliseconds since 1970; never without one.
        expires_ms: Option<u64>,
        /// SHA-256 of the token, hex: the token itself is sealed nowhere.
        sha256: String,
    },
    /// Takes a token back for good.
    TokenRevoked {
        /// Its id.
        id: String,
    },
    /// Settings of a server, from when it started with them on.
    Settings {
        /// All of them, as TOML: where the file left one out, its default. Secrets are named in it, not told.
        toml: String,
    },
    /// An announced silence: until then nothing is taken for a source over the network.
    SourcePaused {
        /// Its name.
        name: String,
        /// Why, for people.
        reason: String,
        /// When it ends by itself, milliseconds since 1970.
        until_ms: u64,
        /// Who announced it, as whoever took the word knew them.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        author: String,
    },
    /// Describes a platform: how its records are read from then on. The last word about a name counts.
    Mapping {
        /// The name of the platform, as in the file.
        name: String,
        /// The mapping file, as it was given.
        toml: String,
    },
    /// Takes such a description back; one of the product with this name is in force again.
    MappingRemoved {
        /// The name of the platform.
        name: String,
    },
    /// Says whether known secrets of a source are replaced before its records are sealed, from then on: they are, where nobody
    /// has said otherwise. Tokens of callers that senders relay are replaced in any case.
    SourceScrubbing {
        /// Name of the source.
        name: String,
        /// Whether they are replaced.
        on: bool,
        /// Why, for people.
        reason: String,
        /// Who said so, as whoever took the word knew them.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        author: String,
    },
    /// Ends such a silence early.
    SourceResumed {
        /// Name of the source.
        name: String,
    },
}

/// Kind 10: what recovery cut off above the highest checkpoint ever signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryNote {
    /// `recovery`.
    pub note: String,
    /// The size of the log after the cut.
    pub index: u64,
    /// Bytes cut and kept in `wal/torn/`.
    pub torn_bytes: u64,
    /// SHA-256 of those bytes, hex.
    pub torn_sha256: String,
}

/// Kind 10: the clock stepped back, or jumped against the monotonic one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockNote {
    /// `clock`.
    pub note: String,
    /// Time of the previous group, milliseconds since 1970.
    pub previous_ms: u64,
    /// What the wall clock said.
    pub wall_ms: u64,
    /// What the monotonic clock would have expected.
    pub expected_ms: u64,
}

/// Kind 10: sealed evidence that the writer found damaged. Sealed once for each file and finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DamageNote {
    /// `damage`.
    pub note: String,
    /// The evidence file, `<first>-<last>.<generation>` as manifests name it; empty when it is not
    /// there and no manifest that can be read names it.
    pub file: String,
    /// First leaf concerned.
    pub first: u64,
    /// Last leaf concerned.
    pub last: u64,
    /// `missing`, `length`, `digest`, `unreadable` or `unsealed`.
    pub finding: String,
    /// What was found, and what the manifest sealed.
    pub what: String,
}

/// Kind 10: what a server found when it verified its own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerificationNote {
    /// `verification`.
    pub note: String,
    /// Leaves below this one were looked at.
    pub size: u64,
    /// Commitments recomputed from salt, header and body; 0 when the tree alone was looked at.
    pub opened: u64,
    /// RFC 6962 root over `size` leaves, base64.
    pub root: String,
    /// What is wrong, as `class place: what`; nothing is `intact`.
    pub findings: Vec<String>,
}

/// Kind 11: what was done with a server over the network. Deliveries and polls are counted, by the minute; everything
/// else is one leaf each, sealed before it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Method and route, as in `GET /v1/events/{id}`.
    pub did: String,
    /// What exactly was asked for: path, query, text of a question. Empty for what is counted.
    pub with: String,
    /// Id of the token; empty without a known one.
    pub token: String,
    /// Name of the token, or the SPIFFE id of a workload.
    pub name: String,
    /// Address of the client, as the server saw it.
    pub peer: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// How often.
    pub times: u64,
    /// The first of them, milliseconds since 1970.
    pub since_ms: u64,
}

/// Kind 5: a server was there, and what it had taken so far. Sealed every minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// `heartbeat`.
    pub note: String,
    /// When the process began that counts, milliseconds since 1970: counters begin again with it.
    pub since_ms: u64,
    /// Its sources, by name.
    pub sources: Vec<Beat>,
}

/// What a server has counted of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The source.
    pub source: String,
    /// Records sealed.
    pub records: u64,
    /// Deliveries told to come back.
    pub busy: u64,
    /// Deliveries refused.
    pub refused: u64,
    /// Records that came and were lost before they were sealed, as datagrams are without room.
    pub dropped: u64,
}

/// Kind 5: expected and not received, as it was found. Sealed once when it begins to be known, and once more when it has
/// ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceGap {
    /// `gap`.
    pub note: String,
    /// The source.
    pub source: String,
    /// The verdict of the completeness account: `silent`, `hole`, ...
    pub verdict: String,
    /// When it began, milliseconds since 1970.
    pub from_ms: u64,
    /// When it ended, or until when it was looked at.
    pub until_ms: u64,
    /// Whether it lasts.
    pub open: bool,
    /// Records that are missing, where that is known.
    pub records: Option<u64>,
    /// Leaves that show it.
    pub leaves: Vec<u64>,
    /// In words, with the figures it rests on.
    pub what: String,
    /// Version of the rules that found it.
    pub rules: u32,
}
