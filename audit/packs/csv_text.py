"""CSV as RFC 4180 has it, and without what a spreadsheet would take for a formula.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` (or their full-width forms), perhaps after blanks, or
with a tab or a line end, gets an apostrophe before it, and so does one that begins with such an apostrophe
already: so the guard can be taken off again. The list is that of OWASP's page on CSV injection, and blanks.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from audit.times import in_utc

BLANKS: Final = " \u00a0\t\r\n"
FORMULAS: Final = "=+-@\uff1d\uff0b\uff0d\uff20"
_FORMULA: Final = re.compile(rf"'*(?:[{BLANKS}]*[{re.escape(FORMULAS)}]|[\t\r\n])")
_QUOTED: Final = re.compile(r'[",\r\n]')
_SUSPECT: Final = frozenset(f"'{BLANKS}{FORMULAS}")
"""First characters of few cells: most are written as they are, after one look."""


def cell(value: Any) -> str:
    """Return a value as a cell: nothing is empty, a yes or no is Y or N, a time is UTC."""
    if type(value) is str and value[:1] not in _SUSPECT and _QUOTED.search(value) is None:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "Y" if value else "N"
    return _careful(in_utc(value) if isinstance(value, datetime) else str(value))


def _careful(text: str) -> str:
    if _FORMULA.match(text):
        text = f"'{text}"
    if _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def line(values: Sequence[Any]) -> str:
    """Return one row with its end. One empty cell alone is quoted, or it were no row at all."""
    return (",".join(map(cell, values)) or '""') + "\r\n"


def document(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a whole small file."""
    return "".join([line(header), *map(line, rows)]).encode()
