"""DVC's `dvc.lock`: which data the stages of a pipeline read and made, by digest.

A lock has no time and no commit of its own; it says what the last run of each stage saw. Where one stage read
another state of a file than the other made, the lock contradicts itself, and that is a definite no.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from releases.canonical import Json
from releases.outcomes import EvidenceOutcome
from releases.parsers.dvc_items import Item, item_of, members_of, names_of, objects_of
from releases.parsers.errors import EvidenceRejected
from releases.parsers.pins import NONE, STRENGTHS, weakest
from releases.parsers.port import Parsed
from releases.parsers.reading import clip
from releases.parsers.strict_yaml import Node, read_yaml

SCHEMA: Final = "2.0"
LARGEST: Final = 2 * 1024 * 1024
MOST_STAGES: Final = 500
MOST_ITEMS: Final = 2000
_NAMED_IN_SUMMARY: Final = 5
#: What a pipeline reads besides data: the code of its stages.
_CODE: Final = frozenset(
    {".py", ".ipynb", ".r", ".rmd", ".jl", ".sh", ".sql", ".scala", ".java", ".toml", ".cfg", ".yml", ".yaml"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    reads: tuple[Item, ...]
    makes: tuple[Item, ...]


class DvcParser:
    """Facts: datasets, total, strong, weak, none, weakest, stages, code, results, stale.

    Each of `datasets` has `name`, `digest`, `algorithm`, `strength`, `cryptographic`, `role` (`source`, or
    `made` by a stage), `made_by`, `read_by`, and `size` and `files` where the lock has them.
    """

    kind: Final = "dvc"
    version: Final = "1"

    def parse(self, stream: BinaryIO, *, limit: int) -> Parsed:
        """Return what `stream` says; raise EvidenceRejected for anything but a dvc.lock."""
        document = read_yaml(stream, limit=min(limit, LARGEST))
        stages = _stages(document)
        known = _known(document)
        made = {item.path: item for stage in stages for item in stage.makes}
        read = _read(stages, known)
        made_by, read_by = _stages_by_path(stages)
        data = [
            item.facts()
            | {
                "role": "made" if path in made else "source",
                "made_by": list(made_by[path]),
                "read_by": list(read_by[path]),
            }
            for path, item in read.items()
            if not _is_code(item, made)
        ]
        stale = sorted(
            path for path, item in read.items() if path in made and made[path].digest != item.digest
        )
        strengths = [str(each["strength"]) for each in data]
        facts: dict[str, Json] = {
            "schema": SCHEMA,
            "datasets": list(data),
            "total": len(data),
            **{strength: strengths.count(strength) for strength in STRENGTHS},
            "weakest": weakest(strengths),
            "stages": [_stage_facts(stage) for stage in stages],
            "code": [item.facts() for item in read.values() if _is_code(item, made)],
            "results": [item.facts() for path, item in made.items() if path not in read],
            "stale": list(stale),
        }
        return Parsed(_outcome(data, stale), facts, _summary(data, stages, stale))


def _outcome(data: Sequence[Mapping[str, Json]], stale: Sequence[str]) -> EvidenceOutcome:
    """How strong digests must be, policies say; a lock that names no data says nothing."""
    if stale:
        return EvidenceOutcome.FAIL
    return EvidenceOutcome.PASS if data else EvidenceOutcome.INCONCLUSIVE


def _summary(
    data: Sequence[Mapping[str, Json]], stages: Sequence[_Stage], stale: Sequence[str]
) -> str:
    if stale:
        shown = ", ".join(clip(path, 60) for path in stale[:_NAMED_IN_SUMMARY])
        return (
            f"Another state was read than was made of {shown}: the stages ran at different times. "
            "Run dvc repro and train again."
        )
    if not data:
        return "The lock names no data that a stage read."
    count = "1 data set" if len(data) == 1 else f"{len(data)} data sets"
    sources = sum(each["role"] == "source" for each in data)
    read_by = "1 stage" if len(stages) == 1 else f"{len(stages)} stages"
    sentence = f"{count}, {sources} of them from outside the pipeline, in {read_by}."
    poor = [str(each["name"]) for each in data if each["strength"] == NONE]
    if poor:
        named = ", ".join(clip(name, 60) for name in poor[:_NAMED_IN_SUMMARY])
        return f"{sentence} No digest is recorded of {named}."
    return sentence


def _stages(document: Node) -> list[_Stage]:
    _refuse_others(document)
    listed = members_of(document, "stages", "The lock")
    if len(listed) > MOST_STAGES:
        raise EvidenceRejected(f"The lock has more than {MOST_STAGES} stages.")
    stages = [_stage(name, said) for name, said in listed.items()]
    if sum(len(stage.reads) + len(stage.makes) for stage in stages) > MOST_ITEMS:
        raise EvidenceRejected(f"The lock has more than {MOST_ITEMS} dependencies and outputs.")
    return stages


def _refuse_others(document: Node) -> None:
    if not isinstance(document, Mapping):
        raise EvidenceRejected(
            "This is no dvc.lock: that is a mapping with schema: '2.0' and stages."
        )
    if "stages" not in document and "outs" in document:
        raise EvidenceRejected(
            "This is a .dvc file, which names one data set. Upload the dvc.lock of the pipeline, or name "
            "the data in a gatehouse.datasets/v1 report."
        )
    if "schema" not in document and "stages" in document:
        raise EvidenceRejected(
            "This has stages and no schema: a dvc.yaml says what is to be run. Upload dvc.lock, which "
            "says what was read and made."
        )
    schema = document.get("schema")
    if schema != SCHEMA:
        said = clip(schema, 20) if isinstance(schema, str) else "nothing"
        raise EvidenceRejected(
            f"This is no dvc.lock of schema '{SCHEMA}'; its schema is {said}. DVC 2.0 and later write it."
        )


def _stage(name: str, said: Node) -> _Stage:
    where = f"The stage {clip(name, 60)}"
    if not isinstance(said, Mapping) or "cmd" not in said:
        raise EvidenceRejected(f"{where} has no cmd, which every stage of a dvc.lock has.")
    return _Stage(
        name=clip(name, 200),
        reads=tuple(item_of(each, where) for each in objects_of(said, "deps", where)),
        makes=tuple(item_of(each, where) for each in objects_of(said, "outs", where)),
    )


def _known(document: Node) -> dict[str, Item]:
    """Return the named data sets (`dvc ds add`), by the path under which stages read them."""
    if not isinstance(document, Mapping):
        return {}
    return {
        item.path: item
        for item in (
            item_of(each, "A data set")
            for each in names_of(objects_of(document, "datasets", "The lock"))
        )
    }


def _read(stages: Sequence[_Stage], known: Mapping[str, Item]) -> dict[str, Item]:
    """Return everything that a stage read, by path; a named data set with its own state."""
    found = {item.path: item for stage in stages for item in stage.reads}
    return {
        path: known[path] if path in known and not item.digest else item
        for path, item in found.items()
    }


def _is_code(item: Item, made: Mapping[str, Item]) -> bool:
    return item.path not in made and PurePosixPath(item.path).suffix.lower() in _CODE


def _stages_by_path(
    stages: Sequence[_Stage],
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]:
    """Return the names of the stages that made, and that read, what lies at each path."""
    made_by: dict[str, list[str]] = defaultdict(list)
    read_by: dict[str, list[str]] = defaultdict(list)
    for stage in stages:
        for items, names in ((stage.makes, made_by), (stage.reads, read_by)):
            for path in dict.fromkeys(item.path for item in items):
                names[path].append(stage.name)
    return made_by, read_by


def _stage_facts(stage: _Stage) -> dict[str, Json]:
    return {
        "name": stage.name,
        "reads": [item.path for item in stage.reads],
        "makes": [item.path for item in stage.makes],
    }
