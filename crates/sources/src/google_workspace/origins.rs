//! Column by column, where values come from. An event stands in `events`, or flat beside `id`.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

const NAMES: &[&str] = &["/events/*/name", "/name", "/events/*/type", "/type", "/id/applicationName"];

/// Where the values of parameters stand.
const PARAMETERS: &[&str] = &[
    "/events/*/parameters/*/value",
    "/events/*/parameters/*/multiValue",
    "/events/*/parameters/*/intValue",
    "/events/*/parameters/*/boolValue",
    "/parameters",
];

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/id/uniqueQualifier"]),
    from("time", &["/id/time"]),
    from("time_raw", &["/id/time"]),
    from("class_uid", NAMES),
    from("access", NAMES),
    from("status_id", NAMES),
    from("api_operation", NAMES),
    from("api_service", &["/id/applicationName"]),
    from("authority", &["/id/customerId"]),
    from("tenant", &["/id/customerId"]),
    from("actor_principal", &["/actor/profileId", "/actor/email", "/actor/key"]),
    from("actor_name", &["/actor/email", "/actor/profileId", "/actor/key", "/actor/applicationInfo/applicationName"]),
    from("is_human", &["/actor/callerType", "/actor/email", "/actor/applicationInfo/impersonation"]),
    from("initiator_principal", &["/actor/applicationInfo/oauthClientId"]),
    from("chain", &["/actor/applicationInfo/oauthClientId", "/actor/profileId"]),
    from(
        "client_app",
        &["/actor/applicationInfo/applicationName", "/events/*/parameters/*/value", "/parameters/app_name"],
    ),
    from("src_ip", &["/ipAddress", "/parameters/message_info/connection_info/client_ip"]),
    from("src_network", &["/networkInfo/ipAsn/*"]),
    from("src_country", &["/networkInfo/regionCode"]),
    from("error_code", &["/events/*/parameters/*/value", "/parameters/login_failure_type"]),
    from("status_code", &["/events/*/parameters/*/value", "/parameters/login_failure_type"]),
    from("authn_method", &["/events/*/parameters/*/value", "/parameters/login_type"]),
    from("decision_policies", PARAMETERS),
    from("credential_native_id", &["/events/*/parameters/*/value", "/parameters/client_id"]),
    from("issued_credential_native_id", &["/events/*/parameters/*/value", "/parameters/client_id"]),
    from("credential_changes", PARAMETERS),
    from("grants", PARAMETERS),
    from("grant_refs", PARAMETERS),
    from("changes", PARAMETERS),
    from("resources", &["/events/*/parameters/*/value", "/parameters/doc_title", "/parameters/USER_EMAIL"]),
    from("device_id", &["/events/*/parameters/*/value", "/parameters/DEVICE_ID"]),
];
