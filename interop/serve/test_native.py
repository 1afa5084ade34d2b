"""Our own way in, with curl, and what its answers are worth to somebody who trusts nobody."""
import gzip
import json
import os
import pathlib
import subprocess
import sys

import zstandard

ROOT = pathlib.Path(__file__).resolve().parents[2]


def call(number):
    return {"eventVersion": "1.11", "eventName": "GetObject", "eventID": f"e-{number}"}


def ndjson(numbers):
    return "".join(json.dumps(call(number)) + "\n" for number in numbers).encode()


def curl(url, token, body=None, *arguments):
    """Status and answer."""
    command = ["curl", "-sS", "-m", "60", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {token}", *arguments]
    if body is not None:
        command += ["--data-binary", "@-"]
    done = subprocess.run([*command, url], input=body or b"", capture_output=True, timeout=90)
    assert done.returncode == 0, done.stderr
    answer, _, status = done.stdout.rpartition(b"\n")
    return int(status), answer.decode()


def test_curl_sends_what_a_file_may_hold(serve):
    served = serve()
    path = served.url + "/v1/records?source=aws"
    one = json.dumps(call(0)).encode()
    bodies = [ndjson(range(3)), json.dumps([call(3), call(4)]).encode(), one, gzip.compress(ndjson(range(5, 7))),
              zstandard.compress(ndjson(range(7, 9)))]
    counts = []
    for body in bodies:
        status, answer = curl(path, served.token, body)
        assert status == 200, answer
        counts.append(len(json.loads(answer)["records"]))
    assert counts == [3, 2, 1, 2, 2]
    assert curl(path, served.token, one, "-H", "Content-Encoding: identity")[0] == 200
    status, answer = curl(path + "&ack=witnessed", served.token, one)
    assert (status, json.loads(answer)["code"]) == (422, "ack-unsupported")
    assert curl(path, "dbk_nobody", one)[0] == 401
    raws = [json.loads(raw)["eventID"] for raw in served.records()]
    assert raws == [f"e-{number}" for number in [0, 1, 2, 3, 4, 0, 5, 6, 7, 8, 0]]


def test_a_key_holds_over_a_kill(serve):
    served = serve()
    key = ("-H", "Idempotency-Key: batch-17")
    status, first = curl(served.url + "/v1/records?source=aws", served.token, ndjson(range(50)), *key)
    assert status == 200, first
    served.kill()
    served.start()
    status, again = curl(served.url + "/v1/records?source=aws", served.token, ndjson(range(50)), *key)
    assert status == 200, again
    first, again = json.loads(first), json.loads(again)
    assert again["already_known"] == 50 and again["records"] == first["records"]
    assert curl(served.url + "/v1/records?source=aws", served.token, ndjson(range(49)), *key)[0] == 409
    assert len(served.records()) == 50


def test_a_receipt_is_proved_offline(serve, tmp_path):
    served = serve()
    status, answer = curl(served.url + "/v1/records?source=aws", served.token, ndjson(range(3)))
    assert status == 200, answer
    event = json.loads(answer)["records"][1]["event_id"]
    status, proof = curl(served.url + f"/v1/records/{event}/proof", served.token)
    assert status == 200, proof
    (tmp_path / "event.tlog-proof").write_text(proof)
    served.stop()
    (tmp_path / "log.vkey").write_text(served.deedbook("key", "show"))
    # What opens the commitment is no part of the proof, which may be shown to anyone.
    record, file = tmp_path / "record.json", tmp_path / "event.tlog-proof"
    served.deedbook("prove", event, "-o", str(tmp_path / "other.tlog-proof"), "--record", str(record))
    command = [os.environ["DEEDBOOK_VERIFY"], "proof", file, "--record", record, "--key", tmp_path / "log.vkey"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    record.write_text(record.read_text().replace("a", "b", 1))
    assert subprocess.run(command, capture_output=True, timeout=60).returncode != 0, "another record"


def test_the_example_keeps_its_last_checkpoint(serve, tmp_path):
    served = serve()
    env = {**os.environ, "DEEDBOOK_TOKEN": served.token}
    env["DEEDBOOK_KEY"] = served.deedbook("key", "show").strip()
    file = tmp_path / "audit.jsonl"

    def send():
        command = [sys.executable, str(ROOT / "docs/examples/send.py"), served.url, "aws", str(file)]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    for upto in (3, 8, 9):
        file.write_bytes(ndjson(range(upto)))
        done = send()
        assert done.returncode == 0, done.stderr
    assert "9 records sealed" in done.stdout
    assert "9 of them before" in send().stdout, "the same file again"
    kept = tmp_path / "audit.jsonl.checkpoint"
    other = serve()
    foreign = curl(other.url + "/v1/checkpoint", other.token)[1]
    kept.write_text(foreign)
    assert send().returncode != 0, "the checkpoint of another log"
