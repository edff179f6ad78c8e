"""The forms in which Evidently writes what it found, brought into one.

- report: ``Snapshot.save_json()`` since 0.7: ``metrics`` and ``tests``, no version, no time;
- snapshot: ``Snapshot.dumps()`` since 0.7: ``metric_results`` with everything that a page needs;
- legacy report and legacy tests: up to 0.6, and ``evidently.legacy`` since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from releases.canonical import Json
from releases.parsers.errors import EvidenceRejected

_Object = Mapping[str, Json]
STATUSES: Final = ("success", "warning", "fail", "error", "skipped")
_NOT_EVIDENTLY: Final = (
    "This is no Evidently report: it has neither metrics with metric_name and config (save_json of 0.7), "
    "nor metric_results (dumps of 0.7), nor version with metrics or tests (up to 0.6)."
)


@dataclass(frozen=True, slots=True)
class Test:
    """One test and how it ended; ``about`` is the id of the metric it asks about."""

    name: str
    said: str
    status: str
    id: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with its settings; ``drifted`` where the report itself says so."""

    id: str
    name: str
    kind: str
    value: Json
    settings: _Object = field(default_factory=dict)
    drifted: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says."""

    form: str
    metrics: tuple[Metric, ...]
    tests: tuple[Test, ...]
    made_at: str = ""


def read(document: Json) -> Reading:
    """Return what the file says; raise EvidenceRejected for one that Evidently did not write."""
    if not isinstance(document, Mapping):
        raise EvidenceRejected(_NOT_EVIDENTLY)
    if isinstance(document.get("metric_results"), Mapping):
        return _snapshot(document)
    if isinstance(document.get("version"), str):
        if isinstance(document.get("tests"), list):
            return _legacy_tests(document)
        if isinstance(document.get("metrics"), list):
            return _legacy_report(document)
    elif isinstance(document.get("metrics"), list) and isinstance(document.get("tests"), list):
        return _report(document)
    raise EvidenceRejected(_NOT_EVIDENTLY)


def _report(document: _Object) -> Reading:
    metrics = []
    for each in objects(document["metrics"], "metrics"):
        settings = each.get("config")
        if not isinstance(settings, Mapping) or not isinstance(each.get("metric_name"), str):
            raise EvidenceRejected(_NOT_EVIDENTLY)
        metrics.append(
            Metric(
                id=text(each.get("id")),
                name=text(each.get("metric_name")),
                kind=text(settings.get("type")).rpartition(":")[2],
                value=each.get("value"),
                settings=settings,
            )
        )
    tests = tuple(_test(each) for each in objects(document["tests"], "tests"))
    return Reading("report", tuple(metrics), tests)


def _snapshot(document: _Object) -> Reading:
    results = document["metric_results"]
    metrics: list[Metric] = []
    tests: list[Test] = []
    for key, result in results.items() if isinstance(results, Mapping) else ():
        if not isinstance(result, Mapping):
            raise EvidenceRejected(f"metric_results.{key[:60]} is no object.")
        where = _object(_object(result.get("metric_value_location")).get("metric"))
        settings = _object(where.get("params"))
        kind = text(settings.get("type")).rpartition(":")[2]
        metrics.append(Metric(key, _name_of(kind, settings), kind, _value_of(result), settings))
        tests += [_test(each) for each in objects(result.get("tests", []), "tests")]
    return Reading("snapshot", tuple(metrics), tuple(tests), text(document.get("timestamp")))


def _name_of(kind: str, settings: _Object) -> str:
    """Return the metric's name as ``save_json`` writes it, for the commonest settings."""
    said = ",".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in settings.items()
        if name != "type" and value is not None and not isinstance(value, Mapping)
    )
    return f"{kind}({said})"


