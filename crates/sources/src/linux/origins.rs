//! Where the columns come from: parts of a line of syslog, names of an audit record, fields of the journal, written like
//! pointers.

use crate::{Origin, origin};

/// The preferred part first.
pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/__CURSOR", "/msg"]),
    origin("time", &["/_SOURCE_REALTIME_TIMESTAMP", "/__REALTIME_TIMESTAMP", "/TIMESTAMP", "/msg"]),
    origin("time_raw", &["/_SOURCE_REALTIME_TIMESTAMP", "/__REALTIME_TIMESTAMP", "/TIMESTAMP", "/msg"]),
    origin("authority", &["/node", "/_HOSTNAME", "/HOSTNAME"]),
    origin("class_uid", &["/type", "/_AUDIT_TYPE_NAME", "/MESSAGE", "/MSG"]),
    origin("activity_id", &["/type", "/_AUDIT_TYPE_NAME", "/MESSAGE", "/MSG", "/op", "/nametype"]),
    origin("access", &["/type", "/_AUDIT_TYPE_NAME", "/MESSAGE", "/MSG"]),
    origin("status_id", &["/res", "/success", "/MESSAGE", "/MSG"]),
    origin("status_code", &["/res", "/success"]),
    origin("error_code", &["/exit"]),
    origin("error_message", &["/op", "/reason", "/MESSAGE", "/MSG"]),
    origin("actor_principal", &["/auid", "/acct", "/id", "/uid", "/MESSAGE", "/MSG", "/_UID"]),
    origin("actor_name", &["/AUID", "/auid", "/acct", "/id", "/uid", "/MESSAGE", "/MSG", "/_UID"]),
    origin("subject_principal", &["/acct", "/euid", "/uid", "/MESSAGE", "/MSG"]),
    origin("session_uri", &["/ses", "/_SYSTEMD_SESSION", "/_AUDIT_SESSION", "/MESSAGE", "/MSG"]),
    origin("credential_native_id", &["/MESSAGE", "/MSG"]),
    origin("credential_fingerprint", &["/MESSAGE", "/MSG"]),
    origin("credential_issuer", &["/MESSAGE", "/MSG"]),
    origin("issued_credential_native_id", &["/MESSAGE", "/MSG"]),
    origin("credential_changes", &["/MESSAGE", "/MSG"]),
    origin("aliases", &["/acct", "/AUID", "/auid", "/MESSAGE", "/MSG"]),
    origin("authn_method", &["/grantors", "/MESSAGE", "/MSG"]),
    origin("decision_policies", &["/key"]),
    origin("decision_reason", &["/MESSAGE", "/MSG"]),
    origin("api_service", &["/SYSLOG_IDENTIFIER", "/_COMM", "/APP-NAME"]),
    origin("api_operation", &["/type", "/_AUDIT_TYPE_NAME", "/MESSAGE", "/MSG"]),
    origin("resources", &["/cmd", "/a0", "/path", "/name", "/exe", "/cwd", "/unit", "/acct", "/MESSAGE", "/MSG"]),
    origin("src_ip", &["/addr", "/MESSAGE", "/MSG"]),
    origin("src_port", &["/MESSAGE", "/MSG"]),
    origin("src_host", &["/hostname", "/MESSAGE", "/MSG"]),
    origin("client_app", &["/terminal", "/tty", "/MESSAGE", "/MSG"]),
    origin("process", &["/pid", "/_PID", "/SYSLOG_PID", "/PROCID"]),
    origin("workload_name", &["/comm", "/exe", "/SYSLOG_IDENTIFIER", "/APP-NAME"]),
    origin("workload_node", &["/node", "/_HOSTNAME", "/HOSTNAME"]),
    origin("correlation_ids", &["/msg", "/_AUDIT_ID", "/PROCID", "/MESSAGE", "/MSG"]),
];
