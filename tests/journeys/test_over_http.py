"""The main road over HTTP: a real server, a real worker, the sandbox cluster, and nothing but the API."""

import time

import pytest

from tests.journeys.firm import Firm

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def firm(live_server, live_worker, sandbox_cluster):
    firm = Firm(live_server.url, sandbox_cluster.url)
    yield firm.found()
    firm.close()


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("It did not come to pass in time.")


def test_a_release_goes_from_ci_to_production_signed_by_three_functions(firm):
    first = firm.release("1.0.0", metrics=False)
    firm.bind()
    asked = firm.ask(first, "staging")
    number = asked["number"]
    assert asked["state"] == "blocked"
    assert {gate["name"]: gate["outcome"] for gate in asked["gates"]}["coverage"] == "inconclusive"
    assert any("metrics" in sentence for sentence in asked["blocking"])

    # Uploading what is missing re-evaluates by itself.
    for image in first["images"]:
        firm.measure(image)
    waiting = until(
        lambda: (
            (now := firm.ci.get(f"change-requests/{number}/"))["state"] == "awaiting_approval"
            and now
        )
    )
    assert [(rule["name"], rule["missing"]) for rule in waiting["rules"]] == [
        ("engineering", 1),
        ("security", 1),
    ]

    # The author holds the role and is refused with the reason; an outsider sees nothing.
    refused = firm.sign(number, "dana", status=403)
    assert "wrote a commit" in refused["detail"]
    firm.olga.get(f"change-requests/{number}/", status=404)

    firm.sign(number, "tom", "sofia")
    assert firm.verdict(number)["decision"] == "deployed"
    wanted = {image["digest"] for image in first["images"]}
    assert firm.running("payments-staging") == wanted

    promoted = firm.ask(first, "production")["number"]
    firm.sign(promoted, "tom", "sofia")
    assert firm.verdict(promoted, wait=0)["decision"] == "pending"
    firm.sign(promoted, "rashid")
    assert firm.verdict(promoted)["decision"] == "deployed"
    assert firm.running("payments-production") == wanted

    environment = firm.ci.get("projects/payments/environments/production/")
    assert wanted <= {
        digest for digest in str(environment).replace("'", " ").split() if digest in wanted
    }


def test_production_waits_for_staging(firm):
    release = firm.release("1.0.0")
    firm.bind()
    asked = firm.ask(release, "production")
    assert asked["state"] == "blocked"
    assert "has not been deployed to staging" in " ".join(asked["blocking"])


def test_an_image_that_cannot_start_fails_and_what_ran_before_still_runs(firm):
    good = firm.release("1.0.0")
    firm.bind()
    number = firm.ask(good, "staging")["number"]
    firm.sign(number, "tom", "sofia")
    assert firm.verdict(number)["decision"] == "deployed"

    bad = firm.release("1.1.0", fault="broken-crash-")
    number = firm.ask(bad, "staging")["number"]
    firm.sign(number, "tom", "sofia")
    verdict = firm.verdict(number)
    assert verdict["decision"] == "failed"
    assert firm.ci.get(f"change-requests/{number}/")["state"] == "failed"
    assert "CrashLoopBackOff" in " ".join(verdict["reasons"])
    wanted = {image["digest"] for image in good["images"]}
    until(lambda: firm.running("payments-staging") == wanted)


def test_the_log_tells_the_story_in_order(firm):
    release = firm.release("1.0.0")
    firm.bind()
    number = firm.ask(release, "staging")["number"]
    firm.sign(number, "tom", "sofia")
    firm.verdict(number)
    page = firm.admin.get("audit/events/", stream=f"change-request/{number}")
    types = [event["type"] for event in page["results"]]
    road = [
        "releases.submitted",
        "releases.awaiting_approval",
        "releases.approved",
        "releases.all_rules_met",
        "releases.queued",
        "releases.deploying",
        "releases.verifying",
        "releases.deployed",
    ]
    assert [kind for kind in dict.fromkeys(types) if kind in road] == road
    assert [event["stream_seq"] for event in page["results"]] == list(range(1, len(types) + 1))
    sentences = [event["sentence"] for event in page["results"]]
    assert any(sentence.startswith("Tom approved CR-") for sentence in sentences)
