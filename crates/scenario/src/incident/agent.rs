//! People, the agent and its identity: Okta, Teleport, OpenTelemetry, SPIRE.

use super::{
    ALICE, ALICE_ID, CHEN, Clock, IP, NOVEMBER, OCTOBER, POD, POD_UID, REASON, REQUEST, ROOT, RUN, SPIFFE, TRACE, Told,
    hms,
};
use crate::okta::{self, Actor};
use crate::otel::{self, Span};
use crate::sink::Log;
use crate::spire;
use crate::teleport::{self, Request};

const OFFICE: &str = "203.0.113.24";
const SESSION: &str = "102lIcEb3rGsE551oN417";
const CLIENT: &str = "wlpb1ll1ngAgent00417";
/// The token that the agent carries for alice: its id, its issuer and its SHA-256 in base64.
const TOKEN: &str = "AT.b1ll1ngAgent4lic3OPS2291.oar417";
const ISSUER: &str = "https://halden.okta.com/oauth2/aus4halden000417";
const TOKEN_HASH: &str = "q1Xf0s7b8mH2kZy3VnLwT5uRjC9dE6aGpQ4oIiBxYzA=";

/// The registration entry that the approval made, named after the request.
const ENTRY: &str = "JIT-417";
const NODE_AGENT: &str = "spiffe://prod.example/spire/agent/k8s_psat/prod-north/7e0f";
/// Serial number of the workload's certificate, decimal, and its hexadecimal form with colons.
pub(super) const SERIAL: &str = "197341650824619370417";
const SVID_ENDS: i64 = hms(11, 2, 11);

pub(super) fn story(clock: Clock) -> Vec<Told> {
    let mut story = sign_in(clock);
    story.extend(request(clock));
    story.extend(run(clock));
    story.extend(svid(clock));
    story
}

fn sign_in(clock: Clock) -> Vec<Told> {
    let alice = Actor { id: ALICE_ID, kind: "User", login: ALICE };
    let event = |id, time, kind, message, actor, targets, debug, session, ip| {
        okta::record(&okta::Event {
            id,
            time,
            kind,
            message,
            actor,
            ip,
            failure: "",
            session,
            api_token: "",
            targets,
            debug,
        })
    };
    let (signed_in, granted) = (hms(9, 12, 4), hms(9, 30, 5));
    let (at, later) = (clock.at(signed_in, 3), clock.at(granted, 3));
    let start = event(
        "6f0d2a10-9c1b-11f0-8d6c-417000000001",
        &at,
        "user.session.start",
        "User login to Okta",
        alice,
        "",
        "",
        SESSION,
        OFFICE,
    );
    let expires = clock.at(granted + 5_400, 3);
    let token = okta::token(
        "access_token",
        &okta::Token {
            id: TOKEN,
            hash: TOKEN_HASH,
            subject: ALICE_ID,
            scope: "payroll.export",
            actor: CLIENT,
            expires: &expires,
        },
    );
    let targets = format!("{},{token}", okta::target("AppUser", ALICE_ID, ALICE));
    let debug = r#","grantType":"urn:ietf:params:oauth:grant-type:token-exchange","requestedScopes":"payroll.export","grantedScopes":"payroll.export","authorizationServer":"aus4halden000417""#;
    let grant = event(
        "6f0d2a10-9c1b-11f0-8d6c-417000000002",
        &later,
        "app.oauth2.as.token.grant.access_token",
        "OAuth2 access token is granted",
        Actor { id: CLIENT, kind: "WorkloadIdentityPrincipal", login: "billing-agent@aiagents.okta.com" },
        &targets,
        debug,
        SESSION,
        IP,
    );
    vec![Told::new(Log::Okta, signed_in, start), Told::new(Log::Okta, granted, grant)]
}

fn request(clock: Clock) -> Vec<Told> {
    let ends = clock.at(hms(10, 30, 0), 3);
    let request = Request { id: REQUEST, user: ALICE, role: "payroll-export", reason: REASON, ends: &ends };
    let event = |second, id, kind, code, members: &str| {
        let time = clock.at(second, 3);
        Told::new(Log::Teleport, second, teleport::record(&teleport::Event { id, time: &time, kind, code, members }))
    };
    let certificate = teleport::certificate(ALICE, &[REQUEST], &ends, OFFICE);
    let holder = teleport::user(ALICE, &[REQUEST]);
    let query = format!(
        r#"{holder},"sid":"6d0f4170-2a3b-4c5d-8e9f-0a1b2c3d4e5f","success":true,"db_service":"payroll","db_protocol":"postgres","db_uri":"payroll.internal:5432","db_name":"payroll","db_user":"payroll_reader","db_query":"SELECT count(*) FROM exports""#
    );
    let queried = |second, id| event(second, id, "db.session.query", "TDB02I", &query);
    vec![
        event(
            hms(9, 25, 10),
            "b7e1f000-0000-4000-8000-000000000417",
            "access_request.create",
            "T5000I",
            &teleport::asked(&request),
        ),
        event(
            hms(9, 27, 31),
            "b7e1f000-0000-4000-8000-000000000418",
            "access_request.review",
            "T5002I",
            &teleport::reviewed(&request, CHEN, "APPROVED"),
        ),
        event(
            hms(9, 28, 2),
            "b7e1f000-0000-4000-8000-000000000419",
            "cert.create",
            "TC000I",
            &format!("{holder}{certificate}"),
        ),
        queried(hms(10, 8, 12), "b7e1f000-0000-4000-8000-000000000421"),
        // The connection stays open when the request is over.
        queried(hms(10, 33, 40), "b7e1f000-0000-4000-8000-000000000422"),
        event(
            hms(10, 30, 0),
            "b7e1f000-0000-4000-8000-000000000420",
            "access_request.expire",
            "T5005I",
            &teleport::expired(&request),
        ),
    ]
}

