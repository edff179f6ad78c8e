"""The sweep looks at open change requests again and again, and is quiet about those that did not change."""

import pytest

from audit.models import Event
from releases.actions.reevaluate import reevaluate
from tests.releases.scene import junit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("tested", [True, False], ids=["waiting", "blocked"])
def test_looking_again_at_a_request_that_did_not_change_leaves_no_event_and_is_not_refused(
    shared_scene, tested
):
    shared_scene.in_force()
    request = shared_scene.request(shared_scene.release(tested=tested))
    assert request.state == ("awaiting_approval" if tested else "blocked")
    before = Event.objects.count()
    reevaluate(request.number, by=shared_scene.ci)
    reevaluate(request.number, by=shared_scene.ci)
    assert Event.objects.count() == before


def test_evidence_that_leaves_a_request_blocked_is_taken_into_its_statement(shared_scene):
    shared_scene.in_force()
    version = shared_scene.version()
    request = shared_scene.request(shared_scene.release(version, tested=False))
    first = request.statement.digest
    shared_scene.evidence(version, junit(failed=1))
    reevaluate(request.number, by=shared_scene.ci)
    request.refresh_from_db()
    assert request.state == "blocked"
    assert request.statement.digest != first
