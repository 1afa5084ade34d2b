//! The incident of the demo: an agent of Halden Freight's billing team, talked into it by a document it
//! read, takes the payroll export with a lease it still holds.
//!
//! Two thousand ordinary records come first, so that there is something to search in. Then, within
//! eleven minutes: a pod token (Kubernetes), a login and a lease (Vault), a role and the export (AWS), and
//! three attempts that were refused.

use std::io;
use std::path::Path;

use crate::cloudtrail::{self, Caller};
use crate::kubernetes::{self, User};
use crate::sink::{Form, Sink};
use crate::truth::{Minted, Totals};
use crate::vault::{self, Token};
use crate::{Options, sessions};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "export";
const ROLE_ID: &str = "AROAHALDENEXPORT0001";
const KEY: &str = "ASIAHALDENEXPORT007F";
const SESSION: &str = "vault-kubernetes-billing-agent-export-1762080000";
const POD: &str = "billing-agent-7d9c5b6f4-x2k8p";
const POD_UID: &str = "5b0c9e1a-2f64-4d5c-9a3e-7d1f0c6a8b21";
const JTI: &str = "0192f3c4-7a1e-4c55-b1de-2f6a90d3e417";
const NODE: &str = "ip-10-18-4-21.eu-north-1.compute.internal";
const IP: &str = "10.18.4.77";
const SALT: &str = "incident";
const BUCKET: &str = "payroll-exports";
const BACKGROUND: u64 = 2_000;

/// The time `seconds` into the incident, with so many digits.
struct Clock {
    start_ms: i64,
}

impl Clock {
    fn at(&self, seconds: i64, digits: usize) -> String {
        let time =
            jiff::Timestamp::from_millisecond(self.start_ms + seconds * 1_000).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{time:.digits$}")
    }
}

/// Writes the background and the incident below `out`.
pub fn write(out: &Path, start_ms: i64) -> io::Result<Totals> {
    let mut sink = Sink::create(out, Form::Objects)?;
    let options = Options { seed: 1, records: BACKGROUND, start_ms, form: Form::Objects };
    let mut totals = sessions::simulate(&options, &mut sink)?;
    let clock = Clock { start_ms: totals.last_ms + 60_000 };
    let kubernetes = [pod_token(&clock), read_secret(&clock)];
    for record in &kubernetes {
        sink.kubernetes(0, record)?;
    }
    let vault = [log_in(&clock), lease(&clock), refused_secret(&clock)];
    for record in vault.iter().flatten() {
        sink.vault(record)?;
    }
    let aws = [assume(&clock), list(&clock), export(&clock), refused_policy(&clock), refused_key(&clock)];
    for record in &aws {
        sink.cloudtrail(record)?;
    }
    for minted in truth() {
        sink.truth(&minted)?;
    }
    for (platform, count) in [("k8s", 2), ("vault", 6), ("aws", 5)] {
        totals.records += count;
        *totals.platforms.entry(platform).or_default() += count;
    }
    totals.denied += 4;
    totals.bytes = sink.bytes;
    totals.last_ms = clock.start_ms + 660_000;
    sink.finish(&totals)?;
    Ok(totals)
}

fn pod_token(clock: &Clock) -> String {
    let annotations = format!(",\"authentication.kubernetes.io/issued-credential-id\":\"JTI={JTI}\"");
    let objects = format!(
        ",\"requestObject\":{{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"metadata\":{{}},\"spec\":{{\"audiences\":[\"vault\"],\"expirationSeconds\":3607,\"boundObjectRef\":{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"{POD}\",\"uid\":\"{POD_UID}\"}}}}}}"
    );
    let call = kubernetes::Call {
        id: "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1001",
        received: &clock.at(0, 6),
        done: &clock.at(0, 6),
        verb: "create",
        group: "",
        resource: "serviceaccounts",
        subresource: "token",
        namespace: "billing",
        name: "agent",
        ip: IP,
        agent: "kubelet/v1.34.1 (linux/amd64) kubernetes/93248f9",
        code: 201,
        binding: "system:node",
        annotations: &annotations,
        objects: &objects,
    };
    kubernetes::record(&User::Node { name: NODE, certificate: &"7e".repeat(32) }, &call)
}

