"""Taking the filtered log away as a file, and saving a filter under a name."""

import csv
import hashlib
import io
import tracemalloc

import orjson
import pytest
from django.urls import reverse

from audit.list_export import lines
from audit.models import Event
from audit.saved import changes
from audit.saved.models import SavedView
from tests import factories

EXPORT = "audit:export"


def taken(answer):
    return b"".join(answer.streaming_content)


def export(client, kind="jsonl", **filters):
    return client.post(reverse(EXPORT, query=filters), {"format": kind})


@pytest.fixture
def two_projects(payments):
    return payments, factories.project("credit")


# ── exports ──────────────────────────────────────────────────────────────────────────────────────


def test_json_lines_hold_the_entries_byte_for_byte(payments, browse):
    before = list(Event.objects.filter(project="payments").order_by("pk"))
    rows = taken(export(browse("audrey"))).splitlines()
    assert len(rows) == len(before)
    for line, event in zip(rows, before, strict=True):
        assert line.startswith(b'{"entry":' + bytes(event.entry) + b",")
        said = orjson.loads(line)
        assert said["leaf_hash"] == hashlib.sha256(b"\x00" + bytes(event.entry)).hexdigest()
        assert said["seal"] == "recorded"
    assert "created the project payments" in orjson.loads(rows[0])["sentence"]


def test_a_spreadsheet_finds_no_formula_in_the_csv(payments, browse):
    from catalog.actions.change_person import change_person  # noqa: PLC0415 -- needs Django

    evil = '=HYPERLINK("https://evil.example";"x")'
    change_person(factories.person("tom"), full_name=evil, by=factories.admin())
    factories.member("tom", payments, "viewer")
    rows = list(csv.DictReader(io.StringIO(taken(export(browse("admin"), "csv")).decode())))
    assert len(rows) == Event.objects.exclude(type__startswith="audit.list_export").count()
    assert any(evil in row["sentence"] for row in rows)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]


def test_an_export_holds_what_the_filter_finds_and_the_reader_may_read(two_projects, browse):
    rows = taken(
        export(browse("audrey"), text="created", type="catalog.project_created")
    ).splitlines()
    assert [orjson.loads(row)["entry"]["s"] for row in rows] == [two_projects[0].audit_stream]


