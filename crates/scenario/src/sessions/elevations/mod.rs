//! Elevations: somebody asks for rights, gets them or not, uses them, and loses them again, on each platform
//! that gives rights for a time. Who asks does so once and has nothing else, so the verdict on each use
//! follows from its own elevation.
//!
//! Elevations are no sessions of the pool: each knows when its next step is due, so that windows end when
//! they should at any density of records.

mod assignments;
mod bindings;
mod deployments;
mod directory;
mod entitlements;
mod leases;
mod roles;
mod tickets;

use std::collections::BTreeMap;
use std::io;

use super::World;
use crate::cloudtrail::{self, Caller};
use crate::sink::Truth;
use crate::truth::{Granted, Use};

/// Records from one elevation to the next.
const RECORDS_PER_ELEVATION: u64 = 60;
/// Records that one step writes, at most.
const STEP_RECORDS_MAX: u64 = 6;
/// Platforms that rights are asked for at, by turns.
const PLATFORMS: [Platform; 8] = [
    Platform::Entitlement,
    Platform::Binding,
    Platform::Assignment,
    Platform::Deployment,
    Platform::Ticket,
    Platform::Lease,
    Platform::Role,
    Platform::Directory,
];

/// Where rights are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    /// Privileged Access Manager of Google Cloud.
    Entitlement,
    /// Role bindings of Kubernetes.
    Binding,
    /// Account assignments of AWS IAM Identity Center.
    Assignment,
    /// Deployments to protected environments at GitHub.
    Deployment,
    /// A ticket system.
    Ticket,
    /// Leases of Vault.
    Lease,
    /// Roles and groups at Okta.
    Role,
    /// Privileged Identity Management of Entra, where nobody has to approve.
    Directory,
}

impl Platform {
    /// As truth and events name it.
    const fn name(self) -> &'static str {
        match self {
            Platform::Entitlement => "gcp",
            Platform::Binding => "k8s",
            Platform::Assignment => "aws",
            Platform::Deployment => "github",
            Platform::Ticket => "grant",
            Platform::Lease => "vault",
            Platform::Role => "okta",
            Platform::Directory => "entra",
        }
    }
}

/// One elevation.
struct Elevation {
    platform: Platform,
    /// Its number among those of its platform: tells the names of all that is its own.
    number: usize,
    step: u32,
    /// Name of who asks.
    user: String,
    /// Id of who asks, where the platform has one.
    user_id: String,
    /// Who decides.
    approver: String,
    /// Its id on the platform.
    grant: String,
    /// What it is for.
    target: String,
    /// Ids that some kinds keep.
    kept: [String; 4],
    approved: bool,
    /// In force from, microseconds since 1970; 0 while it is not.
    begins_us: f64,
    /// In force until; infinite while nothing ends it.
    ends_us: f64,
    /// Uses in force; whether something ends it is known at the end alone.
    uses: Vec<Use>,
}

/// What is true of one use, besides its record.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    verdict: &'static str,
    tier: &'static str,
    self_approved: bool,
    credential_outlives_grant: bool,
}

const fn judged(verdict: &'static str, tier: &'static str) -> Judged {
    Judged { verdict, tier, self_approved: false, credential_outlives_grant: false }
}

/// Elevations under way, by when their next step is due.
#[derive(Default)]
pub(super) struct Agenda {
    due: BTreeMap<(u64, usize), Elevation>,
    begun: usize,
    /// How many records there have to be until the next one begins.
    next: u64,
}

