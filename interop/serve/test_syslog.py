"""rsyslog and logger against the real binary, as an operator sets them: DEEDBOOK names it.

rsyslogd runs with a configuration of its own in a temporary folder and is stopped by its process id.
"""

import csv
import io
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

DEEDBOOK = os.environ.get("DEEDBOOK", "deedbook")
RSYSLOGD = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
MESSAGES = 2_000


class Server:
    """`deedbook serve` over a folder of its own."""

    def __init__(self, folder, settings):
        self.data = str(folder / "data")
        path = folder / "deedbook.toml"
        path.write_text('listen = ["127.0.0.1:0"]\n' + settings)
        command = [DEEDBOOK, "--data", self.data, "serve", "--init", "--config", str(path)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.addresses, told = {}, []
        for line in self.process.stderr:
            told.append(line)
            if found := re.match(r"listening on (\S+)://(\S+):(\d+)", line):
                self.addresses[found[1]] = int(found[3])
            if line.startswith("ready;"):
                break
        else:
            raise AssertionError("".join(told))

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0
        self.process.stderr.close()

    def records(self):
        """The bodies of all sealed records, of a server that has stopped."""
        query = "SELECT raw FROM records ORDER BY leaf_index"
        out = subprocess.run([DEEDBOOK, "--data", self.data, "sql", "-o", "csv", query], capture_output=True, text=True)
        assert out.returncode == 0, out.stderr
        return [row[0] for row in csv.reader(io.StringIO(out.stdout))][1:]


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(settings):
        servers.append(Server(tmp_path, settings))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def certificate(folder):
    """A certificate of this machine, signed by itself."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject]
    subprocess.run(command, check=True, capture_output=True)


def relay(folder, action):
    """rsyslogd that sends on what it is handed over a socket of this machine."""
    inlet = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    inlet.bind(("127.0.0.1", 0))
    port = inlet.getsockname()[1]
    inlet.close()
    config = folder / "rsyslog.conf"
    config.write_text(
        f"""global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{port}")
{action}
"""
    )
    pid = folder / "rsyslog.pid"
    process = subprocess.Popen([RSYSLOGD, "-n", "-f", str(config), "-i", str(pid), "-C"])
    for _ in range(100):
        try:
            return process, socket.create_connection(("127.0.0.1", port), 1)
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise AssertionError("rsyslogd did not start")


def end(process):
    process.terminate()
    process.wait(30)


def wait_for_all(server, expected, patience=30):
    """Waits until as many records are sealed, by the server's own count."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        out = subprocess.run([DEEDBOOK, "--data", server.data, "sql", "-o", "csv", "SELECT count(*) FROM records"],
                             capture_output=True, text=True)
        count = [int(line) for line in out.stdout.split() if line.isdigit()]
        if count and count[0] >= expected:
            return
        time.sleep(0.5)


ACTIONS = {
    "octets": ("tcp", 'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"'
                      ' template="RSYSLOG_SyslogProtocol23Format")'),
    "lines": ("tcp", 'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp"'
                     ' template="RSYSLOG_ForwardFormat")'),
    "tls": ("tls", 'global(DefaultNetstreamDriverCAFile="{folder}/cert.pem")\n'
                   'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"'
                   ' StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"'
                   ' StreamDriverPermittedPeers="localhost" template="RSYSLOG_SyslogProtocol23Format")'),
    "datagrams": ("udp", 'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="udp"'
                         ' template="RSYSLOG_SyslogProtocol23Format")'),
}


@pytest.mark.parametrize("how", ACTIONS)
@pytest.mark.skipif(not os.path.exists(RSYSLOGD), reason="rsyslog is not installed")
def test_rsyslog(serve, tmp_path, how):
    kind, action = ACTIONS[how]
    certificate(tmp_path)
    server = serve(
        f"""[tls]
certificates = "{tmp_path}/cert.pem"
key = "{tmp_path}/key.pem"
[[syslog]]
source = "hosts"
{kind} = "127.0.0.1:0"
"""
    )
    action = action.format(port=server.addresses[f"syslog+{kind}"], folder=tmp_path)
    process, inlet = relay(tmp_path, action)
    try:
        count = 200 if kind == "udp" else MESSAGES
        for nth in range(count):
            inlet.sendall(f"<13>Nov 20 10:41:07 web-1 app[{nth}]: message {nth:06} café\n".encode())
        inlet.close()
        wait_for_all(server, count)
    finally:
        end(process)
    server.stop()
    records = server.records()
    assert [re.search(r"message (\d{6}) café$", record)[1] for record in records] == [f"{nth:06}" for nth in range(count)]
    assert all(record.startswith("<13>") and " web-1 " in record for record in records)


@pytest.mark.parametrize("how", ["--udp", "--tcp", "--tcp --octet-count"])
def test_logger(serve, how):
    kind = how.split()[0].strip("-")
    server = serve(f'[[syslog]]\nsource = "hosts"\n{kind} = "127.0.0.1:0"\n')
    port = str(server.addresses[f"syslog+{kind}"])
    for form in ["--rfc5424", "--rfc3164"]:
        command = ["logger", "--server", "127.0.0.1", "--port", port, *how.split(), form, "-t", "interop", f"hello {form}"]
        subprocess.run(command, check=True)
    wait_for_all(server, 2)
    server.stop()
    # Two connections have no order between them.
    assert sorted(record.rsplit(" ", 1)[1] for record in server.records()) == ["--rfc3164", "--rfc5424"]
    out = subprocess.run([DEEDBOOK, "--data", server.data, "sql", "-o", "csv",
                          "SELECT platform, api_service, count(*) FROM events GROUP BY 1, 2"], capture_output=True, text=True)
    assert "syslog,interop,2" in out.stdout.replace(" ", ""), out.stdout + out.stderr
