import hashlib
import json

import pytest

from audit.models import Event
from releases.models import Evidence
from tests.api.test_change_requests import one
from tests.support.api_world import JUNIT, upload


@pytest.fixture
def about(world):
    return f"/api/v1/artifact-versions/{world.version()['id']}/evidence/"


def send(world, about, content=JUNIT, kind="junit", **fields):
    return world.ci.post(
        about, {"kind": kind, "file": upload(content), **fields}, format="multipart"
    )


def test_a_report_is_kept_with_its_hash_and_read_into_facts(world, about):
    answer = send(world, about)
    assert answer.status_code == 201
    evidence = answer.json()
    assert evidence["sha256"] == hashlib.sha256(JUNIT).hexdigest()
    assert evidence["outcome"] == "pass"
    assert evidence["facts"]["tests"] == 1
    assert evidence["valid_until"] is None
    assert evidence["file_name"] == "report.xml"
    assert world.as_("vera").get(f"/api/v1/evidence/{evidence['id']}/").json() == evidence
    assert world.as_("vera").get(about).json()["results"] == [evidence]


def test_a_document_may_come_as_json(world, about):
    document = {"coverage": 91.5, "note": "naïve"}
    answer = world.ci.post(about, {"kind": "metrics", "document": document})
    assert answer.status_code == 201, answer.content
    raw = world.ci.get(f"/api/v1/evidence/{answer.json()['id']}/raw/")
    assert json.loads(b"".join(raw.streaming_content)) == document


def test_evidence_may_be_about_a_release(world):
    release = world.release()
    answer = world.ci.post(
        f"/api/v1/releases/{release['id']}/evidence/",
        {"kind": "metrics", "document": {"latency": 3}},
    )
    assert answer.status_code == 201
    assert (answer.json()["release"], answer.json()["artifact_version"]) == (release["id"], None)
    found = world.ci.get(f"/api/v1/releases/{release['id']}/evidence/?kind=metrics").json()
    assert len(found["results"]) == 1


def test_the_raw_bytes_are_a_download_whose_etag_is_their_hash(world, about):
    evidence = send(world, about).json()
    raw = f"/api/v1/evidence/{evidence['id']}/raw/"
    answer = world.as_("vera").get(raw)
    assert b"".join(answer.streaming_content) == JUNIT
    assert answer["ETag"] == f'"{evidence["sha256"]}"'
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    again = world.as_("vera").get(raw, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert world.as_("olga").get(raw).status_code == 404
    assert world.as_("olga").get(f"/api/v1/evidence/{evidence['id']}/").status_code == 404


def test_evidence_that_arrives_unblocks_by_itself(world):
    from catalog.models import the_portal  # noqa: PLC0415 -- only here
    from releases.actions.reevaluate import reevaluate  # noqa: PLC0415 -- what the nudge does

    world.policy()
    version = world.version()
    blocked = world.request(world.release(version, tested=False))
    send(world, f"/api/v1/artifact-versions/{version['id']}/evidence/")
    reevaluate(blocked["number"], by=the_portal())
    assert world.ci.get(one(blocked["number"])).json()["state"] == "awaiting_approval"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b"]><testsuite>&b;</testsuite>"
)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"file": BOMB}, "file"),
        ({"file": b""}, "file"),
        ({"file": b"no xml"}, "file"),
        ({"file": b'{"coverage": NaN}', "kind": "metrics"}, "file"),
        ({"kind": "horoscope"}, "kind"),
        ({"kind": "x" * 41}, "kind"),
        ({"kind": ""}, "kind"),
        ({"valid_until": "soon"}, "valid_until"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until"),
        ({"surprise": "1"}, "surprise"),
    ],
)
def test_a_report_that_is_none_is_refused_and_nothing_is_kept(world, about, fields, field):
    before = Event.objects.count()
    content = fields.pop("file", JUNIT)
    answer = send(world, about, content, **fields)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Evidence.objects.exists()
    assert Event.objects.count() == before


def test_neither_file_nor_document_is_refused(world, about):
    assert "file" in world.ci.post(about, {"kind": "junit"}).json()["errors"]


def test_a_file_must_come_as_a_file(world, about):
    assert "file" in world.ci.post(about, {"kind": "junit", "file": "text"}).json()["errors"]


def test_an_upload_beyond_the_limit_is_413_and_names_the_field(world, about, settings):
    settings.EVIDENCE_MAX_BYTES = 1000
    answer = send(world, about, b"x" * 2_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["detail"].startswith("file: ")


def test_a_little_beyond_the_limit_is_refused_too(world, about, settings):
    settings.EVIDENCE_MAX_BYTES = 50
    answer = send(world, about)
    assert answer.status_code == 400
    assert "file" in answer.json()["errors"]


def test_a_broken_multipart_body_is_malformed(world, about):
    answer = world.ci.generic(
        "POST", about, b"nonsense", content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 400
