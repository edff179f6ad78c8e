"""A signature counts for as long as the policy says, and no longer."""

from datetime import timedelta

from django.utils import timezone

from audit.models import Event
from releases.actions.approve import approve
from releases.actions.reevaluate import reevaluate
from releases.evaluation import evaluate


def signed(scene, *names):
    scene.in_force(approval_ttl_hours=48)
    request = scene.request()
    for name in names:
        approve(request.number, statement_digest=request.statement.digest, by=scene.people[name])
    request.refresh_from_db()
    return request


def test_a_signature_counts_until_its_time_is_over(scene):
    request = signed(scene, "tom")
    now = timezone.now()
    assert len(evaluate(request, at=now + timedelta(hours=47)).approvals) == 1
    assert evaluate(request, at=now + timedelta(hours=49)).approvals == ()


def test_a_queued_request_whose_signatures_ran_out_goes_back_and_says_why(scene, monkeypatch):
    request = signed(scene, "tom", "sofia")
    assert request.state == "queued"
    later = timezone.now() + timedelta(hours=49)
    monkeypatch.setattr(timezone, "now", lambda: later)
    reevaluate(request.number, by=scene.ci)
    request.refresh_from_db()
    assert request.state == "awaiting_approval"
    assert [rule["missing"] for rule in request.rules] == [1, 1]
    assert "its time ran out" in request.approvals.first().void_reason
    assert Event.objects.filter(type="releases.approvals_voided").count() == 1
