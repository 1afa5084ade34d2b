//! SCIM: users, groups, agents and agentic applications as a provider lists them (RFC 7643; agents after
//! the drafts for them).
//!
//! A resource names its provider only by `meta.location`; the authority is the one that the source is
//! set to, else that host. What a provider calls an entitlement is its own business and kept verbatim.
//!
//! A change that a provider told our own service stands around the resource that came of it.

mod origins;
mod record;

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{ActorKind, Alias, AliasRel, Entitlement, Event, Human, Inventory, InventoryState, Platform, Text};

use crate::{Context, Module, Probe, Reject, RejectKind, json, listing};
use record::{Reference, Resource, said};

pub(crate) static MODULE: Module =
    Module { platform: Platform::Scim, version: 2, recognise, normalise, origins: origins::ORIGINS };

/// The platform part of URIs.
const PLATFORM: &str = "scim";

/// What every core schema begins with; the drafts for agents use it, too.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:";

/// The resources that are items of an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    User,
    Group,
    Agent,
    Application,
}

impl Shape {
    fn parse(schema: &str) -> Option<Shape> {
        match schema.strip_prefix(CORE)?.to_ascii_lowercase().as_str() {
            "user" => Some(Shape::User),
            "group" => Some(Shape::Group),
            "agent" => Some(Shape::Agent),
            "agenticapplication" => Some(Shape::Application),
            _ => None,
        }
    }

    /// The type part of URIs, and the type of the item.
    fn part(self) -> &'static str {
        match self {
            Shape::User => "user",
            Shape::Group => "group",
            Shape::Agent => "agent",
            Shape::Application => "agentic-application",
        }
    }

    /// Only groups cannot act.
    fn uri(self, authority: &str, id: &str) -> String {
        let class = if self == Shape::Group { Class::Resource } else { Class::Principal };
        uri::build(class, PLATFORM, authority, self.part()).id(id).finish()
    }
}

fn recognise(probe: &Probe<'_>) -> bool {
    probe.raw("schemas").is_some_and(|schemas| schemas.contains(CORE)) || told(probe).is_some()
}

/// The method of a change that our own service was told, and the resource after it.
fn told<'a>(probe: &Probe<'a>) -> Option<(&'a str, &'a str)> {
    let (method, resource) = (probe.text("method")?, probe.raw("resource")?);
    (probe.has("path") && resource.contains(CORE)).then_some((method, resource))
}

fn normalise<'a>(text: &'a str, context: &Context<'_>) -> Result<Event<'a>, Reject> {
    let told = told(&Probe::new(text));
    let resource = told.map_or(text, |(_, resource)| resource);
    let resource: Resource<'a> = serde_json::from_str(resource).map_err(|error| json::not_json(&error))?;
    let shape = resource.schemas.iter().find_map(|schema| Shape::parse(schema)).ok_or_else(|| {
        Reject::new(RejectKind::Shape, format!("schemas {:?}: neither user, group nor agent", resource.schemas))
    })?;
    let id = said(&resource.id).ok_or_else(|| Reject::new(RejectKind::Shape, "the resource has no id"))?;
    let authority = authority(&resource, context);
    let uri = shape.uri(&authority, &id);
    let mut event =
        listing::listed(Platform::Scim, Cow::Owned(authority.clone()), described(&resource, shape, uri.clone()));
    if let (Some(("DELETE", _)), Some(listed)) = (told, event.inventory.as_mut()) {
        listed.state = Some(InventoryState::Deleted);
    }
    if authority == "unknown" {
        event.quality.missing.push("authority");
    }
    if let Some(name) = said(&resource.user_name).or_else(|| said(&resource.agent_user_name))
        && shape != Shape::Group
    {
        let named = uri::principal_named(PLATFORM, &authority, shape.part(), &name.to_lowercase());
        event.aliases.push(alias(&uri, named, AliasRel::SameAs, "scim:id+userName"));
    }
    own(&mut event, &resource, &uri, &authority);
    if let Some(parent) = resource.parent.as_ref().and_then(|parent| said(&parent.value)) {
        event.aliases.push(alias(&uri, shape.uri(&authority, &parent), AliasRel::InstanceOf, "scim:parent"));
    }
    for application in &resource.applications {
        let Some(id) = said(&application.value) else { continue };
        let application = Shape::Application.uri(&authority, &id);
        event.aliases.push(alias(&uri, application, AliasRel::RunsAs, "scim:applications"));
    }
    event.entitlements = entitled(&resource, &uri, &authority);
    Ok(event)
}

