"""Clients that no server wishes for: each a thread, until it is over. None of them may cost anybody else a record."""

import random
import socket
import threading

from http_client import Client

SLOW_CLIENTS = 8
# Connections over the limit, and how long they are held.
SEATS_BEYOND = 64
SEATS_SECONDS = 3
SEATS_EVERY_SECONDS = 12


class Hostile:
    def __init__(self, place, seed):
        self.place, self.seed, self.over = place, seed, threading.Event()
        self.counts = dict.fromkeys(("slow", "garbage", "seats", "wrong_token"), 0)
        self.wrong = []
        works = [self.slow] * SLOW_CLIENTS + [self.garbage, self.seats, self.wrong_token]
        self.threads = [threading.Thread(target=work, args=(at,), daemon=True) for at, work in enumerate(works)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(10)

    def slow(self, _at):
        """Sends a body one byte a second, and never all of it."""
        token = self.place["tokens"]["native"]
        head = f"POST /v1/records HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer {token}\r\nContent-Length: 100000\r\n\r\n"
        while not self.over.wait(0.5):
            try:
                with socket.create_connection(("127.0.0.1", self.place["http"]), timeout=5) as stream:
                    self.counts["slow"] += 1
                    stream.sendall(head.encode())
                    while not self.over.wait(1):
                        stream.sendall(b"x")
            except OSError:
                # It was refused at last, or the server was killed.
                pass

    def garbage(self, at):
        chance = random.Random(f"{self.seed}/garbage/{at}")
        while not self.over.wait(0.05):
            port, kind = chance.choice(self.place["all"])
            try:
                with socket.socket(socket.AF_INET, kind) as stream:
                    stream.settimeout(2)
                    stream.connect(("127.0.0.1", port))
                    self.counts["garbage"] += 1
                    stream.sendall(self.nonsense(chance)[: 60_000 if kind == socket.SOCK_DGRAM else None])
                    if kind == socket.SOCK_STREAM and chance.random() < 0.7:
                        # Half of a conversation: it does not say more, but waits a little.
                        stream.settimeout(0.2)
                        stream.recv(1024)
            except OSError:
                pass

    @staticmethod
    def nonsense(chance):
        noise = chance.randbytes(chance.randrange(1, 4_000))
        return chance.choice([
            noise,
            b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Le",
            b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n" + noise,
            b"POST /v1/records HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n" + noise,
            b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5_000 + b"\r\n",
            b"BREW /v1/records HTTP/1.1\r\nHost: x\r\n\r\n",
            b"DELETE /_bulk HTTP/1.1\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + noise,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise,
            b"999999999 <13>1 " + noise,
            b"\xdd\xff\xff\xff\xff" + noise,
            b"\x93\xa1t\xc6\xff\xff\xff\xff" + noise,
            b"GET /%ff%00/../../etc HTTP/1.1\r\nHost: x\r\n\r\n",
        ])

    def seats(self, _at):
        """Takes every seat there is and more, says nothing, and goes."""
        while not self.over.wait(SEATS_EVERY_SECONDS):
            taken = []
            for _ in range(self.place["connections_max"] + SEATS_BEYOND):
                try:
                    taken.append(socket.create_connection(("127.0.0.1", self.place["http"]), timeout=0.5))
                    self.counts["seats"] += 1
                except OSError:
                    break
            self.over.wait(SEATS_SECONDS)
            for stream in taken:
                stream.close()

    def wrong_token(self, _at):
        paths = ["/v1/records?source=x", "/services/collector/event", "/_bulk", "/v1/webhooks/github", "/v1/logs"]
        chance = random.Random(f"{self.seed}/token")
        client = Client(self.place["http"], {"Authorization": "Bearer dbk_" + "A" * 43, "X-Hub-Signature-256": "sha256=00"})
        while not self.over.wait(0.1):
            path = chance.choice(paths)
            answered = client.once("POST", path, b'{"stolen":true}')
            self.counts["wrong_token"] += 1
            if answered is not None and answered[0] // 100 in (2, 5) and answered[0] != 503:
                self.wrong.append(f"{path} with a wrong token answered {answered[0]}")
        client.close()
