//! The simulation: sessions that mint a credential, use it, and end.
//!
//! A session is picked at random for each record, so the records of hundreds of sessions interleave and
//! yet are in order of time as they are written.

mod clouds;
mod grants;
mod identity;
mod mesh;
mod stories;

use std::collections::BTreeMap;
use std::io;

use crate::Options;
use crate::cloudtrail::{self, Caller};
use crate::company::{Company, Machine, Person, Workload};
use crate::github;
use crate::kubernetes::{self, User};
use crate::random::Random;
use crate::sink::{Log, Sink, Truth};
use crate::truth::{Minted, Refused, Tiers, Totals};
use crate::vault::{self, Token};

/// Mean number of steps of one session: a credential or two, and their uses.
const STEPS_MEAN: f64 = 3.6;
/// Sessions alive at once, at most.
const SESSIONS_MAX: u64 = 400;
/// The calls of one session stay within the life of its credential.
const SESSION_SECONDS: f64 = 900.0;
/// No session outlives what it was given: the shortest life is an hour.
const LIFE_US: f64 = 3_000e6;
/// Records from one scripted story to the next.
const RECORDS_PER_STORY: u64 = 150;
/// Calls that are refused, in a hundred.
const DENIED_PERCENT: u64 = 3;

/// What a session is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A pod that works with its cluster.
    Pod,
    /// A pod that takes a role in AWS with its service account token.
    Federated,
    /// A pod that logs in to Vault, reads secrets, and gets AWS keys on a lease.
    Vault,
    /// A CI job: long-lived key, role, second role.
    Ci,
    /// A person through single sign-on.
    Person,
    /// A long-lived key that is used directly.
    Static,
    /// A job of a repository that takes a role in AWS with its token.
    Job,
    /// A person who impersonates a service account of Google Cloud.
    Impersonation,
    /// A service account of Google Cloud with a key.
    AccountKey,
    /// An application that signs in to Entra, and calls Graph and Azure.
    App,
    /// A person at Okta.
    Okta,
    /// A person who asks Teleport for access, and uses it.
    Request,
    /// A person who asks hoop.dev for access, and uses it.
    Review,
    /// A person who activates a role in Entra, and uses it in Azure.
    Activation,
    /// A workload that leases a database user.
    Database,
    /// A workload that shows its SVID to Vault.
    Mesh,
    /// An agent that works for a person.
    Agent,
    /// A story with a script.
    Story,
}

struct Session {
    kind: Kind,
    /// Microseconds since 1970.
    begun_us: f64,
    /// Steps done.
    step: u32,
    /// Steps to do.
    steps: u32,
    /// Index into the company's tables.
    who: usize,
    ip: String,
    pod: String,
    pod_uid: String,
    node: String,
    /// The credential in use, and the time it was minted.
    minted: Option<Minted>,
    earlier: Vec<Minted>,
    since: String,
    token: String,
    /// Ids that some kinds keep: of a run, a request, a second principal.
    kept: [String; 3],
    /// What its uses are allowed by, for kinds that ask first.
    leave: grants::Leave,
    /// What was told of a story.
    plot: stories::Plot,
}

struct World<'a> {
    random: Random,
    company: Company,
    sink: &'a mut Sink,
    totals: Totals,
    /// Microseconds since 1970.
    now_us: f64,
    /// Sessions of each kind so far: who comes next, so that one principal's sessions lie apart.
    turns: [usize; 18],
    /// How many records there have to be until the next story is told.
    next_story: u64,
    /// Mean time between two steps of one session.
    pace_us: f64,
    /// What people had before, by platform.
    had: BTreeMap<(&'static str, usize), grants::Had>,
}

