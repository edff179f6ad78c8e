"""Model cards on pages: written, imported, compared, reviewed, overdue; who may not is told so."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from releases.models import CardRevision, ModelCard
from tests import factories
from tests.pages.test_query_counts import cost
from tests.support.api_world import upload
from tests.support.browser import axe_violations

README = b"---\nlicense: mit\nlanguage: en\n---\n## Direct Use\n\nConsumer loans.\n"
SLICE = {"type": "auc", "value": "0.769", "slice": "age=18-30", "low": "0.75", "high": "0.79"}


def boxes(field, *rows):
    """Rows as the form sends them."""
    return {
        f"{field}-{place}-{name}": text
        for place, row in enumerate(rows)
        for name, text in row.items()
    }


TYPED = {
    "intended_use": "Consumer loans\nCar loans",
    "out_of_scope": "Mortgages",
    "users": "Loan officers",
    "limitations": "Thin files",
    "task": "classification",
    "risk_tier": "high",
    **boxes("ethics", {"name": "Age as a proxy", "mitigation": "Fairness gate"}),
    **boxes("datasets", {"name": "loans", "description": "training", "digest": "sha256:abc"}),
    **boxes("metrics", {"type": "auc", "value": "0.803"}, {"type": ""}, SLICE),
}


@pytest.fixture
def version(world):
    return model_version(world)


def model_version(world, name="credit-model", number="8"):
    factories.member("mei", world.project, "data-scientist")
    factories.member("viktor", world.project, "validator")
    return factories.version(world.project, name, number, kind="model")


def at(version, name="card"):
    return reverse(f"releases:{name}", args=[version.pk])


def whole(**changes):
    """A whole card; the rows of a field that changes are these and no others."""
    other = {name.partition("-")[0] for name in changes if "-" in name}
    kept = {name: text for name, text in TYPED.items() if name.partition("-")[0] not in other}
    return {**kept, "owner": factories.person("ines").pk, "expected": 0, **changes}


@pytest.fixture
def written(version, as_):
    answer = as_("mei").post(at(version, "edit-card"), whole())
    assert answer.status_code == 302, answer.content
    return version


def test_a_card_is_written_and_read_back(written, as_):
    revision = CardRevision.objects.get()
    assert revision.is_complete
    assert revision.content["metrics"] == [{"type": "auc", "value": "0.803"}, SLICE]
    page = as_("vera").get(at(written)).content.decode()
    for text in ("Car loans", "Fairness gate", "0.769", "Not reviewed", "Inês Duarte"):
        assert text in page
    assert "Edit" not in page
    form = as_("mei").get(at(written, "edit-card")).content.decode()
    assert form.count('value="0.769"') == 1
    assert 'name="metrics-2-type"' in form, "a blank row is there"
    assert 'name="metrics-3-type"' not in form


@pytest.mark.parametrize(
    ("button", "left"),
    [
        ({"add_row": "metrics"}, ["0.803", "", "0.769", ""]),
        ({"remove_row": "metrics-0"}, ["", "0.769"]),
        ({"remove_row": "metrics-2"}, ["0.803", ""]),
        ({"remove_row": "metrics-9"}, ["0.803", "", "0.769"]),
        ({"remove_row": "users-0"}, ["0.803", "", "0.769"]),
        ({"add_row": "nonsense"}, ["0.803", "", "0.769"]),
    ],
)
def test_a_row_more_or_less_keeps_what_is_typed_and_saves_nothing(version, as_, button, left):
    sent = whole(users="Robots", approach="supervised", note="why", **button)
    answer = as_("mei").post(at(version, "edit-card"), sent)
    assert answer.status_code == 200
    form = answer.context["form"]
    assert [row.get("value", "") for row in form["metrics"].value()] == left
    assert not form.is_bound
    page = answer.content.decode()
    assert "Robots" in page
    assert 'value="supervised" selected' in page
    assert page.count("autofocus") == ("add_row" in button and left[-1] == "" and len(left) == 4)
    assert not ModelCard.objects.exists()


def test_a_card_of_the_largest_size_can_be_sent(version, as_):
    rows = [{**SLICE, "slice": f"group={number}"} for number in range(300)]
    data = [{"name": f"set {number}", "description": "x", "link": ""} for number in range(300)]
    sent = whole(**boxes("metrics", *rows), **boxes("datasets", *data))
    assert as_("mei").post(at(version, "edit-card"), sent).status_code == 302
    assert len(CardRevision.objects.get().content["metrics"]) == 300
    page = as_("mei").get(at(version, "edit-card")).content.decode()
    assert 'value="group=299"' in page
    assert "Add a row to Performance" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (boxes("metrics", {}, {"type": "auc"}, {"value": ""}), "Row 1: auc has no value."),
        (boxes("metrics", {"type": ""}, {"type": "f1"}), "Row 2: f1 has no value."),
        (boxes("datasets", {"link": "s3://x"}), "Row 1: Name is missing."),
        (boxes("references", {"url": "ftp://x"}), "is no address that begins with https"),
        (boxes("references", {"url": "https://x", "type": "y"}), "'y' is none of"),
        ({"users": "x" * 2001}, "Point 1: use at most 2000 characters"),
        ({"risk_tier": "huge"}, "not one of the available choices"),
        ({"owner": 999_999}, "not one of the available choices"),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"approach": "magic"}, "not one of the available choices"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_saved(version, as_, changes, said):
    answer = as_("mei").post(at(version, "edit-card"), whole(**changes))
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert "Loan officers" in answer.content.decode() or "users" in changes
    assert not ModelCard.objects.exists()


def test_what_somebody_else_saved_meanwhile_is_not_written_over(written, as_):
    answer = as_("viktor").post(at(written, "edit-card"), whole(users="Robots"))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Revision 1 stands there now" in page
    assert "Robots" in page
    assert 'name="expected" value="1"' in page
    assert ModelCard.objects.get().revision == 1


def test_after_a_look_at_what_changed_it_is_saved_over_it(written, as_):
    as_("mei").post(at(written, "edit-card"), whole(expected=1, users="Clerks"))
    answer = as_("viktor").post(at(written, "edit-card"), whole(expected=1, users="Robots"))
    assert answer.status_code == 409
    changed = f"{at(written, 'compare-card')}?old=1&amp;new=2"
    assert changed in answer.content.decode()
    again = as_("viktor").post(at(written, "edit-card"), whole(expected=2, users="Robots"))
    assert again.status_code == 302
    assert CardRevision.objects.first().content["users"] == ["Robots"]


@pytest.mark.parametrize("name", ["edit-card", "import-card", "review-card"])
def test_who_may_not_write_cards_is_refused_with_a_sentence(name, written, as_):
    answer = as_("tom").post(at(written, name), {**whole(), "revision": 1})
    assert answer.status_code == 403
    assert "model cards in the project" in answer.content.decode()
    factories.person("olga")
    assert as_("olga").post(at(written, name), whole()).status_code == 404
    assert CardRevision.objects.count() == 1


def test_nobody_confirms_their_own_card_on_the_page(written, as_):
    assert "somebody else reviews it" in as_("mei").get(at(written)).content.decode()
    answer = as_("mei").post(at(written, "review-card"), {"revision": 1})
    assert answer.status_code == 403
    assert "Nobody reviews what they wrote themselves" in answer.content.decode()


def test_somebody_else_confirms_it_and_the_next_review_moves(written, as_):
    assert "Confirm this revision" in as_("viktor").get(at(written)).content.decode()
    later = (timezone.now() + timedelta(days=500)).date().isoformat()
    refused = as_("viktor").post(
        at(written, "review-card"), {"revision": 1, "next_review_at": later}
    )
    assert refused.status_code == 422
    assert "say why later is soon enough" in refused.content.decode()
    done = as_("viktor").post(at(written, "review-card"), {"revision": 1}, follow=True)
    assert "The next review is due on" in done.content.decode()
    assert ModelCard.objects.get().is_reviewed


def test_an_import_shows_what_it_took_and_what_it_left(version, as_):
    answer = as_("mei").post(
        at(version, "import-card"), {"file": upload(README, "README.md")}, follow=True
    )
    page = answer.content.decode()
    assert "2 fields taken over, 1 place left out" in page
    assert "<code>language</code>" in page
    assert "Download the document as it came" in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello", "This is no model card."),
        (b"---\na: &a [x]\nb: *a\n---\n", "uses YAML anchors or aliases (line 2)"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.7"}', "no component of type"),
    ],
)
def test_what_is_no_card_is_refused_on_the_page(version, as_, content, said):
    answer = as_("mei").post(at(version, "import-card"), {"file": upload(content, "x")})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_two_revisions_are_compared_point_by_point(written, as_):
    as_("mei").post(at(written, "edit-card"), whole(expected=1, users="Robots", risk_tier="low"))
    page = as_("vera").get(f"{at(written, 'compare-card')}?old=1&new=2").content.decode()
    for text in ("Robots", "Loan officers", "Risk tier", "Low"):
        assert text in page
    assert "Thin files" not in page
    for wrong in ("?new=9", "?old=7&new=2"):
        assert as_("vera").get(at(written, "compare-card") + wrong).status_code == 404
    assert "An earlier revision" in as_("vera").get(f"{at(written)}?revision=1").content.decode()
    assert as_("vera").get(f"{at(written)}?revision=99").status_code == 404


def test_a_new_versions_card_begins_with_the_words_of_the_one_before(world, written, as_):
    newer = factories.version(world.project, "credit-model", "9", kind="model")
    form = as_("mei").get(at(newer, "edit-card")).content.decode()
    assert "begins with the words of the card of credit-model 8" in form
    assert "Car loans" in form
    assert "0.769" not in form
    as_("mei").post(at(newer, "edit-card"), whole())
    assert CardRevision.objects.get(card__artifact_version=newer).source == "copied"


def test_the_card_stands_on_the_pages_of_its_version_and_goes_as_a_file(written, as_):
    page = as_("vera").get(reverse("releases:artifact-version", args=[written.pk])).content.decode()
    assert "Open the whole card" in page
    export = as_("vera").get(at(written, "card-cdx"))
    assert export.json()["specVersion"] == "1.7"
    assert as_("vera").get(at(written, "card-md"))["Content-Type"].startswith("text/markdown")


def test_a_version_s_label_names_the_file_and_says_nothing_else_to_a_browser(world, written, as_):
    label = '9"; filename="x.html\r\nSet-Cookie: a=b'
    odd = factories.version(world.project, "credit-model", label, kind="model")
    as_("mei").post(at(odd, "edit-card"), whole())
    answer = as_("vera").get(at(odd, "card-md"))
    assert answer["Content-Disposition"].startswith(
        "attachment; filename*=utf-8''credit-model-9%22"
    )
    assert "Set-Cookie" not in answer.headers


def test_other_artifacts_have_no_card(world, as_):
    image = world.version()
    assert as_("tom").get(at(image)).status_code == 404


def test_overdue_cards_are_on_the_owners_first_page_and_in_the_list(written, as_):
    assert "overdue for review" not in as_("ines").get("/").content.decode()
    ModelCard.objects.update(next_review_at=timezone.now())
    page = as_("ines").get("/").content.decode()
    assert "1 model card that you own is overdue for review." in page
    assert "overdue for review" not in as_("tom").get("/").content.decode()
    cards = reverse("releases:cards")
    mine = f"{cards}?state=overdue&who=me"
    assert "credit-model 8" in as_("ines").get(mine).content.decode()
    assert "None like that" in as_("tom").get(mine).content.decode()
    factories.person("olga")
    assert "credit-model" not in as_("olga").get(cards).content.decode()


def test_the_list_costs_the_same_at_any_length_and_has_pages(world, as_, monkeypatch):
    from releases.actions.save_card import save_card  # noqa: PLC0415 -- only here

    monkeypatch.setattr("releases.views.cards.PAGE_SIZE", 4)
    cards, owner = reverse("releases:cards"), factories.person("ines")

    def grow(numbers):
        for number in numbers:
            made = factories.version(world.project, f"model-{number}", kind="model")
            save_card(made, {"task": "x"}, owner=owner, by=factories.admin())

    client = as_("tom")
    grow(range(2))
    few = cost(client, cards)
    grow(range(2, 9))
    assert cost(client, cards) == few <= 8
    shown = client.get(f"{cards}?project={world.project.slug}&page=2").content.decode()
    assert "page=3" in shown
    assert "project=payments" in shown


def test_the_page_of_a_card_costs_the_same_with_more_revisions(written, as_):
    client = as_("mei")
    few = cost(client, at(written))
    for number in range(1, 5):
        client.post(at(written, "edit-card"), whole(expected=number, users=f"People {number}"))
    assert cost(client, at(written)) == few <= 12


@pytest.mark.browser
def test_rows_grow_and_shrink_without_leaving_the_page(shared_world, page, live_server):
    version = model_version(shared_world)
    client = Client()
    client.force_login(factories.person("mei"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(at(version, "edit-card"))
    metrics = page.locator("#id_metrics")
    page.get_by_label("Users").fill("Loan officers")
    metrics.get_by_label("Metric").fill("auc")
    metrics.get_by_label("Value").fill("0.8")
    metrics.get_by_role("button", name="Add a row to Performance").click()
    second = metrics.get_by_role("group", name="Performance, row 2")
    expect(second.get_by_label("Metric")).to_be_focused()
    expect(page.get_by_label("Users")).to_have_value("Loan officers")
    second.get_by_label("Metric").fill("f1")
    second.get_by_label("Value").fill("0.7")
    metrics.get_by_role("button", name="Remove row 1 of Performance").click()
    expect(metrics.get_by_label("Metric")).to_have_count(1)
    expect(metrics.get_by_label("Metric")).to_have_value("f1")
    metrics.get_by_label("Value").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("credit-model 8")
    assert CardRevision.objects.get().content == {
        "users": ["Loan officers"], "metrics": [{"type": "f1", "value": "0.7"}],
    }  # fmt: skip


DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
def test_axe_finds_nothing_on_the_pages_of_cards(size, theme, shared_world, page, live_server):
    version = model_version(shared_world)
    client = Client()
    client.force_login(factories.person("mei"))
    client.post(at(version, "edit-card"), whole(expected=0))
    client.post(at(version, "edit-card"), whole(expected=1, users="Robots"))
    client.post(at(version, "import-card"), {"file": upload(README, "README.md")})
    client.force_login(factories.person("viktor"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    for address in [
        at(version),
        at(version, "edit-card"),
        at(version, "import-card"),
        f"{at(version, 'compare-card')}?old=1&new=2",
        reverse("releases:cards"),
        reverse("releases:artifact-version", args=[version.pk]),
    ]:
        page.goto(address)
        assert axe_violations(page) == [], address
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{address} is wider than the screen"
