//! What was acted on: from `resources[]`, from the request by a table, from the response for what a
//! call made. One thing has one URI, whether the record has its name or its ARN.

use std::borrow::Cow;

use model::ResourceRole;
use model::{Event, Resource, SecretAccess, Text};

use super::arn::{Arn, Place, place};
use super::class::Call;
use super::outcome::denied_target;
use super::record::{Named, Record, filled, seen};
use crate::params::{Params, items, scalar};

/// Most resources listed of one record.
const RESOURCES_MAX: usize = 64;

/// A request parameter that names a resource.
struct Row {
    /// Service of the call; empty for any.
    service: &'static str,
    /// Name of the parameter.
    key: &'static str,
    /// Type of the resource.
    kind: &'static str,
    /// How its name stands.
    scope: Scope,
}

/// In what a name is unique.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// An id that AWS never gives to another.
    Id,
    /// The account.
    Account,
    /// One region of the account.
    Region,
}

const fn row(service: &'static str, key: &'static str, kind: &'static str, scope: Scope) -> Row {
    Row { service, key, kind, scope }
}

/// Parameters that name resources. S3 has its own code: an object is named by two of them.
static ROWS: &[Row] = &[
    row("iam", "roleName", "iam-role", Scope::Account),
    row("iam", "userName", "iam-user", Scope::Account),
    row("iam", "groupName", "iam-group", Scope::Account),
    row("iam", "instanceProfileName", "iam-instance-profile", Scope::Account),
    row("iam", "accessKeyId", "iam-access-key", Scope::Id),
    row("iam", "sSHPublicKeyId", "iam-ssh-public-key", Scope::Id),
    row("iam", "certificateId", "iam-signing-certificate", Scope::Id),
    row("iam", "serviceSpecificCredentialId", "iam-service-credential", Scope::Id),
    row("lambda", "functionName", "lambda-function", Scope::Region),
    row("lambda", "layerName", "lambda-layer", Scope::Region),
    row("", "instanceId", "ec2-instance", Scope::Id),
    row("", "instanceIds", "ec2-instance", Scope::Id),
    row("ssm", "target", "ec2-instance", Scope::Id),
    row("", "volumeId", "ec2-volume", Scope::Id),
    row("ec2", "snapshotId", "ec2-snapshot", Scope::Id),
    row("", "imageId", "ec2-image", Scope::Id),
    row("", "vpcId", "ec2-vpc", Scope::Id),
    row("", "subnetId", "ec2-subnet", Scope::Id),
    row("", "networkInterfaceId", "ec2-network-interface", Scope::Id),
    row("ec2", "groupId", "ec2-security-group", Scope::Id),
    row("ec2", "groupName", "ec2-security-group", Scope::Region),
    row("ec2", "allocationId", "ec2-elastic-ip", Scope::Id),
    row("ec2", "routeTableId", "ec2-route-table", Scope::Id),
    row("ec2", "internetGatewayId", "ec2-internet-gateway", Scope::Id),
    row("ec2", "natGatewayId", "ec2-natgateway", Scope::Id),
    row("ec2", "networkAclId", "ec2-network-acl", Scope::Id),
    row("ec2", "keyName", "ec2-key-pair", Scope::Region),
    row("ec2", "keyPairId", "ec2-key-pair", Scope::Id),
    row("ec2", "launchTemplateId", "ec2-launch-template", Scope::Id),
    row("secretsmanager", "secretId", "secretsmanager-secret", Scope::Region),
    row("secretsmanager", "secretIdList", "secretsmanager-secret", Scope::Region),
    row("secretsmanager", "name", "secretsmanager-secret", Scope::Region),
    row("ssm", "name", "ssm-parameter", Scope::Region),
    row("ssm", "names", "ssm-parameter", Scope::Region),
    row("ssm", "path", "ssm-parameter", Scope::Region),
    row("ssm", "documentName", "ssm-document", Scope::Region),
    row("ssm", "sessionId", "ssm-session", Scope::Region),
    row("ssm", "commandId", "ssm-command", Scope::Id),
    row("kms", "keyId", "kms-key", Scope::Id),
    row("kms", "targetKeyId", "kms-key", Scope::Id),
    row("kms", "aliasName", "kms-alias", Scope::Region),
    row("kms", "grantId", "kms-grant", Scope::Id),
    row("", "kmsKeyId", "kms-key", Scope::Id),
    row("dynamodb", "tableName", "dynamodb-table", Scope::Region),
    row("sns", "name", "sns-topic", Scope::Region),
    row("sqs", "queueName", "sqs-queue", Scope::Region),
    row("sqs", "queueUrl", "sqs-queue", Scope::Region),
    row("cloudtrail", "name", "cloudtrail-trail", Scope::Region),
    row("cloudtrail", "trailName", "cloudtrail-trail", Scope::Region),
    row("cloudtrail", "trailNameList", "cloudtrail-trail", Scope::Region),
    row("cloudtrail", "resourceIdList", "cloudtrail-trail", Scope::Region),
    row("cloudtrail", "s3BucketName", "s3-bucket", Scope::Account),
    row("", "dBInstanceIdentifier", "rds-db", Scope::Region),
    row("", "dBClusterIdentifier", "rds-cluster", Scope::Region),
    row("", "dBSnapshotIdentifier", "rds-snapshot", Scope::Region),
    row("", "dBClusterSnapshotIdentifier", "rds-cluster-snapshot", Scope::Region),
    row("", "targetDBSnapshotIdentifier", "rds-snapshot", Scope::Region),
    row("", "sourceDBSnapshotIdentifier", "rds-snapshot", Scope::Region),
    row("", "dBSubnetGroupName", "rds-subgrp", Scope::Region),
    row("", "logGroupName", "logs-log-group", Scope::Region),
    row("cloudformation", "stackName", "cloudformation-stack", Scope::Region),
    row("eks", "name", "eks-cluster", Scope::Region),
    row("eks", "clusterName", "eks-cluster", Scope::Region),
    row("eks-auth", "clusterName", "eks-cluster", Scope::Region),
    row("ecs", "cluster", "ecs-cluster", Scope::Region),
    row("ecs", "taskDefinition", "ecs-task-definition", Scope::Region),
    row("ecr", "repositoryName", "ecr-repository", Scope::Region),
    row("codecommit", "repositoryName", "codecommit-repository", Scope::Region),
    row("guardduty", "detectorId", "guardduty-detector", Scope::Id),
    row("route53", "hostedZoneId", "route53-hostedzone", Scope::Id),
    row("cognito-idp", "userPoolId", "cognito-idp-userpool", Scope::Id),
    row("cognito-identity", "identityPoolId", "cognito-identity-identitypool", Scope::Id),
    row("cognito-identity", "identityId", "cognito-identity-identity", Scope::Id),
    row("codebuild", "projectName", "codebuild-project", Scope::Region),
    row("firehose", "deliveryStreamName", "firehose-deliverystream", Scope::Region),
    row("kinesis", "streamName", "kinesis-stream", Scope::Region),
    row("athena", "workGroup", "athena-workgroup", Scope::Region),
    row("glue", "databaseName", "glue-database", Scope::Region),
    row("bedrock", "guardrailIdentifier", "bedrock-guardrail", Scope::Region),
    row("bedrock", "modelId", "bedrock-foundation-model", Scope::Region),
    row("elasticfilesystem", "fileSystemId", "elasticfilesystem-file-system", Scope::Id),
    row("sts", "targetPrincipal", "organizations-account", Scope::Id),
    row("organizations", "accountId", "organizations-account", Scope::Id),
    row("organizations", "policyId", "organizations-policy", Scope::Id),
    row("sso", "targetId", "organizations-account", Scope::Id),
    row("config", "configurationRecorderName", "config-recorder", Scope::Region),
    row("rolesanywhere", "profileId", "rolesanywhere-profile", Scope::Id),
    row("rolesanywhere", "trustAnchorId", "rolesanywhere-trust-anchor", Scope::Id),
    row("route53resolver", "resolverQueryLogConfigId", "route53resolver-resolver-query-log-config", Scope::Id),
    row("monitoring", "dashboardName", "cloudwatch-dashboard", Scope::Account),
];

