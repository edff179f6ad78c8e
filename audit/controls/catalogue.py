"""The catalogues: files that say what each control asks for and which checks show it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings
from jsonschema import Draft202012Validator

from audit.controls.check import Check, all_checks
from audit.controls.errors import BrokenCatalogue

_HERE: Final = Path(__file__).parent
_SCHEMA_FILE: Final = _HERE / "catalogue.schema.json"


@dataclass(frozen=True, kw_only=True)
class Control:
    """What one clause asks for.

    Attributes:
        framework: the key of its catalogue.
        id: as the framework numbers it.
        title: in our words.
        asks: in a sentence.
        checks: what shows it; none when Gatehouse has no records of it.
        left_to: a sentence: what Gatehouse does not show, and who must; empty when there is nothing.
    """

    framework: str
    id: str
    title: str
    asks: str
    checks: tuple[Check, ...]
    left_to: str

    @property
    def name(self) -> str:
        """Its name everywhere else, such as ``soc2/CC8.1``."""
        return f"{self.framework}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A catalogue.

    Attributes:
        key: in addresses.
        title: its name.
        edition: which text the numbers are of.
        note: what to know when reading it.
    """

    key: str
    title: str
    edition: str
    note: str
    controls: tuple[Control, ...]


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return the catalogues, the built-in ones and those of settings.CONTROLS_DIR, in their order.

    Raises:
        BrokenCatalogue: says which file, and what is wrong with it.
    """
    found = [read(path) for path in _files()]
    keys = [each.key for each in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise BrokenCatalogue(f"There are two catalogues called {min(twice)}.")
    return tuple(found)


def control_named(name: str) -> Control | None:
    """Return the control of that name, such as ``soc2/CC8.1``."""
    return _by_name().get(name)


def read(path: Path) -> Framework:
    """Return the catalogue in a file.

    Raises:
        BrokenCatalogue: it is not one.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BrokenCatalogue(f"{path.name} cannot be read: {error}") from error
    problems = sorted(_validator().iter_errors(document), key=lambda each: each.json_path)
    if problems:
        raise BrokenCatalogue(f"{path.name}, {problems[0].json_path}: {problems[0].message}")
    return _framework(path.name, document)


@cache
def _by_name() -> Mapping[str, Control]:
    return {each.name: each for framework in frameworks() for each in framework.controls}


def _files() -> Iterator[Path]:
    for directory in (_HERE / "frameworks", settings.CONTROLS_DIR):
        if directory:
            yield from sorted(Path(directory).glob("*.yaml"))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA_FILE.read_text(encoding="utf-8")))


def _framework(file: str, document: Mapping[str, Any]) -> Framework:
    key = document["framework"]
    controls = tuple(_control(file, key, each) for each in document["controls"])
    ids = [each.id for each in controls]
    if twice := {each for each in ids if ids.count(each) > 1}:
        raise BrokenCatalogue(f"{file} has {min(twice)} twice.")
    return Framework(
        key=key,
        title=document["title"],
        edition=document["edition"],
        note=document.get("note", ""),
        controls=controls,
    )


def _control(file: str, framework: str, written: Mapping[str, Any]) -> Control:
    return Control(
        framework=framework,
        id=written["id"],
        title=written["title"],
        asks=written["asks"],
        checks=tuple(_checks(file, written)),
        left_to=written.get("left_to", ""),
    )


def _checks(file: str, written: Mapping[str, Any]) -> Iterator[Check]:
    known = all_checks()
    names: Sequence[str] = written.get("shown_by", ())
    for name in names:
        if name not in known:
            raise BrokenCatalogue(
                f"{file}, {written['id']}: there is no check {name!r}. There are "
                f"{', '.join(sorted(known))}."
            )
        yield known[name]
