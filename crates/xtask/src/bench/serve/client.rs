//! A small client of HTTP/1.1: connections that are kept, each a thread with one request under way.
//!
//! It shares the cores with the server that it measures, so requests are made ready before the clock runs and of an
//! answer only the head is read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::bench::Result;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stack of a thread that keeps a connection.
const STACK_BYTES: usize = 128 << 10;

/// What came of requests.
pub(super) struct Load {
    pub(super) wall: Duration,
    pub(super) acknowledged: u64,
    /// Answers that said to come back.
    pub(super) busy: u64,
    /// From the first byte of a request to the last of its answer, sorted.
    pub(super) took: Vec<Duration>,
}

impl Load {
    pub(super) fn requests_per_s(&self) -> f64 {
        self.acknowledged as f64 / self.wall.as_secs_f64()
    }
}

/// A request with its body.
pub(super) fn request(path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Sends over so many connections for so long: the next request when the one before is answered. With `most`, not more
/// than so many requests in all.
pub(super) fn load(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    time: Duration,
    most: Option<u64>,
) -> Result<Load> {
    let begin = Barrier::new(connections + 1);
    let each_most = most.map_or(u64::MAX, |most| most.div_ceil(connections as u64));
    std::thread::scope(|scope| -> Result<Load> {
        let mut threads = Vec::new();
        for nth in 0..connections {
            let begin = &begin;
            let keep = move || {
                let connection = Connection::open(address);
                begin.wait();
                connection?.send(requests, nth * requests.len() / connections, time, each_most)
            };
            threads.push(std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, keep)?);
        }
        begin.wait();
        let began = Instant::now();
        let mut all = Load { wall: Duration::ZERO, acknowledged: 0, busy: 0, took: Vec::new() };
        for thread in threads {
            let one =
                thread.join().map_err(|_| "a connection panicked")?.map_err(|error| format!("client: {error}"))?;
            all.acknowledged += one.acknowledged;
            all.busy += one.busy;
            all.took.extend(one.took);
        }
        all.wall = began.elapsed();
        all.took.sort();
        Ok(all)
    })
}

/// One request and its status, on a connection of its own.
pub(super) fn status(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut connection = Connection::open(address)?;
    connection.answer(format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n").as_bytes())
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { stream, buffer: vec![0; 16 << 10] })
    }

    fn send(&mut self, requests: &[Vec<u8>], first: usize, time: Duration, most: u64) -> std::io::Result<Load> {
        let mut load = Load { wall: Duration::ZERO, acknowledged: 0, busy: 0, took: Vec::new() };
        let until = Instant::now() + time;
        for text in requests.iter().cycle().skip(first) {
            let began = Instant::now();
            if began >= until || load.acknowledged >= most {
                break;
            }
            match self.answer(text)? {
                200 => {
                    load.took.push(began.elapsed());
                    load.acknowledged += 1;
                }
                429 | 503 => {
                    load.busy += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                other => return Err(std::io::Error::other(format!("the server answered {other}"))),
            }
        }
        Ok(load)
    }

    /// Sends a request and reads its answer to the end.
    fn answer(&mut self, text: &[u8]) -> std::io::Result<u16> {
        self.stream.write_all(text)?;
        let mut filled = 0;
        let (head, status, length) = loop {
            filled += self.read(filled)?;
            let come = self.buffer.get(..filled).unwrap_or_default();
            if let Some(end) = memchr::memmem::find(come, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(come.get(..end).unwrap_or_default()).to_ascii_lowercase();
                let wrong = || std::io::Error::other(format!("no status or no length: {head}"));
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(wrong)?;
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                let length = length.and_then(|length| length.trim().parse::<usize>().ok()).ok_or_else(wrong)?;
                break (end + 4, status, length);
            }
            if filled == self.buffer.len() {
                return Err(std::io::Error::other("the head of an answer has no end"));
            }
        };
        let mut left = (head + length).saturating_sub(filled);
        while left > 0 {
            left = left.saturating_sub(self.read(0)?);
        }
        Ok(status)
    }

    fn read(&mut self, from: usize) -> std::io::Result<usize> {
        match self.stream.read(self.buffer.get_mut(from..).unwrap_or_default())? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}
