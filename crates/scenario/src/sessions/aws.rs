//! Roles that are taken in AWS, and calls with their keys.

use std::io;

use super::listing::Acts;
use super::{CHAINED, DENIED_PERCENT, FEDERATED, KNOWN_KEY, Kind, Session, TOKEN, World, minted, used};
use crate::cloudtrail::{self, Caller};
use crate::company::{Company, Machine, Person};
use crate::github;
use crate::random::Random;
use crate::sink::Log;

impl World<'_> {
    /// A service account token becomes a role session: identity.md 4, row 5.
    pub(super) fn federate(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, request, key) = (self.random.uuid(), self.random.uuid(), self.random.aws_id("ASIA"));
        let (time, expires) = (self.time(0, 0.0), self.time(0, 3_600e6));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let issuer = self.company.clusters.get(w.cluster).map_or("", |cluster| &cluster.issuer);
        let subject = format!("system:serviceaccount:{}:{}", w.namespace, w.name);
        let parameters = format!(
            "{{\"roleArn\":\"arn:aws:iam::{}:role/{}\",\"roleSessionName\":\"{}\",\"durationSeconds\":3600}}",
            w.account, w.role, session.pod
        );
        let response = cloudtrail::keys(&w.account, &w.role, &w.role_id, &session.pod, &key, &expires, &subject);
        let resources = role_resource(&w.account, &w.role);
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "sts.amazonaws.com",
            name: "AssumeRoleWithWebIdentity",
            read_only: true,
            data: false,
            ip: &session.ip,
            agent: "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.25.1",
            parameters: &parameters,
            response: &response,
            resources: &resources,
            recipient: &w.account,
            error: None,
            additional: "",
        };
        let record = cloudtrail::record(&Caller::Web { issuer, subject: &subject }, &call);
        let holder = format!("role {}", w.role);
        self.emit_aws(&record, false)?;
        used(session, &id);
        self.replace(session, "aws", &key, &id, &holder, FEDERATED);
        Ok(())
    }

    /// A long-lived key becomes a role session, and that another one: rows 1 and 2.
    pub(super) fn assume(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, request, key) = (self.random.uuid(), self.random.uuid(), self.random.aws_id("ASIA"));
        let (time, expires) = (self.time(0, 0.0), self.time(0, 3_600e6));
        let Some(m) = self.company.machines.get(session.who) else { return Ok(()) };
        let name = format!("deploy-{}", session.pod);
        let parameters = format!(
            "{{\"roleArn\":\"arn:aws:iam::{}:role/{}\",\"roleSessionName\":\"{name}\",\"durationSeconds\":3600,\"sourceIdentity\":\"{}\"}}",
            m.account, m.deploy_role, m.user
        );
        let response = cloudtrail::keys(&m.account, &m.deploy_role, &m.deploy_role_id, &name, &key, &expires, "");
        let resources = role_resource(&m.account, &m.deploy_role);
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "sts.amazonaws.com",
            name: "AssumeRole",
            read_only: true,
            data: false,
            ip: &session.ip,
            agent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux",
            parameters: &parameters,
            response: &response,
            resources: &resources,
            recipient: &m.account,
            error: None,
            additional: "",
        };
        let (holder, user, long_lived) = (format!("role {}", m.deploy_role), m.user.clone(), m.key.clone());
        let record = match &session.minted {
            None => cloudtrail::record(
                &Caller::User { account: &m.account, user: &m.user, user_id: &m.user_id, key: &m.key },
                &call,
            ),
            Some(parent) => cloudtrail::record(&ci_role(m, &name, &parent.credential, &session.since), &call),
        };
        if session.minted.is_none() {
            let user_id = m.user_id.clone();
            self.acts(&user_id, Acts::Itself, false, || "sts:AssumeRole".to_owned());
        }
        self.emit_aws(&record, false)?;
        if session.minted.is_none() {
            session.minted = Some(minted("aws", &long_lived, "", "", &user, &user, KNOWN_KEY));
        }
        used(session, &id);
        self.replace(session, "aws", &key, &id, &holder, CHAINED);
        Ok(())
    }

    pub(super) fn sign_in(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, request, key) = (self.random.uuid(), self.random.uuid(), self.random.aws_id("ASIA"));
        let (time, expires) = (self.time(0, 0.0), self.time(0, 3_600e6));
        let Some(p) = self.company.people.get(session.who) else { return Ok(()) };
        let parameters = format!(
            "{{\"sAMLAssertionID\":\"_{}\",\"roleSessionName\":\"{}\",\"roleArn\":\"arn:aws:iam::{}:role/aws-reserved/sso.amazonaws.com/{}\",\"principalArn\":\"arn:aws:iam::{}:saml-provider/halden-sso\",\"durationSeconds\":3600}}",
            id, p.mail, p.account, p.role, p.account
        );
        let response = cloudtrail::keys(&p.account, &p.role, &p.role_id, &p.mail, &key, &expires, "");
        let resources = role_resource(&p.account, &p.role);
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "sts.amazonaws.com",
            name: "AssumeRoleWithSAML",
            read_only: true,
            data: false,
            ip: &p.ip,
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            parameters: &parameters,
            response: &response,
            resources: &resources,
            recipient: &p.account,
            error: None,
            additional: "",
        };
        let record = cloudtrail::record(&Caller::Saml { account: &p.account, name: &p.mail }, &call);
        let (mail, ip) = (p.mail.clone(), p.ip.clone());
        self.emit_aws(&record, false)?;
        session.ip = ip;
        self.replace(session, "aws", &key, &id, &mail, TOKEN);
        Ok(())
    }

    pub(super) fn use_aws(&mut self, session: &mut Session) -> io::Result<()> {
        let use_of = Use::pick(&mut self.random, &self.company);
        let (id, request) = (self.random.uuid(), self.random.aws_id(""));
        let time = self.time(0, 0.0);
        let denied = self.random.percent(DENIED_PERCENT);
        let key = session.minted.as_ref().map_or("", |minted| &minted.credential).to_owned();
        let additional = format!(
            "\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"bytesTransferredIn\":0,\"AuthenticationMethod\":\"AuthHeader\",\"x-amz-id-2\":\"{}\",\"bytesTransferredOut\":{}",
            self.random.base64(76),
            self.random.below(1 << 20)
        );
        let call = |recipient, agent| cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: use_of.service,
            name: use_of.name,
            read_only: use_of.read_only,
            data: use_of.data,
            ip: &session.ip,
            agent,
            parameters: &use_of.parameters,
            response: "null",
            resources: &use_of.resources,
            recipient,
            error: denied.then_some((
                "AccessDenied",
                "User is not authorized to perform this action because no identity-based policy allows it",
            )),
            additional: if use_of.data { &additional } else { "" },
        };
        let record = match session.kind {
            Kind::Federated => self.workload(session).map(|w| {
                let issuer = self.company.clusters.get(w.cluster).map(|cluster| cluster.issuer.as_str());
                cloudtrail::record(
                    &Caller::Role {
                        account: &w.account,
                        role: &w.role,
                        role_id: &w.role_id,
                        session: &session.pod,
                        key: &key,
                        since: &session.since,
                        web_identity: issuer,
                        source_identity: None,
                    },
                    &call(&w.account, "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.25.1"),
                )
            }),
            Kind::Ci => self.company.machines.get(session.who).map(|m| {
                cloudtrail::record(
                    &ci_role(m, &format!("deploy-{}", session.pod), &key, &session.since),
                    &call(&m.account, "APN/1.0 HashiCorp/1.0 Terraform/1.13.4"),
                )
            }),
            Kind::Job => self.company.repositories.get(session.who).map(|repo| {
                let m = &repo.machine;
                cloudtrail::record(
                    &Caller::Role {
                        account: &m.account,
                        role: &m.deploy_role,
                        role_id: &m.deploy_role_id,
                        session: "GitHubActions",
                        key: &key,
                        since: &session.since,
                        web_identity: Some(github::ISSUER),
                        source_identity: None,
                    },
                    &call(&m.account, "APN/1.0 HashiCorp/1.0 Terraform/1.13.4"),
                )
            }),
            Kind::Person => self.company.people.get(session.who).map(|p: &Person| {
                cloudtrail::record(
                    &Caller::Role {
                        account: &p.account,
                        role: &p.role,
                        role_id: &p.role_id,
                        session: &p.mail,
                        key: &key,
                        since: &session.since,
                        web_identity: None,
                        source_identity: None,
                    },
                    &call(&p.account, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
                )
            }),
            _ => self.company.machines.get(session.who).map(|m| {
                cloudtrail::record(
                    &Caller::User { account: &m.account, user: &m.user, user_id: &m.user_id, key: &key },
                    &call(&m.account, "Boto3/1.40.55 md/Botocore#1.40.55"),
                )
            }),
        };
        let whose = match session.kind {
            Kind::Federated => self.workload(session).map(|w| w.role_id.clone()),
            Kind::Static => self.company.machines.get(session.who).map(|m| m.user_id.clone()),
            _ => None,
        };
        if let Some(whose) = whose {
            self.acts(&whose, Acts::Itself, denied, || use_of.operation());
        }
        self.emit_aws(&record.unwrap_or_default(), denied)?;
        used(session, &id);
        self.refused(session, "aws", &id, denied)
    }

    pub(super) fn emit_aws(&mut self, record: &str, denied: bool) -> io::Result<()> {
        self.emit(Log::CloudTrail, record, denied)
    }
}

