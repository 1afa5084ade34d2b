//! Column by column, where values come from.

use crate::{Origin, origin};

const WHO: &[&str] = &[
    "/output_fields/ka.user.name",
    "/output_fields/k8s.pod.uid",
    "/output_fields/k8s.pod.name",
    "/output_fields/container.name",
    "/output_fields/container.id",
    "/output_fields/user.loginname",
    "/output_fields/user.name",
    "/output_fields/user.loginuid",
    "/output_fields/user.uid",
];

pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/uuid"]),
    origin("time", &["/time", "/output_fields/evt.time.iso8601", "/output_fields/evt.time"]),
    origin("time_raw", &["/time", "/output_fields/evt.time.iso8601", "/output_fields/evt.time"]),
    origin("authority", &["/hostname"]),
    origin("access", &["/output_fields/ka.verb", "/output_fields/evt.type"]),
    origin("severity_id", &["/priority"]),
    origin("status_id", &["/output_fields/evt.res", "/output_fields/ka.response.code"]),
    origin("status_code", &["/priority"]),
    origin("actor_principal", WHO),
    origin("actor_name", WHO),
    origin("role", &["/output_fields/user.name"]),
    origin("privileged", &["/output_fields/user.uid"]),
    origin("api_service", &["/source"]),
    origin("api_operation", &["/output_fields/ka.verb", "/output_fields/evt.type", "/rule"]),
    origin("decision_rule", &["/rule"]),
    origin("decision_policies", &["/tags"]),
    origin(
        "resources",
        &[
            "/output_fields/ka.target.name",
            "/output_fields/fd.name",
            "/output_fields/container.image.repository",
            "/output_fields/container.image",
            "/hostname",
        ],
    ),
    origin("process", &["/output_fields/proc.exepath", "/output_fields/proc.name"]),
    origin("client_app", &["/output_fields/ka.useragent", "/output_fields/proc.pname"]),
    origin("src_ip", &["/output_fields/fd.cip", "/output_fields/ka.sourceips"]),
    origin("src_port", &["/output_fields/fd.cport"]),
    origin("dst_ip", &["/output_fields/fd.sip"]),
    origin("dst_port", &["/output_fields/fd.sport"]),
    origin(
        "workload_name",
        &["/output_fields/k8s.pod.name", "/output_fields/container.name", "/output_fields/container.id"],
    ),
    origin("workload_uid", &["/output_fields/k8s.pod.uid", "/output_fields/container.id"]),
    origin("workload_namespace", &["/output_fields/k8s.ns.name", "/output_fields/ka.target.namespace"]),
    origin("workload_node", &["/hostname"]),
    origin("correlation_ids", &["/output_fields/ka.auditid", "/output_fields/container.id"]),
];
