"""Identifiers of licences that models are often under; CycloneDX tells identifiers from names."""

from typing import Final

_IDENTIFIERS: Final = (
    "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-only", "GPL-3.0-only",
    "GPL-3.0-or-later", "LGPL-3.0-only", "AGPL-3.0-only", "MPL-2.0", "ISC", "Unlicense", "CC0-1.0",
    "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY-3.0",
    "EPL-2.0", "EUPL-1.2", "Artistic-2.0", "PostgreSQL", "ODbL-1.0", "PDDL-1.0", "OFL-1.1", "Zlib",
)  # fmt: skip
SPDX: Final = {identifier.lower(): identifier for identifier in _IDENTIFIERS}


def licence_of(text: str) -> str:
    """Return SPDX's spelling of the licence if it is one of these; Hugging Face writes them small."""
    return SPDX.get(text.strip().lower(), text)
