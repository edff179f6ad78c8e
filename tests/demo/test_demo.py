"""The demo tells its story through the real parts, and leaves the audit log as strict as before."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from audit.models import Erasure, Event, LegalHold
from audit.sentences import with_sentences
from catalog.models import ArtifactVersion, User
from models_registry.models import RetrainingRequest
from portal.demo.cast import CAST
from releases.comparing.pages import compared_in
from releases.models import ChangeRequest, ModelCard

STAMP = "SELECT pg_get_functiondef('audit_compose_entry()'::regprocedure)"


def definition():
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        return cursor.fetchone()[0]


def data_changed_since_model_7():
    """Model 8 has other loans and the next version of a table; 11 was trained beside the pipeline."""
    versions = ArtifactVersion.objects.filter(artifact__name="credit-model").select_related(
        "artifact__project"
    )
    return {
        each.version: compared_in(each, "production").panel.data_in_words
        for each in versions.filter(version__in=["8", "11"])
    }


@pytest.fixture
def demo(transactional_db, sandbox_cluster, settings):
    settings.SANDBOX_CLUSTER_URL = sandbox_cluster.url
    before = definition()
    out = StringIO()
    call_command("load_demo", stdout=out, stderr=StringIO())
    assert definition() == before
    return out.getvalue()


def test_the_demo_tells_a_story_of_weeks_and_leaves_work_for_everybody(demo):
    states = list(ChangeRequest.objects.values_list("state", flat=True))
    for state in ("deployed", "failed", "rejected", "withdrawn", "blocked", "awaiting_approval"):
        assert state in states
    for person in User.objects.filter(username__in=[each.username for each in CAST]):
        signs = person.username not in {"audrey", "oskar"}
        assert ChangeRequest.objects.waiting_for(person).exists() == signs, person.username
    assert all(person.username in demo for person in CAST)
    assert [card.artifact_version.version for card in ModelCard.objects.overdue()] == ["8"]
    assert ModelCard.objects.filter(is_complete=True, reviewed_at__isnull=False).count() == 2

    events = with_sentences(Event.objects.in_log_order())
    assert events[0].recorded_at < timezone.now() - timedelta(days=30)
    assert [e.recorded_at for e in events] == sorted(e.recorded_at for e in events)
    assert events[-1].type == "portal.demo_loaded"
    assert events[-1].recorded_at > timezone.now() - timedelta(minutes=2)
    told = " ".join(event.sentence for event in events)
    erased = [event.sentence for event in events if "(erased)" in event.sentence]
    assert 0 < len(erased) < 12
    assert "Jonas" not in told
    assert {each.state for each in Erasure.objects.all()} == {"erased", "requested"}
    assert LegalHold.objects.get().kind == "change_request"
    assert "CR-" in told
    trained_again = RetrainingRequest.objects.values_list("state", flat=True)
    assert sorted(trained_again) == ["returned", "triggered"]

    changed = data_changed_since_model_7()
    assert changed == {"8": "3 changed, 2 the same", "11": "4 cannot be said, 1 the same"}

    with pytest.raises(CommandError, match="empty portal"):
        call_command("load_demo", stdout=StringIO(), stderr=StringIO())
