//! What an operation shows beside who and when: resources, grants, credentials, changes, and what Copilot used.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{
    Access, Alias, AliasRel, Change, Credential, CredentialChange, CredentialChangeKind, Event, GrantFact, GrantPhase,
    Mode, Resource, ResourceRole, Status,
};

use super::NAME;
use super::record::{Copilot, Record, Text, Used, property, said, value};
use crate::entra::guid::{is_guid, lower};
use crate::entra::identity as directory;
use crate::url;

/// Changes and resources kept of one record.
const ITEMS_MAX: usize = 64;

fn add<'a>(event: &mut Event<'a>, kind: Cow<'a, str>, name: Cow<'a, str>, role: ResourceRole) {
    let uri = uri::build(Class::Resource, NAME, &event.authority, &kind);
    let uri = if is_guid(&name) { uri.id(&lower(&name)).finish() } else { uri.name(&name).finish() };
    if event.resources.len() < ITEMS_MAX && event.resources.iter().all(|known| known.uri != uri) {
        event.resources.push(Resource { uri, kind, name: Some(name), role });
    }
}

/// The object, and the mailbox, site, team or user that it belongs to or that it was given to.
pub(super) fn resources<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if let Some(object) = said(&record.object_id) {
        let kind = match (said(&record.item_type), record.workload.as_deref()) {
            (Some(kind), _) => Cow::Owned(kind.to_ascii_lowercase().replace(' ', "-")),
            (None, Some("AzureActiveDirectory")) if super::is_sign_in(record) => Cow::Borrowed("application"),
            (None, Some("Exchange")) => Cow::Borrowed("exchange-object"),
            (None, Some("SharePoint" | "OneDrive")) => Cow::Borrowed("site-object"),
            _ => Cow::Borrowed("object"),
        };
        add(event, kind, url::bare(object), ResourceRole::Target);
    }
    let beside = [
        ("mailbox", said(&record.mailbox_owner)),
        ("mailbox", property(&record.parameters, "Mailbox")),
        ("exchange-object", property(&record.parameters, "Identity")),
        ("team", said(&record.team_guid).or_else(|| said(&record.team_name))),
        ("site", said(&record.site_url).map(url::bare)),
        ("user", said(&record.target_name).map(|name| Cow::Owned(name.to_ascii_lowercase()))),
    ];
    for (kind, name) in beside {
        let role = if event.resources.is_empty() { ResourceRole::Target } else { ResourceRole::Related };
        if let Some(name) = name {
            add(event, Cow::Borrowed(kind), name, role);
        }
    }
    let is_login = super::is_sign_in(record);
    for name in record.target.iter().filter_map(|target| said(&target.id)).filter(|_| !is_login) {
        add(event, Cow::Borrowed("directory-object"), name, ResourceRole::Related);
    }
}

/// Who was given what, or had it taken away.
pub(super) fn grants<'a>(event: &mut Event<'a>, record: &Record<'a>, operation: &str) {
    if event.access != Access::Grant || event.status != Status::Success {
        return;
    }
    let taken = ["Remove", "Revoked", "Deleted"].iter().any(|word| operation.contains(word));
    let phase = if taken { GrantPhase::Revoke } else { GrantPhase::Activate };
    let parameter = |names: &[&str]| names.iter().find_map(|name| property(&record.parameters, name));
    let whom = parameter(&["User", "Member", "Trustee"]).or_else(|| said(&record.target_name));
    let whom = whom.or_else(|| record.members.iter().find_map(|member| said(&member.name)));
    let whom = whom.or_else(|| said(&record.object_id).filter(|name| operation.contains(' ') && name.contains('@')));
    let Some(whom) = whom else { return };
    let role = parameter(&["AccessRights", "Role"])
        .or_else(|| property(&record.modified_properties, "Role.DisplayName"))
        .or_else(|| property(&record.modified_properties, "Group.DisplayName"));
    let thing = parameter(&["Identity", "Role", "Name"])
        .or_else(|| property(&record.modified_properties, "Role.ObjectID"))
        .or_else(|| property(&record.modified_properties, "Group.ObjectID"))
        .or_else(|| said(&record.object_id).filter(|object| *object != whom).map(url::bare))
        .or_else(|| said(&record.team_guid));
    let beneficiary = directory::user(&event.authority, Some(whom.clone()).filter(|id| is_guid(id)), Some(whom), true);
    let last = uri::decoded(beneficiary.rsplit('/').next().unwrap_or_default());
    let uri = uri::build(Class::Grant, NAME, &event.authority, "access");
    let uri = uri.name(thing.as_deref().unwrap_or("unknown")).name(last.trim_start_matches('~')).finish();
    event.grant_refs.push(uri.clone());
    event.grants.push(GrantFact {
        requester: Some(event.actor.uri.clone()),
        beneficiary: Some(beneficiary),
        target: role,
        resource: event.resources.first().map(|resource| Cow::Owned(resource.uri.clone())),
        ..GrantFact::new(uri, phase)
    });
}

