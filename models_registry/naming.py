"""MLflow's names and the catalog's: which models belong to a registry, and what they are called here."""

import hashlib
import re
import unicodedata
from fnmatch import fnmatchcase

from catalog.models import Artifact
from models_registry.models import Registry

RETRAINING_TAG = "gatehouse.retraining_request"
"""Tag of a model version or its run in MLflow: which retraining request it answers."""

_LONGEST = 160
_SIGNS = 8


def belongs(name: str, patterns: str) -> bool:
    """Return whether a model's name fits one of the patterns, which are separated by commas."""
    return any(fnmatchcase(name, pattern) for pattern in patterns_of(patterns))


def patterns_of(patterns: str) -> list[str]:
    """Return the single patterns."""
    return [each.strip() for each in patterns.split(",") if each.strip()]


def artifact_name(registry: Registry, name: str) -> str:
    """Return a free name in the catalog for a model: the same one, if it fits and nobody has it.

    Otherwise what can be kept of it, with some signs of its digest.
    """
    plain = _plain(name)
    sign = hashlib.sha256(f"{registry.pk}/{name}".encode("utf-8", "replace")).hexdigest()[:_SIGNS]
    wanted = plain if plain == name else f"{plain}-{sign}"
    candidates = [
        wanted,
        f"{plain}-{sign}",
        *(f"{plain}-{sign}-{count}" for count in range(2, 1000)),
    ]
    taken = set(
        Artifact.objects.filter(project_id=registry.project_id, name__startswith=plain).values_list(
            "name", flat=True
        )
    )
    return next(each for each in candidates if each not in taken)


def _plain(name: str) -> str:
    spelt = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    fitting = re.sub(r"[^A-Za-z0-9._/-]+", "-", spelt)[:_LONGEST]
    return fitting.strip("._/-") or "model"
