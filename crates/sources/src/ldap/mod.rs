//! LDAP directories as LDIF: accounts, services, computers and groups, with who is a member of what.
//!
//! A security identifier or a unique id names an entry for ever; a distinguished name does until the
//! entry is moved. Names lead from entry to entry, so each entry says which of them it bears.

mod dn;
mod ldif;
mod origins;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Alias, AliasRel, Event, Human, Inventory, InventoryState, Platform};

use crate::{Context, Module, Probe, Reject, RejectKind, listing, time};
use dn::Dn;
use ldif::Entry;

pub(crate) static MODULE: Module =
    Module { platform: Platform::Ldap, version: 1, recognise, normalise, origins: origins::ORIGINS };

/// The platform part of URIs.
const PLATFORM: &str = "ldap";

/// Attributes that say that an account is locked or switched off, beside `userAccountControl`.
const LOCKS: [&str; 2] = ["nsaccountlock", "logindisabled"];

/// `userAccountControl`: the account is switched off.
const ACCOUNT_DISABLED: i64 = 0x2;

/// Attributes of a group that name members by distinguished name.
const MEMBERS: [&str; 2] = ["member", "uniquemember"];

/// Attributes that name who answers for an entry.
const OWNERS: [&str; 2] = ["owner", "managedby"];

/// Most owners and memberships read of one entry.
const NAMES_MAX: usize = 65_536;

/// What an entry is, by its object classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Account,
    Managed,
    Service,
    Computer,
    Group,
    Other,
}

impl Shape {
    fn of(classes: &[String]) -> Shape {
        let any = |wanted: &[&str]| classes.iter().any(|class| wanted.contains(&class.to_ascii_lowercase().as_str()));
        // A managed account has the classes of a computer, and a computer those of a person.
        if any(&[
            "msds-groupmanagedserviceaccount",
            "msds-managedserviceaccount",
            "msds-delegatedmanagedserviceaccount",
        ]) {
            Shape::Managed
        } else if any(&["computer", "ipahost", "iphost"]) {
            Shape::Computer
        } else if any(&["ipaservice", "krbservice", "applicationprocess"]) {
            Shape::Service
        } else if any(&["group", "groupofnames", "groupofuniquenames", "posixgroup", "groupofmembers"]) {
            Shape::Group
        } else if any(&["user", "person", "inetorgperson", "organizationalperson", "posixaccount", "account"])
            || any(&["simplesecurityobject"])
        {
            Shape::Account
        } else {
            Shape::Other
        }
    }

    fn item_type(self) -> &'static str {
        match self {
            Shape::Account => "account",
            Shape::Managed => "managed-service-account",
            Shape::Service => "service",
            Shape::Computer => "computer",
            Shape::Group => "group",
            Shape::Other => "entry",
        }
    }
}

fn recognise(probe: &Probe<'_>) -> bool {
    probe.head(3).eq_ignore_ascii_case("dn:")
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let shape = |detail: String| Reject::new(RejectKind::Shape, detail);
    let entry = Entry::read(text).map_err(|broken| shape(broken.0))?;
    if entry.is_elsewhere("dn") {
        return Err(shape("the dn is an address, which is not followed".to_owned()));
    }
    let spelled = entry.text("dn").ok_or_else(|| shape("the entry has no dn".to_owned()))?;
    let dn = Dn::parse(&spelled).ok_or_else(|| shape(format!("dn {spelled:?} is no distinguished name")))?;
    if let Some(change) = entry.text("changetype").filter(|change| !change.eq_ignore_ascii_case("add")) {
        return Err(shape(format!("a change of an entry (changetype {change}), not an entry")));
    }
    Ok(event(&entry, &spelled, &dn, context))
}

/// How an entry is named: the best name first.
struct Named {
    uri: String,
    /// The domain that its distinguished name lies in, which is the authority of such names.
    domain: String,
    aliases: Vec<Alias>,
}

