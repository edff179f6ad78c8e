"""kill -9 of a worker anywhere: another one finishes, and nothing is done twice but the same apply."""

import pytest

pytestmark = pytest.mark.slow

NEVER_TWICE = (
    "releases.queued",
    "releases.deploying",
    "deployments.started",
    "deployments.putting_back",
    "deployments.succeeded",
    "deployments.failed",
    "deployments.errored",
    "releases.verifying",
    "releases.deployed",
    "releases.failed",
    "releases.errored",
)


def sign(firm, number, digest):
    signed = {"statement_digest": digest, "comment": "read it"}
    firm.sofia.post(f"change-requests/{number}/approve/", signed, status=200)


def step(house, number, verb):
    return house.rows.all(
        "SELECT s.state FROM deployments_deploymentstep s JOIN deployments_deployment d "
        "ON d.id = s.deployment_id WHERE d.change_request_id = %s AND s.verb = %s ORDER BY position",
        number,
        verb,
    )


def is_held(house, number):
    return house.rows.one(
        "SELECT lease_holder <> '' FROM deployments_deployment WHERE change_request_id = %s", number
    )


def kill_when(house, firm, number, condition):
    """kill -9 of the worker in the very moment in which it does what the condition says."""

    def caught():
        if condition() and is_held(house, number):
            house.freeze("worker")
            if condition() and is_held(house, number):
                return True
            house.thaw("worker")
        house.sweep()  # it may have been missed, and is tried again
        return False

    firm.until(caught, every=0.05)
    house.kill("worker")


def finished_by_another(house, firm, number, state):
    """Start another worker, do what beat does, and read the whole story."""
    firm.lift()
    firm.let_go()
    house.start("worker")
    firm.until(lambda: house.sweep() or house.rows.state(number) == state, every=0.5)
    told = house.rows.events(number)
    for event in NEVER_TWICE:
        assert told.count(event) <= 1, event
    assert told.count("deployments.taken_over") == 1
    return told


def test_killed_between_claim_and_apply(house, firm, almost):
    number, digest = almost("3.0.0")
    firm.fault("hang", method="GET", path="/deployments/")
    sign(firm, number, digest)
    kill_when(house, firm, number, lambda: step(house, number, "plan") == [("running",)])
    told = finished_by_another(house, firm, number, "deployed")
    assert told.count("deployments.applied") == 2
    assert told.count("deployments.succeeded") == 1


def test_killed_while_the_cluster_is_being_told(house, firm, almost):
    """One workload is applied; the other's apply is under way, and nobody knows whether it arrived."""
    number, digest = almost("3.1.0")
    firm.fault("slow", method="PATCH", delay=0.7)
    sign(firm, number, digest)
    half = [("done",), ("running",)]
    kill_when(house, firm, number, lambda: step(house, number, "apply") == half)
    told = finished_by_another(house, firm, number, "deployed")
    assert told.count("deployments.applied") == 2, "each workload once"
    assert firm.running("payments-staging") == firm.digests_of("3.1.0")


def test_killed_between_apply_and_verify_again_and_again(house, firm, almost):
    number, digest = almost("3.2.0")
    firm.hold_back()
    sign(firm, number, digest)
    firm.until(lambda: house.rows.events(number).count("deployments.applied") == 2)
    for killed in (1, 2):
        house.kill("worker")
        house.start("worker")
        firm.until(
            lambda n=killed: (
                house.sweep() or house.rows.events(number).count("deployments.taken_over") == n
            ),
            every=0.5,
        )
    firm.let_go()
    assert firm.verdict(number)["decision"] == "deployed"
    told = house.rows.events(number)
    for event in NEVER_TWICE:
        assert told.count(event) <= 1, event
    assert told.count("deployments.applied") == told.count("deployments.verified") == 2
    assert firm.running("payments-staging") == firm.digests_of("3.2.0")


def test_killed_while_it_puts_back(house, firm, almost):
    good, digest = almost("3.3.0")
    sign(firm, good, digest)
    assert firm.verdict(good)["decision"] == "deployed"
    number, digest = almost("3.4.0", fault="broken-crash-")
    firm.hold_back()
    sign(firm, number, digest)
    firm.until(lambda: house.rows.events(number).count("deployments.applied") == 2)
    firm.fault("hang", method="PATCH")
    firm.let_go()
    kill_when(house, firm, number, lambda: ("running",) in step(house, number, "put_back"))
    told = finished_by_another(house, firm, number, "failed")
    assert told.count("deployments.putting_back") == 1
    assert told.count("deployments.put_back") == 2
    assert "deployments.succeeded" not in told
    firm.until(lambda: firm.running("payments-staging") == firm.digests_of("3.3.0"))
