"""What releases as a whole are said to be made from."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from releases.comparing.known import says_something
from releases.models import DATA_KINDS, Evidence


def reports_of(releases: Collection[int]) -> Mapping[int, list[Evidence]]:
    """Return the reports that count about each release, by its id: of each kind the newest; one query.

    A newest one that says nothing counts no more than the one before it.
    """
    rows = Evidence.objects.filter(release__in=releases, kind__in=DATA_KINDS).order_by(
        "release_id", "kind", "-id"
    )
    found: dict[int, list[Evidence]] = defaultdict(list)
    for row in rows.distinct("release_id", "kind"):
        if row.release_id and says_something(row):
            found[row.release_id].append(row)
    return found
