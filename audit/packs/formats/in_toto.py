"""Signed in-toto statements about approvals: who agreed to what, bound to the release's digest.

The subject is the release's content, the predicate our own (docs/evidence-packs.md describes it). Each
statement is in a DSSE envelope that the key for packs signs.
"""

import base64
from typing import Any, Final

import orjson

from audit.packs.entries import Sealed
from audit.packs.signing_key import PackKey
from audit.parts import part_of

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:gatehouse:predicate:approval:v1"
PAYLOAD: Final = "application/vnd.in-toto+json"
_DECISIONS: Final = {"releases.approved": "approved", "releases.rejected": "rejected"}


def statement_of(sealed: Sealed, subject: tuple[str, str], origin: str) -> dict[str, Any]:
    """Return the statement of a signature.

    Args:
        sealed: an entry of the type ``releases.approved`` or ``releases.rejected``.
        subject: the release's name, and its content digest (``sha256:…``).
        origin: the log's name.
    """
    body = sealed.body
    data = body.get("data") or {}
    name, digest = subject
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": PREDICATE,
        "predicate": {
            "changeRequest": body["object"]["label"],
            "decision": _DECISIONS[body["type"]],
            "approver": {"id": body["actor"]["id"], "roles": data.get("roles", [])},
            "statementDigest": {
                "sha256": str(data.get("statement_digest", "")).removeprefix("sha256:")
            },
            "signedOn": sealed.entry["at"],
            "log": {
                "origin": origin,
                "event": sealed.uid,
                "index": sealed.index,
                "leafHash": sealed.leaf_hash,
            },
        },
    }


def is_signature(sealed: Sealed) -> bool:
    """Whether the entry is somebody's yes or no, and says to what."""
    label = part_of(sealed.body, "object").get("label")
    return sealed.body["type"] in _DECISIONS and isinstance(label, str)


def envelope(statement: dict[str, Any], key: PackKey) -> bytes:
    """Return the statement in a DSSE envelope, as one line."""
    payload = orjson.dumps(statement, option=orjson.OPT_SORT_KEYS)
    signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD,
        "signatures": [
            {"keyid": key.fingerprint, "sig": base64.b64encode(key.sign(signed)).decode()}
        ],
    }
    return orjson.dumps(document) + b"\n"
