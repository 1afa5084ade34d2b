//! What the agent did with its identity: Kubernetes, Vault, AWS, PostgreSQL.

use super::agent::SERIAL;
use super::{Clock, IP, NOVEMBER, OCTOBER, POD, POD_UID, SPIFFE, TRACE, Told, hms};
use crate::cloudtrail::{self, Caller};
use crate::kubernetes::{self, User};
use crate::postgres;
use crate::sink::Log;
use crate::truth::{Minted, Tiers};
use crate::vault::{self, Token};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "export";
const ROLE_ID: &str = "AROAHALDENEXPORT0001";
const JTI: &str = "0192f3c4-7a1e-4c55-b1de-2f6a90d3e417";
const NODE: &str = "ip-10-18-4-21.eu-north-1.compute.internal";
const SALT: &str = "incident";
const BUCKET: &str = "payroll-exports";
/// A user that Vault made for the agent in the payroll database.
const DATABASE_USER: &str = "v-cert-bil-payroll--Qm2Vt8Lw5Xz1-1793616240";

/// One lease of AWS keys.
struct Lease {
    /// When Vault made it, seconds of the day.
    second: i64,
    key: &'static str,
    /// Last part of the lease's id.
    id: &'static str,
    /// Last digit of its records' ids.
    number: u32,
    uses: u64,
    last_use: &'static str,
}

/// October's, while the request was in force; November's, after it had expired.
const LEASES: [Lease; 2] = [
    Lease {
        second: hms(10, 11, 30),
        key: "ASIAHALDENEXPORT003B",
        id: "2b9dKx7Rw1Fh6Jq4",
        number: 1,
        uses: 2,
        last_use: "9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b602",
    },
    Lease {
        second: hms(10, 39, 58),
        key: "ASIAHALDENEXPORT007F",
        id: "7f3cQm2Vt8Lw5Xz1",
        number: 2,
        uses: 4,
        last_use: "9c1b7e30-0003-4a6b-b0c1-d2e3f4a5b602",
    },
];

impl Lease {
    fn session(&self, clock: Clock) -> String {
        format!("vault-cert-billing-agent-export-{}", clock.ms(self.second) / 1_000)
    }
}

pub(super) fn story(clock: Clock) -> Vec<Told> {
    let mut story = cluster(clock);
    let [october, november] = &LEASES;
    story.extend(entries(hms(10, 11, 12), false, log_in(clock)));
    for lease in &LEASES {
        story.extend(entries(lease.second, false, lease_keys(clock, lease)));
        story.push(Told::new(Log::CloudTrail, lease.second, assume(clock, lease)));
    }
    let export =
        |lease, second, id, request, key| read(clock, lease, &Read { second, id, request, bucket: BUCKET, key });
    story.push(export(october, hms(10, 12, 3), "9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b601", OCTOBER, "2026-10.csv"));
    // In time, and not what was asked for.
    let (id, key) = ("9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b602", "2026/signed.zip");
    let beyond = Read { second: hms(10, 14, 40), id, request: id, bucket: "hr-contracts", key };
    story.push(read(clock, october, &beyond));
    story.push(list(clock, november));
    story.push(export(november, hms(10, 41, 7), "9c1b7e30-0002-4a6b-b0c1-d2e3f4a5b603", NOVEMBER, "2026-11.csv"));
    story.extend(entries(hms(10, 42, 11), true, refused_secret(clock)));
    story.extend(refused(clock, november));
    story.extend(database(clock));
    story.push(second_route(clock));
    story
}

fn entries(second: i64, denied: bool, records: [String; 2]) -> Vec<Told> {
    records.into_iter().map(|record| Told { log: Log::Vault, second, denied, record }).collect()
}

