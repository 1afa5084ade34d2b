//! TLS, and clients known by their certificates, with certificates made here.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde_json::json;
use server::{Config, Limits, Scope, Tls};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::{Answer, Server, call};

const AGENT: &str = "spiffe://prod.example/ns/billing/sa/agent";

type Ca = CertifiedIssuer<'static, KeyPair>;

/// What a client shows.
type Identity = (CertificateDer<'static>, Vec<u8>);

fn ca(name: &str) -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ca::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(ca: &Ca, names: &[SanType], years: (i32, i32)) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = names.to_vec();
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(years.0, 1, 1), rcgen::date_time_ymd(years.1, 1, 1));
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, ca).unwrap(), key)
}

fn uri(id: &str) -> SanType {
    SanType::URI(id.try_into().unwrap())
}

/// What a client with these names shows, of a certificate that holds in these years.
fn identity_in(ca: &Ca, names: &[SanType], years: (i32, i32)) -> Identity {
    let (certificate, key) = leaf(ca, names, years);
    (certificate.der().clone(), key.serialize_der())
}

fn identity(ca: &Ca, names: &[SanType]) -> Identity {
    identity_in(ca, names, (2020, 2090))
}

/// Writes the files of a server whose certificate this authority signed.
fn files(folder: &Path, ca: &Ca, client_roots: Option<&Ca>) -> Tls {
    let (certificate, key) = leaf(ca, &[SanType::DnsName("localhost".try_into().unwrap())], (2020, 2090));
    let write = |name: &str, text: String| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Tls {
        certificates: write("server.pem", certificate.pem()),
        key: write("server.key", key.serialize_pem()),
        client_roots: client_roots.map(|roots| write("clients.pem", roots.pem())),
    }
}

fn served(tls: Tls, limits: Limits) -> Server {
    Server::with(Config { tls: Some(tls), limits, ..Config::default() }, HashMap::new())
}

/// A handshake with a server of this authority, and one request.
fn ask(
    server: &Server,
    ca: &Ca,
    identity: Option<&Identity>,
    request: (&str, &str),
    headers: &[(&str, &str)],
) -> io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
            builder.with_client_auth_cert(vec![certificate.clone()], key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = TcpStream::connect(server.address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp);
    let body = if request.0 == "POST" { call(1).to_string() } else { String::new() };
    let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", request.0, request.1);
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        Err(read.err().unwrap_or(io::ErrorKind::UnexpectedEof.into()))
    } else {
        Ok(Answer::parsed(&answer))
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

const WRITE: (&str, &str) = ("POST", "/v1/records?source=aws");

#[test]
fn over_tls_a_token_is_asked_for_as_ever_and_a_wrong_authority_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (ca("one"), ca("two"));
    let server = served(files(folder.path(), &ours, None), Limits::default());
    assert_eq!(server.listens("https"), server.address);
    let admin = bearer(&server.admin);
    let taken = ask(&server, &ours, None, WRITE, &[("authorization", &admin)]).unwrap();
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(ask(&server, &ours, None, WRITE, &[]).unwrap().status, 401);
    // Without roots for clients, what a client shows says nothing.
    let agent = identity(&other, &[uri(AGENT)]);
    assert_eq!(ask(&server, &ours, Some(&agent), WRITE, &[]).unwrap().status, 401);
    let refused = ask(&server, &other, None, WRITE, &[("authorization", &admin)]).err().unwrap();
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
    // Plain HTTP on this port gets nothing, and harms nobody.
    let mut plain = server.open("GET", "/healthz", &[]);
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(ask(&server, &ours, None, ("GET", "/healthz"), &[]).unwrap().status, 200);
    assert_eq!(server.records().len(), 1);
}

#[test]
fn with_roots_for_clients_nobody_without_a_certificate_that_holds_gets_in() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, clients, other) = (ca("ours"), ca("clients"), ca("other"));
    let server = served(files(folder.path(), &ours, Some(&clients)), Limits::default());
    let admin = bearer(&server.admin);
    let refused = |identity: Option<&Identity>, alert: &str| {
        let error = ask(&server, &ours, identity, WRITE, &[("authorization", &admin)]).err().expect("refused");
        assert!(error.to_string().contains(alert), "{alert}: {error}");
    };
    refused(None, "CertificateRequired");
    refused(Some(&identity_in(&clients, &[uri(AGENT)], (2020, 2021))), "CertificateExpired");
    refused(Some(&identity_in(&clients, &[uri(AGENT)], (2089, 2090))), "CertificateExpired");
    refused(Some(&identity(&other, &[uri(AGENT)])), "UnknownCA");
    assert_eq!(server.records().len(), 0);
}

