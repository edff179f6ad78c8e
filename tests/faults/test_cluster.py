"""The cluster dies, hangs, is slow or stumbles: errored when nobody can tell, failed when it said no."""

import pytest

pytestmark = pytest.mark.slow

ENDINGS = {"deployments.succeeded", "deployments.failed", "deployments.errored"}


def sign(firm, number, digest):
    signed = {"statement_digest": digest, "comment": "read it"}
    firm.sofia.post(f"change-requests/{number}/approve/", signed, status=200)


def ends(house, firm, number, state):
    """Do what beat does until it is there; it ends once, in one way."""
    firm.until(lambda: house.sweep() or house.rows.state(number) == state, every=0.3)
    told = house.rows.events(number)
    assert [event for event in told if event in ENDINGS] == [
        {"deployed": "deployments.succeeded"}.get(state, f"deployments.{state}")
    ]
    assert told.count("deployments.started") == 1
    return told


def is_applied(house, firm, number):
    """Do what beat does until both workloads are: a nudge may be lost (docs/adr/0006), the work never."""
    firm.until(
        lambda: house.sweep() or house.rows.events(number).count("deployments.applied") == 2,
        every=0.3,
    )


@pytest.fixture
def before(house, firm, almost):
    """What runs already."""

    def deploy(version):
        number, digest = almost(version)
        sign(firm, number, digest)
        ends(house, firm, number, "deployed")
        return firm.digests_of(version)

    return deploy


def test_a_cluster_killed_in_the_middle_of_a_rollout_and_back_gets_there(house, firm, almost):
    number, digest = almost("4.0.0")
    firm.hold_back()
    sign(firm, number, digest)
    is_applied(house, firm, number)
    house.kill("cluster")
    firm.until(lambda: house.sweep() or "deployments.no_answer" in house.rows.events(number))
    house.start("cluster")
    told = ends(house, firm, number, "deployed")
    assert told.count("deployments.applied") == 2
    assert firm.running("payments-staging") == firm.digests_of("4.0.0")


def test_a_cluster_killed_for_good_is_errored_and_what_ran_before_still_runs(
    house, firm, almost, before
):
    running = before("4.1.0")
    number, digest = almost("4.1.1")
    firm.hold_back()
    sign(firm, number, digest)
    is_applied(house, firm, number)
    house.kill("cluster")
    told = ends(house, firm, number, "errored")
    assert "releases.failed" not in told
    verdict = firm.ci.get(f"change-requests/{number}/verdict/")
    assert verdict["decision"] == "failed"
    assert "nobody can tell what runs there now" in " ".join(verdict["reasons"])
    house.start("cluster")
    assert running <= firm.running("payments-staging")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 429},
        {"kind": "close"},
    ],
    ids=["500", "429", "cut off"],
)
def test_a_cluster_that_only_stumbles_is_errored_and_never_failed(house, firm, almost, fault):
    number, digest = almost(f"4.2.{fault.get('status', 0)}")
    firm.fault(**fault)
    sign(firm, number, digest)
    told = ends(house, firm, number, "errored")
    assert told.count("deployments.no_answer") > 1, "it was tried again"
    assert "deployments.applied" not in told


def test_a_history_that_is_gone_is_looked_at_anew(house, firm, almost):
    """410 to a watch: the resource version is too old."""
    number, digest = almost("4.3.0")
    firm.hold_back()
    sign(firm, number, digest)
    is_applied(house, firm, number)
    firm.fault("error", status=410, method="GET", requests=3)
    firm.let_go()
    told = ends(house, firm, number, "deployed")
    assert told.count("deployments.applied") == 2


def test_a_slow_cluster_is_waited_for(house, firm, almost):
    number, digest = almost("4.4.0")
    firm.fault("slow", delay=0.3)
    sign(firm, number, digest)
    told = ends(house, firm, number, "deployed")
    assert "deployments.taken_over" not in told, "its lease was renewed meanwhile"


def test_a_definite_no_after_a_stumble_is_failed_and_not_errored(house, firm, almost, before):
    running = before("4.5.0")
    number, digest = almost("4.5.1", fault="broken-crash-")
    firm.fault("error", status=503, requests=2)
    sign(firm, number, digest)
    told = ends(house, firm, number, "failed")
    assert "deployments.no_answer" in told
    assert "releases.errored" not in told
    firm.until(lambda: firm.running("payments-staging") == running)
