"""MLflow's JSON as plain data. It leaves out what is empty, writes NaN as text, and versions as text.

Nothing here trusts the answer: what has another type than it should is left out or refused.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from models_registry.clients.port import ModelSeen, RegistryUnavailable, RunSeen, VersionSeen

INFINITE: Final = 1.7976931348623157e308
"""What MLflow's SQL store makes of infinity (mlflow/store/tracking/sqlalchemy_store.py)."""
ZERO: Final = "0 or NaN"
LONGEST_NAME: Final = 500
LARGEST_NUMBER: Final = 2**31 - 1
"""MLflow keeps versions as 32-bit integers, and so do we."""
_WEAK_DIGITS: Final = 16
"""MLflow's own dataset digests have 8 hexadecimal digits, over the first 10,000 rows."""
_WEAK_MAKERS: Final = frozenset({"etag", "checksum", "md5-dos2unix"})
_LONGEST_SOURCE: Final = 2000
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def document_of(raw: bytes, what: str) -> dict[str, Any]:
    """Return an answer's JSON object.

    Raises:
        RegistryUnavailable: it is HTML, or something else that is no JSON object.
    """
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        begins = raw[:60].decode("utf-8", "replace").strip()
        raise RegistryUnavailable(
            f"MLflow's answer to {what} is not JSON; it begins with {begins!r}. Does the address lead "
            "to the tracking server itself, or to a sign-in page before it?"
        ) from error
    if not isinstance(document, dict):
        raise RegistryUnavailable(f"MLflow's answer to {what} is not a JSON object.")
    return document