#[test]
fn a_workload_writes_to_the_source_of_its_spiffe_id_and_does_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, clients) = (ca("ours"), ca("clients"));
    let server = served(files(folder.path(), &ours, Some(&clients)), Limits::default());
    let agent = identity(&clients, &[uri(AGENT)]);
    let code = |identity: &Identity, request: (&str, &str), headers: &[(&str, &str)]| {
        let answer = ask(&server, &ours, Some(identity), request, headers).unwrap();
        if answer.status == 200 { "taken".to_owned() } else { answer.json()["code"].as_str().unwrap().to_owned() }
    };
    let its_own = format!("/v1/records?source={AGENT}");
    assert_eq!(code(&agent, ("POST", &its_own), &[]), "taken");
    assert_eq!(code(&agent, ("POST", "/v1/records"), &[]), "taken", "its only source needs no name");
    assert_eq!(code(&agent, WRITE, &[]), "source-forbidden");
    assert_eq!(code(&agent, ("GET", "/v1/events"), &[]), "scope-missing");
    assert_eq!(code(&agent, ("GET", "/metrics"), &[]), "scope-missing");
    // A token that is shown beside the certificate is what counts, for better or worse.
    let admin = bearer(&server.admin);
    assert_eq!(code(&agent, WRITE, &[("authorization", &admin)]), "taken");
    let ci = bearer(&server.token("ci", &[Scope::RecordsWrite], &["ci"], None).token);
    assert_eq!(code(&agent, ("POST", &its_own), &[("authorization", &ci)]), "source-forbidden");
    assert_eq!(code(&agent, ("POST", &its_own), &[("authorization", "Bearer dbk_nobody")]), "token-unknown");
    // Who is no workload shows a token: no URI, one that is no SPIFFE id, two of them, one too long for a source.
    let long = format!("spiffe://prod.example/{}", "a".repeat(128));
    let dns = SanType::DnsName("billing.example".try_into().unwrap());
    for names in
        [vec![dns], vec![uri("https://prod.example/a")], vec![uri(AGENT), uri("spiffe://b/c")], vec![uri(&long)]]
    {
        let nobody = identity(&clients, &names);
        assert_eq!(code(&nobody, ("POST", &its_own), &[]), "token-missing", "{names:?}");
        assert_eq!(code(&nobody, WRITE, &[("authorization", &admin)]), "taken", "{names:?}");
    }
    let admin_reads = ask(&server, &ours, Some(&agent), ("GET", "/metrics"), &[("authorization", &admin)]).unwrap();
    let sealed = format!("deedbook_records_sealed_total{{source=\"{AGENT}\"}} 2");
    assert!(admin_reads.text().contains(&sealed), "{}", admin_reads.text());
    assert_eq!(server.records(), vec![json!(call(1)).to_string(); 7]);
}

#[test]
fn a_handshake_that_stalls_gives_its_seat_back_and_holds_up_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let ours = ca("ours");
    let limits = Limits { connections_max: 1, head_seconds_max: 1, ..Limits::default() };
    let server = served(files(folder.path(), &ours, None), limits);
    let stalled = TcpStream::connect(server.address).unwrap();
    let began = Instant::now();
    assert_eq!(ask(&server, &ours, None, ("GET", "/healthz"), &[]).unwrap().status, 200);
    assert!(began.elapsed() >= Duration::from_millis(900), "it waited for the seat: {:?}", began.elapsed());
    drop((stalled, server));
    let limits = Limits { head_seconds_max: 60, ..limits };
    let mut server = served(files(folder.path(), &ours, None), limits);
    let mut stalled = TcpStream::connect(server.address).unwrap();
    stalled.write_all(&[0x16, 3, 1]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn certificates_are_read_again_when_the_settings_are() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (ca("one"), ca("two"));
    let tls = files(folder.path(), &before, None);
    let mut config = Config { tls: Some(tls), ..Config::default() };
    config.listen = vec!["127.0.0.1:0".parse().unwrap()];
    let mut server = Server::with(config.clone(), HashMap::new());
    let healthy =
        |server: &Server, ca: &Ca| ask(server, ca, None, ("GET", "/healthz"), &[]).map(|answer| answer.status);
    assert_eq!(healthy(&server, &before).unwrap(), 200);
    files(folder.path(), &after, None);
    let again = Arc::new(server.app.again(config.clone(), HashMap::new()));
    let runtime = server.runtime.as_ref().unwrap();
    runtime.block_on(server.running.take().unwrap().stop(&server.app));
    let running = runtime.block_on(server::start(&again, &mut server::Sockets::default())).unwrap();
    (server.address, server.running, server.app) = (running.addresses[0].1, Some(running), again);
    assert_eq!(healthy(&server, &after).unwrap(), 200);
    assert!(healthy(&server, &before).is_err());
    // What cannot be used is refused before anything listens, and said with the name of its file.
    std::fs::write(folder.path().join("server.pem"), "nothing").unwrap();
    let runtime = server.runtime.as_ref().unwrap();
    let error = runtime.block_on(server::start(&server.app, &mut server::Sockets::default())).err().unwrap();
    assert!(error.to_string().contains("server.pem"), "{error}");
}