/// The pod's token, and a secret that it was refused.
fn cluster(clock: Clock) -> Vec<Told> {
    let (minted, refused) = (hms(10, 5, 0), hms(10, 41, 40));
    let annotations = format!(",\"authentication.kubernetes.io/issued-credential-id\":\"JTI={JTI}\"");
    let objects = format!(
        r#","requestObject":{{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{{}},"spec":{{"audiences":["https://kubernetes.default.svc"],"expirationSeconds":3607,"boundObjectRef":{{"kind":"Pod","apiVersion":"v1","name":"{POD}","uid":"{POD_UID}"}}}}}}"#
    );
    let (at, later) = (clock.at(minted, 6), clock.at(refused, 6));
    let token = kubernetes::Call {
        id: "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1001",
        received: &at,
        done: &at,
        verb: "create",
        group: "",
        resource: "serviceaccounts",
        subresource: "token",
        namespace: "billing",
        name: "agent",
        ip: "10.18.4.21",
        agent: "kubelet/v1.34.1 (linux/amd64) kubernetes/93248f9",
        code: 201,
        binding: "system:node",
        annotations: &annotations,
        objects: &objects,
    };
    let secret = kubernetes::Call {
        id: "a3f0c6de-51c2-4f0e-8d0e-6b1f5f9b1002",
        received: &later,
        done: &later,
        verb: "get",
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
        ..token
    };
    let node = User::Node { name: NODE, certificate: &"7e".repeat(32) };
    let pod = User::ServiceAccount {
        namespace: "billing",
        name: "agent",
        uid: "c3b7d1f2-8a44-4b19-90a5-1f2e3d4c5b6a",
        pod: POD,
        pod_uid: POD_UID,
        node: NODE,
        jti: JTI,
    };
    vec![
        Told::new(Log::Kubernetes(0), minted, kubernetes::record(&node, &token)),
        Told::refused(Log::Kubernetes(0), refused, kubernetes::record(&pod, &secret)),
    ]
}

fn token(issued: &str) -> Token<'_> {
    Token {
        accessor: "hmGZ8XJ4UqL0V1T2K7F3c9Ne",
        token: "the agent's token, written as an HMAC only",
        entity: "e2d7c1b0-64a5-4c0f-9d57-3a1b2c4d5e6f",
        display: "cert-billing-agent",
        policies: r#"["default","billing-export"]"#,
        issued,
    }
}

