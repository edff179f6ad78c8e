import pytest

from tests.sandbox_cluster.support import Bench, Sandbox


@pytest.fixture
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def bench():
    return Bench()