fn read_secret(clock: &Clock) -> String {
    let user = User::ServiceAccount {
        namespace: "billing",
        name: "agent",
        uid: "c3b7d1f2-8a44-4b19-90a5-1f2e3d4c5b6a",
        pod: POD,
        pod_uid: POD_UID,
        node: NODE,
        jti: JTI,
    };
    let call = kubernetes::Call {
        id: "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1002",
        received: &clock.at(41, 6),
        done: &clock.at(41, 6),
        verb: "get",
        group: "",
        resource: "secrets",
        subresource: "",
        namespace: "payroll",
        name: "bank-account",
        ip: IP,
        agent: "billing-agent/0.9 (linux/amd64)",
        code: 403,
        binding: "",
        annotations: "",
        objects: "",
    };
    kubernetes::record(&user, &call)
}

fn token(issued: &str) -> Token<'_> {
    Token {
        accessor: "hmGZ8XJ4UqL0V1T2K7F3c9Ne",
        token: "the agent's token, written as an HMAC only",
        entity: "e2d7c1b0-64a5-4c0f-9d57-3a1b2c4d5e6f",
        display: "kubernetes-billing-agent",
        policies: "[\"default\",\"billing-export\"]",
        issued,
    }
}

fn log_in(clock: &Clock) -> [String; 2] {
    let issued = clock.at(62, 0);
    let data =
        format!("\"jwt\":\"{}\",\"role\":\"{}\"", vault::hmac(SALT, POD_UID), vault::hmac(SALT, "billing-agent"));
    let call = vault::Call {
        id: "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a01",
        time: &clock.at(62, 9),
        done: &clock.at(62, 9),
        operation: "update",
        path: "auth/kubernetes/login",
        mount: "kubernetes",
        ip: IP,
        data: &data,
        response: "",
        error: None,
        issues: Some(&token(&issued)),
    };
    vault::records(SALT, None, &call)
}

fn lease(clock: &Clock) -> [String; 2] {
    let response = format!(
        "\"secret\":{{\"lease_id\":\"aws/sts/export/7f3cQm2Vt8Lw5Xz1\"}},\"data\":{{\"access_key\":\"{KEY}\",\"secret_key\":\"{}\",\"security_token\":\"{}\",\"ttl\":900}}",
        vault::hmac(SALT, "secret"),
        vault::hmac(SALT, "session")
    );
    ask(clock, 95, "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a02", "aws/sts/export", "aws", &response, None)
}

fn refused_secret(clock: &Clock) -> [String; 2] {
    let error = "1 error occurred:\\n\\t* permission denied\\n\\n";
    ask(clock, 130, "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a03", "secret/data/payroll/bank", "kv", "", Some(error))
}

fn ask(
    clock: &Clock,
    second: i64,
    id: &str,
    path: &str,
    mount: &str,
    response: &str,
    error: Option<&str>,
) -> [String; 2] {
    let issued = clock.at(62, 0);
    let call = vault::Call {
        id,
        time: &clock.at(second, 9),
        done: &clock.at(second, 9),
        operation: "read",
        path,
        mount,
        ip: IP,
        data: "",
        response,
        error,
        issues: None,
    };
    vault::records(SALT, Some(&token(&issued)), &call)
}

fn call<'a>(id: &'a str, time: &'a str, service: &'a str, name: &'a str) -> cloudtrail::Call<'a> {
    cloudtrail::Call {
        id,
        request: id,
        time,
        service,
        name,
        read_only: true,
        data: false,
        ip: IP,
        agent: "Boto3/1.40.55 md/Botocore#1.40.55 billing-agent/0.9",
        parameters: "null",
        response: "null",
        resources: "",
        recipient: ACCOUNT,
        error: None,
        additional: "",
    }
}

fn assume(clock: &Clock) -> String {
    let (time, expires) = (clock.at(95, 0), clock.at(95 + 900, 0));
    let parameters = format!(
        "{{\"roleArn\":\"arn:aws:iam::{ACCOUNT}:role/{ROLE}\",\"roleSessionName\":\"{SESSION}\",\"durationSeconds\":900,\"sourceIdentity\":\"alice.berg@halden.example\"}}"
    );
    let response = cloudtrail::keys(ACCOUNT, ROLE, ROLE_ID, SESSION, KEY, &expires, "");
    let caller = Caller::User {
        account: ACCOUNT,
        user: "vault-secrets-engine",
        user_id: "AIDAHALDENVAULT00001",
        key: "AKIAHALDENVAULT00001",
    };
    let resources = format!(
        "[{{\"accountId\":\"{ACCOUNT}\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"arn:aws:iam::{ACCOUNT}:role/{ROLE}\"}}]"
    );
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b601", &time, "sts.amazonaws.com", "AssumeRole");
    cloudtrail::record(
        &caller,
        &cloudtrail::Call {
            parameters: &parameters,
            response: &response,
            resources: &resources,
            ip: "10.18.0.9",
            ..base
        },
    )
}

