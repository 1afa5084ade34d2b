"""All receivers at once, and everything that goes wrong: is any acknowledged record missing in the end?

usage: DEEDBOOK=<program> python3 soak.py [--seconds 600] [--seed N] [--keep]

The server is killed (SIGKILL) at random about every 20 seconds and started again; its disk is full once; some clients are
slow, some send garbage, some take all seats, some have no valid token. The senders go on and send again what was not
acknowledged. In the end it is stopped (SIGTERM), and the senders' own books are held against the sealed log. Everything
stays on loopback. Exit code 1 if a promise was not kept.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import senders
from book import Book, judge, sealed_counts
from hostile import Hostile
from server import STOP_SECONDS_MAX, Server

KILL_SECONDS = 20
FULL_SECONDS = 10
DISK_BYTES = 2 << 30
CONNECTIONS_MAX = 256
# How long senders without acknowledgement are waited for, in the end.
REST_SECONDS_MAX = 30

# Receivers that settings name: a program that does not know the section is soaked without them.
SECTIONS = {
    "syslog": (
        '[[syslog]]\nsource = "syslog"\ntcp = "127.0.0.1:{syslog_tcp}"\nudp = "127.0.0.1:{syslog_udp}"\n',
        [senders.SyslogTcp, senders.SyslogUdp],
    ),
    "fluent": ('[[fluent]]\nsource = "fluent"\nlisten = "127.0.0.1:{fluent}"\n', [senders.Fluent]),
    "vault": ('[[vault]]\nsource = "lines"\ntcp = "127.0.0.1:{lines}"\n', [senders.Lines]),
    "follow": ('[[follow]]\nsource = "followed"\npaths = ["{followed}/app.log*"]\n', [senders.Followed]),
}
PORTS = ["http", "syslog_tcp", "syslog_udp", "fluent", "lines"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--keep", action="store_true", help="leave the folder of the run")
    options = parser.parse_args()
    program = os.path.abspath(os.environ.get("DEEDBOOK", "deedbook"))
    work = tempfile.mkdtemp(prefix="deedbook-soak.")
    print(f"seed {options.seed}, {options.seconds} s, {program}", flush=True)
    disk = Disk(os.path.join(work, "disk"))
    soak = None
    try:
        soak = Soak(program, work, disk, options)
        wrong = soak.run()
    finally:
        if soak is not None:
            soak.end()
        disk.remove()
        if options.keep:
            print(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    for line in wrong:
        print(f"WRONG: {line}")
    print("soak: " + (f"{len(wrong)} promises were not kept, seed {options.seed}" if wrong else "every promise was kept"))
    sys.exit(1 if wrong else 0)


class Disk:
    """A small file system of its own, where that is allowed."""

    def __init__(self, path):
        self.path = path
        os.mkdir(path, 0o700)
        options = ["-o", f"size={DISK_BYTES},mode=0700"]
        mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", path], check=False)
        self.is_own = mounted is not False and mounted.returncode == 0
        if not self.is_own:
            print("not root, or no tmpfs: the disk is not filled in this run", flush=True)

    def fill(self):
        """Takes all that is free."""
        with open(os.path.join(self.path, "ballast"), "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                pass

    def free(self):
        os.unlink(os.path.join(self.path, "ballast"))

    def remove(self):
        if self.is_own:
            subprocess.run(["umount", self.path], check=False)


class Soak:
    def __init__(self, program, work, disk, options):
        self.work, self.disk, self.options = work, disk, options
        self.chance = random.Random(options.seed)
        self.place = {"work": work, "seed": options.seed, "connections_max": CONNECTIONS_MAX, "tokens": {}}
        self.place["followed"] = os.path.join(work, "followed")
        os.mkdir(self.place["followed"])
        for name, port in zip(PORTS, free_ports(self.chance, len(PORTS))):
            self.place[name] = port
        self.config = os.path.join(work, "deedbook.toml")
        environment = {"SOAK_WEBHOOK": senders.WEBHOOK_SECRET, "NO_COLOR": "1"}
        url = f"http://127.0.0.1:{self.place['http']}"
        self.server = Server(program, work, os.path.join(disk.path, "data"), self.config, url, environment)
        # The number of its life while it lives, 0 while it does not.
        self.life = multiprocessing.Value("i", 0)
        self.over, self.quiet = multiprocessing.Event(), multiprocessing.Event()
        self.watched = threading.Event()
        self.processes, self.hostile, self.absent = [], None, []

    def run(self):
        """Returns what was not as promised."""
        kinds = self.settle_settings()
        self.say(f"ready after {self.server.start():.2f} s")
        kinds += [kind for kind in senders.HTTP if kind.probe(self.place, None, None, None)]
        self.absent += [kind.name for kind in senders.HTTP if kind not in kinds]
        self.mint(kinds)
        self.life.value = self.server.life
        watch = threading.Thread(target=self.server.watch, args=(self.watched,), daemon=True)
        watch.start()
        for kind in kinds:
            process = multiprocessing.Process(target=work_of, args=(kind, self.place, self.over, self.life, self.quiet))
            process.start()
            self.processes.append(process)
        self.hostile = Hostile(self.place, self.options.seed)
        self.say("senders: " + ", ".join(kind.name for kind in kinds))
        if self.absent:
            self.say("not in this program: " + ", ".join(self.absent))
        wrong = self.torture()
        return wrong + self.reckon(kinds)

    def settle_settings(self):
        """Writes the settings with every receiver that this program knows."""
        base = f'listen = ["127.0.0.1:{self.place["http"]}"]\n'
        hook = '[[webhook]]\nsource = "github"\nsecret = "env:SOAK_WEBHOOK"\n'
        limits = f"[limits]\nconnections_max = {CONNECTIONS_MAX}\nbody_seconds_max = 20\n"
        known, kinds = "", []
        for name, (section, of) in SECTIONS.items():
            section = section.format(**self.place)
            with open(self.config, "w") as file:
                file.write(section)
            try:
                self.server.command("config", "print", "--config", self.config)
                known += section
                kinds += of
            except RuntimeError:
                self.absent.append(name)
        with open(self.config, "w") as file:
            file.write(base + limits + hook + known)
        self.place["all"] = [(self.place["http"], socket.SOCK_STREAM)]
        self.place["all"] += [(self.place[kind.port], getattr(kind, "kind", socket.SOCK_STREAM)) for kind in kinds if getattr(kind, "port", "")]
        return kinds

    def mint(self, kinds):
        for kind in kinds:
            if issubclass(kind, senders.OverHttp) and kind is not senders.GitHub:
                bound = ["--name", kind.name, "--scope", "records:write", "--source", kind.name, "-o", "json"]
                self.place["tokens"][kind.name] = json.loads(self.server.command("token", "create", *bound))["token"]

    def torture(self):
        """Kills it again and again, fills its disk once, and then lets it come to rest."""
        began, seconds = time.monotonic(), self.options.seconds
        interval = min(KILL_SECONDS, seconds / 5)
        full_at = began + seconds * 0.4 if self.disk.is_own else float("inf")
        full_seconds = min(FULL_SECONDS, seconds / 4)
        wrong, next_kill = [], began + interval * self.chance.uniform(0.5, 1.5)
        end = began + seconds
        while (now := time.monotonic()) < end:
            if now >= full_at:
                full_at = float("inf")
                wrong += self.fill_up(full_seconds)
                # So that what became of the full disk is seen before the next kill.
                next_kill = max(next_kill, time.monotonic() + interval * self.chance.uniform(0.2, 1))
            # The last life is long enough to compare what was sent with what was sealed in it.
            if now >= next_kill and end - now > interval * 0.4:
                self.server.kill()
                self.life.value = 0
                took = self.server.start()
                self.life.value = self.server.life
                self.say(f"killed, ready again after {took:.2f} s, life {self.server.life}")
                next_kill = time.monotonic() + interval * self.chance.uniform(0.5, 1.5)
            if self.server.process.poll() is not None:
                wrong.append(f"life {self.server.life} ended by itself with {self.server.process.returncode}")
                self.life.value = 0
                self.server.start()
                self.life.value = self.server.life
            time.sleep(0.05)
        return wrong

    def fill_up(self, seconds):
        self.say("the disk is full")
        self.disk.fill()
        refused, until = False, time.monotonic() + seconds
        while time.monotonic() < until:
            refused |= not self.is_ready()
            time.sleep(0.2)
        self.disk.free()
        self.say("the disk has room again")
        until = time.monotonic() + 20
        while not self.is_ready() and time.monotonic() < until:
            time.sleep(0.1)
        wrong = [] if self.is_ready() else ["20 s after the disk had room again it takes no records"]
        return wrong + ([] if refused else ["/readyz said ready all the time while the disk was full"])

    def is_ready(self):
        client = senders.Client(self.place["http"], {})
        answered = client.once("GET", "/readyz")
        client.close()
        return answered is not None and answered[0] == 200

    def reckon(self, kinds):
        """What was sent, what is sealed, and everything else that was promised."""
        self.hostile.stop()
        self.quiet.set()
        self.say("at rest: senders without acknowledgement are silent")
        drops = self.rest()
        # Those with acknowledgement go on: the stop comes in the midst of them.
        self.watched.set()
        self.server.look(self.server.life, self.server.process)
        self.life.value = 0
        took, code = self.server.terminate()
        self.say(f"stopped after {took:.2f} s with {code}")
        wrong = list(self.hostile.wrong)
        if took > STOP_SECONDS_MAX or code != 0:
            wrong.append(f"the stop took {took:.1f} s and ended with {code}; within {STOP_SECONDS_MAX} s and with 0 is promised")
        self.over.set()
        for process in self.processes:
            process.join(60)
        sealed = sealed_counts(self.server.raws())
        rows = []
        for kind in kinds:
            with open(os.path.join(self.work, f"book.{kind.name}")) as file:
                book = Book(**json.load(file))
            row = judge(book, sealed.get(kind.name, {}))
            if book.acked is None:
                self.unanswered(kind, book, sealed.get(kind.name, {}), drops, row)
            rows.append(row)
        verified = self.server.command("verify").splitlines()[0]
        table(rows)
        self.figures(verified)
        for row in rows:
            wrong += [f"{row.sender}: {what}" for what in row.wrong]
            if not row.sealed:
                wrong.append(f"{row.sender}: nothing of it is sealed")
        if not verified.startswith("intact"):
            wrong.append(f"verify: {verified}")
        return wrong + self.server.unexpected()

    def rest(self):
        """Waits until nothing more is being sealed for senders without acknowledgement. Returns the datagrams that the
        operating system dropped in this life."""
        before, until = None, time.monotonic() + REST_SECONDS_MAX
        while time.monotonic() < until:
            time.sleep(1)
            now = {name: value for name, value in self.server.metrics().items() if "syslog" in name or "lines" in name}
            if now == before:
                break
            before = now
        return kernel_drops(self.place["syslog_udp"])

    def unanswered(self, kind, book, sealed, drops, row):
        """In the last life everything that was sent is sealed or counted as dropped. Across a kill, what was on its way
        is unknown: that is told, not judged."""
        unsaid = 0
        for life, first, end in book.lives:
            there = sum(1 for number in range(first, end) if number in sealed)
            reading = self.server.readings[life - 1]
            counted = sum(value for name, value in reading.items()
                          if ("datagrams_dropped" in name or "messages_lost" in name) and 'source="syslog"' in name)
            missing = end - first - there
            if life != self.server.life:
                unsaid += missing
                continue
            dropped = counted + (drops if kind is senders.SyslogUdp else 0)
            print(f"{kind.name}, last life: sent {end - first}, sealed {there}, dropped and counted {dropped:.0f}")
            # Garbage on the same port may be among what was dropped: more may be counted than is missing.
            if missing > dropped:
                row.wrong.append(f"last life: {missing} are missing and {dropped:.0f} were counted as dropped")
        print(f"{kind.name}, lives that were killed: {unsaid} sent and not sealed; on their way at a kill, or dropped")

    def figures(self, verified):
        ready = sorted(self.server.to_ready)
        restarts = f"{self.server.life - 1} kills; ready after p50 {ready[len(ready) // 2]:.2f} s, at most {ready[-1]:.2f} s"
        peaks = sorted(self.server.peaks)
        memory = f"memory, peaks of all lives: p50 {peaks[len(peaks) // 2] >> 20} MiB, at most {peaks[-1] >> 20} MiB"
        hostile = ", ".join(f"{name} {count}" for name, count in self.hostile.counts.items())
        print(f"{restarts}\n{memory}\nhostile clients: {hostile}\nverify: {verified}\nseed {self.options.seed}", flush=True)

    def end(self):
        """Nothing that was started here lives on."""
        self.over.set()
        if self.hostile is not None:
            self.hostile.over.set()
        if self.server.process is not None and self.server.process.poll() is None:
            self.server.kill()
        for process in self.processes:
            process.join(5)
            if process.is_alive():
                process.kill()

    @staticmethod
    def say(what):
        print(time.strftime("%H:%M:%S ") + what, flush=True)


def work_of(kind, place, over, life, quiet):
    kind(place, over, life, quiet).run()


def free_ports(chance, count):
    """Ports below those that the system gives to clients: while the server is down nobody else takes them."""
    found = []
    while len(found) < count:
        port = chance.randrange(20_000, 30_000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as trial:
                    trial.bind(("127.0.0.1", port))
            found.append(port)
        except OSError:
            pass
    return found


def kernel_drops(port):
    """Datagrams that the operating system dropped for the socket on this port (`proc(5)`, /proc/net/udp)."""
    with open("/proc/net/udp") as table_of_udp:
        rows = [line.split() for line in table_of_udp][1:]
    return sum(int(row[12]) for row in rows if int(row[1].split(":")[1], 16) == port)


def table(rows):
    print("\n| sender | sent | acknowledged | sealed | copies | lost |\n|---|---|---|---|---|---|")
    for row in rows:
        acked = "has none" if row.acked is None else row.acked
        print(f"| {row.sender} | {row.sent} | {acked} | {row.sealed} | {row.copies} | {row.lost} |")
    print()


if __name__ == "__main__":
    main()
