"""Loki's push API: the handler of python-logging-loki, and protobuf in Snappy by curl, to a real `deedbook serve`."""

import json
import logging
import struct
import subprocess

import logging_loki
import pytest
import snappy

CONFIG = 'listen = ["127.0.0.1:0"]\n'


@pytest.fixture
def server(serve):
    return serve(CONFIG, {})


def test_the_handler_of_python_logging(server):
    handler = logging_loki.LokiHandler(
        url=f"{server.url}/loki/api/v1/push",
        tags={"app": "pay"},
        # The token as a password: the handler knows no other way.
        auth=("deedbook", server.token),
        version="1",
    )
    logger = logging.getLogger("loki")
    logger.propagate = False
    logger.addHandler(handler)
    for number in range(100):
        logger.error('line %d "quoted"', number, extra={"tags": {"service": "till"}})
    records = [json.loads(record) for record in server.records()]
    assert [record["line"] for record in records] == [f'line {number} "quoted"' for number in range(100)]
    for record in records:
        assert record["labels"]["app"] == "pay" and record["labels"]["service"] == "till"
        assert int(record["ts"]) > 1_700_000_000_000_000_000


def field(number, payload):
    """A message or a text as a field of another, short enough for one byte of length."""
    assert len(payload) < 128
    return struct.pack("BB", number << 3 | 2, len(payload)) + payload


def test_protobuf_in_snappy(server, tmp_path):
    timestamp = bytes([1 << 3, 5, 2 << 3, 7])
    entry = field(1, timestamp) + field(2, "gr\u00fc\u00dfe".encode())
    push = field(1, field(1, b'{app="pay", host="a"}') + field(2, entry) + field(2, entry))
    body = tmp_path / "push"
    body.write_bytes(snappy.compress(push))
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{body}"]
    command += ["-H", f"Authorization: Bearer {server.token}", "-H", "Content-Type: application/x-protobuf"]
    told = subprocess.run([*command, f"{server.url}/loki/api/v1/push"], capture_output=True, check=True, timeout=20)
    assert told.stdout == b"204"
    expected = {"labels": {"app": "pay", "host": "a"}, "ts": "5000000007", "line": "gr\u00fc\u00dfe"}
    assert [json.loads(record) for record in server.records()] == [expected] * 2