pub(crate) fn simulate(options: &Options, sink: &mut Sink) -> io::Result<Totals> {
    let mut random = Random::new(options.seed);
    let company = Company::found(&mut random, options.records / 100);
    let alive = (options.records / 200).clamp(3, SESSIONS_MAX);
    let day_us = 86_400e6 / options.records.max(1) as f64;
    let mean_us = day_us.min(SESSION_SECONDS * 1e6 / (alive as f64 * STEPS_MEAN));
    let totals = Totals {
        first_ms: options.start_ms,
        issuers: company.issuers(),
        broker: crate::company::BROKER,
        ..Totals::default()
    };
    let mut world = World {
        random,
        company,
        sink,
        totals,
        now_us: options.start_ms as f64 * 1e3,
        turns: [0; 18],
        next_story: 0,
        pace_us: mean_us * alive as f64,
        had: BTreeMap::new(),
    };
    let mut sessions: Vec<Session> = (0..alive).map(|_| world.begin()).collect();
    while world.totals.records < options.records {
        world.now_us += world.random.wait(mean_us);
        let at = usize::try_from(world.random.below(alive)).unwrap_or(0);
        let Some(session) = sessions.get_mut(at) else { continue };
        world.step(session)?;
        // A story is told to its end.
        let old = world.now_us - session.begun_us > LIFE_US && session.kind != Kind::Story;
        if session.step >= session.steps || old {
            let ended = std::mem::replace(session, world.begin());
            world.end(ended)?;
        }
    }
    for session in sessions {
        world.end(session)?;
    }
    world.totals.bytes = world.sink.bytes;
    world.totals.last_ms = (world.now_us / 1e3) as i64;
    Ok(world.totals)
}

