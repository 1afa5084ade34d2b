//! Where the columns come from: parts of the header and names of CEF, LEEF and structured data, written like pointers.

use crate::{Origin, origin};

/// The preferred part first.
pub(super) static ORIGINS: &[Origin] = &[
    origin("source_event_id", &["/externalId", "/sequenceId"]),
    origin("time", &["/TIMESTAMP"]),
    origin("time_raw", &["/TIMESTAMP"]),
    origin("authority", &["/HOSTNAME"]),
    origin("severity_id", &["/Severity", "/sev", "/PRI"]),
    origin("status_id", &["/outcome", "/result", "/act", "/action", "/MSG"]),
    origin("status_code", &["/DeviceEventClassID", "/EventID"]),
    origin("actor_principal", &["/MSG", "/suser", "/usrName", "/suid", "/user", "/APP-NAME", "/HOSTNAME"]),
    origin("actor_name", &["/MSG", "/suser", "/usrName", "/suid", "/user", "/APP-NAME", "/HOSTNAME"]),
    origin("subject_principal", &["/MSG"]),
    origin("role", &["/spriv", "/role"]),
    origin("api_service", &["/DeviceVendor", "/DeviceProduct", "/APP-NAME"]),
    origin("api_operation", &["/MSG", "/Name", "/EventID", "/MSGID", "/APP-NAME"]),
    origin("resources", &["/request", "/filePath", "/fname", "/resource", "/duser", "/MSG", "/dvchost", "/HOSTNAME"]),
    origin("src_ip", &["/src", "/MSG"]),
    origin("src_host", &["/shost", "/identHostName"]),
    origin("src_port", &["/spt", "/srcPort", "/MSG"]),
    origin("dst_ip", &["/dst"]),
    origin("dst_host", &["/dhost"]),
    origin("dst_port", &["/dpt", "/dstPort"]),
    origin("user_agent", &["/requestClientApplication"]),
    origin("authn_method", &["/MSG"]),
    origin("error_message", &["/reason"]),
    origin("process", &["/PROCID"]),
    origin("workload_name", &["/APP-NAME"]),
    origin("workload_node", &["/HOSTNAME"]),
];
