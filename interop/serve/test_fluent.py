"""fluent-logger from PyPI, and a client of MessagePack that waits for acknowledgements and proves a shared key."""

import gzip
import hashlib
import json
import pathlib
import socket
import sys

import msgpack
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_syslog import serve, wait_for_all  # noqa: E402, F401

SETTINGS = '[[fluent]]\nsource = "apps"\nlisten = "127.0.0.1:0"\n'


class Client:
    """Speaks the forward protocol as Fluentd does."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.unpacker = msgpack.Unpacker(raw=False)

    def send(self, message):
        self.socket.sendall(msgpack.packb(message))

    def answer(self):
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(65536)
            if not data:
                return None
            self.unpacker.feed(data)


def test_fluent_logger(serve):
    from fluent import sender

    server = serve(SETTINGS)
    logger = sender.FluentSender("app", host="127.0.0.1", port=server.addresses["fluent"], nanosecond_precision=True)
    for nth in range(500):
        assert logger.emit("login", {"nth": nth, "user": "alice", "text": "café"})
    logger.close()
    wait_for_all(server, 500)
    server.stop()
    records = [json.loads(record) for record in server.records()]
    assert [record["record"]["nth"] for record in records] == list(range(500))
    assert all(record["tag"] == "app.login" and record["record"]["text"] == "café" for record in records)


@pytest.mark.parametrize("packed", ["bin", "gzip"])
def test_an_acknowledged_chunk_is_sealed_once(serve, packed):
    server = serve(SETTINGS)
    entries = b"".join(msgpack.packb([1_795_168_800 + nth, {"nth": nth}]) for nth in range(1_000))
    option = {"chunk": "p8n9gmxTQVC8/nh2wlKKeQ==", "size": 1_000}
    if packed == "gzip":
        entries, option["compressed"] = gzip.compress(entries), "gzip"
    for _ in range(3):
        client = Client(server.addresses["fluent"])
        client.send(["tag", entries, option])
        assert client.answer() == {"ack": "p8n9gmxTQVC8/nh2wlKKeQ=="}
    server.stop()
    assert [json.loads(record)["record"]["nth"] for record in server.records()] == list(range(1_000))


def test_what_was_acknowledged_survives_a_kill(serve):
    server = serve(SETTINGS)
    client = Client(server.addresses["fluent"])
    for nth in range(50):
        client.send(["tag", nth, {"nth": nth}, {"chunk": f"c{nth}"}])
        assert client.answer() == {"ack": f"c{nth}"}
    server.process.kill()
    server.process.wait()
    # The next writer reads what the log has beyond its last checkpoint on disk.
    server = serve(SETTINGS)
    server.stop()
    assert [json.loads(record)["record"]["nth"] for record in server.records()] == list(range(50))


def test_a_shared_key_is_proved_by_both(serve, monkeypatch):
    monkeypatch.setenv("FLUENT_KEY", "between you and me")
    server = serve(SETTINGS + 'shared_key = "env:FLUENT_KEY"\n')
    for key, welcome in [("between you and me", True), ("guessed", False)]:
        client = Client(server.addresses["fluent"])
        _, helo = client.answer()
        prove = lambda name: hashlib.sha512(b"salt" + name + helo["nonce"] + key.encode()).hexdigest()
        client.send(["PING", "client", b"salt", prove(b"client"), "", ""])
        _, told, _, name, digest = client.answer()
        assert told is welcome
        if welcome:
            assert digest == prove(name.encode())
            client.send(["tag", 1, {"a": 1}, {"chunk": "c"}])
            assert client.answer() == {"ack": "c"}
        else:
            assert client.answer() is None
    server.stop()
