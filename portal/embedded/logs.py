"""Showing the processes' log files as one stream, each line with its process's name before it."""

import sys
import threading
from pathlib import Path
from typing import TextIO

_COLOURS = (36, 33, 35, 32, 34, 31)
_POLL_SECONDS = 0.25


class LogFollower(threading.Thread):
    """Print what is appended to ``<directory>/<name>.log`` from now on, until `stop()`."""

    def __init__(self, directory: Path, names: list[str], out: TextIO = sys.stdout) -> None:
        """Follow the logs of the processes called ``names``."""
        super().__init__(name="log-follower", daemon=True)
        self._out = out
        self._width = max(map(len, names))
        self._files = {name: directory / f"{name}.log" for name in names}
        self._seen = {name: self._size(path) for name, path in self._files.items()}
        self._partial = dict.fromkeys(names, b"")
        self._stopping = threading.Event()

    @staticmethod
    def _size(path: Path) -> int:
        return path.stat().st_size if path.is_file() else 0

    def run(self) -> None:
        """Follow."""
        while not self._stopping.wait(_POLL_SECONDS):
            self._show_new_lines()
        self._show_new_lines()

    def stop(self) -> None:
        """Print what is left and end."""
        self._stopping.set()
        self.join(timeout=5)

    def _show_new_lines(self) -> None:
        for name in self._files:
            for line in self._new_lines(name):
                print(self._label(name), line.decode(errors="replace"), file=self._out, flush=True)

    def _new_lines(self, name: str) -> list[bytes]:
        path = self._files[name]
        size = self._size(path)
        if size < self._seen[name]:
            self._seen[name] = 0  # the supervisor began a new file
        if size == self._seen[name]:
            return []
        with path.open("rb") as log:
            log.seek(self._seen[name])
            text = self._partial[name] + log.read()
            self._seen[name] = log.tell()
        *lines, self._partial[name] = text.split(b"\n")
        return lines

    def _label(self, name: str) -> str:
        label = f"{name:<{self._width}} |"
        if not self._out.isatty():
            return label
        return f"\033[{_COLOURS[list(self._files).index(name) % len(_COLOURS)]}m{label}\033[0m"
