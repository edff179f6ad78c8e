"""What a new card may begin with: what MLflow says of the version, or another version's card."""

from typing import Any

from catalog.models import ArtifactVersion
from models_registry.models import ModelVersion
from releases.cards.content import Content
from releases.cards.found import Found
from releases.models import CardRevision, CardSource


def begun(version: ArtifactVersion) -> tuple[Content, CardSource, CardRevision | None]:
    """Return content for the first revision, where it is from, and the earlier card if it is from one.

    People's words come from the newest card of the model's other versions; data and metrics never do, they
    are the version's own.
    """
    before = _newest_other(version)
    content: Content = {}
    if before is not None:
        own = {"datasets", "metrics"}
        content = {name: value for name, value in before.content.items() if name not in own}
    content |= content_of(ModelVersion.objects.filter(artifact_version=version).first())
    source = CardSource.COPIED if before else CardSource.SNAPSHOT
    return content, source if content else CardSource.EDITED, before


def content_of(record: ModelVersion | None) -> Content:
    """Return data, metrics, inputs and outputs as they were when the version was taken in."""
    if record is None:
        return {}
    found = Found(CardSource.SNAPSHOT, "snapshot")
    found.take("overview", record.description, "description")
    found.take_rows("datasets", [("datasets", _dataset(each)) for each in record.datasets])
    # A card's rows do not say who measured: another run's values stay beside the card.
    own = [each for each in record.metrics if not each.get("run")]
    found.take_rows("metrics", [("metrics", _metric(each)) for each in own])
    for name in ("inputs", "outputs"):
        columns = record.signature.get(name, [])
        found.take_rows(name, [(name, _column(each)) for each in columns])
    return found.content


def _dataset(each: dict[str, Any]) -> dict[str, str]:
    return {
        "name": each["name"],
        "description": each["context"],
        "digest": each["digest"],
        "link": each["source"].replace(" ", "%20"),
    }


def _metric(each: dict[str, Any]) -> dict[str, str]:
    name, _, where = str(each["key"]).partition("__")
    is_slice = bool(name) and "=" in where
    value = each.get("said") if each["value"] is None else repr(each["value"])
    kind = name if is_slice else str(each["key"])
    return {"type": kind, "value": value or "", "slice": where if is_slice else ""}


def _column(each: dict[str, Any]) -> str:
    return ": ".join(filter(None, (str(each.get("name") or ""), str(each.get("type") or ""))))


def _newest_other(version: ArtifactVersion) -> CardRevision | None:
    rows = CardRevision.objects.filter(card__artifact_version__artifact=version.artifact_id)
    others = rows.exclude(card__artifact_version=version).select_related(
        "card__artifact_version__artifact", "owner"
    )
    return others.order_by("-card__artifact_version", "-number").first()
