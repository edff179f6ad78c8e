"""Whoever has a sign-in to the database: what they are refused, what they can do, and what shows it."""

# ruff: noqa: S608 -- the statements are this file's own

from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.completeness import queue
from audit.completeness.alarms import open_alarms, raise_alarm
from audit.completeness.models import AlarmKind
from audit.completeness.reconciliation import reconcile
from audit.completeness.run import verify_and_tell
from audit.completeness.verification import verify_log
from audit.doctor.guards import check_triggers
from audit.models import Disclosure, Event, SubjectKey
from audit.record import record
from audit.search.indexing import index_more
from audit.sentences import with_sentences
from audit.signer.errors import Refused
from audit.tlog.merkle import Frontier
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import User
from catalog.permissions import PortalPermission, allowed_portal
from releases.audit_events import ReleaseEvent
from releases.models import Approval, ChangeRequest, Release, Statement
from tests import factories as make
from tests.audit.attacks.forgery import AT_7
from tests.support.log import connected, rows, write
from tests.support.removal import say_erased, say_pruned
from tests.support.unguarded import unguarded

pytestmark = pytest.mark.django_db(transaction=True)

OF_THE_LOG = (
    "leaf", "tree", "checkpoint", "cosignature", "quorum", "anchor", "halt", "refusedentry",
)  # fmt: skip


def differing():
    return [each.sentence for each in reconcile() if not each.ok]