/// Where names of a record without account or region belong.
#[derive(Clone, Copy)]
pub(super) struct Home<'t> {
    pub(super) account: &'t str,
    pub(super) region: &'t str,
}

/// Fills the event's resources.
pub(super) fn fill<'a>(
    event: &mut Event<'a>,
    record: &Record<'a>,
    call: Call<'_>,
    request: &Params<'a>,
    home: Home<'_>,
) {
    for named in &record.resources {
        add_named(event, named, home);
    }
    if matches!(call.service, "s3" | "s3express") {
        add_s3(event, request);
    } else {
        add_members(event, request, call, home, ResourceRole::Target);
    }
    if let Some(secret) = super::secrets::of_service_event(record) {
        add_arn(event, secret, home, ResourceRole::Target);
    }
    if record.service_event_details.is_some() {
        add_members(event, &Params::of(record.service_event_details), call, home, ResourceRole::Target);
    }
    if event.resources.is_empty()
        && let Some(message) = &record.error_message
        && let Some(target) = denied_target(message)
    {
        add_arn(event, Cow::Owned(target.to_owned()), home, ResourceRole::Target);
    }
    if record.read_only != Some(true) && record.error_code.is_none() {
        add_made(event, record, call, home);
    }
}

fn push<'a>(event: &mut Event<'a>, place: &Place<'_>, name: Text<'a>, role: ResourceRole) {
    if event.resources.len() >= RESOURCES_MAX {
        return;
    }
    let uri = place.uri();
    if event.resources.iter().all(|resource| resource.uri != uri) {
        event.resources.push(Resource { uri, kind: place.kind.clone(), name: Some(name), role });
    }
}

