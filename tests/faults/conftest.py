"""One house for the folder: what a test breaks in it is mended after the test."""

import pytest

EVERYTHING = ("postgres", "valkey", "cluster", "web", "worker")
LAST_WORDS = 8_000
"""Characters of each process's log that a failed test shows."""


@pytest.fixture(scope="session")
def _house():
    from tests.support.house import House  # noqa: PLC0415 -- needs Django

    house = House.at_a_new_place()
    try:
        house.set_up()
        house.start(*EVERYTHING)
        yield house
    finally:
        house.close()


@pytest.fixture(scope="session")
def _firm(_house, django_db_blocker):
    from tests.faults.housed import HousedFirm  # noqa: PLC0415 -- needs Django

    firm = HousedFirm(_house.url, _house.cluster)
    with django_db_blocker.unblock(), _house.here():
        firm.found()
        firm.sign_in("priya")
    firm.release("0.1.0")
    firm.bind()
    yield firm
    firm.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let a test that fails say what each process told during it."""
    report = yield
    house = item.funcargs.get("house")
    if report.failed and house is not None:
        for name in house.processes:
            report.sections.append((f"{name} of the house", house.log(name)[-LAST_WORDS:]))
    return report


@pytest.fixture
def house(_house):
    """The portal in processes of its own, whole again after each test; see `tests.support.house`."""
    yield _house
    for name in EVERYTHING:
        _house.thaw(name)
    for name in ("beat", "another"):
        if _house.alive(name):
            _house.kill(name)
    _house.start(*EVERYTHING)


@pytest.fixture
def firm(_firm, house):
    """A firm in that house, with both images bound; its cluster is well again after each test."""
    yield _firm
    house.start("cluster")
    _firm.let_go()
    _firm.lift()


@pytest.fixture
def almost(firm):
    """A change request that one signature will put into the queue, and what that one signs."""

    def ask(version, fault=""):
        number = firm.ask(firm.release(version, fault), "staging")["number"]
        firm.sign(number, "tom")
        return number, firm.sofia.get(f"change-requests/{number}/")["statement_digest"]

    return ask
