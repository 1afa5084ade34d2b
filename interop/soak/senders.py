"""People's senders, reduced to what their protocol promises: each a process with a book of its own."""

import hashlib
import hmac
import json
import os
import random
import socket
import time

from book import Book, record_id
from http_client import Client, is_later, pause
from msgpack import pack, unpack

WEBHOOK_SECRET = "soak-webhook-secret"
# Records of one delivery, where the protocol takes several.
BATCH = 40
# Between deliveries, so that some hundred records a second come from each.
GAP_SECONDS = 0.15
# How often a HEC sender asks for an id before it sends again.
ASKED_MAX = 10


def text(sender, number, chance):
    """A record of its own as JSON, with some ballast of different length."""
    ballast = "".join(chance.choices("abcdefghij 0123456789", k=chance.randrange(40, 400)))
    return json.dumps({"id": record_id(sender, number), "action": "read", "actor": "svc-soak", "note": ballast})


class Sender:
    """What all have: a book, ports, a token, and the wish to end."""

    name, once, acks, batch = "", False, True, BATCH

    def __init__(self, place, over, life, quiet):
        self.place, self.over, self.life, self.quiet = place, over, life, quiet
        self.book = Book(self.name, self.once, acked=[] if self.acks else None)
        self.chance = random.Random(f"{place['seed']}/{self.name}")

    def run(self):
        """In a process of its own, until it is over; then the book is left in a file."""
        try:
            self.work()
        finally:
            with open(os.path.join(self.place["work"], f"book.{self.name}"), "w") as file:
                json.dump(self.book.__dict__, file)

    def work(self):
        """Deliveries, each sent until it is acknowledged."""
        while not self.over.is_set():
            numbers = self.book.sent(self.batch)
            records = [text(self.name, number, self.chance) for number in numbers]
            while not self.over.is_set():
                for number in numbers:
                    self.book.attempts[number] += 1
                if self.deliver(numbers, records):
                    for number in numbers:
                        self.book.acked[number] = True
                    break
                pause()
            time.sleep(GAP_SECONDS)

    def deliver(self, numbers, records):
        """True once it is acknowledged; False if it has to be sent again."""
        raise NotImplementedError


class OverHttp(Sender):
    scheme, good, path = "Bearer", 200, ""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.client = Client(self.place["http"], self.headers())

    def headers(self):
        return {"Authorization": f"{self.scheme} {self.place['tokens'][self.name]}"}

    def post(self, path, body, headers=None):
        """The answer, if it says yes. None if the same has to be sent again; what else is said is written down."""
        answered = self.client.once("POST", path, body.encode(), headers)
        if is_later(answered):
            return None
        if answered[0] != self.good:
            self.book.strange.append(f"{path} answered {answered[0]}: {answered[1][:200]!r}")
            return None
        return answered[1]

    @classmethod
    def probe(cls, place, over, life, quiet):
        """Whether this program has the path: it is not 404 and not 405."""
        client = Client(place["http"], {"Authorization": "Bearer none"})
        answered = client.once("POST", cls.path, b"")
        client.close()
        return answered is not None and answered[0] not in (404, 405)


class Native(OverHttp):
    """NDJSON without a key: a retry may be a second copy."""

    name, path = "native", "/v1/records"

    def deliver(self, numbers, records):
        answered = self.post(self.path, "\n".join(records), self.key(numbers))
        if answered is None:
            return False
        answer = json.loads(answered)
        if len(answer["records"]) + answer["already_known"] < len(records):
            self.book.strange.append(f"{len(records)} records and {len(answer['records'])} receipts")
        return True

    def key(self, numbers):
        return {}


class NativeKey(Native):
    """The same with an `Idempotency-Key`: however often it is sent, it is sealed once."""

    name, once = "native_key", True

    def key(self, numbers):
        return {"Idempotency-Key": f"{self.name}-{numbers[0]}"}


