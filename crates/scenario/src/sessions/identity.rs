//! People at Okta, and agents that work for them.

use std::io;

use super::clouds::MADE_KEY;
use super::listing::Acts;
use super::{Session, World, minted, revoked, used};
use crate::cloudtrail::{self, Caller};
use crate::okta::{self, Actor};
use crate::otel::{self, Span};
use crate::sink::Log;
use crate::truth::Tiers;

/// A session that each of its events names.
const SESSION: Tiers = Tiers { issuance: "L3", parent: "", origin: "L3" };
/// A token by its id, with the person it is for in the record that made it.
const DELEGATED: Tiers = Tiers { issuance: "L1", parent: "", origin: "L1" };

pub(super) const ISSUER: &str = "https://halden.okta.com/oauth2/aus4halden000001";

impl World<'_> {
    /// Row 31.
    pub(super) fn start_okta(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        session.kept[0] = format!("102{}", self.random.base64(22).replace(['+', '/'], "_"));
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind: "user.session.start",
            message: "User login to Okta",
            actor: Actor { id: &person.id, kind: "User", login: &person.mail },
            ip: &person.ip,
            failure: "",
            session: &session.kept[0],
            api_token: "",
            targets: "",
            debug: "",
        });
        session.minted = Some(minted("okta", &session.kept[0], &id, "", &person.mail, &person.mail, SESSION));
        self.emit(Log::Okta, &record, false)
    }

    pub(super) fn use_okta(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time, app) = (self.random.uuid(), self.time(3, 0.0), self.random.below(40));
        let denied = self.random.percent(super::DENIED_PERCENT);
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let target = okta::target("AppInstance", &format!("0oa{app:017}"), &format!("app-{app}"));
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind: "user.authentication.sso",
            message: "User single sign on to app",
            actor: Actor { id: &person.id, kind: "User", login: &person.mail },
            ip: &person.ip,
            failure: if denied { "User is not assigned to the client application." } else { "" },
            session: &session.kept[0],
            api_token: "",
            targets: &target,
            debug: "",
        });
        self.emit(Log::Okta, &record, denied)?;
        used(session, &id);
        self.refused(session, "okta", &id, denied)
    }

    /// An agent gets a token for a person: row 30.
    pub(super) fn delegate(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let token = format!("AT.{}", self.random.base64(32).replace(['+', '/'], "_"));
        let (hash, expires) = (self.random.base64(43) + "=", self.time(3, 3_600e6));
        let agent = agent(session);
        session.kept = [token, self.random.uuid(), self.random.hex(32)];
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let targets = format!(
            "{},{}",
            okta::target("AppUser", &person.id, &person.mail),
            okta::token(
                "access_token",
                &okta::Token {
                    id: &session.kept[0],
                    hash: &hash,
                    subject: &person.id,
                    scope: "shipping.read",
                    actor: &agent,
                    expires: &expires
                }
            )
        );
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind: "app.oauth2.as.token.grant.access_token",
            message: "OAuth2 access token is granted",
            actor: Actor { id: &agent, kind: "WorkloadIdentityPrincipal", login: "shipping-agent@aiagents.okta.com" },
            ip: &session.ip,
            failure: "",
            session: "unknown",
            api_token: "",
            targets: &targets,
            debug: r#","grantType":"urn:ietf:params:oauth:grant-type:token-exchange","requestedScopes":"shipping.read","grantedScopes":"shipping.read","authorizationServer":"aus4halden000001""#,
        });
        session.minted = Some(minted("okta", &session.kept[0], &id, "", &agent, &person.id, DELEGATED));
        self.emit(Log::Okta, &record, false)
    }

    /// A person makes an API token for a script: row 29.
    pub(super) fn make_api_token(&mut self, session: &mut Session) -> io::Result<()> {
        // The person signed in before the log begins.
        let browser = format!("102{}", self.random.base64(22).replace(['+', '/'], "_"));
        session.kept = [format!("00T{}", self.random.aws_id("")), browser, String::new()];
        let id = self.change_api_token(session, "system.api_token.create", "Create API token")?;
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        session.minted = Some(minted("okta", &session.kept[0], &id, "", &person.mail, &person.mail, MADE_KEY));
        Ok(())
    }

    /// The person takes the token back.
    pub(super) fn revoke_api_token(&mut self, session: &mut Session) -> io::Result<()> {
        let id = self.change_api_token(session, "system.api_token.revoke", "Revoke API token")?;
        revoked(session, id);
        Ok(())
    }

    /// What a person does with an API token in the browser.
    fn change_api_token(&mut self, session: &Session, kind: &str, message: &str) -> io::Result<String> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let [token, browser, _] = &session.kept;
        let Some(person) = self.company.people.get(session.who) else { return Ok(id) };
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind,
            message,
            actor: Actor { id: &person.id, kind: "User", login: &person.mail },
            ip: &person.ip,
            failure: "",
            session: browser,
            api_token: "",
            targets: &okta::target("Token", token, "group-sync"),
            debug: "",
        });
        self.emit(Log::Okta, &record, false)?;
        Ok(id)
    }

    /// The script changes who is in a group. Okta gives its calls a session of their own.
    pub(super) fn use_api_token(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time, transient) = (self.random.uuid(), self.time(3, 0.0), self.random.base64(20));
        let transient = format!("trs{}", transient.replace(['+', '/'], "_"));
        let (denied, group) = (self.random.percent(super::DENIED_PERCENT), self.random.below(30));
        let other = self.random.pick(&self.company.people);
        let members = format!(
            "{},{}",
            okta::target("User", &other.id, &other.mail),
            okta::target("UserGroup", &format!("00g{group:017}"), "unknown")
        );
        let (kind, message) = *self.random.pick(&[
            ("group.user_membership.add", "Add user to group membership"),
            ("group.user_membership.remove", "Remove user from group membership"),
        ]);
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind,
            message,
            actor: Actor { id: &person.id, kind: "User", login: &person.mail },
            ip: &session.ip,
            failure: if denied { "You do not have permission to perform the requested action" } else { "" },
            session: &transient,
            api_token: &session.kept[0],
            targets: &members,
            debug: "",
        });
        self.emit(Log::Okta, &record, denied)?;
        used(session, &id);
        self.refused(session, "okta", &id, denied)
    }

    /// A person signs in to a cluster: the cluster trusts Okta's id tokens, and names one by its `jti`: row 12.
    pub(super) fn sign_in_to_cluster(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(3, 0.0));
        let token = format!("ID.{}", self.random.base64(32).replace(['+', '/'], "_"));
        let (hash, expires) = (self.random.base64(43) + "=", self.time(3, 3_600e6));
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let targets = format!(
            "{},{}",
            okta::target("AppUser", &person.id, &person.mail),
            okta::token(
                "id_token",
                &okta::Token {
                    id: &token,
                    hash: &hash,
                    subject: &person.id,
                    scope: "openid groups",
                    actor: "",
                    expires: &expires
                }
            )
        );
        let record = okta::record(&okta::Event {
            id: &id,
            time: &time,
            kind: "app.oauth2.as.token.grant.id_token",
            message: "OIDC id token is granted",
            actor: Actor { id: "0oa00000000kubelogin", kind: "PublicClientApp", login: "kubelogin" },
            ip: &person.ip,
            failure: "",
            session: "unknown",
            api_token: "",
            targets: &targets,
            debug: r#","grantType":"authorization_code","requestedScopes":"openid,groups","grantedScopes":"openid,groups","authorizationServer":"aus4halden000001""#,
        });
        session.minted = Some(minted("okta", &token, &id, "", &person.mail, &person.id, DELEGATED));
        self.emit(Log::Okta, &record, false)
    }

    /// A call of a tool, and the call to AWS below it that both sides name by AWS's own id: row 38.
    pub(super) fn use_agent(&mut self, session: &mut Session) -> io::Result<()> {
        let (id, span, request) = (self.random.uuid(), self.random.hex(16), self.random.aws_id(""));
        let (time, begins) = (self.time(0, 0.0), (self.now_us * 1e3) as i64);
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let attributes = [
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.provider.name", "anthropic"),
            ("gen_ai.agent.id", "shipping-agent"),
            ("gen_ai.agent.name", "shipping-agent"),
            ("gen_ai.agent.mode", "autonomous"),
            ("gen_ai.conversation.id", &session.kept[1]),
            ("gen_ai.tool.name", "read_manifest"),
            ("user.id", &person.mail),
            ("token.jti", &session.kept[0]),
            ("token.iss", ISSUER),
            ("aws.request_id", &request),
            ("service.name", "shipping-agent"),
            ("service.namespace", "shipping"),
        ];
        let spans = [Span {
            trace: &session.kept[2],
            id: &span,
            parent: "",
            name: "execute_tool read_manifest",
            kind: 1,
            begins,
            ends: begins + 90_000_000,
            attributes: &attributes,
            error: "",
        }];
        let told = otel::export(&[("service.name", "shipping-agent")], &spans);
        let Some(m) = self.company.machines.get(session.who % self.company.machines.len().max(1)) else {
            return Ok(());
        };
        let call = cloudtrail::Call {
            id: &id,
            request: &request,
            time: &time,
            service: "s3.amazonaws.com",
            name: "GetObject",
            read_only: true,
            data: true,
            ip: &session.ip,
            agent: "Boto3/1.40.55 md/Botocore#1.40.55 shipping-agent/1.3",
            parameters: r#"{"bucketName":"halden-manifests","key":"today.json"}"#,
            response: "null",
            resources: r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::halden-manifests/today.json"}]"#,
            recipient: &m.account,
            error: None,
            additional: "",
        };
        let caller = Caller::User { account: &m.account, user: &m.user, user_id: &m.user_id, key: &m.key };
        let record = cloudtrail::record(&caller, &call);
        let user_id = m.user_id.clone();
        self.acts(&user_id, Acts::Itself, false, || "s3:GetObject".to_owned());
        self.emit(Log::Otel, &told, false)?;
        self.emit(Log::CloudTrail, &record, false)?;
        used(session, &span);
        Ok(())
    }
}

/// The agent that works for a person: its id at Okta.
pub(super) fn agent(session: &Session) -> String {
    format!("wlp{:017}", session.who % 400)
}
