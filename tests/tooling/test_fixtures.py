"""The worker, the cluster and the browser that other tests stand on are real."""

import json
import urllib.request

import pytest

from portal.celery import app
from tests.support.wait import wait_for


@pytest.mark.slow
def test_the_worker_takes_a_task_from_the_broker_and_another_takes_over_when_it_is_killed(
    live_worker,
):
    app.send_task("releases.sweep")
    assert live_worker.wait_until_idle()
    live_worker.kill()
    assert live_worker.alive == []
    app.send_task("releases.sweep")
    assert not live_worker.wait_until_idle(seconds=0.5)
    live_worker.start()
    assert live_worker.wait_until_idle()


def test_the_sandbox_cluster_answers_and_can_be_made_unreachable(sandbox_cluster):
    with urllib.request.urlopen(f"{sandbox_cluster.url}/version") as answer:  # noqa: S310 -- ours
        assert json.load(answer)["gitVersion"]
    sandbox_cluster.kill()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{sandbox_cluster.url}/version")  # noqa: S310 -- ours


def test_a_wait_that_is_in_vain_says_what_it_saw():
    with pytest.raises(AssertionError, match="last seen: 0"):
        wait_for(lambda: 0, seconds=0.01, every=0.001)


@pytest.mark.browser
def test_the_browser_opens_the_portal_and_axe_looks_at_it(page):
    from tests.support.browser import axe_violations  # noqa: PLC0415 -- needs Playwright

    page.goto("/accounts/login/")
    assert page.locator("input[type=password]").count() == 1
    assert axe_violations(page) == []
