"""A change request with all that belongs to it, read by one hand-written statement (``story.sql``)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from catalog.from_json import made
from catalog.held import HELD_IN_PROJECT, Held, held_of
from catalog.models import Artifact, ArtifactVersion, Environment, Project, User
from catalog.statement import rows_of
from deployments.models import Deployment, DeploymentStep
from releases.models import (
    Approval,
    ChangeRequest,
    Evidence,
    GateResult,
    Policy,
    PolicyVersion,
    Release,
    ReleaseItem,
    Statement,
)
from releases.seen import IN_VISIBLE_PROJECT, parameters_of

_ACCOUNT: Final = """json_build_object(
    'id', u.id, 'username', u.username, 'first_name', u.first_name, 'last_name', u.last_name,
    'full_name', u.full_name, 'kind', u.kind, 'pseudonym', u.pseudonym, 'is_active', u.is_active
)"""
_STORY: Final = (
    (Path(__file__).parent / "story.sql")
    .read_text(encoding="utf-8")
    .format(account=_ACCOUNT, held=HELD_IN_PROJECT, visible=IN_VISIBLE_PROJECT)
)


@dataclass(frozen=True)
class Parts:
    """What the statement answered.

    Attributes:
        gates: the present outcomes, in the order of the policy.
        approvals: every signature, also those that no longer count; oldest first.
        deployment: the last attempt to carry it out, and its steps.
        replaced_by: the change request that was carried out here after this one, if one was.
        path: the project's environments in the order of promotion.
        held: what the reader may do in the project.
        last_event: the newest event's id; 0 when nothing was recorded.
    """

    change_request: ChangeRequest
    items: list[ReleaseItem]
    gates: list[GateResult]
    approvals: list[Approval]
    deployment: Deployment | None
    steps: list[DeploymentStep]
    replaced_by: int | None
    path: list[Environment]
    held: Held
    last_event: int


def read(number: int, reader: User) -> Parts | None:
    """Return a change request that the reader may see."""
    rows = rows_of(_STORY, parameters_of(reader) | {"number": number})
    return _parts(orjson.loads(rows[0][0]), reader) if rows else None


def _parts(told: dict[str, Any], reader: User) -> Parts:
    project = made(Project, told["project"])
    path = [made(Environment, each, project=project) for each in told["path"] or ()]
    request = _request(told, project, path)
    items = [_item(each, request.release) for each in told["items"] or ()]
    attempt = told["attempt"] or {}
    deployment = made(Deployment, attempt["deployment"]) if attempt else None
    return Parts(
        change_request=request,
        items=items,
        gates=[_gate(each, items) for each in told["gates"] or ()],
        approvals=[
            made(Approval, each["approval"], person=made(User, each["person"]))
            for each in told["approvals"] or ()
        ],
        deployment=deployment,
        steps=[made(DeploymentStep, each) for each in attempt.get("steps") or ()],
        replaced_by=attempt.get("replaced_by"),
        path=path,
        held=held_of(told["held"], reader),
        last_event=told["last_event"] or 0,
    )


def _request(told: dict[str, Any], project: Project, path: list[Environment]) -> ChangeRequest:
    row = told["change_request"]
    sealed_by = made(User, told["sealed_by"])
    version = told["policy_version"]
    return made(
        ChangeRequest,
        row,
        project=project,
        environment=next(each for each in path if each.pk == row["environment_id"]),
        release=made(Release, told["release"], project=project, sealed_by=sealed_by),
        requested_by=made(User, told["requested_by"]),
        statement=made(Statement, told["statement"]) if told["statement"] else None,
        policy_version=made(PolicyVersion, version, policy=made(Policy, told["policy"]))
        if version
        else None,
    )


def _item(told: dict[str, Any], release: Release) -> ReleaseItem:
    artifact = made(Artifact, told["artifact"], project=release.project)
    version = made(ArtifactVersion, told["version"], artifact=artifact)
    return made(ReleaseItem, told["item"], release=release, artifact_version=version)


def _gate(told: dict[str, Any], items: list[ReleaseItem]) -> GateResult:
    result = made(GateResult, told["gate"])
    result.evidence = made(Evidence, told["evidence"]) if told["evidence"] else None
    about = next((each for each in items if each.pk == result.item_id), None)
    if about is not None:
        result.item = about
    return result
