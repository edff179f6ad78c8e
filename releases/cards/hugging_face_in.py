"""Hugging Face's ``README.md``: front matter with ``model-index``, and the sections of its template."""

import re
from collections.abc import Iterator
from typing import Any, Final

from releases.cards.found import Found, Reader, at
from releases.cards.front_matter import read_front_matter, split
from releases.cards.licences import licence_of

_HUB: Final = "https://huggingface.co/"
_HEADING: Final = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_BULLET: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_PLACEHOLDER: Final = "[more information needed]"
_SECTIONS: Final = {
    "direct use": "intended_use", "intended use": "intended_use", "intended uses": "intended_use",
    "uses": "intended_use", "downstream use": "intended_use", "downstream use [optional]": "intended_use",
    "intended uses & limitations": "intended_use",
    "out-of-scope use": "out_of_scope", "out of scope use": "out_of_scope",
    "out-of-scope uses": "out_of_scope", "not to be used for": "out_of_scope",
    "users": "users", "intended users": "users",
    "limitations": "limitations", "limitations and bias": "limitations",
    "bias, risks, and limitations": "limitations", "bias, risks and limitations": "limitations",
    "trade-offs": "tradeoffs", "ethical considerations": "ethics",
    "model description": "overview", "what it is": "overview",
}  # fmt: skip
_MORE_SECTIONS: Final = {
    "inputs": "inputs", "outputs": "outputs", "model architecture": "architecture",
}  # fmt: skip


def read_hugging_face(text: str) -> Found:
    """Return the card in a ``README.md``.

    Raises:
        EvidenceRejected: no front matter, or none that can be read.
    """
    matter, body = split(text)
    found = Found("huggingface", "Hugging Face model card")
    reader = Reader(read_front_matter(matter))
    _matter(reader, found)
    _results(reader, found)
    for path in reader.left():
        found.leave(path)
    _body(body, found)
    return found


def _matter(reader: Reader, found: Found) -> None:
    licences = [text for _, text in _one_or_more(reader, "license")]
    name = reader.text("license_name")
    if name and licences in ([], ["other"]):
        licences = [name]
    found.take("licence", " AND ".join(map(licence_of, licences)), "license")
    found.take("task", reader.text("pipeline_tag"), "pipeline_tag")
    rows: list[tuple[str, Any]] = [
        (path, {"name": name}) for path, name in _one_or_more(reader, "datasets")
    ]
    found.take_rows("datasets", rows)
    rows = [
        (path, {"url": f"{_HUB}{name}", "type": "other", "comment": "Base model"})
        for path, name in _one_or_more(reader, "base_model")
    ]
    found.take_rows("references", rows)
    if link := reader.text("license_link"):
        found.take_rows("references", [("license_link", {"url": link, "type": "license"})])


def _results(reader: Reader, found: Found) -> None:
    rows: list[tuple[str, Any]] = []
    for model in range(reader.count("model-index")):
        reader.text("model-index", model, "name")
        for index in range(reader.count("model-index", model, "results")):
            rows += _metrics(reader, found, ("model-index", model, "results", index))
    found.take_rows("metrics", rows)


def _metrics(
    reader: Reader, found: Found, path: tuple[str | int, ...]
) -> list[tuple[str, dict[str, str]]]:
    task = reader.text(*path, "task", "type") or reader.text(*path, "task", "name")
    if task and "task" not in found.content:
        found.take("task", task, at(*path, "task"))
    data = [reader.text(*path, "dataset", name) for name in ("name", "config", "split")]
    where = " ".join(filter(None, data))
    rows = []
    for index in range(reader.count(*path, "metrics")):
        one = (*path, "metrics", index)
        kind, name = reader.text(*one, "type"), reader.text(*one, "name")
        value = reader.text(*one, "value")
        rows.append((at(*one), {"type": kind or name, "value": value, "slice": where}))
    return rows


def _one_or_more(reader: Reader, name: str) -> list[tuple[str, str]]:
    text = reader.text(name)
    return [(name, text)] if text else reader.texts(name)


def _body(body: str, found: Found) -> None:
    for heading, lines in _sections(body):
        title = heading.strip().rstrip(":").lower()
        points = list(_points(lines))
        field = _SECTIONS.get(title) or _MORE_SECTIONS.get(title)
        where = f"section {heading.strip()!r:.100}"
        if not points:
            continue
        if field is None:
            found.leave(where, "No field of the card goes by this heading.")
        elif field == "overview":
            found.take(field, "\n\n".join(points), where)
        elif field == "architecture":
            found.take(field, " ".join(points), where)
        elif field == "ethics":
            found.take_rows(field, [(where, _risk(point)) for point in points])
        else:
            found.take_rows(field, [(where, point) for point in points])


def _risk(point: str) -> dict[str, str]:
    """Return the row; what is done about a risk stands behind an arrow, as in our own export."""
    name, _, mitigation = point.partition(" → ")
    return {"name": name, "mitigation": mitigation}


def _sections(body: str) -> Iterator[tuple[str, list[str]]]:
    heading, lines, fenced = "(before the first heading)", list[str](), False
    for line in body.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match is None:
            lines.append(line)
            continue
        yield heading, lines
        heading, lines = match[2], []
    yield heading, lines


def _points(lines: list[str]) -> Iterator[str]:
    """Yield bullets and paragraphs; comments and placeholders of the template are none."""
    text = re.sub(r"<!--.*?(?:-->|\Z)", "", "\n".join(lines), flags=re.DOTALL)
    waiting: list[str] = []
    for line in [*text.split("\n"), ""]:
        begins = _BULLET.match(line)
        if begins or not line.strip():
            yield from _point(waiting)
            waiting = []
        if line.strip():
            waiting.append(line[begins.end() :] if begins else line.strip())
    yield from _point(waiting)


def _point(lines: list[str]) -> Iterator[str]:
    text = " ".join(" ".join(lines).split())
    if text and _PLACEHOLDER not in text.lower():
        yield text
