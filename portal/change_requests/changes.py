"""What changes against what runs there now: digests, workloads, and the models' and builds' numbers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from catalog.models import ArtifactVersion
from deployments.running import Running
from portal.change_requests.story import Story
from releases.reports import facts_in_words

MOST_METRICS: Final = 12
"""Rows of numbers per artifact; all of them stand on the artifact version's page."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of ``components/diff_table.html``."""

    name: str
    change: str
    old: str = ""
    new: str = ""
    kind: str = ""
    old_detail: str = ""
    new_detail: str = ""
    url: str = ""
    is_digest: bool = True


def rows_of(story: Story) -> list[Row]:
    """Return the release's items first, then what keeps running untouched."""
    running = story.now.by_artifact
    places = _places(story)
    ours = [item.artifact_version for item in story.items]
    names = {version.artifact.name for version in ours}
    rows: list[Row] = []
    for version in ours:
        old = running.get(version.artifact.name)
        rows.append(_row(version, old, places[version.artifact.name]))
        rows.extend(_metrics(story, version, old))
    rows.extend(_kept(each) for name, each in running.items() if name not in names)
    return rows


def count_in_words(rows: list[Row]) -> str:
    """Return how much of it is different."""
    items = [row for row in rows if row.is_digest]
    changed = sum(row.change != "unchanged" for row in items)
    return f"{changed} of {len(items)} {'item' if len(items) == 1 else 'items'} change"


def _row(version: ArtifactVersion, old: Running | None, places: list[str]) -> Row:
    same = old is not None and old.digest == version.digest
    where = ", ".join(places)
    kind = version.artifact.get_kind_display()
    return Row(
        name=version.artifact.name,
        kind=f"{kind} → {where}" if where else kind,
        change="unchanged" if same else "changed" if old else "added",
        old=old.digest if old else "",
        old_detail=old.version if old else "",
        new=version.digest,
        new_detail=version.version,
        url=reverse("releases:artifact-version", args=[version.pk]),
    )


def _kept(each: Running) -> Row:
    return Row(
        name=each.artifact,
        kind="not in this release, stays as it is",
        change="unchanged",
        old=each.digest,
        old_detail=each.version,
        new=each.digest,
        new_detail=each.version,
        url=reverse("releases:artifact-version", args=[each.version_id]),
    )


def _places(story: Story) -> Mapping[str, list[str]]:
    """Return workload and container by artifact, as they stand in the statement."""
    places: dict[str, list[str]] = defaultdict(list)
    statement = story.change_request.statement
    for binding in statement.document["target"].get("bindings", ()) if statement else ():
        place = f"{binding['kind']} {binding['workload']}"
        if "container" in binding:  # an InferenceService serves a model and has none
            place = f"{place}, container {binding['container']}"
        places[binding["artifact"]].append(place)
    return places


def _metrics(story: Story, version: ArtifactVersion, old: Running | None) -> Iterator[Row]:
    """Yield the numbers that differ from those of what runs now."""
    new_report = story.metrics.get(version.pk)
    old_report = story.metrics.get(old.version_id) if old else None
    if new_report is None or old_report is None or new_report.pk == old_report.pk:
        return
    before, after = _facts(old_report.facts), _facts(new_report.facts)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    for name in names[:MOST_METRICS]:
        yield Row(
            name=name,
            kind=f"metric of {version.artifact.name}",
            change=_change(before, after, name),
            old=before.get(name, ""),
            new=after.get(name, ""),
            is_digest=False,
        )


def _facts(facts: Mapping[str, Any]) -> dict[str, str]:
    return dict(facts_in_words(facts))


def _change(before: Mapping[str, str], after: Mapping[str, str], name: str) -> str:
    if name not in before:
        return "added"
    return "changed" if name in after else "removed"