def _value_of(result: _Object) -> Json:
    """Return the value in the shape in which ``save_json`` writes it."""
    if "value" in result:
        return result["value"]
    parts = {
        name: _value_of(child) if "type" in child else {k: _inner(v) for k, v in child.items()}
        for name, child in result.items()
        if name in {"count", "share", "mean", "std", "counts", "shares", "values"}
        and isinstance(child, Mapping)
    }
    only = parts.get("values")
    return only if isinstance(only, Mapping) and len(parts) == 1 else parts


def _inner(value: Json) -> Json:
    return _value_of(value) if isinstance(value, Mapping) else value


def _legacy_report(document: _Object) -> Reading:
    metrics = [
        metric
        for each in objects(document["metrics"], "metrics")
        for metric in _legacy_metrics(each)
    ]
    return Reading("legacy report", tuple(metrics), (), text(document.get("timestamp")))


def _legacy_metrics(each: _Object) -> Iterator[Metric]:
    kind, result = each.get("metric"), each.get("result")
    if not isinstance(kind, str) or not isinstance(result, Mapping):
        raise EvidenceRejected(_NOT_EVIDENTLY)
    if kind == "DatasetDriftMetric":
        counted = {
            "count": result.get("number_of_drifted_columns"),
            "share": result.get("share_of_drifted_columns"),
        }
        settings = {"drift_share": result.get("drift_share")}
        yield Metric("", "DriftedColumnsCount", "DriftedColumnsCount", counted, settings)
        return
    columns = result.get("drift_by_columns")
    if isinstance(columns, Mapping):
        yield from (_legacy_column(name, _object(column)) for name, column in columns.items())
        return
    if "drift_detected" in result and "drift_score" in result:
        yield _legacy_column(text(result.get("column_name")), result)
        return
    numbers = {name: value for name, value in result.items() if isinstance(value, int | float)}
    yield Metric("", kind, kind, numbers)


def _legacy_column(name: str, column: _Object) -> Metric:
    detected = column.get("drift_detected")
    settings = {
        "column": name,
        "method": column.get("stattest_name"),
        "threshold": column.get("stattest_threshold"),
    }
    return Metric(
        id="",
        name=f"ValueDrift(column={name})",
        kind="ValueDrift",
        value=column.get("drift_score"),
        settings=settings,
        drifted=detected if isinstance(detected, bool) else None,
    )


def _legacy_tests(document: _Object) -> Reading:
    if not isinstance(document.get("summary"), Mapping):
        raise EvidenceRejected(_NOT_EVIDENTLY)
    listed = list(objects(document["tests"], "tests"))
    columns = [
        _legacy_column(
            text(given["column_name"]),
            {
                "stattest_name": given.get("stattest"),
                "stattest_threshold": given.get("threshold"),
                "drift_score": given.get("score"),
                "drift_detected": given.get("detected"),
            },
        )
        for each in listed
        if "detected" in (given := _object(each.get("parameters"))) and "column_name" in given
    ]
    tests = tuple(_test(each) for each in listed)
    return Reading("legacy tests", tuple(columns), tests, text(document.get("timestamp")))


def _test(each: _Object) -> Test:
    status = text(each.get("status")).lower()
    if status not in STATUSES:
        raise EvidenceRejected(
            f"A test has the status {status[:40] or 'nothing'}; Evidently's are"
            f" {', '.join(STATUSES)}."
        )
    return Test(
        name=text(each.get("name")),
        said=text(each.get("description")),
        status=status,
        id=text(each.get("id")),
        about=text(_object(each.get("metric_config")).get("metric_id")),
    )


def objects(value: Json, where: str) -> Iterator[_Object]:
    """Yield the objects of a list; raise EvidenceRejected for anything else."""
    if not isinstance(value, list):
        raise EvidenceRejected(f"{where} is no list.")
    for each in value:
        if not isinstance(each, Mapping):
            raise EvidenceRejected(f"{where} has an entry that is no object.")
        yield each


def text(value: Json) -> str:
    """Return a text; empty for what is none."""
    return value if isinstance(value, str) else ""


def _object(value: Json) -> _Object:
    return value if isinstance(value, Mapping) else {}