/// A secret or certificate that an application was given; the id stands in the description of all that it has.
pub(super) fn credentials(event: &mut Event<'_>, record: &Record<'_>) {
    if event.access != Access::Issue || event.status != Status::Success {
        return;
    }
    let find = |name: &str| record.modified_properties.iter().find(|property| property.name.as_deref() == Some(name));
    let Some(keys) = find("KeyDescription") else { return };
    let (before, after) = (value(keys.old_value).unwrap_or_default(), value(keys.new_value).unwrap_or_default());
    let ids = |text: &str| -> Vec<String> {
        let parts = text.split("KeyIdentifier=").skip(1);
        parts.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
    };
    let (known, kept) = (ids(&before), ids(&after));
    let holder = record.target.iter().filter_map(|target| said(&target.id)).find(|id| is_guid(id));
    let holder = holder.map(|id| uri::principal(directory::NAME, &event.authority, "sp", &lower(&id)));
    for gone in known.iter().filter(|id| !kept.contains(id)) {
        event.credential_changes.push(CredentialChange {
            change: CredentialChangeKind::Revoked,
            uri: uri::cred(directory::NAME, &event.authority, "app-key", &lower(gone)),
            native_id: Some(Cow::Owned(gone.clone())),
            holder: holder.clone(),
        });
    }
    let Some(id) = kept.into_iter().find(|id| !known.contains(id)) else {
        if !event.credential_changes.is_empty() {
            // One name stands for both: here a key only went.
            (event.activity_id, event.access) = (19, Access::Delete);
        }
        return;
    };
    let uri = uri::cred(directory::NAME, &event.authority, "app-key", &lower(&id));
    if let Some(b) = holder {
        let a = uri.clone();
        event.aliases.push(Alias { a, b, rel: AliasRel::CredentialOf, rule: "m365:KeyDescription" });
    }
    event.issued_credential = Some(Credential {
        uri,
        kind: Cow::Borrowed("app-key"),
        native_id: Some(Cow::Owned(id)),
        ..Credential::default()
    });
}

/// Properties before and after; of a cmdlet what it was given, secrets left out.
pub(super) fn changes<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    if event.access == Access::Read {
        return;
    }
    let secret = |name: &str| ["Password", "Secret", "Credential", "Key"].iter().any(|word| name.contains(word));
    for property in record.modified_properties.iter().take(ITEMS_MAX) {
        let Some(field) = said(&property.name).filter(|name| !secret(name)) else { continue };
        let (before, after) = (value(property.old_value), value(property.new_value));
        event.changes.push(Change { field, before, after });
    }
    for parameter in record.parameters.iter().take(ITEMS_MAX) {
        let Some(field) = said(&parameter.name).filter(|name| !secret(name) && name != "Identity") else { continue };
        event.changes.push(Change { field, before: None, after: value(parameter.value) });
    }
}

/// What somebody let Copilot, or an agent made with it, do: which files it used, never what was said.
pub(super) fn copilot<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    event.agent.uid = said(&record.agent_id).or_else(|| said(&record.app_identity));
    let Some(copilot) = &record.copilot_event_data else { return };
    let model = copilot.model_transparency_details.first();
    event.agent.model = model.and_then(|model| said(&model.model_name));
    event.agent.version = model.and_then(|model| said(&model.model_version));
    event.agent.mode = Some(Mode::Interactive);
    event.agent.run = said(&copilot.thread_id);
    event.client_app = said(&copilot.app_host).or_else(|| event.client_app.take());
    if let Some(thread) = &event.agent.run {
        event.session = Some(uri::session(NAME, &event.authority, "copilot-thread", thread));
    }
    event.correlation_ids.extend(copilot.messages.iter().filter_map(|message| said(&message.id)).take(ITEMS_MAX));
    if let Some(plugin) = copilot.plugins.first() {
        event.tool.name = said(&plugin.name).or_else(|| said(&plugin.id));
        event.tool.server = said(&plugin.id);
    }
    used(event, copilot);
    // The platform's own marks of an attempt to turn the model against its user or its rules.
    let attacked = copilot.messages.iter().any(|message| message.jailbreak_detected == Some(true))
        || copilot.accessed_resources.iter().any(|used| used.injection_detected == Some(true));
    if attacked {
        event.severity_id = 4;
    }
}

fn used<'a>(event: &mut Event<'a>, copilot: &Copilot<'a>) {
    let named =
        |used: &Used<'a>| -> Text<'a> { said(&used.site_url).or_else(|| said(&used.id)).or_else(|| said(&used.name)) };
    let kind = |used: &Used<'a>| {
        let kind = said(&used.kind).unwrap_or(Cow::Borrowed("file")).to_ascii_lowercase();
        Cow::Owned(kind.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>())
    };
    for (list, role) in
        [(&copilot.accessed_resources, ResourceRole::Target), (&copilot.contexts, ResourceRole::Related)]
    {
        for item in list.iter().take(ITEMS_MAX) {
            if let Some(name) = named(item) {
                add(event, kind(item), url::bare(name), role);
            }
        }
    }
}
