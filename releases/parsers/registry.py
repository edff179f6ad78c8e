"""Finds the parser of a kind of evidence by its dotted path, loaded when it is first needed."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from releases.parsers.errors import EvidenceRejected
from releases.parsers.port import Parser


class BrokenRegistry(RuntimeError):
    """The settings name a parser that cannot be loaded, or that is of another kind."""


class ParserRegistry:
    """The parsers that `paths` (kind → `package.module.ClassName`) names.

    Give it `settings.EVIDENCE_PARSERS`. A kind that is not in the mapping is refused.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = dict(paths)
        self._loaded: dict[str, Parser] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self._paths))

    def get(self, kind: str) -> Parser:
        """Return the parser of `kind`.

        Raises EvidenceRejected when there is none, BrokenRegistry when it cannot be loaded.
        """
        if kind not in self._paths:
            known = ", ".join(self.kinds)
            raise EvidenceRejected.of(
                "kind", f"There is no evidence of kind {kind!r:.80}. Known kinds: {known}."
            )
        if kind not in self._loaded:
            self._loaded[kind] = _load(kind, self._paths[kind])
        return self._loaded[kind]

    def load_all(self) -> tuple[Parser, ...]:
        """Load every parser, so that a wrong path fails when the portal starts."""
        return tuple(self.get(kind) for kind in self.kinds)


def _load(kind: str, path: str) -> Parser:
    module_name, _, class_name = path.rpartition(".")
    try:
        parser = cast("Parser", getattr(import_module(module_name), class_name)())
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise BrokenRegistry(f"The parser of {kind}, {path}, cannot be loaded: {error}") from error
    if parser.kind != kind:
        raise BrokenRegistry(f"{path} reads evidence of kind {parser.kind}, not {kind}.")
    return parser
