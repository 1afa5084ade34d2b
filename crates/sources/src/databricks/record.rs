//! The shape of an audit entry: as log delivery writes it, and as the table `system.access.audit` names it.

use serde::{Deserialize, Deserializer};

use crate::field::{Pairs, Text, texts};
use crate::json;

texts! {
    Entry {
        level: "auditLevel" | "audit_level",
        timestamp: "timestamp" | "event_time",
        event_id: "eventId" | "event_id",
        account: "accountId" | "account_id",
        workspace: "workspaceId" | "workspace_id",
        source_ip: "sourceIPAddress" | "source_ip_address",
        agent: "userAgent" | "user_agent",
        session: "sessionId" | "session_id",
        request: "requestId" | "request_id",
        service: "serviceName" | "service_name",
        action: "actionName" | "action_name",
    } and {
        #[serde(rename = "userIdentity", alias = "user_identity", borrow, default, deserialize_with = "json::object")]
        user: Option<User<'a>>,
        #[serde(rename = "identityMetadata", alias = "identity_metadata", borrow, default, deserialize_with = "json::object")]
        behind: Option<Behind<'a>>,
        #[serde(rename = "requestParams", alias = "request_params", borrow, default, deserialize_with = "json::object")]
        params: Option<Params<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        response: Option<Response<'a>>,
    }
}

texts! {
    User { email: "email", subject: "subjectName" | "subject_name", }
}

texts! {
    /// Who started it, and whose rights were used.
    Behind { run_by: "runBy" | "run_by", run_as: "runAs" | "run_as", }
}

texts! {
    Response { status: "statusCode" | "status_code", error: "errorMessage" | "error_message", }
}

/// Declares what the parameters of calls are read for: each field with its keys, the preferred one first.
macro_rules! params {
    ($($field:ident: $($key:literal)|+,)+) => {
        /// What the call was about. Each service has its own names.
        #[derive(Default)]
        pub(super) struct Params<'a> {
            $(pub(super) $field: Text<'a>,)+
        }

        impl<'de: 'a, 'a> Deserialize<'de> for Params<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Params<'a>, D::Error> {
                let pairs = Pairs::deserialize(deserializer)?;
                Ok(Params { $($field: pairs.get(&[$($key),+]),)+ })
            }
        }
    };
}

params! {
    user: "user" | "targetUserName" | "target_user_name",
    user_id: "userId" | "targetUserId" | "user_id",
    principal: "principal",
    group: "targetGroupName" | "groupName" | "group_name",
    endpoint: "endpoint",
    role: "role",
    method: "authentication_method" | "authenticationMethod",
    token: "tokenId" | "token_id",
    token_hash: "tokenHash" | "token_hash",
    token_client: "tokenClientId",
    token_expires: "tokenExpirationTime",
    service_principal: "service_principal" | "servicePrincipal" | "applicationId",
    secret: "secret_id" | "secretId",
    scope: "scope",
    key: "key",
    conf_keys: "workspaceConfKeys",
    conf_values: "workspaceConfValues",
    log_status: "status",
    config: "config_id" | "configId",
    name: "name" | "name_arg",
    full_name: "full_name_arg" | "full_name",
    securable: "securable_full_name",
    securable_kind: "securable_type",
    table: "table_full_name",
    volume: "volume_full_name",
    url: "url",
    credential: "credential_id" | "credential_name",
    credential_kind: "credential_type",
    operation: "operation",
    changes: "changes",
    path: "path" | "notebookFullPath",
    notebook: "notebookId" | "notebook_id",
    cluster: "clusterId" | "cluster_id",
    warehouse: "warehouseId" | "warehouse_id",
    job: "jobId" | "job_id",
    run: "runId" | "run_id",
    mount: "mountPoint",
    metastore: "metastoreId" | "metastore_id",
    recipient: "recipient_name",
    share: "share" | "share_name",
    statement: "commandText",
}