def listed(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of objects; MLflow leaves the key out when the list is empty."""
    rows = document.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def model_of(row: Mapping[str, Any]) -> ModelSeen:
    """Return a registered model.

    Raises:
        RegistryUnavailable: it has no name, or none that a model can have.
    """
    name = text(row.get("name"))
    if not 0 < len(name) <= LONGEST_NAME:
        raise RegistryUnavailable(
            "MLflow listed a registered model whose name is empty or far too long."
        )
    aliases = {
        text(each.get("alias")): number
        for each in listed(row, "aliases")
        if (number := whole(each.get("version"))) is not None
    }
    seen = ModelSeen(
        name=name,
        created_at=moment(row.get("creation_timestamp")),
        description=text(row.get("description")),
        tags=pairs(row, "tags"),
        aliases=aliases,
    )
    # Without the newest versions that MLflow encloses: they are compared by themselves.
    said = [seen.name, row.get("creation_timestamp"), seen.description, seen.tags, seen.aliases]
    return replace(seen, fingerprint=fingerprint(said))


def version_of(row: Mapping[str, Any]) -> VersionSeen:
    """Return a model version.

    Raises:
        RegistryUnavailable: it has no name or no number.
    """
    name, number = text(row.get("name")), whole(row.get("version"))
    if not 0 < len(name) <= LONGEST_NAME or number is None or not 0 < number <= LARGEST_NUMBER:
        raise RegistryUnavailable("MLflow listed a model version without a name or a number.")
    seen = VersionSeen(
        model=name,
        number=number,
        created_at=moment(row.get("creation_timestamp")),
        status=text(row.get("status")),
        stage="" if row.get("current_stage") == "None" else text(row.get("current_stage")),
        description=text(row.get("description")),
        tags=pairs(row, "tags"),
        source=text(row.get("source")),
        run_id=text(row.get("run_id")),
        run_link=text(row.get("run_link")),
        model_id=text(row.get("model_id")),
        registered_by=text(row.get("user_id")),
    )
    # Aliases are left out: a list always says that there are none. So is when it was last changed, which
    # moves without a change and stays when a tag is set.
    said = [
        *(number, row.get("creation_timestamp"), seen.status, seen.stage, seen.description),
        *(seen.tags, seen.source, seen.run_id),
    ]
    return replace(seen, fingerprint=fingerprint(said))


def run_of(row: Mapping[str, Any]) -> RunSeen:
    """Return a run."""
    info, held = _inner(row, "info"), _inner(row, "data")
    tags = pairs(held, "tags")
    return RunSeen(
        run_id=text(info.get("run_id")) or text(info.get("run_uuid")),
        name=text(info.get("run_name")) or tags.get("mlflow.runName", ""),
        experiment_id=text(info.get("experiment_id")),
        status=text(info.get("status")),
        began_at=moment(info.get("start_time")),
        ended_at=moment(info.get("end_time")),
        user=tags.get("mlflow.user") or text(info.get("user_id")),
        tags=tags,
        parameters=pairs(held, "params"),
        metrics=[metric_of(each) for each in listed(held, "metrics")],
        datasets=[dataset_of(each) for each in listed(_inner(row, "inputs"), "dataset_inputs")],
    )


def metric_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metric; what is no finite number has no value, and says what MLflow said."""
    value, said = number_of(row.get("value"))
    metric: dict[str, Any] = {
        "key": text(row.get("key")),
        "value": value,
        "step": whole(row.get("step")) or 0,
        "at": whole(row.get("timestamp")) or 0,
    }
    if said:
        metric["said"] = said
    for name in ("dataset_name", "dataset_digest"):
        if row.get(name):
            metric[name.replace("_name", "")] = text(row[name])
    return metric


def logged_metrics_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of a logged model, each with the run that measured it.

    MLflow keeps NaN of a logged model as 0 (mlflow/store/tracking/sqlalchemy_store.py), so that a 0 says
    nothing here.
    """
    found = []
    for each in listed(_inner(row, "data"), "metrics"):
        metric = metric_of(each) | {"run": text(each.get("run_id"))}
        if metric["value"] == 0:
            metric |= {"value": None, "said": ZERO}
        found.append(metric)
    return found


def number_of(value: object) -> tuple[float | None, str]:
    """Return a metric's value, and what it is instead if it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, "nothing"
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None, text(value)[:40]
    if math.isnan(number):
        return None, "NaN"
    if abs(number) >= INFINITE:
        return None, "Infinity" if number > 0 else "-Infinity"
    return number, ""


def dataset_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset that went into a run, with how much its digest proves.

    MLflow's own digest is over the first rows, whatever the data comes from. Where the source names a
    state of the data itself, that is the digest, and MLflow's is kept beside it.
    """
    dataset = _inner(row, "dataset")
    said, source = text(dataset.get("digest")), text(dataset.get("source"))
    digest = _state_in(text(dataset.get("source_type")), source) or said
    return {
        "name": text(dataset.get("name")),
        "digest": digest,
        "strength": strength_of(digest),
        "source_type": text(dataset.get("source_type")),
        "source": source[:_LONGEST_SOURCE],
        "context": pairs(row, "tags").get("mlflow.data.context", ""),
        "columns": columns_of(dataset.get("schema")),
        **({"said": said} if said != digest else {}),
    }


def strength_of(digest: str) -> str:
    """Return ``strong``, ``weak`` or ``none``: whether a dataset's digest identifies its content."""
    if not digest:
        return "none"
    made_by, _, value = digest.rpartition(":")
    if made_by in _WEAK_MAKERS:
        return "weak"
    if made_by == "delta":
        return "strong"
    bare = value.removesuffix(".dir")
    is_hexadecimal = all(each in "0123456789abcdefABCDEF" for each in bare)
    return "strong" if is_hexadecimal and len(bare) > _WEAK_DIGITS else "weak"


def _state_in(source_type: str, source: str) -> str:
    """Return the state that a source of MLflow names, as a digest; empty where it names none.

    A version of a Delta table only with the table's id: a table that is made again begins at version 0.
    A revision of Hugging Face only as a commit: a branch moves.
    """
    try:
        document = orjson.loads(source)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(document, dict):
        return ""
    if source_type == "delta_table":
        table, version = (
            text(document.get("delta_table_id")),
            whole(document.get("delta_table_version")),
        )
        return f"delta:{table}@{version}" if table and version is not None else ""
    revision = text(document.get("revision"))
    is_commit = source_type == "hugging_face" and _COMMIT.fullmatch(revision)
    return f"git:{revision}" if is_commit else ""


def columns_of(schema: object) -> list[list[str]]:
    """Return name and type of each column of a dataset's schema, if MLflow says."""
    try:
        document = orjson.loads(schema) if isinstance(schema, str) else {}
    except orjson.JSONDecodeError:
        return []
    columns = listed(document, "mlflow_colspec") if isinstance(document, dict) else []
    return [[text(each.get("name")), text(each.get("type"))] for each in columns[:1000]]


def pairs(row: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return a list of ``{"key", "value"}`` as a mapping."""
    return {text(each.get("key")): text(each.get("value")) for each in listed(row, key)}


def text(value: object) -> str:
    """Return text that PostgreSQL can keep; anything else in its JSON form, nothing as empty text."""
    if value is None:
        return ""
    said = value if isinstance(value, str) else orjson.dumps(value).decode()
    return said.replace("\x00", "�")


def whole(value: object) -> int | None:
    """Return a whole number that MLflow writes as a number or as text."""
    if isinstance(value, bool):
        return None
    try:
        number = int(value) if isinstance(value, int | str | float) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 2**63 else None


def moment(value: object) -> datetime | None:
    """Return a time given in milliseconds of the epoch."""
    milliseconds = whole(value)
    if not milliseconds:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def fingerprint(value: object) -> str:
    """Return a digest of a JSON value."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.blake2b(orjson.dumps(value, option=options), digest_size=16).hexdigest()


def _inner(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = row.get(key)
    return inner if isinstance(inner, dict) else {}