fn run(clock: Clock) -> Vec<Told> {
    let resource = [
        ("service.name", "billing-agent"),
        ("service.namespace", "billing"),
        ("service.instance.id", POD),
        ("k8s.pod.name", POD),
        ("k8s.pod.uid", POD_UID),
        ("k8s.namespace.name", "billing"),
        ("k8s.cluster.name", "prod-north"),
    ];
    // The collector copies the resource's attributes to each span, since spans travel alone.
    let base = [
        ("service.name", "billing-agent"),
        ("service.namespace", "billing"),
        ("k8s.pod.name", POD),
        ("gen_ai.provider.name", "anthropic"),
        ("gen_ai.agent.mode", "autonomous"),
        ("gen_ai.agent.purpose", "monthly export"),
        ("ticket.id", "OPS-2291"),
        ("token.jti", TOKEN),
        ("token.iss", ISSUER),
        ("gen_ai.agent.id", "agent-billing-01"),
        ("gen_ai.agent.name", "billing-agent"),
        ("gen_ai.conversation.id", RUN),
        ("user.id", ALICE),
    ];
    let span = |begins: i64, ends: i64, id, parent, name, kind, more: &[(&'static str, &'static str)]| {
        let attributes: Vec<(&str, &str)> = base.iter().chain(more).copied().collect();
        let span = Span {
            trace: TRACE,
            id,
            parent,
            name,
            kind,
            begins: clock.ms(begins) * 1_000_000,
            ends: clock.ms(ends) * 1_000_000,
            attributes: &attributes,
            error: "",
        };
        Told::new(Log::Otel, begins, otel::export(&resource, &[span]))
    };
    let tool = |begins, ends, id, name, tool, call| {
        let about = [
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", tool),
            ("gen_ai.tool.type", "function"),
            ("gen_ai.tool.call.id", call),
        ];
        span(begins, ends, id, ROOT, name, 1, &about)
    };
    let object = |second, id, parent, request| {
        let about = [
            ("rpc.system", "aws-api"),
            ("rpc.service", "S3"),
            ("rpc.method", "GetObject"),
            ("aws.request_id", request),
            ("server.address", "payroll-exports.s3.eu-north-1.amazonaws.com"),
        ];
        span(second, second + 1, id, parent, "S3.GetObject", 3, &about)
    };
    let invoke = [("gen_ai.operation.name", "invoke_agent"), ("gen_ai.request.model", "claude-sonnet-5")];
    let (first, second) = ("00f067aa0ba90421", "00f067aa0ba90423");
    vec![
        span(hms(9, 30, 7), hms(10, 52, 0), ROOT, "", "invoke_agent billing-agent", 1, &invoke),
        tool(hms(10, 11, 10), hms(10, 12, 6), first, "execute_tool export_payroll", "export_payroll", "call_417_1"),
        object(hms(10, 12, 3), "00f067aa0ba90422", first, OCTOBER),
        tool(
            hms(10, 38, 44),
            hms(10, 38, 45),
            "00f067aa0ba90424",
            "execute_tool read_document",
            "read_document",
            "call_417_2",
        ),
        tool(hms(10, 39, 40), hms(10, 41, 9), second, "execute_tool export_payroll", "export_payroll", "call_417_3"),
        object(hms(10, 41, 7), "00f067aa0ba90425", second, NOVEMBER),
    ]
}

/// The approval in force: an entry that ends with the request. The certificate made under it lives longer.
fn svid(clock: Clock) -> Vec<Told> {
    let (entered, signed) = (hms(9, 28, 0), hms(10, 2, 11));
    let (then, time, expires) = (clock.at(entered, 0), clock.at(signed, 0), clock.at(SVID_ENDS, 0));
    let entry = spire::Entry {
        request: "c0ffee00-5b1a-4e7d-9a3e-000000000416",
        time: &then,
        by: "spiffe://prod.example/ns/access/sa/jit-controller",
        id: ENTRY,
        agent: NODE_AGENT,
        workload: SPIFFE,
        selectors: "k8s:ns:billing,k8s:sa:agent",
        expires_s: clock.ms(hms(10, 30, 0)) / 1_000,
        ip: "10.18.0.40",
    };
    let svid = spire::Signed {
        id: "c0ffee00-5b1a-4e7d-9a3e-000000000417",
        time: &time,
        agent: NODE_AGENT,
        workload: SPIFFE,
        entry: ENTRY,
        serial: SERIAL,
        expires: &expires,
        ip: "10.18.4.21",
    };
    vec![
        Told::new(Log::Spire, entered, spire::entered(&entry)),
        Told::new(Log::Spire, signed, spire::signed(&svid)),
        Told::new(Log::Spire, signed, spire::audited(&svid)),
    ]
}