/// One kind of call to AWS, with its parameters.
struct Use {
    service: &'static str,
    name: &'static str,
    read_only: bool,
    data: bool,
    parameters: String,
    resources: String,
}

impl Use {
    /// As policies name it.
    fn operation(&self) -> String {
        format!("{}:{}", self.service.trim_end_matches(".amazonaws.com"), self.name)
    }

    fn pick(random: &mut Random, company: &Company) -> Use {
        let account = random.pick(&company.accounts).clone();
        let read = |service, name| (service, name, true);
        let (service, name, read_only) = match random.below(20) {
            0..8 => read("s3.amazonaws.com", "GetObject"),
            8..11 => ("s3.amazonaws.com", "PutObject", false),
            11 => read("s3.amazonaws.com", "ListObjects"),
            12..14 => read("kms.amazonaws.com", "Decrypt"),
            14..16 => read("secretsmanager.amazonaws.com", "GetSecretValue"),
            16 => read("ec2.amazonaws.com", "DescribeInstances"),
            17 => read("iam.amazonaws.com", "GetRole"),
            18 => ("sqs.amazonaws.com", "SendMessage", false),
            _ => read("sts.amazonaws.com", "GetCallerIdentity"),
        };
        let data = matches!(name, "GetObject" | "PutObject" | "ListObjects" | "SendMessage");
        let (parameters, resources) = match service {
            "s3.amazonaws.com" => {
                let (bucket, key) = (
                    random.pick_uneven(&company.buckets).clone(),
                    format!("{}/part-{:05}.parquet", random.hex(8), random.below(99_999)),
                );
                (
                    format!(
                        "{{\"bucketName\":\"{bucket}\",\"Host\":\"{bucket}.s3.eu-north-1.amazonaws.com\",\"key\":\"{key}\"}}"
                    ),
                    format!(
                        "[{{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::{bucket}/{key}\"}},{{\"accountId\":\"{account}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{bucket}\"}}]"
                    ),
                )
            }
            "kms.amazonaws.com" => {
                let key = random.uuid();
                (
                    "{\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\",\"encryptionContext\":{\"aws:s3:arn\":\"arn:aws:s3:::halden\"}}".to_owned(),
                    format!("[{{\"accountId\":\"{account}\",\"type\":\"AWS::KMS::Key\",\"ARN\":\"arn:aws:kms:eu-north-1:{account}:key/{key}\"}}]"),
                )
            }
            "secretsmanager.amazonaws.com" => (
                format!(
                    "{{\"secretId\":\"arn:aws:secretsmanager:eu-north-1:{account}:secret:prod/db-{}-{}\"}}",
                    random.below(60),
                    random.hex(6)
                ),
                String::new(),
            ),
            "ec2.amazonaws.com" => (
                format!(
                    "{{\"instancesSet\":{{\"items\":[{{\"instanceId\":\"i-{}\"}}]}},\"filterSet\":{{}}}}",
                    random.hex(17)
                ),
                String::new(),
            ),
            "iam.amazonaws.com" => {
                (format!("{{\"roleName\":\"{}\"}}", random.pick(&company.workloads).role), String::new())
            }
            "sqs.amazonaws.com" => (
                format!(
                    "{{\"queueUrl\":\"https://sqs.eu-north-1.amazonaws.com/{account}/tracking-{}\",\"messageBody\":\"HIDDEN_DUE_TO_SECURITY_REASONS\"}}",
                    random.below(40)
                ),
                format!(
                    "[{{\"accountId\":\"{account}\",\"type\":\"AWS::SQS::Queue\",\"ARN\":\"arn:aws:sqs:eu-north-1:{account}:tracking\"}}]"
                ),
            ),
            _ => ("null".to_owned(), String::new()),
        };
        Use { service, name, read_only, data, parameters, resources }
    }
}

fn ci_role<'a>(machine: &'a Machine, session: &'a str, key: &'a str, since: &'a str) -> Caller<'a> {
    Caller::Role {
        account: &machine.account,
        role: &machine.deploy_role,
        role_id: &machine.deploy_role_id,
        session,
        key,
        since,
        web_identity: None,
        source_identity: Some(&machine.user),
    }
}

pub(super) fn role_resource(account: &str, role: &str) -> String {
    format!(
        "[{{\"accountId\":\"{account}\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"arn:aws:iam::{account}:role/{role}\"}}]"
    )
}
