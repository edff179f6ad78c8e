"""Pages and API of retraining: what is shown, to whom, at what cost, and who is refused."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from models_registry.actions.withdraw_retraining import withdraw_retraining
from models_registry.models import RetrainingRequest, RetrainingTrigger
from tests import factories
from tests.models_registry.bench import fresh, hurry
from tests.models_registry.lab import model_of
from tests.support.browser import axe_violations
from tests.support.callers import client_of

NEW = {
    "kind": "webhook",
    "address": "https://train.example.com/",
    "secret": "credit.train",
    "parameters": "data=2026\n\nrows = 7",
    "cooldown_hours": "2",
    "timeout_hours": "8",
    "is_active": "on",
}


@pytest.fixture
def staffed(db, make_bench):
    """A bench in a project where each of the cast has their role."""
    return make_bench("airflow", model_of(factories.staffed_project("credit")))


@pytest.fixture
def as_(client):
    def signed_in(username):
        client.force_login(factories.person(username))
        return client

    return signed_in


def at(name, *args):
    return reverse(f"models_registry:{name}", args=args)


def text(answer):
    return " ".join(answer.content.decode().split())


def test_whoever_may_asks_on_the_models_page_and_lands_on_the_request(staffed, as_):
    tom, page = as_("tom"), at("model", staffed.model.pk)
    assert "Ask for retraining" in text(tom.get(page))
    asked = tom.post(at("ask-for-retraining", staffed.model.pk), {"reason": "Drift."})
    request = RetrainingRequest.objects.get()
    assert asked.url == at("retraining", request.pk)
    shown = text(tom.get(asked.url))
    for words in ("Drift.", "A worker will call the tool in a moment", request.own_id, "Withdraw"):
        assert words in shown
    assert "Ask for retraining" not in text(tom.get(page))
    assert f"RT-{request.pk}" in text(tom.get(page))


def test_who_comes_second_is_told_although_the_page_offers_nothing_any_more(staffed, as_):
    first = staffed.ask(by="priya")
    late = as_("tom").post(at("ask-for-retraining", staffed.model.pk), {"reason": "Drift."})
    assert late.status_code == 409
    assert f"RT-{first.pk} for credit-risk is open (requested)" in text(late)
    staffed.work(first)
    withdraw_retraining(first, comment="enough", by=factories.person("priya"))
    late = as_("tom").post(at("ask-for-retraining", staffed.model.pk), {"reason": "Drift."})
    assert late.status_code == 409
    assert "was trained again only lately" in text(late)
    late = as_("priya").post(at("withdraw-retraining", first.pk), {"comment": "no"})
    assert late.status_code == 409
    assert "one cannot withdraw it then" in text(late)


def test_who_may_only_look_sees_it_and_is_not_offered_anything(staffed, as_):
    request = staffed.ask()
    vera = as_("vera")
    shown = text(vera.get(at("retraining", request.pk)))
    assert "Drift in the north." in shown
    assert "Withdraw" not in shown
    assert "What trains it again" not in text(vera.get(at("model", staffed.model.pk)))


def test_an_outsider_finds_nothing(staffed, as_):
    request, olga = staffed.ask(), as_("olga")
    for address in (
        at("retraining", request.pk),
        at("retraining-live", request.pk),
        at("model-trigger", staffed.model.pk),
        at("project-trigger", "credit"),
    ):
        assert olga.get(address).status_code == 404
    api = client_of(factories.person("olga"))
    for address in (
        f"retraining-requests/{request.pk}/",
        f"retraining-triggers/{staffed.trigger.pk}/",
        "projects/credit/retraining-requests/",
        "projects/credit/retraining-triggers/",
    ):
        assert api.get(f"/api/v1/{address}").status_code == 404


@pytest.mark.parametrize("username", ["vera", "olga"])
def test_whoever_may_not_changes_nothing_on_these_pages(staffed, as_, username):
    request = staffed.ask()
    RetrainingRequest.objects.update(state="unclear")
    posts = [
        ("ask-for-retraining", [staffed.model.pk], {"reason": "why not"}),
        ("model-trigger", [staffed.model.pk], NEW),
        ("project-trigger", ["credit"], NEW),
        ("withdraw-retraining", [request.pk], {"comment": "no"}),
        ("clear-retraining", [request.pk], {"has_begun": "yes", "comment": "no"}),
    ]
    client = as_(username)
    before = Event.objects.count()
    for name, args, fields in posts:
        answer = client.post(at(name, *args), fields)
        assert (name, answer.status_code) == (name, 403 if username == "vera" else 404)
    assert Event.objects.count() == before
    assert fresh(request).state == "unclear"


def test_a_person_says_on_the_page_what_they_saw(staffed, as_):
    request = staffed.ask()
    RetrainingRequest.objects.update(state="unclear", called_at=request.requested_at)
    tom = as_("tom")
    assert "Look in Airflow" in text(tom.get(at("retraining", request.pk)))
    refused = tom.post(at("clear-retraining", request.pk), {"has_begun": "yes", "comment": ""})
    assert refused.status_code == 422
    fields = {"has_begun": "no", "comment": "Nothing there."}
    assert tom.post(at("clear-retraining", request.pk), fields).status_code == 302
    assert fresh(request).state == "requested"


def test_the_page_follows_by_itself_until_nothing_more_happens(staffed, as_):
    request, tom = staffed.ask(), as_("tom")
    live = at("retraining-live", request.pk)
    assert tom.get(live).status_code == 200
    staffed.work(request)
    assert "Triggered" in text(tom.get(live))
    fields = {"comment": "Not needed."}
    assert tom.post(at("withdraw-retraining", request.pk), fields).status_code == 302
    assert tom.get(live).status_code == 286
    assert "Not needed." in text(tom.get(live))


def test_the_cooldown_is_told_and_who_runs_the_project_may_cut_it_short(staffed, as_):
    withdraw_retraining(staffed.begun(), comment="x", by=factories.admin())
    shown = text(as_("tom").get(at("model", staffed.model.pk)))
    assert "Trained again only lately" in shown
    assert "Ask for retraining" not in shown
    refused = as_("tom").post(at("ask-for-retraining", staffed.model.pk), {"reason": "now"})
    assert refused.status_code == 409
    oskar = as_("oskar")
    assert "Why not wait for the cooldown" in text(oskar.get(at("model", staffed.model.pk)))
    fields = {"reason": "now", "override": "The data was wrong."}
    assert oskar.post(at("ask-for-retraining", staffed.model.pk), fields).status_code == 302
    assert RetrainingRequest.objects.first().override == "The data was wrong."


def test_the_administrator_says_what_is_called_and_changes_it(staffed, as_):
    oskar, page = as_("oskar"), at("project-trigger", "credit")
    assert oskar.post(page, {**NEW, "parameters": "no pair"}).status_code == 422
    assert oskar.post(page, {**NEW, "secret": "others"}).status_code == 422
    assert oskar.post(page, NEW).status_code == 302
    made = RetrainingTrigger.objects.get(model=None)
    assert made.parameters == {"data": "2026", "rows": "7"}
    assert (made.cooldown_seconds, made.timeout_seconds) == (7200, 28800)
    assert "data=2026 rows=7" in text(oskar.get(page))
    oskar.post(page, {key: value for key, value in NEW.items() if key != "is_active"})
    made.refresh_from_db()
    assert not made.is_active


def test_who_gives_a_model_its_own_trigger_reads_in_whose_place_it_comes(staffed, as_):
    page = at("model-trigger", staffed.model.pk)
    oskar = as_("oskar")
    RetrainingTrigger.objects.update(model=None)
    address = staffed.trigger.address
    assert f"for the models of Credit is called ({address})" in text(oskar.get(page))
    RetrainingTrigger.objects.update(is_active=False)
    assert "takes its place" not in text(oskar.get(page))
    assert oskar.post(page, NEW).status_code == 302
    RetrainingTrigger.objects.update(is_active=True)
    assert "takes its place" not in text(oskar.get(page))


def test_no_page_asks_more_often_when_there_is_more(staffed, as_):
    client = as_("oskar")
    request = staffed.begun()
    pages = [at("model", staffed.model.pk), at("retraining", request.pk), at("models", "credit")]

    def costs():
        found = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as seen:
                client.get(page)
            found.append(len(seen))
        return found

    few = costs()
    for _ in range(3):
        withdraw_retraining(request, comment="x", by=factories.admin())
        request = staffed.begun(by="admin", override="The same again.")
        pages[1] = at("retraining", request.pk)
    assert costs() == few


def test_a_machine_asks_by_the_api_with_the_scope_for_artifacts(staffed):
    machine = factories.service_account(staffed.model.registry.project, "drift-watch").user
    path = f"/api/v1/models/{staffed.model.pk}/retraining-requests/"
    body = {"reason": "PSI 0.31 in the north.", "origin": "monitor"}
    refused = client_of(machine, ["read", "releases"]).post(path, body)
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "artifacts")
    api = client_of(machine, ["read", "artifacts"])
    made = api.post(path, body).json()
    assert (made["state"], made["origin"], made["requested_by"]) == (
        "requested",
        "monitor",
        "drift-watch",
    )
    again = api.post(path, body)
    assert (again.status_code, again.json()["code"]) == (409, "already_asked")
    assert again.json()["open_request"] == made["id"]
    hurry()
    staffed.work(RetrainingRequest.objects.get())
    read = api.get(f"/api/v1/retraining-requests/{made['id']}/").json()
    assert (read["state"], read["run_id"]) == ("triggered", made["own_id"])
    (listed,) = api.get("/api/v1/projects/credit/retraining-requests/?origin=monitor").json()[
        "results"
    ]
    assert listed["id"] == made["id"]
    withdrawn = api.post(
        f"/api/v1/retraining-requests/{made['id']}/withdraw/", {"comment": "false alarm"}
    )
    assert withdrawn.json()["state"] == "withdrawn"
    hot = api.post(path, body)
    assert (hot.status_code, hot.json()["code"]) == (409, "cooling_down")
    assert "possible_from" in hot.json()


def test_a_person_may_not_speak_for_a_monitor(staffed):
    api = client_of(factories.person("tom"))
    path = f"/api/v1/models/{staffed.model.pk}/retraining-requests/"
    refused = api.post(path, {"reason": "x", "origin": "monitor"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["origin"])


def test_the_api_changes_a_trigger_and_never_tells_a_secret(staffed, tokens):
    (tokens / "credit.train").write_text("robot:very-secret")
    api = client_of(factories.person("oskar"))
    path = f"/api/v1/retraining-triggers/{staffed.trigger.pk}/"
    changed = api.patch(path, {"is_active": False, "cooldown_seconds": 0})
    assert (changed.json()["is_active"], changed.json()["secret"]) == (False, "credit.train")
    assert b"very-secret" not in changed.content
    (listed,) = api.get("/api/v1/projects/credit/retraining-triggers/").json()["results"]
    assert listed["model"] == "credit-risk"
    body = {"kind": "webhook", "address": "https://10.0.0.1/", "secret": "credit", "model": 4711}
    refused = api.post("/api/v1/projects/credit/retraining-triggers/", body)
    assert list(refused.json()["errors"]) == ["model"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_axe_finds_nothing_on_these_pages(make_bench, page, live_server):
    staffed = make_bench("gitlab_trigger", model_of(factories.staffed_project("credit")))
    withdraw_retraining(staffed.begun(), comment="x", by=factories.admin())
    staffed.tool.faults = ["lost"]
    request = staffed.work(staffed.begun(by="oskar", override="Now."))
    assert request.state == "unclear"
    client = Client()
    client.force_login(factories.person("oskar"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    for width, theme in ((1440, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        for address in (
            at("model", staffed.model.pk),
            at("retraining", request.pk),
            at("model-trigger", staffed.model.pk),
        ):
            page.goto(address)
            assert axe_violations(page) == [], address