/// The source's authority, else the host of the resource's own address.
fn authority(resource: &Resource<'_>, context: &Context<'_>) -> String {
    if let Some(set) = context.authority.filter(|set| !set.is_empty()) {
        return set.to_owned();
    }
    let location = resource.meta.as_ref().and_then(|meta| said(&meta.location));
    let host = location.as_deref().and_then(|url| url.split_once("://")?.1.split(['/', '?']).next());
    match host.filter(|host| !host.is_empty()) {
        Some(host) => host.to_ascii_lowercase(),
        None => "unknown".to_owned(),
    }
}

fn described<'a>(resource: &Resource<'a>, shape: Shape, uri: String) -> Inventory<'a> {
    let name = said(&resource.user_name)
        .or_else(|| said(&resource.agent_user_name))
        .or_else(|| said(&resource.display_name))
        .or_else(|| resource.name.clone().and_then(|name| name.0));
    let mut listed = listing::item(uri, shape.part(), name);
    (listed.kind, listed.is_human, listed.rule) = match shape {
        Shape::Agent => (ActorKind::Agent, Human::Nonhuman, "R1:scim-agent"),
        Shape::Application => (ActorKind::Integration, Human::Nonhuman, "R1:scim-agentic-application"),
        Shape::User | Shape::Group => (listed.kind, listed.is_human, listed.rule),
    };
    if let Some(said) = said(&resource.user_type) {
        listing::classify(&mut listed, &said);
    }
    listed.state = resource.active.map(listing::enabled);
    listed.purpose = said(&resource.description);
    listed.created = resource.meta.as_ref().and_then(|meta| listing::nanos(meta.created.as_deref()));
    if let Some(enterprise) = &resource.enterprise {
        listed.team = said(&enterprise.department).or_else(|| said(&enterprise.organization));
    }
    for owner in owners(resource) {
        listed.owners.extend(said(&owner.display).or_else(|| said(&owner.value)));
    }
    listed
}

/// Those accountable for an agent. The manager of a person is nobody's owner.
fn owners<'r, 'a>(resource: &'r Resource<'a>) -> impl Iterator<Item = &'r Reference<'a>> {
    resource.owners.iter().chain(&resource.owner)
}

fn own(event: &mut Event<'_>, resource: &Resource<'_>, uri: &str, authority: &str) {
    for owner in owners(resource) {
        let Some(id) = said(&owner.value) else { continue };
        let owner = shape_of(owner).uri(authority, &id);
        event.aliases.push(alias(uri, owner, AliasRel::OwnedBy, "scim:owners"));
    }
}

/// What a reference leads to: by its type, or the end point in its address; a user if nothing says.
fn shape_of(reference: &Reference<'_>) -> Shape {
    let said = |word: &str| {
        reference.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(word))
            || reference.address.as_deref().is_some_and(|address| address.contains(&format!("/{word}s/")))
    };
    match () {
        () if said("Group") => Shape::Group,
        () if said("Agent") => Shape::Agent,
        () if said("AgenticApplication") => Shape::Application,
        () => Shape::User,
    }
}

/// Memberships in both directions, roles, and entitlements.
fn entitled<'a>(resource: &Resource<'a>, uri: &str, authority: &str) -> Vec<Entitlement<'a>> {
    let mut found = Vec::new();
    for group in &resource.groups {
        let Some(id) = said(&group.value) else { continue };
        found.push(listing::inherits(uri, Shape::Group.uri(authority, &id), said(&group.display)));
    }
    for member in &resource.members {
        let Some(id) = said(&member.value) else { continue };
        let holder = shape_of(member).uri(authority, &id);
        found.push(listing::inherits(&holder, uri.to_owned(), said(&resource.display_name)));
    }
    for role in resource.roles.iter().filter_map(|role| said(&role.value)) {
        let source = uri::resource(PLATFORM, authority, "role", &role);
        found.push(listing::inherits(uri, source, Some(role)));
    }
    let values: Vec<Text<'a>> = resource.entitlements.iter().filter_map(|held| said(&held.value)).collect();
    if !values.is_empty() {
        found.push(listing::privileges(uri, values));
    }
    found
}

fn alias(a: &str, b: String, rel: AliasRel, rule: &'static str) -> Alias {
    Alias { a: a.to_owned(), b, rel, rule }
}