class Hec(OverHttp):
    """Splunk HEC with indexer acknowledgement: taken is what `/ack` says is taken."""

    name, scheme, path = "hec", "Splunk", "/services/collector/event"
    channel = "6f1c1a52-54a4-4b0e-8a3f-0d8a5f0c0001"

    def deliver(self, numbers, records):
        body = "".join(json.dumps({"event": json.loads(record), "time": time.time()}) for record in records)
        answered = self.post(self.path, body, {"X-Splunk-Request-Channel": self.channel})
        if answered is None:
            return False
        ack = json.loads(answered)["ackId"]
        for _ in range(ASKED_MAX):
            asked = self.post(f"/services/collector/ack?channel={self.channel}", json.dumps({"acks": [ack]}))
            if asked is not None and json.loads(asked)["acks"][str(ack)]:
                return True
            # A server that was killed meanwhile knows no ids: it is sent again.
            pause()
        return False


class Bulk(OverHttp):
    """`_bulk` of Elasticsearch: taken is a document whose item says so."""

    name, scheme, path = "bulk", "ApiKey", "/_bulk"

    def deliver(self, numbers, records):
        body = "".join(f'{{"create":{{"_index":"soak"}}}}\n{record}\n' for record in records)
        answered = self.post(self.path, body, {"Content-Type": "application/x-ndjson"})
        if answered is None:
            return False
        answer = json.loads(answered)
        taken = [item for item in answer["items"] if item["create"]["status"] == 201]
        if answer["errors"] or len(taken) != len(records):
            self.book.strange.append(f"{len(records)} documents and {len(taken)} created")
        return True


class GitHub(OverHttp):
    """A signed webhook: what is signed is its key."""

    name, once, batch, path = "github", True, 1, "/v1/webhooks/github"

    def headers(self):
        return {"X-GitHub-Event": "push", "Content-Type": "application/json"}

    def deliver(self, numbers, records):
        tag = hmac.new(WEBHOOK_SECRET.encode(), records[0].encode(), hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={tag}", "X-GitHub-Delivery": f"soak-guid-{numbers[0]}"}
        return self.post(self.path, records[0], headers) is not None


class Otlp(OverHttp):
    """OTLP logs over HTTP as JSON (OTLP 1, section *OTLP/HTTP*)."""

    name, path = "otlp", "/v1/logs"

    def deliver(self, numbers, records):
        logs = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": record}} for record in records]
        service = [{"key": "service.name", "value": {"stringValue": "soaked"}}]
        body = {"resourceLogs": [{"resource": {"attributes": service}, "scopeLogs": [{"logRecords": logs}]}]}
        return self.post(self.path, json.dumps(body), {"Content-Type": "application/json"}) is not None


class Loki(OverHttp):
    """Loki's push API as JSON."""

    name, good, path = "loki", 204, "/loki/api/v1/push"

    def deliver(self, numbers, records):
        values = [[str(time.time_ns()), record] for record in records]
        body = {"streams": [{"stream": {"app": "soaked"}, "values": values}]}
        return self.post(self.path, json.dumps(body), {"Content-Type": "application/json"}) is not None


class CloudEvents(OverHttp):
    """One CloudEvent, structured: `source` and `id` are its key."""

    name, once, batch, path = "cloudevents", True, 1, "/v1/cloudevents"

    def deliver(self, numbers, records):
        name = f"{self.name}-{numbers[0]}"
        event = {"specversion": "1.0", "type": "org.example.soak", "source": "/soak", "id": name}
        body = json.dumps({**event, "data": json.loads(records[0])})
        answered = self.client.once("POST", self.path, body.encode(), {"Content-Type": "application/cloudevents+json"})
        if is_later(answered):
            return False
        if answered[0] // 100 != 2:
            self.book.strange.append(f"{self.path} answered {answered[0]}: {answered[1][:200]!r}")
        return answered[0] // 100 == 2


class Kubernetes(OverHttp):
    """The audit webhook of kube-apiserver: a list that is sent again is the same bytes, and those are its key."""

    name, once, path = "kubernetes", True, "/v1/kubernetes/audit/kubernetes"

    def deliver(self, numbers, records):
        body = '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[' + ",".join(records) + "]}"
        return self.post(self.path, body, {"Content-Type": "application/json"}) is not None


class VaultHttp(OverHttp):
    """The `http` audit device of OpenBao: an entry with each request."""

    name, batch, path = "vault_http", 1, "/v1/vault/audit/vault_http"

    def deliver(self, numbers, records):
        return self.post(self.path, records[0], {"Content-Type": "application/json"}) is not None


class Fluent(Sender):
    """Fluent forward with `chunk`: taken is what comes back as `ack`, and the chunk is the key."""

    name, once, port = "fluent", True, "fluent"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.socket, self.began = None, int(time.time())

    def deliver(self, numbers, records):
        chunk = f"{self.name}-{numbers[0]}"
        # The same bytes each time: another body under the same chunk would be another delivery.
        entries = [[self.began + numbers[0], {"log": record}] for record in records]
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.place[self.port]), timeout=30)
            self.socket.sendall(pack(["soak.app", entries, {"chunk": chunk}]))
            answered = b""
            while not answered or (ack := unpack(answered)) is None:
                piece = self.socket.recv(4096)
                if not piece:
                    raise ConnectionError("closed before the ack")
                answered += piece
            return ack.get("ack") == chunk
        except OSError:
            if self.socket is not None:
                self.socket.close()
            self.socket = None
            return False


