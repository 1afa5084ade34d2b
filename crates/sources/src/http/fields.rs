//! JSON access logs, brought to one form. Which keys there are, the owner of a server decides; these are the names of the
//! servers' own variables and those of their documentation.

use std::borrow::Cow;

use crate::Probe;
use crate::field::Text;
use crate::json::Document;
use crate::time::Parsed;

/// One call, whatever wrote it down.
#[derive(Default)]
pub(super) struct Call<'a> {
    /// What wrote it.
    pub(super) form: Option<&'static str>,
    pub(super) time: Text<'a>,
    pub(super) parsed_time: Option<Parsed>,
    pub(super) event_id: Text<'a>,
    pub(super) request_id: Text<'a>,
    pub(super) more_ids: [Text<'a>; 2],
    pub(super) trace_id: Text<'a>,
    pub(super) session: Text<'a>,
    pub(super) client: Text<'a>,
    pub(super) client_port: Option<u16>,
    /// What the server is called by whoever set it up.
    pub(super) server: Text<'a>,
    /// The host that the client asked for.
    pub(super) host: Text<'a>,
    pub(super) method: Text<'a>,
    pub(super) target: Text<'a>,
    pub(super) status: Text<'a>,
    pub(super) why: Text<'a>,
    pub(super) user_agent: Text<'a>,
    pub(super) bytes_in: Option<i64>,
    pub(super) bytes_out: Option<i64>,
    pub(super) duration_ms: Option<i64>,
    pub(super) upstream: Text<'a>,
    pub(super) parts: Vec<(&'static str, Cow<'a, str>)>,
    pub(super) account: Text<'a>,
    pub(super) truncated: bool,
    pub(super) redacted: bool,

    /// The name that the client gave with its password, checked or not.
    pub(super) user: Text<'a>,
    /// The SPIFFE ID in the certificate that the proxy checked.
    pub(super) peer_id: Text<'a>,
    pub(super) peer_serial: Text<'a>,
    pub(super) peer_subject: Text<'a>,
    pub(super) peer_issuer: Text<'a>,
    pub(super) peer_fingerprint: Text<'a>,
    /// The SPIFFE ID of the proxy itself.
    pub(super) own_id: Text<'a>,
    pub(super) xfcc: Text<'a>,
    pub(super) consumer: Text<'a>,
    pub(super) consumer_name: Text<'a>,
    pub(super) consumer_credential: Text<'a>,
    pub(super) arn: Text<'a>,
    pub(super) access_key: Text<'a>,
    pub(super) api_key: Text<'a>,
    pub(super) issuer: Text<'a>,
    pub(super) subject: Text<'a>,
    pub(super) client_id: Text<'a>,
    pub(super) token_id: Text<'a>,
    pub(super) authorizer: Text<'a>,
}

impl<'a> Call<'a> {
    /// Takes the first line of a request apart; one that is none stays as what was asked for.
    pub(super) fn request(&mut self, line: Cow<'a, str>) {
        if line.is_empty() || line == "-" {
            return;
        }
        let parts = line.split_once(' ').and_then(|(method, rest)| {
            let is_method =
                !method.is_empty() && method.len() <= 20 && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            let target = rest
                .rsplit_once(' ')
                .filter(|(_, version)| version.starts_with("HTTP/"))
                .map_or(rest, |(target, _)| target);
            is_method.then(|| (method.len(), method.len() + 1, method.len() + 1 + target.len()))
        });
        let Some((method, from, until)) = parts else { return };
        match line {
            Cow::Borrowed(line) => {
                self.method = line.get(..method).map(Cow::Borrowed);
                self.target = line.get(from..until).map(Cow::Borrowed);
            }
            Cow::Owned(line) => {
                self.method = line.get(..method).map(|text| Cow::Owned(text.to_owned()));
                self.target = line.get(from..until).map(|text| Cow::Owned(text.to_owned()));
            }
        }
    }
}

/// Whose JSON it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Nginx,
    Envoy,
    Kong,
    ApiGateway,
    AzureGateway,
}

