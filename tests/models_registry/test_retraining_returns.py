"""A version that comes back through MLflow is linked to its request, and is a version like any other."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.actions.set_target import TargetSpec, set_target
from models_registry.actions.withdraw_retraining import withdraw_retraining
from models_registry.models import Finding, RetrainingRequest
from models_registry.naming import RETRAINING_TAG
from releases.actions.activate_policy import activate_policy
from releases.actions.approve import approve
from releases.actions.create_policy import create_policy
from releases.actions.publish_policy import publish_policy
from releases.actions.save_policy_version import save_policy_version
from releases.actions.seal_release import seal_release
from releases.actions.submit import submit
from releases.errors import SelfApproval
from tests import factories
from tests.models_registry.bench import fresh, told
from tests.models_registry.lab import trained

TWO_SIGN = {
    "schema": "gatehouse.policy/v1",
    "gates": [],
    "approvals": [
        {"name": "engineering", "title": "Engineering", "roles": ["developer"], "required": 1},
        {"name": "security", "title": "Security", "roles": ["security"], "required": 1},
    ],
    "separation_of_duties": {"unknown_authors": "allow"},
}


@pytest.fixture
def back(lab, anna, make_bench):
    """A bench whose model is in the stand-in for MLflow."""
    anna.model("credit-risk")
    lab.sync()
    factories.member("dana", lab.project, "developer")
    return make_bench("webhook", lab.model("credit-risk"))


def only_finding():
    return Finding.objects.get().sentence


@pytest.mark.parametrize("where", ["run", "version"])
def test_a_version_that_says_which_request_it_answers_ends_it(where, back, lab, anna):
    request = back.begun()
    tag = {RETRAINING_TAG: request.own_id}
    if where == "run":
        trained(anna, tags=tag)
    else:
        anna.version("credit-risk", tags=[{"key": RETRAINING_TAG, "value": request.own_id}])
    lab.sync()
    request = fresh(request)
    assert (request.state, request.version) == ("returned", lab.version("credit-risk"))
    assert told(request)[-1] == (
        f"RT-{request.pk} of credit-risk came back as credit-risk 1, which needs approval like any "
        "other version."
    )
    assert lab.findings == []


def test_a_tag_that_is_set_later_links_too(back, lab, anna):
    request = back.begun()
    trained(anna)
    lab.sync()
    assert fresh(request).state == "triggered"
    anna.tag("credit-risk", 1, RETRAINING_TAG, request.own_id)
    lab.sync()
    assert fresh(request).version == lab.version("credit-risk")
    anna.tag("credit-risk", 1, "reviewed", "yes")
    lab.sync()
    assert lab.findings == []


def test_a_runs_tag_that_was_set_until_its_end_links_too(back, lab, anna):
    request = back.begun()
    run_id = anna.run(finished=False)
    anna.version("credit-risk", run_id=run_id)
    lab.sync()
    pair = {"key": RETRAINING_TAG, "value": request.own_id}
    anna.call("POST", "runs/log-batch", run_id=run_id, tags=[pair])
    anna.end(run_id)
    lab.hurry()
    lab.sync()
    assert fresh(request).version == lab.version("credit-risk")


def test_a_version_may_come_before_the_worker_has_written_down_the_call(back, lab, anna):
    request = back.ask()
    trained(anna, tags={RETRAINING_TAG: request.own_id})
    lab.sync()
    assert fresh(request).state == "returned"
    back.work(request)
    assert back.tool.begun == []


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_a_version_that_comes_late_is_linked_all_the_same(state, back, lab, anna):
    request = back.begun()
    RetrainingRequest.objects.update(state=state, ended_at=timezone.now())
    trained(anna, tags={RETRAINING_TAG: request.own_id})
    lab.sync()
    assert fresh(request).state == "returned"


@pytest.mark.parametrize(
    "said", ["gatehouse-00000000-0000-4000-8000-000000000000", "RT-1", "x" * 4000, "ünsinn\n<b>"]
)
def test_an_id_that_nobody_gave_is_a_finding_and_links_nothing(said, back, lab, anna):
    request = back.begun()
    trained(anna, tags={RETRAINING_TAG: said})
    lab.sync()
    assert fresh(request).state == "triggered"
    assert "but there is none of that id. It is not linked with it." in only_finding()
    lab.sync()
    assert len(lab.findings) == 1  # once


def test_another_models_id_is_a_finding_and_says_nothing_of_the_other(back, lab, anna):
    other = back.begun()
    anna.model("fraud")
    trained(anna, "fraud", tags={RETRAINING_TAG: other.own_id})
    lab.sync()
    assert fresh(other).state == "triggered"
    assert "but that is not for this model." in only_finding()


def test_a_version_that_is_older_than_its_request_does_not_answer_it(back, lab, anna):
    trained(anna)
    lab.sync()
    request = back.begun()
    RetrainingRequest.objects.update(requested_at=timezone.now() + timedelta(hours=1))
    anna.tag("credit-risk", 1, RETRAINING_TAG, request.own_id)
    lab.sync()
    assert fresh(request).state == "triggered"
    assert f"it was registered before RT-{request.pk} was made" in only_finding()


def test_a_request_is_answered_once(back, lab, anna):
    request = back.begun()
    for _ in range(2):
        trained(anna, tags={RETRAINING_TAG: request.own_id})
    lab.sync()
    assert fresh(request).version.number == 1
    assert "was answered by another version before" in only_finding()


def test_what_was_withdrawn_is_not_answered(back, lab, anna):
    request = back.begun()
    withdraw_retraining(request, comment="no", by=factories.admin())
    trained(anna, tags={RETRAINING_TAG: request.own_id})
    lab.sync()
    assert fresh(request).state == "withdrawn"
    assert "was withdrawn" in only_finding()


def ask_for(lab, version):
    """Put the version before the people who sign in staging."""
    admin, staging = factories.admin(), lab.project.environments.get(name="staging")
    policy = create_policy(name="two-sign", by=admin)
    draft = save_policy_version(policy, document=TWO_SIGN, by=admin)
    activate_policy(staging, publish_policy(draft, by=admin), by=admin)
    set_target(staging, TargetSpec(executor="manual"), by=admin)
    release = seal_release(lab.project, version="2026.1", artifact_versions=[version.pk], by=admin)
    return submit(release, staging, reason="Trained again.", by=factories.person("priya"))


def sign(asked, username):
    asked.refresh_from_db()
    approve(
        asked.number,
        statement_digest=asked.statement.digest,
        by=factories.person(username),
    )
    asked.refresh_from_db()


def test_the_version_that_came_back_needs_approval_and_not_by_who_asked_for_it(back, lab, anna):
    request = back.begun(by="tom")
    trained(anna, tags={RETRAINING_TAG: request.own_id})
    lab.sync()
    asked = ask_for(lab, lab.version("credit-risk").artifact_version)
    assert asked.state == "awaiting_approval"
    with pytest.raises(SelfApproval, match="asked for credit-risk 1 to be trained"):
        sign(asked, "tom")
    assert asked.state == "awaiting_approval"
    sign(asked, "dana")
    sign(asked, "sofia")
    assert asked.state in {"approved", "queued"}
