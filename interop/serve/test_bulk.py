"""The client of Elasticsearch that people have, unchanged."""
import json

import pytest
import requests
from elasticsearch import ApiError, Elasticsearch, helpers


def doc(number):
    return {"eventVersion": "1.11", "eventName": "GetObject", "eventID": f"e-{number}"}


def numbers(served):
    return [json.loads(raw)["eventID"] for raw in served.records()]


@pytest.mark.parametrize("compress", [False, True])
def test_helpers_bulk(serve, compress):
    served = serve()
    client = Elasticsearch(served.url, api_key=served.token, http_compress=compress)
    assert client.info()["tagline"] == "You Know, for Search"
    done, errors = helpers.bulk(client, ({"_index": "audit", "_source": doc(n)} for n in range(1_200)))
    assert (done, errors) == (1_200, [])
    assert numbers(served) == [f"e-{n}" for n in range(1_200)]


def test_streaming_bulk_is_told_of_each_action(serve):
    served = serve()
    client = Elasticsearch(served.url, api_key=served.token)
    actions = [
        {"_op_type": "create", "_index": "audit", "_source": doc(0)},
        {"_op_type": "delete", "_index": "audit", "_id": "7"},
        {"_op_type": "index", "_index": "audit", "_id": "mine", "_source": doc(1)},
        {"_op_type": "update", "_index": "audit", "_id": "8", "doc": doc(2)},
        {"_op_type": "create", "_index": "audit", "_source": doc(3)},
    ]
    told = list(helpers.streaming_bulk(client, actions, raise_on_error=False))
    assert [ok for ok, _ in told] == [True, False, True, False, True]
    assert [list(item)[0] for _, item in told] == ["create", "delete", "index", "update", "create"]
    assert numbers(served) == ["e-0", "e-1", "e-3"]


def test_a_wrong_token_and_a_wrong_line_are_told_in_their_words(serve):
    served = serve()
    with pytest.raises(ApiError) as wrong:
        Elasticsearch(served.url, api_key="dbk_nobody").bulk(operations=[{"create": {}}, doc(0)])
    assert wrong.value.status_code == 401
    client = Elasticsearch(served.url, basic_auth=("elastic", served.token))
    with pytest.raises(ApiError) as wrong:
        client.bulk(operations=[doc(0), doc(1)])
    assert (wrong.value.status_code, wrong.value.error) == (400, "illegal_argument_exception")
    assert not client.indices.exists_index_template(name="filebeat").meta.status != 200
    assert client.cluster.health()["status"] == "green"
    assert served.records() == []


def test_what_beats_and_logstash_ask_for(serve):
    served = serve()
    session = requests.Session()
    session.auth = ("elastic", served.token)
    for method, path in [("GET", "/"), ("HEAD", "/"), ("GET", "/_license"), ("GET", "/_xpack"),
                         ("HEAD", "/_index_template/logstash"), ("PUT", "/_index_template/logstash"),
                         ("GET", "/_ilm/policy/filebeat"), ("PUT", "/_ilm/policy/filebeat"), ("HEAD", "/_alias/filebeat"),
                         ("HEAD", "/_data_stream/logs-generic-default")]:
        answer = session.request(method, served.url + path, json={} if method == "PUT" else None, timeout=30)
        assert answer.status_code == 200 and answer.headers["x-elastic-product"] == "Elasticsearch", (method, path)
    assert session.get(served.url + "/_cat/nodes", timeout=30).status_code == 404