fn event<'a>(entry: &Entry, spelled: &str, dn: &Dn, context: &Context<'_>) -> Event<'a> {
    let shape = Shape::of(&entry.texts("objectclass"));
    let named = named(entry, dn, shape, context);
    let listed = described(entry, spelled, shape, named.uri.clone());
    let mut event = listing::listed(Platform::Ldap, Cow::Owned(named.domain.clone()), listed);
    if named.domain == "unknown" {
        event.quality.missing.push("authority");
    }
    event.aliases = named.aliases;
    let by_name = |text: &String| Dn::parse(text).map(|dn| named_by(&dn, "dn", Class::Principal, &named.domain));
    for owner in OWNERS.iter().flat_map(|name| entry.texts(name)).take(NAMES_MAX) {
        let Some(owner) = by_name(&owner) else { continue };
        event.aliases.push(Alias { a: named.uri.clone(), b: owner, rel: AliasRel::OwnedBy, rule: "ldap:owner" });
    }
    for group in entry.texts("memberof").iter().take(NAMES_MAX) {
        let Some(dn) = Dn::parse(group) else { continue };
        let source = named_by(&dn, "group", Class::Resource, &named.domain);
        event.entitlements.push(listing::inherits(&named.uri, source, Some(Cow::Owned(group.clone()))));
    }
    if shape == Shape::Group {
        let via = || Some(Cow::Owned(spelled.to_owned()));
        for member in MEMBERS.iter().flat_map(|name| entry.texts(name)).take(NAMES_MAX) {
            let Some(holder) = by_name(&member) else { continue };
            event.entitlements.push(listing::inherits(&holder, named.uri.clone(), via()));
        }
        for member in entry.texts("memberuid").iter().take(NAMES_MAX) {
            let holder = uri::principal_named(PLATFORM, &named.domain, "account", &member.to_lowercase());
            event.entitlements.push(listing::inherits(&holder, named.uri.clone(), via()));
        }
        // Other groups list this one as a member by its distinguished name, whatever it is.
        let as_member = named_by(dn, "dn", Class::Principal, &named.domain);
        event.entitlements.push(listing::inherits(&named.uri, as_member, via()));
    }
    event
}

/// A name by distinguished name, in the domain that it lies in, else in that of the entry.
fn named_by(dn: &Dn, kind: &str, class: Class, domain: &str) -> String {
    let authority = if dn.domain.is_empty() { domain } else { &dn.domain };
    uri::build(class, PLATFORM, authority, kind).name(&dn.text).finish()
}

fn named(entry: &Entry, dn: &Dn, shape: Shape, context: &Context<'_>) -> Named {
    let set = context.authority.filter(|authority| !authority.is_empty());
    let domain = if dn.domain.is_empty() { set.unwrap_or("unknown").to_owned() } else { dn.domain.clone() };
    let class = if matches!(shape, Shape::Group | Shape::Other) { Class::Resource } else { Class::Principal };
    if class == Class::Resource {
        let kind = if shape == Shape::Group { "group" } else { "entry" };
        return Named { uri: named_by(dn, kind, class, &domain), domain, aliases: Vec::new() };
    }
    let mut names = Vec::new();
    if let Some(sid) = entry.bytes("objectsid").as_deref().and_then(sid) {
        let authority = sid.rsplit_once('-').map_or("unknown", |(domain, _)| domain);
        names.push((uri::principal(PLATFORM, authority, "sid", &sid), "ldap:objectSid"));
    }
    if let Some(guid) = entry.bytes("objectguid").and_then(|bytes| uuid::Uuid::from_slice_le(&bytes).ok()) {
        names.push((uri::principal(PLATFORM, &domain, "guid", &guid.to_string()), "ldap:objectGUID"));
    }
    for name in ["entryuuid", "ipauniqueid", "nsuniqueid"] {
        if let Some(id) = entry.text(name) {
            names.push((uri::principal(PLATFORM, &domain, "entry-id", &id.to_lowercase()), "ldap:entryUUID"));
        }
    }
    names.push((named_by(dn, "dn", class, &domain), "ldap:dn"));
    if let Some(account) = entry.text("samaccountname").or_else(|| entry.text("uid")) {
        let account = uri::principal_named(PLATFORM, &domain, "account", &account.to_lowercase());
        names.push((account, "ldap:account-name"));
    }
    let mut names = names.into_iter();
    let best = names.next().map_or_else(|| named_by(dn, "dn", class, &domain), |(uri, _)| uri);
    let same = |(b, rule)| Alias { a: best.clone(), b, rel: AliasRel::SameAs, rule };
    let aliases = names.map(same).collect();
    Named { uri: best, domain, aliases }
}

