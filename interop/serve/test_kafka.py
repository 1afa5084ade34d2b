"""A topic of a real broker, which is stopped and started again, while the server is killed now and then.

The jars of the broker are in the folder that KAFKA_LIBS names: `scripts/kafka.sh` fetches them and prints it.
"""
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

import pytest
from conftest import free_port, until
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewPartitions, NewTopic

LIBS = os.environ.get("KAFKA_LIBS")
pytestmark = pytest.mark.skipif(not LIBS, reason="KAFKA_LIBS is not set")


class Broker:
    """One node that is broker and controller."""

    def __init__(self, folder):
        self.folder, self.process = pathlib.Path(folder), None
        self.port, controller = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.properties = self.folder / "server.properties"
        self.properties.write_text(f"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://{self.address}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={self.folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.cleaner.backoff.ms=200
""")
        self.java("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(self.properties)).wait(60)

    def java(self, *arguments):
        command = ["java", "-Xmx512m", "-cp", f"{LIBS}/*", *arguments]
        errors = open(self.folder / "broker.txt", "ab")
        return subprocess.Popen(command, stdout=errors, stderr=errors)

    def start(self):
        self.process = self.java("kafka.Kafka", str(self.properties))

        def answers():
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return True
            except OSError:
                return False
        until(answers)

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def settings(broker, start="earliest"):
    return f'[[kafka]]\nsource = "topic"\nbrokers = ["{broker.address}"]\ntopics = ["audit"]\nfrom = "{start}"\n'


def producer(broker, **more):
    return KafkaProducer(bootstrap_servers=broker.address, linger_ms=20, **more)


def put(producer, numbers, partition=None, pad=""):
    for n in numbers:
        producer.send("audit", key=str(n).encode(), value=json.dumps({"number": n, "pad": pad}).encode(), partition=partition)
    producer.flush()


def make(broker, partitions, **configs):
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic("audit", partitions, 1, topic_configs=configs)])
    return admin


def numbers(server):
    return sorted(json.loads(record)["number"] for record in server.records() if '"number"' in record)


def metrics(server):
    asked = urllib.request.Request(f"{server.url}/metrics", headers={"Authorization": f"Bearer {server.token}"})
    return urllib.request.urlopen(asked, timeout=10).read().decode()


def lags(server):
    lines = [line for line in metrics(server).splitlines() if line.startswith("deedbook_source_lag_records{")]
    return [int(line.rsplit(" ", 1)[1]) for line in lines]


def sealed(server):
    lines = [line for line in metrics(server).splitlines() if line.startswith('deedbook_records_sealed_total{source="topic"}')]
    return int(lines[0].rsplit(" ", 1)[1]) if lines else 0


def test_killed_at_any_moment_nothing_is_lost_or_doubled(serve, broker):
    admin = make(broker, 3)
    sender = producer(broker, compression_type="gzip")
    put(sender, range(20_000), pad="x" * 500)
    server = serve(settings(broker), {})
    at = 20_000
    for wait in (0.4, 0.9, 1.6, 0.2, 2.1):
        time.sleep(wait)
        server.kill()
        put(sender, range(at, at + 1_000))
        at += 1_000
        server.start()
    # A partition that is added is read from its beginning.
    admin.create_partitions({"audit": NewPartitions(4)})
    time.sleep(1)
    sender = producer(broker)
    put(sender, range(at, at + 500), partition=3)
    at += 500
    until(lambda: len(lags(server)) == 4 and not any(lags(server)))
    server.stop()
    assert numbers(server) == list(range(at))


def test_the_broker_goes_away_and_comes_back(serve, broker):
    make(broker, 1)
    put(producer(broker), range(100))
    server = serve(settings(broker), {})
    until(lambda: sealed(server) == 100)
    broker.stop()
    until(lambda: "source_failures_total" in metrics(server))
    broker.start()
    put(producer(broker), range(100, 200))
    until(lambda: sealed(server) == 200, 120)
    server.stop()
    assert numbers(server) == list(range(200))


def test_tombstones_gaps_and_transactions_stop_nothing(serve, broker):
    make(broker, 1, **{"cleanup.policy": "compact", "segment.ms": "200", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "300"})
    sender = producer(broker)
    for n in range(50):
        sender.send("audit", key=b"same", value=json.dumps({"number": n}).encode())
    for n in range(50, 60):
        sender.send("audit", key=str(n).encode(), value=json.dumps({"number": n}).encode())
    sender.send("audit", key=b"59", value=None)
    sender.flush()
    time.sleep(1)
    put(sender, range(60, 61))
    time.sleep(20)
    server = serve(settings(broker), {})
    until(lambda: lags(server) == [0])
    seen = sealed(server)
    put(sender, range(61, 62))
    until(lambda: sealed(server) == seen + 1)
    # The end of a transaction is an offset without a record.
    sender = producer(broker, transactional_id="t", acks="all")
    sender.init_transactions()
    sender.begin_transaction()
    put(sender, range(62, 65))
    sender.commit_transaction()
    until(lambda: sealed(server) == seen + 4)
    put(producer(broker), range(65, 66))
    until(lambda: sealed(server) == seen + 5)
    server.kill()
    server.start()
    put(producer(broker), range(66, 67))
    until(lambda: sealed(server) == 1)
    server.stop()
    got = numbers(server)
    # The value of key 59 is deleted by its tombstone, if the cleaner came before the server.
    assert got == sorted(set(got)) and got[-7:] == list(range(60, 67)), got
    assert len(got) < 67, "compacted"


def test_latest_begins_now_and_then_misses_nothing(serve, broker):
    make(broker, 2)
    put(producer(broker), range(900, 910))
    server = serve(settings(broker, "latest"), {})
    until(lambda: len(lags(server)) == 2)
    server.kill()
    put(producer(broker), range(10))
    server.start()
    until(lambda: sealed(server) == 10)
    server.stop()
    assert numbers(server) == list(range(10))
