//! Syslog over real sockets: what a sender's system has handed over is sealed, message by message, as it came.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use server::{Config, Limits, Syslog, Tls};
use sha2::{Digest as _, Sha256};

use super::Server;

fn set(udp: bool, tcp: bool) -> Syslog {
    let local = "127.0.0.1:0".parse().unwrap();
    Syslog { source: "hosts".to_owned(), udp: udp.then_some(local), tcp: tcp.then_some(local), tls: None }
}

fn server(limits: Limits) -> Server {
    Server::with(Config { syslog: vec![set(true, true)], limits, ..Config::default() }, HashMap::new())
}

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.listens("syslog+tcp")).unwrap()
}

#[test]
fn both_kinds_of_frames_are_sealed_as_messages_with_who_sent_them() {
    let server = server(Limits::default());
    let mut stream = connect(&server);
    stream.write_all(b"32 <34>1 - web-1 su - ID47 - caf\xe9 x<13>Nov 20 10:41:07 web-1 app: two\r\n").unwrap();
    let bodies = server.records_when(2);
    assert_eq!(bodies[0], b"<34>1 - web-1 su - ID47 - caf\xe9 x", "not UTF-8, and untouched");
    assert_eq!(bodies[1], b"<13>Nov 20 10:41:07 web-1 app: two");
    let (header, _) = &server.leaves()[0];
    assert_eq!(header.position.name.as_deref(), Some("syslog+tcp://127.0.0.1"));
    // The connection was never closed: a half frame behind whole ones waits and holds nobody up.
    stream.write_all(b"40 <34>1 half").unwrap();
    connect(&server).write_all(b"<13>from another").unwrap();
    assert_eq!(server.records_when(3)[2], b"<13>from another", "its end is the end of the stream");
    drop(stream);
    assert_eq!(server.records_when(4)[3], b"<34>1 half");
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_messages_cut_total{source=\"hosts\"} 1\n"), "{metrics}");
}

#[test]
fn a_datagram_is_a_message_and_keeps_its_bytes() {
    let server = server(Limits::default());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let messages: [&[u8]; 4] = [b"<34>1 one\nwith a line end\n", b"5 <1>no frame", b"\0\xff\xfe", b"<13>four"];
    for message in messages {
        socket.send_to(message, server.listens("syslog+udp")).unwrap();
    }
    socket.send_to(b"", server.listens("syslog+udp")).unwrap();
    assert_eq!(server.records_when(4), messages);
    assert_eq!(server.leaves()[0].0.position.name.as_deref(), Some("syslog+udp://127.0.0.1"));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_datagrams_dropped_total{source=\"hosts\"} 0\n"), "{metrics}");
}

