//! Where the values of each column stand in either shape.

use crate::Origin;

pub(super) const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/eventDataId"] },
    Origin { column: "time_raw", pointers: &["/eventTimestamp", "/time"] },
    Origin { column: "time", pointers: &["/eventTimestamp", "/time"] },
    Origin { column: "api_operation", pointers: &["/operationName/value", "/operationName"] },
    Origin { column: "api_request_id", pointers: &["/correlationId"] },
    Origin {
        column: "status_code",
        pointers: &[
            "/resultType",
            "/status/value",
            "/statusCode",
            "/properties/metricResponseType",
            "/resultSignature",
        ],
    },
    Origin {
        column: "status_id",
        pointers: &["/resultType", "/status/value", "/statusCode", "/properties/metricResponseType"],
    },
    Origin {
        column: "error_code",
        pointers: &["/properties/statusCode", "/subStatus/value", "/statusText", "/resultSignature", "/resultType"],
    },
    Origin { column: "error_message", pointers: &["/resultDescription", "/properties/statusMessage"] },
    Origin { column: "severity_id", pointers: &["/level", "/Level"] },
    Origin { column: "region", pointers: &["/location"] },
    Origin { column: "authority", pointers: &["/tenantId", "/identity/claims/tid", "/identity/requester/tenantId"] },
    Origin {
        column: "actor_principal",
        pointers: &[
            "/identity/claims/oid",
            "/identity/claims/http:~1~1schemas.microsoft.com~1identity~1claims~1objectidentifier",
            "/identity/claim/oid",
            "/claims/oid",
            "/claims/http:~1~1schemas.microsoft.com~1identity~1claims~1objectidentifier",
            "/identity/claims/appid",
            "/identity/requester/objectId",
            "/caller",
            "/identity/authorization/evidence/principalId",
            "/properties/accountName",
        ],
    },
    Origin {
        column: "actor_name",
        pointers: &[
            "/identity/claims/xms_mirid",
            "/identity/claims/upn",
            "/identity/claims/http:~1~1schemas.xmlsoap.org~1ws~12005~105~1identity~1claims~1upn",
            "/identity/claims/name",
            "/identity/claims/appid",
            "/claims/http:~1~1schemas.xmlsoap.org~1ws~12005~105~1identity~1claims~1upn",
            "/claims/name",
            "/claims/appid",
            "/identity/claim/appid",
            "/identity/requester/upn",
            "/identity/requester/objectId",
            "/caller",
            "/properties/accountName",
        ],
    },
    Origin {
        column: "credential_native_id",
        pointers: &["/identity/claims/uti", "/claims/uti", "/identity/claim/uti", "/identity/tokenHash"],
    },
    Origin { column: "session_uri", pointers: &["/identity/claims/sid", "/claims/sid"] },
    Origin { column: "role", pointers: &["/identity/authorization/evidence/role", "/authorization/evidence/role"] },
    Origin {
        column: "decision_rule",
        pointers: &[
            "/identity/authorization/evidence/roleAssignmentId",
            "/authorization/evidence/roleAssignmentId",
            "/properties/appliedAssignmentId",
        ],
    },
    Origin {
        column: "resources",
        pointers: &[
            "/properties/objectKey",
            "/properties/id",
            "/resourceId",
            "/identity/authorization/scope",
            "/authorization/scope",
        ],
    },
    Origin { column: "grants", pointers: &["/properties/requestbody", "/properties/requestBody", "/resourceId"] },
    Origin { column: "credential_changes", pointers: &["/properties/id", "/resourceId"] },
    Origin { column: "secret_access_path", pointers: &["/properties/id", "/resourceId"] },
    Origin {
        column: "src_ip",
        pointers: &["/callerIpAddress", "/httpRequest/clientIpAddress", "/identity/claims/ipaddr", "/claims/ipaddr"],
    },
    Origin { column: "user_agent", pointers: &["/properties/userAgentHeader", "/properties/clientInfo"] },
    Origin { column: "client_app", pointers: &["/identity/claims/appid", "/claims/appid", "/identity/claim/appid"] },
];