/// A security identifier as text: `S-1-5-21-...`. Some exports have it so already.
fn sid(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"S-1-") {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    let (&[revision, count, a, b, c, d, e, f], parts) = bytes.split_first_chunk::<8>()?;
    let authority = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let mut text = format!("S-{revision}-{authority}");
    if parts.len() != usize::from(count) * 4 {
        return None;
    }
    for part in parts.chunks_exact(4) {
        text.push_str(&format!("-{}", u32::from_le_bytes(part.try_into().ok()?)));
    }
    Some(text)
}

fn described<'a>(entry: &Entry, spelled: &str, shape: Shape, uri: String) -> Inventory<'a> {
    let text = |name: &str| entry.text(name).map(Cow::Owned);
    let name = text("userprincipalname")
        .or_else(|| text("samaccountname"))
        .or_else(|| text("uid"))
        .or_else(|| text("cn"))
        .unwrap_or_else(|| Cow::Owned(spelled.to_owned()));
    let mut listed = listing::item(uri, shape.item_type(), Some(name));
    (listed.kind, listed.is_human, listed.rule) = match shape {
        Shape::Managed => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:ldap-managed-service-account"),
        Shape::Service => (ActorKind::ServiceAccount, Human::Nonhuman, "R1:ldap-service"),
        Shape::Computer => (ActorKind::Workload, Human::Nonhuman, "R1:ldap-computer"),
        // A service answers under this account.
        Shape::Account if entry.text("serviceprincipalname").is_some() => {
            (ActorKind::ServiceAccount, Human::Nonhuman, "R3:ldap-service-principal-name")
        }
        _ => (listed.kind, listed.is_human, listed.rule),
    };
    if let Some(said) = entry.text("employeetype") {
        listing::classify(&mut listed, &said);
    }
    listed.state = state(entry);
    listed.owners = OWNERS.iter().flat_map(|name| entry.texts(name)).take(NAMES_MAX).map(Cow::Owned).collect();
    listed.team = text("department").or_else(|| text("departmentnumber"));
    listed.purpose = text("description");
    listed.created = entry.text("whencreated").or_else(|| entry.text("createtimestamp")).and_then(|t| generalized(&t));
    listed.last_used = entry.text("lastlogontimestamp").and_then(|ticks| since_1601(&ticks));
    listed.not_after = entry.text("accountexpires").and_then(|ticks| since_1601(&ticks));
    listed
}

fn state(entry: &Entry) -> Option<InventoryState> {
    if entry.text("isdeleted").is_some_and(|deleted| deleted.eq_ignore_ascii_case("true")) {
        return Some(InventoryState::Deleted);
    }
    let locked = LOCKS.iter().find_map(|name| entry.text(name));
    let control = entry.text("useraccountcontrol").and_then(|control| control.parse::<i64>().ok());
    match (locked, control) {
        (Some(locked), _) if locked.eq_ignore_ascii_case("true") => Some(InventoryState::Disabled),
        (_, Some(control)) => Some(listing::enabled(control & ACCOUNT_DISABLED == 0)),
        (Some(_), None) => Some(InventoryState::Enabled),
        (None, None) => None,
    }
}

/// Generalized time, `20261120104107Z` or with a fraction.
fn generalized(text: &str) -> Option<i64> {
    let (digits, rest) = text.split_at_checked(14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !rest.ends_with('Z') {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to);
    let (date, clock) = (
        format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?),
        format!("{}:{}:{}", part(8, 10)?, part(10, 12)?, part(12, 14)?),
    );
    time::parse(&format!("{date}T{clock}Z")).map(|parsed| parsed.nanos)
}

/// Ticks of 100 ns since 1601; zero and the largest number mean never.
fn since_1601(text: &str) -> Option<i64> {
    const TICKS_TO_1970: i64 = 116_444_736_000_000_000;
    let ticks: i64 = text.parse().ok()?;
    if ticks <= 0 || ticks == i64::MAX {
        return None;
    }
    ticks.checked_sub(TICKS_TO_1970)?.checked_mul(100)
}