pub(super) fn recognise(probe: &Probe<'_>) -> Option<Form> {
    let has = |keys: &[&str]| keys.iter().all(|key| probe.has(key));
    let any = |keys: &[&str]| keys.iter().any(|key| probe.has(key));
    if !any(&["status", "response_code", "latencies", "requestContext", "category"]) {
        return None;
    }
    if has(&["response_code", "start_time"]) && any(&["method", "path", "response_flags", "downstream_remote_address"])
    {
        return Some(Form::Envoy);
    }
    if has(&["request", "response", "client_ip", "started_at"]) || has(&["request", "latencies", "client_ip"]) {
        return Some(Form::Kong);
    }
    if probe.text("category") == Some("ApplicationGatewayAccessLog") {
        return Some(Form::AzureGateway);
    }
    if let Some(context) = probe.raw("requestContext") {
        let inside = Probe::new(context);
        let is_gateway = inside.has("requestId") && (inside.has("identity") || inside.has("http"));
        return is_gateway.then_some(Form::ApiGateway);
    }
    if has(&["requestId", "status"])
        && any(&["httpMethod", "routeKey", "resourcePath"])
        && any(&["ip", "sourceIp", "requestTime", "requestTimeEpoch"])
    {
        return Some(Form::ApiGateway);
    }
    let of_nginx = has(&["remote_addr", "status"]) && any(&["request", "request_uri", "uri", "request_method"]);
    of_nginx.then_some(Form::Nginx)
}

pub(super) fn read<'a>(record: &Document<'a>, form: Form) -> Call<'a> {
    match form {
        Form::Nginx => nginx(record),
        Form::Envoy => envoy(record),
        Form::Kong => kong(record),
        Form::ApiGateway => api_gateway(record),
        Form::AzureGateway => azure_gateway(record),
    }
}

/// A value that says something; proxies write a dash for nothing.
fn said<'a>(record: &Document<'a>, pointers: &[&str]) -> Text<'a> {
    pointers.iter().find_map(|pointer| record.get(pointer).filter(|text| text != "-"))
}

fn number(record: &Document<'_>, pointers: &[&str]) -> Option<i64> {
    said(record, pointers)?.parse().ok()
}

/// Seconds with a fraction as milliseconds.
fn seconds(text: Text<'_>) -> Option<i64> {
    let (whole, fraction) = text.as_deref()?.split_once('.').unwrap_or((text.as_deref()?, ""));
    let mut millis = fraction.to_owned();
    millis.truncate(3);
    let millis: i64 = format!("{millis:0<3}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(millis)
}

/// Names of the variables of nginx, as keys.
fn nginx<'a>(record: &Document<'a>) -> Call<'a> {
    let said = |pointers: &[&str]| said(record, pointers);
    let verified = said(&["/ssl_client_verify"]).as_deref() == Some("SUCCESS");
    let of_peer = |pointers: &[&str]| said(pointers).filter(|_| verified);
    let time = said(&["/msec", "/time_iso8601", "/time_local", "/timestamp", "/@timestamp", "/time"]);
    let mut call = Call {
        form: Some("nginx"),
        parsed_time: time.as_deref().and_then(super::line::when),
        time,
        request_id: said(&["/request_id", "/http_x_request_id", "/x_request_id"]),
        event_id: said(&["/request_id"]),
        client: said(&["/remote_addr"]),
        client_port: said(&["/remote_port"]).and_then(|port| port.parse().ok()),
        server: said(&["/server_name"]),
        host: said(&["/host", "/http_host", "/server_name"]),
        status: said(&["/status"]),
        user_agent: said(&["/http_user_agent", "/user_agent"]),
        bytes_in: number(record, &["/request_length"]),
        bytes_out: number(record, &["/bytes_sent", "/body_bytes_sent"]),
        duration_ms: seconds(said(&["/request_time"])),
        upstream: said(&["/upstream_addr"]),
        user: said(&["/remote_user"]),
        peer_serial: of_peer(&["/ssl_client_serial"]),
        peer_subject: of_peer(&["/ssl_client_s_dn"]),
        peer_issuer: of_peer(&["/ssl_client_i_dn"]),
        peer_fingerprint: of_peer(&["/ssl_client_fingerprint"]),
        trace_id: said(&["/trace_id", "/otel_trace_id"]),
        ..Call::default()
    };
    if let Some(line) = said(&["/request"]) {
        call.request(line);
    }
    call.method = said(&["/request_method", "/method"]).or(call.method);
    call.target = said(&["/request_uri", "/uri"]).or(call.target);
    call
}

