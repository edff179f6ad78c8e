"""Names and free text are kept under the key of whom they concern, and under no other."""

import base64
import json
import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import Error as DatabaseError
from django.db import connection, transaction

from audit.doctor.privacy import check_personal_data
from audit.models import Disclosure, Event, SubjectKey
from audit.personal import Personal, about, name_of
from audit.privacy import subject_keys
from audit.privacy.disclosures import disclosed
from audit.privacy.errors import WrongPrivacyKey
from audit.privacy.events import PrivacyEvent
from audit.privacy.rewrapping import rewrap
from audit.privacy.wrapping import is_current, unwrap, wrap
from audit.record import record
from tests.audit.conftest import Happened, Somebody, Thing
from tests.support.removal import say_erased, say_pruned

pytestmark = pytest.mark.django_db


class Tom(Somebody):
    pseudonym = "usr_70b"
    display_name = "Tom Becker"


def write(**private):
    return record(Happened.PLAIN, subject=Thing(), by=Somebody(), private=private).event_id


def destroy(subject):
    say_erased(subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now() WHERE subject = %s",
            [subject],
        )
    subject_keys.forget(subject)


def test_nothing_in_the_row_says_a_name():
    write(person=name_of(Tom()), comment="He asked for it.")
    kept = str(Disclosure.objects.get().sealed)
    raw = "".join(
        base64.b64decode(text).decode("latin-1")
        for fields in Disclosure.objects.get().sealed.values()
        for text in fields.values()
    )
    for word in ("Priya", "Tom", "Becker", "asked"):
        assert word not in kept
        assert word not in raw


def test_each_value_is_under_the_key_of_whom_it_concerns():
    write(person=name_of(Tom()), comment="He asked for it.", known=about(Tom(), "tommy"))
    sealed = Disclosure.objects.get().sealed
    assert {owner: set(fields) for owner, fields in sealed.items()} == {
        "usr_5ab1e": {"actor", "comment"},
        "usr_70b": {"person", "known"},
    }


def test_without_its_key_a_value_is_erased_and_the_others_stay():
    event = write(person=name_of(Tom()), comment="He asked for it.")
    destroy("usr_70b")
    assert disclosed([event])[event] == {"actor": "Priya Raman", "comment": "He asked for it."}


def test_what_concerns_two_people_goes_with_either_of_them():
    event = write(person=Personal("Tom and Sofia", "usr_70b", "usr_50f1a"))
    assert disclosed([event])[event]["person"] == "Tom and Sofia"
    destroy("usr_50f1a")
    assert disclosed([event])[event] == {"actor": "Priya Raman"}


def test_of_an_erased_subject_nothing_more_is_kept():
    write(person=name_of(Tom()))
    destroy("usr_70b")
    event = write(person=name_of(Tom()))
    assert set(disclosed([event])[event]) == {"actor"}
    assert "person" in Event.objects.get(pk=event).facts["private"]
    assert "usr_70b" not in Disclosure.objects.get(pk=event).sealed


def test_a_value_moved_to_another_field_or_person_is_not_shown():
    event = write(person=name_of(Tom()), comment="He asked for it.")
    row = Disclosure.objects.get(pk=event)
    mine = row.sealed["usr_5ab1e"]
    mine["actor"], mine["comment"] = mine["comment"], mine["actor"]
    row.delete()
    say_pruned()
    Disclosure.objects.create(event_id=event, sealed=row.sealed)
    assert disclosed([event])[event] == {"person": "Tom Becker"}


def test_a_key_is_kept_wrapped_and_opens_for_its_subject_only():
    write()
    wrapped = bytes(SubjectKey.objects.get().wrapped)
    key = unwrap("usr_5ab1e", wrapped)
    assert len(key.raw) == 32
    assert key.raw not in wrapped
    with pytest.raises(WrongPrivacyKey):
        unwrap("usr_70b", wrapped)


def test_a_portal_started_with_another_secret_says_so_and_shows_nothing(settings):
    event = write()
    settings.PRIVACY_KEY = "another-secret-0123456789-0123456789-0123"
    subject_keys.forget()
    with pytest.raises(WrongPrivacyKey, match="with the former one"):
        disclosed([event])
    with pytest.raises(WrongPrivacyKey), transaction.atomic():
        write()


