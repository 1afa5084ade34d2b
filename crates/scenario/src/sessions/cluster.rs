//! Pods and their clusters.

use std::io;

use super::listing::Acts;
use super::{DENIED_PERCENT, Kind, Session, TOKEN, World, minted, used};
use crate::kubernetes::{self, User};
use crate::sink::{Log, Truth};
use crate::truth::Acted;

impl World<'_> {
    /// The kubelet asks for a bound token: identity.md 4, row 10.
    pub(super) fn mint_pod_token(&mut self, session: &mut Session) -> io::Result<()> {
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

    pub(super) fn use_cluster(&mut self, session: &mut Session) -> io::Result<()> {
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
        let (cluster, uid) = (w.cluster, w.uid.clone());
        self.acts(&uid, Acts::Itself, denied, || format!("{verb} {resource}"));
        self.emit(Log::Kubernetes(cluster), &record, denied)?;
        used(session, &id);
        self.refused(session, "k8s", &id, denied)
    }

    /// The person reads and deletes as a service account: row 14. The server logs both, once it has allowed that.
    pub(super) fn act_as(&mut self, session: &mut Session) -> io::Result<()> {
        const CALLS: [(&str, &str); 4] =
            [("get", "secrets"), ("list", "pods"), ("delete", "configmaps"), ("get", "configmaps")];
        let id = self.random.uuid();
        let (received, done) = (self.time(6, 0.0), self.time(6, 3_100.0));
        let (verb, resource) = *self.random.pick(&CALLS);
        let denied = self.random.percent(DENIED_PERCENT);
        let name = if verb == "list" { String::new() } else { format!("{resource}-{}", self.random.below(400)) };
        let Some(person) = self.company.people.get(session.who) else { return Ok(()) };
        let workloads = &self.company.workloads;
        let Some(w) = workloads.get(session.who % workloads.len().max(1)) else { return Ok(()) };
        let jti = session.minted.as_ref().map_or("", |minted| &minted.credential);
        let user = User::Impersonator { name: &person.mail, jti, namespace: w.namespace, account: &w.name };
        let call = kubernetes::Call {
            id: &id,
            received: &received,
            done: &done,
            verb,
            group: "",
            resource,
            subresource: "",
            namespace: w.namespace,
            name: &name,
            ip: &person.ip,
            agent: "kubectl/v1.34.1 (linux/amd64) kubernetes/93248f9",
            code: if denied { 403 } else { 200 },
            binding: if denied { "" } else { &w.name },
            annotations: "",
            objects: "",
        };
        let record = kubernetes::record(&user, &call);
        let (actor, subject) = (person.mail.clone(), format!("{}/{}", w.namespace, w.name));
        let (cluster, uid) = (w.cluster, w.uid.clone());
        self.acts(&uid, Acts::Through, denied, || format!("{verb} {resource}"));
        self.emit(Log::Kubernetes(cluster), &record, denied)?;
        self.sink.truth(Truth::Acted, &Acted { platform: "k8s", record: &id, actor: &actor, subject: &subject })?;
        used(session, &id);
        self.refused(session, "k8s", &id, denied)
    }
}
