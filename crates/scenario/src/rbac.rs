//! Kubernetes audit events about role bindings, and of people who act under them: `audit.k8s.io/v1`.

/// What every event has.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `auditID`.
    pub id: &'a str,
    /// RFC 3339 with microseconds.
    pub time: &'a str,
    /// Source address.
    pub ip: &'a str,
    /// Whether the request has only come in: the stage `RequestReceived`, else `ResponseComplete`.
    pub begun: bool,
}

/// A binding of a cluster role to a person.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Name.
    pub name: &'a str,
    /// Namespace; empty for the whole cluster.
    pub namespace: &'a str,
    /// The cluster role.
    pub role: &'a str,
    /// Name of the user.
    pub user: &'a str,
    /// When the controller takes it away, RFC 3339, as it annotates; empty for nothing.
    pub expires: &'a str,
}

impl Binding<'_> {
    fn kind(&self) -> &'static str {
        if self.namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" }
    }

    /// The reason that the server gives for a request that the binding lets pass.
    pub fn reason(&self) -> String {
        let name = match self.namespace {
            "" => self.name.to_owned(),
            namespace => format!("{}/{namespace}", self.name),
        };
        format!(
            r#"RBAC: allowed by {} \"{name}\" of ClusterRole \"{}\" to User \"{}\""#,
            self.kind(),
            self.role,
            self.user
        )
    }
}

const CONTROLLER: &str = r#"{"username":"system:serviceaccount:access:jit-controller","uid":"33333333-4444-4555-8666-777777777777","groups":["system:serviceaccounts","system:serviceaccounts:access","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=c7d8e9f0-1111-4222-8333-444455556666"]}}"#;

/// The controller makes a binding, or takes it away.
pub fn change(event: &Event<'_>, binding: &Binding<'_>, makes: bool) -> String {
    let Binding { name, namespace, role, user, expires } = *binding;
    let annotations = match expires {
        "" => "{}".to_owned(),
        at => format!(r#"{{"access.halden.example/expires-at":"{at}"}}"#),
    };
    let place = if namespace.is_empty() { String::new() } else { format!(r#","namespace":"{namespace}""#) };
    let object = format!(
        r#"{{"kind":"{}","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{{"name":"{name}"{place},"annotations":{annotations}}},"subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{user}"}}],"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{role}"}}}}"#,
        binding.kind()
    );
    let (verb, code, objects) = match makes {
        true => ("create", 201, format!(r#","requestObject":{object},"responseObject":{object}"#)),
        false => (
            "delete",
            200,
            format!(
                r#","requestObject":{{"kind":"DeleteOptions","apiVersion":"v1"}},"responseObject":{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Success","details":{{"name":"{name}","group":"rbac.authorization.k8s.io","kind":"{}s"}}}}"#,
                binding.kind().to_lowercase()
            ),
        ),
    };
    let object = Object {
        group: "rbac.authorization.k8s.io",
        resource: &format!("{}s", binding.kind().to_lowercase()),
        namespace,
        name,
    };
    let reason = r#"RBAC: allowed by ClusterRoleBinding \"jit-controller\" of ClusterRole \"jit\" to ServiceAccount \"jit-controller/access\""#;
    write(event, CONTROLLER, "jit-controller/1.2", verb, &object, code, &objects, Some(reason))
}

/// A person reads a secret: by whose leave, or not.
pub fn read_secret(event: &Event<'_>, user: &str, namespace: &str, name: &str, reason: Option<&str>) -> String {
    let user = format!(r#"{{"username":"{user}","groups":["oidc:oncall","system:authenticated"]}}"#);
    let object = Object { group: "", resource: "secrets", namespace, name };
    let code = if reason.is_some() { 200 } else { 403 };
    write(event, &user, "kubectl/v1.34.1 (linux/amd64) kubernetes/93248f9", "get", &object, code, "", reason)
}

struct Object<'a> {
    group: &'a str,
    resource: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one event, each once")]
fn write(
    event: &Event<'_>,
    user: &str,
    agent: &str,
    verb: &str,
    object: &Object<'_>,
    code: u16,
    objects: &str,
    reason: Option<&str>,
) -> String {
    let Event { id, time, ip, begun } = *event;
    let Object { group, resource, namespace, name } = *object;
    let api = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    let (path, place) = match namespace {
        "" => (String::new(), String::new()),
        namespace => (format!("/namespaces/{namespace}"), format!(r#","namespace":"{namespace}""#)),
    };
    let group = if group.is_empty() { String::new() } else { format!(r#","apiGroup":"{group}""#) };
    let level = if objects.is_empty() { "Metadata" } else { "RequestResponse" };
    let failure = match reason {
        Some(_) => String::new(),
        None => format!(
            r#","status":"Failure","message":"{resource} \"{name}\" is forbidden: User cannot {verb} resource \"{resource}\" in the namespace \"{namespace}\"","reason":"Forbidden""#
        ),
    };
    let decision = if reason.is_some() { "allow" } else { "forbid" };
    let reason = reason.unwrap_or_default();
    let answer = format!(
        r#""responseStatus":{{"metadata":{{}}{failure},"code":{code}}}{objects},"requestReceivedTimestamp":"{time}","stageTimestamp":"{time}","annotations":{{"authorization.k8s.io/decision":"{decision}","authorization.k8s.io/reason":"{reason}"}}"#
    );
    let (stage, answer) = match begun {
        true => ("RequestReceived", format!(r#""requestReceivedTimestamp":"{time}","stageTimestamp":"{time}""#)),
        false => ("ResponseComplete", answer),
    };
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"{level}","auditID":"{id}","stage":"{stage}","requestURI":"{api}{path}/{resource}/{name}","verb":"{verb}","user":{user},"sourceIPs":["{ip}"],"userAgent":"{agent}","objectRef":{{"resource":"{resource}"{place},"name":"{name}"{group},"apiVersion":"v1"}},{answer}}}"#
    )
}