fn add_named<'a>(event: &mut Event<'a>, named: &Named<'a>, home: Home<'_>) {
    let account = seen(&named.account_id).unwrap_or(home.account).to_owned();
    let home = Home { account: &account, ..home };
    if let Some(arn) = filled(&named.arn) {
        // CloudTrail lists the object first and then its bucket.
        let beside = event.resources.iter().any(|resource| resource.kind == "s3-object");
        add_arn(event, arn, home, if beside { ResourceRole::Related } else { ResourceRole::Target });
    } else if let Some(prefix) = filled(&named.arn_prefix)
        && let Some(arn) = Arn::parse(&prefix)
    {
        let place = Place { kind: Cow::Borrowed("s3-prefix"), ..place(arn, home.account) };
        let place = Place { id: place.id.strip_suffix('/').unwrap_or(place.id), ..place };
        let uri = place.uri();
        event.resources.push(Resource {
            uri,
            kind: place.kind,
            name: Some(prefix.clone()),
            role: ResourceRole::Target,
        });
    }
}

fn add_arn<'a>(event: &mut Event<'a>, text: Text<'a>, home: Home<'_>, role: ResourceRole) {
    if let Some(arn) = Arn::parse(&text) {
        let place = place(arn, home.account);
        push(event, &Place { kind: place.kind.clone(), ..place }, text.clone(), role);
    }
}

/// Bucket and key: one object, or the bucket alone.
fn add_s3<'a>(event: &mut Event<'a>, request: &Params<'a>) {
    let Some(bucket) = request.text("bucketName").or_else(|| request.text("bucket")) else { return };
    match request.text("key") {
        Some(key) => object(event, &bucket, &key),
        None => push(event, &s3("s3-bucket", &bucket), bucket.clone(), ResourceRole::Target),
    }
}

/// One object of S3, and its bucket.
pub(super) fn object<'a>(event: &mut Event<'a>, bucket: &Text<'a>, key: &Text<'a>) {
    let whole = format!("{bucket}/{key}");
    push(event, &s3("s3-object", &whole), key.clone(), ResourceRole::Target);
    push(event, &s3("s3-bucket", bucket), bucket.clone(), ResourceRole::Related);
}

fn s3<'p>(kind: &'static str, id: &'p str) -> Place<'p> {
    Place { kind: Cow::Borrowed(kind), account: "", region: "", id, immutable: false }
}

/// Every member that the table knows, and every other one that is an ARN; then, as EC2 nests them,
/// the items of sets and the members of request objects.
fn add_members<'a>(event: &mut Event<'a>, members: &Params<'a>, call: Call<'_>, home: Home<'_>, role: ResourceRole) {
    for (key, value) in members.iter() {
        match row_of(key, call) {
            Some(row) => add_row(event, row, value, home, role),
            None if value.get().starts_with("\"arn:") => {
                let known = event.resources.iter().any(|resource| resource.role == role);
                let role = if known { ResourceRole::Related } else { role };
                if let Some(arn) = scalar(value) {
                    add_arn(event, arn, home, role);
                }
            }
            None if call.service == "ec2" && value.get().starts_with('{') && key != "filterSet" => {
                add_nested(event, value, call, home, role);
            }
            None => {}
        }
    }
}

