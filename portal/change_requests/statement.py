"""The statement in words: everything that a signature covers, member by member."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from portal.change_requests.story import Story

Members = list[tuple[str, str]]


def statement_in_words(story: Story) -> Members:
    """Return ``(what, how it stands in the statement)``; empty before the first evaluation."""
    statement = story.change_request.statement
    return list(_members(statement.document)) if statement else []


def statement_as_json(story: Story) -> str:
    """Return the document itself, indented for reading; what is hashed has no spaces."""
    statement = story.change_request.statement
    if statement is None:
        return ""
    return orjson.dumps(
        statement.document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    ).decode()


def _members(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    release, environment = document["release"], document["environment"]
    yield (
        "Release",
        f"{release['version']} of {document['project']}, content {release['content_digest']}",
    )
    yield "Environment", f"{environment['name']}, {environment['tier']}"
    yield "How it is reached", _target(document["target"])
    policy = document["policy"]
    yield (
        "Policy",
        f"{policy['name']} version {policy['version']}, {policy['digest']}"
        if policy
        else "none in force",
    )
    yield "Kind of change", document["kind"]
    yield "Not before", document["not_before"] or "as soon as everybody has signed"
    for gate in document["gates"]:
        about = f" for {gate['item']}" if gate["item"] else ""
        evidence = f", read from {gate['evidence']}" if gate["evidence"] else ""
        yield f"Gate {gate['gate']}{about}", f"{gate['outcome']}{evidence}"


def _target(target: Mapping[str, Any]) -> str:
    match target["executor"]:
        case "kubernetes":
            bound = "; ".join(
                f"{each['artifact']} runs in {_workload(each)}" for each in target["bindings"]
            )
            where = f"namespace {target['namespace']} of the cluster {target['cluster']}"
            return f"{where}, revision {target['revision']}: {bound or 'nothing is bound'}"
        case "webhook":
            return f"webhook {target['url']}, revision {target['revision']}"
        case "manual":
            return f"by hand, revision {target['revision']}"
        case _:
            return "no target yet"


def _workload(binding: Mapping[str, Any]) -> str:
    container = binding.get("container")
    return f"{binding['workload']}/{container}" if container else str(binding["workload"])
