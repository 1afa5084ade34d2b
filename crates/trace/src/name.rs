//! Reading canonical URIs apart: `nhi:<class>:<platform>:<authority>:<kind>/<id>` (`identity.md` 3.2).

pub(crate) use model::uri::decoded;

/// The authority of names whose boundary a record does not say.
pub(crate) const UNKNOWN: &str = "unknown";

/// The parts of a URI, still escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'u> {
    pub(crate) class: &'u str,
    pub(crate) platform: &'u str,
    pub(crate) authority: &'u str,
    pub(crate) kind: &'u str,
    pub(crate) id: &'u str,
}

/// How well a URI names its bearer, best first (`identity.md` 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// An id that the platform never gives to another.
    Immutable,
    /// A name within a known issuer: given to another, after a deletion.
    Name,
    /// A name within an unknown boundary.
    Unbounded,
    /// A claim that nobody checked.
    Claim,
}

impl<'u> Name<'u> {
    /// The parts; `None` for a text that is no canonical URI.
    pub(crate) fn of(uri: &'u str) -> Option<Name<'u>> {
        let mut parts = uri.splitn(5, ':');
        if parts.next() != Some(model::uri::SCHEME) {
            return None;
        }
        let (class, platform, authority) = (parts.next()?, parts.next()?, parts.next()?);
        let (kind, id) = parts.next()?.split_once('/')?;
        Some(Name { class, platform, authority, kind, id })
    }

    pub(crate) fn rank(&self) -> Rank {
        let marked = |mark: char| self.id.split('/').any(|segment| segment.starts_with(mark));
        match () {
            () if marked('?') => Rank::Claim,
            () if self.authority == UNKNOWN => Rank::Unbounded,
            () if marked('~') => Rank::Name,
            () => Rank::Immutable,
        }
    }

    /// The same name within another authority, already escaped.
    pub(crate) fn within(&self, authority: &str) -> String {
        let Name { class, platform, kind, id, .. } = self;
        format!("{}:{class}:{platform}:{authority}:{kind}/{id}", model::uri::SCHEME)
    }

    /// A claim as the name it claims to be; `None` for what is no claim.
    pub(crate) fn as_named(&self) -> Option<String> {
        let id: Vec<String> = self.id.split('/').map(|segment| segment.replacen('?', "~", 1)).collect();
        (self.rank() == Rank::Claim).then(|| Name { id: &id.join("/"), ..*self }.within(self.authority))
    }

    /// A name as the claim that would stand for it; `None` for an id that cannot change.
    pub(crate) fn as_claimed(&self) -> Option<String> {
        let id: Vec<String> = self.id.split('/').map(|segment| segment.replacen('~', "?", 1)).collect();
        let claims = matches!(self.rank(), Rank::Name | Rank::Unbounded) && self.id.contains('~');
        claims.then(|| Name { id: &id.join("/"), ..*self }.within(self.authority))
    }

    /// Whether two names differ in nothing but an authority that one of them does not know.
    pub(crate) fn fits(&self, other: &Name<'_>) -> bool {
        self.class == other.class
            && self.platform == other.platform
            && self.kind == other.kind
            && self.id == other.id
            && (self.authority == other.authority || self.authority == UNKNOWN || other.authority == UNKNOWN)
    }
}

/// How well a URI names its bearer; a text that is no URI is a claim.
pub fn rank(uri: &str) -> Rank {
    Name::of(uri).map_or(Rank::Claim, |name| name.rank())
}

/// Host and path of the issuer whose subject a principal is; `None` for any other principal.
pub fn foreign_issuer(principal: &str) -> Option<String> {
    let name = Name::of(principal).filter(|name| name.platform == "oauth" && name.kind == "subject")?;
    Some(decoded(name.authority))
}

/// An id as it stands escaped in a URI.
pub fn escaped(id: &str) -> String {
    let uri = model::uri::principal("x", "x", "x", id);
    uri.rsplit('/').next().unwrap_or_default().to_owned()
}

/// A URI as people read it: `role/export (aws 111122223333)`; a text that is no URI stays as it is.
pub fn readable(uri: &str) -> String {
    let Some(Name { platform, authority, kind, id, .. }) = Name::of(uri) else { return uri.to_owned() };
    let segment = |segment: &str| decoded(segment.strip_prefix(['~', '?']).unwrap_or(segment));
    let id = id.split('/').map(segment).collect::<Vec<_>>().join("/");
    match platform {
        "spiffe" => format!("spiffe://{}/{id}", decoded(authority)),
        _ if authority == UNKNOWN => format!("{kind}/{id} ({platform})"),
        _ => format!("{kind}/{id} ({platform} {})", decoded(authority)),
    }
}
