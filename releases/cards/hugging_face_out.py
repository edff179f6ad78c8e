"""The card as Hugging Face's ``README.md``: front matter, and sections under the headings of its template."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from releases.cards.content import row_in_words
from releases.cards.fields import FIELDS, CardField, Shape
from releases.cards.licences import SPDX
from releases.models import CardRevision

MEDIA_TYPE: Final = "text/markdown; charset=utf-8"
_HEADINGS: Final = {
    "overview": "Model description", "intended_use": "Direct Use", "out_of_scope": "Out-of-Scope Use",
    "limitations": "Bias, Risks, and Limitations", "ethics": "Ethical Considerations",
    "architecture": "Model Architecture",
}  # fmt: skip
_IN_FRONT_MATTER: Final = frozenset({"licence", "task", "metrics"})


def to_hugging_face(revision: CardRevision) -> str:
    """Return the file. The revision needs its card with the version and the artifact."""
    version = revision.card.artifact_version
    matter = yaml.safe_dump(_matter(revision), sort_keys=False, allow_unicode=True, width=100)
    body = "\n".join(_body(revision))
    return f"---\n{matter}---\n\n# {version.artifact.name} {version.version}\n\n{body}"


def _matter(revision: CardRevision) -> dict[str, Any]:
    content = revision.content
    version = revision.card.artifact_version
    results = [
        {
            "task": {"type": content.get("task", "other")},
            "dataset": {"name": row.get("slice") or version.artifact.name, "type": "other"},
            "metrics": [{"type": row["type"], "value": _number(row["value"])}],
        }
        for row in content.get("metrics", ())
    ]
    matter = {
        **_licence(content.get("licence", "")),
        "pipeline_tag": content.get("task"),
        "datasets": [row["name"] for row in content.get("datasets", ())],
        "model-index": results and [{"name": version.artifact.name, "results": results}],
    }
    return {name: value for name, value in matter.items() if value}


def _licence(licence: str) -> dict[str, str]:
    """Return what the hub asks for: its own small names, or ``other`` and what it is called."""
    if licence in SPDX.values():
        return {"license": licence.lower()}
    return {"license": "other", "license_name": licence} if licence else {}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _body(revision: CardRevision) -> Iterator[str]:
    for field in FIELDS:
        value = revision.content.get(field.name)
        if value and field.name not in _IN_FRONT_MATTER:
            yield f"## {_HEADINGS.get(field.name, field.title)}"
            yield ""
            yield from _lines(field, value)
            yield ""
    yield f"Digest of the model: `{revision.card.artifact_version.digest}`"
    yield ""


def _lines(field: CardField, value: Any) -> Iterator[str]:
    if field.name == "ethics":
        yield from (f"- {' → '.join(filter(None, row.values()))}" for row in value)
    elif field.shape == Shape.ROWS:
        yield from (f"- {row_in_words(field, row)}" for row in value)
    elif field.shape == Shape.POINTS:
        yield from (f"- {point}" for point in value)
    else:
        yield value
