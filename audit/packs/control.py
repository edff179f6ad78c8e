"""The control that a pack is about: what it asks, how its checks stand, and each case of each check."""

from typing import Any, Final

import orjson

from audit.controls.answer import Answer, results_of, statement_for
from audit.controls.catalogue import control_named, frameworks
from audit.controls.check import rows_of
from audit.packs.errors import CannotBuild
from audit.packs.population import Population
from audit.packs.scope import Scope
from audit.packs.snapshot import Snapshot
from audit.packs.statement import Statement
from audit.packs.zip_file import Archive

_COLUMNS: Final = {
    "about": "Kind of the record that the case is about",
    "id": "Its key",
    "label": "Its name for people",
    "at": "When the case began (UTC); empty when it is of no time",
    "holds": "Y when the rule holds in this case, N when it is an exception",
    "why": "What is wrong if the rule does not hold; to be read only beside an N",
    "cases": "How many cases the line stands for: 1, but in lists that count many at once",
}


def add_control(
    archive: Archive,
    snapshot: Snapshot,
    statement: Statement,
    scope: Scope,
    parameters: dict[str, Any],
) -> None:
    """Add ``control.json``, and a list per check; what is about the whole portal only in a pack about it.

    Raises:
        CannotBuild: the catalogue has lost the control since.
    """
    control = control_named(scope.control or "")
    if control is None:
        raise CannotBuild(f"There is no control {scope.control} any more.")
    whole = scope.project is None
    rows = snapshot.all(statement_for(control.checks), {**parameters, "shown": 0})
    found = results_of(control.checks, rows, whole=whole)
    answer = Answer(control=control, results=[found[check.name] for check in control.checks])
    statement.control = _document(answer)
    archive.add("control.json", _json(statement.control))
    for check in control.checks:
        if whole or not check.of_portal:
            listed = Population(
                name=f"check-{check.name}",
                title=check.title,
                source=tuple(check.source),
                sql=rows_of(check),
                columns=_COLUMNS,
            )
            statement.draw(archive, snapshot, listed, parameters)


def _document(answer: Answer) -> dict[str, Any]:
    control = answer.control
    framework = next(each for each in frameworks() if each.key == control.framework)
    return {
        "control": control.name,
        "framework": framework.title,
        "edition": framework.edition,
        "title": control.title,
        "asks": control.asks,
        "left_to": control.left_to,
        "standing": str(answer.standing),
        "checks": [
            {
                "name": each.check.name,
                "title": each.check.title,
                "counted": each.check.cases,
                "cases": each.cases,
                "exceptions": each.exceptions,
                "standing": str(each.standing),
            }
            for each in answer.results
        ],
    }


def _json(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