def test_taking_the_log_away_is_recorded_before_and_after(payments, browse):
    client = browse("audrey")
    answer = export(client, "csv", project="payments", text="priya")
    begun = Event.objects.latest("pk")
    assert (begun.type, begun.project, begun.actor) == (
        "audit.list_export_begun", "payments", factories.person("audrey").pseudonym,
    )  # fmt: skip
    assert b"priya" not in bytes(begun.entry)  # what was looked for may be a name
    data = taken(answer)
    done = Event.objects.latest("pk")
    assert done.type == "audit.list_exported"
    assert done.facts["data"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert done.facts["data"]["rows"] == len(data.splitlines()) - 1
    assert done.facts["data"]["begun"] == begun.pk
    assert done.facts["source"]["channel"] == "page"


def test_who_goes_away_in_between_has_begun_and_not_finished(payments, browse, monkeypatch):
    monkeypatch.setattr(lines, "BATCH", 3)
    answer = export(browse("admin"))
    stream = iter(answer.streaming_content)
    next(stream), next(stream)
    assert Event.objects.filter(type="audit.list_export_begun").exists()
    assert not Event.objects.filter(type="audit.list_exported").exists()


def test_an_export_is_in_batches_and_leaves_nothing_out(payments, browse, monkeypatch):
    whole = taken(export(browse("audrey")))
    monkeypatch.setattr(lines, "BATCH", 4)
    again = taken(export(browse("audrey"), until="2999-01-01"))
    assert again.startswith(whole)


def test_the_memory_of_an_export_does_not_grow_with_it(payments, browse, monkeypatch):
    monkeypatch.setattr(lines, "BATCH", 100)

    from tests.support.log import BODY  # noqa: PLC0415 -- needs Django

    def peak(more):
        from django.db import connection  # noqa: PLC0415 -- needs Django

        with connection.cursor() as cursor:
            for number in range(more):
                cursor.execute(
                    "INSERT INTO audit_event (stream, body) VALUES ('thing/1', %s)",
                    [BODY.format(number)],
                )
        answer = export(browse("admin"))
        tracemalloc.start()
        size = sum(len(chunk) for chunk in answer.streaming_content)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size, most

    peak(0)
    small, little = peak(300)
    large, most = peak(1200)
    assert large > 2.5 * small
    assert most < 1.3 * little


@pytest.mark.parametrize(
    ("username", "query", "data", "status"),
    [
        ("audrey", "", {"format": "xls"}, 422),
        ("audrey", "", {}, 422),
        ("audrey", "?project=credit", {"format": "csv"}, 422),
        ("audrey", "?since=yesterday", {"format": "csv"}, 422),
        ("vera", "", {"format": "csv"}, 404),
    ],
)
def test_an_export_is_refused_and_leaves_no_event(
    two_projects, browse, username, query, data, status
):
    client = browse(username)
    before = Event.objects.count()
    assert client.post(reverse(EXPORT) + query, data).status_code == status
    assert Event.objects.count() == before


def test_an_export_is_a_post_of_somebody_signed_in(payments, browse, client):
    assert client.post(reverse(EXPORT), {"format": "csv"}).status_code == 302
    assert browse("admin").get(reverse(EXPORT)).status_code == 405


# ── saved views ──────────────────────────────────────────────────────────────────────────────────

VIEWS = "/audit/views/"


def keep(client, name="Denied", query="outcome=denied&project=payments", **more):
    return client.post(f"{VIEWS}?{query}", {"name": name, **more})


def test_a_filter_is_kept_under_a_name_and_is_a_link_from_then_on(payments, browse):
    client = browse("audrey")
    answer = keep(client, query="after=7&verify=1&outcome=denied&project=payments&x=y")
    assert (answer.status_code, answer.url) == (302, "/audit/?project=payments&outcome=denied")
    page = client.get(answer.url).content.decode()
    assert ">Denied</a>" in page
    event = Event.objects.filter(type__startswith="audit.view_").latest("pk")
    assert (event.type, b"Denied" in bytes(event.entry)) == ("audit.view_saved", False)


def test_it_is_renamed_and_deleted_by_whoever_saved_it(payments, browse):
    client = browse("audrey")
    keep(client)
    view = SavedView.objects.get()
    client.post(f"{VIEWS}{view.pk}/", {"name": "Refused"})
    view.refresh_from_db()
    assert view.name == "Refused"
    client.post(f"{VIEWS}{view.pk}/", {"delete": "1"})
    assert not SavedView.objects.exists()
    types = (
        Event.objects.filter(stream=view.audit_stream).order_by("pk").values_list("type", flat=True)
    )
    assert list(types) == ["audit.view_saved", "audit.view_renamed", "audit.view_deleted"]


def put_in_place(client, view, query, **more):
    """Replace the view's filter; return the answer, the new filter, and with whom it is shared."""
    answer = client.post(f"{VIEWS}?{query}", {"replace": str(view.pk), **more})
    view.refresh_from_db()
    return answer, view.query, view.project


def test_another_filter_takes_the_place_of_what_an_own_view_was(payments, browse):
    client = browse("audrey")
    keep(client)
    view = SavedView.objects.get()
    page = client.get("/audit/?outcome=error").content.decode()
    assert f'<option value="{view.pk}">' in page
    answer, query, project = put_in_place(client, view, "outcome=error&x=y")
    assert (answer.status_code, answer.url) == (302, "/audit/?outcome=error")
    assert (view.name, query, project) == ("Denied", "outcome=error", None)


def test_a_shared_view_stays_shared_when_its_filter_is_replaced(payments, browse):
    client = browse("audrey")
    keep(client, share="1")
    view = SavedView.objects.get()
    page = client.get("/audit/?project=payments").content.decode()
    assert "Denied (shared)" in page
    answer, *found = put_in_place(client, view, "project=payments&outcome=error")
    assert (answer.status_code, found) == (302, ["project=payments&outcome=error", "payments"])
    assert "Whoever reads the log of payments sees it." in client.get(answer.url).content.decode()


def test_a_filter_without_the_project_needs_a_word_about_the_sharing(payments, browse):
    client = browse("audrey")
    keep(client, share="1")
    view = SavedView.objects.get()
    before = view.query
    for more in ({}, {"sharing": "share"}, {"sharing": "?"}):
        answer, query, project = put_in_place(client, view, "outcome=error", **more)
        assert (answer.status_code, query, project) == (422, before, "payments")
    answer, query, project = put_in_place(client, view, "outcome=error", sharing="own")
    assert (answer.status_code, query, project) == (302, "outcome=error", None)
    assert "Only you see it." in client.get(answer.url).content.decode()


def test_a_replaced_view_is_shared_by_whoever_says_so(payments, browse):
    client = browse("audrey")
    keep(client)
    view = SavedView.objects.get()
    assert 'value="share"' not in client.get("/audit/?outcome=error").content.decode()
    assert put_in_place(client, view, "project=payments", sharing="share")[2] == "payments"
    replaced = Event.objects.get(type="audit.view_replaced")
    assert replaced.facts["data"]["shared"] is True


@pytest.mark.parametrize("chosen", ["theirs", "0", "-1", "x", "9" * 19])
def test_what_is_not_ones_own_is_not_replaced(payments, browse, chosen):
    keep(browse("audrey"), share="1")
    theirs = SavedView.objects.get()
    given = str(theirs.pk) if chosen == "theirs" else chosen
    client = browse("sofia")
    assert "view-replace" not in client.get("/audit/?outcome=error").content.decode()
    answer = client.post(f"{VIEWS}?outcome=error", {"replace": given})
    assert (answer.status_code, "is not yours" in answer.content.decode()) == (422, True)
    theirs.refresh_from_db()
    assert theirs.query == "project=payments&outcome=denied"


def test_ones_own_views_come_before_those_of_others(payments, browse):
    keep(browse("audrey"), "A first one", share="1")
    keep(browse("sofia"), "Zuletzt")
    page = browse("sofia").get("/audit/").content.decode()
    assert page.index(">Zuletzt</a>") < page.index(">A first one</a>")


def test_a_view_of_ones_own_is_nobody_elses(payments, browse):
    keep(browse("audrey"))
    view = SavedView.objects.get()
    client = browse("sofia")
    assert ">Denied</a>" not in client.get("/audit/").content.decode()
    assert client.post(f"{VIEWS}{view.pk}/", {"delete": "1"}).status_code == 404


def test_a_shared_view_is_used_by_readers_of_that_log_and_changed_by_its_owner(
    two_projects, browse
):
    keep(browse("audrey"), share="1")
    view = SavedView.objects.get()
    client = browse("sofia")
    assert ">Denied</a>" in client.get("/audit/").content.decode()
    assert "by Audrey" in client.get(VIEWS).content.decode()
    assert client.post(f"{VIEWS}{view.pk}/", {"delete": "1"}).status_code == 403
    assert client.post(f"{VIEWS}{view.pk}/", {"name": "Mine"}).status_code == 403
    factories.member("olga", two_projects[1], "auditor")
    assert ">Denied</a>" not in browse("olga").get("/audit/").content.decode()
    assert SavedView.objects.get().name == "Denied"


@pytest.mark.parametrize(
    ("name", "query", "sentence"),
    [
        ("", "outcome=denied", "Give the view a name."),
        ("   ", "outcome=denied", "Give the view a name."),
        ("x" * 61, "outcome=denied", "at most 60 characters"),
        ("Denied", "outcome=maybe", "That filter makes no sense"),
        ("Denied", "project=credit", "That filter makes no sense"),
        ("Taken", "outcome=denied", "a view of that name already"),
    ],
)
def test_what_cannot_be_saved_is_said(two_projects, browse, name, query, sentence):
    client = browse("audrey")
    keep(client, "Taken")
    before = Event.objects.count()
    answer = keep(client, name, query)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert (SavedView.objects.count(), Event.objects.count()) == (1, before)


def test_there_is_an_end_to_saved_views(payments, browse, monkeypatch):
    monkeypatch.setattr(changes, "MOST", 1)
    keep(browse("audrey"))
    assert "Delete one first" in keep(browse("audrey"), "Another").content.decode()


def test_a_view_cannot_be_called_what_another_one_is(payments, browse):
    client = browse("audrey")
    keep(client), keep(client, "Other")
    other = SavedView.objects.get(name="Other")
    answer = client.post(f"{VIEWS}{other.pk}/", {"name": "Denied"})
    assert (answer.status_code, "already" in answer.content.decode()) == (422, True)


def test_who_may_read_no_log_saves_no_view(payments, browse):
    assert keep(browse("vera")).status_code == 404
    assert browse("vera").get(VIEWS).status_code == 404
