//! The simulation: sessions that mint a credential, use it, and end.
//!
//! A session is picked at random for each record, so the records of hundreds of sessions interleave and
//! yet are in order of time as they are written.

mod aws;
mod clouds;
mod cluster;
mod elevations;
mod forge;
mod grants;
mod identity;
mod listing;
mod mesh;
mod secrets;
mod stories;
mod tools;

use std::collections::BTreeMap;
use std::io;

use crate::Options;
use crate::company::{Company, Workload};
use crate::random::Random;
use crate::sink::{Log, Sink, Truth};
use crate::truth::{Minted, Refused, Tiers, Totals};

/// Mean number of steps of one session: a credential or two, and their uses.
const STEPS_MEAN: f64 = 1.9;
/// Sessions alive at once, at most.
const SESSIONS_MAX: u64 = 400;
/// The calls of one session stay within the life of its credential.
const SESSION_SECONDS: f64 = 900.0;
/// No session outlives what it was given: the shortest life is an hour.
const LIFE_US: f64 = 3_000e6;
/// Records from one scripted story to the next.
const RECORDS_PER_STORY: u64 = 150;
/// Of so many records one is the scanner's: a long-lived key that one program uses all the time, as in every company.
const RECORDS_PER_SCAN: u64 = 10;
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
    /// A person at Okta who makes an API token, for a script.
    ApiToken,
    /// A pod that shows its token to a workload identity pool of Google Cloud.
    Pool,
    /// A person who acts as a service account of a cluster.
    Acting,
    /// A project at GitLab, with a deploy key or an access token.
    Project,
    /// An agent that calls tools for a person.
    Tools,
    /// A story with a script.
    Story,
}

/// How many kinds there are: the last one counts them.
const KINDS: usize = Kind::Story as usize + 1;

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

impl Session {
    /// Records that its next step writes, at most.
    fn writes(&self) -> u64 {
        match (self.kind, self.step) {
            // Vault logs a request and its answer; a lease of AWS keys is in the log of AWS, too.
            (Kind::Vault, 2) => 3,
            (Kind::Vault, 1..) | (Kind::Database, 1 | 2) | (Kind::Mesh, 1..) => 2,
            // What an agent tells of a call, and the call.
            (Kind::Agent, 1..) => 2,
            (Kind::Tools, 1) => 3,
            (Kind::Tools, 2..) => 2,
            _ => 1,
        }
    }
}

struct World<'a> {
    random: Random,
    company: Company,
    sink: &'a mut Sink,
    totals: Totals,
    /// Microseconds since 1970.
    now_us: f64,
    /// Sessions of each kind so far: who comes next, so that one principal's sessions lie apart.
    turns: [usize; KINDS],
    /// How many records there have to be until the next story is told.
    next_story: u64,
    /// Mean time between two steps of one session.
    pace_us: f64,
    /// What inventories list.
    listed: listing::Inventory,
    /// What people had before, by platform.
    had: BTreeMap<(&'static str, usize), grants::Had>,
    /// How many asked so far, by kind of session.
    asked: BTreeMap<usize, usize>,
    /// Elevations under way.
    agenda: elevations::Agenda,
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
        turns: [0; KINDS],
        next_story: 0,
        pace_us: mean_us * alive as f64,
        listed: listing::Inventory::new(),
        had: BTreeMap::new(),
        asked: BTreeMap::new(),
        agenda: elevations::Agenda::default(),
    };
    world.list(options.records)?;
    let mut sessions: Vec<Session> = (0..alive).map(|_| world.begin()).collect();
    let mut scanner = world.scanner();
    while world.totals.records < options.records {
        world.now_us += world.random.wait(mean_us);
        world.elevate(options.records)?;
        if world.totals.records < options.records && world.random.below(RECORDS_PER_SCAN) == 0 {
            world.use_aws(&mut scanner)?;
            continue;
        }
        let at = usize::try_from(world.random.below(alive)).unwrap_or(0);
        let Some(session) = sessions.get_mut(at) else { continue };
        // A story is told to its end; all else ends before what it was given does, or where what it would
        // write next is more than was asked for.
        let left = options.records - world.totals.records;
        let old = world.now_us - session.begun_us > LIFE_US && session.kind != Kind::Story || session.writes() > left;
        if !old {
            world.step(session)?;
        }
        if session.step >= session.steps || old {
            let ended = std::mem::replace(session, world.begin());
            world.end(ended)?;
        }
    }
    for session in sessions.into_iter().chain([scanner]) {
        world.end(session)?;
    }
    world.tell_listed()?;
    world.close_agenda()?;
    world.totals.bytes = world.sink.bytes;
    world.totals.last_ms = (world.now_us / 1e3) as i64;
    Ok(world.totals)
}

impl World<'_> {
    fn begin(&mut self) -> Session {
        let random = &mut self.random;
        let kind = match random.below(100) {
            0..20 => Kind::Pod,
            20..37 => Kind::Federated,
            37 => Kind::ApiToken,
            38..40 => Kind::Pool,
            40 => Kind::Acting,
            41 => Kind::Project,
            42..44 => Kind::Tools,
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
            Kind::Pod | Kind::Federated | Kind::Vault | Kind::Database | Kind::Mesh | Kind::Pool => workloads.len(),
            Kind::Ci | Kind::Static => machines.len(),
            Kind::Person | Kind::Okta | Kind::Request | Kind::Review | Kind::Activation => people.len(),
            Kind::Agent | Kind::ApiToken | Kind::Acting | Kind::Tools => people.len(),
            Kind::Job | Kind::Project => repositories.len(),
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
        self.session(kind, who, steps)
    }

    fn session(&mut self, kind: Kind, who: usize, steps: u32) -> Session {
        let random = &mut self.random;
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

    /// Looks at everything, day and night, with the key of the first machine.
    fn scanner(&mut self) -> Session {
        let mut scanner = self.session(Kind::Static, 0, u32::MAX);
        scanner.minted = self.known_key(0);
        scanner
    }

    fn known_key(&self, machine: usize) -> Option<Minted> {
        let machine = self.company.machines.get(machine)?;
        Some(minted("aws", &machine.key, "", "", &machine.user, &machine.user, KNOWN_KEY))
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
            (Kind::Agent | Kind::Tools, 0) => self.delegate(session),
            (Kind::Agent, _) => self.use_agent(session),
            (Kind::ApiToken, 0) => self.make_api_token(session),
            (Kind::ApiToken, _) if session.step >= session.steps => self.revoke_api_token(session),
            (Kind::ApiToken, _) => self.use_api_token(session),
            (Kind::Pool, 0) => self.exchange_token(session),
            (Kind::Pool, _) => self.use_pool(session),
            (Kind::Acting, 0) => self.sign_in_to_cluster(session),
            (Kind::Acting, _) => self.act_as(session),
            (Kind::Project, 0) => self.make_project_token(session),
            (Kind::Project, _) if session.step >= session.steps => self.revoke_project_token(session),
            (Kind::Project, _) => self.use_project_token(session),
            (Kind::Tools, 1) => self.open_tools(session),
            (Kind::Tools, _) => self.call_tool(session),
            (Kind::Static, 0) => {
                session.minted = self.known_key(session.who);
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
        revoked_by: String::new(),
    }
}

/// This record revoked the credential in use.
fn revoked(session: &mut Session, id: String) {
    if let Some(minted) = &mut session.minted {
        minted.revoked_by = id;
    }
}

/// The credential in use made this record.
fn used(session: &mut Session, id: &str) {
    if let Some(minted) = &mut session.minted {
        minted.uses += 1;
        id.clone_into(&mut minted.last_use);
    }
}