def as_application(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_owner_who_switches_the_triggers_off_is_told_by_the_doctor_and_the_verification(
    log, findings
):
    with connected("owner") as owner:
        owner.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_refuses_change")
        assert not check_triggers().ok
        owner.execute(f"UPDATE audit_event SET entry = 'x' WHERE id = {AT_7}")
        owner.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_refuses_change")
    assert check_triggers().ok
    assert "The entry of leaf 7 was changed" in findings()


def test_the_application_that_lifts_an_alarm_by_itself_is_found(log):
    raise_alarm(AlarmKind.WITNESS, "It holds 9.", about="w1")
    as_application("UPDATE audit_alarm SET lifted_at = now()")
    assert open_alarms() == []
    assert "Lifted alarms about the log" in " ".join(differing())


def test_the_application_that_deletes_an_alarm_is_found(log):
    raise_alarm(AlarmKind.WITNESS, "It holds 9.", about="w1")
    as_application("DELETE FROM audit_alarm")
    assert "Alarms about the log: the tables hold 0, and the log says 1" in " ".join(differing())


def test_the_application_that_invents_a_good_verification_is_found(log):
    verify_and_tell()
    as_application(
        "INSERT INTO audit_verificationrun (origin, started_at, ok, size, root, checkpoints, findings)"
        " SELECT origin, started_at, true, 99, root, checkpoints, findings FROM audit_verificationrun"
    )
    assert "Verifications of the log" in " ".join(differing())


def test_the_application_cannot_write_what_only_signer_and_sequencer_write(log):
    for table in OF_THE_LOG:
        for deed in ("INSERT INTO {} SELECT * FROM {}", "DELETE FROM {}"):
            statement = deed.replace("{}", f"audit_{table}")
            with connected("app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_the_application_does_not_delete_names_without_an_erasure_or_a_pruning(log):
    record_something()
    before = Disclosure.objects.count()
    with pytest.raises(IntegrityError, match="removed without an erasure or a pruning"):
        Disclosure.objects.all().delete()
    # An event of before, or of somebody else, is no excuse.
    with transaction.atomic():
        say_pruned()
    with pytest.raises(IntegrityError, match="removed without an erasure or a pruning"):
        Disclosure.objects.all().delete()
    assert Disclosure.objects.count() == before + 1
    with transaction.atomic():
        say_pruned()
        Disclosure.objects.all().delete()
    assert not Disclosure.objects.exists()


def test_the_application_does_not_destroy_a_key_that_the_log_does_not_say_to_be_erased(log):
    tom = make.person("tom").pseudonym
    statements = (
        f"UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now() WHERE subject = '{tom}'",
        "INSERT INTO audit_subjectkey (subject, destroyed_at) VALUES ('usr_unheard_of', now())",
    )
    for statement in statements:
        with pytest.raises(IntegrityError, match="does not say that they were erased"):
            as_application(statement)
    with transaction.atomic():
        say_erased(tom)
        as_application(statements[0])
    assert SubjectKey.objects.get(pk=tom).wrapped is None


def test_a_superuser_who_deletes_names_breaks_no_proof(log, findings):
    record_something()
    log.seal()
    with connected("postgres") as superuser, unguarded(superuser, "audit_disclosure"):
        superuser.execute("DELETE FROM audit_disclosure")
    assert findings() == ""
    [event] = with_sentences(Event.objects.filter(type="releases.sealed"))
    assert "(erased)" in event.sentence


def record_something():
    project = make.project()
    with transaction.atomic():
        release = Release.objects.create(
            project=project, version="1", content_digest=make.digest("1"), sealed_by=make.admin()
        )
        record(ReleaseEvent.SEALED, subject=release, by=make.admin(), items="nothing")
    return release


def test_nothing_shows_an_approval_that_the_application_itself_invents(log, findings):
    """The portal's own code decides who somebody is: only a key in the approver's hand would show it."""
    release, sofia = record_something(), make.person("sofia")
    with transaction.atomic():
        request = ChangeRequest.objects.create(
            project=release.project,
            environment=release.project.environments.first(),
            release=release,
            requested_by=make.admin(),
            state_since=release.sealed_at,
        )
        statement = Statement.objects.create(
            change_request=request, digest=make.digest("s"), document={}
        )
        Approval.objects.create(
            change_request=request, person=sofia, statement=statement, decision="approved"
        )
        words = {"release": "1", "environment": "staging", "as_roles": ""}
        record(ReleaseEvent.SUBMITTED, subject=request, by=sofia, private={"reason": ""}, **words)
        record(ReleaseEvent.APPROVED, subject=request, by=sofia, private={"comment": ""}, **words)
    log.seal()
    assert findings() == ""
    assert differing() == []


def test_the_application_that_makes_somebody_a_superuser_is_found(log):
    tom = make.person("tom")
    assert differing() == []
    as_application("UPDATE catalog_user SET is_superuser = true WHERE username = 'tom'")
    told = f"{tom.pseudonym}: superuser in the tables and nothing in the log."
    assert told in " ".join(differing())


def test_the_application_that_takes_somebody_for_the_portal_itself_is_found(log):
    tom = make.person("tom")
    as_application("UPDATE catalog_user SET kind = 'system' WHERE username = 'tom'")
    told = f"{tom.pseudonym}: system in the tables and nothing in the log."
    assert told in " ".join(differing())


def test_the_application_that_gives_portal_permissions_by_a_group_is_found(log):
    tom = make.person("tom")
    assert differing() == []
    as_application("INSERT INTO auth_group (name) VALUES ('friends')")
    as_application(
        "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, p.id"
        " FROM auth_group g, auth_permission p WHERE p.codename = 'manage_privacy'"
    )
    as_application(
        f"INSERT INTO catalog_user_groups (user_id, group_id) SELECT {tom.pk}, id FROM auth_group"
    )
    assert allowed_portal(User.objects.get(pk=tom.pk), PortalPermission.MANAGE_PRIVACY)
    told = f"{tom.pseudonym}: manage_privacy in the tables and nothing in the log."
    assert told in " ".join(differing())


def test_the_application_that_gives_or_takes_portal_permissions_is_found(log):
    admin = make.admin()
    tom = set_portal_permissions(make.person("tom"), permissions=["manage_people"], by=admin)
    vera = set_portal_permissions(make.person("vera"), permissions=["manage_privacy"], by=admin)
    assert differing() == []
    as_application(
        "UPDATE catalog_user_user_permissions SET permission_id ="
        " (SELECT id FROM auth_permission WHERE codename = 'manage_privacy')"
        f" WHERE user_id = {tom.pk}"
    )
    as_application(f"DELETE FROM catalog_user_user_permissions WHERE user_id = {vera.pk}")
    told = " ".join(differing())
    assert f"{tom.pseudonym}: manage_privacy in the tables and manage_people in the log." in told
    assert f"{vera.pseudonym}: nothing in the tables and manage_privacy in the log." in told


def test_the_application_neither_takes_out_of_the_index_nor_changes_it(log):
    index_more()
    for deed in (
        "DELETE FROM audit_words",
        "UPDATE audit_words SET words = ''",
        "TRUNCATE audit_words",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            as_application(deed)


def test_the_words_of_an_entry_are_its_own_whatever_the_application_says(log):
    as_application(
        "INSERT INTO audit_words (event_id, words)"
        f" SELECT id, array_to_tsvector(ARRAY['nothing']) FROM audit_event WHERE id = {AT_7}"
    )
    drawn = "audit_words_of(e.stream, e.uid, e.leaf_hash, e.facts)"
    [(words, own)] = rows(
        f"SELECT w.words::text, {drawn}::text FROM audit_words w JOIN audit_event e ON e.id = event_id"
    )
    assert words == own != ""


def test_the_application_that_moves_the_cursor_of_the_index_past_entries_is_found(log, findings):
    index_more(5)
    assert findings() == ""
    as_application("UPDATE audit_wordscursor SET size = 20")
    assert index_more() == 0
    assert "15 entries are not in the index, although it says to have them" in findings()


def test_a_superuser_who_hides_an_entry_from_the_search_is_found(log, findings):
    index_more()
    assert findings() == ""
    with connected("postgres") as superuser:
        superuser.execute(f"UPDATE audit_words SET words = '' WHERE event_id = {AT_7}")
        assert "The index has other words for entry 7 than the entry itself." in findings()
        superuser.execute(f"DELETE FROM audit_words WHERE event_id = {AT_7}")
    assert "1 entries are not in the index, although it says to have them" in findings()


def test_every_entry_has_its_night_on_which_its_words_are_drawn_again(log, findings, monkeypatch):
    index_more()
    with connected("postgres") as superuser:
        superuser.execute(f"UPDATE audit_words SET words = '' WHERE event_id = {AT_7}")
    monkeypatch.setattr(queue, "WORDS_DRAWN_AGAIN", 8)
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 9)]
    found = []
    for day in days:
        monkeypatch.setattr(queue, "timezone", SimpleNamespace(now=lambda day=day: day))
        found.append("other words for entry 7" in findings())
    assert found.count(True) == 2  # of four nights it has one


def test_a_log_that_grows_leads_the_nights_around_no_entry(monkeypatch):
    monkeypatch.setattr(queue, "WORDS_DRAWN_AGAIN", 8)
    never = []
    for begin, growth, entry in product(range(1, 33), (1, 2, 4), (0, 7, 8, 19)):
        drawn = False
        for night in range(24):
            now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=begin + night)
            monkeypatch.setattr(queue, "timezone", SimpleNamespace(now=lambda now=now: now))
            size = 20 + growth * night
            monkeypatch.setattr(queue, "rows", lambda _, size=size: [(size,)])
            first, end = queue._whose_turn_it_is()
            drawn = drawn or first <= entry < end
        if not drawn:
            never.append((begin, growth, entry))
    assert never == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("catalog.portal_permissions_changed", '{"after":5}'),
        (
            "catalog.membership_given",
            '{"account":"usr_2","environments":"x","membership":"y","role":"r"}',
        ),
        ("catalog.role_created", '{"permissions":{"a":1}}'),
        ("audit.pruned", '{"name":"evidence","sha256":"odd"}'),
    ],
)
def test_an_event_of_another_shape_does_not_stop_the_comparison(log, kind, data):
    as_application(
        "INSERT INTO audit_event (stream, body) VALUES ('project/1', '"
        f'{{"actor":{{"id":"usr_1"}},"data":{data},"object":{{"id":"usr_2","label":"odd"}},'
        f'"project":"odd","type":"{kind}"}}\')'
    )
    assert any(name in " ".join(differing()) for name in ("odd: ", "usr_2: "))


