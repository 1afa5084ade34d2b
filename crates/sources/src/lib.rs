//! From bytes to events: one module per platform.
//!
//! A delivery is split into records ([`split`]), known secrets are replaced ([`scrub`]), the ledger
//! seals what is left; later, and only then, [`normalise`] reads an event off each record. Everything
//! here is a pure function of its arguments: this crate knows no I/O, no Merkle tree, no Arrow, no
//! HTTP and no clock.
//!
//! Each platform is a folder with a [`Module`]: how to recognise its records, how to read them, and
//! which JSON pointers each column comes from. A platform needs facts only, no special case elsewhere. Some
//! platforms, and an operator's own, are described by a file instead ([`mapping`]).

pub mod digest;
pub mod json;
pub mod mapping;
pub mod number;
pub mod scrub;
pub mod split;
pub mod time;

mod access_analyzer;
mod anthropic;
mod argocd;
mod auth0;
mod aws;
mod azure;
mod bedrock;
mod bitbucket;
mod bitwarden;
mod boundary;
mod buildkite;
mod circleci;
mod cyberark;
mod databricks;
mod entra;
mod eventbridge;
mod falco;
mod field;
mod fill;
mod gcp;
mod github;
mod gitlab;
mod google_workspace;
mod grant;
mod hoop;
mod http;
mod infisical;
mod inventory;
mod jenkins;
mod k8s;
mod keycloak;
mod ldap;
mod linux;
mod listing;
mod m365;
mod mcp;
mod mongodb_atlas;
mod mysql;
mod nesting;
mod oauth;
mod ocsf;
mod oidc;
mod okta;
mod onepassword;
mod opa;
mod openai;
mod otel;
mod pam360;
mod params;
mod ping;
mod postgres;
mod probe;
mod s3_access;
mod sailpoint;
mod salesforce;
mod scim;
mod slack;
mod snowflake;
mod spiffe;
mod spire;
mod sql;
mod syslog;
mod teleport;
mod terraform;
mod tetragon;
mod unwrap;
mod url;
mod vault;

pub use probe::Probe;

use mapping::{Mapping, Mappings};
use model::{Event, Millis, Platform};

/// What a normaliser may know besides the record itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The platform the source is set to; `None` recognises each record by content.
    pub platform: Option<Platform>,
    /// Authority for platforms whose records do not name their own: a cluster id, a Vault cluster,
    /// an Okta host. Without one the authority is `unknown`.
    pub authority: Option<&'a str>,
    /// When the record was received: the base for times without a date or a year.
    pub received_at: Millis,
    /// The platforms that files describe.
    pub mappings: &'a Mappings,
}

impl Default for Context<'_> {
    fn default() -> Self {
        Context { platform: None, authority: None, received_at: Millis(0), mappings: Mappings::shipped() }
    }
}

/// Buffers that an event may borrow from when its record had to be unwrapped or repaired first.
#[derive(Debug, Default)]
pub struct Scratch {
    unwrapped: unwrap::Buffers,
    repaired: String,
}

/// Why a record is no event. Sealed like any other record, listed with this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Reject {
    /// The reason, from a closed list.
    pub kind: RejectKind,
    /// What exactly, with the byte where it is known.
    pub detail: String,
}

/// The reasons for which a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectKind {
    /// Over the size limit; only its beginning was kept.
    TooLarge,
    /// Nothing but white space.
    Empty,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON, or JSON that ends too early.
    NotJson,
    /// Nested deeper than 128 levels.
    TooDeep,
    /// JSON, but of no platform with a module here.
    UnknownPlatform,
    /// Of a known platform, but without what makes it a record of it.
    Shape,
}

impl RejectKind {
    /// The one spelling of this reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            RejectKind::TooLarge => "too large",
            RejectKind::Empty => "empty",
            RejectKind::NotUtf8 => "not UTF-8",
            RejectKind::NotJson => "not JSON",
            RejectKind::TooDeep => "too deep",
            RejectKind::UnknownPlatform => "unknown platform",
            RejectKind::Shape => "shape",
        }
    }
}

impl std::fmt::Display for RejectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reject {
    /// A reject with its reason and detail.
    pub fn new(kind: RejectKind, detail: impl Into<String>) -> Reject {
        Reject { kind, detail: detail.into() }
    }
}

