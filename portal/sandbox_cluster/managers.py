"""Who owns which field: ``metadata.managedFields``, read, changed and written back."""

from dataclasses import dataclass, field
from typing import Any

from portal.sandbox_cluster import fieldsets
from portal.sandbox_cluster.fieldsets import Path
from portal.sandbox_cluster.store import now

Object = dict[str, Any]
APPLY = "Apply"
UPDATE = "Update"


@dataclass(frozen=True, order=True)
class Manager:
    """A name, how it writes, and through which subresource: each owns its own set."""

    operation: str
    name: str
    subresource: str = ""

    def spelled(self, api_version: str, time: str) -> str:
        """Name a manager as a conflict's message does."""
        words = f'"{self.name}"'
        if self.subresource:
            words += f' with subresource "{self.subresource}"'
        if self.operation == UPDATE:
            words += f" using {api_version} at {time}"
        return words


@dataclass
class Managers:
    """Everybody who owns a field of one object."""

    owned: dict[Manager, frozenset[Path]] = field(default_factory=dict)
    times: dict[Manager, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Object) -> "Managers":
        managers = cls()
        for entry in body["metadata"].get("managedFields") or []:
            if not entry:
                continue
            who = Manager(entry["operation"], entry["manager"], entry.get("subresource", ""))
            managers.owned[who] = fieldsets.decode(entry.get("fieldsV1", {}))
            managers.times[who] = entry.get("time", now())
        return managers

    def set(self, who: Manager, paths: frozenset[Path]) -> None:
        if self.owned.get(who) != paths:
            self.times[who] = now()
        self.owned[who] = paths

    def take_from_others(self, who: Manager, paths: frozenset[Path]) -> None:
        for other, owned in self.owned.items():
            if other != who and owned & paths:
                self.set(other, owned - paths)

    def forget(self, paths: frozenset[Path]) -> None:
        """Drop fields that no longer exist."""
        for who, owned in self.owned.items():
            if owned & paths:
                self.set(who, owned - paths)

    def own(self, who: Manager, path: Path) -> bool:
        """Say whether somebody other than ``who`` owns a path or anything beneath it."""
        length = len(path)
        return any(
            any(owned[:length] == path for owned in paths)
            for other, paths in self.owned.items()
            if other != who
        )

    def write(self, body: Object, api_version: str) -> None:
        """Put the entries into the object, Apply before Update, each by time and name."""
        body["metadata"]["managedFields"] = [
            _entry(who, self.owned[who], api_version, self.times[who])
            for who in sorted(self.owned, key=lambda who: (who.operation, self.times[who], who))
            if self.owned[who]
        ]


def _entry(who: Manager, paths: frozenset[Path], api_version: str, time: str) -> Object:
    entry: Object = {
        "manager": who.name,
        "operation": who.operation,
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.encode(paths),
    }
    if who.subresource:
        entry["subresource"] = who.subresource
    return entry


def after_update(
    before: Object | None, after: Object, who: Manager, api_version: str, *, custom: bool
) -> None:
    """Give ``who`` the fields that a create, update or patch has changed.

    Ownership moves silently on an update; only an apply asks first.
    """
    managers = Managers() if before is None else Managers.of(_given(before, after))
    old = {} if before is None else fieldsets.flatten(before, custom=custom)
    new = fieldsets.flatten(after, custom=custom)
    changed = frozenset(path for path in new if path not in old or old[path] != new[path])
    managers.forget(frozenset(old) - frozenset(new))
    if changed:
        managers.take_from_others(who, changed)
        managers.set(who, managers.owned.get(who, frozenset()) | changed)
    managers.write(after, api_version)


def _given(before: Object, after: Object) -> Object:
    """Choose the managers to go on from: an update may send an edited or emptied list."""
    return after if "managedFields" in after["metadata"] else before
