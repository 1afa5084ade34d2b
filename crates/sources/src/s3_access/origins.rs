//! Column by column, where values come from: by the names of the JSON form; a line has the same fields in order.

use crate::Origin;

const fn from(column: &'static str, pointers: &'static [&'static str]) -> Origin {
    Origin { column, pointers }
}

pub(super) const ORIGINS: &[Origin] = &[
    from("source_event_id", &["/requestid", "/request_id"]),
    from("time", &["/time", "/requestdatetime"]),
    from("time_raw", &["/time", "/requestdatetime"]),
    from("class_uid", &["/operation"]),
    from("access", &["/operation"]),
    from("status_id", &["/httpstatus", "/http_status", "/errorcode"]),
    from("status_code", &["/httpstatus", "/http_status"]),
    from("error_code", &["/errorcode", "/error_code"]),
    from("decision_effect", &["/httpstatus", "/errorcode"]),
    from("decision_rule", &["/aclrequired", "/acl_required"]),
    from("authority", &["/bucketowner", "/bucket_owner"]),
    from("tenant", &["/bucketowner", "/bucket_owner"]),
    from("actor_principal", &["/requester"]),
    from("actor_name", &["/requester"]),
    from("is_human", &["/requester"]),
    from("role", &["/requester"]),
    from("session_uri", &["/requester"]),
    from("initiator_principal", &["/requester"]),
    from("chain", &["/requester"]),
    from("workload_uid", &["/requester"]),
    from("credential_native_id", &["/requesturi", "/request_uri"]),
    from("api_operation", &["/operation"]),
    from("api_request_id", &["/requestid", "/request_id"]),
    from("correlation_ids", &["/requestid", "/hostid", "/request_id", "/host_id"]),
    from("resources", &["/key", "/bucket", "/accesspointarn", "/bucket_name", "/access_point_arn"]),
    from("src_ip", &["/remoteip", "/remote_ip"]),
    from("user_agent", &["/useragent", "/user_agent"]),
    from("dst_host", &["/hostheader", "/endpoint"]),
    from("dst_network", &["/tlsversion", "/tlsVersion", "/tls_version"]),
    from("authn_method", &["/authenticationtype", "/authtype"]),
    from("authn_protocol", &["/signatureversion", "/sigv"]),
    from("duration_ms", &["/totaltime", "/total_time"]),
    from("data_bytes_in", &["/objectsize", "/object_size"]),
    from("data_bytes_out", &["/bytessent", "/bytes_sent"]),
];
