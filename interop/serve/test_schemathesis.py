"""Every operation of the OpenAPI document, against a running server: no 5xx, and no answer that the document does not name.

    pip install pytest schemathesis
    DEEDBOOK=target/debug/deedbook pytest interop/serve/test_schemathesis.py
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

EXAMPLES_MAX = os.environ.get("SCHEMATHESIS_EXAMPLES", "30")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"


@pytest.fixture
def running(tmp_path):
    arguments = [os.environ["DEEDBOOK"], "--data", tmp_path / "data", "serve", "--init", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    url, token = None, None
    for line in process.stderr:
        if found := re.match(r"listening on (http://\S+)", line):
            url = found[1]
        if found := re.match(r"admin token, shown once: (\S+)", line):
            token = found[1]
        if line.startswith("ready;"):
            break
    log = (tmp_path / "log").open("w")
    drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
    yield url, token, tmp_path / "log"
    process.terminate()
    assert process.wait(timeout=20) == 0
    drain.wait(timeout=5)


def test_every_operation_answers_as_the_document_says(running):
    url, token, log = running
    records = "".join(
        json.dumps({
            "eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventSource": "s3.amazonaws.com",
            "eventName": "GetObject", "eventID": f"00000000-0000-4000-8000-{number:012}", "awsRegion": "eu-west-1",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ci", "userName": "ci"},
        }) + "\n"
        for number in range(20)
    )
    request = urllib.request.Request(f"{url}/v1/records?source=aws", records.encode(), {"Authorization": f"Bearer {token}"})
    assert urllib.request.urlopen(request).status == 200
    command = [
        Path(sys.executable).parent / "schemathesis", "run", f"{url}/v1/openapi.json",
        "-H", f"Authorization: Bearer {token}",
        "--max-examples", EXAMPLES_MAX, "--checks", CHECKS, "--seed", "7", "--no-color",
        # A stream without an end.
        "--exclude-path", "/v1/events/tail",
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "forms", "PYTHONPATH": str(Path(__file__).parent)}
    ran = subprocess.run(command, cwd=log.parent, env=environment, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]
    print(ran.stdout[-1_500:])
    said = log.read_text()
    assert "panicked" not in said, said
