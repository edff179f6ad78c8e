"""A pack is built beside entries that somebody recorded past the portal, and shows them as they are."""

import base64
import json
import zipfile

import pytest
from django.db import connection

from audit.packs.entries import Sealed
from audit.packs.formats.ocsf import ocsf
from audit.packs.models import PackState
from audit.verify import gatehouse_verify as verifier
from tests import factories
from tests.audit.packs.ledger import looked_at, zip_of

KINDS = (
    "deployments.started", "releases.all_rules_met", "releases.approvals_voided", "releases.approved",
    "releases.evidence_added", "releases.rejected", "releases.sealed", "releases.submitted",
)  # fmt: skip
NAMES = (
    "after", "approval", "approvals", "content_digest", "counted", "release", "roles", "sha256",
    "statement_digest",
)  # fmt: skip
SHAPES = [
    {},
    *(
        {"data": dict.fromkeys(NAMES, value), "object": {"label": value}}
        for value in ("../odd", -5, True, [[1], "odd", None], {"a": [1]})
    ),
]


def record_in(stream):
    actor = {"id": "usr_1", "kind": {"a": 1}}
    bodies = [
        json.dumps(
            {"actor": actor, **parts, "project": "payments", "type": kind},
            sort_keys=True,
            separators=(",", ":"),
        )
        for kind in KINDS
        for parts in SHAPES
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (stream, body) SELECT %s, unnest(%s::text[])", [stream, bodies]
        )


def test_a_pack_is_built_beside_entries_of_another_shape(world, ledger, tmp_path):
    change = world.deployed()
    record_in(change.audit_stream)
    pack = ledger.pack(factories.admin(), project="payments", mode="full")
    assert pack.state == PackState.READY, pack.reason
    path = tmp_path / "pack.zip"
    path.write_bytes(zip_of(pack))
    status, said = looked_at(path, "--log-key", ledger.vkey)
    assert status == verifier.WRONG
    assert ") has another shape than the portal gives it" in said
    with zipfile.ZipFile(path) as archive:
        [first, *_] = archive.read("formats/approvals.intoto.jsonl").splitlines()
        assert len(archive.read("formats/ocsf.jsonl").splitlines()) == pack.entries
        sample = {name for name in archive.namelist() if "/attachments/" in name}
        summary = archive.read(f"samples/{change.label}/summary.txt").decode()
    assert change.release.content_digest in summary, "the first submission is what was asked for"
    assert not any("odd" in name for name in sample)
    subject = json.loads(base64.b64decode(json.loads(first)["payload"]))["subject"]
    sha256 = change.release.content_digest.removeprefix("sha256:")
    assert subject == [{"name": f"payments {change.release.version}", "digest": {"sha256": sha256}}]


@pytest.mark.parametrize("kind", [None, 5, [], {}], ids=repr)
def test_an_actor_of_any_kind_is_an_ocsf_user(kind):
    body = {"actor": {"id": "usr_1", "kind": kind}, "type": "releases.approved"}
    entry = {"at": "2026-11-20T12:00:00.123456Z", "body": body, "s": "change-request/1", "seq": 1}
    assert ocsf(Sealed(0, 1, "uid", b"", "00", entry))["actor"]["user"]["type_id"] == 0