/// Names of Envoy's default JSON and of Istio's, and of operators that people add.
fn envoy<'a>(record: &Document<'a>) -> Call<'a> {
    let said = |pointers: &[&str]| said(record, pointers);
    let request = said(&["/x_request_id", "/request_id", "/X-REQUEST-ID"]);
    let trace = said(&["/traceparent", "/trace_id"]);
    let trace = trace.map(|text| match text.split('-').nth(1).map(str::to_owned) {
        Some(id) if id.len() == 32 => Cow::Owned(id),
        _ => text,
    });
    let mut parts = Vec::new();
    parts.extend(said(&["/route_name"]).map(|name| ("route", name)));
    parts.extend(said(&["/upstream_cluster", "/upstream_cluster_raw"]).map(|name| ("cluster", name)));
    Call {
        form: Some("envoy"),
        time: said(&["/start_time"]),
        event_id: request.clone(),
        request_id: request,
        trace_id: trace,
        client: said(&["/downstream_remote_address", "/downstream_direct_remote_address"]),
        host: said(&["/authority", "/:authority", "/requested_server_name"]),
        method: said(&["/method"]),
        target: said(&["/path", "/x_envoy_original_path"]),
        status: said(&["/response_code"]),
        why: said(&["/response_code_details", "/response_flags", "/upstream_transport_failure_reason"]),
        user_agent: said(&["/user_agent"]),
        bytes_in: number(record, &["/bytes_received"]),
        bytes_out: number(record, &["/bytes_sent"]),
        duration_ms: number(record, &["/duration"]),
        upstream: said(&["/upstream_host"]),
        parts,
        peer_id: said(&["/downstream_peer_uri_san"]),
        peer_serial: said(&["/downstream_peer_serial"]),
        peer_subject: said(&["/downstream_peer_subject"]),
        peer_issuer: said(&["/downstream_peer_issuer"]),
        peer_fingerprint: said(&["/downstream_peer_fingerprint_256"]),
        own_id: said(&["/downstream_local_uri_san"]),
        xfcc: said(&["/x_forwarded_client_cert", "/xfcc", "/forwarded_client_cert", "/x-forwarded-client-cert"]),
        ..Call::default()
    }
}

/// The record of Kong's log plugins.
fn kong<'a>(record: &Document<'a>) -> Call<'a> {
    let said = |pointers: &[&str]| said(record, pointers);
    let mut parts = Vec::new();
    parts.extend(said(&["/service/name", "/service/id"]).map(|name| ("service", name)));
    parts.extend(said(&["/route/name", "/route/id"]).map(|name| ("route", name)));
    let request = said(&["/request/id", "/request/headers/x-request-id", "/request/headers/x-kong-request-id"]);
    Call {
        form: Some("kong"),
        time: said(&["/started_at"]),
        event_id: request.clone(),
        request_id: request,
        client: said(&["/client_ip"]),
        server: said(&["/workspace_name"]),
        host: said(&["/request/headers/host"]),
        method: said(&["/request/method"]),
        target: said(&["/request/uri", "/upstream_uri"]),
        status: said(&["/response/status"]),
        user_agent: said(&["/request/headers/user-agent"]),
        bytes_in: number(record, &["/request/size"]),
        bytes_out: number(record, &["/response/size"]),
        duration_ms: number(record, &["/latencies/request"]),
        upstream: said(&["/tries/0/ip"]),
        parts,
        peer_serial: said(&["/request/tls/client_serial"]),
        consumer: said(&["/consumer/id", "/authenticated_entity/consumer_id"]),
        consumer_name: said(&["/consumer/username", "/consumer/custom_id"]),
        consumer_credential: said(&["/authenticated_entity/id"]),
        ..Call::default()
    }
}