impl World<'_> {
    fn begin(&mut self) -> Session {
        let random = &mut self.random;
        let kind = match random.below(100) {
            0..24 => Kind::Pod,
            24..44 => Kind::Federated,
            44..54 => Kind::Vault,
            54..59 => Kind::Ci,
            59..63 => Kind::Person,
            63..67 => Kind::Static,
            67..74 => Kind::Job,
            74..79 => Kind::Impersonation,
            79..82 => Kind::AccountKey,
            82..87 => Kind::App,
            87..90 => Kind::Okta,
            90..92 => Kind::Request,
            92 => Kind::Review,
            93..95 => Kind::Activation,
            95..97 => Kind::Database,
            97..99 => Kind::Mesh,
            _ => Kind::Agent,
        };
        // A story for each so many records, however many there are.
        let kind = if self.totals.records >= self.next_story { Kind::Story } else { kind };
        let Company { workloads, machines, people, repositories, accounts_gcp, apps, .. } = &self.company;
        let crowd = match kind {
            Kind::Pod | Kind::Federated | Kind::Vault | Kind::Database | Kind::Mesh => workloads.len(),
            Kind::Ci | Kind::Static => machines.len(),
            Kind::Person | Kind::Okta | Kind::Request | Kind::Review | Kind::Activation | Kind::Agent => people.len(),
            Kind::Job => repositories.len(),
            Kind::Impersonation | Kind::AccountKey => accounts_gcp.len(),
            Kind::App => apps.len(),
            Kind::Story => usize::MAX,
        };
        // The kinds that were here first draw lots.
        let who = if (kind as usize) < Kind::Job as usize {
            usize::try_from(random.below(crowd as u64)).unwrap_or(0)
        } else {
            let turn = self.turns.get_mut(kind as usize).map_or(0, |turn| {
                *turn += 1;
                *turn
            });
            turn % crowd.max(1)
        };
        let story = kind == Kind::Story;
        if story {
            self.next_story += RECORDS_PER_STORY;
        }
        let steps = if story { 7 } else { 3 + random.wait(STEPS_MEAN).min(400.0) as u32 };
        let node = self.company.clusters.first().map_or(String::new(), |cluster| random.pick(&cluster.nodes).clone());
        Session {
            begun_us: self.now_us,
            step: 0,
            steps,
            who,
            ip: random.private_ip(),
            pod: format!("{}-{}", random.hex(10), random.hex(5)),
            pod_uid: random.uuid(),
            node,
            minted: None,
            earlier: Vec::new(),
            since: String::new(),
            token: random.base64(24),
            kept: Default::default(),
            leave: grants::Leave::default(),
            plot: stories::Plot::default(),
            kind,
        }
    }

    fn end(&mut self, session: Session) -> io::Result<()> {
        self.remember(&session);
        for minted in session.earlier.iter().chain(&session.minted) {
            self.totals.minted += u64::from(!minted.minted_by.is_empty());
            self.sink.truth(Truth::Credentials, minted)?;
        }
        Ok(())
    }

    /// Notes an attempt that was refused.
    fn refused(&mut self, session: &Session, platform: &'static str, record: &str, denied: bool) -> io::Result<()> {
        match &session.minted {
            Some(Minted { credential, origin, .. }) if denied => {
                self.sink.truth(Truth::Denied, &Refused { platform, record, credential, origin })
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, session: &mut Session) -> io::Result<()> {
        let step = session.step;
        session.step += 1;
        match (session.kind, step) {
            (Kind::Pod | Kind::Federated | Kind::Vault | Kind::Database, 0) => self.mint_pod_token(session),
            (Kind::Pod, _) => self.use_cluster(session),
            (Kind::Federated, 1) => self.federate(session),
            (Kind::Vault | Kind::Database, 1) => self.log_in(session),
            (Kind::Vault, 2) if session.steps > 10 => self.lease(session),
            (Kind::Vault, _) => self.use_vault(session),
            (Kind::Ci, 0 | 1) => self.assume(session),
            (Kind::Person, 0) => self.sign_in(session),
            (Kind::Story, _) => self.tell(session, step),
            (Kind::Job, 0) => self.run(session, ""),
            (Kind::Job, 1) => self.federate_job(session),
            (Kind::Job, _) if session.step >= session.steps => self.run(session, "success"),
            (Kind::Impersonation, 0) => self.impersonate(session),
            (Kind::Impersonation, _) => self.use_gcp(session),
            (Kind::AccountKey, 0) => self.make_account_key(session),
            (Kind::AccountKey, _) => self.use_gcp(session),
            (Kind::App, 0) => self.sign_in_app(session),
            (Kind::App, _) => self.use_graph(session),
            (Kind::Okta, 0) => self.start_okta(session),
            (Kind::Okta, _) => self.use_okta(session),
            (Kind::Request, _) => self.teleport(session, step),
            (Kind::Review, _) => self.hoop(session, step),
            (Kind::Activation, _) => self.activate(session, step),
            (Kind::Database, 2) => self.lease_user(session),
            (Kind::Database, _) => self.use_database(session),
            (Kind::Mesh, 0) => self.sign_svid(session),
            (Kind::Mesh, 1) => self.log_in_with_svid(session),
            (Kind::Mesh, _) => self.use_vault(session),
            (Kind::Agent, 0) => self.delegate(session),
            (Kind::Agent, _) => self.use_agent(session),
            (Kind::Static, 0) => {
                if let Some(machine) = self.company.machines.get(session.who) {
                    session.minted = Some(minted("aws", &machine.key, "", "", &machine.user, &machine.user, KNOWN_KEY));
                }
                self.use_aws(session)
            }
            _ => self.use_aws(session),
        }
    }

    /// RFC 3339 with so many digits of a second, `later_us` from now.
    fn time(&self, digits: usize, later_us: f64) -> String {
        let micros = (self.now_us + later_us) as i64;
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{time:.digits$}")
    }

    fn emit(&mut self, log: Log, record: &str, denied: bool) -> io::Result<()> {
        let platform = self.sink.record(log, record, (self.now_us / 1e3) as i64)?;
        self.totals.records += 1;
        self.totals.denied += u64::from(denied);
        *self.totals.platforms.entry(platform).or_default() += 1;
        Ok(())
    }

    fn workload(&self, session: &Session) -> Option<&Workload> {
        self.company.workloads.get(session.who)
    }

    /// The kubelet asks for a bound token: identity.md 4, row 10.
    fn mint_pod_token(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, jti, certificate) = (self.random.uuid(), self.random.uuid(), self.random.hex(64));
        let (received, done) = (self.time(6, 0.0), self.time(6, 4_200.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let audience = if matches!(session.kind, Kind::Federated) {
            "sts.amazonaws.com"
        } else {
            "https://kubernetes.default.svc"
        };
        let objects = format!(
            ",\"requestObject\":{{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"metadata\":{{}},\"spec\":{{\"audiences\":[\"{audience}\"],\"expirationSeconds\":3607,\"boundObjectRef\":{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"{}\",\"uid\":\"{}\"}}}},\"status\":{{\"token\":\"\",\"expirationTimestamp\":null}}}}",
            session.pod, session.pod_uid
        );
        let annotations = format!(",\"authentication.kubernetes.io/issued-credential-id\":\"JTI={jti}\"");
        let call = kubernetes::Call {
            id: &id,
            received: &received,
            done: &done,
            verb: "create",
            group: "",
            resource: "serviceaccounts",
            subresource: "token",
            namespace: w.namespace,
            name: &w.name,
            ip: &session.ip,
            agent: "kubelet/v1.34.1 (linux/amd64) kubernetes/93248f9",
            code: 201,
            binding: "system:node",
            annotations: &annotations,
            objects: &objects,
        };
        let user = User::Node { name: &session.node, certificate: &certificate };
        let (cluster, name) = (w.cluster, format!("{}/{}", w.namespace, w.name));
        let record = kubernetes::record(&user, &call);
        self.emit(Log::Kubernetes(cluster), &record, false)?;
        session.minted = Some(minted("k8s", &jti, &id, "", &name, &name, TOKEN));
        Ok(())
    }

    fn use_cluster(&mut self, session: &mut Session) -> io::Result<()> {
        const CALLS: [(&str, &str, &str); 10] = [
            ("get", "", "configmaps"),
            ("list", "", "pods"),
            ("watch", "", "pods"),
            ("update", "coordination.k8s.io", "leases"),
            ("get", "", "secrets"),
            ("patch", "", "pods"),
            ("create", "", "events"),
            ("get", "apps", "deployments"),
            ("list", "batch", "jobs"),
            ("update", "", "configmaps"),
        ];
        let id = self.random.uuid();
        let took = self.random.wait(9_000.0);
        let (received, done) = (self.time(6, 0.0), self.time(6, took));
        let (verb, group, resource) = *self.random.pick_uneven(&CALLS);
        let denied = self.random.percent(DENIED_PERCENT);
        let name = if matches!(verb, "list" | "watch") {
            String::new()
        } else {
            format!("{resource}-{}", self.random.below(400))
        };
        let Some(w) = self.workload(session) else { return Ok(()) };
        let jti = session.minted.as_ref().map_or("", |minted| &minted.credential);
        let user = User::ServiceAccount {
            namespace: w.namespace,
            name: &w.name,
            uid: &w.uid,
            pod: &session.pod,
            pod_uid: &session.pod_uid,
            node: &session.node,
            jti,
        };
        let call = kubernetes::Call {
            id: &id,
            received: &received,
            done: &done,
            verb,
            group,
            resource,
            subresource: "",
            namespace: w.namespace,
            name: &name,
            ip: &session.ip,
            agent: "halden-operator/2.14.0 (linux/amd64) kubernetes/$Format",
            code: if denied { 403 } else { 200 },
            binding: if denied { "" } else { &w.name },
            annotations: "",
            objects: "",
        };
        let record = kubernetes::record(&user, &call);
        let cluster = w.cluster;
        self.emit(Log::Kubernetes(cluster), &record, denied)?;
        used(session, &id);
        self.refused(session, "k8s", &id, denied)
    }

    /// A service account token becomes a role session: identity.md 4, row 5.
    fn federate(&mut self, session: &mut Session) -> io::Result<()> {
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
    fn assume(&mut self, session: &mut Session) -> io::Result<()> {
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
        self.emit_aws(&record, false)?;
        if session.minted.is_none() {
            session.minted = Some(minted("aws", &long_lived, "", "", &user, &user, KNOWN_KEY));
        }
        used(session, &id);
        self.replace(session, "aws", &key, &id, &holder, CHAINED);
        Ok(())
    }

    fn sign_in(&mut self, session: &mut Session) -> io::Result<()> {
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

    fn use_aws(&mut self, session: &mut Session) -> io::Result<()> {
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
        self.emit_aws(&record.unwrap_or_default(), denied)?;
        used(session, &id);
        self.refused(session, "aws", &id, denied)
    }

    fn emit_aws(&mut self, record: &str, denied: bool) -> io::Result<()> {
        self.emit(Log::CloudTrail, record, denied)
    }

    /// Another credential takes over; the old one stays in the truth.
    fn replace(
        &mut self,
        session: &mut Session,
        platform: &'static str,
        id: &str,
        by: &str,
        holder: &str,
        tiers: Tiers,
    ) {
        let old = session.minted.take();
        // A web identity leaves no trace of the token's id in AWS: that parent cannot be known from the log.
        let parent = old.as_ref().filter(|old| old.platform == platform).map_or("", |old| &old.credential).to_owned();
        let origin = old.as_ref().map_or(holder, |old| &old.origin).to_owned();
        session.earlier.extend(old);
        session.minted = Some(minted(platform, id, by, &parent, holder, &origin, tiers));
        session.since = self.time(0, 0.0);
    }

    /// A service account token becomes a Vault token: row 18.
    fn log_in(&mut self, session: &mut Session) -> io::Result<()> {
        let id = self.random.uuid();
        let accessor = self.random.base64(24);
        let (time, done, issued) = (self.time(9, 0.0), self.time(9, 6_000.0), self.time(0, 0.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (display, policies) = vault_names(w);
        let token = Token {
            accessor: &accessor,
            token: &session.token,
            entity: &w.entity,
            display: &display,
            policies: &policies,
            issued: &issued,
        };
        let salt = &self.company.vault_salt;
        let data =
            format!("\"jwt\":\"{}\",\"role\":\"{}\"", vault::hmac(salt, &session.pod_uid), vault::hmac(salt, &w.name));
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation: "update",
            path: "auth/kubernetes/login",
            mount: "kubernetes",
            ip: &session.ip,
            data: &data,
            response: "",
            error: None,
            issues: Some(&token),
        };
        let records = vault::records(salt, None, &call);
        let logged = vault::hmac(salt, &accessor);
        let holder = format!("{}/{}", w.namespace, w.name);
        self.emit_vault(&records, false)?;
        self.replace(session, "vault", &logged, &id, &holder, TOKEN);
        session.token = format!("{}\n{accessor}", session.token);
        Ok(())
    }

    /// Vault hands out AWS keys on a lease: row 20. The key shows in the clear, as with
    /// `audit_non_hmac_response_keys=access_key`.
    fn lease(&mut self, session: &mut Session) -> io::Result<()> {
        let (key, lease) = (self.random.aws_id("AKIA"), self.random.base64(24).replace(['+', '/'], "x"));
        let (secret, suffix) = (self.random.base64(40), self.random.hex(8));
        let (id, request) = (self.random.uuid(), self.random.uuid());
        let Some(w) = self.workload(session) else { return Ok(()) };
        let path = format!("aws/creds/{}", w.name);
        let name = format!("vault-{}-{suffix}", w.name);
        let (user, account) = (&self.company.vault_user, w.account.clone());
        let response = format!(
            "\"secret\":{{\"lease_id\":\"{path}/{lease}\"}},\"data\":{{\"access_key\":\"{key}\",\"secret_key\":\"{}\",\"security_token\":null}}",
            vault::hmac(&self.company.vault_salt, &secret)
        );
        let time = self.time(0, 0.0);
        let parameters = format!("{{\"userName\":\"{name}\"}}");
        let made = format!(
            "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{key}\",\"status\":\"Active\",\"createDate\":\"{time}\"}}}}"
        );
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "iam.amazonaws.com",
            name: "CreateAccessKey",
            read_only: false,
            data: false,
            ip: "10.16.0.7",
            agent: "aws-sdk-go/1.55.8 (go1.25.1; linux; amd64) hashicorp-vault",
            parameters: &parameters,
            response: &made,
            resources: "",
            recipient: &account,
            error: None,
            additional: "",
        };
        let record = cloudtrail::record(
            &Caller::User { account: &account, user: &user.user, user_id: &user.user_id, key: &user.key },
            &call,
        );
        let origin = session.minted.as_ref().map_or("", |minted| &minted.origin).to_owned();
        session.earlier.push(minted("aws", &key, &id, &user.key, &name, &origin, LEASED_KEY));
        self.emit_aws(&record, false)?;
        self.ask_vault(session, "read", &path, "aws", &response, None)
    }

    fn use_vault(&mut self, session: &mut Session) -> io::Result<()> {
        let denied = self.random.percent(DENIED_PERCENT);
        let at = self.random.below(30);
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (operation, path, mount) = match at {
            0 => ("update", "auth/token/renew-self".to_owned(), "token"),
            1..4 => ("update", format!("transit/encrypt/{}", w.namespace), "transit"),
            4..6 => ("update", format!("transit/decrypt/{}", w.namespace), "transit"),
            _ => ("read", format!("secret/data/{}/{}-{at}", w.namespace, w.name), "kv"),
        };
        let error = denied.then_some("1 error occurred:\\n\\t* permission denied\\n\\n");
        self.ask_vault(session, operation, &path, mount, "", error)
    }

    fn ask_vault(
        &mut self,
        session: &mut Session,
        operation: &str,
        path: &str,
        mount: &str,
        response: &str,
        error: Option<&str>,
    ) -> io::Result<()> {
        let id = self.random.uuid();
        let (time, done) = (self.time(9, 0.0), self.time(9, 2_000.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let (display, policies) = vault_names(w);
        let (token, accessor) = session.token.split_once('\n').unwrap_or_default();
        let token = Token {
            accessor,
            token,
            entity: &w.entity,
            display: &display,
            policies: &policies,
            issued: &session.since,
        };
        let call = vault::Call {
            id: &id,
            time: &time,
            done: &done,
            operation,
            path,
            mount,
            ip: &session.ip,
            data: "",
            response,
            error,
            issues: None,
        };
        let records = vault::records(&self.company.vault_salt, Some(&token), &call);
        self.emit_vault(&records, error.is_some())?;
        used(session, &id);
        self.refused(session, "vault", &id, error.is_some())
    }

    fn emit_vault(&mut self, records: &[String; 2], denied: bool) -> io::Result<()> {
        for record in records {
            self.emit(Log::Vault, record, denied)?;
        }
        Ok(())
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

fn role_resource(account: &str, role: &str) -> String {
    format!(
        "[{{\"accountId\":\"{account}\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"arn:aws:iam::{account}:role/{role}\"}}]"
    )
}

fn vault_names(workload: &Workload) -> (String, String) {
    let display = format!("kubernetes-{}-{}", workload.namespace, workload.name);
    (display, format!("[\"default\",\"{}\"]", workload.name))
}

/// A token with an id of its own, made by whoever is behind it.
const TOKEN: Tiers = Tiers { issuance: "L1", parent: "", origin: "L1" };
/// A token made with another.
const CHAINED: Tiers = Tiers { issuance: "L1", parent: "L1", origin: "L1" };
/// A token for one of another platform, whose issuer the operator knows.
const FEDERATED: Tiers = Tiers { issuance: "L1", parent: "", origin: "L3" };
/// A key that is older than the log.
const KNOWN_KEY: Tiers = Tiers { issuance: "", parent: "", origin: "L1" };
/// A long-lived key that a broker had made.
const LEASED_KEY: Tiers = Tiers { issuance: "L2", parent: "L2", origin: "L2" };

fn minted(
    platform: &'static str,
    credential: &str,
    by: &str,
    parent: &str,
    holder: &str,
    origin: &str,
    tiers: Tiers,
) -> Minted {
    Minted {
        platform,
        credential: credential.to_owned(),
        minted_by: by.to_owned(),
        parent: parent.to_owned(),
        holder: holder.to_owned(),
        origin: origin.to_owned(),
        tiers,
        uses: 0,
        last_use: String::new(),
    }
}

/// The credential in use made this record.
fn used(session: &mut Session, id: &str) {
    if let Some(minted) = &mut session.minted {
        minted.uses += 1;
        id.clone_into(&mut minted.last_use);
    }
}
