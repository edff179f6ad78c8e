"""Real servers for every test session, and the fixtures that stand on them.

`pytest_configure` runs before pytest-django loads Django, because the settings must know where the
servers are. pytest-xdist's workers share the servers of the session; each has its own database.
"""

import os
import sys
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from pytest_django.plugin import blocking_manager_key

from tests.support.services import Services

_SERVICES = pytest.StashKey[Services]()
_FILE = pytest.StashKey[Path]()

# A deadline for one example measures the machine; a test's own time limit is `timeout`.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        if "portal.settings.base" in sys.modules:
            raise pytest.UsageError(
                "The settings were loaded before the servers that they name: unset "
                "DJANGO_SETTINGS_MODULE, and give --cov a directory (portal/embedded)."
            )
        config.stash[_SERVICES] = services = Services.start()
        services.announce()
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
    # Playwright's synchronous API runs an event loop in the test's thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # pytest-django sets Django up after this hook, if its settings are loaded by then.
    _ = settings.DATABASES


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from tests.support.distribution import ByFile  # noqa: PLC0415 -- only with pytest-xdist

    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if services := config.stash.get(_SERVICES, None):
        services.stop()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Create this process's database; it goes with the session's server."""
    from tests.support import database  # noqa: PLC0415 -- needs Django
    from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

    with django_db_blocker.unblock():
        database.create()
    yield
    with django_db_blocker.unblock():
        kept.give_up()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let each file begin as it does when it is run alone."""
    if item.path != item.config.stash.get(_FILE, item.path):
        from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

        with item.config.stash[blocking_manager_key].unblock():
            kept.count_from_one()
    item.config.stash[_FILE] = item.path


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    """Before pytest-django begins a test's transaction, begin the one around it."""
    if fixturedef.argname == "_django_db_helper":
        from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

        with request.config.stash[blocking_manager_key].unblock():
            kept.prepare(request.node)


@pytest.fixture
def kept_payments(db):
    """payments with the whole cast, made once for several tests; the test may change it as it likes."""
    from catalog.models import Project  # noqa: PLC0415 -- needs Django
    from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

    kept.ensure("kept_payments")
    return Project.objects.get(slug="payments")


@pytest.fixture
def kept_world(db):
    """The project of the pages' tests, made once for several of them."""
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django
    from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

    kept.ensure("kept_world")
    return World.there()


@pytest.fixture
def kept_ground(db):
    """What a carry-out needs, made once for several tests."""
    from tests.deployments.ground import Ground  # noqa: PLC0415 -- needs Django
    from tests.support.kept import kept  # noqa: PLC0415 -- needs Django

    kept.ensure("kept_ground")
    return Ground.there()


@pytest.fixture(autouse=True)
def _empty_cache():
    """Throttles, cached sessions and remembered keys of one test are not the next one's."""
    from django.core.cache import cache  # noqa: PLC0415 -- needs Django

    from audit import readings  # noqa: PLC0415 -- needs Django
    from audit.privacy import subject_keys  # noqa: PLC0415 -- needs Django

    cache.clear()
    subject_keys.forget()
    readings.forget()


@pytest.fixture(scope="module")
def _worker(tmp_path_factory):
    # Not for the session: a worker that lives on takes what the tests of other modules queue.
    from tests.support.worker import Worker  # noqa: PLC0415 -- needs Django

    worker = Worker(tmp_path_factory.mktemp("worker") / "worker.log")
    yield worker
    worker.stop()


@pytest.fixture
def live_worker(_worker, transactional_db):
    """A real Celery worker on the test's database: `kill()`, `start()`, `wait_until_idle()`."""
    from tests.support.worker import empty_queues  # noqa: PLC0415 -- needs Django

    empty_queues()
    if not _worker.alive:
        _worker.start()
    yield _worker
    # A message that a killed worker held stays unacknowledged for longer than anybody wants to wait.
    if not _worker.wait_until_idle(seconds=5):
        _worker.kill()
        empty_queues()


@pytest.fixture
def sandbox_cluster(tmp_path):
    """A sandbox cluster of the test's own: `url`, `port`, `kill()`."""
    from tests.support.cluster import SandboxProcess  # noqa: PLC0415 -- only for those who ask

    cluster = SandboxProcess.start(tmp_path / "sandbox-cluster.log")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, started once."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- slow to import

    from tests.support.browser import FLAGS, executable  # noqa: PLC0415 -- needs Playwright

    path = executable()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, live_server):
    """A page of a fresh browser profile; relative addresses are the live server's.

    A script error or a refusal of the content security policy fails the test.
    """
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    context.close()
    assert complaints == []
