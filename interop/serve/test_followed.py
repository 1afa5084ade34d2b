"""Files that logrotate rotates while `deedbook serve` follows their folder, is killed, and starts again.

A writer appends numbered lines to a log that it opens anew for each burst, as logrotate's manual asks of a program that is not told of a
rotation. With `copytruncate` lines that are written between logrotate's copy and its truncation are lost by logrotate
itself, so the writer pauses while it runs.
"""

import json
import random
import shutil
import subprocess
import threading
import time

import pytest

LOGROTATE = shutil.which("logrotate") or "/usr/sbin/logrotate"
SECONDS = 24
KILLS = 4
ROTATIONS = 8
LINES_AT_ONCE = 40

KINDS = {
    "rename": "create 0640\n  delaycompress\n  compress",
    "rename-at-once": "create 0640\n  compress",
    "copy": "copytruncate\n  delaycompress\n  compress",
}


class Writer(threading.Thread):
    """Appends lines until it is stopped; what it wrote is `count` lines, numbered from 0."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.count = path, 0
        self.stopped, self.quiet = threading.Event(), threading.Lock()

    def run(self):
        while not self.stopped.is_set():
            with self.quiet, self.path.open("a") as log:
                for _ in range(LINES_AT_ONCE):
                    log.write(f'{{"n":{self.count},"text":"{"x" * 60}"}}\n')
                    self.count += 1
            time.sleep(0.02)


def rotate(folder, kind):
    settings = folder / "logrotate.conf"
    rotated = folder / "logs" / "app.log"
    settings.write_text(f"{rotated} {{\n  rotate 100\n  missingok\n  {kind}\n}}\n")
    command = [LOGROTATE, "--force", "--state", str(folder / "logrotate.state"), str(settings)]
    subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_sealed_once_whatever_logrotate_and_kill_do(serve, tmp_path, kind):
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    log = logs / "app.log"
    log.touch()
    server = serve(f'[[follow]]\nsource = "app"\npaths = ["{logs}"]\n')
    writer = Writer(log)
    writer.start()
    order = random.Random(kind)
    moments = [(order.uniform(1, SECONDS), "kill") for _ in range(KILLS)]
    moments += [(order.uniform(1, SECONDS), "rotate") for _ in range(ROTATIONS)]
    began = time.monotonic()
    for moment, what in sorted(moments):
        time.sleep(max(0.0, moment - (time.monotonic() - began)))
        if what == "rotate":
            with writer.quiet:
                rotate(tmp_path, KINDS[kind])
        else:
            server.kill()
            time.sleep(order.uniform(0, 2))
            server.start()
    writer.stopped.set()
    writer.join()
    end = time.monotonic() + 60
    while time.monotonic() < end and count(server) < writer.count:
        time.sleep(1)
    found = [json.loads(raw)["n"] for raw in server.records()]
    assert writer.count > 1_000 and len(list(logs.iterdir())) > 3
    assert sorted(found) == list(range(writer.count)), (len(found), len(set(found)), writer.count)


def count(server):
    return json.loads(server.deedbook("sql", "-o", "ndjson", "SELECT count(*) AS n FROM records"))["n"]
