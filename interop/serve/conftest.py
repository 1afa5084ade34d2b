"""A real `deedbook serve` for a test, with what it needs to be spoken to and asked afterwards."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

# Warnings and errors that the tests bring about themselves. Any other is a fault, or belongs here.
LISTED = [re.compile(text) for text in (
    r"WARN Failed to connect to broker ",
    r"WARN metadata \S+: Connection error: ",
    r"ERROR request encountered fatal error e=Request error: .*Unknown control batch record version",
    r"WARN read s3://\S+: the body cannot be read: gzip stream ends early",
    r"WARN search ldaps?://\S+: (I/O error: (invalid peer certificate|Connection refused)|bind as .*invalidCredentials)",
)]

READY_S_MAX = 60
STOP_S_MAX = 30


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


class Served:
    """A server at work, over a data folder of its own."""

    def __init__(self, folder, config, env):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.env = {**os.environ, **env, "DEEDBOOK_DATA": str(self.data)}
        self.config = self.folder / "serve.toml"
        # Where a setting stands before the first table, it is a setting of all.
        listen = "" if re.search(r"^listen\s*=", config, re.M) else 'listen = ["127.0.0.1:0"]\n'
        self.config.write_text(listen + config)
        self.addresses, self.token, self.lines, self.process = {}, None, [], None
        self.start()

    def start(self):
        """Starts it, again after `stop` or `kill`; the ports are new ones where the settings say 0."""
        command = [os.environ["DEEDBOOK"], "serve", "--init", "--config", str(self.config)]
        self.errors = open(self.folder / "stderr.txt", "ab", buffering=0)
        read_from = self.errors.tell()
        self.addresses, self.lines = {}, []
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=self.errors)
        end = time.monotonic() + READY_S_MAX
        while True:
            self.lines = self.stderr(read_from).splitlines()
            if any(line.startswith("ready;") for line in self.lines):
                break
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError("no `ready;` from serve:\n" + "\n".join(self.lines))
            time.sleep(0.05)
        for line in self.lines:
            if found := re.match(r"listening on ([\w.+-]+)://(\S+)$", line):
                self.addresses.setdefault(found[1], found[2])
            elif found := re.match(r"admin token, shown once: (\S+)$", line):
                self.token = found[1]

    def stderr(self, read_from=0):
        """What it has said on stderr."""
        return (self.folder / "stderr.txt").read_bytes()[read_from:].decode(errors="replace")

    def address(self, what):
        """`host:port` (or the path) of a listener: `http`, `syslog-tcp` and so on."""
        return self.addresses[what]

    def host_port(self, what):
        host, _, port = self.address(what).rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def url(self):
        what = "http" if "http" in self.addresses else "https"
        return f"{what}://{self.address(what)}"

    def deedbook(self, *arguments):
        """Another command over the same data folder; its stdout."""
        done = subprocess.run([os.environ["DEEDBOOK"], *arguments], env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def records(self):
        """The bodies of all sealed records, in their order. Reads the log on disk, so the server is stopped first."""
        self.stop()
        rows = self.deedbook("sql", "-o", "ndjson", "SELECT raw FROM records ORDER BY leaf_index")
        return [json.loads(row)["raw"] for row in rows.splitlines() if row.strip()]

    def stop(self):
        """Ctrl-C; it has to end cleanly."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            code = self.process.wait(STOP_S_MAX)
            self.process = None
            self.errors.close()
            assert code == 0, f"serve ended with {code}:\n{self.stderr()}"

    def kill(self):
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.errors.close()


@pytest.fixture
def serve(tmp_path):
    """`serve(config_toml, env)` starts a server and gives a `Served`; several in one test are several logs."""
    started = []

    def start(config="", env=None):
        folder = tmp_path / f"serve-{len(started)}"
        folder.mkdir()
        started.append(Served(folder, config, env or {}))
        return started[-1]

    yield start
    for served in started:
        served.kill()
    said = [line for served in started for line in served.stderr().splitlines() if re.search(r"panicked|\bWARN\b|\bERROR\b", line)]
    unlisted = [line for line in said if not any(listed.search(line) for listed in LISTED)]
    assert not unlisted, unlisted