def test_a_sequencer_that_drops_an_event_is_found(log, findings):
    write("thing/1")
    with connected("sequencer") as sequencer:
        sequencer.execute("DELETE FROM audit_pending")
    assert "1 events are neither sealed nor wait for it" in findings()


def test_a_sequencer_that_invents_a_leaf_is_found_and_not_signed(signed, settings):
    settings.LOG_ROOT = signed.root
    write("thing/1")
    with connected("sequencer") as sequencer:
        sequencer.execute(
            "INSERT INTO audit_leaf (idx, event_id, leaf_hash)"
            " SELECT 20, event_id, sha256('x') FROM audit_pending"
        )
        sequencer.execute("DELETE FROM audit_pending")
        sequencer.execute("UPDATE audit_tree SET size = 21")
    with pytest.raises(Refused):
        signed.sign()
    assert "The entry of leaf 20 was changed" in " ".join(verify_log().findings)


def test_a_sequencer_that_turns_a_stream_around_is_found(log, findings):
    write("thing/3", 2)
    leaves = [bytes(leaf) for (leaf,) in rows("SELECT leaf_hash FROM audit_leaf ORDER BY idx")]
    later = rows("SELECT id, leaf_hash FROM audit_event WHERE stream = 'thing/3' ORDER BY id DESC")
    frontier = Frontier()
    frontier.extend([*leaves, *(bytes(leaf) for _, leaf in later)])
    with connected("sequencer") as sequencer:
        for index, (event_id, leaf) in enumerate(later, len(leaves)):
            sequencer.execute(
                "INSERT INTO audit_leaf (idx, event_id, leaf_hash) VALUES (%s, %s, %s)",
                [index, event_id, leaf],
            )
        sequencer.execute("DELETE FROM audit_pending")
        sequencer.execute(
            "UPDATE audit_tree SET size = %s, frontier = %s, root = %s",
            [frontier.size, frontier.hashes, frontier.root()],
        )
    assert "thing/3 #1 stands behind #2 in the tree" in findings()


def test_a_signer_s_sign_in_to_the_database_signs_nothing(log, findings):
    with connected("signer") as signer:
        signer.execute(
            "INSERT INTO audit_checkpoint (origin, size, root, note)"
            " SELECT origin, 13, sha256('x'), replace(note, '20', '13') FROM audit_checkpoint WHERE size = 20"
        )
    assert "The checkpoint of 13 entries:" in findings()