/// One platform.
pub struct Module {
    /// Its name.
    pub platform: Platform,
    /// Raised with every change of what [`Module::normalise`] returns: part of the normaliser's hash.
    pub version: u32,
    /// Whether a record is of this platform. No other module says yes to a record as its platform
    /// writes it; one put together of two platforms goes to the first of [`MODULES`] that does.
    pub recognise: fn(&Probe<'_>) -> bool,
    /// Reads the event off one record of this platform: JSON text, an object, unwrapped; or a line of
    /// another form that it recognises.
    pub normalise: for<'a> fn(&'a str, &Context<'_>) -> Result<Event<'a>, Reject>,
    /// Column by column, where values come from.
    pub origins: &'static [Origin],
}

/// Which values of a record fill a column.
pub struct Origin {
    /// Column of the event.
    pub column: &'static str,
    /// JSON pointers into the unwrapped record, the preferred one first. `*` stands for each index.
    pub pointers: &'static [&'static str],
}

const fn origin(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

/// All modules, in the order in which they are asked.
pub static MODULES: &[&Module] = &[
    &aws::MODULE,
    &k8s::MODULE,
    &vault::MODULE,
    &gcp::MODULE,
    &okta::MODULE,
    &entra::MODULE,
    &azure::MODULE,
    &github::MODULE,
    &ocsf::MODULE,
    &teleport::MODULE,
    &spire::MODULE,
    &hoop::MODULE,
    &postgres::MODULE,
    &inventory::MODULE,
    &ldap::MODULE,
    &oidc::MODULE,
    &scim::MODULE,
    &otel::MODULE,
    &gitlab::MODULE,
    &mcp::MODULE,
    &google_workspace::MODULE,
    &m365::MODULE,
    &s3_access::MODULE,
    &bedrock::MODULE,
    &access_analyzer::MODULE,
    &eventbridge::MODULE,
    &linux::MODULE,
    &http::MODULE,
    &opa::MODULE,
    &falco::MODULE,
    &tetragon::MODULE,
    &mysql::MODULE,
    &boundary::MODULE,
    &argocd::MODULE,
    &jenkins::MODULE,
    &bitbucket::MODULE,
    &snowflake::MODULE,
    &slack::MODULE,
    &databricks::MODULE,
    &auth0::MODULE,
    &salesforce::MODULE,
    &onepassword::MODULE,
    &mongodb_atlas::MODULE,
    &keycloak::MODULE,
    &openai::MODULE,
    &anthropic::MODULE,
    &terraform::MODULE,
    &buildkite::MODULE,
    &circleci::MODULE,
    &cyberark::MODULE,
    &bitwarden::MODULE,
    &infisical::MODULE,
    &pam360::MODULE,
    &ping::MODULE,
    &sailpoint::MODULE,
    &grant::MODULE,
    &syslog::MODULE,
];

/// The module of a platform.
pub fn module(platform: Platform) -> Option<&'static Module> {
    MODULES.iter().copied().find(|module| module.platform == platform)
}

/// Reads the event off one record, or says why there is none. Exactly one of the two, always.
///
/// First the fast way: a typed parse that borrows. If that fails, the slow way: the record is
/// rewritten without duplicate keys (the last one counts) and parsed again. Only then a reject.
pub fn normalise<'a>(raw: &'a [u8], context: &Context<'_>, scratch: &'a mut Scratch) -> Result<Event<'a>, Reject> {
    let text = std::str::from_utf8(raw).map_err(|error| {
        Reject::new(RejectKind::NotUtf8, format!("invalid UTF-8 at byte {} of the record", error.valid_up_to()))
    })?;
    let Scratch { unwrapped, repaired } = scratch;
    let (text, reader) = recognise(text, context, unwrapped)?;
    let first = match reader.normalise(text, context) {
        Ok(event) => return Ok(event),
        Err(first) => first,
    };
    // What is wrong with a record that never was JSON is what its module says.
    let notes = match json::repair(text, repaired) {
        Err(_) if first.kind == RejectKind::Shape => return Err(first),
        repaired => repaired?,
    };
    if !notes.changed() {
        return Err(first);
    }
    let mut event = reader.normalise(repaired, context)?;
    event.quality.duplicate_keys |= notes.duplicate_keys;
    Ok(event)
}

