//! What a provider asks about us: configuration, resource types and schemas (RFC 7643 sections 5, 6 and 7).

use serde_json::{Value, json};

use super::PAGE_MAX;
use super::roster::Kind;

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// Some of many.
pub(super) fn list(total: usize, start: usize, resources: Vec<Value>) -> Value {
    json!({ "schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": resources.len(), "Resources": resources })
}

fn all(resources: Vec<Value>) -> Value {
    list(resources.len(), 1, resources)
}

pub(super) fn configuration(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": PAGE_MAX },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Bearer token", "primary": true,
            "description": "A token of `deedbook token create --scope records:write --source NAME`."
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") }
    })
}

fn resource_type(base: &str, kind: Kind) -> Value {
    let name = kind.name();
    let extensions = if kind == Kind::User { json!([{ "schema": ENTERPRISE, "required": false }]) } else { json!([]) };
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name, "name": name, "endpoint": format!("/{}", kind.endpoint()), "schema": kind.schema(),
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") }
    })
}

/// All resource types, or the one of this name.
pub(super) fn resource_types(base: &str, name: Option<&str>) -> Option<Value> {
    let kinds = [Kind::User, Kind::Group];
    match name {
        None => Some(all(kinds.map(|kind| resource_type(base, kind)).to_vec())),
        Some(name) => kinds.into_iter().find(|kind| kind.name() == name).map(|kind| resource_type(base, kind)),
    }
}

/// Attributes that mean something here; others are kept as they come. Of one with parts these are listed behind it.
const USER: &[(&str, &str, bool, &[&str])] = &[
    ("userName", "string", false, &[]),
    ("externalId", "string", false, &[]),
    ("displayName", "string", false, &[]),
    ("name", "complex", false, &["formatted", "familyName", "givenName"]),
    ("userType", "string", false, &[]),
    ("title", "string", false, &[]),
    ("active", "boolean", false, &[]),
    ("emails", "complex", true, &["value", "type"]),
    ("roles", "complex", true, &["value", "display", "type"]),
    ("entitlements", "complex", true, &["value", "display", "type"]),
];
const GROUP: &[(&str, &str, bool, &[&str])] = &[
    ("displayName", "string", false, &[]),
    ("externalId", "string", false, &[]),
    ("members", "complex", true, &["value", "$ref", "display", "type"]),
];
const EXTENSION: &[(&str, &str, bool, &[&str])] = &[
    ("employeeNumber", "string", false, &[]),
    ("organization", "string", false, &[]),
    ("division", "string", false, &[]),
    ("department", "string", false, &[]),
    ("manager", "complex", false, &["value", "displayName"]),
];

fn attribute(name: &str, kind: &str, plural: bool, parts: &[&str], needed: Option<&str>) -> Value {
    let is_needed = needed == Some(name);
    let mut told = json!({
        "name": name, "type": kind, "multiValued": plural, "required": is_needed, "caseExact": name == "externalId",
        "mutability": "readWrite", "returned": "default", "uniqueness": if name == "userName" { "server" } else { "none" }
    });
    if let (false, Some(members)) = (parts.is_empty(), told.as_object_mut()) {
        let parts: Vec<_> = parts.iter().map(|part| attribute(part, "string", false, &[], None)).collect();
        members.insert("subAttributes".to_owned(), parts.into());
    }
    told
}

/// All schemas, or the one of this name.
pub(super) fn schemas(base: &str, id: Option<&str>) -> Option<Value> {
    let schema = |id: &str, name: &str, attributes: &[(&str, &str, bool, &[&str])], needed: Option<&str>| {
        let told =
            |(name, kind, plural, parts): &(&str, &str, bool, &[&str])| attribute(name, kind, *plural, parts, needed);
        let attributes: Vec<_> = attributes.iter().map(told).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") }
        })
    };
    let each = vec![
        schema(&Kind::User.schema(), "User", USER, Some(Kind::User.needed())),
        schema(&Kind::Group.schema(), "Group", GROUP, Some(Kind::Group.needed())),
        schema(ENTERPRISE, "EnterpriseUser", EXTENSION, None),
    ];
    match id {
        None => Some(all(each)),
        Some(id) => each.into_iter().find(|schema| schema.get("id").and_then(Value::as_str) == Some(id)),
    }
}
