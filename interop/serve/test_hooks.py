"""Signed webhooks, the audit webhook of Kubernetes and the audit devices of Vault, as recorded exchanges: none of the three
installs from a registry, so what they send is made after their documentation."""
import base64
import hashlib
import hmac
import json
import socket
import time

import requests

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
HOOKS = "".join(
    f'[[webhook]]\nsource = "{kind}"\nsecret = "env:HOOK"\nkind = "{kind}"\n' for kind in ("github", "standard", "okta")
)


def post(served, path, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(served.url + path, data=body, headers=headers, timeout=30)


def test_signed_deliveries_are_taken_once_and_no_others(serve):
    served = serve(HOOKS, {"HOOK": SECRET})
    body = json.dumps({"action": "created", "repository": {"full_name": "acme/pay"}})
    tag = "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    github = {"X_GitHub_Delivery": "d-1", "X_GitHub_Event": "repository", "X_Hub_Signature_256": tag}
    assert post(served, "/v1/webhooks/github", body, **github).status_code == 200
    assert post(served, "/v1/webhooks/github", body, **github).json()["already_known"] == 1
    assert post(served, "/v1/webhooks/github", body + " ", **github).status_code == 401

    def standard(at, identity):
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = hmac.new(key, f"{identity}.{at}.{body}".encode(), hashlib.sha256).digest()
        headers = {"webhook_id": identity, "webhook_timestamp": str(at)}
        headers["webhook_signature"] = "v1," + base64.b64encode(signed).decode()
        return post(served, "/v1/webhooks/standard", body, **headers)

    now = int(time.time())
    assert standard(now, "m-1").status_code == 200
    assert standard(now, "m-1").json()["already_known"] == 1
    assert standard(now - 600, "m-2").status_code == 401, "stale"
    assert post(served, "/v1/webhooks/standard", body, Authorization=SECRET).status_code == 401
    assert len(served.records()) == 2


def test_an_event_hook_of_okta(serve):
    served = serve(HOOKS, {"HOOK": SECRET})
    asked = requests.get(served.url + "/v1/webhooks/okta", headers={"x-okta-verification-challenge": "abc"}, timeout=30)
    assert asked.json() == {"verification": "abc"}
    event = {"uuid": "u-1", "published": "2026-11-28T10:00:00.000Z", "eventType": "user.session.start", "version": "0",
             "displayMessage": "User login", "severity": "INFO", "outcome": {"result": "SUCCESS"}, "target": [],
             "actor": {"id": "00u1", "type": "User", "alternateId": "ann@acme.example", "displayName": "Ann"}}
    hook = {"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1", "eventId": "e-1",
            "source": "https://acme.okta.com/api/v1/eventHooks/who1", "contentType": "application/json",
            "eventTime": "2026-11-28T10:00:01.000Z", "data": {"events": [event, {**event, "uuid": "u-2"}]}}
    body = json.dumps(hook)
    assert post(served, "/v1/webhooks/okta", body, Authorization="wrong").status_code == 401
    assert len(post(served, "/v1/webhooks/okta", body, Authorization=SECRET).json()["event_ids"]) == 2
    assert post(served, "/v1/webhooks/okta", body, Authorization=SECRET).json()["already_known"] == 2
    assert [json.loads(raw)["uuid"] for raw in served.records()] == ["u-1", "u-2"]
    rows = served.deedbook("sql", "-o", "ndjson", "SELECT platform FROM events")
    assert [json.loads(row)["platform"] for row in rows.splitlines()] == ["okta", "okta"]


def test_the_audit_webhook_of_kubernetes(serve):
    served = serve()
    items = [{"level": "Metadata", "auditID": f"0a-{n}", "stage": "ResponseComplete", "verb": "get",
              "requestURI": "/api/v1/namespaces/default/pods/x",
              "user": {"username": "system:serviceaccount:default:app", "groups": ["system:authenticated"]},
              "objectRef": {"resource": "pods", "namespace": "default", "name": "x", "apiVersion": "v1"},
              "responseStatus": {"metadata": {}, "code": 200}, "sourceIPs": ["10.0.0.1"],
              "requestReceivedTimestamp": "2026-11-28T10:00:00.000000Z",
              "stageTimestamp": "2026-11-28T10:00:00.001000Z"} for n in range(3)]
    body = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items})
    for known in (0, 3):
        answer = post(served, "/v1/kubernetes/audit/prod", body, Authorization=f"Bearer {served.token}",
                      Content_Type="application/json")
        assert answer.json()["already_known"] == known, answer.text
    assert [json.loads(raw)["auditID"] for raw in served.records()] == ["0a-0", "0a-1", "0a-2"]
    rows = served.deedbook("sql", "-o", "ndjson", "SELECT platform FROM events")
    assert len(rows.splitlines()) == 3


def test_the_audit_devices_of_vault(serve, tmp_path):
    path = tmp_path / "audit.sock"
    served = serve(f'[[vault]]\nsource = "vault"\ntcp = "127.0.0.1:0"\nunix = "{path}"\n')

    def entry(number):
        request = {"id": f"r-{number}", "operation": "read", "path": "secret/data/pay", "client_id": "c"}
        return json.dumps({"time": "2026-11-28T10:00:00Z", "type": "request", "auth": {"display_name": "ci"},
                           "request": request}) + "\n"

    with socket.create_connection(served.host_port("vault"), timeout=30) as tcp:
        tcp.sendall("".join(entry(number) for number in range(100)).encode())
    end = time.monotonic() + 30
    sealed = 'deedbook_records_sealed_total{source="vault"} 100'
    bearer = {"Authorization": f"Bearer {served.token}"}
    while sealed not in requests.get(served.url + "/metrics", headers=bearer, timeout=30).text:
        assert time.monotonic() < end
        time.sleep(0.05)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.connect(str(path))
        unix.sendall(entry(100).encode())
        time.sleep(0.5)
    answer = post(served, "/v1/vault/audit/vault", entry(101), **bearer)
    assert answer.status_code == 200, answer.text
    assert [json.loads(raw)["request"]["id"] for raw in served.records()] == [f"r-{n}" for n in range(102)]
