//! Privileged Access Manager of Google Cloud, after the vendor's `Grant` and its audit log reference.

use crate::gcp;

/// What every entry of one grant has.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// `insertId`.
    pub id: &'a str,
    /// RFC 3339 with nanoseconds.
    pub time: &'a str,
    /// Who calls; empty for the service itself.
    pub caller: &'a str,
    /// Source address.
    pub ip: &'a str,
}

/// A grant.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// Project.
    pub project: &'a str,
    /// Number of the project, by which system events name it.
    pub number: u64,
    /// Name of the entitlement.
    pub entitlement: &'a str,
    /// Its own id.
    pub id: &'a str,
    /// Who asks and receives.
    pub requester: &'a str,
    /// The role.
    pub role: &'a str,
    /// Seconds.
    pub duration_s: u64,
}

impl Grant<'_> {
    fn parent(&self) -> String {
        format!("projects/{}/locations/global/entitlements/{}", self.project, self.entitlement)
    }

    fn name(&self) -> String {
        format!("{}/grants/{}", self.parent(), self.id)
    }

    /// The resource, as the API shows it: of a deletion or an answer.
    fn json(&self, state: &str) -> String {
        let Grant { project, requester, role, duration_s, .. } = self;
        format!(
            r#"{{"@type":"type.googleapis.com/google.cloud.privilegedaccessmanager.v1.Grant","name":"{}","requester":"{requester}","requestedDuration":"{duration_s}s","justification":{{"unstructuredJustification":"queue is stuck"}},"state":"{state}","privilegedAccess":{{"gcpIamAccess":{{"resource":"//cloudresourcemanager.googleapis.com/projects/{project}","resourceType":"cloudresourcemanager.googleapis.com/Project","roleBindings":[{{"role":"{role}"}}]}}}}}}"#,
            self.name()
        )
    }
}

/// A call about a grant: `CreateGrant`, `ApproveGrant`, `DenyGrant`, `RevokeGrant`; the grant is in `state` then.
pub fn call(step: &Step<'_>, grant: &Grant<'_>, verb: &str, state: &str) -> String {
    let (parent, name) = (grant.parent(), grant.name());
    let kind = "type.googleapis.com/google.cloud.privilegedaccessmanager.v1";
    let (resource, request) = match verb {
        "CreateGrant" => (
            &parent,
            format!(
                r#""parent":"{parent}","grant":{{"requestedDuration":"{}s","justification":{{"unstructuredJustification":"queue is stuck"}}}}"#,
                grant.duration_s
            ),
        ),
        _ => (&name, format!(r#""name":"{name}","reason":"seen with oncall""#)),
    };
    let members =
        format!(r#","request":{{"@type":"{kind}.{verb}Request",{request}}},"response":{}"#, grant.json(state));
    let permission = format!("privilegedaccessmanager.grants.{}", verb.trim_end_matches("Grant").to_lowercase());
    gcp::record(&gcp::Entry {
        id: step.id,
        time: step.time,
        project: grant.project,
        log: "activity",
        service: "privilegedaccessmanager.googleapis.com",
        method: &format!("google.cloud.privilegedaccessmanager.v1.PrivilegedAccessManager.{verb}"),
        resource,
        who: &gcp::principal(step.caller),
        permission: &permission,
        ip: step.ip,
        denied: "",
        members: &members,
        account: None,
    })
}

/// A system event about a grant, `PAMActivateGrant` or `PAMEndGrant`: no principal, and neither who
/// benefits nor for how long.
pub fn event(step: &Step<'_>, grant: &Grant<'_>, method: &str, state: &str) -> String {
    let name = grant.name();
    let numbered = name.replacen(grant.project, &grant.number.to_string(), 1);
    let members = format!(
        r#","metadata":{{"@type":"type.googleapis.com/google.cloud.privilegedaccessmanager.v1.Grant","name":"{name}","state":"{state}"}}"#
    );
    gcp::record(&gcp::Entry {
        id: step.id,
        time: step.time,
        project: grant.project,
        log: "system_event",
        service: "privilegedaccessmanager.googleapis.com",
        method,
        resource: &numbered,
        who: "{}",
        permission: "",
        ip: "private",
        denied: "",
        members: &members,
        account: None,
    })
}

/// The change of the project's policy by the service agent, to or from a binding that ends by itself.
pub fn binding(step: &Step<'_>, grant: &Grant<'_>, action: &str, ends: &str) -> String {
    let Grant { project, number, requester, role, .. } = *grant;
    let members = format!(
        r#","serviceData":{{"@type":"type.googleapis.com/google.iam.v1.logging.AuditData","policyDelta":{{"bindingDeltas":[{{"action":"{action}","role":"{role}","member":"user:{requester}","condition":{{"title":"Created by: PAM","expression":"request.time < timestamp(\"{ends}\")"}}}}]}}}}"#
    );
    gcp::record(&gcp::Entry {
        id: step.id,
        time: step.time,
        project,
        log: "activity",
        service: "cloudresourcemanager.googleapis.com",
        method: "SetIamPolicy",
        resource: &format!("projects/{project}"),
        who: &gcp::principal(&format!("service-{number}@gcp-sa-pam.iam.gserviceaccount.com")),
        permission: "resourcemanager.projects.setIamPolicy",
        ip: "private",
        denied: "",
        members: &members,
        account: None,
    })
}
