//! A program run to its end: what it said, how long it took, what it used.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;

/// How often the memory of a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Clock ticks in a second, as `/proc` counts them on Linux.
const TICKS_PER_S: f64 = 100.0;

pub(crate) struct Program {
    command: Command,
    input: Vec<u8>,
    name: OsString,
}

/// What a run used.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) wall: Duration,
    /// User and system time of all its threads.
    pub(crate) cpu: Duration,
    /// Most memory resident at once, file pages mapped by it included.
    pub(crate) peak_bytes: u64,
}

impl Ran {
    /// Runs one after the other, as one.
    pub(crate) fn together(all: Vec<Ran>) -> Ran {
        let none =
            || Ran { out: String::new(), err: String::new(), wall: Duration::ZERO, cpu: Duration::ZERO, peak_bytes: 0 };
        all.into_iter()
            .reduce(|sum, ran| Ran {
                out: sum.out + &ran.out,
                err: sum.err + &ran.err,
                wall: sum.wall + ran.wall,
                cpu: sum.cpu + ran.cpu,
                peak_bytes: sum.peak_bytes.max(ran.peak_bytes),
            })
            .unwrap_or_else(none)
    }
}

impl Program {
    pub(crate) fn new(path: &Path) -> Program {
        Program { command: Command::new(path), input: Vec::new(), name: path.as_os_str().to_owned() }
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Program {
        self.command.args(arguments);
        self
    }

    pub(crate) fn path(mut self, path: &Path) -> Program {
        self.command.arg(path);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &Path) -> Program {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input.
    pub(crate) fn input(mut self, text: String) -> Program {
        self.input = text.into_bytes();
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started, or does not exit with 0: with what it said.
    pub(crate) fn run(mut self) -> Result<Ran> {
        let before = children_cpu()?;
        let began = Instant::now();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| format!("{}: {error}", self.name.display()))?;
        let input = std::mem::take(&mut self.input);
        let (peak_bytes, out, err) = std::thread::scope(|scope| {
            let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
            // A program that ends before it has read everything is its own affair.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
            let out = scope.spawn(|| read(stdout));
            let err = scope.spawn(|| read(stderr));
            (watch(&mut child), out.join().unwrap_or_default(), err.join().unwrap_or_default())
        });
        let status = child.wait()?;
        let wall = began.elapsed();
        if !status.success() {
            return Err(format!("{} ended with {status}: {}", self.name.display(), err.trim()).into());
        }
        Ok(Ran { out, err, wall, cpu: children_cpu()?.saturating_sub(before), peak_bytes })
    }
}

fn read(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Looks at the high-water mark of a program until it has ended.
fn watch(child: &mut Child) -> u64 {
    let mut peak = 0;
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        peak = peak.max(memory(child.id(), "VmHWM"));
        std::thread::sleep(LOOK_EVERY);
    }
    peak
}

/// Bytes of memory of a process, by the name that its `status` in `/proc` has for it; 0 once it has ended.
pub(super) fn memory(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// User and system time of the programs that this one has waited for (`proc(5)`, fields 16 and 17).
fn children_cpu() -> Result<Duration> {
    ticks("self", 13)
}

/// User and system time of a process, all its threads together (`proc(5)`, fields 14 and 15).
pub(super) fn cpu(process: &str) -> Result<Duration> {
    ticks(process, 11)
}

fn ticks(process: &str, behind: usize) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields.split_whitespace().skip(behind).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_S))
}
