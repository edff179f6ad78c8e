import json

import jsonschema
import pytest
from drf_spectacular.validation import validate_schema

from portal.api import openapi
from portal.api.openapi import COMMITTED, composed_schema, whole_schema
from portal.api.reference import calls_by_noun
from portal.api.renderers import dumps


def operations():
    for path, methods in whole_schema()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", method, operation


def test_the_committed_document_is_the_one_that_is_served(nobody):
    served = nobody.get("/api/v1/schema/")
    assert served["Content-Type"] == "application/json"
    assert json.loads(COMMITTED.read_bytes()) == served.json()
    assert json.loads(dumps(composed_schema())) == served.json(), (
        "The API changed; run: make schema"
    )


def test_without_its_file_the_document_is_composed(monkeypatch, tmp_path):
    monkeypatch.setattr(openapi, "COMMITTED", tmp_path / "none.json")
    monkeypatch.setattr(openapi, "composed_schema", lambda: {"composed": True})
    assert openapi.whole_schema.__wrapped__() == {"composed": True}


def test_it_is_openapi_3_1(nobody):
    document = nobody.get("/api/v1/schema/").json()
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_an_unchanged_document_is_304(nobody):
    etag = nobody.get("/api/v1/schema/")["ETag"]
    assert nobody.get("/api/v1/schema/", headers={"If-None-Match": etag}).status_code == 304


def test_every_call_is_described_with_its_refusals():
    for name, method, operation in operations():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["x-scope"], name
        assert {"400", "401", "403", "404", "429"} <= operation["responses"].keys(), name
        headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
        assert (method == "post") == ("Idempotency-Key" in headers), name
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_the_reference_shows_every_call_without_a_script_of_its_own(nobody):
    answer = nobody.get("/api/v1/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    shown = [call.id for _, calls in calls_by_noun() for call in calls]
    assert sorted(shown) == sorted(operation["operationId"] for _, _, operation in operations())
    for name in shown:
        assert f'id="{name}"' in page
    assert "<script>" not in page
    assert "style=" not in page
    assert "//cdn" not in page


def test_the_examples_on_the_page_are_what_the_schema_allows():
    document = whole_schema()
    resolver = {"components": document["components"]}
    for name, _, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            from portal.api.example import example_of  # noqa: PLC0415 -- only here

            example = example_of(content["schema"], document["components"]["schemas"])
            jsonschema.validate(example, {**content["schema"], **resolver}), name


READS = {
    "change_requests_read": "change-requests/{number}/",
    "change_requests_verdict": "change-requests/{number}/verdict/",
    "change_requests_list": "change-requests/",
    "artifact_versions_list": "projects/payments/artifact-versions/",
    "artifact_versions_read": "artifact-versions/{version}/",
    "releases_read": "releases/{release}/",
    "releases_list": "projects/payments/releases/",
    "environments_read": "projects/payments/environments/staging/",
    "environments_lineage": "projects/payments/environments/staging/lineage/",
    "artifact_version_lineage": "artifact-versions/{version}/lineage/",
    "audit_events_list": "audit/events/",
    "members_list": "projects/payments/members/",
    "people_read": "people/tom/",
    "me": "me/",
}


@pytest.mark.parametrize("name", READS)
def test_what_is_answered_is_what_is_described(world, name):
    world.policy()
    asked = world.request()
    item = world.ci.get(f"/api/v1/releases/{asked['release']['id']}/").json()["items"][0]
    names = {"number": asked["number"], "version": item["id"], "release": asked["release"]["id"]}
    client = world.as_("priya")
    statement = {"statement_digest": asked["statement_digest"]}
    client.post(f"/api/v1/change-requests/{asked['number']}/approve/", statement)
    reader = world.as_("admin")
    answer = reader.get(f"/api/v1/{READS[name].format(**names)}")
    assert answer.status_code == 200
    described = next(o for _, _, o in operations() if o["operationId"] == name)
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": whole_schema()["components"]}
    validator = jsonschema.Draft202012Validator(whole)
    assert [str(error) for error in validator.iter_errors(json.loads(answer.content))] == []
    keys = set(answer.json())
    properties = _properties(schema)
    assert keys == set(properties), (
        "a member that the document does not describe, or that is missing"
    )


def _properties(schema):
    while "$ref" in schema:
        schema = whole_schema()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema["properties"]


def test_the_document_is_written_in_json_alone():
    assert json.loads(dumps(whole_schema()))["info"]["title"] == "Gatehouse"
