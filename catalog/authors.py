"""The authors of a version, as CI tells of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.errors import InvalidInput
from catalog.validation import Complaints, check_text

MOST_AUTHORS = 100
_KNOWN = ("name", "email", "login")
MLFLOW = "mlflow"
"""An author's name in MLflow; only the sync with MLflow says it."""
_LONGEST = 254


def check_authors(given: Any) -> tuple[list[dict[str, str]], Complaints]:
    """Return the authors with their known, non-empty members, and what is wrong with them."""
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        return [], {"authors": ["This must be a list of authors."]}
    if len(given) > MOST_AUTHORS:
        return [], {"authors": [f"At most {MOST_AUTHORS} authors; these are {len(given)}."]}
    authors: list[dict[str, str]] = []
    complaints: Complaints = {}
    for number, author in enumerate(given):
        try:
            authors.append(_author(author))
        except InvalidInput as error:
            complaints[f"authors[{number}]"] = [error.sentence]
    return authors, complaints


def in_words(authors: Sequence[Mapping[str, str]]) -> str:
    """Return the authors in one line."""
    return ", ".join(
        " ".join(author[part] for part in (*_KNOWN, "mlflow") if part in author)
        for author in authors
    )


def _author(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise InvalidInput.of("author", "An author is an object with name, email or login.")
    if unknown := [str(key) for key in given if key not in _KNOWN]:
        raise InvalidInput.of(
            "author", f"{', '.join(unknown)}: an author has name, email and login only."
        )
    author = {
        part: check_text(part, given[part], longest=_LONGEST).strip()
        for part in _KNOWN
        if given.get(part) is not None
    }
    author = {part: value for part, value in author.items() if value}
    if not author:
        raise InvalidInput.of("author", "An author needs a name, an email or a login.")
    if "email" in author and "@" not in author["email"]:
        raise InvalidInput.of("author", f"{author['email']!r} is no e-mail address.")
    return author
