"""The data that the demo's credit models were trained on, as DVC and the lake named it.

The last two were trained beside the pipeline: they have no dvc.lock, so that nobody can say what changed.
"""

import hashlib
import json
from typing import Final

LOANS: Final = "data/loans.parquet"
_TABLE: Final = "c5a1c3f2-6a0e-4a57-9b1e-2f6d0f6b7a11"
#: State of the loans → version of the bureau's table at that time.
_BUREAU: Final = {
    "2019-2025": (188, "2026-01-05T02:11:40Z"),
    "2019-2026-06": (214, "2026-07-02T02:13:05Z"),
}


def lock(number: int, loans: str) -> bytes:
    """Return the dvc.lock of a version that was trained on that state of the loans."""
    prepared = f"{loans} prepared"
    stages = [
        _stage("prepare", {LOANS: loans, "src/prepare.py": "prepare"}, {"data/features": prepared}),
        _stage(
            "train",
            {"data/features": prepared, "src/train.py": f"train {number}"},
            {"model.skops": f"model {number}"},
        ),
    ]
    return "\n".join(["schema: '2.0'", "stages:", *stages, ""]).encode()


def tables(loans: str) -> bytes:
    """Return what the lake says: the version of the credit bureau's table, and the postcodes' file."""
    version, at = _BUREAU[loans]
    bureau = {
        "name": "bureau",
        "context": "training",
        "source": "s3://lake/bureau",
        "delta": {"id": _TABLE, "version": version, "timestamp": at, "operation": "MERGE"},
    }
    postcodes = {
        "name": "postcodes",
        "context": "training",
        "source": "s3://lake/postcodes.csv",
        "digest": f"sha256:{hashlib.sha256(b'postcodes').hexdigest()}",
    }
    document = {"schema": "gatehouse.datasets/v1", "datasets": [bureau, postcodes]}
    return json.dumps(document).encode()


def _stage(name: str, reads: dict[str, str], makes: dict[str, str]) -> str:
    lines = [f"  {name}:", f"    cmd: python src/{name}.py"]
    for part, items in (("deps", reads), ("outs", makes)):
        lines.append(f"    {part}:")
        for path, state in items.items():
            md5 = hashlib.md5(state.encode(), usedforsecurity=False).hexdigest()
            folder = "" if "." in path else ".dir"
            lines += [f"    - path: {path}", "      hash: md5", f"      md5: {md5}{folder}"]
    return "\n".join(lines)
