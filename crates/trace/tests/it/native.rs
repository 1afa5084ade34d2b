//! Small native records for the tests, written after the vendors' documents.

use scenario::{cloudtrail, kubernetes, vault};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const SALT: &str = "salt of the device";
pub(crate) const CLUSTER: &str = "prod-north";
pub(crate) const ISSUER: &str = "oidc.eks.eu-north-1.amazonaws.com/id/9D0F";

pub(crate) fn cluster() -> sources::Context<'static> {
    sources::Context { authority: Some(CLUSTER), ..sources::Context::default() }
}

/// 2026-11-20T10:00:00Z and `second` seconds.
pub(crate) fn at(second: i64) -> String {
    model::rfc3339_from_nanos(nanos(second))
}

pub(crate) fn nanos(second: i64) -> i64 {
    (1_795_168_800 + second) * 1_000_000_000
}

/// A CloudTrail call; the caller's identity decides with which key.
pub(crate) struct Aws<'a> {
    pub(crate) id: &'a str,
    pub(crate) second: i64,
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    pub(crate) parameters: &'a str,
    pub(crate) response: &'a str,
    pub(crate) resources: &'a str,
}

pub(crate) fn aws(caller: &cloudtrail::Caller<'_>, call: &Aws<'_>) -> String {
    let time = at(call.second);
    let call = cloudtrail::Call {
        id: call.id,
        request: call.id,
        time: &time,
        service: call.service,
        name: call.name,
        read_only: true,
        data: call.service.starts_with("s3"),
        ip: "10.0.0.9",
        agent: "test",
        parameters: call.parameters,
        response: call.response,
        resources: call.resources,
        recipient: ACCOUNT,
        error: None,
        additional: "",
    };
    cloudtrail::record(caller, &call)
}

/// `sts` hands out `key` for `role`, to whoever calls.
pub(crate) fn mint(
    caller: &cloudtrail::Caller<'_>,
    id: &str,
    second: i64,
    name: &str,
    role: &str,
    key: &str,
) -> String {
    mint_for(caller, id, second, name, role, key, "")
}

pub(crate) fn mint_for(
    caller: &cloudtrail::Caller<'_>,
    id: &str,
    second: i64,
    name: &str,
    role: &str,
    key: &str,
    subject: &str,
) -> String {
    let parameters = format!(
        r#"{{"roleArn":"arn:aws:iam::{ACCOUNT}:role/{role}","roleSessionName":"s-{role}","durationSeconds":3600}}"#
    );
    let role_id = role_id(role);
    let response = cloudtrail::keys(ACCOUNT, role, &role_id, &format!("s-{role}"), key, &at(second + 3_600), subject);
    let call = Aws {
        id,
        second,
        service: "sts.amazonaws.com",
        name,
        parameters: &parameters,
        response: &response,
        resources: "",
    };
    aws(caller, &call)
}

pub(crate) fn role_id(role: &str) -> String {
    format!("AROA{:X>17}", role.to_uppercase())
}

/// Reads an object of `payroll-exports`.
pub(crate) fn read_object(caller: &cloudtrail::Caller<'_>, id: &str, second: i64) -> String {
    let call = Aws {
        id,
        second,
        service: "s3.amazonaws.com",
        name: "GetObject",
        parameters: r#"{"bucketName":"payroll-exports","key":"2026-11.csv"}"#,
        response: "null",
        resources: r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::payroll-exports/2026-11.csv"}]"#,
    };
    aws(caller, &call)
}

pub(crate) fn user(key: &str) -> cloudtrail::Caller<'_> {
    cloudtrail::Caller::User { account: ACCOUNT, user: "deployer", user_id: "AIDADEPLOYER000000001", key }
}

