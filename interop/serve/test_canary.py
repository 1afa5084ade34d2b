"""A token that comes in through the receivers that need servers and clients of others is nowhere on disk.

The others are tried in crates/deedbook/tests/it/canary.rs.
"""
import json
import logging
import re

import test_kafka
import test_ldap
import test_otlp
import test_s3
from conftest import until
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from test_kafka import broker  # noqa: F401, a fixture
from test_ldap import slapd  # noqa: F401, a fixture
from test_s3 import store  # noqa: F401, a fixture

MARK = "glpat-C4nary"


def canary(name):
    return f"{MARK}{name:0<14}"


def record(name):
    return {"message": f"PRIVATE-TOKEN: {canary(name)}", "nested": json.dumps({"token": canary(name)})}


def found(server):
    """The canaries that are on disk: as bytes of any file, in decoded evidence, in columns, in the server's own log."""
    texts = [path.read_bytes().decode(errors="replace") for path in server.data.rglob("*") if path.is_file()]
    texts += [server.deedbook("sql", "-o", "ndjson", f"SELECT * FROM {table}") for table in ("leaves", "events_all", "rejects")]
    texts.append(server.stderr())
    return {canary for text in texts for canary in re.findall(f"{MARK}.{{14}}", text)}


def send(server, store, broker, slapd, way):
    """One through each way; returns them."""
    test_s3.client(store, "s3").put_object(Bucket="logs", Key=f"AWSLogs/{way}.json", Body=json.dumps(record(f"{way}s3")).encode())
    producer = test_kafka.producer(broker)
    producer.send("audit", value=json.dumps(record(f"{way}kafka")).encode())
    producer.flush()
    slapd.change(f"dn: uid=svc-{len(way)},ou=services,{test_ldap.BASE}\nchangetype: modify\nreplace: description\n"
                     f"description: PRIVATE-TOKEN: {canary(way + 'ldap')}\n")
    logs = LoggerProvider(resource=test_otlp.RESOURCE)
    logs.add_log_record_processor(SimpleLogRecordProcessor(test_otlp.log_exporter("grpc", server)))
    logger = logging.getLogger(f"canary-{way}")
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=logs))
    logger.warning(json.dumps(record(f"{way}grpclogs")))
    logs.shutdown()
    spans = TracerProvider(resource=test_otlp.RESOURCE)
    spans.add_span_processor(SimpleSpanProcessor(test_otlp.span_exporter("grpc", server)))
    with spans.get_tracer("canary").start_as_current_span("call") as span:
        span.set_attribute("http.request.header.private-token", canary(f"{way}grpcspans"))
    spans.shutdown()
    return {canary(f"{way}{name}") for name in ("s3", "kafka", "ldap", "grpclogs", "grpcspans")}


def there(server):
    """Records with a canary, or with what stands for one."""
    known = "array_has(secret_rules, 'gitlab') OR array_has(secret_rules, 'http-header')"
    query = f"SELECT count(*) AS n FROM records WHERE {known} OR strpos(raw, '{MARK}') > 0"
    return json.loads(server.deedbook("sql", "-o", "ndjson", query))["n"]


def holding(server, canary):
    """Records that hold this canary."""
    return server.deedbook("sql", "-o", "ndjson", f"SELECT raw FROM records WHERE strpos(raw, '{canary}') > 0")


def test_a_canary_is_nowhere_on_disk_and_with_scrubbing_off_each_is_found(serve, store, broker, slapd):  # noqa: F811
    test_s3.client(store, "s3").create_bucket(Bucket="logs")
    test_kafka.make(broker, 1)
    config = test_s3.settings(store, "AWSLogs/") + test_kafka.settings(broker) + test_ldap.settings(f"ldap://127.0.0.1:{slapd.port}")
    server = serve(config, {**test_s3.KEYS, "LDAP_PASSWORD": test_ldap.PASSWORD})
    until(lambda: test_ldap.sealed(server) >= 1_200)
    before = there(server)
    sent = send(server, store, broker, slapd, "on")
    until(lambda: there(server) >= before + len(sent) or None)
    server.kill()
    assert found(server) == set(), "after a power cut"
    server.start()
    server.stop()
    assert found(server) == set(), "after a stop"

    server.start()
    # The directory is listed anew at each start, the entry with the first canary too.
    until(lambda: test_ldap.sealed(server) >= 1_200)
    for name in ("trail", "topic", "directory", "otlp"):
        server.deedbook("source", "scrub", name, "off", "--reason", "a canary has to be found")
    sent = send(server, store, broker, slapd, "off")
    until(lambda: all(MARK in told for told in [holding(server, canary) for canary in sent]))
    server.stop()
    assert found(server) == sent
