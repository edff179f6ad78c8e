"""Bring the files of static/vendor/ from their npm packages, as static/vendor/manifest.json lists them.

The manifest is the source: package, exact version, licence, and for each file where it stands in the
package and its SHA-256 as served here. Run this file after changing a version; it needs npm, which
neither the portal nor its set-up does:

    python tests/frontend/vendor_files.py
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
SOURCE_MAP = re.compile(rb"\n?(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
SVG_BACKGROUND = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


def manifest() -> dict[str, Any]:
    return json.loads(MANIFEST.read_text("utf-8"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(package: str, version: str, into: Path) -> Path:
    """Fetch one package with the ordinary client and unpack it; returns its root."""
    command = ["npm", "pack", "--silent", f"{package}@{version}"]
    done = subprocess.run(command, cwd=into, check=True, capture_output=True, text=True)
    archive = into / done.stdout.strip().splitlines()[-1]
    root = into / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(root, filter="data")
    return root / "package"


def without_source_map(content: bytes) -> bytes:
    """The maps are not vendored, and a manifest storage refuses a reference to a missing file."""
    return SOURCE_MAP.sub(b"\n", content)


def sprite(root: Path, icons: list[str]) -> bytes:
    """One SVG with a symbol per icon; colour and width of the stroke come from the page's CSS."""
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in icons:
        style, _, icon = name.rpartition("/")
        text = (root / "icons" / (style or "outline") / f"{icon}.svg").read_text("utf-8")
        found = SVG_BODY.search(text)
        if found is None:
            raise ValueError(f"{name} is no SVG that this script understands")
        body = " ".join(found[1].replace(SVG_BACKGROUND, "").split())
        symbol_id = f"{icon}-{style}" if style else icon
        lines.append(f'<symbol id="{symbol_id}" viewBox="0 0 24 24">{body}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode()


def bring(package: dict[str, Any], root: Path) -> None:
    for entry in package["files"]:
        target = VENDOR / entry["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if "icons" in entry:
            target.write_bytes(sprite(root, entry["icons"]))
        elif "source" in entry:
            content = (root / entry["source"]).read_bytes()
            target.write_bytes(without_source_map(content))
        entry["sha256"] = sha256(target)


def main() -> None:
    listed = manifest()
    for package in listed["packages"]:
        with tempfile.TemporaryDirectory() as folder:
            bring(package, unpack(package["package"], package["version"], Path(folder)))
        sys.stdout.write(f"{package['package']} {package['version']}\n")
    MANIFEST.write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