/// Calls with the keys of a role session; `f` gets the caller.
pub(crate) fn as_role<T>(role: &str, key: &str, f: impl Fn(&cloudtrail::Caller<'_>) -> T) -> T {
    let (role_id, session, since) = (role_id(role), format!("s-{role}"), at(0));
    f(&cloudtrail::Caller::Role {
        account: ACCOUNT,
        role,
        role_id: &role_id,
        session: &session,
        key,
        since: &since,
        web_identity: None,
        source_identity: None,
    })
}

pub(crate) fn token<'a>(accessor: &'a str, issued: &'a str) -> vault::Token<'a> {
    vault::Token {
        accessor,
        token: accessor,
        entity: "e2d7c1b0-64a5-4c0f-9d57-3a1b2c4d5e6f",
        display: "kubernetes-billing-agent",
        policies: r#"["default"]"#,
        issued,
    }
}

/// A Vault call and what it answered; the request entry and the response entry.
pub(crate) struct Ask<'a> {
    pub(crate) id: &'a str,
    pub(crate) second: i64,
    pub(crate) operation: &'a str,
    pub(crate) path: &'a str,
    pub(crate) mount: &'a str,
    pub(crate) response: &'a str,
    pub(crate) data: &'a str,
}

pub(crate) fn ask(with: Option<&vault::Token<'_>>, issues: Option<&vault::Token<'_>>, ask: &Ask<'_>) -> [String; 2] {
    let time = at(ask.second);
    let call = vault::Call {
        id: ask.id,
        time: &time,
        done: &time,
        operation: ask.operation,
        path: ask.path,
        mount: ask.mount,
        ip: "10.0.0.9",
        data: ask.data,
        response: ask.response,
        error: None,
        issues,
    };
    vault::records(SALT, with, &call)
}

pub(crate) fn service_account(jti: &str) -> kubernetes::User<'_> {
    kubernetes::User::ServiceAccount {
        namespace: "billing",
        name: "agent",
        uid: "c3b7d1f2-8a44-4b19-90a5-1f2e3d4c5b6a",
        pod: "agent-7d9",
        pod_uid: "5b0c9e1a-2f64-4d5c-9a3e-7d1f0c6a8b21",
        node: "node-1",
        jti,
    }
}

const NODE: &str = "7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e";

/// A kubelet's TokenRequest for `billing/agent`.
pub(crate) fn token_request(id: &str, second: i64, jti: &str, audience: &str) -> String {
    let user = kubernetes::User::Node { name: "node-1", certificate: NODE };
    token_request_by(&user, id, second, jti, audience)
}

pub(crate) fn token_request_by(
    user: &kubernetes::User<'_>,
    id: &str,
    second: i64,
    jti: &str,
    audience: &str,
) -> String {
    let objects = format!(
        r#","requestObject":{{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{{"audiences":["{audience}"],"expirationSeconds":3600,"boundObjectRef":{{"kind":"Pod","name":"agent-7d9","uid":"5b0c9e1a-2f64-4d5c-9a3e-7d1f0c6a8b21"}}}}}}"#
    );
    let annotations = format!(r#","authentication.kubernetes.io/issued-credential-id":"JTI={jti}""#);
    let call = Kube { id, second, verb: "create", resource: "serviceaccounts", subresource: "token", name: "agent" };
    kube(user, &call, 201, &annotations, &objects)
}

pub(crate) struct Kube<'a> {
    pub(crate) id: &'a str,
    pub(crate) second: i64,
    pub(crate) verb: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) name: &'a str,
}

pub(crate) fn kube(
    user: &kubernetes::User<'_>,
    call: &Kube<'_>,
    code: u16,
    annotations: &str,
    objects: &str,
) -> String {
    let time = at(call.second);
    let call = kubernetes::Call {
        id: call.id,
        received: &time,
        done: &time,
        verb: call.verb,
        group: "",
        resource: call.resource,
        subresource: call.subresource,
        namespace: "billing",
        name: call.name,
        ip: "10.0.0.9",
        agent: "test",
        code,
        binding: "agent",
        annotations,
        objects,
    };
    kubernetes::record(user, &call)
}
