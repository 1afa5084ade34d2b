//! Where the values of each column stand: below `properties` or at the top level.

use crate::Origin;

pub(super) const ORIGINS: &[Origin] = &[
    Origin {
        column: "source_event_id",
        pointers: &["/properties/id", "/id", "/Id", "/properties/requestId", "/RequestId", "/requestId"],
    },
    Origin {
        column: "time_raw",
        pointers: &[
            "/properties/createdDateTime",
            "/properties/activityDateTime",
            "/createdDateTime",
            "/activityDateTime",
            "/time",
            "/TimeGenerated",
        ],
    },
    Origin {
        column: "time",
        pointers: &[
            "/properties/createdDateTime",
            "/properties/activityDateTime",
            "/createdDateTime",
            "/activityDateTime",
            "/time",
        ],
    },
    Origin {
        column: "api_operation",
        pointers: &[
            "/properties/activityDisplayName",
            "/activityDisplayName",
            "/operationName",
            "/properties/requestUri",
            "/RequestUri",
        ],
    },
    Origin { column: "api_service", pointers: &["/properties/loggedByService", "/loggedByService"] },
    Origin {
        column: "status_code",
        pointers: &[
            "/properties/status/errorCode",
            "/status/errorCode",
            "/properties/result",
            "/result",
            "/properties/responseStatusCode",
            "/ResponseStatusCode",
            "/resultType",
        ],
    },
    Origin {
        column: "status_id",
        pointers: &["/properties/status/errorCode", "/status/errorCode", "/properties/result"],
    },
    Origin {
        column: "error_message",
        pointers: &["/properties/status/failureReason", "/status/failureReason", "/properties/resultReason"],
    },
    Origin { column: "authority", pointers: &["/tenantId", "/properties/tenantId", "/AadTenantId", "/resourceId"] },
    Origin {
        column: "actor_principal",
        pointers: &[
            "/properties/userId",
            "/properties/servicePrincipalId",
            "/properties/initiatedBy/user/id",
            "/properties/initiatedBy/app/servicePrincipalId",
            "/userId",
            "/servicePrincipalId",
            "/initiatedBy/user/id",
            "/initiatedBy/app/servicePrincipalId",
        ],
    },
    Origin {
        column: "actor_name",
        pointers: &[
            "/properties/userPrincipalName",
            "/properties/servicePrincipalName",
            "/properties/initiatedBy/user/userPrincipalName",
            "/properties/initiatedBy/app/displayName",
            "/userPrincipalName",
            "/servicePrincipalName",
            "/initiatedBy/user/userPrincipalName",
            "/initiatedBy/app/displayName",
            "/properties/userId",
            "/properties/servicePrincipalId",
            "/properties/appId",
            "/UserId",
            "/ServicePrincipalId",
            "/AppId",
        ],
    },
    Origin {
        column: "credential_native_id",
        pointers: &[
            "/properties/federatedCredentialId",
            "/properties/servicePrincipalCredentialKeyId",
            "/properties/servicePrincipalCredentialThumbprint",
            "/servicePrincipalCredentialKeyId",
            "/properties/signInActivityId",
            "/SignInActivityId",
            "/initiatedBy/linkableIdentifiers/tokenDetails/uniqueTokenIdentifier",
        ],
    },
    Origin {
        column: "issued_credential_native_id",
        pointers: &["/properties/uniqueTokenIdentifier", "/uniqueTokenIdentifier"],
    },
    Origin { column: "session_uri", pointers: &["/properties/sessionId", "/sessionId"] },
    Origin {
        column: "resources",
        pointers: &[
            "/properties/resourceId",
            "/properties/targetResources/*/id",
            "/resourceId",
            "/targetResources/*/id",
        ],
    },
    Origin {
        column: "changes",
        pointers: &["/properties/targetResources/*/modifiedProperties", "/targetResources/*/modifiedProperties"],
    },
    Origin { column: "grants", pointers: &["/properties/additionalDetails", "/additionalDetails"] },
    Origin {
        column: "src_ip",
        pointers: &[
            "/properties/ipAddress",
            "/properties/initiatedBy/user/ipAddress",
            "/ipAddress",
            "/IPAddress",
            "/initiatedBy/user/ipAddress",
            "/callerIpAddress",
            "/properties/additionalDetails/*/value",
            "/additionalDetails/*/value",
        ],
    },
    Origin { column: "src_country", pointers: &["/properties/location/countryOrRegion", "/location/countryOrRegion"] },
    Origin {
        column: "user_agent",
        pointers: &["/properties/userAgent", "/userAgent", "/UserAgent", "/properties/additionalDetails/*/value"],
    },
    Origin {
        column: "client_app",
        pointers: &["/properties/appDisplayName", "/appDisplayName", "/properties/appId", "/AppId"],
    },
    Origin { column: "device_id", pointers: &["/properties/deviceDetail/deviceId", "/deviceDetail/deviceId"] },
    Origin { column: "inventory_uri", pointers: &["/id", "/appId"] },
    Origin { column: "inventory_name", pointers: &["/displayName"] },
    Origin { column: "inventory_kind", pointers: &["/servicePrincipalType", "/@odata.type"] },
    Origin { column: "inventory_state", pointers: &["/accountEnabled", "/deletedDateTime"] },
    Origin {
        column: "inventory_owners",
        pointers: &["/owners/*/userPrincipalName", "/owners/*/displayName", "/tags/*"],
    },
    Origin { column: "inventory_team", pointers: &["/tags/*"] },
    Origin { column: "inventory_purpose", pointers: &["/tags/*", "/description", "/notes"] },
    Origin { column: "inventory_sensitivity", pointers: &["/tags/*"] },
    Origin { column: "inventory_created", pointers: &["/createdDateTime"] },
    Origin {
        column: "inventory_credentials",
        pointers: &["/passwordCredentials/*/keyId", "/keyCredentials/*/keyId", "/federatedIdentityCredentials/*/id"],
    },
    Origin {
        column: "entitlements",
        pointers: &[
            "/appRoles/*/value",
            "/appRoleAssignments/*/appRoleId",
            "/appRoleId",
            "/principalId",
            "/resourceId",
            "/scope",
        ],
    },
];
