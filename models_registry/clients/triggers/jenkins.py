"""Jenkins: a job with parameters, the request's id among them; an earlier call is found by that parameter.

First the queue is read and then the builds: an item that leaves the queue in between is a build by then.
Jenkins leaves out parameters that the job does not declare, so a build without ours may be ours.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from audit.outgoing import Answer
from models_registry.clients.triggers.asking import Tool, basic
from models_registry.clients.triggers.port import Begun, Found, Order, Phase, Seen
from models_registry.clients.triggers.traces import from_when, whose

PARAMETER: Final = "GATEHOUSE_RETRAINING_REQUEST"
MOST_BUILDS: Final = 50
_PARAMETERS: Final = "actions[parameters[name,value]]"
_ITEM: Final = re.compile(r"/queue/item/([0-9]{1,18})/?\Z")


class JenkinsTrigger:
    """One job, such as ``https://jenkins.example/job/models/job/train-credit``."""

    name = "Jenkins"
    looks = True
    repeats = False

    def find(self, order: Order, since: datetime) -> Found:
        """Look through the queue and the job's newest builds."""
        tool, earliest = _tool(order), from_when(since).timestamp() * 1000
        tree = f"items[id,inQueueSince,task[url],{_PARAMETERS}]"
        queue = tool.mapping(tool.get(f"{_root(order)}/queue/api/json", tree=tree)).get("items", [])
        tree = f"builds[number,timestamp,{_PARAMETERS}]{{0,{MOST_BUILDS}}}"
        builds = tool.mapping(tool.get(f"{order.address}/api/json", tree=tree)).get("builds", [])
        for item in queue:
            if _request_of(item) == order.own_id:
                return Found(_queued(str(item.get("id"))))
        for build in builds:
            if _request_of(build) == order.own_id:
                return Found(_built(order, build.get("number")))
        of_job = [item for item in queue if _is_of(item, order)]
        lately = [build for build in builds if (build.get("timestamp") or 0) >= earliest]
        strange = sum(not _request_of(each) for each in (*of_job, *lately))
        if strange or len(lately) >= MOST_BUILDS:
            return Found(
                doubt=whose(self.name, "builds", strange or len(lately))
                + f" Let the job declare the parameter {PARAMETER}."
            )
        return Found()

    def begin(self, order: Order) -> Begun:
        """Build with parameters; Jenkins answers with the place in its queue."""
        tool = _tool(order)
        answer = _build(tool, order)
        if answer.status == HTTPStatus.FORBIDDEN and "crumb" in answer.text.lower():
            answer = _build(tool, order, **_crumb(tool, order))
        tool.judge(answer)
        item = _ITEM.search(answer.headers.get("location", ""))
        return _queued(item[1]) if item else Begun()

    def look(self, order: Order, begun: Begun) -> Seen:
        """Follow the place in the queue to the build, and that to its end."""
        tool = _tool(order)
        what, _, number = begun.run_id.partition("/")
        if what == "build":
            return _of_build(tool, order, begun, number)
        answer = tool.get(f"{_root(order)}/queue/item/{number}/api/json")
        if answer.status == HTTPStatus.NOT_FOUND:
            # Jenkins forgets an item five minutes after it left the queue.
            return Seen(Phase.WAITING, "Jenkins has forgotten the place in its queue.", Begun())
        item = tool.mapping(answer)
        if item.get("cancelled"):
            return Seen(Phase.FAILED, "The build was cancelled in Jenkins' queue.", begun)
        executable = item.get("executable")
        if isinstance(executable, dict) and executable.get("number"):
            return Seen(
                Phase.RUNNING, "The build runs in Jenkins.", _built(order, executable["number"])
            )
        why = "".join(each for each in str(item.get("why") or "") if each.isprintable())[:200]
        return Seen(Phase.WAITING, f"It waits in Jenkins' queue. {why}".strip(), begun)


def _tool(order: Order) -> Tool:
    is_pair = ":" in order.secret
    header = basic(order.secret) if is_pair else f"Bearer {order.secret}"
    return Tool(JenkinsTrigger.name, {"authorization": header})


def _root(order: Order) -> str:
    return order.address.partition("/job/")[0]


def _build(tool: Tool, order: Order, **headers: str) -> Answer:
    fields = {**order.parameters, PARAMETER: order.own_id, "GATEHOUSE_MODEL": order.model}
    return tool.post_form(f"{order.address}/buildWithParameters", fields, **headers)


def _crumb(tool: Tool, order: Order) -> dict[str, str]:
    """Return the headers of a crumb, which is good for the session that it came with.

    Jenkins asks for one where the secret is a password; an API token needs none.
    """
    answer = tool.get(f"{_root(order)}/crumbIssuer/api/json")
    said = tool.mapping(answer)
    cookie = answer.headers.get("set-cookie", "").partition(";")[0]
    return {str(said.get("crumbRequestField")): str(said.get("crumb")), "cookie": cookie}


def _request_of(thing: Mapping[str, Any]) -> str:
    return next(
        (str(pair.get("value")) for pair in _pairs(thing) if pair.get("name") == PARAMETER), ""
    )


def _pairs(thing: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for action in thing.get("actions") or []:
        yield from (action or {}).get("parameters") or []


def _is_of(item: Mapping[str, Any], order: Order) -> bool:
    """Return whether a queue item is of our job; Jenkins may know itself by another host's name."""
    url = str((item.get("task") or {}).get("url") or "").rstrip("/")
    return url.partition("/job/")[2] == order.address.partition("/job/")[2]


def _queued(number: str) -> Begun:
    return Begun(f"queue/{number}")


def _built(order: Order, number: object) -> Begun:
    return Begun(f"build/{number}", f"{order.address}/{number}/")


def _of_build(tool: Tool, order: Order, begun: Begun, number: str) -> Seen:
    answer = tool.get(f"{order.address}/{number}/api/json", tree="building,result")
    if answer.status == HTTPStatus.NOT_FOUND:
        return Seen(Phase.FAILED, "Jenkins has the build no more: somebody deleted it.", begun)
    build = tool.mapping(answer)
    result = str(build.get("result") or "")[:40]
    if build.get("building") or not result:
        return Seen(Phase.RUNNING, "The build runs in Jenkins.", begun)
    if result in {"SUCCESS", "UNSTABLE"}:
        return Seen(Phase.SUCCEEDED, f"The build ended in Jenkins: {result}.", begun)
    return Seen(Phase.FAILED, f"The build ended in Jenkins: {result}.", begun)
