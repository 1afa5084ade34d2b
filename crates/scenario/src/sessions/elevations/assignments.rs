//! Account assignments of IAM Identity Center, made and taken away by a broker of access.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::cloudtrail::{self, Caller};

/// What becomes of an assignment, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Made and taken away: the pair tells a broker of access.
    Pair,
    /// Made, and never taken away.
    Standing,
    Never,
    /// As a pair, and the sessions carry the name of the user alone.
    ByName,
}

const COURSES: [Course; 4] = [Course::Pair, Course::Standing, Course::ByName, Course::Never];
const INSTANCE: &str = "ssoins-72231a1b2c3d4e5f";
const ROLE: &str = "AWSReservedSSO_Operator_0a1b2c3d4e5f6071";

impl World<'_> {
    pub(super) fn assignment(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Pair);
        // The first account is the organisation's own: identities and assignments live there.
        let [home, here, elsewhere] = [0, 1 + e.number % 3, 4].map(|at| self.account(at));
        e.grant.clone_from(&e.user_id);
        e.target = format!("arn:aws:sso:::permissionSet/{INSTANCE}/ps-a1b2c3d4e5f60718");
        let outlives = |judged: Judged| Judged { credential_outlives_grant: true, ..judged };
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, Course::Never) => e.step = 2,
            (0, Course::ByName) => self.sign_in_at_portal(e, &home)?,
            (0, _) => {}
            (1, _) => {
                self.in_force(e, None);
                self.assign(e, &home, &here, "CreateAccountAssignment", "Creation")?;
            }
            (2, _) => self.take_set(e, &here)?,
            (3, Course::Never) => self.use_set(e, &home, &here, judged("NO_GRANT", ""))?,
            (3, _) => self.use_set(e, &home, &here, outlives(judged("CONSISTENT", "L3")))?,
            (4, Course::Pair | Course::Standing | Course::ByName) => {
                self.take_set(e, &elsewhere)?;
                // A name says nothing of the same name in another account.
                let verdict = match course {
                    Course::ByName => judged("NO_GRANT", ""),
                    _ => outlives(judged("OVER_SCOPE", "L3")),
                };
                self.use_set(e, &home, &elsewhere, verdict)?;
            }
            (5, Course::Pair | Course::ByName) => {
                e.ends_us = self.now_us;
                self.assign(e, &home, &here, "DeleteAccountAssignment", "Deletion")?;
            }
            (6, Course::Pair | Course::ByName) => {
                self.take_set(e, &here)?;
                self.use_set(e, &home, &here, outlives(judged("OUTSIDE_WINDOW", "L3")))?;
            }
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn assign(&mut self, e: &Elevation, home: &str, account: &str, name: &str, what: &str) -> io::Result<()> {
        let (key, since, request) = (self.random.aws_id("ASIA"), self.time(0, -60e6), self.random.uuid());
        let caller = Caller::Role {
            account: home,
            role: "access-broker",
            role_id: "AROAHALDENBROKER0001",
            session: "broker",
            key: &key,
            since: &since,
            web_identity: None,
            source_identity: None,
        };
        let parameters = format!(
            r#"{{"instanceArn":"arn:aws:sso:::instance/{INSTANCE}","permissionSetArn":"{}","principalId":"{}","principalType":"USER","targetId":"{account}","targetType":"AWS_ACCOUNT"}}"#,
            e.target, e.user_id
        );
        let response =
            format!(r#"{{"accountAssignment{what}Status":{{"status":"IN_PROGRESS","requestId":"{request}"}}}}"#);
        self.call(&caller, home, ["sso.amazonaws.com", name], &parameters, &response, "").map(drop)
    }

    /// The sign-in shows name and id of the user.
    fn sign_in_at_portal(&mut self, e: &Elevation, home: &str) -> io::Result<()> {
        let (id, time, session) = (self.random.uuid(), self.time(0, 0.0), self.random.uuid());
        let (user_id, user) = (&e.user_id, &e.user);
        let record = format!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IdentityCenterUser","accountId":"{home}","onBehalfOf":{{"userId":"{user_id}","identityStoreArn":"arn:aws:identitystore::{home}:identitystore/d-9067642ac7"}},"credentialId":"{session}"}},"eventTime":"{time}","eventSource":"signin.amazonaws.com","eventName":"CredentialVerification","awsRegion":"eu-north-1","sourceIPAddress":"203.0.113.31","userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","requestParameters":null,"responseElements":null,"additionalEventData":{{"AuthWorkflowID":"{id}","CredentialType":"TOTP","UserName":"{user}"}},"requestID":"{id}","eventID":"{id}","readOnly":false,"eventType":"AwsServiceEvent","managementEvent":true,"recipientAccountId":"{home}","eventCategory":"Management","serviceEventDetails":{{"CredentialVerification":"Success"}}}}"#
        );
        self.emit_aws(&record, false)
    }

    /// The user takes the role that the permission set is in an account.
    fn take_set(&mut self, e: &mut Elevation, account: &str) -> io::Result<()> {
        e.kept = [self.random.aws_id("ASIA"), self.time(0, 0.0), self.random.uuid(), String::new()];
        let expires = self.time(0, 3_600e6);
        let parameters = format!(
            r#"{{"sAMLAssertionID":"_{}","roleSessionName":"{}","roleArn":"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{ROLE}","principalArn":"arn:aws:iam::{account}:saml-provider/AWSSSO_0a1b2c3d4e5f6071_DO_NOT_DELETE","durationSeconds":3600}}"#,
            e.kept[2], e.user
        );
        let response = cloudtrail::keys(account, ROLE, &role_id(account), &e.user, &e.kept[0], &expires, "");
        let resources = super::super::aws::role_resource(account, ROLE);
        let caller = Caller::Saml { account, name: &e.user };
        self.call(&caller, account, ["sts.amazonaws.com", "AssumeRoleWithSAML"], &parameters, &response, &resources)
            .map(drop)
    }

    /// The session names the user of the identity store it acts for, or is called after them.
    fn use_set(&mut self, e: &mut Elevation, home: &str, account: &str, judged: Judged) -> io::Result<()> {
        let (role_id, [key, since, ..]) = (role_id(account), &e.kept);
        let behalf = match COURSES.get(e.number % COURSES.len()) {
            Some(Course::ByName) => String::new(),
            _ => format!(
                r#","onBehalfOf":{{"userId":"{}","identityStoreArn":"arn:aws:identitystore::{home}:identitystore/d-9067642ac7"}}"#,
                e.user_id
            ),
        };
        let identity = format!(
            r#"{{"type":"AssumedRole","principalId":"{role_id}:{user}","arn":"arn:aws:sts::{account}:assumed-role/{ROLE}/{user}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{role_id}","arn":"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{ROLE}","accountId":"{account}","userName":"{ROLE}"}},"attributes":{{"creationDate":"{since}","mfaAuthenticated":"false"}}}}{behalf}}}"#,
            user = e.user,
        );
        let parameters = r#"{"queryString":"HIDDEN_DUE_TO_SECURITY_REASONS","workGroup":"operators"}"#;
        let call = ["athena.amazonaws.com", "StartQueryExecution"];
        let id = self.call(&Caller::Other(&identity), account, call, parameters, "null", "")?;
        self.note_use(e, "aws", &id, judged);
        Ok(())
    }
}

/// One role an account.
fn role_id(account: &str) -> String {
    format!("AROASET0{account}")
}