def test_a_new_secret_in_front_of_the_old_one_opens_what_the_old_one_wrapped(settings):
    event = write()
    old = settings.PRIVACY_KEY
    settings.PRIVACY_KEY = f"another-secret-0123456789-0123456789-0123\n{old}\n"
    assert disclosed([event])[event] == {"actor": "Priya Raman"}
    wrapped = bytes(SubjectKey.objects.get().wrapped)
    assert not is_current(wrapped)
    assert is_current(wrap("usr_5ab1e", unwrap("usr_5ab1e", wrapped)))


def test_keys_are_wrapped_anew_and_the_old_secret_is_needed_no_more(settings):
    event = write()
    new = "another-secret-0123456789-0123456789-0123"
    settings.PRIVACY_KEY = f"{new}\n{settings.PRIVACY_KEY}"
    told = StringIO()
    call_command("rewrap_subject_keys", stdout=told)
    assert "1 keys were wrapped anew" in told.getvalue()
    assert rewrap() == 0
    settings.PRIVACY_KEY = new
    assert disclosed([event])[event] == {"actor": "Priya Raman"}


def test_the_doctor_sees_another_secret_and_a_key_that_came_back(settings):
    write()
    assert check_personal_data().ok
    record(
        PrivacyEvent.ERASED,
        subject=Thing(),
        by=Somebody(),
        subject_id="usr_5ab1e",
        commitments=1,
    )
    found = check_personal_data()
    assert "a restore brought it back" in found.sentence
    destroy("usr_5ab1e")
    assert check_personal_data().ok
    record(Happened.PLAIN, subject=Thing(), by=Tom())
    settings.PRIVACY_KEY = "another-secret-0123456789-0123456789-0123"
    found = check_personal_data()
    assert not found.ok
    assert "wrapped with another PRIVACY_KEY" in found.sentence


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_subjectkey",
        "TRUNCATE audit_subjectkey",
        "UPDATE audit_subjectkey SET subject = 'usr_x'",
        "UPDATE audit_subjectkey SET made_at = now()",
    ],
)
def test_the_application_may_neither_remove_nor_rename_a_key(statement):
    write()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_destroyed_key_does_not_come_back():
    write()
    wrapped = bytes(SubjectKey.objects.get().wrapped)
    destroy("usr_5ab1e")
    with (
        pytest.raises(DatabaseError, match="does not come back"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE audit_subjectkey SET wrapped = %s, destroyed_at = NULL", [wrapped])


def test_no_key_is_in_the_logs(caplog):
    with caplog.at_level(logging.DEBUG):
        event = write(comment="He asked for it.")
        disclosed([event])
    key = unwrap("usr_5ab1e", bytes(SubjectKey.objects.get().wrapped)).raw
    told = caplog.text
    assert key.hex() not in told
    assert base64.b64encode(key).decode() not in told
    assert str(key) not in told
    assert json.dumps("He asked for it.")[1:-1] not in told


@pytest.mark.django_db(transaction=True)
class TestWhatAProcessRemembers:
    def test_the_second_event_asks_for_no_key(self, django_assert_num_queries):
        with transaction.atomic():
            write()
        with transaction.atomic(), django_assert_num_queries(1):
            write()

    def test_a_key_that_was_rolled_back_is_not_remembered(self):
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        assert not SubjectKey.objects.exists()
        with transaction.atomic():
            event = write(comment="said")
        subject_keys.forget()
        assert disclosed([event])[event] == {"actor": "Priya Raman", "comment": "said"}

    def test_a_key_that_was_rolled_back_with_a_part_of_the_transaction_is_not_remembered(self):
        with transaction.atomic():
            point = transaction.savepoint()
            write()
            transaction.savepoint_rollback(point)
            first = write(comment="first")
            second = write(comment="second")
        with transaction.atomic():
            third = write(comment="third")
        subject_keys.forget()
        told = disclosed([first, second, third])
        assert [told[each]["comment"] for each in (first, second, third)] == [
            "first", "second", "third",
        ]  # fmt: skip

    def test_what_is_written_with_a_remembered_key_after_the_erasure_can_be_read_by_nobody(self):
        with transaction.atomic():
            write()
        with transaction.atomic(), connection.cursor() as cursor:
            # Another process destroys it; this one remembers.
            say_erased("usr_5ab1e")
            cursor.execute("UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now()")
        with transaction.atomic():
            event = write(comment="too late")
        assert disclosed([event]) == {}
