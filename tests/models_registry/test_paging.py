"""Pages of MLflow's lists: in their order, several under way, and never without an end."""

import threading

import pytest

from models_registry.clients.paging import (
    AT_ONCE,
    Answer,
    one_by_one,
    several_at_once,
    token_of,
)
from models_registry.clients.port import RegistryUnavailable


class Server:
    """Rows in pages; a token is an offset, or a word of its own."""

    def __init__(self, rows, size=2, *, token=token_of):
        self.rows, self.size, self.token = list(range(rows)), size, token
        self.offsets = {token(offset): offset for offset in range(0, rows + 100, size)}
        self.offsets[""] = 0
        self.asked = []

    def __call__(self, token):
        self.asked.append(token)
        start = self.offsets[token]
        rows = self.rows[start : start + self.size]
        more = start + self.size < len(self.rows)
        return Answer({"rows": rows}, str(rows), self.token(start + self.size) if more else "")


def read(pages):
    return [row for page in pages for row in page.document["rows"]]


@pytest.mark.parametrize("about", [0, 1, 7, 9, 10, 200])
@pytest.mark.parametrize("rows", [0, 1, 2, 9, 10])
def test_every_row_comes_once_and_in_order_whatever_was_expected(rows, about):
    server = Server(rows)
    assert read(several_at_once(server, size=2, about=about)) == server.rows


def test_nobody_asks_for_pages_beyond_the_end_that_was_expected():
    server = Server(10)
    read(several_at_once(server, size=2, about=10))
    assert len(server.asked) == 5


def test_the_pages_to_come_are_under_way_while_one_is_looked_at():
    server = Server(40)
    together = threading.Barrier(AT_ONCE, timeout=5)

    def ask(token):
        if server.offsets[token] < 2 * AT_ONCE:
            together.wait()
        return server(token)

    assert read(several_at_once(ask, size=2, about=40)) == server.rows


def test_tokens_of_another_kind_are_followed():
    server = Server(9, token=lambda offset: f"after-{offset}" if offset else "")
    assert read(several_at_once(server, size=2)) == server.rows
    assert len(server.asked) == 5


def test_a_failure_is_the_callers_and_leaves_nothing_under_way():
    server = Server(100)

    def ask(token):
        if server.offsets[token] == 4:
            raise RegistryUnavailable("It broke off.")
        return server(token)

    with pytest.raises(RegistryUnavailable, match="broke off"):
        read(several_at_once(ask, size=2, about=100))
    assert not [each for each in threading.enumerate() if "mlflow-pages" in each.name]


def test_a_token_that_comes_twice_is_a_circle():
    with pytest.raises(RegistryUnavailable, match="run in a circle"):
        read(one_by_one(lambda token: Answer({"rows": []}, "", "again")))
    with pytest.raises(RegistryUnavailable, match="run in a circle"):
        read(several_at_once(lambda token: Answer({"rows": []}, "", "again"), size=2))
