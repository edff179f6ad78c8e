"""Holds, erasures and prunings, and the events that each of them left: nothing of it goes in silence."""

from typing import Any, Final

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from audit.completeness.populations import in_own_stream
from audit.completeness.reconciliation import Agreement, Population
from audit.privacy.events import PrivacyEvent
from audit.privacy.models import Erasure, LegalHold, Pruning
from audit.privacy.states import ErasureState

_NOT_RENEWED: Final = f"""
NOT EXISTS (SELECT FROM audit_event r WHERE r.stream = e.stream AND r.type = '{PrivacyEvent.ERASURE_RENEWED}')
"""
_NOT_ASKED_FOR_BEFORE: Final = f"""
e.type = '{PrivacyEvent.ERASURE_REQUESTED}' OR NOT EXISTS (SELECT FROM audit_event q
    WHERE q.stream = e.stream AND q.type = '{PrivacyEvent.ERASURE_REQUESTED}')
"""


def _in_stream(rows: QuerySet[Any, Any], prefix: str) -> QuerySet[Any, Any]:
    stream = Concat(Value(f"{prefix}/"), Cast("pk", CharField()), output_field=CharField())
    return rows.values_list(stream)


POPULATIONS: Final = [
    Population(
        "Legal holds",
        lambda: _in_stream(LegalHold.objects.all(), "legal-hold"),
        [PrivacyEvent.HOLD_PLACED],
    ),
    Population(
        "Lifted legal holds",
        lambda: _in_stream(LegalHold.objects.exclude(lifted_at=None), "legal-hold"),
        [PrivacyEvent.HOLD_LIFTED],
    ),
    Population(
        "Erasures",
        lambda: _in_stream(Erasure.objects.all(), "erasure"),
        # What a restore brought back is erased again, whether or not somebody asks just then.
        [PrivacyEvent.ERASURE_REQUESTED, PrivacyEvent.ERASURE_RENEWED],
        where=_NOT_ASKED_FOR_BEFORE,
    ),
    Population(
        "Erasures that a second person confirmed",
        lambda: _in_stream(
            Erasure.objects.filter(renewed=False).exclude(confirmed_at=None), "erasure"
        ),
        [PrivacyEvent.ERASURE_CONFIRMED],
        where=_NOT_RENEWED,
    ),
    Population(
        "Withdrawn erasures",
        lambda: _in_stream(Erasure.objects.filter(state=ErasureState.WITHDRAWN), "erasure"),
        [PrivacyEvent.ERASURE_WITHDRAWN],
    ),
    Population(
        "Erasures that were carried out",
        lambda: _in_stream(
            Erasure.objects.filter(state__in=[ErasureState.ERASED, ErasureState.PROVEN]), "erasure"
        ),
        [PrivacyEvent.ERASED],
    ),
    Population(
        "Erasures with a receipt",
        lambda: _in_stream(Erasure.objects.filter(state=ErasureState.PROVEN), "erasure"),
        [PrivacyEvent.ERASURE_PROVEN],
    ),
    # Workers may destroy a key, and with it every name that it opens: only an erasure may be the reason.
    Agreement(
        "Destroyed keys of people",
        held="SELECT subject, 'destroyed' FROM audit_subjectkey WHERE destroyed_at IS NOT NULL",
        told=f"""SELECT DISTINCT facts #>> '{{data,subject_id}}', 'destroyed' FROM audit_event
            WHERE type = '{PrivacyEvent.ERASED}'""",  # noqa: S608 -- composed of constants
    ),
    Population(
        "Prunings of what was over",
        lambda: in_own_stream(Pruning.objects.all()),
        [PrivacyEvent.PRUNED],
    ),
    Agreement(
        "Periods of retention that were set here",
        held="SELECT name, coalesce(days::text, 'without end') FROM audit_retentionperiod",
        told=f"""SELECT DISTINCT ON (facts #>> '{{data,name}}') facts #>> '{{data,name}}',
                coalesce(facts #>> '{{data,days}}', 'without end')
            FROM entries WHERE type = '{PrivacyEvent.RETENTION_CHANGED}'
            ORDER BY 1, id DESC""",  # noqa: S608 -- composed of constants
    ),
]
