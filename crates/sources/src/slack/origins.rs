//! Column by column, where values come from. `entity` holds its object under the key that its type names.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const ENTITY: &[&str] = &[
    "/entity/user/id",
    "/entity/user/email",
    "/entity/app/id",
    "/entity/app/name",
    "/entity/channel/id",
    "/entity/channel/name",
    "/entity/file/id",
    "/entity/file/name",
    "/entity/workspace/id",
    "/entity/workspace/name",
    "/entity/enterprise/id",
    "/entity/enterprise/name",
    "/context/location/id",
    "/context/location/name",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id"]),
    from("time", &["/date_create"]),
    from("time_raw", &["/date_create"]),
    from("class_uid", &["/action"]),
    from("activity_id", &["/action"]),
    from("access", &["/action"]),
    from("api_operation", &["/action"]),
    from("status_id", &["/action"]),
    from("error_message", &["/details/reason"]),
    from("authority", &["/context/location/id", "/actor/user/team"]),
    from("tenant", &["/context/location/id"]),
    from("actor_principal", &["/actor/user/id", "/actor/app/id"]),
    from("actor_name", &["/actor/user/email", "/actor/user/name", "/actor/user/id", "/actor/app/name"]),
    from("actor_kind", &["/actor/type", "/context/session_id", "/action"]),
    from("is_human", &["/actor/type", "/context/session_id", "/action", "/context/app/id"]),
    from("initiator_principal", &["/actor/user/id"]),
    from("chain", &["/actor/user/id", "/context/app/id"]),
    from("aliases", &["/actor/user/email", "/entity/user/email"]),
    from("session_uri", &["/context/session_id"]),
    from("correlation_ids", &["/context/session_id"]),
    from("grants", &["/action", "/entity/user/id", "/entity/app/id", "/entity/app/scopes", "/details/new_scopes"]),
    from("grant_refs", &["/action", "/entity/user/id", "/entity/app/id", "/entity/channel/id"]),
    from(
        "changes",
        &["/details/previous_scopes", "/details/new_scopes", "/details/previous_value", "/details/new_value"],
    ),
    from("resources", ENTITY),
    from("src_ip", &["/context/ip_address"]),
    from("user_agent", &["/context/ua"]),
    from("client_app", &["/context/app/name", "/context/app/id"]),
];