/// The variables of API Gateway's context, flat as its documentation lists them or nested as functions get them.
fn api_gateway<'a>(record: &Document<'a>) -> Call<'a> {
    let nested = record.has("/requestContext");
    let of = |names: &[&str]| {
        names.iter().find_map(|name| {
            let pointer = if nested { format!("/requestContext{name}") } else { (*name).to_owned() };
            said(record, &[&pointer])
        })
    };
    let time = of(&["/requestTimeEpoch", "/timeEpoch", "/requestTime", "/time"]);
    let mut parts = Vec::new();
    let api = of(&["/apiId"]);
    parts.extend(api.clone().map(|name| ("api", name)));
    parts.extend(of(&["/routeKey", "/resourcePath"]).map(|name| ("route", name)));
    let mut call = Call {
        form: Some("api-gateway"),
        parsed_time: time.as_deref().and_then(super::line::when),
        time,
        event_id: of(&["/extendedRequestId", "/requestId"]),
        request_id: of(&["/requestId"]),
        more_ids: [of(&["/extendedRequestId"]), of(&["/xrayTraceId"])],
        client: of(&["/identity/sourceIp", "/http/sourceIp", "/ip", "/sourceIp"]),
        server: of(&["/domainName"]).or_else(|| api.clone()),
        host: of(&["/domainName"]),
        method: of(&["/httpMethod", "/http/method"]),
        target: of(&["/path", "/http/path", "/resourcePath"]),
        status: of(&["/status"]).or_else(|| said(record, &["/status"])),
        why: of(&["/error/message", "/errorMessage", "/authorizer/error", "/authorizerError"]),
        user_agent: of(&["/identity/userAgent", "/http/userAgent", "/userAgent"]),
        bytes_out: of(&["/responseLength"]).and_then(|text| text.parse().ok()),
        duration_ms: of(&["/responseLatency"]).and_then(|text| text.parse().ok()),
        parts,
        account: of(&["/accountId", "/identity/accountId"]),
        arn: of(&["/identity/userArn", "/userArn", "/authorizer/iam/userArn"]),
        access_key: of(&["/identity/accessKey", "/accessKey", "/authorizer/iam/accessKey"]),
        api_key: of(&["/identity/apiKeyId", "/apiKeyId"]),
        peer_subject: of(&["/identity/clientCert/subjectDN", "/authentication/clientCert/subjectDN"]),
        peer_issuer: of(&["/identity/clientCert/issuerDN", "/authentication/clientCert/issuerDN"]),
        peer_serial: of(&["/identity/clientCert/serialNumber", "/authentication/clientCert/serialNumber"]),
        issuer: of(&["/authorizer/claims/iss", "/authorizer/jwt/claims/iss"]),
        subject: of(&["/authorizer/claims/sub", "/authorizer/jwt/claims/sub"]),
        client_id: of(&[
            "/authorizer/claims/client_id",
            "/authorizer/jwt/claims/client_id",
            "/authorizer/jwt/claims/azp",
        ]),
        token_id: of(&["/authorizer/claims/jti", "/authorizer/jwt/claims/jti"]),
        authorizer: of(&["/authorizer/principalId", "/authorizerPrincipalId"]),
        user: of(&["/identity/user", "/user"]),
        ..Call::default()
    };
    call.trace_id = call.more_ids.last().cloned().flatten();
    call
}

/// The access log of Azure Application Gateway.
fn azure_gateway<'a>(record: &Document<'a>) -> Call<'a> {
    let said = |pointers: &[&str]| said(record, pointers);
    let mut parts = Vec::new();
    parts.extend(said(&["/resourceId"]).map(|name| ("gateway", name)));
    parts.extend(said(&["/ruleName"]).map(|name| ("rule", name)));
    parts.extend(said(&["/backendPoolName"]).map(|name| ("backend", name)));
    let verified = said(&["/properties/sslClientVerify"]).as_deref() == Some("SUCCESS");
    let id = said(&["/resourceId"]);
    let gateway = id.as_deref().and_then(|id| id.rsplit('/').next()).map(|name| Cow::Owned(name.to_ascii_lowercase()));
    let subscription =
        said(&["/resourceId"]).and_then(|id| id.split('/').nth(2).map(|id| Cow::Owned(id.to_ascii_lowercase())));
    Call {
        form: Some("azure-application-gateway"),
        time: said(&["/timeStamp", "/time"]),
        event_id: said(&["/properties/transactionId"]),
        request_id: said(&["/properties/transactionId"]),
        client: said(&["/properties/clientIP"]),
        client_port: said(&["/properties/clientPort"]).and_then(|port| port.parse().ok()),
        server: gateway,
        host: said(&["/properties/originalHost", "/properties/host"]),
        method: said(&["/properties/httpMethod"]),
        target: said(&["/properties/originalRequestUriWithArgs", "/properties/requestUri"]),
        status: said(&["/properties/httpStatus"]),
        why: said(&["/properties/error_info"]),
        user_agent: said(&["/properties/userAgent"]),
        bytes_in: number(record, &["/properties/receivedBytes"]),
        bytes_out: number(record, &["/properties/sentBytes"]),
        duration_ms: seconds(said(&["/properties/timeTaken"])),
        upstream: said(&["/properties/serverRouted"]),
        parts,
        account: subscription,
        peer_issuer: said(&["/properties/sslClientCertificateIssuerName"]).filter(|_| verified),
        peer_fingerprint: said(&["/properties/sslClientCertificateFingerprint"]).filter(|_| verified),
        ..Call::default()
    }
}
