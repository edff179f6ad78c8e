"""The pages of MLflow's lists, in their order: one after the other, or several asked for at once.

A page takes MLflow seconds of processor time, and its server has four workers unless told otherwise. Its
page tokens say nothing but how many rows come before, so the next pages can be asked for while the first
is on its way. A server that gives other tokens is followed from page to page.
"""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from models_registry.clients.port import RegistryUnavailable

AT_ONCE: Final = 4
"""Requests under way at most."""


@dataclass(frozen=True)
class Answer:
    """One page.

    Attributes:
        document: what MLflow said.
        digest: of the answer's bytes.
        token: of the next page; empty after the last one.
    """

    document: dict[str, Any]
    digest: str
    token: str


Ask = Callable[[str], Answer]
"""Takes a page token, empty for the first page."""


def token_of(offset: int) -> str:
    """Return MLflow's token of the page with so many rows before it (``SearchUtils.create_page_token``)."""
    if not offset:
        return ""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def one_by_one(ask: Ask, token: str = "") -> Iterator[Answer]:
    """Yield the pages from a token on.

    Raises:
        RegistryUnavailable: a page names a next one that was there already.
    """
    seen = {token}
    while True:
        answer = ask(token)
        yield answer
        token = answer.token
        if not token:
            return
        if token in seen:
            raise RegistryUnavailable("MLflow's pages run in a circle: a page token came twice.")
        seen.add(token)


def several_at_once(ask: Ask, *, size: int, about: int = 0) -> Iterator[Answer]:
    """Yield all pages; those to come are under way while one is looked at.

    Args:
        ask: called in threads.
        size: rows of a page.
        about: how many rows there probably are, so that nobody asks for pages beyond the end; 0 if
            nobody knows.

    Raises:
        RegistryUnavailable: a page names a next one that was there already.
    """
    under_way: dict[int, Future[Answer]] = {}
    offset, end = 0, max(about, size)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mlflow-pages") as pool:
        try:
            while True:
                # One more than are under way, for the thread that is done first.
                for start in range(offset, min(end, offset + (AT_ONCE + 1) * size), size):
                    if start not in under_way:
                        under_way[start] = pool.submit(ask, token_of(start))
                answer = under_way.pop(offset).result()
                yield answer
                offset += size
                if answer.token != token_of(offset):
                    break
                if offset >= end:  # there are more than was thought
                    end = offset + AT_ONCE * size
        finally:
            for each in under_way.values():
                each.cancel()
    if answer.token:
        yield from one_by_one(ask, answer.token)
