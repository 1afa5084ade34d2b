//! The columns that are read off a record as they stand, and where each of them comes from.

use std::borrow::Cow;

use model::{Event, Party};

use super::identity::debug;
use super::record::{Record, said};
use crate::Origin;

type Text<'a> = Cow<'a, str>;

/// The session under which the platform served the request.
pub(super) fn session_id<'a>(record: &Record<'a>) -> Option<Text<'a>> {
    let context = record.authentication.as_ref()?;
    said(&context.external_session).or_else(|| said(&context.root_session))
}

/// OCSF severity: debug and info are informational.
pub(super) fn severity(text: Option<&str>) -> u8 {
    match text {
        Some("WARN") => 3,
        Some("ERROR") => 4,
        _ => 1,
    }
}

/// Whose the actor is; users and clients may be anybody's.
pub(super) fn party(kind: &str) -> Option<Party> {
    (kind == "SystemPrincipal").then_some(Party::Provider)
}

/// Network, device and correlation.
pub(super) fn place<'a>(event: &mut Event<'a>, record: &Record<'a>) {
    let client = record.client.as_ref();
    let agent = client.and_then(|client| client.user_agent.as_ref());
    let hops = record.request.as_ref().map(|request| request.ip_chain.as_slice()).unwrap_or_default();
    let security = record.security.as_ref();
    event.src.ip = client
        .and_then(|client| said(&client.ip))
        .or_else(|| hops.iter().find_map(|hop| said(&hop.ip).or_else(|| said(&hop.place.as_ref()?.ip))));
    event.src.country = client
        .and_then(|client| said(&client.place.as_ref()?.country))
        .or_else(|| hops.iter().find_map(|hop| said(&hop.place.as_ref()?.country)));
    event.src.network =
        client.and_then(|client| said(&client.zone)).or_else(|| security.and_then(|security| said(&security.as_org)));
    event.src.host = security.and_then(|security| said(&security.domain)).filter(|domain| domain != ".");
    event.user_agent = agent.and_then(|agent| said(&agent.raw));
    event.client_app =
        client.and_then(|client| said(&client.id)).or_else(|| agent.and_then(|agent| said(&agent.browser)));

    let data = debug(record);
    let device = record.device.as_ref();
    event.device.id = device
        .and_then(|device| said(&device.id))
        .or_else(|| data.and_then(|d| said(&d.device_hash).or_else(|| said(&d.device_fingerprint))));
    event.device.name = device.and_then(|device| said(&device.name));
    event.device.os =
        device.and_then(|device| said(&device.os_platform)).or_else(|| agent.and_then(|agent| said(&agent.os)));
    event.device.managed = device.and_then(|device| device.managed);

    let request = data.and_then(|d| said(&d.request_id));
    let transaction = record.transaction.as_ref().and_then(|transaction| said(&transaction.id));
    event.api.request_id = request.clone().or_else(|| transaction.clone());
    for id in [request, transaction, data.and_then(|d| said(&d.authn_request_id))].into_iter().flatten() {
        if !event.correlation_ids.contains(&id) {
            event.correlation_ids.push(id);
        }
    }
}

/// Columns that every complete record fills.
pub(super) fn missing(event: &mut Event<'_>) {
    let holes = [
        (event.time.is_none(), "time"),
        (event.source_event_id.is_none(), "source_event_id"),
        (event.actor.name.is_none(), "actor_principal"),
        (event.status_code.is_none(), "status_id"),
        (event.src.ip.is_none(), "src_ip"),
        (event.authority == "unknown", "authority"),
    ];
    crate::fill::lacking(event, &holes);
}

/// Column by column; each key may also be in lower case throughout.
pub(super) const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/uuid"] },
    Origin { column: "time", pointers: &["/published"] },
    Origin { column: "time_raw", pointers: &["/published"] },
    Origin { column: "class_uid", pointers: &["/eventType", "/eventtype"] },
    Origin { column: "activity_id", pointers: &["/eventType", "/eventtype"] },
    Origin { column: "access", pointers: &["/eventType", "/eventtype"] },
    Origin { column: "api_operation", pointers: &["/eventType", "/eventtype"] },
    Origin {
        column: "api_request_id",
        pointers: &["/debugContext/debugData/requestId", "/debugcontext/debugData/requestId", "/transaction/id"],
    },
    Origin { column: "status_id", pointers: &["/outcome/result"] },
    Origin { column: "status_code", pointers: &["/outcome/result"] },
    Origin { column: "severity_id", pointers: &["/severity"] },
    Origin { column: "error_code", pointers: &["/outcome/reason", "/outcome/result"] },
    Origin { column: "error_message", pointers: &["/outcome/reason"] },
    Origin {
        column: "authority",
        pointers: &[
            "/debugContext/debugData/url",
            "/debugContext/debugData/requestUri",
            "/debugContext/debugData/authorizationServer",
        ],
    },
    Origin { column: "actor_principal", pointers: &["/actor/id", "/actor/alternateId"] },
    Origin { column: "actor_kind", pointers: &["/actor/type"] },
    Origin { column: "actor_name", pointers: &["/actor/alternateId", "/actor/displayName", "/actor/id"] },
    Origin { column: "is_human", pointers: &["/actor/type", "/transaction/detail/requestApiTokenId"] },
    Origin { column: "agent_uid", pointers: &["/actor/id"] },
    Origin { column: "credential_native_id", pointers: &["/transaction/detail/requestApiTokenId"] },
    Origin { column: "issued_credential_native_id", pointers: &["/target/*/id"] },
    Origin { column: "issued_credential_fingerprint_value", pointers: &["/target/*/detailEntry/hash"] },
    Origin {
        column: "issued_credential_scopes",
        pointers: &[
            "/target/*/detailEntry/scope",
            "/debugContext/debugData/grantedScopes",
            "/debugContext/debugData/requestedScopes",
        ],
    },
    Origin { column: "subject_principal", pointers: &["/target/*/detailEntry/subject", "/target/*/id"] },
    Origin {
        column: "session_uri",
        pointers: &[
            "/authenticationContext/externalSessionId",
            "/authenticationcontext/externalSessionId",
            "/authenticationContext/rootSessionId",
        ],
    },
    Origin { column: "resources", pointers: &["/target/*/id", "/target/*/displayName", "/target/*/alternateId"] },
    Origin { column: "grants", pointers: &["/debugContext/debugData/privilegeGranted", "/target/*/displayName"] },
    Origin { column: "decision_reason", pointers: &["/outcome/reason"] },
    Origin {
        column: "authn_method",
        pointers: &["/debugContext/debugData/grantType", "/authenticationContext/credentialType"],
    },
    Origin { column: "src_ip", pointers: &["/client/ipAddress", "/request/ipChain/*/ip"] },
    Origin { column: "src_country", pointers: &["/client/geographicalContext/country"] },
    Origin { column: "src_network", pointers: &["/client/zone", "/securityContext/asOrg", "/securitycontext/asOrg"] },
    Origin { column: "user_agent", pointers: &["/client/userAgent/rawUserAgent"] },
    Origin { column: "client_app", pointers: &["/client/id", "/client/userAgent/browser"] },
    Origin {
        column: "device_id",
        pointers: &["/device/id", "/debugContext/debugData/dtHash", "/debugcontext/debugData/dtHash"],
    },
    Origin { column: "device_name", pointers: &["/device/name"] },
    Origin { column: "device_os", pointers: &["/device/os_platform", "/client/userAgent/os"] },
];
