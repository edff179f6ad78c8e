"""Every line of the threat model names a test, and every test that it names is there."""

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = (CHECKOUT / "docs/threat-model.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_\w+)`")


def defined():
    names = set()
    for file in (CHECKOUT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
    return names


def lines_of_attacks():
    sections = TEXT.split("\n## ")[1:]
    for section in sections:
        for line in section.splitlines():
            if line.startswith("|") and "---" not in line and not line.startswith("| What "):
                yield line


def test_every_line_names_its_test():
    lines = list(lines_of_attacks())
    assert len(lines) > 45
    assert [line for line in lines if not NAMED.search(line)] == []


def test_every_test_that_is_named_is_there():
    assert set(NAMED.findall(TEXT)) - defined() == set()


def test_what_nothing_shows_is_said_plainly():
    assert len(re.findall(r"\*\*nothing\*\*", TEXT)) >= 6
