"""A prefix of a bucket, kept by moto's server and written by boto3, while the server is killed now and then."""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest
from conftest import free_port, until

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture
def store():
    """Address of an empty store."""
    port = free_port()
    program = pathlib.Path(sys.executable).parent / "moto_server"
    server = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=1).status
            except OSError:
                return None
        until(answers, 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def client(store, service):
    return boto3.client(service, endpoint_url=store, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def settings(store, prefix, **more):
    lines = [
        "[[s3]]", 'source = "trail"', 'bucket = "logs"', f'prefix = "{prefix}"', f'endpoint = "{store}"',
        'access_key = "env:AWS_ACCESS_KEY_ID"', 'secret_key = "env:AWS_SECRET_ACCESS_KEY"', "poll_seconds = 1",
    ]
    return "\n".join(lines + [f"{name} = {json.dumps(value)}" for name, value in more.items()]) + "\n"


def trail(numbers):
    records = [{"eventVersion": "1.08", "eventID": f"id-{n}", "number": n} for n in numbers]
    return gzip.compress(json.dumps({"Records": records}).encode())


def numbers(server):
    return sorted(json.loads(record)["number"] for record in server.records() if '"number"' in record)


def metrics(server):
    asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": f"Bearer {server.token}"})
    return urllib.request.urlopen(asked, timeout=10).read().decode()


def test_new_objects_of_a_prefix_come_once(serve, store):
    s3 = client(store, "s3")
    s3.create_bucket(Bucket="logs")
    day = "AWSLogs/111/CloudTrail/eu-west-1/2026/11/28"
    put = lambda key, body: s3.put_object(Bucket="logs", Key=key, Body=body)
    put(f"{day}/a.json.gz", trail(range(0, 10)))
    put(f"AWSLogs//odd key+%é.json.gz", trail(range(10, 12)))
    put("AWSLogs/folder/", b"")
    put("elsewhere/x.json.gz", trail(range(900, 910)))
    put("AWSLogs/111/CloudTrail-Digest/eu-west-1/d.json.gz", gzip.compress(b'{"logFiles": [\n{"hashValue": "9f"}]}'))
    damaged = trail(range(20, 30))
    put(f"{day}/b.json.gz", damaged[:60])
    server = serve(settings(store, "AWSLogs/"), KEYS)
    until(lambda: 'deedbook_objects_unread{source="trail"} 1' in metrics(server) and "objects_sealed_total" in metrics(server))
    put(f"{day}/c.json.gz", trail(range(12, 20)))
    until(lambda: 'objects_sealed_total{source="trail"} 4' in metrics(server))
    put(f"{day}/b.json.gz", damaged)
    until(lambda: 'deedbook_objects_unread{source="trail"} 0' in metrics(server))
    server.kill()
    server.start()
    put("AWSLogs/000/late.json.gz", trail(range(30, 35)))
    until(lambda: 'objects_sealed_total{source="trail"} 1' in metrics(server))
    time.sleep(2)
    assert 'objects_sealed_total{source="trail"} 1\n' in metrics(server)
    server.stop()
    assert numbers(server) == list(range(35))
    assert [record for record in server.records() if "hashValue" in record] == ['{"logFiles": [\n{"hashValue": "9f"}]}']


def test_killed_at_any_moment_nothing_is_lost_or_doubled(serve, store):
    s3 = client(store, "s3")
    s3.create_bucket(Bucket="logs")
    # One that is longer than what is read into memory, one that is longer when it is decoded, and many small ones.
    long = "".join(json.dumps({"number": n, "filler": "x" * 2_000 + str(n)}) + "\n" for n in range(10_000))
    s3.put_object(Bucket="logs", Key="p/0-long.jsonl", Body=long.encode())
    long = "".join(json.dumps({"number": n, "filler": os.urandom(9_000).hex() * 120}) + "\n" for n in range(10_000, 10_035))
    s3.put_object(Bucket="logs", Key="p/1-long.jsonl.gz", Body=gzip.compress(long.encode(), 1))
    for nth in range(100):
        body = "".join(json.dumps({"number": 10_035 + nth * 50 + n}) + "\n" for n in range(50))
        s3.put_object(Bucket="logs", Key=f"p/{nth:03}.jsonl.gz", Body=gzip.compress(body.encode()))
    server = serve(settings(store, "p/"), KEYS)
    for wait in (0.3, 1.1, 0.7, 2.3, 1.7):
        time.sleep(wait)
        server.kill()
        server.start()
    until(lambda: sealed(server) >= 15_035, 120)
    # What would come twice comes by the next listing, a second later.
    time.sleep(5)
    server.stop()
    assert numbers(server) == list(range(15_035))


def sealed(server):
    """Records of the source, counted on disk: who asks the server is itself sealed."""
    return json.loads(server.deedbook("sql", "-o", "ndjson", "SELECT count(*) AS n FROM records WHERE source = 'trail'"))["n"]


def test_a_queue_tells_and_a_message_is_deleted_when_its_object_is_sealed(serve, store):
    s3, sqs = client(store, "s3"), client(store, "sqs")
    s3.create_bucket(Bucket="logs")
    queue = sqs.create_queue(QueueName="new", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    s3.put_bucket_notification_configuration(
        Bucket="logs",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:123456789012:new", "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    server = serve(settings(store, "p/", queue_url=queue), KEYS)
    time.sleep(1)
    for nth in range(5):
        s3.put_object(Bucket="logs", Key=f"p/{nth} é+.json.gz", Body=trail(range(nth * 10, nth * 10 + 10)))
    damaged = trail(range(50, 60))
    s3.put_object(Bucket="logs", Key="p/damaged.json.gz", Body=damaged[:40])
    until(lambda: 'objects_sealed_total{source="trail"} 5' in metrics(server))
    left = lambda: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    count = lambda: sum(int(left()[name]) for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"))
    until(lambda: count() == 1)
    server.kill()
    server.start()
    s3.put_object(Bucket="logs", Key="p/damaged.json.gz", Body=damaged)
    until(lambda: count() == 0)
    server.stop()
    assert numbers(server) == list(range(60))
