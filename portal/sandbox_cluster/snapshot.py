"""The store on disk: a file that is replaced whole, so that ``kill -9`` leaves old or new.

A write to the API is answered after its revision is on disk, as etcd does it. Writes that come
together share one file: the next save takes whatever has arrived while the last one was written.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from portal.sandbox_cluster.store import Store

FORMAT = 1


class SnapshotUnreadable(Exception):
    """The state file is not one of ours; the sentence says what to do."""


class Snapshot:
    """Keeps one file in step with a store. Without a path it keeps nothing and costs nothing."""

    def __init__(self, store: Store, path: Path | None) -> None:
        self._store = store
        self._path = path
        self._saved = 0
        self._saving = asyncio.Lock()

    def load(self) -> None:
        """Fill the store from the file, if there is one. Raise ``SnapshotUnreadable``."""
        if self._path is None or not self._path.exists():
            return
        try:
            state = json.loads(self._path.read_text())
            if state["format"] != FORMAT:
                raise SnapshotUnreadable(f"{self._path} has format {state['format']}, not {FORMAT}")
            objects = {
                kind: {_key(each): each for each in listed}
                for kind, listed in state["objects"].items()
            }
        except (ValueError, KeyError, TypeError) as error:
            raise SnapshotUnreadable(
                f"{self._path} is no sandbox cluster state ({error}); "
                "move it away to start with an empty cluster"
            ) from error
        self._store.objects = objects
        self._store.index()
        self._store.revision = int(state["revision"])
        # The history is not kept: whoever watched before the restart must list again.
        self._store.compact()
        self._saved = self._store.revision

    async def keep(self) -> None:
        """Return when everything written so far is on disk."""
        wanted = self._store.revision
        if self._path is None or self._saved >= wanted:
            return
        async with self._saving:
            if self._saved >= wanted:
                return
            revision = self._store.revision
            state = json.dumps(self._as_json())
            await asyncio.to_thread(_replace, self._path, state)
            self._saved = revision

    def keep_now(self) -> None:
        """Save without an event loop, at the end."""
        if self._path is not None and self._saved < self._store.revision:
            _replace(self._path, json.dumps(self._as_json()))
            self._saved = self._store.revision

    def _as_json(self) -> dict[str, Any]:
        objects = {kind: list(kept.values()) for kind, kept in self._store.objects.items()}
        return {"format": FORMAT, "revision": self._store.revision, "objects": objects}


def _key(body: dict[str, Any]) -> tuple[str, str]:
    return (body["metadata"].get("namespace", ""), body["metadata"]["name"])


def _replace(path: Path, state: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w") as stream:
        stream.write(state)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