/// EC2 names a parameter as in the API (`VpcId`) or in camel case.
fn row_of(key: &str, call: Call<'_>) -> Option<&'static Row> {
    let last = key.as_bytes().last();
    // Every member of every record comes here: length and last letter rule nearly all rows out.
    ROWS.iter()
        .filter(|row| row.key.len() == key.len() && row.key.as_bytes().last() == last)
        .find(|row| row.key.eq_ignore_ascii_case(key) && (row.service.is_empty() || row.service == call.service))
}

fn add_nested<'a>(
    event: &mut Event<'a>,
    value: &'a serde_json::value::RawValue,
    call: Call<'_>,
    home: Home<'_>,
    role: ResourceRole,
) {
    let nested = Params::of(Some(value));
    let items = nested.objects("items");
    for members in items.iter().chain(items.is_empty().then_some(&nested)) {
        for (key, value) in members.iter() {
            if let Some(row) = row_of(key, call) {
                add_row(event, row, value, home, role);
            }
        }
    }
}

fn add_row<'a>(
    event: &mut Event<'a>,
    row: &Row,
    value: &'a serde_json::value::RawValue,
    home: Home<'_>,
    role: ResourceRole,
) {
    let texts = if value.get().starts_with('[') {
        items(value).into_iter().filter_map(scalar).collect()
    } else {
        Vec::from_iter(scalar(value))
    };
    for text in texts {
        if text.starts_with("arn:") {
            add_arn(event, text, home, role);
            continue;
        }
        // KMS takes `alias/name` where it takes a key id; a queue's URL ends in its name.
        let alias = text.strip_prefix("alias/").filter(|_| row.kind.starts_with("kms-"));
        let id = match row.kind {
            "sqs-queue" => text.rsplit('/').next().unwrap_or(&text),
            "ssm-parameter" => text.strip_prefix('/').unwrap_or(&text),
            _ => alias.unwrap_or(&text),
        };
        let (kind, scope) = if alias.is_some() { ("kms-alias", Scope::Region) } else { (row.kind, row.scope) };
        let place = Place {
            kind: Cow::Borrowed(kind),
            account: if kind == "s3-bucket" { "" } else { home.account },
            region: if scope == Scope::Region { home.region } else { "" },
            id,
            immutable: scope == Scope::Id,
        };
        push(event, &place, text.clone(), role);
    }
}

/// What the response says the call made: members the table knows, ARNs, and ARNs one level down.
fn add_made<'a>(event: &mut Event<'a>, record: &Record<'a>, call: Call<'_>, home: Home<'_>) {
    // These answer with sessions and headers: nothing that was made.
    if matches!(call.service, "sts" | "s3" | "signin" | "eks-auth" | "cognito-identity") {
        return;
    }
    let response = Params::of(record.response_elements);
    add_members(event, &response, call, home, ResourceRole::Affected);
    for (_, value) in response.iter().filter(|(_, value)| value.get().starts_with('{')) {
        add_members(event, &Params::of(Some(value)), call, home, ResourceRole::Affected);
    }
}

/// Which secret's value was read or written.
pub(super) fn secret<'a>(call: Call<'_>, request: &Params<'a>, raw: &str) -> SecretAccess<'a> {
    let mut secret = SecretAccess::default();
    match (call.service, call.name) {
        ("secretsmanager", "GetSecretValue" | "PutSecretValue" | "UpdateSecret" | "CreateSecret") => {
            secret.path = request.text("secretId").or_else(|| request.text("name"));
            secret.version = request
                .text("versionId")
                .or_else(|| request.text("versionStage"))
                .or_else(|| request.text("clientRequestToken"));
        }
        ("secretsmanager", "BatchGetSecretValue") => secret.path = request.texts("secretIdList").into_iter().next(),
        ("ssm", "GetParameter" | "GetParameters" | "GetParametersByPath" | "GetParameterHistory")
            if request.text("withDecryption").as_deref() == Some("true") =>
        {
            secret.path = request
                .text("name")
                .or_else(|| request.text("path"))
                .or_else(|| request.texts("names").into_iter().next());
        }
        ("ssm", "PutParameter") if request.text("type").as_deref() == Some("SecureString") => {
            secret.path = request.text("name");
        }
        // KMS decrypts for Secrets Manager and the parameter store and names the secret.
        ("kms", "Decrypt") if raw.contains("SecretARN") || raw.contains("PARAMETER_ARN") => {
            let context = request.object("encryptionContext");
            secret.path = context.text("SecretARN").or_else(|| context.text("PARAMETER_ARN"));
            secret.version = context.text("SecretVersionId");
        }
        ("ec2", "GetPasswordData") => secret.path = request.text("instanceId"),
        _ => {}
    }
    secret
}
