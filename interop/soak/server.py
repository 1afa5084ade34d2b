"""The real program: started, killed, started again, and watched."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10

# What a server may say. Any other line on stderr ends the soak with 1: it is either a fault, or belongs here.
EXPECTED = [
    r"made log \w+ \(.*\) in ",
    r"listening on [a-z+]+://",
    r"admin token, shown once: dbk_",
    r"ready; ",
    r"stopping: what is under way ends first",
    r"stopped$",
    # The disk is full, once, and it says so.
    r"(WARN|ERROR) .*(No space left|disk|ledger.reserve|free space)",
    # Socket receivers wait for a log that takes nothing, and say so.
    r"WARN .* waits: ",
    # A kill cuts off the write under way; the next start cuts that off and says what it was.
    r"WARN .*(torn|recover)",
    # Garbage on sockets without HTTP: longer than a message may be, or cut off by the end of the connection.
    r"WARN a message of \d+ bytes from .* was cut",
    r"WARN .*fluent",
    r"WARN (requests|connections|\d+ tasks) were at work ",
    r"WARN requests were under way ",
]


class Server:
    """`deedbook serve` on a data folder; one life after the other."""

    def __init__(self, program, work, data, config, url, environment):
        self.program, self.work, self.config, self.url = program, work, config, url
        self.environment = dict(os.environ, DEEDBOOK_DATA=data, **environment)
        self.process, self.life, self.token = None, 0, None
        self.to_ready, self.peaks, self.readings = [], [], []
        self.lock = threading.Lock()

    def command(self, *arguments, **options):
        """Runs a command of the product to its end and returns what it said."""
        ran = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True, **options)
        if ran.returncode:
            raise RuntimeError(f"deedbook {' '.join(arguments)} ended with {ran.returncode}: {ran.stdout}{ran.stderr}")
        return ran.stdout

    def stderr_of(self, life):
        return os.path.join(self.work, f"stderr.{life}")

    def start(self):
        """When this returns, it takes records. Returns how long that took, seconds."""
        began = time.monotonic()
        life = self.life + 1
        with open(self.stderr_of(life), "wb") as stderr:
            arguments = [self.program, "serve", "--init", "--config", self.config]
            process = subprocess.Popen(arguments, env=self.environment, stdout=stderr, stderr=stderr)
        while "\nready; " not in (said := self.said(life)):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode} before it was ready:\n{said}")
            if time.monotonic() - began > READY_SECONDS_MAX:
                process.kill()
                raise RuntimeError(f"the server was not ready after {READY_SECONDS_MAX} s:\n{said}")
            time.sleep(0.002)
        took = time.monotonic() - began
        if found := re.search(r"admin token, shown once: (\S+)", said):
            self.token = found.group(1)
        with self.lock:
            self.process, self.life = process, life
            self.to_ready.append(took)
            self.peaks.append(0)
            self.readings.append({})
        return took

    def said(self, life):
        with open(self.stderr_of(life), errors="replace") as file:
            return "\n" + file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Asks it to stop; returns how long that took, seconds, and with what it ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX * 6)
        except subprocess.TimeoutExpired:
            self.kill()
            code = "kill"
        return time.monotonic() - began, code

    def watch(self, over):
        """Each second: the peak of memory, and all counters."""
        while not over.wait(1):
            with self.lock:
                life, process = self.life, self.process
            self.look(life, process)

    def look(self, life, process):
        try:
            with open(f"/proc/{process.pid}/status") as status:
                peak = re.search(r"VmHWM:\s+(\d+) kB", status.read())
            if peak:
                self.peaks[life - 1] = max(self.peaks[life - 1], int(peak.group(1)) << 10)
            self.readings[life - 1] = self.metrics()
        except OSError:
            # It is being killed, or does not answer; what it said before stands.
            pass

    def metrics(self):
        """All counters: name with labels -> value."""
        request = urllib.request.Request(f"{self.url}/metrics", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[:1] not in ("#", ""))}

    def unexpected(self):
        """Lines that no life of it should have said, and panics."""
        found = []
        for life in range(1, self.life + 1):
            for line in self.said(life).splitlines():
                # The time in front of a line of the log.
                text = re.sub(r"^\S+Z\s+", "", re.sub(r"\x1b\[[0-9;]*m", "", line)).strip()
                if text and ("panicked" in text or not any(re.match(pattern, text) for pattern in EXPECTED)):
                    found.append(f"life {life}: {text}")
        return found

    def raws(self):
        """The bytes of all sealed records, in no order: to sort them, all would have to be in memory at once."""
        arguments = [self.program, "sql", "-o", "ndjson", "SELECT raw FROM records"]
        with subprocess.Popen(arguments, env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                yield json.loads(line)["raw"]
        if process.returncode:
            raise RuntimeError(f"deedbook sql ended with {process.returncode}")
