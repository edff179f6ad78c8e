"""The published schema of CycloneDX 1.7, strictly: with formats, and nothing fetched."""

import hashlib
import json
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource

FOLDER = Path(__file__).parent.parent / "vendor" / "cyclonedx"
_BASE = "http://cyclonedx.org/schema/"


@cache
def validator() -> Draft7Validator:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    for each in manifest["files"]:
        digest = hashlib.sha256((FOLDER / each["path"]).read_bytes()).hexdigest()
        assert digest == each["sha256"], each["path"]
    schemas = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.schema.json")}
    registry = Registry().with_resources(
        (f"{_BASE}{name}", Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    schema = schemas["bom-1.7.SNAPSHOT.schema.json"]
    return Draft7Validator(schema, registry=registry, format_checker=FormatChecker())


def complaints(document) -> list[str]:
    return [
        f"{error.json_path}: {error.message[:200]}" for error in validator().iter_errors(document)
    ]