/// Reads one record by the mapping that its source is set to, and says why it came out so.
///
/// # Errors
/// The reject that the record would become; a source that is set to no mapping is one, too.
pub fn explain<'a>(
    raw: &'a [u8],
    context: &Context<'_>,
    scratch: &'a mut Scratch,
) -> Result<mapping::Explanation<'a>, Reject> {
    let text = std::str::from_utf8(raw).map_err(|error| {
        Reject::new(RejectKind::NotUtf8, format!("invalid UTF-8 at byte {} of the record", error.valid_up_to()))
    })?;
    let Scratch { unwrapped, repaired } = scratch;
    let (text, Reader::Mapping(mapping)) = recognise(text, context, unwrapped)? else {
        return Err(Reject::new(RejectKind::UnknownPlatform, "the platform has a module, no mapping"));
    };
    match mapping.explain(text, context) {
        Ok(explained) => Ok(explained),
        // As `normalise` does with what is odd.
        Err(first) => match json::repair(text, repaired) {
            Ok(notes) if notes.changed() => mapping.explain(repaired, context),
            _ => Err(first),
        },
    }
}

/// Takes the envelopes off a record, as [`normalise`] does before it reads it; a record without
/// one, or of no platform known here, comes back as it is. `None` if it is not UTF-8.
pub fn unwrapped<'a>(raw: &'a [u8], mappings: &Mappings, scratch: &'a mut Scratch) -> Option<&'a str> {
    let text = std::str::from_utf8(raw).ok()?;
    let by_content = |text: &str| by_content(text, mappings);
    Some(unwrap::find(text, by_content, &mut scratch.unwrapped).map_or(text, |(inside, _)| inside))
}

/// What reads the records of a platform.
#[derive(Clone, Copy)]
enum Reader<'m> {
    Module(&'static Module),
    Mapping(&'m Mapping),
}

impl Reader<'_> {
    fn normalise<'a>(self, text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
        match self {
            Reader::Module(module) => (module.normalise)(text, context),
            Reader::Mapping(mapping) => mapping.normalise(text, context),
        }
    }

    fn recognises(self, probe: &Probe<'_>) -> bool {
        match self {
            Reader::Module(module) => (module.recognise)(probe),
            Reader::Mapping(mapping) => mapping.recognises(probe),
        }
    }

    /// Whether its records may hold one of another platform.
    fn carries_others(self) -> bool {
        matches!(self, Reader::Module(module) if module.platform == Platform::EventBridge)
    }
}

/// Mappings are asked when no module says yes.
fn by_content<'m>(text: &str, mappings: &'m Mappings) -> Option<Reader<'m>> {
    let probe = Probe::new(text);
    let module = MODULES.iter().copied().find(|module| (module.recognise)(&probe)).map(Reader::Module);
    module.or_else(|| mappings.recognise(&probe).map(Reader::Mapping))
}

/// The record inside its envelopes, and what reads it. A source that is set to a platform has its records read by the
/// module or the mapping of that one, recognised or not.
fn recognise<'a, 'm>(
    text: &'a str,
    context: &Context<'m>,
    buffers: &'a mut unwrap::Buffers,
) -> Result<(&'a str, Reader<'m>), Reject> {
    let set = context.platform.and_then(|platform| {
        let mapping = || context.mappings.get(platform).map(Reader::Mapping);
        module(platform).map(Reader::Module).or_else(mapping)
    });
    let found = match set {
        Some(set) => {
            let by_reader = |text: &str| set.recognises(&Probe::new(text)).then_some(set);
            Some(unwrap::find(text, by_reader, buffers).unwrap_or((text, set)))
        }
        None => unwrap::find(text, |text| by_content(text, context.mappings), buffers),
    };
    found.ok_or_else(|| match json::check(text) {
        Err(reject) => reject,
        Ok(()) => Reject::new(RejectKind::UnknownPlatform, "no module recognises this JSON object"),
    })
}

/// Names what turns records into events here: 16 hex digits over all module versions and mapping files. Rows made by
/// two equal normalisers are equal. `own` are the operator's mappings, in their order: name and digest of the file.
pub fn normaliser<'a>(own: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for module in MODULES {
        hash.update(format!("{} {}\n", module.platform, module.version));
    }
    let shipped = Mappings::shipped().iter().map(|(mapping, _)| (mapping.name(), mapping.digest()));
    for (name, digest) in own.chain(shipped) {
        hash.update(format!("{name} {} {digest}\n", mapping::VERSION));
    }
    let mut hex = model::hex(&hash.finalize());
    hex.truncate(16);
    hex
}
