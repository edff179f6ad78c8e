"""Which process of pytest-xdist runs what: a file's tests stay together, and the long ones begin first.

Where several processes run a part of a file each, each of them sets up what the file's tests share.
pytest-xdist's own groups (`--dist loadgroup`) are without effect here: pytest-xdist 3.8 writes them into
a field of the test's id that pytest 9.2 no longer has.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/faults/"
"""The folder whose files share a portal in processes of its own."""

ALONE = "tests/faults/test_log.py"
"""The file there that shares nothing."""


class ByFile(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return TOGETHER if file.startswith(TOGETHER) and file != ALONE else file

    def _assign_work_unit(self, node) -> None:
        """Give out what is slow, then what has the most tests: what is left for the end is short."""
        first = next((scope for scope in self.workqueue if self._is_slow(scope)), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _is_slow(self, scope: str) -> bool:
        return scope == TOGETHER or _holds_slow_tests(self.config.rootpath / scope)


@cache
def _holds_slow_tests(file: Path) -> bool:
    return "pytest.mark.slow" in file.read_text(encoding="utf-8")
