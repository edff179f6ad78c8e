"""The audit log on pages: who reads what, filters, streams, the bytes themselves."""

import hashlib
import re

import pytest
from django.urls import reverse

from audit import log
from audit.models import Disclosure, Event
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.models import User
from tests import factories
from tests.support.removal import say_pruned

LOG = "audit:events"


def sentences(answer):
    found = re.findall(r'/audit/events/\d+/">([^<]+)</a>', answer.content.decode())
    return [" ".join(one.split()) for one in found]


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def two_projects(payments):
    return payments, factories.project("credit")


def test_an_auditor_reads_the_events_of_their_projects_only(two_projects, browse):
    said = " ".join(sentences(browse("audrey").get(reverse(LOG))))
    assert "payments" in said
    assert "credit" not in said
    assert "account" not in said  # what belongs to no project is read by those who read everything


def test_who_reads_everything_reads_what_belongs_to_no_project_too(two_projects, browse):
    olga = factories.person("olga")
    set_portal_permissions(olga, permissions=["view_whole_audit"], by=factories.admin())
    answer = browse("olga").get(reverse(LOG))
    assert "created the project credit" in " ".join(sentences(answer))
    assert "created the account of Olga Petrova." in " ".join(sentences(answer))


def test_who_may_read_nothing_is_told_who_could(payments, browse):
    answer = browse("vera").get(reverse(LOG))
    assert (answer.status_code, sentences(answer)) == (200, [])
    assert "You may read no project's log" in text_of(answer).replace("&#x27;", "'")


@pytest.mark.parametrize("route", ["event", "entry"])
def test_an_event_outside_ones_reach_is_not_there(two_projects, browse, route):
    foreign = Event.objects.filter(project="credit").first()
    of_none = Event.objects.filter(project=None).first()
    own = Event.objects.filter(project="payments").first()
    client = browse("audrey")
    assert client.get(reverse(f"audit:{route}", args=[foreign.pk])).status_code == 404
    assert client.get(reverse(f"audit:{route}", args=[of_none.pk])).status_code == 404
    assert client.get(reverse(f"audit:{route}", args=[own.pk])).status_code == 200


def test_another_project_cannot_be_asked_for(two_projects, browse):
    answer = browse("audrey").get(reverse(LOG), {"project": "credit"})
    assert (answer.status_code, sentences(answer)) == (422, [])


def test_the_order_is_newest_first_or_that_of_the_log(payments, browse):
    client = browse("admin")
    client.get(reverse(LOG), {"project": "payments"})  # the reading itself is an event
    newest = sentences(client.get(reverse(LOG), {"project": "payments"}))
    oldest = sentences(client.get(reverse(LOG), {"project": "payments", "order": "log"}))
    assert newest == oldest[::-1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"type": "catalog.environment_created"}, "added the environment"),
        ({"person": "priya"}, "Priya Raman"),
        ({"text": "VERA viewer"}, "gave Vera Novak the role viewer"),
        ({"outcome": "failure"}, "A sign-in as mallory failed."),
    ],
)
def test_a_filter_lets_through_only_what_fits(payments, browse, asked, said):
    from catalog.actions.record_sign_in import (  # noqa: PLC0415 -- needs Django
        record_failed_sign_in,
        record_sign_in,
    )

    record_sign_in(factories.person("priya"))
    record_failed_sign_in("mallory")
    found = sentences(browse("admin").get(reverse(LOG), asked))
    assert found
    assert all(said in sentence for sentence in found)


def test_the_outcome_success_is_a_filter_too(payments, browse):
    assert len(sentences(browse("admin").get(reverse(LOG), {"outcome": "success"}))) > 5


