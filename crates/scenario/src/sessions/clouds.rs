//! Jobs that take a role by web identity; Google Cloud; Entra and Azure.

use std::io;

use super::aws::role_resource;
use super::listing::Acts;
use super::{FEDERATED, KNOWN_KEY, Session, World, minted, used};
use crate::cloudtrail::{self, Caller};
use crate::sink::Log;
use crate::truth::Tiers;
use crate::{azure, entra, gcp, github};

/// A token of another platform of which only whose it was is known.
const BY_SUBJECT: Tiers = Tiers { issuance: "L1", parent: "", origin: "L4" };
/// A token without an id: account, caller and window.
const BY_WINDOW: Tiers = Tiers { issuance: "L3", parent: "", origin: "L1" };
/// The same, where a use does not name whose token it was exchanged for.
const EXCHANGED: Tiers = Tiers { issuance: "L3", parent: "", origin: "L3" };

/// The project that keeps the workload identity pool: its id and its number.
const POOL_PROJECT: (&str, u64) = ("halden-identity", 418_273_640_912);
/// A long-lived key by its id, made by whoever is behind it.
pub(super) const MADE_KEY: Tiers = Tiers { issuance: "L2", parent: "", origin: "L2" };

impl World<'_> {
    /// A run of a workflow begins, or ends with a conclusion.
    pub(super) fn run(&mut self, session: &mut Session, conclusion: &str) -> io::Result<()> {
        let id = self.random.base64(22).replace(['+', '/'], "_");
        // A runner has to be found before the job can ask for anything.
        let time_ms = (self.now_us / 1e3) as i64 - 15_000;
        if conclusion.is_empty() {
            session.kept[0] = (18_000_000_000 + self.totals.records).to_string();
        }
        let Some(repo) = self.company.repositories.get(session.who) else { return Ok(()) };
        let Some(starter) = self.company.people.get(repo.starter) else { return Ok(()) };
        let run = session.kept[0].parse().unwrap_or(0);
        let members = github::run(github::Repository { name: &repo.name, id: repo.id }, run, repo.workflow, conclusion);
        let action = match conclusion {
            "" => "workflows.created_workflow_run",
            _ => "workflows.completed_workflow_run",
        };
        let login = login(&starter.mail);
        let record = github::record(&github::Entry {
            id: &id,
            time_ms,
            action,
            actor: &login,
            actor_id: starter.number,
            ip: &starter.ip,
            members: &members,
        });
        self.emit(Log::GitHub, &record, false)
    }

    /// The job's token becomes a role session: identity.md 4, row 25.
    pub(super) fn federate_job(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, request, key) = (self.random.uuid(), self.random.uuid(), self.random.aws_id("ASIA"));
        let (time, expires) = (self.time(0, 0.0), self.time(0, 3_600e6));
        let Some(repo) = self.company.repositories.get(session.who) else { return Ok(()) };
        let origin = self.company.people.get(repo.starter).map_or(String::new(), |starter| login(&starter.mail));
        let m = &repo.machine;
        let at = github::Repository { name: &repo.name, id: repo.id };
        let (subject, tiers) = match repo.run_in_subject {
            true => (github::subject(at, session.kept[0].parse().unwrap_or(0)), FEDERATED),
            false => (format!("repo:halden/{}:ref:refs/heads/main", repo.name), BY_SUBJECT),
        };
        let name = "GitHubActions";
        let parameters = format!(
            r#"{{"roleArn":"arn:aws:iam::{}:role/{}","roleSessionName":"{name}","durationSeconds":3600}}"#,
            m.account, m.deploy_role
        );
        let response = cloudtrail::keys(&m.account, &m.deploy_role, &m.deploy_role_id, name, &key, &expires, &subject);
        let resources = role_resource(&m.account, &m.deploy_role);
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "sts.amazonaws.com",
            name: "AssumeRoleWithWebIdentity",
            read_only: true,
            data: false,
            ip: &session.ip,
            agent: "configure-aws-credentials-for-github-actions",
            parameters: &parameters,
            response: &response,
            resources: &resources,
            recipient: &m.account,
            error: None,
            additional: "",
        };
        let record = cloudtrail::record(&Caller::Web { issuer: github::ISSUER, subject: &subject }, &call);
        let holder = format!("role {}", m.deploy_role);
        self.emit(Log::CloudTrail, &record, false)?;
        session.since = self.time(0, 0.0);
        session.minted = Some(minted("aws", &key, &id, "", &holder, &origin, tiers));
        Ok(())
    }

    /// A person has a token made for a service account: row 15.
    pub(super) fn impersonate(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let Some(account) = self.company.accounts_gcp.get(session.who) else { return Ok(()) };
        let Some(caller) = self.company.people.get(account.caller) else { return Ok(()) };
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project: &account.project,
            log: "data_access",
            service: "iamcredentials.googleapis.com",
            method: "GenerateAccessToken",
            resource: &format!("projects/-/serviceAccounts/{}", account.unique_id),
            who: &gcp::principal(&caller.mail),
            permission: "iam.serviceAccounts.getAccessToken",
            ip: &caller.ip,
            denied: "",
            members: &gcp::token_request(&account.mail, &account.unique_id, 3_600),
            account: Some((&account.mail, &account.unique_id)),
        });
        session.kept[0].clone_from(&caller.mail);
        session.minted = Some(minted("gcp", &id, &id, "", &account.mail, &caller.mail, BY_WINDOW));
        self.emit(Log::Gcp, &record, false)
    }

    /// Half of the keys are made within the log: row 17.
    pub(super) fn make_account_key(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time, made) = (self.random.hex(14), self.time(9, 0.0), self.random.hex(40));
        let Some(account) = self.company.accounts_gcp.get(session.who) else { return Ok(()) };
        let Some(by) = self.company.people.get(account.caller) else { return Ok(()) };
        if session.who.is_multiple_of(2) {
            session.kept[1].clone_from(&account.key);
            session.minted = Some(minted("gcp", &account.key, "", "", &account.mail, &account.mail, KNOWN_KEY));
            return self.use_gcp(session);
        }
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project: &account.project,
            log: "activity",
            service: "iam.googleapis.com",
            method: "google.iam.admin.v1.CreateServiceAccountKey",
            resource: &format!("projects/-/serviceAccounts/{}", account.unique_id),
            who: &gcp::principal(&by.mail),
            permission: "iam.serviceAccountKeys.create",
            ip: &by.ip,
            denied: "",
            members: &gcp::key_made(&account.mail, &account.project, &made),
            account: Some((&account.mail, &account.unique_id)),
        });
        session.minted = Some(minted("gcp", &made, &id, "", &account.mail, &by.mail, MADE_KEY));
        session.kept[1] = made;
        self.emit(Log::Gcp, &record, false)
    }

    /// An object, as the impersonated account or with its key.
    pub(super) fn use_gcp(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let denied = self.random.percent(super::DENIED_PERCENT);
        let (bucket, object) = (self.random.below(40), self.random.hex(8));
        let (method, permission) = *self.random.pick(&[
            ("storage.objects.get", "storage.objects.get"),
            ("storage.objects.create", "storage.objects.create"),
            ("storage.objects.list", "storage.objects.list"),
        ]);
        let Some(account) = self.company.accounts_gcp.get(session.who) else { return Ok(()) };
        let [caller, key, _] = &session.kept;
        let who = match caller.as_str() {
            "" => gcp::with_key(&account.mail, &account.project, key),
            caller => gcp::impersonated(&account.mail, caller),
        };
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project: &account.project,
            log: "data_access",
            service: "storage.googleapis.com",
            method,
            resource: &format!("projects/_/buckets/halden-{bucket}/objects/{object}.parquet"),
            who: &who,
            permission,
            ip: &session.ip,
            denied: if denied { "Permission denied on resource." } else { "" },
            members: "",
            account: None,
        });
        let unique_id = account.unique_id.clone();
        self.acts(&unique_id, Acts::Itself, denied, || method.to_owned());
        self.emit(Log::Gcp, &record, denied)?;
        used(session, &id);
        self.refused(session, "gcp", &id, denied)
    }

    /// A service account token of a cluster becomes a token of Google's: row 16. Neither token's id is logged.
    pub(super) fn exchange_token(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let Some(w) = self.workload(session) else { return Ok(()) };
        let cluster = crate::company::CLUSTERS.get(w.cluster).copied().unwrap_or_default();
        let (project, number) = POOL_PROJECT;
        // Two clusters may have a service account of one name; the pool's mapping tells them apart.
        let subject = format!("system:serviceaccount:{}:{}", w.namespace, w.name);
        let pool = gcp::Pool { number, pool: "clusters", provider: cluster };
        let mapped = gcp::mapped(pool, &format!("{cluster}/{subject}"));
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project,
            log: "data_access",
            service: "sts.googleapis.com",
            method: "google.identity.sts.v1.SecurityTokenService.ExchangeToken",
            resource: &gcp::provider(pool),
            who: &gcp::subject(&subject),
            permission: "",
            ip: &session.ip,
            denied: "",
            members: &gcp::exchanged(pool, &mapped),
            account: None,
        });
        session.minted = Some(minted("gcp", &id, &id, "", &mapped, &subject, EXCHANGED));
        session.kept[0] = mapped;
        self.emit(Log::Gcp, &record, false)
    }

    /// An object, read or written by the workload itself, without a service account of Google's.
    pub(super) fn use_pool(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.hex(14), self.time(9, 0.0));
        let denied = self.random.percent(super::DENIED_PERCENT);
        let (bucket, object) = (self.random.below(40), self.random.hex(8));
        let method = *self.random.pick(&["storage.objects.get", "storage.objects.create"]);
        let record = gcp::record(&gcp::Entry {
            id: &id,
            time: &time,
            project: "halden-tracking",
            log: "data_access",
            service: "storage.googleapis.com",
            method,
            resource: &format!("projects/_/buckets/halden-{bucket}/objects/{object}.parquet"),
            who: &gcp::subject(&session.kept[0]),
            permission: method,
            ip: &session.ip,
            denied: if denied { "Permission denied on resource." } else { "" },
            members: "",
            account: None,
        });
        self.emit(Log::Gcp, &record, denied)?;
        used(session, &id);
        self.refused(session, "gcp", &id, denied)
    }

    /// A service principal signs in with its secret: rows 26 and 28.
    pub(super) fn sign_in_app(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, correlation) = (self.random.uuid(), self.random.uuid());
        let token = self.random.base64(22).replace('+', "-").replace('/', "_");
        let time = self.time(6, 0.0);
        let Some(app) = self.company.apps.get(session.who) else { return Ok(()) };
        let envelope = entra::Envelope {
            time: &time,
            operation: "Sign-in activity",
            category: "ServicePrincipalSignInLogs",
            ip: &session.ip,
            correlation: &correlation,
            code: 0,
        };
        let record = entra::sign_in(
            &envelope,
            &entra::SignIn {
                id: &id,
                app: &app.client,
                principal: &app.principal,
                name: &app.name,
                key: &app.secret,
                token: &token,
            },
        );
        let tiers = Tiers { issuance: "L1", parent: "L1", origin: "L1" };
        session.minted = Some(minted("entra", &token, &id, &app.secret, &app.name, &app.principal, tiers));
        self.emit(Log::Entra, &record, false)
    }

    /// The token at Graph, or at Azure's Resource Manager.
    pub(super) fn use_graph(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(6, 0.0));
        let (at_azure, denied) = (self.random.percent(30), self.random.percent(super::DENIED_PERCENT));
        let target = self.random.uuid();
        let token = session.minted.as_ref().map_or(String::new(), |minted| minted.credential.clone());
        let Some(app) = self.company.apps.get(session.who) else { return Ok(()) };
        if at_azure {
            let record = azure::record(&azure::Act {
                id: &id,
                time: &time,
                operation: "Microsoft.Storage/storageAccounts/listKeys/action",
                resource: "/resourceGroups/freight/providers/Microsoft.Storage/storageAccounts/haldenfreight",
                app: &app.client,
                principal: &app.principal,
                user: "",
                token: &token,
                role: "Storage Account Key Operator Service Role",
                ip: &session.ip,
                denied,
            });
            self.emit(Log::Azure, &record, denied)?;
        } else {
            let (method, path) = match target.as_bytes().first().is_some_and(|byte| *byte < b'8') {
                true => ("GET", format!("/users/{target}")),
                false => ("PATCH", format!("/groups/{target}")),
            };
            let envelope = entra::Envelope {
                time: &time,
                operation: "Microsoft Graph Activity",
                category: "MicrosoftGraphActivityLogs",
                ip: &session.ip,
                correlation: &id,
                code: 0,
            };
            let record = entra::activity(
                &envelope,
                &entra::Call {
                    id: &id,
                    app: &app.client,
                    principal: &app.principal,
                    token: &token,
                    method,
                    path: &path,
                    status: if denied { 403 } else { 200 },
                },
            );
            self.emit(Log::Entra, &record, denied)?;
        }
        used(session, &id);
        self.refused(session, if at_azure { "azure" } else { "entra" }, &id, denied)
    }
}

/// A GitHub login: what stands before the at sign, dots as dashes.
pub(super) fn login(mail: &str) -> String {
    mail.split('@').next().unwrap_or(mail).replace('.', "-")
}
