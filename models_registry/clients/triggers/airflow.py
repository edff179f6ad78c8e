"""Airflow: a DAG run under our own id. Airflow refuses a second one with 409, so repeating is harmless.

``/api/v2`` is Airflow 3, which signs in with a token that it gives for ``user:password``; ``/api/v1`` is
Airflow 2, which takes ``user:password`` itself. Any other secret is sent as a bearer token.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from models_registry.clients.triggers.asking import Tool, basic
from models_registry.clients.triggers.port import (
    Begun,
    Found,
    Order,
    Phase,
    Seen,
    ToolSilent,
)

_PHASES: Final = {
    "queued": (Phase.WAITING, "The run waits in Airflow; a paused DAG keeps it waiting."),
    "running": (Phase.RUNNING, "The run goes on in Airflow."),
    "success": (Phase.SUCCEEDED, "The run ended well in Airflow."),
    "failed": (Phase.FAILED, "The run failed in Airflow."),
}


class AirflowTrigger:
    """One DAG, such as ``https://airflow.example/api/v2/dags/train_credit``."""

    name = "Airflow"
    looks = True
    repeats = True

    def find(self, order: Order, since: datetime) -> Found:
        """Ask for the run of our id; that there is none is certain."""
        found = self._run(_tool(order), order)
        return Found(None if found is None else _begun(order))

    def begin(self, order: Order) -> Begun:
        """Make the run; that it exists already is as good."""
        tool = _tool(order)
        body: dict[str, Any] = {
            "dag_run_id": order.own_id,
            "conf": {
                **order.parameters,
                "gatehouse_retraining_request": order.own_id,
                "gatehouse_model": order.model,
            },
        }
        if _is_three(order):
            body["logical_date"] = None  # Airflow 3 asks for it, and takes "none"
        tool.judge(tool.post_json(f"{order.address}/dagRuns", body), HTTPStatus.CONFLICT)
        return _begun(order)

    def look(self, order: Order, begun: Begun) -> Seen:
        """Return the run's state."""
        found = self._run(_tool(order), order)
        if found is None:
            return Seen(Phase.FAILED, "Airflow has the run no more: somebody deleted it.", begun)
        phase, sentence = _PHASES.get(
            str(found.get("state")), (Phase.RUNNING, "Airflow has the run.")
        )
        return Seen(phase, sentence, begun)

    def _run(self, tool: Tool, order: Order) -> dict[str, Any] | None:
        answer = tool.get(f"{order.address}/dagRuns/{quote(order.own_id)}")
        if answer.status == HTTPStatus.NOT_FOUND:
            tool.document(answer, HTTPStatus.NOT_FOUND)  # Airflow's own 404, not a proxy's page
            return None
        return tool.mapping(answer)


def _tool(order: Order) -> Tool:
    name = AirflowTrigger.name
    if ":" not in order.secret:
        return Tool(name, {"authorization": f"Bearer {order.secret}"})
    if not _is_three(order):
        return Tool(name, {"authorization": basic(order.secret)})
    user, _, password = order.secret.partition(":")
    anonymous = Tool(name)
    given = anonymous.post_json(
        f"{_root(order)}/auth/token", {"username": user, "password": password}
    )
    token = anonymous.mapping(given).get("access_token")
    if not isinstance(token, str) or not token:
        raise ToolSilent("Airflow gave no token for the secret's user and password.")
    return Tool(name, {"authorization": f"Bearer {token}"})


def _is_three(order: Order) -> bool:
    return "/api/v2/dags/" in order.address


def _root(order: Order) -> str:
    return order.address.rpartition("/api/v")[0]


def _begun(order: Order) -> Begun:
    dag, run = order.address.rpartition("/")[2], quote(order.own_id)
    page = f"runs/{run}" if _is_three(order) else f"grid?dag_run_id={run}"
    return Begun(order.own_id, f"{_root(order)}/dags/{dag}/{page}")
