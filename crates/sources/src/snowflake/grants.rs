//! Rows of `GRANTS_TO_USERS` and `GRANTS_TO_ROLES`: a role or a privilege that somebody has, or had.

use std::borrow::Cow;

use model::uri::{self, Class};
use model::{Access, ActorKind, Event, GrantFact, GrantPhase, Human, Principal, ResourceRole, Status};

use super::record::Row;
use super::{NAME, add};
use crate::field::{Text, first, kebab, nanos, said};
use crate::fill::{self, act};

/// A row names the role under which it was granted, not the user who did it.
pub(super) fn actor<'a>(row: &Row<'a>, authority: &str) -> Principal<'a> {
    match said(&row.granted_by) {
        Some(name) if name == "SNOWFLAKE" => Principal {
            uri: uri::principal_named(NAME, authority, "role", &name),
            kind: ActorKind::PlatformService,
            name: Some(name),
            is_human: Human::Nonhuman,
            rule: "R1:snowflake-itself",
        },
        Some(name) => Principal {
            uri: uri::principal_named(NAME, authority, "role", &name),
            kind: ActorKind::Shared,
            name: Some(name),
            is_human: Human::Unknown,
            rule: "default",
        },
        None => Principal {
            uri: uri::principal(NAME, authority, "unknown", "unknown"),
            kind: ActorKind::Unknown,
            name: None,
            is_human: Human::Unknown,
            rule: "default",
        },
    }
}

/// A row that was deleted is about its end, any other about its beginning.
pub(super) fn read<'a>(event: &mut Event<'a>, row: &Row<'a>) {
    let ended = said(&row.deleted_on).is_some();
    let kind = said(&row.granted_to).map_or_else(|| "grantee".to_owned(), |kind| kebab(&kind));
    let to_user = kind == "user";
    let act = match (to_user, ended) {
        (true, false) => act(3007, 16, Access::Grant),
        (true, true) => act(3007, 17, Access::Grant),
        (false, false) => act(3008, 4, Access::Grant),
        (false, true) => act(3008, 5, Access::Grant),
    };
    act.put(event);
    event.status = Status::Success;
    event.api.operation = Some(Cow::Borrowed(if ended { "REVOKE" } else { "GRANT" }));
    event.role = said(&row.granted_by);
    event.privileged = Some(true);
    let times = if ended { [&row.deleted_on, &row.collected] } else { [&row.created_on, &row.collected] };
    fill::when(event, first(&times));

    let object = object(row);
    let target = said(&row.privilege).or_else(|| said(&row.granted_role));
    if let Some(name) = said(&row.grantee) {
        let beneficiary = uri::principal_named(NAME, &event.authority, &kind, &name);
        if let Some(target) = &target {
            let mut builder =
                uri::build(Class::Grant, NAME, &event.authority, "held").id(&kind).name(&name).name(target);
            if let Some((on, name)) = &object {
                builder = builder.id(on).name(name);
            }
            let uri = builder.finish();
            event.grant_refs.push(uri.clone());
            event.grants.push(GrantFact {
                beneficiary: Some(beneficiary),
                target: Some(target.clone()),
                resource: object.as_ref().map(|(on, name)| {
                    Cow::Owned(uri::build(Class::Resource, NAME, &event.authority, on).name(name).finish())
                }),
                not_before: nanos(&row.created_on),
                not_after: nanos(&row.deleted_on),
                ..GrantFact::new(uri, if ended { GrantPhase::Revoke } else { GrantPhase::Activate })
            });
        }
        add(event, Cow::Owned(kind), Some(name), ResourceRole::Affected);
    }
    match object {
        Some((kind, name)) => add(event, Cow::Owned(kind), Some(name), ResourceRole::Target),
        None => add(event, Cow::Borrowed("role"), said(&row.granted_role), ResourceRole::Target),
    }
}

/// The object that a privilege is on, by its full name.
fn object<'a>(row: &Row<'a>) -> Option<(String, Cow<'a, str>)> {
    let name = said(&row.name)?;
    let on = said(&row.granted_on).map_or_else(|| "object".to_owned(), |kind| kebab(&kind));
    let parts: Vec<Cow<'a, str>> =
        [said(&row.catalog), said(&row.table_schema), Some(name.clone())].into_iter().flatten().collect();
    let full: Text<'a> = (parts.len() > 1).then(|| Cow::Owned(parts.join(".")));
    Some((on, full.unwrap_or(name)))
}
