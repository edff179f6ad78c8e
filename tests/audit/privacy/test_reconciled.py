"""Holds, erasures and prunings in the tables and in the log are the same, and are found if not."""

# ruff: noqa: S608 -- the statements are this file's own

from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from audit.completeness.reconciliation import reconcile
from audit.privacy import pruning
from audit.privacy.pruning import prune_everything
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.lift_hold import lift_hold
from catalog.actions.place_hold import place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.actions.set_retention import set_retention
from catalog.actions.withdraw_erasure import withdraw_erasure
from tests.support.log import url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def history(world, ledger, officers, erased, monkeypatch):
    """Each kind of thing: asked for, confirmed, withdrawn, carried out; held, lifted, pruned."""
    vera, dora = officers
    withdrawn = request_erasure(world.tom, basis="withdrawn", by=vera)
    confirm_erasure(withdrawn.pk, by=dora)
    withdraw_erasure(withdrawn.pk, by=vera)
    request_erasure(world.tom, basis="withdrawn", by=vera)
    erased(world.sofia)
    world.evidence(world.version("old"))
    later = SimpleNamespace(now=lambda: timezone.now() + timedelta(days=5000))
    with monkeypatch.context() as far_in_the_future:
        far_in_the_future.setattr(pruning, "timezone", later)
        assert prune_everything()
    place_hold(kind="project", about="payments", reason="Matter 12/26.", by=vera)
    lifted = place_hold(kind="subject", about=world.tom.username, reason="Matter 13/26.", by=vera)
    lift_hold(lifted.pk, by=dora)
    for days in (90, None, 60):
        set_retention("addresses", days=days, by=vera)
    set_retention("sign_ins", days=None, by=vera)
    return world


def complaints():
    return " ".join(each.sentence for each in reconcile() if not each.ok)


def as_application(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def past_every_trigger(statement):
    with psycopg.connect(url("postgres")) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(statement)


BY_THE_APPLICATION = {
    "destroys somebody's key": (
        "UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now() WHERE wrapped IS NOT NULL",
        ": destroyed in the tables and nothing in the log.",
    ),
    "sets a period in silence": (
        "UPDATE audit_retentionperiod SET days = 30 WHERE name = 'addresses'",
        "addresses: 30 in the tables and 60 in the log.",
    ),
    "removes a period in silence": (
        "DELETE FROM audit_retentionperiod WHERE name = 'sign_ins'",
        "sign_ins: nothing in the tables and without end in the log.",
    ),
    "invents a pruning": (
        "INSERT INTO audit_pruning (name, before, counts, event) VALUES ('evidence', now(), '{}', 1)",
        "Prunings of what was over: the tables hold",
    ),
    "forgets the prunings": ("DELETE FROM audit_pruning", "the tables hold 0, and the log says"),
    "lets a report be removed": (
        "UPDATE releases_evidence SET pruned_at = now()",
        "Reports whose time was over: the tables hold",
    ),
}
BY_A_SUPERUSER = {
    "removes a hold": ("DELETE FROM audit_legalhold WHERE lifted_at IS NULL", "Legal holds: the"),
    "lifts a hold": (
        "UPDATE audit_legalhold SET lifted_at = now(), lifted_by_id = placed_by_id",
        "Lifted legal holds: the tables hold 2, and the log says 1.",
    ),
    "invents an erasure": (
        "UPDATE audit_erasure SET state = 'erased' WHERE state = 'requested'",
        "Erasures that were carried out: the tables hold 2, and the log says 1.",
    ),
    "confirms an erasure": (
        "UPDATE audit_erasure SET confirmed_at = now() WHERE state = 'requested'",
        "Erasures that a second person confirmed: the tables hold 3, and the log says 2.",
    ),
    "withdraws an erasure": (
        "UPDATE audit_erasure SET state = 'withdrawn' WHERE state = 'requested'",
        "Withdrawn erasures: the tables hold 2, and the log says 1.",
    ),
    "removes an erasure": (
        "DELETE FROM audit_erasure WHERE state = 'proven'",
        "Erasures with a receipt: the tables hold 0, and the log says 1.",
    ),
}


def test_the_application_or_a_superuser_who_changes_personal_data_past_the_portal_is_found(history):
    history.evidence(history.version("younger"))
    assert complaints() == ""
    counted = {each.name: each.rows for each in reconcile()}
    for name in (
        "Legal holds", "Lifted legal holds", "Erasures", "Erasures that a second person confirmed",
        "Withdrawn erasures", "Erasures that were carried out", "Erasures with a receipt",
        "Destroyed keys of people", "Prunings of what was over", "Periods of retention that were set here",
        "Reports whose time was over",
    ):  # fmt: skip
        assert counted[name] > 0, name
    missed = [
        (deed, told)
        for deed, (statement, expected) in (BY_THE_APPLICATION | BY_A_SUPERUSER).items()
        if expected not in (told := found_after(statement, deed in BY_THE_APPLICATION))
    ]
    assert missed == []


def found_after(statement, by_the_application):
    """Do it, look, and undo it."""
    if by_the_application:
        connection.set_autocommit(False)
        try:
            as_application(statement)
            return complaints()
        finally:
            connection.rollback()
            connection.set_autocommit(True)
    table = statement.split()[1] if statement.startswith("UPDATE") else statement.split()[2]
    with psycopg.connect(url("postgres")) as kept:
        kept.execute("SET session_replication_role = replica")
        kept.execute(f"CREATE TEMPORARY TABLE kept AS TABLE {table}")
        kept.commit()
        try:
            past_every_trigger(statement)
            return complaints()
        finally:
            kept.execute(f"DELETE FROM {table}")
            kept.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept")
