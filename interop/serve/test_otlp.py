"""OTLP from the OpenTelemetry SDK: logs and traces, over gRPC and HTTP, to a real `deedbook serve`."""

import gzip
import json
import logging
import urllib.error
import urllib.request

import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind

CONFIG = 'listen = ["127.0.0.1:0"]\n'
COUNT = 300
RESOURCE = Resource.create({"service.name": "pay", "service.namespace": "shop"})


@pytest.fixture
def server(serve):
    return serve(CONFIG, {})


def span_exporter(way, server, token=None):
    bearer = f"Bearer {token or server.token}"
    if way == "grpc":
        return GrpcSpans(endpoint=server.url, insecure=True, headers={"authorization": bearer}, timeout=10)
    compression = Compression.Gzip if way == "http+gzip" else Compression.NoCompression
    headers = {"authorization": bearer}
    return HttpSpans(endpoint=f"{server.url}/v1/traces", headers=headers, compression=compression, timeout=10)


def log_exporter(way, server):
    headers = {"authorization": f"Bearer {server.token}"}
    if way == "grpc":
        return GrpcLogs(endpoint=server.url, insecure=True, headers=headers, timeout=10)
    compression = Compression.Gzip if way == "http+gzip" else Compression.NoCompression
    return HttpLogs(endpoint=f"{server.url}/v1/logs", headers=headers, compression=compression, timeout=10)


WAYS = ["grpc", "http", "http+gzip"]


@pytest.mark.parametrize("way", WAYS)
def test_each_span_is_a_record_with_its_resource(server, way):
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(span_exporter(way, server)))
    tracer = provider.get_tracer("agents", "1.2")
    sent = set()
    for number in range(COUNT):
        with tracer.start_as_current_span(f"execute_tool {number}", kind=SpanKind.CLIENT) as span:
            span.set_attribute("gen_ai.operation.name", "execute_tool")
            span.set_attribute("gen_ai.tool.name", "read_file")
            span.set_attribute("number", number)
            span.set_attribute("huge", 1e300)
            span.add_event("begun", {"ok": True})
            sent.add((f"{span.get_span_context().span_id:016x}", number))
    provider.shutdown()
    sealed = set()
    for record in server.records():
        (of_resource,) = json.loads(record)["resourceSpans"]
        (of_scope,) = of_resource["scopeSpans"]
        (span,) = of_scope["spans"]
        assert of_scope["scope"] == {"name": "agents", "version": "1.2"}
        attributes = {pair["key"]: pair["value"] for pair in span["attributes"]}
        names = {pair["key"]: pair["value"] for pair in of_resource["resource"]["attributes"]}
        assert names["service.name"] == {"stringValue": "pay"}
        sealed.add((span["spanId"], int(attributes["number"]["intValue"])))
    assert sealed == sent


@pytest.mark.parametrize("way", WAYS)
def test_each_log_record_is_a_record(server, way):
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(BatchLogRecordProcessor(log_exporter(way, server)))
    logger = logging.getLogger(f"otlp.{way}")
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    for number in range(COUNT):
        logger.warning("line %d\nof two", number)
    provider.shutdown()
    texts = []
    for record in server.records():
        (of_resource,) = json.loads(record)["resourceLogs"]
        (of_scope,) = of_resource["scopeLogs"]
        (log,) = of_scope["logRecords"]
        texts.append(log["body"]["stringValue"])
    assert sorted(texts) == sorted(f"line {number}\nof two" for number in range(COUNT))


@pytest.mark.parametrize("way", ["grpc", "http"])
def test_a_wrong_token_fails_the_export_at_once(server, way):
    provider = TracerProvider(resource=RESOURCE)
    spans = []
    with provider.get_tracer("t").start_as_current_span("s") as span:
        spans.append(span)
    assert span_exporter(way, server, "dbk_nobody").export(spans) == SpanExportResult.FAILURE
    assert span_exporter(way, server).export(spans) == SpanExportResult.SUCCESS
    assert len(server.records()) == 1


def test_json_comes_back_as_it_was_written(server):
    span = '{"name":"a", "spanId":"0102030405060708","x":1.50}'
    body = '{"resourceSpans":[{"scopeSpans":[{"spans":[%s,%s]}]}]}' % (span, span)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json", "Content-Encoding": "gzip"}
    request = urllib.request.Request(f"{server.url}/v1/traces", gzip.compress(body.encode()), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.status, json.load(answer)) == (200, {})
    request = urllib.request.Request(f"{server.url}/v1/traces", b"{", {**headers, "Content-Encoding": "identity"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 400 and json.load(refused.value)["code"] == 3
    assert server.records() == ['{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' % span] * 2
