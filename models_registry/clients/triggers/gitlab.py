"""GitLab: a pipeline with the request's id among its variables or its inputs.

With an access token (role Maintainer, scope ``api``) an earlier pipeline is found by its variables. A trigger
token can begin pipelines and read none: a call whose fate nobody knows is then never repeated by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from models_registry.clients.triggers.asking import Tool, link
from models_registry.clients.triggers.port import (
    Begun,
    Found,
    Order,
    Phase,
    Seen,
    ToolRefused,
    ToolSilent,
)
from models_registry.clients.triggers.traces import from_when, names_other, whose

VARIABLE: Final = "GATEHOUSE_RETRAINING_REQUEST"
INPUT: Final = "gatehouse_retraining_request"
MOST_PIPELINES: Final = 20
_WAITING: Final = frozenset(
    {"created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending", "scheduled"}
)
_GONE: Final = "GitLab shows the pipeline no more: it was deleted, or the token may not see it."
_RUNNING: Final = frozenset({"running", "canceling"})


class GitLabTrigger:
    """One project, such as ``https://gitlab.example/api/v4/projects/42``."""

    name = "GitLab"
    looks = True
    repeats = False

    def find(self, order: Order, since: datetime) -> Found:
        """Read the variables of the pipelines of that time."""
        tool = _tool(order)
        listed = _pipelines(tool, order, since)
        try:
            for pipeline in listed:
                if order.own_id in _values(tool, order, pipeline):
                    return Found(_begun(pipeline))
        except ToolRefused as refusal:
            return Found(doubt=f"{whose(self.name, 'pipelines', len(listed))} {refusal.sentence}")
        if len(listed) >= MOST_PIPELINES:
            return Found(doubt=whose(self.name, "pipelines", len(listed)))
        return Found()

    def begin(self, order: Order) -> Begun:
        """Create the pipeline."""
        tool = _tool(order)
        body = {"ref": order.ref, **self.given(order)}
        return _begun(tool.mapping(tool.post_json(f"{order.address}/pipeline", body)))

    def given(self, order: Order) -> dict[str, Any]:
        """Return what the pipeline is told."""
        return {
            "variables": [{"key": key, "value": value} for key, value in _variables(order).items()]
        }

    def look(self, order: Order, begun: Begun) -> Seen:
        """Return the pipeline's status."""
        tool = _tool(order)
        answer = tool.get(f"{order.address}/pipelines/{begun.run_id}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return Seen(Phase.FAILED, _GONE, begun)
        return Seen(*_standing(tool.mapping(answer)), begun)


class GitLabInputsTrigger(GitLabTrigger):
    """The same for a pipeline that declares inputs; an earlier one is known by its name, which holds the id.

    Inputs need no right to set variables, and GitLab refuses one that is not declared. It shows them nowhere,
    so the pipeline's ``workflow: name`` says for which request it is.
    """

    def find(self, order: Order, since: datetime) -> Found:
        """Look through the names of the pipelines of that time."""
        listed = _pipelines(_tool(order), order, since)
        names = [str(pipeline.get("name") or "") for pipeline in listed]
        for name, pipeline in zip(names, listed, strict=True):
            if order.own_id in name:
                return Found(_begun(pipeline))
        strange = sum(not names_other(name) for name in names)
        if strange or len(listed) >= MOST_PIPELINES:
            return Found(
                doubt=whose(self.name, "pipelines", strange or len(listed))
                + f" Let the pipeline's workflow name hold inputs.{INPUT}."
            )
        return Found()

    def given(self, order: Order) -> dict[str, Any]:
        """Return what the pipeline is told."""
        own = {INPUT: order.own_id, "gatehouse_model": order.model}
        return {"inputs": {**order.parameters, **own}}


class GitLabTokenTrigger:
    """The same project, by a pipeline trigger token."""

    name = "GitLab"
    looks = False
    repeats = False

    def find(self, order: Order, since: datetime) -> Found:
        """Say that nobody can tell."""
        return Found(doubt="A GitLab trigger token cannot read which pipelines there are.")

    def begin(self, order: Order) -> Begun:
        """Trigger the pipeline."""
        tool = Tool(self.name)
        fields = {"token": order.secret, "ref": order.ref}
        fields |= {f"variables[{key}]": value for key, value in _variables(order).items()}
        return _begun(tool.mapping(tool.post_form(f"{order.address}/trigger/pipeline", fields)))

    def look(self, order: Order, begun: Begun) -> Seen:
        """Say what is known: that it was begun."""
        return Seen(Phase.WAITING, "A trigger token cannot ask how far it is.", begun)


def _pipelines(tool: Tool, order: Order, since: datetime) -> list[Mapping[str, Any]]:
    """List the pipelines that were begun over REST and changed since then, newest first."""
    listed = tool.document(
        tool.get(
            f"{order.address}/pipelines",
            source="api",
            ref=order.ref,
            updated_after=f"{from_when(since):%Y-%m-%dT%H:%M:%SZ}",
            per_page=str(MOST_PIPELINES),
        )
    )
    if not isinstance(listed, list):
        raise ToolSilent("GitLab answered with JSON of another form than it documents.")
    return listed


def _tool(order: Order) -> Tool:
    return Tool(GitLabTrigger.name, {"private-token": order.secret})


def _variables(order: Order) -> dict[str, str]:
    return {**order.parameters, VARIABLE: order.own_id, "GATEHOUSE_MODEL": order.model}


def _values(tool: Tool, order: Order, pipeline: Mapping[str, Any]) -> set[str]:
    answer = tool.get(f"{order.address}/pipelines/{int(pipeline['id'])}/variables")
    listed = tool.document(answer)
    return {str(each.get("value")) for each in listed if each.get("key") == VARIABLE}


def _begun(pipeline: Mapping[str, Any]) -> Begun:
    return Begun(str(pipeline.get("id") or ""), link(pipeline.get("web_url")))


def _standing(pipeline: Mapping[str, Any]) -> tuple[Phase, str]:
    status = str(pipeline.get("status"))[:40]
    if status in _WAITING:
        return Phase.WAITING, f"The pipeline waits in GitLab ({status})."
    if status in _RUNNING:
        return Phase.RUNNING, "The pipeline runs in GitLab."
    if status == "success":
        return Phase.SUCCEEDED, "The pipeline ended well in GitLab."
    if status == "manual":
        return Phase.RUNNING, "The pipeline waits in GitLab until somebody plays a manual job."
    return Phase.FAILED, f"The pipeline ended in GitLab: {status}."
