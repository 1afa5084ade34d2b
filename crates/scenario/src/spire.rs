//! Lines of a SPIRE server that logs JSON, with its audit log, after the vendor's documentation.

/// A signature of an X.509-SVID.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `request_id`.
    pub id: &'a str,
    /// RFC 3339 in seconds.
    pub time: &'a str,
    /// SPIFFE ID of the agent that asks.
    pub agent: &'a str,
    /// SPIFFE ID of the workload.
    pub workload: &'a str,
    /// Registration entry.
    pub entry: &'a str,
    /// Serial number, decimal.
    pub serial: &'a str,
    /// RFC 3339.
    pub expires: &'a str,
    /// Source address.
    pub ip: &'a str,
}

/// The line of the signature, at level `debug`.
pub fn signed(svid: &Signed<'_>) -> String {
    let Signed { id, time, agent, workload, entry, serial, expires, ip } = *svid;
    format!(
        r#"{{"authorized_as":"agent","authorized_via":"datastore","caller_addr":"{ip}:42118","caller_id":"{agent}","entry_id":"{entry}","expiration":"{expires}","level":"debug","method":"BatchNewX509SVID","msg":"Signed X509 SVID","request_id":"{id}","revision_number":0,"serial_num":"{serial}","service":"svid.v1.SVID","spiffe_id":"{workload}","subsystem_name":"api","time":"{time}"}}"#
    )
}

/// The audit line of the same call.
pub fn audited(svid: &Signed<'_>) -> String {
    let Signed { id, time, agent, workload, entry, expires, ip, .. } = *svid;
    format!(
        r#"{{"authorized_as":"agent","authorized_via":"datastore","caller_addr":"{ip}:42118","caller_id":"{agent}","entry_id":"{entry}","expires_at":"{expires}","level":"info","method":"BatchNewX509SVID","msg":"API accessed","request_id":"{id}","revision_number":"0","service":"svid.v1.SVID","spiffe_id":"{workload}","status":"success","subsystem_name":"api","time":"{time}","type":"audit"}}"#
    )
}

/// A registration entry: which workload gets which identity, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// `request_id`.
    pub request: &'a str,
    /// RFC 3339 in seconds.
    pub time: &'a str,
    /// SPIFFE ID of the administrator.
    pub by: &'a str,
    /// Id of the entry; whoever creates it may choose it.
    pub id: &'a str,
    /// SPIFFE ID of the agent.
    pub agent: &'a str,
    /// SPIFFE ID of the workload.
    pub workload: &'a str,
    /// What the workload is told by.
    pub selectors: &'a str,
    /// Seconds since 1970; 0 for no end.
    pub expires_s: i64,
    /// Source address.
    pub ip: &'a str,
}

/// The audit line of the creation of an entry.
pub fn entered(entry: &Entry<'_>) -> String {
    let Entry { request, time, by, id, agent, workload, selectors, expires_s, ip } = *entry;
    format!(
        r#"{{"admin":"false","authorized_as":"admin","authorized_via":"transport","caller_addr":"{ip}:40210","caller_id":"{by}","downstream":"false","entry_id":"{id}","expires_at":"{expires_s}","level":"info","method":"BatchCreateEntry","msg":"API accessed","parent_id":"{agent}","request_id":"{request}","revision_number":"0","selectors":"{selectors}","service":"entry.v1.Entry","spiffe_id":"{workload}","status":"success","subsystem_name":"api","time":"{time}","type":"audit","x509_svid_ttl":"3600"}}"#
    )
}