class Unanswered(Sender):
    """A sender that hears nothing back. It sends while the server lives, and notes what it sent in which life."""

    acks, port, kind = False, "", socket.SOCK_STREAM

    def work(self):
        out, life = None, 0
        while not self.over.is_set():
            now = self.life.value
            if now <= 0 or self.quiet.is_set():
                # The server is down, or is to come to rest.
                if self.quiet.is_set() and out is not None:
                    out.close()
                    out = None
                time.sleep(0.01)
                continue
            if now != life:
                life = now
                self.book.lives.append([life, len(self.book.attempts), len(self.book.attempts)])
                if out is not None:
                    out.close()
                out = None
            number = len(self.book.attempts)
            try:
                if out is None:
                    out = socket.socket(socket.AF_INET, self.kind)
                    out.settimeout(10)
                    out.connect(("127.0.0.1", self.place[self.port]))
                out.sendall(self.framed(text(self.name, number, self.chance)))
            except TimeoutError:
                # The server stopped reading, as it should with a full disk. How much of the record went is not known.
                self.book.attempts.append(1)
                out.close()
                out = None
                continue
            except OSError:
                # Of a stream, part of it may have been taken: a number is not used for two records.
                if self.kind == socket.SOCK_STREAM and out is not None:
                    self.book.attempts.append(1)
                if out is not None:
                    out.close()
                out = None
                time.sleep(0.02)
                continue
            self.book.attempts.append(1)
            self.book.lives[-1][2] = len(self.book.attempts)
            time.sleep(0.004)
        if out is not None:
            out.close()

    def framed(self, record):
        raise NotImplementedError


class SyslogTcp(Unanswered):
    """RFC 6587, octet counting."""

    name, port = "syslog_tcp", "syslog_tcp"

    def framed(self, record):
        message = f"<13>1 2026-01-02T03:04:05Z host soak 7 - - {record}".encode()
        return str(len(message)).encode() + b" " + message


class SyslogUdp(Unanswered):
    """RFC 5426."""

    name, port, kind = "syslog_udp", "syslog_udp", socket.SOCK_DGRAM

    def framed(self, record):
        return f"<13>1 2026-01-02T03:04:05Z host soak 7 - - {record}".encode()


class Lines(Unanswered):
    """Lines over TCP, as Vault's socket audit device sends them."""

    name, port = "lines", "lines"

    def framed(self, record):
        return record.encode() + b"\n"


class Followed(Sender):
    """A program that writes a log file, which is rotated by rename: what is in a file has to be sealed, once."""

    name, once, rotated_after = "followed", True, 3_000

    def work(self):
        folder = self.place["followed"]
        path, turn = os.path.join(folder, "app.log"), 0
        file = open(path, "a")
        while not self.over.is_set() and not self.quiet.is_set():
            for number in self.book.sent(self.batch):
                file.write(text(self.name, number, self.chance) + "\n")
                self.book.attempts[number] = 1
                self.book.acked[number] = True
            file.flush()
            if len(self.book.attempts) // self.rotated_after > turn:
                turn += 1
                os.rename(path, f"{path}.{turn}")
                file.close()
                file = open(path, "a")
            time.sleep(GAP_SECONDS)
        file.close()


HTTP = [Native, NativeKey, Hec, Bulk, GitHub, Otlp, Loki, CloudEvents, Kubernetes, VaultHttp]
