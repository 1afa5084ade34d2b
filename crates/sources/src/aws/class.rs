//! What kind of act a call is: OCSF class and activity (`schema.md` 1.8) and the coarse access.

use model::Access;

use super::logging;
pub(super) use crate::fill::{Act, act};

/// A call, in the terms of the tables here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'t> {
    /// `s3`, `sts`, ...: the event source without its domain.
    pub(super) service: &'t str,
    /// The event name without the API version that Lambda appends.
    pub(super) name: &'t str,
}

impl<'t> Call<'t> {
    pub(super) fn new(source: &'t str, name: &'t str) -> Call<'t> {
        Call { service: source.strip_suffix(".amazonaws.com").unwrap_or(source), name: unversioned(name) }
    }
}

/// `CreateFunction20150331v2` is `CreateFunction`.
fn unversioned(name: &str) -> &str {
    let digits = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let bare = match name.rsplit_once('v') {
        Some((bare, version)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => name,
    };
    match bare.len().checked_sub(8).and_then(|at| bare.split_at_checked(at)) {
        Some((bare, date)) if digits(date) => bare,
        _ => name,
    }
}

/// The act, made to agree with the platform's own read-only flag where the record has one. Few calls need the
/// parameters of the request: JSON text.
pub(super) fn classify(call: Call<'_>, read_only: Option<bool>, parameters: &str) -> Act {
    let asked = || logging::asked(call, parameters);
    let mut act = asked().or_else(|| special(call)).unwrap_or_else(|| by_verb(call.name));
    act.access = match (read_only, act.access) {
        (Some(true), Access::Create | Access::Modify | Access::Delete | Access::Grant | Access::Other) => Access::Read,
        (Some(false), Access::Read) => Access::Other,
        (_, access) => access,
    };
    act
}

/// Calls that are more than their verb.
fn special(call: Call<'_>) -> Option<Act> {
    if let Some(act) = logging::of_call(call) {
        return Some(act);
    }
    match call.service {
        "sts" => sts(call.name),
        "signin" => Some(signin(call.name)),
        "sso" | "sso-oauth" | "sso-oidc" | "sso-directory" | "identitystore" => identity_center(call.name),
        "iam" => iam(call.name),
        "s3" | "s3express" | "s3-outposts" => s3(call.name),
        "dynamodb" => dynamodb(call.name),
        "kms" => kms(call.name),
        "ec2" => ec2(call.name),
        _ => elsewhere(call),
    }
}

fn sts(name: &str) -> Option<Act> {
    match name {
        "AssumeRole"
        | "AssumeRoleWithSAML"
        | "AssumeRoleWithWebIdentity"
        | "AssumeRoot"
        | "GetSessionToken"
        | "GetFederationToken"
        | "GetDelegatedAccessToken" => Some(act(3002, 1, Access::Issue)),
        "GetWebIdentityToken" | "GetServiceBearerToken" => Some(act(3002, 3, Access::Issue)),
        _ => None,
    }
}

fn signin(name: &str) -> Act {
    match name {
        "ConsoleLogin" | "AssumeRole" | "UserAuthentication" => act(3002, 1, Access::Authenticate),
        "Logout" | "ExitRole" => act(3002, 2, Access::Authenticate),
        "GetSigninToken" | "CreateOAuth2Token" => act(3002, 3, Access::Issue),
        "SwitchRole" | "RenewRole" => act(3002, 7, Access::Authenticate),
        "PasswordUpdated" | "PasswordRecoveryCompleted" => act(3007, 8, Access::Modify),
        "PasswordRecoveryRequested" => act(3007, 9, Access::Modify),
        _ => act(3002, 99, Access::Authenticate),
    }
}

fn identity_center(name: &str) -> Option<Act> {
    Some(match name {
        "Federate" | "Authenticate" | "UserAuthentication" => act(3002, 1, Access::Authenticate),
        "Logout" | "SignOut" => act(3002, 2, Access::Authenticate),
        "GetRoleCredentials" => act(3002, 1, Access::Issue),
        "CreateToken" | "CreateTokenWithIAM" => act(3002, 3, Access::Issue),
        "CreateAccountAssignment" => act(3007, 16, Access::Grant),
        "DeleteAccountAssignment" => act(3007, 17, Access::Grant),
        "CreateUser" => act(3007, 1, Access::Create),
        "UpdateUser" => act(3007, 2, Access::Modify),
        "DeleteUser" => act(3007, 3, Access::Delete),
        "EnableUser" => act(3007, 4, Access::Modify),
        "DisableUser" => act(3007, 5, Access::Modify),
        "UpdatePassword" => act(3007, 8, Access::Modify),
        "CreateGroup" => act(3006, 6, Access::Create),
        "DeleteGroup" => act(3006, 5, Access::Delete),
        "UpdateGroup" => act(3006, 9, Access::Modify),
        "AddMemberToGroup" | "CreateGroupMembership" => act(3006, 3, Access::Grant),
        "RemoveMemberFromGroup" | "DeleteGroupMembership" => act(3006, 4, Access::Grant),
        _ => return None,
    })
}

fn iam(name: &str) -> Option<Act> {
    Some(match name {
        "CreateUser" => act(3007, 1, Access::Create),
        "UpdateUser" | "TagUser" | "UntagUser" => act(3007, 2, Access::Modify),
        "DeleteUser" => act(3007, 3, Access::Delete),
        "CreateLoginProfile" => act(3007, 4, Access::Issue),
        "DeleteLoginProfile" => act(3007, 5, Access::Delete),
        "UpdateLoginProfile" | "ChangePassword" => act(3007, 8, Access::Modify),
        "AttachUserPolicy" | "PutUserPolicy" | "PutUserPermissionsBoundary" => act(3007, 10, Access::Grant),
        "DetachUserPolicy" | "DeleteUserPolicy" | "DeleteUserPermissionsBoundary" => act(3007, 11, Access::Grant),
        "EnableMFADevice" => act(3007, 12, Access::Modify),
        "DeactivateMFADevice" => act(3007, 13, Access::Modify),
        "CreateAccessKey" | "CreateServiceSpecificCredential" | "UploadSSHPublicKey" | "UploadSigningCertificate" => {
            act(3007, 18, Access::Issue)
        }
        "DeleteAccessKey" | "DeleteServiceSpecificCredential" | "DeleteSSHPublicKey" | "DeleteSigningCertificate" => {
            act(3007, 19, Access::Delete)
        }
        "UpdateAccessKey"
        | "UpdateServiceSpecificCredential"
        | "UpdateSSHPublicKey"
        | "UpdateSigningCertificate"
        | "ResetServiceSpecificCredential" => act(3007, 2, Access::Modify),
        "AddUserToGroup" => act(3006, 3, Access::Grant),
        "RemoveUserFromGroup" => act(3006, 4, Access::Grant),
        "CreateGroup" => act(3006, 6, Access::Create),
        "DeleteGroup" => act(3006, 5, Access::Delete),
        "UpdateGroup" => act(3006, 9, Access::Modify),
        "AttachGroupPolicy" | "PutGroupPolicy" => act(3006, 10, Access::Grant),
        "DetachGroupPolicy" | "DeleteGroupPolicy" => act(3006, 11, Access::Grant),
        "CreateRole" | "CreateServiceLinkedRole" => act(3008, 1, Access::Create),
        "UpdateRole" | "UpdateRoleDescription" | "TagRole" | "UntagRole" => act(3008, 2, Access::Modify),
        "UpdateAssumeRolePolicy" => act(3008, 2, Access::Grant),
        "DeleteRole" | "DeleteServiceLinkedRole" => act(3008, 3, Access::Delete),
        "AttachRolePolicy" | "PutRolePolicy" | "PutRolePermissionsBoundary" => act(3008, 8, Access::Grant),
        "DetachRolePolicy" | "DeleteRolePolicy" | "DeleteRolePermissionsBoundary" => act(3008, 9, Access::Grant),
        "CreatePolicy" => act(3004, 1, Access::Create),
        "CreatePolicyVersion" | "SetDefaultPolicyVersion" | "DeletePolicyVersion" => act(3004, 3, Access::Grant),
        "DeletePolicy" => act(3004, 4, Access::Delete),
        "CreateSAMLProvider" | "CreateOpenIDConnectProvider" => act(3004, 1, Access::Create),
        "UpdateSAMLProvider"
        | "UpdateOpenIDConnectProviderThumbprint"
        | "AddClientIDToOpenIDConnectProvider"
        | "RemoveClientIDFromOpenIDConnectProvider" => act(3004, 3, Access::Modify),
        "DeleteSAMLProvider" | "DeleteOpenIDConnectProvider" => act(3004, 4, Access::Delete),
        _ => return None,
    })
}

/// Object data events; what is done to the bucket itself stays an API call.
fn s3(name: &str) -> Option<Act> {
    Some(match name {
        "GetObject"
        | "HeadObject"
        | "HeadBucket"
        | "GetObjectTagging"
        | "GetObjectAcl"
        | "GetObjectAttributes"
        | "GetObjectTorrent"
        | "GetObjectRetention"
        | "GetObjectLegalHold" => act(6005, 1, Access::Read),
        "SelectObjectContent" => act(6005, 4, Access::Read),
        "ListObjects"
        | "ListObjectsV2"
        | "ListObjectVersions"
        | "ListBucket"
        | "ListParts"
        | "ListMultipartUploads" => act(6005, 8, Access::Read),
        "PutObject"
        | "CopyObject"
        | "UploadPart"
        | "UploadPartCopy"
        | "CreateMultipartUpload"
        | "CompleteMultipartUpload"
        | "RestoreObject"
        | "WriteGetObjectResponse" => act(6005, 5, Access::Modify),
        "PutObjectTagging" | "DeleteObjectTagging" | "PutObjectRetention" | "PutObjectLegalHold" => {
            act(6005, 2, Access::Modify)
        }
        "PutObjectAcl" => act(6005, 2, Access::Grant),
        "DeleteObject" | "DeleteObjects" | "AbortMultipartUpload" => act(6005, 7, Access::Delete),
        "CreateSession" => act(3002, 1, Access::Issue),
        "PutBucketPolicy"
        | "DeleteBucketPolicy"
        | "PutBucketAcl"
        | "PutBucketPublicAccessBlock"
        | "DeleteBucketPublicAccessBlock"
        | "PutAccountPublicAccessBlock" => act(6003, 3, Access::Grant),
        _ => return None,
    })
}

fn dynamodb(name: &str) -> Option<Act> {
    Some(match name {
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "GetRecords" => act(6005, 1, Access::Read),
        "Query" | "Scan" | "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction" => {
            act(6005, 4, if matches!(name, "Query" | "Scan") { Access::Read } else { Access::Execute })
        }
        "PutItem" | "BatchWriteItem" | "TransactWriteItems" => act(6005, 5, Access::Modify),
        "UpdateItem" => act(6005, 2, Access::Modify),
        "DeleteItem" => act(6005, 7, Access::Delete),
        _ => return None,
    })
}

fn kms(name: &str) -> Option<Act> {
    Some(match name {
        "Encrypt"
        | "ReEncrypt"
        | "GenerateDataKey"
        | "GenerateDataKeyWithoutPlaintext"
        | "GenerateDataKeyPair"
        | "GenerateDataKeyPairWithoutPlaintext" => act(6005, 9, Access::Execute),
        "Decrypt" => act(6005, 10, Access::Execute),
        "Sign" | "Verify" | "GenerateMac" | "VerifyMac" | "GenerateRandom" | "DeriveSharedSecret" => {
            act(6003, 99, Access::Execute)
        }
        "CreateGrant" => act(6003, 1, Access::Grant),
        "RetireGrant" | "RevokeGrant" => act(6003, 4, Access::Grant),
        "PutKeyPolicy" => act(6003, 3, Access::Grant),
        _ => return None,
    })
}

/// EC2: what gives access to a machine or an image.
fn ec2(name: &str) -> Option<Act> {
    Some(match name {
        "CreateKeyPair" => act(6003, 1, Access::Issue),
        "ModifyImageAttribute" | "ModifySnapshotAttribute" => act(6003, 3, Access::Grant),
        "GetPasswordData" => act(6003, 2, Access::Read),
        _ => return None,
    })
}

/// Services of which one or two calls matter.
fn elsewhere(call: Call<'_>) -> Option<Act> {
    Some(match (call.service, call.name) {
        ("rolesanywhere", "CreateSession") | ("eks-auth", "AssumeRoleForPodIdentity") => act(3002, 1, Access::Issue),
        ("cognito-identity", "GetCredentialsForIdentity") => act(3002, 1, Access::Issue),
        ("cognito-identity", "GetOpenIdToken" | "GetOpenIdTokenForDeveloperIdentity") => act(3002, 3, Access::Issue),
        ("cognito-idp", "InitiateAuth" | "AdminInitiateAuth" | "RespondToAuthChallenge") => {
            act(3002, 1, Access::Authenticate)
        }
        ("ecr", "GetAuthorizationToken") | ("codeartifact", "GetAuthorizationToken") => act(3002, 3, Access::Issue),
        ("redshift", "GetClusterCredentials" | "GetClusterCredentialsWithIAM") => act(3002, 3, Access::Issue),
        ("redshift-serverless", "GetCredentials") => act(3002, 3, Access::Issue),
        ("rds-data" | "redshift-data", "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteSql")
        | ("athena", "StartQueryExecution") => act(6005, 4, Access::Execute),
        ("lambda", "Invoke" | "InvokeAsync" | "InvokeWithResponseStream" | "InvokeExecution") => {
            act(6003, 99, Access::Execute)
        }
        ("lambda", "AddPermission" | "AddLayerVersionPermission") => act(6003, 3, Access::Grant),
        ("lambda", "RemovePermission" | "RemoveLayerVersionPermission") => act(6003, 3, Access::Grant),
        ("bedrock" | "bedrock-agent" | "bedrock-agentcore" | "sagemaker", name)
            if name.starts_with("Invoke") || name.starts_with("Converse") || name.starts_with("Retrieve") =>
        {
            act(6003, 99, Access::Execute)
        }
        ("secretsmanager", name) if name.starts_with("TestRotation") => act(6003, 99, Access::Execute),
        ("secretsmanager", "StartSecretVersionDelete" | "EndSecretVersionDelete") => act(6003, 4, Access::Delete),
        ("secretsmanager", name)
            if name.starts_with("Rotation")
                || matches!(name, "RotateSecret" | "CancelRotateSecret" | "CancelSecretVersionDelete") =>
        {
            act(6003, 3, Access::Modify)
        }
        ("ssm", "SendCommand" | "StartSession" | "ResumeSession" | "StartAutomationExecution") => {
            act(6003, 99, Access::Execute)
        }
        ("ecs", "ExecuteCommand" | "RunTask" | "StartTask") => act(6003, 99, Access::Execute),
        ("states", "StartExecution" | "StartSyncExecution") => act(6003, 99, Access::Execute),
        ("ec2-instance-connect", _) => act(6003, 99, Access::Execute),
        ("organizations", "CreatePolicy") => act(3004, 1, Access::Create),
        ("organizations", "UpdatePolicy") => act(3004, 3, Access::Modify),
        ("organizations", "DeletePolicy") => act(3004, 4, Access::Delete),
        ("organizations", "AttachPolicy" | "DetachPolicy" | "RegisterDelegatedAdministrator") => {
            act(6003, 3, Access::Grant)
        }
        ("secretsmanager" | "sns" | "sqs" | "ecr", "PutResourcePolicy" | "AddPermission" | "SetRepositoryPolicy") => {
            act(6003, 3, Access::Grant)
        }
        ("rds", "ModifyDBSnapshotAttribute" | "ModifyDBClusterSnapshotAttribute") => act(6003, 3, Access::Grant),
        _ => return None,
    })
}

/// First words of event names, with the activity of OCSF API Activity they mean.
const READ: &[&str] = &[
    "Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "Select", "Check", "Verify", "Validate",
    "Preview", "Estimate", "Simulate", "Test", "Download", "View", "Discover", "Detect", "Is", "Has", "Count", "Read",
    "Filter", "Fetch", "Evaluate", "Retrieve", "Resolve", "Poll", "Receive", "Monitor", "Compare", "Decode",
];
const CREATE: &[&str] = &[
    "Create",
    "Add",
    "Run",
    "Allocate",
    "Register",
    "Import",
    "Upload",
    "Generate",
    "Request",
    "Copy",
    "Publish",
    "Send",
    "Launch",
    "Provision",
    "Purchase",
    "Subscribe",
    "Initiate",
    "Issue",
    "Clone",
    "Build",
    "Shared",
    "Insert",
    "Record",
    "Submit",
    "Deploy",
    "Invite",
    "Export",
    "Post",
    "Define",
];
const UPDATE: &[&str] = &[
    "Update",
    "Modify",
    "Set",
    "Put",
    "Attach",
    "Detach",
    "Associate",
    "Disassociate",
    "Enable",
    "Disable",
    "Tag",
    "Untag",
    "Change",
    "Rotate",
    "Reset",
    "Restore",
    "Replace",
    "Assign",
    "Unassign",
    "Authorize",
    "Revoke",
    "Start",
    "Stop",
    "Reboot",
    "Restart",
    "Merge",
    "Move",
    "Rename",
    "Resume",
    "Suspend",
    "Cancel",
    "Accept",
    "Reject",
    "Share",
    "Admin",
    "Apply",
    "Activate",
    "Deactivate",
    "Promote",
    "Failover",
    "Edit",
    "Complete",
    "Confirm",
    "Refresh",
    "Extend",
    "Increase",
    "Decrease",
    "Migrate",
    "Switch",
    "Sync",
    "Write",
    "Schedule",
    "Signal",
    "Retire",
    "End",
];
const DELETE: &[&str] = &[
    "Delete",
    "Remove",
    "Terminate",
    "Deregister",
    "Release",
    "Destroy",
    "Purge",
    "Leave",
    "Close",
    "Unsubscribe",
    "Deprovision",
    "Archive",
    "Abort",
    "Expire",
    "Unlink",
    "Forget",
    "Drop",
];

/// API Activity by the first word of the event name; `Batch` does not count as one.
fn by_verb(name: &str) -> Act {
    let name =
        name.strip_prefix("Batch").filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())).unwrap_or(name);
    let end = name.char_indices().skip(1).find(|(_, c)| !c.is_ascii_lowercase()).map_or(name.len(), |(at, _)| at);
    let verb = name.get(..end).unwrap_or(name);
    let is = |verbs: &[&str]| verbs.contains(&verb);
    if is(READ) {
        act(6003, 2, Access::Read)
    } else if is(CREATE) {
        act(6003, 1, Access::Create)
    } else if is(UPDATE) {
        act(6003, 3, Access::Modify)
    } else if is(DELETE) {
        act(6003, 4, Access::Delete)
    } else if verb == "Invoke" || verb == "Execute" || verb == "Converse" {
        act(6003, 99, Access::Execute)
    } else {
        act(6003, 99, Access::Other)
    }
}