impl World<'_> {
    /// Takes all steps that are due, each at its own time, while so many records are not written.
    pub(super) fn elevate(&mut self, records_max: u64) -> io::Result<()> {
        if self.totals.records >= self.agenda.next {
            self.agenda.next += RECORDS_PER_ELEVATION;
            let elevation = self.begin_elevation();
            self.wait_for(elevation, 1.0);
        }
        let now_us = self.now_us;
        while self.totals.records + STEP_RECORDS_MAX <= records_max
            && let Some(entry) = self.agenda.due.first_entry().filter(|entry| entry.key().0 as f64 <= now_us)
        {
            let ((at_us, _), mut elevation) = entry.remove_entry();
            self.now_us = at_us as f64;
            match self.elevation_step(&mut elevation)? {
                Some(seconds) => self.wait_for(elevation, seconds),
                None => self.settle(elevation)?,
            }
        }
        self.now_us = now_us;
        Ok(())
    }

    /// What was not told to its end is true as far as it was told.
    pub(super) fn close_agenda(&mut self) -> io::Result<()> {
        std::mem::take(&mut self.agenda.due).into_values().try_for_each(|elevation| self.settle(elevation))
    }

    fn begin_elevation(&mut self) -> Elevation {
        let begun = self.agenda.begun;
        self.agenda.begun += 1;
        let platform = PLATFORMS.get(begun % PLATFORMS.len()).copied().unwrap_or(Platform::Ticket);
        let number = begun / PLATFORMS.len();
        Elevation {
            platform,
            number,
            step: 0,
            user: format!("oncall-{begun}@halden.example"),
            user_id: self.random.uuid(),
            approver: self.random.pick(&self.company.people).mail.clone(),
            grant: self.random.uuid(),
            target: String::new(),
            kept: Default::default(),
            approved: false,
            begins_us: 0.0,
            ends_us: f64::INFINITY,
            uses: Vec::new(),
        }
    }

    fn wait_for(&mut self, elevation: Elevation, seconds: f64) {
        let due_us = (self.now_us + seconds * 1e6) as u64;
        let serial = elevation.number * PLATFORMS.len() + elevation.platform as usize;
        self.agenda.due.insert((due_us, serial), elevation);
    }

    /// One step; in how many seconds the next one is due, if there is one.
    fn elevation_step(&mut self, elevation: &mut Elevation) -> io::Result<Option<f64>> {
        let step = elevation.step;
        elevation.step += 1;
        match elevation.platform {
            Platform::Entitlement => self.entitlement(elevation, step),
            Platform::Binding => self.binding(elevation, step),
            Platform::Assignment => self.assignment(elevation, step),
            Platform::Deployment => self.deployment(elevation, step),
            Platform::Ticket => self.ticket(elevation, step),
            Platform::Lease => self.aws_lease(elevation, step),
            Platform::Role => self.okta_role(elevation, step),
            Platform::Directory => self.directory_role(elevation, step),
        }
    }

    /// In force from now, for so many seconds; for ever with `None`.
    fn in_force(&self, elevation: &mut Elevation, seconds: Option<f64>) {
        elevation.approved = true;
        elevation.begins_us = self.now_us;
        elevation.ends_us = seconds.map_or(f64::INFINITY, |seconds| self.now_us + seconds * 1e6);
    }

    fn note_use(&mut self, elevation: &mut Elevation, platform: &'static str, record: &str, judged: Judged) {
        let Judged { verdict, tier, self_approved, credential_outlives_grant } = judged;
        elevation.uses.push(Use {
            platform,
            record: record.to_owned(),
            granted_at: elevation.platform.name(),
            grant: if verdict == "NO_GRANT" { String::new() } else { elevation.grant.clone() },
            verdict,
            tier,
            self_approved,
            credential_outlives_grant,
        });
    }

    /// Writes the truth: what nothing has ended is standing after all.
    fn settle(&mut self, elevation: Elevation) -> io::Result<()> {
        let endless = elevation.ends_us.is_infinite();
        let Elevation { platform, grant, user, target, approver, approved, begins_us, ends_us, uses, .. } = elevation;
        if uses.iter().all(|one| one.grant.is_empty()) && !approved {
            return uses.iter().try_for_each(|one| self.sink.truth(Truth::Uses, one));
        }
        for mut one in uses {
            one.credential_outlives_grant &= !endless;
            if endless && matches!(one.verdict, "PROVED" | "CONSISTENT") {
                one.verdict = "STANDING";
            }
            self.sink.truth(Truth::Uses, &one)?;
        }
        let granted = Granted {
            platform: platform.name(),
            grant,
            requester: user.clone(),
            beneficiary: user,
            target,
            approver,
            approved,
            not_before_ms: (begins_us / 1e3) as i64,
            not_after_ms: if endless { 0 } else { (ends_us / 1e3) as i64 },
        };
        self.sink.truth(Truth::Grants, &granted)
    }

    /// One of the company's accounts.
    fn account(&self, at: usize) -> String {
        self.company.accounts.get(at % self.company.accounts.len().max(1)).cloned().unwrap_or_default()
    }

    /// A call to AWS that succeeds: `[service, name]`.
    fn call(
        &mut self,
        caller: &Caller<'_>,
        account: &str,
        [service, name]: [&str; 2],
        parameters: &str,
        response: &str,
        resources: &str,
    ) -> io::Result<String> {
        let (id, request, time, ip) =
            (self.random.uuid(), self.random.uuid(), self.time(0, 0.0), self.random.private_ip());
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service,
            name,
            read_only: name.starts_with("Get") || name.starts_with("Assume"),
            data: name == "GetObject",
            ip: &ip,
            agent: "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux",
            parameters,
            response,
            resources,
            recipient: account,
            error: None,
            additional: "",
        };
        self.emit_aws(&cloudtrail::record(caller, &call), false)?;
        Ok(id)
    }

    fn read_object(&mut self, caller: &Caller<'_>, account: &str, bucket: &str) -> io::Result<String> {
        let parameters = format!(r#"{{"bucketName":"{bucket}","key":"head.json"}}"#);
        let resources = format!(
            r#"[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/head.json"}},{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}]"#
        );
        self.call(caller, account, ["s3.amazonaws.com", "GetObject"], &parameters, "null", &resources)
    }
}
