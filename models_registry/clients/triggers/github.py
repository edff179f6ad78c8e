"""GitHub: ``workflow_dispatch``. A dispatch has no id of ours, so an earlier one is known by its run's name.

The workflow's ``run-name`` holds the input with the request's id. A dispatch whose fate nobody knows is
not repeated while GitHub lists a run of that time whose name says no request's id: it may be ours.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from audit.outgoing import Answer
from models_registry.clients.triggers.asking import Tool, link, text_of
from models_registry.clients.triggers.port import Begun, Found, Order, Phase, Seen
from models_registry.clients.triggers.traces import from_when, names_other, whose

PER_PAGE: Final = 50
_VERSION: Final = "2022-11-28"
_DETAILS: Final = "return_run_details"
_GONE: Final = "GitHub shows the run no more: it was deleted, or the token may not see it."
_WELL: Final = frozenset({"success", "neutral", "skipped"})


class GitHubTrigger:
    """One workflow, such as ``https://api.github.com/repos/acme/credit/actions/workflows/train.yml``."""

    name = "GitHub"
    looks = True
    repeats = False

    def find(self, order: Order, since: datetime) -> Found:
        """Look through the runs of that time for one with our id in its name."""
        tool = _tool(order)
        listed = tool.mapping(
            tool.get(
                f"{order.address}/runs",
                event="workflow_dispatch",
                created=f">={from_when(since):%Y-%m-%dT%H:%M:%SZ}",
                per_page=str(PER_PAGE),
            )
        )
        runs = [run for run in listed.get("workflow_runs", []) if isinstance(run, dict)]
        for run in runs:
            if order.own_id in _title(run):
                return Found(_begun(run))
        strange = sum(not names_other(_title(run)) for run in runs)
        if len(runs) >= PER_PAGE or strange:
            return Found(
                doubt=whose(self.name, "runs", strange or len(runs))
                + " Let the workflow's run-name hold inputs.gatehouse_retraining_request."
            )
        return Found()

    def begin(self, order: Order) -> Begun:
        """Dispatch; a server that cannot name the run says 204, or 422 to being asked for it."""
        tool = _tool(order)
        answer = _dispatch(tool, order, details=True)
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and _DETAILS in text_of(answer):
            answer = _dispatch(tool, order, details=False)
        tool.judge(answer)
        if answer.status == HTTPStatus.NO_CONTENT:
            return Begun()
        said = tool.mapping(answer)
        return Begun(str(said.get("workflow_run_id") or ""), link(said.get("html_url")))

    def look(self, order: Order, begun: Begun) -> Seen:
        """Return the run's status."""
        tool = _tool(order)
        repository = order.address.partition("/actions/workflows/")[0]
        answer = tool.get(f"{repository}/actions/runs/{begun.run_id}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return Seen(Phase.FAILED, _GONE, begun)
        return _seen(tool.mapping(answer), begun)


def _tool(order: Order) -> Tool:
    headers = {
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {order.secret}",
        "x-github-api-version": _VERSION,
    }
    return Tool(GitHubTrigger.name, headers)


def _dispatch(tool: Tool, order: Order, *, details: bool) -> Answer:
    inputs = {
        **order.parameters,
        "gatehouse_retraining_request": order.own_id,
        "gatehouse_model": order.model,
    }
    body: dict[str, Any] = {"ref": order.ref, "inputs": inputs}
    return tool.post_json(
        f"{order.address}/dispatches", {**body, _DETAILS: True} if details else body
    )


def _title(run: Mapping[str, Any]) -> str:
    return f"{run.get('display_title') or ''} {run.get('name') or ''}"


def _begun(run: Mapping[str, Any]) -> Begun:
    return Begun(str(run.get("id") or ""), link(run.get("html_url")))


def _seen(run: Mapping[str, Any], begun: Begun) -> Seen:
    begun = Begun(begun.run_id, begun.url or link(run.get("html_url")))
    status, conclusion = str(run.get("status")), str(run.get("conclusion"))
    if status == "in_progress":
        return Seen(Phase.RUNNING, "The run goes on in GitHub.", begun)
    if status != "completed":
        return Seen(Phase.WAITING, f"The run waits in GitHub ({status[:40]}).", begun)
    if conclusion in _WELL:
        return Seen(Phase.SUCCEEDED, f"The run ended in GitHub: {conclusion}.", begun)
    return Seen(Phase.FAILED, f"The run ended in GitHub: {conclusion[:40]}.", begun)
