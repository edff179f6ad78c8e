"""What one signs, and what is different about it later.

The statement is the canonical document of everything that was put to the vote. Whatever changes one of
its members changes its digest, and the approvals given to the old one no longer count (design, rule 3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from releases.canonical import digest_of
from releases.models import ChangeRequest, PolicyVersion

VERSION = "gatehouse.statement/v1"

_SAID = {
    "release": "the release",
    "environment": "the environment",
    "target": "the target",
    "policy": "the policy",
    "gates": "the gate inputs",
    "kind": "the kind of change",
    "not_before": "the time it may begin",
}


def statement_of(
    change_request: ChangeRequest,
    policy_version: PolicyVersion | None,
    gates: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the document; every member is exact (no floats) and none is personal data."""
    release = change_request.release
    environment = change_request.environment
    target_of = import_string(settings.STATEMENT_TARGET)
    return {
        "statement": VERSION,
        "change_request": change_request.number,
        "kind": change_request.kind,
        "project": change_request.project.slug,
        "release": {"version": release.version, "content_digest": release.content_digest},
        "environment": {"name": environment.name, "tier": environment.tier},
        "target": target_of(environment),
        "policy": _policy(policy_version),
        "gates": list(gates),
        "not_before": change_request.not_before.isoformat() if change_request.not_before else None,
    }


def digest_of_statement(document: Mapping[str, Any]) -> str:
    """Return the statement digest, ``sha256:…`` over the canonical bytes."""
    return digest_of(dict(document))


def what_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return in words which members differ, the gates one by one."""
    changed = [said for member, said in _SAID.items() if before.get(member) != after.get(member)]
    if _SAID["gates"] in changed:
        changed.remove(_SAID["gates"])
        changed += _gates_changed(before["gates"], after["gates"])
    return changed


def _gates_changed(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[str]:
    old = {(gate["gate"], gate["item"]): gate for gate in before}
    new = {(gate["gate"], gate["item"]): gate for gate in after}
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [f"the gate {gate}" + (f" for {item}" if item else "") for gate, item in sorted(changed)]


def _policy(policy_version: PolicyVersion | None) -> dict[str, Any] | None:
    if policy_version is None:
        return None
    return {
        "name": policy_version.policy.name,
        "version": policy_version.number,
        "digest": policy_version.digest,
    }
