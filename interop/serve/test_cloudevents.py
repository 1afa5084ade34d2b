"""CloudEvents made by the SDK from PyPI, in all modes, to a real `deedbook serve`."""

import json
import urllib.error
import urllib.request

import pytest

try:
    from cloudevents.v1.http import CloudEvent
    from cloudevents.v1.conversion import to_binary, to_structured
except ImportError:
    from cloudevents.conversion import to_binary, to_structured
    from cloudevents.http import CloudEvent

CONFIG = 'listen = ["127.0.0.1:0"]\n'


@pytest.fixture
def server(serve):
    return serve(CONFIG, {})


def send(server, headers, body):
    headers = {**headers, "Authorization": f"Bearer {server.token}"}
    request = urllib.request.Request(f"{server.url}/v1/cloudevents", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def event(number, data):
    # urllib would say that it sends a form, where the event says nothing.
    attributes = {"type": "order.made", "source": "/shop", "id": str(number), "datacontenttype": "application/json"}
    return CloudEvent(attributes, data)


def test_all_modes(server):
    assert send(server, *to_structured(event(1, {"total": 7})))[0] == 200
    assert send(server, *to_binary(event(2, {"total": 8})))[0] == 200
    headers, body = to_structured(event(3, {"total": 9}))
    batch = b"[" + body + b"]"
    assert send(server, {"content-type": "application/cloudevents-batch+json"}, batch)[0] == 200
    records = [json.loads(record) for record in server.records()]
    assert [(record["id"], record["data"]["total"]) for record in records] == [("1", 7), ("2", 8), ("3", 9)]
    assert all(record["specversion"] == "1.0" and record["source"] == "/shop" for record in records)


def test_sent_again_it_is_known(server):
    headers, body = to_structured(event(1, {"total": 7}))
    (first, told), (second, again) = send(server, headers, body), send(server, headers, body)
    assert (first, second, again["event_ids"], again["already_known"]) == (200, 200, told["event_ids"], 1)
    assert send(server, headers, body.replace(b"7", b"8"))[0] == 409
    assert len(server.records()) == 1


def test_what_is_no_event_is_refused(server):
    headers, body = to_structured(event(1, {"total": 7}))
    for name in ["id", "source", "type", "specversion"]:
        without = {key: value for key, value in json.loads(body).items() if key != name}
        assert send(server, headers, json.dumps(without).encode())[0] == 400
    assert server.records() == []
