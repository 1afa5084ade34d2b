"""Clients of Splunk's HTTP event collector, unchanged; and its channels, which they leave to forwarders."""
import gzip
import json
import logging

import requests
from splunk_handler import SplunkHandler
from splunk_hec_handler import SplunkHecHandler

CHANNEL = "6f2c1a1e-0000-4000-8000-000000000001"


def logger(name, handler):
    made = logging.getLogger(name)
    made.setLevel(logging.INFO)
    made.propagate = False
    made.addHandler(handler)
    return made


def test_splunk_handler_sends_its_queue(serve):
    served = serve()
    host, port = served.host_port("http")
    handler = SplunkHandler(host=host, port=port, token=served.token, index="main", protocol="http", verify=False,
                            flush_interval=0.2, sourcetype="_json", retry_count=2)
    log = logger("splunk-handler", handler)
    for number in range(200):
        log.info("event %d", number)
    handler.force_flush()
    handler.wait_until_empty()
    log.removeHandler(handler)
    handler.shutdown()
    events = [json.loads(raw) for raw in served.records()]
    assert [event["event"] for event in events] == [f"event {number}" for number in range(200)]
    assert {event["index"] for event in events} == {"main"}


def test_splunk_hec_handler_sends_each(serve):
    served = serve()
    host, port = served.host_port("http")
    events = logger("hec", SplunkHecHandler(host, served.token, port=port, proto="http", ssl_verify=False, source="app"))
    raw = logger("hec-raw", SplunkHecHandler(host, served.token, port=port, proto="http", ssl_verify=False, endpoint="raw"))
    for number in range(20):
        events.info({"number": number, "user": "ci"})
    raw.info("one line")
    records = [json.loads(raw) for raw in served.records()]
    assert [record["event"]["number"] for record in records[:20]] == list(range(20))
    assert records[20]["event"]["message"] == "one line" and len(records) == 21


def test_an_acknowledged_id_is_sealed(serve):
    served = serve()
    session = requests.Session()
    session.headers.update({"Authorization": f"Splunk {served.token}", "X-Splunk-Request-Channel": CHANNEL})

    def post(path, body, **headers):
        return session.post(served.url + path, data=body, headers=headers, timeout=30)

    body = "".join(json.dumps({"time": 1795168800 + n, "event": {"n": n}}) for n in range(3))
    assert post("/services/collector/event", body).json() == {"text": "Success", "code": 0, "ackId": 0}
    packed = gzip.compress(b"first\nsecond\r\n\nthird")
    assert post("/services/collector/raw", packed, **{"Content-Encoding": "gzip"}).json()["ackId"] == 1
    acks = post("/services/collector/ack", json.dumps({"acks": [0, 1, 2]})).json()
    assert acks == {"acks": {"0": True, "1": True, "2": False}}
    served.kill()
    served.start()
    health = requests.get(served.url + "/services/collector/health", timeout=30)
    assert health.json() == {"text": "HEC is healthy", "code": 17}
    for headers, body, expected in [
        ({}, "{}", (401, 2)), ({"Authorization": "Splunk no"}, "{}", (403, 4)), (session.headers, "", (400, 5)),
        (session.headers, '{"event":1}{"ev', (400, 6)), ({"Authorization": f"Splunk {served.token}"}, None, (400, 10)),
    ]:
        path = "/services/collector/ack" if body is None else "/services/collector"
        answer = requests.post(served.url + path, data=body or "", headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == expected, answer.text
    assert [json.loads(raw)["event"]["n"] for raw in served.records()[:3]] == [0, 1, 2]