#[test]
fn what_finds_no_room_is_dropped_and_counted() {
    // Room for a few: received = sealed + dropped.
    let server = server(Limits { datagrams_bytes_max: 8 << 10, ..Limits::default() });
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, sent) = (server.listens("syslog+udp"), 3_000u64);
    for nth in 0..sent {
        socket.send_to(format!("<13>{nth:0>400}").as_bytes(), address).unwrap();
    }
    let counted = |name: &str| {
        let metrics = server.get("/metrics").text();
        let line = metrics.lines().find(|line| line.starts_with(&format!("deedbook_{name}{{source=\"hosts\"}}")));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let began = Instant::now();
    while counted("records_sealed_total") + counted("datagrams_dropped_total") < sent {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", server.get("/metrics").text());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(counted("datagrams_dropped_total") > 0);
    assert_eq!(server.records().len() as u64, counted("records_sealed_total"));
}

#[test]
fn a_message_over_the_limit_keeps_its_beginning_its_length_and_its_digest() {
    let server = server(Limits { message_bytes_max: 100, ..Limits::default() });
    let long = format!("<13>{}", "x".repeat(5_000));
    let mut stream = connect(&server);
    stream.write_all(format!("{} {long}<13>behind it\n{long}\n7 <13>end", long.len()).as_bytes()).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.records_when(4);
    udp.send_to(long.as_bytes(), server.listens("syslog+udp")).unwrap();
    server.records_when(5);
    let digest: [u8; 32] = Sha256::digest(long.as_bytes()).into();
    let cut: Vec<_> = server.leaves().into_iter().filter(|(header, _)| header.flags == model::FLAG_TRUNCATED).collect();
    assert_eq!(cut.len(), 3);
    for (header, body) in cut {
        assert_eq!(body, &long.as_bytes()[..100]);
        assert_eq!((header.position.full_bytes, header.position.content_sha256), (Some(5_004), Some(digest)));
    }
    assert_eq!(server.records()[1], "<13>behind it");
    assert!(server.get("/metrics").text().contains("deedbook_messages_cut_total{source=\"hosts\"} 3\n"));
}

#[test]
fn many_messages_of_many_connections_all_arrive_in_order() {
    let server = server(Limits::default());
    std::thread::scope(|scope| {
        for sender in 0..8 {
            let mut stream = connect(&server);
            scope.spawn(move || {
                let lines: String = (0..5_000).map(|nth| format!("<13>{sender} {nth:0>200}\n")).collect();
                stream.write_all(lines.as_bytes()).unwrap();
            });
        }
    });
    let mut next = [0; 8];
    for body in server.records_when(40_000) {
        let text = String::from_utf8(body).unwrap();
        let (sender, nth) = text[4..].split_once(' ').unwrap();
        let (sender, nth): (usize, u64) = (sender.parse().unwrap(), nth.parse().unwrap());
        assert_eq!(nth, next[sender], "of sender {sender}");
        next[sender] += 1;
    }
    let deliveries = server.leaves().iter().filter(|(header, _)| header.position.ordinal == Some(0)).count();
    assert!(deliveries < 2_000, "{deliveries} deliveries: what waits goes together");
}

#[test]
fn garbage_and_silence_take_a_seat_and_nothing_else() {
    let server = server(Limits { connections_max: 3, ..Limits::default() });
    let mut noise = connect(&server);
    let bytes: Vec<u8> = (0u32..200_000).map(|nth| (nth.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    noise.write_all(&bytes).unwrap();
    let (idle, mut third) = (connect(&server), connect(&server));
    third.write_all(b"<13>third\n").unwrap();
    // No seat: it waits, and is served once there is one.
    let mut fourth = connect(&server);
    fourth.write_all(b"<13>fourth\n").unwrap();
    let has = |server: &Server, wanted: &[u8]| server.leaves().iter().any(|(_, body)| body == wanted);
    let wait = |wanted: &[u8]| {
        let began = Instant::now();
        while !has(&server, wanted) {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", String::from_utf8_lossy(wanted));
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait(b"<13>third");
    std::thread::sleep(Duration::from_millis(100));
    assert!(!has(&server, b"<13>fourth"));
    drop(idle);
    wait(b"<13>fourth");
    drop(noise);
}

#[test]
fn at_a_stop_what_was_read_is_sealed() {
    let mut server = server(Limits::default());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut streams: Vec<_> = (0..4).map(|_| connect(&server)).collect();
    for stream in &mut streams {
        stream.write_all(b"<13>whole\n<13>no end").unwrap();
    }
    server.records_when(4);
    for nth in 0..100 {
        udp.send_to(format!("<13>{nth}").as_bytes(), server.listens("syslog+udp")).unwrap();
    }
    let began = Instant::now();
    server.stop();
    assert!(began.elapsed() < Duration::from_secs(5));
    let bodies: Vec<_> = server.leaves().into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies.iter().filter(|body| *body == b"<13>no end").count(), 4);
    assert_eq!(bodies.len(), 108);
}

#[test]
fn what_cannot_be_started_is_said() {
    let refused = |change: &dyn Fn(&mut Syslog)| {
        let mut wrong = set(false, true);
        change(&mut wrong);
        let config = Config { syslog: vec![wrong], ..Config::default() };
        Server::try_with(config, HashMap::new()).err().unwrap().to_string()
    };
    let tls = refused(&|set| set.tls = Some("127.0.0.1:0".parse().unwrap()));
    assert!(tls.contains("[[syslog]] hosts: `tls = \"127.0.0.1:0\"` needs the certificates of [tls]"), "{tls}");
    let nowhere = refused(&|set| set.tcp = None);
    assert!(nowhere.contains("listens nowhere"), "{nowhere}");
    let name = refused(&|set| set.source = "a b".to_owned());
    assert!(name.contains("a b"), "{name}");
    let files = Tls { certificates: PathBuf::from("none.pem"), key: PathBuf::from("none.pem"), client_roots: None };
    let config = Config { tls: Some(files), ..Config::default() };
    assert!(Server::try_with(config, HashMap::new()).err().unwrap().to_string().contains("none.pem"));
}

#[test]
fn all_plain_addresses_are_known() {
    let open = |port: u16| std::net::SocketAddr::from(([0, 0, 0, 0], port));
    let syslog = Syslog { source: "a".to_owned(), udp: Some(open(1)), tcp: Some(open(2)), tls: Some(open(3)) };
    let config = Config { listen: vec![open(4)], syslog: vec![syslog], ..Config::default() };
    assert_eq!(config.plain_addresses().collect::<Vec<_>>(), [open(4), open(1), open(2)]);
}