fn as_role<'a>(since: &'a str) -> Caller<'a> {
    Caller::Role {
        account: ACCOUNT,
        role: ROLE,
        role_id: ROLE_ID,
        session: SESSION,
        key: KEY,
        since,
        web_identity: None,
        source_identity: Some("alice.berg@halden.example"),
    }
}

fn list(clock: &Clock) -> String {
    let (since, time) = (clock.at(95, 0), clock.at(160, 0));
    let parameters =
        format!("{{\"bucketName\":\"{BUCKET}\",\"Host\":\"{BUCKET}.s3.eu-north-1.amazonaws.com\",\"prefix\":\"\"}}");
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b602", &time, "s3.amazonaws.com", "ListObjects");
    cloudtrail::record(
        &as_role(&since),
        &cloudtrail::Call { parameters: &parameters, resources: &bucket(), data: true, ..base },
    )
}

fn export(clock: &Clock) -> String {
    let (since, time) = (clock.at(95, 0), clock.at(188, 0));
    let parameters = format!(
        "{{\"bucketName\":\"{BUCKET}\",\"Host\":\"{BUCKET}.s3.eu-north-1.amazonaws.com\",\"key\":\"2026-11.csv\"}}"
    );
    let resources = format!(
        "[{{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::{BUCKET}/2026-11.csv\"}},{}",
        bucket().get(1..).unwrap_or("]")
    );
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b603", &time, "s3.amazonaws.com", "GetObject");
    let additional = "\"bytesTransferredIn\":0,\"bytesTransferredOut\":4718592,\"AuthenticationMethod\":\"AuthHeader\"";
    cloudtrail::record(
        &as_role(&since),
        &cloudtrail::Call { parameters: &parameters, resources: &resources, additional, data: true, ..base },
    )
}

fn refused_policy(clock: &Clock) -> String {
    let (since, time) = (clock.at(95, 0), clock.at(301, 0));
    let parameters =
        format!("{{\"bucketName\":\"{BUCKET}\",\"bucketPolicy\":{{\"Version\":\"2012-10-17\",\"Statement\":[]}}}}");
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b604", &time, "s3.amazonaws.com", "PutBucketPolicy");
    cloudtrail::record(
        &as_role(&since),
        &cloudtrail::Call { parameters: &parameters, resources: &bucket(), read_only: false, error: REFUSED, ..base },
    )
}

fn refused_key(clock: &Clock) -> String {
    let (since, time) = (clock.at(95, 0), clock.at(655, 0));
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b605", &time, "iam.amazonaws.com", "CreateAccessKey");
    let parameters = "{\"userName\":\"billing-backup\"}";
    cloudtrail::record(&as_role(&since), &cloudtrail::Call { parameters, read_only: false, error: REFUSED, ..base })
}

const REFUSED: Option<(&str, &str)> =
    Some(("AccessDenied", "User is not authorized to perform this action because no identity-based policy allows it"));

fn bucket() -> String {
    format!("[{{\"accountId\":\"{ACCOUNT}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{BUCKET}\"}}]")
}

fn truth() -> [Minted; 3] {
    let minted = |platform, credential: String, by: &str, holder: &str, uses, last: &str| Minted {
        platform,
        credential,
        minted_by: by.to_owned(),
        parent: String::new(),
        holder: holder.to_owned(),
        origin: "billing/agent".to_owned(),
        uses,
        last_use: last.to_owned(),
    };
    let accessor = vault::hmac(SALT, token("").accessor);
    [
        minted(
            "k8s",
            JTI.to_owned(),
            "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1001",
            "billing/agent",
            1,
            "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1002",
        ),
        minted(
            "vault",
            accessor,
            "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a01",
            "billing/agent",
            2,
            "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a03",
        ),
        minted(
            "aws",
            KEY.to_owned(),
            "9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b601",
            "role export",
            4,
            "9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b605",
        ),
    ]
}