/// Certificate login with the workload's SVID.
fn log_in(clock: Clock) -> [String; 2] {
    let second = hms(10, 11, 12);
    let (time, issued) = (clock.at(second, 9), clock.at(second, 0));
    let data = format!(r#""name":"{}""#, vault::hmac(SALT, "billing-agent"));
    let call = vault::Call {
        id: "4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a01",
        time: &time,
        done: &time,
        operation: "update",
        path: "auth/cert/login",
        mount: "cert",
        ip: IP,
        data: &data,
        response: "",
        error: None,
        issues: Some(&token(&issued)),
    };
    let metadata = format!(
        r#""authority_key_id":"5c:1e:0a:77","cert_name":"billing-agent","common_name":"billing-agent","serial_number":"{SERIAL}","subject_key_id":"9d:41:70:00""#
    );
    let certificate = format!(r#","client_certificate_serial_number":"{SERIAL}""#);
    vault::records_with(
        SALT,
        None,
        &call,
        vault::More { metadata: &metadata, headers: &headers(), certificate: &certificate },
    )
}

fn headers() -> String {
    format!(r#""traceparent":["00-{TRACE}-00f067aa0ba90419-01"]"#)
}

/// What an authenticated call of the agent is about.
struct Asked<'a> {
    second: i64,
    id: &'a str,
    path: &'a str,
    mount: &'a str,
    response: &'a str,
    error: Option<&'a str>,
}

fn ask(clock: Clock, asked: &Asked<'_>) -> [String; 2] {
    let (time, issued) = (clock.at(asked.second, 9), clock.at(hms(10, 11, 12), 0));
    let call = vault::Call {
        id: asked.id,
        time: &time,
        done: &time,
        operation: "read",
        path: asked.path,
        mount: asked.mount,
        ip: IP,
        data: "",
        response: asked.response,
        error: asked.error,
        issues: None,
    };
    let more = vault::More { headers: &headers(), ..vault::More::default() };
    vault::records_with(SALT, Some(&token(&issued)), &call, more)
}

fn lease_keys(clock: Clock, lease: &Lease) -> [String; 2] {
    let response = format!(
        r#""secret":{{"lease_id":"aws/creds/export/{}"}},"data":{{"access_key":"{}","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{}","secret_key":"{}","security_token":"{}","ttl":900}}"#,
        lease.id,
        lease.key,
        lease.session(clock),
        vault::hmac(SALT, lease.id),
        vault::hmac(SALT, lease.key)
    );
    let id = format!("4f1d2c3b-0002-4e5f-8a9b-0c1d2e3f4a0{}", lease.number);
    ask(
        clock,
        &Asked {
            second: lease.second,
            id: &id,
            path: "aws/creds/export",
            mount: "aws",
            response: &response,
            error: None,
        },
    )
}

fn refused_secret(clock: Clock) -> [String; 2] {
    let error = Some("1 error occurred:\\n\\t* permission denied\\n\\n");
    let id = "4f1d2c3b-0003-4e5f-8a9b-0c1d2e3f4a01";
    ask(
        clock,
        &Asked { second: hms(10, 42, 11), id, path: "secret/data/payroll/bank", mount: "kv", response: "", error },
    )
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

fn assume(clock: Clock, lease: &Lease) -> String {
    let (time, expires) = (clock.at(lease.second, 0), clock.at(lease.second + 900, 0));
    let session = lease.session(clock);
    let id = format!("9c1b7e30-0000-4a6b-b0c1-d2e3f4a5b60{}", lease.number);
    let parameters = format!(
        r#"{{"roleArn":"arn:aws:iam::{ACCOUNT}:role/{ROLE}","roleSessionName":"{session}","durationSeconds":900}}"#
    );
    let response = cloudtrail::keys(ACCOUNT, ROLE, ROLE_ID, &session, lease.key, &expires, "");
    let caller = Caller::User {
        account: ACCOUNT,
        user: "vault-secrets-engine",
        user_id: "AIDAHALDENVAULT00001",
        key: "AKIAHALDENVAULT00001",
    };
    let resources =
        format!(r#"[{{"accountId":"{ACCOUNT}","type":"AWS::IAM::Role","ARN":"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}}]"#);
    let call = cloudtrail::Call {
        parameters: &parameters,
        response: &response,
        resources: &resources,
        ip: "10.18.0.9",
        agent: "aws-sdk-go/1.55.8 (go1.25.1; linux; amd64) hashicorp-vault",
        ..call(&id, &time, "sts.amazonaws.com", "AssumeRole")
    };
    cloudtrail::record(&caller, &call)
}

/// A call with the keys of a lease.
fn with_keys(clock: Clock, lease: &Lease, call: &cloudtrail::Call<'_>) -> String {
    let (since, session) = (clock.at(lease.second, 0), lease.session(clock));
    let caller = Caller::Role {
        account: ACCOUNT,
        role: ROLE,
        role_id: ROLE_ID,
        session: &session,
        key: lease.key,
        since: &since,
        web_identity: None,
        source_identity: None,
    };
    cloudtrail::record(&caller, call)
}

fn bucket(name: &str) -> String {
    format!(r#"{{"accountId":"{ACCOUNT}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{name}"}}"#)
}

fn list(clock: Clock, lease: &Lease) -> Told {
    let second = hms(10, 40, 30);
    let (time, resources) = (clock.at(second, 0), format!("[{}]", bucket(BUCKET)));
    let parameters =
        format!(r#"{{"bucketName":"{BUCKET}","Host":"{BUCKET}.s3.eu-north-1.amazonaws.com","prefix":""}}"#);
    let base = call("9c1b7e30-0001-4a6b-b0c1-d2e3f4a5b600", &time, "s3.amazonaws.com", "ListObjects");
    let call = cloudtrail::Call { parameters: &parameters, resources: &resources, data: true, ..base };
    Told::new(Log::CloudTrail, second, with_keys(clock, lease, &call))
}

/// The parts of a read of an object that depend on which.
fn object(name: &str, key: &str) -> (String, String) {
    (
        format!(r#"{{"bucketName":"{name}","Host":"{name}.s3.eu-north-1.amazonaws.com","key":"{key}"}}"#),
        format!(r#"[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{name}/{key}"}},{}]"#, bucket(name)),
    )
}

const SENT: &str = r#""bytesTransferredIn":0,"bytesTransferredOut":4718592,"AuthenticationMethod":"AuthHeader""#;

/// A read of an object.
struct Read<'a> {
    second: i64,
    id: &'a str,
    request: &'a str,
    bucket: &'a str,
    key: &'a str,
}

fn read(clock: Clock, lease: &Lease, read: &Read<'_>) -> Told {
    let Read { second, id, request, .. } = *read;
    let (time, (parameters, resources)) = (clock.at(second, 0), object(read.bucket, read.key));
    let call = cloudtrail::Call {
        request,
        parameters: &parameters,
        resources: &resources,
        additional: SENT,
        data: true,
        ..call(id, &time, "s3.amazonaws.com", "GetObject")
    };
    Told::new(Log::CloudTrail, second, with_keys(clock, lease, &call))
}

const REFUSED: Option<(&str, &str)> =
    Some(("AccessDenied", "User is not authorized to perform this action because no identity-based policy allows it"));

fn refused(clock: Clock, lease: &Lease) -> [Told; 2] {
    let (policy, key) = (hms(10, 43, 1), hms(10, 48, 55));
    let (at, later) = (clock.at(policy, 0), clock.at(key, 0));
    let resources = format!("[{}]", bucket(BUCKET));
    let parameters = format!(r#"{{"bucketName":"{BUCKET}","bucketPolicy":{{"Version":"2012-10-17","Statement":[]}}}}"#);
    let base = call("9c1b7e30-0003-4a6b-b0c1-d2e3f4a5b601", &at, "s3.amazonaws.com", "PutBucketPolicy");
    let put =
        cloudtrail::Call { parameters: &parameters, resources: &resources, read_only: false, error: REFUSED, ..base };
    let base = call("9c1b7e30-0003-4a6b-b0c1-d2e3f4a5b602", &later, "iam.amazonaws.com", "CreateAccessKey");
    let parameters = r#"{"userName":"billing-backup"}"#;
    let create = cloudtrail::Call { parameters, read_only: false, error: REFUSED, ..base };
    [
        Told::refused(Log::CloudTrail, policy, with_keys(clock, lease, &put)),
        Told::refused(Log::CloudTrail, key, with_keys(clock, lease, &create)),
    ]
}

/// A database user on a lease, and the table it was refused.
fn database(clock: Clock) -> Vec<Told> {
    let (leased, connected) = (hms(10, 44, 0), hms(10, 44, 2));
    let response = format!(
        r#""secret":{{"lease_id":"database/creds/payroll-ro/9e1aTz6Yc3Bn8Ms5"}},"data":{{"username":"{DATABASE_USER}","password":"{}"}}"#,
        vault::hmac(SALT, DATABASE_USER)
    );
    let id = "4f1d2c3b-0004-4e5f-8a9b-0c1d2e3f4a01";
    let asked = Asked {
        second: leased,
        id,
        path: "database/creds/payroll-ro",
        mount: "database",
        response: &response,
        error: None,
    };
    let mut story = entries(leased, false, ask(clock, &asked));
    let line = |second: i64, number, tag, severity, state, message: &str, denied| {
        let time = clock.at(second, 3).replace('T', " ").replace('Z', " UTC");
        let record = postgres::record(&postgres::Line {
            time: &time,
            session: "6905e6c2.1a17",
            number,
            process: 6_679,
            user: DATABASE_USER,
            database: "payroll",
            ip: IP,
            tag,
            severity,
            state,
            message,
            application: "billing-agent",
        });
        Told { log: Log::Postgres, second, denied, record }
    };
    let authorized = format!("connection authorized: user={DATABASE_USER} database=payroll");
    story.push(line(connected, 2, "authentication", "LOG", "00000", &authorized, false));
    story.push(line(connected + 1, 3, "SELECT", "ERROR", "42501", "permission denied for table salaries", true));
    story
}

/// A key that never ends, outside any request, from an address never seen before.
fn second_route(clock: Clock) -> Told {
    let second = hms(10, 55, 18);
    let (time, (parameters, resources)) = (clock.at(second, 0), object(BUCKET, "2026-11.csv"));
    let base = call("9c1b7e30-0004-4a6b-b0c1-d2e3f4a5b601", &time, "s3.amazonaws.com", "GetObject");
    let call = cloudtrail::Call {
        parameters: &parameters,
        resources: &resources,
        additional: SENT,
        data: true,
        ip: "203.0.113.198",
        agent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux",
        ..base
    };
    let caller = Caller::User {
        account: ACCOUNT,
        user: "payroll-batch",
        user_id: "AIDAHALDENPAYROLL001",
        key: "AKIAHALDENPAYROLL001",
    };
    Told::new(Log::CloudTrail, second, cloudtrail::record(&caller, &call))
}

pub(super) fn truth() -> Vec<Minted> {
    let minted = |platform, credential: &str, by: &str, holder: &str, uses, last: &str| Minted {
        platform,
        credential: credential.to_owned(),
        minted_by: by.to_owned(),
        parent: String::new(),
        holder: holder.to_owned(),
        origin: SPIFFE.to_owned(),
        tiers: Tiers { issuance: "L1", parent: "", origin: "L1" },
        uses,
        last_use: last.to_owned(),
        revoked_by: String::new(),
    };
    let accessor = vault::hmac(SALT, token("").accessor);
    let (login, database) = ("4f1d2c3b-0001-4e5f-8a9b-0c1d2e3f4a01", "4f1d2c3b-0004-4e5f-8a9b-0c1d2e3f4a01");
    let mut truth = vec![minted("vault", &accessor, login, SPIFFE, 4, database)];
    for lease in &LEASES {
        let by = format!("9c1b7e30-0000-4a6b-b0c1-d2e3f4a5b60{}", lease.number);
        truth.push(minted("aws", lease.key, &by, "role export", lease.uses, lease.last_use));
    }
    truth
}