def test_a_period_begins_and_ends_with_its_days(payments, browse):
    client = browse("admin")
    today = Event.objects.first().recorded_at.date().isoformat()
    assert sentences(client.get(reverse(LOG), {"since": today, "until": today}))
    assert not sentences(client.get(reverse(LOG), {"until": "2020-01-01"}))
    assert not sentences(client.get(reverse(LOG), {"since": "2999-01-01"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": "nobody"},
        {"type": "catalog.nothing"},
        {"since": "yesterday"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
        {"outcome": "maybe"},
        {"text": "a\x00b"},
        {"text": "?!"},
        {"seal": "broken"},
        {"stream": "x" * 201},
    ],
)
def test_a_filter_that_is_none_is_said_at_its_field(payments, browse, wrong):
    answer = browse("admin").get(reverse(LOG), wrong)
    assert (answer.status_code, sentences(answer)) == (422, [])
    assert "errorlist" in answer.content.decode()


@pytest.mark.parametrize("wrong", ["x", "-1", str(10**30), "1.5"])
def test_a_place_in_the_log_that_is_none_begins_at_the_beginning(payments, browse, wrong):
    client = browse("admin")
    client.get(reverse(LOG))  # the reading itself is an event
    first = sentences(client.get(reverse(LOG)))
    assert sentences(client.get(reverse(LOG), {"after": wrong})) == first


def test_the_pages_hold_every_event_once_forwards_and_back(payments, browse, monkeypatch):
    monkeypatch.setattr(log, "PAGE_SIZE", 7)
    client = browse("admin")
    client.get(reverse(LOG), {"project": "payments"})  # the reading itself is an event
    for order in ("", "log"):
        seen, address = [], f"{reverse(LOG)}?project=payments&order={order}"
        while address:
            page = client.get(address).context
            seen.append([event.pk for event in page["log"].events])
            last, address = page, page["after_url"]
        flat = [pk for page in seen for pk in page]
        expected = Event.objects.filter(project="payments").values_list("pk", flat=True)
        assert flat == sorted(expected, reverse=not order)
        before = client.get(last["before_url"]).context
        assert [event.pk for event in before["log"].events] == seen[-2]


def test_a_page_of_words_ends_where_the_next_begins(payments, browse, monkeypatch):
    monkeypatch.setattr(log, "PAGE_SIZE", 2)
    client = browse("admin")
    address, found = f"{reverse(LOG)}?text=gave+the+role&order=log", []
    while address:
        page = client.get(address).context
        found += [event.pk for event in page["log"].events]
        address = page["after_url"]
    given = Event.objects.filter(type="catalog.membership_given").order_by("pk")
    assert found == list(given.values_list("pk", flat=True))


def test_an_event_shows_the_bytes_that_were_hashed(payments, browse):
    event = Event.objects.filter(type="catalog.membership_given").last()
    client = browse("audrey")
    page = client.get(reverse("audit:event", args=[event.pk])).content.decode()
    raw = client.get(reverse("audit:entry", args=[event.pk]))
    leaf = hashlib.sha256(b"\x00" + raw.content).hexdigest()
    assert leaf == bytes(event.leaf_hash).hex()
    assert leaf in page
    assert raw["Content-Disposition"] == f'attachment; filename="event-{event.pk}.json"'


def test_an_erased_name_is_said_to_be_erased(payments, browse):
    event = Event.objects.filter(type="catalog.membership_given").last()
    Disclosure.objects.filter(event_id=event.pk).delete()
    say_pruned()
    shown = text_of(browse("audrey").get(reverse("audit:event", args=[event.pk])))
    assert "(erased) gave (erased) the role" in shown
    assert "member erased" in shown


def test_the_neighbours_of_an_event_are_those_of_its_stream(payments, browse):
    stream = payments.audit_stream
    first, second, third = Event.objects.of_stream(stream)[:3]
    page = browse("audrey").get(reverse("audit:event", args=[second.pk])).context
    assert page["previous"] == reverse("audit:event", args=[first.pk])
    assert page["next"] == reverse("audit:event", args=[third.pk])
    assert browse("audrey").get(reverse("audit:event", args=[first.pk])).context["previous"] == ""


def test_a_stream_is_shown_in_its_dense_order(payments, browse):
    page = browse("audrey").get(reverse("audit:stream", args=[payments.audit_stream])).context
    numbers = [event.stream_seq for event, _ in page["entries"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert page["address"] == reverse("portal:project", args=["payments"])


def test_a_change_request_is_asked_for_as_people_write_it(payments, browse):
    client = browse("admin")
    for written in ("CR-12", "cr-12", "change-request/12"):
        answer = client.get(reverse(LOG), {"stream": written})
        assert answer.context["filter"].cleaned_data["stream"] == "change-request/12"


def test_the_number_of_queries_does_not_grow_with_the_log(
    payments, browse, django_assert_max_num_queries
):
    client = browse("audrey")
    client.get(reverse(LOG))
    with django_assert_max_num_queries(11):
        client.get(reverse(LOG))
    with django_assert_max_num_queries(13):
        client.get(reverse(LOG), {"text": "role", "person": "admin"})


def test_the_log_is_only_read(payments, browse):
    client = browse("admin")
    pk = Event.objects.first().pk
    for name, args in [(LOG, []), ("audit:event", [pk]), ("audit:entry", [pk])]:
        assert client.post(reverse(name, args=args)).status_code == 405


def test_who_acted_is_a_link_but_for_the_portal_itself(payments, browse):
    from catalog.actions.record_sign_in import (  # noqa: PLC0415 -- needs Django
        record_failed_sign_in,
    )

    record_failed_sign_in("mallory")
    page = browse("admin").get(reverse(LOG)).content.decode()
    admin = User.objects.get(username="admin")
    assert reverse("catalog:account", args=[admin.pseudonym]) in page
    assert "known-as/sys_" not in page


# ── filters, badges and verification of a sealed log ─────────────────────────────────────────────


@pytest.fixture
def signing(payments, tmp_path, settings):
    from tests.support.log import Signing, sequence  # noqa: PLC0415 -- needs Django

    log = Signing(tmp_path)
    settings.LOG_ROOT = log.root
    sequence()
    log.sign()
    return log


@pytest.mark.django_db(transaction=True)
def test_events_are_filtered_by_their_seal(signing, browse):
    from tests.support.log import connected, sequence  # noqa: PLC0415 -- needs Django

    client = browse("admin")

    def found(seal):
        return {
            event.pk for event in client.get(reverse(LOG), {"seal": seal}).context["log"].events
        }

    sealed = set(
        Event.objects.filter(leaf__isnull=False).order_by("-pk").values_list("pk", flat=True)[:50]
    )
    assert found("sealed") == sealed
    factories.project("credit")
    [new] = Event.objects.filter(leaf=None, type="catalog.project_created")
    assert new.pk in found("recorded")
    sequence()
    assert new.pk in found("recorded")  # it has its place, and no checkpoint covers it yet
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_quorum (checkpoint_id) SELECT id FROM audit_checkpoint")
    assert found("witnessed") == sealed
    signing.sign()
    assert (new.pk in found("sealed"), found("recorded")) == (True, set())


@pytest.mark.django_db(transaction=True)
def test_list_stream_and_event_show_the_badge(signing, browse):
    client = browse("audrey")
    event = Event.objects.filter(project="payments").first()
    for name, args in [(LOG, []), ("audit:stream", [event.stream]), ("audit:event", [event.pk])]:
        page = client.get(reverse(name, args=args)).content.decode()
        assert "<span>Sealed</span>" in page
        assert "<span>Recorded</span>" not in page


@pytest.mark.django_db(transaction=True)
def test_verify_now_says_step_by_step_what_was_looked_at(signing, browse):
    from tests.support.log import sequence  # noqa: PLC0415 -- needs Django

    client = browse("audrey")
    event = Event.objects.filter(project="payments").first()
    page = text_of(client.get(reverse("audit:event", args=[event.pk]), {"verify": ""}))
    assert "This is the entry that was recorded and sealed" in page
    assert "read and hashed again" in page
    assert "each fits its commitment" in page
    for name, args in [(LOG, []), ("audit:stream", [event.stream])]:
        sequence()
        signing.sign()  # that somebody read the log is an event on these pages
        answer = client.get(reverse(name, args=args), {"verify": "1"})
        assert "Every event on this page verifies" in text_of(answer)


@pytest.mark.django_db(transaction=True)
def test_the_proof_that_the_page_gives_verifies_without_the_portal(signing, browse):
    from audit.tlog.proofs import InclusionProof  # noqa: PLC0415 -- needs Django

    event = Event.objects.filter(project="payments").first()
    answer = browse("audrey").get(reverse("audit:proof", args=[event.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="{event.uid}.tlog-proof"'
    InclusionProof.of(answer.content).verify(bytes(event.entry), [signing.key.verifier])


@pytest.mark.django_db(transaction=True)
def test_a_proof_that_cannot_be_made_is_said_in_a_sentence(signing, browse):
    import shutil  # noqa: PLC0415 -- this test's own

    client = browse("admin")
    factories.project("credit")
    new = Event.objects.latest("pk")
    answer = client.get(reverse("audit:proof", args=[new.pk]))
    assert (answer.status_code, "no signed checkpoint covers it yet" in text_of(answer)) == (
        409,
        True,
    )
    shutil.rmtree(signing.root / "tile")
    answer = client.get(reverse("audit:proof", args=[Event.objects.first().pk]))
    assert (answer.status_code, "cannot be read here" in text_of(answer)) == (503, True)


def test_events_are_filtered_by_environment(policy, payments, browse):
    from releases.actions.seal_release import seal_release  # noqa: PLC0415 -- needs Django
    from releases.actions.submit import submit  # noqa: PLC0415 -- needs Django

    admin = factories.admin()
    items = [factories.version(payments, by=admin).pk]
    release = seal_release(payments, version="1", artifact_versions=items, by=admin)
    staging = payments.environments.get(name="staging")
    asked = submit(release, staging, reason="Try it.", by=admin)
    client = browse("audrey")

    def streams(**filters):
        found = client.get(reverse(LOG), filters).context["log"].events
        return {event.stream for event in found}

    assert streams(environment="staging") == {staging.audit_stream, asked.audit_stream}
    assert asked.audit_stream not in streams(environment="production", project="payments")
    assert streams(environment="elsewhere") == set()
    assert streams(environment="staging", text=asked.label) == {asked.audit_stream}


def test_an_event_shows_before_and_after(payments, browse):
    from catalog.actions.change_project import change_project  # noqa: PLC0415 -- needs Django

    change_project(payments, name="Payments and more", by=factories.admin())
    event = Event.objects.latest("pk")
    page = browse("audrey").get(reverse("audit:event", args=[event.pk]))
    [row] = page.context["differences"]
    assert (row.name, row.change, row.old, row.new) == (
        "name", "changed", "Payments", "Payments and more",
    )  # fmt: skip
    assert "What changed" in text_of(page)


@pytest.mark.parametrize("route", ["proof", "event"])
def test_what_one_may_not_read_one_may_not_verify(two_projects, browse, route):
    foreign = Event.objects.filter(project="credit").first()
    answer = browse("audrey").get(reverse(f"audit:{route}", args=[foreign.pk]), {"verify": ""})
    assert answer.status_code == 404
