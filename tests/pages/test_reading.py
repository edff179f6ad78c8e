"""What the pages say: the inbox's order, what stands in the way, what runs where, what one signs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.actions.change_project import change_project
from catalog.models import the_portal
from deployments.running import runs_in, what_runs
from deployments.tasks import sweep
from portal.change_requests.changes import rows_of
from portal.change_requests.decision import decision_of
from portal.change_requests.next_step import next_step
from portal.change_requests.progress import phases_of, steps_of
from portal.change_requests.statement import statement_in_words
from portal.change_requests.story import Story
from releases.actions.reevaluate import reevaluate
from releases.inbox import count_waiting_for
from releases.models import ChangeRequest
from releases.rows import SHOWN_WITH, held_up_by, listed, row_of, waits_for
from tests import factories
from tests.pages.world import FAILED, World


def story(change_request, username="vera"):
    return Story.of(change_request.number, factories.person(username))


def phases(change_request):
    return [phase.state for phase in phases_of(story(change_request))]


# ── the inbox ───────────────────────────────────────────────────────────────────────────────────────


def test_the_inbox_shows_what_is_riskiest_first_then_what_is_newest(world, as_):
    calm = World.make("newsletter")
    change_project(calm.project, risk_tier="low", by=factories.admin())
    old, new = world.request(), world.request()
    low = calm.request()
    urgent = calm.request(kind="emergency")
    text = as_("sofia").get("/").content.decode()
    places = [text.index(f"<span>{each.label}</span>") for each in (urgent, new, old, low)]
    assert places == sorted(places)
    assert "(4)" in text  # in the title
    assert 'class="gh-count">4<' in text


def test_the_inbox_holds_only_what_a_signature_would_bring_nearer(world, as_):
    waiting = world.request()
    assert "Security waits for your signature." in as_("sofia").get("/").content.decode()
    world.signed(waiting, "sofia")
    assert "Nothing waits for you" in as_("sofia").get("/").content.decode()
    assert "Nothing waits for you" in as_("vera").get("/").content.decode()


def test_a_list_says_of_a_change_request_what_its_own_row_would(world):
    world.deployed(), world.rejected(world.request()), world.request()
    world.request(world.release(tested=False))
    shown = ChangeRequest.objects.select_related(*SHOWN_WITH).order_by("-number")
    assert [row_of(each) for each in listed(shown)] == [row_of(each) for each in shown]
    asked = [(held_up_by(each), waits_for(each, factories.person("sofia"))) for each in shown]
    assert [
        (held_up_by(each), waits_for(each, factories.person("sofia"))) for each in listed(shown)
    ] == asked
    assert listed(ChangeRequest.objects.none()) == []


def test_the_number_beside_the_inbox_is_that_of_what_stands_in_it(world):
    world.signed(world.request(), "sofia")
    world.request()
    counts = {}
    for username in ("admin", "sofia", "tom", "vera", "priya"):
        user = factories.person(username)
        in_it = ChangeRequest.objects.visible_to(user).waiting_for(user)
        counts[username] = count_waiting_for(user)
        assert counts[username] == in_it.count()
    assert counts["sofia"] == 1


def test_the_inbox_goes_on_to_a_second_page(world, as_):
    for _ in range(21):
        world.request()
    client = as_("sofia")
    assert "?page=2" in client.get("/").content.decode()
    second = client.get("/?page=2").content.decode()
    assert second.count("waits for your signature") == 1
    assert client.get("/?page=99").status_code == 200
    assert client.get("/?page=x").status_code == 200


def test_what_is_stuck_says_why_to_whoever_asked_for_it(world, as_):
    world.rejected(world.request())
    world.deployed(result="failed")
    world.request(world.release(tested=False))
    expired = world.request()
    ChangeRequest.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    reevaluate(expired.number, by=the_portal())
    text = as_("priya").get("/").content.decode()
    assert "Yours, and stuck" in text
    assert "Not before the audit." in text
    assert "as the runbook says" in text
    assert "No JUnit report" in text
    assert "Its time was over before everybody had signed." in text
    assert "Yours, and stuck" not in as_("sofia").get("/").content.decode()


def test_somebody_without_a_role_is_told_what_to_do(world, as_):
    assert "You have no role in any project yet" in as_("olga").get("/").content.decode()
    assert "You have no role in any project yet" in as_("olga").get("/projects/").content.decode()


# ── what runs where ─────────────────────────────────────────────────────────────────────────────────


def test_an_environment_runs_the_newest_of_each_artifact_from_several_releases(world):
    both = world.deployed(world.request(world.release(world.version(), world.version("worker"))))
    api = world.version()
    one = world.deployed(world.request(world.release(api)))
    now = runs_in(world.staging.pk)
    assert now.release == one.release.version
    running = now.by_artifact
    assert running["payments-api"].version == api.version
    assert running["worker"].release == both.release.version
    (row,) = [row for row in rows_of(story(world.request(world.release()))) if row.name == "worker"]
    assert (row.change, row.kind) == ("unchanged", "not in this release, stays as it is")


def test_what_failed_runs_nowhere(world):
    good = world.deployed()
    world.deployed(result="failed")
    listed = dict(what_runs(world.project.environments.order_by("position")))
    assert listed[world.staging].release == good.release.version
    assert listed[world.production].release == ""


def test_a_deployed_request_is_compared_with_what_ran_before_it(world):
    first = world.deployed()
    second = world.deployed()
    (row,) = rows_of(story(second))
    assert row.old == first.release.items.get().artifact_version.digest
    assert row.change == "changed"
    (row,) = rows_of(story(first))
    assert (row.change, row.old) == ("added", "")


def test_numbers_are_compared_with_those_of_what_runs_now(world):
    champion, challenger = world.version(), world.version()
    world.evidence(champion, {"auc": 0.81, "data": {"rows": 1000}, "old_only": 1})
    world.evidence(challenger, {"auc": 0.8342, "data": {"rows": 1000}, "fair": True})
    world.deployed(world.request(world.release(champion)))
    rows = rows_of(story(world.request(world.release(challenger))))
    found = {row.name: (row.change, row.old, row.new) for row in rows[1:]}
    assert found == {
        "auc": ("changed", "0.81", "0.8342"),
        "fair": ("added", "", "yes"),
        "old only": ("removed", "1", ""),
    }


# ── a change request ────────────────────────────────────────────────────────────────────────────────


def test_the_phases_say_where_it_stands_and_where_it_ended(world):
    blocked = world.request(world.release(tested=False))
    assert phases(blocked) == ["done", "failed", "waiting", "waiting", "waiting"]
    waiting = world.request()
    assert phases(waiting) == ["done", "done", "current", "waiting", "waiting"]
    rejected = world.rejected(world.request())
    assert phases(rejected) == ["done", "done", "failed", "skipped", "skipped"]
    begun = world.begun(waiting).change_request
    assert phases(begun) == ["done", "done", "done", "running", "waiting"]
    failed = world.deployed(world.request(environment=world.production), result="failed")
    assert phases(failed) == ["done", "done", "done", "failed", "skipped"]


@pytest.mark.parametrize(
    ("username", "title"),
    [("sofia", "Your signature is next"), ("vera", "Waits for signatures")],
)
def test_the_next_step_is_about_the_reader(username, title, world):
    assert next_step(story(world.request(), username)).title == title


def test_the_next_step_names_who_is_waited_for(world):
    sentences = next_step(story(world.request())).sentences
    assert sentences == [
        "Engineering needs 1 more: Tom Becker.",
        "Security needs 1 more: Sofia Marino.",
    ]


def test_the_next_step_of_what_was_replaced_leads_to_what_replaced_it(world):
    first, second = world.deployed(), world.deployed()
    step = next_step(story(first))
    assert step.action_label == f"See {second.label}"


def test_a_scheduled_request_says_when_it_begins(world):
    when = timezone.now() + timedelta(days=2)
    scheduled = world.signed(world.request(not_before=when))
    assert scheduled.state == "scheduled"
    step = next_step(story(scheduled))
    assert f"{when:%d %B %Y, %H:%M} UTC" in step.text
    assert phases(scheduled)[3] == "waiting"


def test_a_rollback_says_so_on_what_it_rolled_back(world):
    first, second = world.deployed(), world.deployed()
    back = world.deployed(world.request(first.release, kind="rollback"))
    second.refresh_from_db()
    assert second.state == "rolled_back"
    assert back.label in next_step(story(second)).text


def test_every_member_of_the_statement_is_said_in_words(world):
    waiting = world.request()
    told = dict(statement_in_words(story(waiting)))
    assert waiting.release.content_digest in told["Release"]
    assert told["Environment"] == "staging, staging"
    assert told["How it is reached"].startswith("by hand, revision")
    assert "payments-standard version 1" in told["Policy"]
    assert told["Kind of change"] == "promotion"
    gate = told[f"Gate tests for {waiting.release.items.get()}"]
    assert gate.startswith("pass, read from sha256:")
    members = set(waiting.statement.document) - {"statement", "change_request", "project", "gates"}
    assert len([name for name in told if not name.startswith("Gate ")]) == len(members)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            {
                "executor": "kubernetes", "revision": 3, "namespace": "pay", "cluster": "eu",
                "bindings": [{"artifact": "payments-api", "kind": "Deployment", "workload": "api",
                              "container": "app"}],
            },
            "namespace pay of the cluster eu, revision 3: payments-api runs in api/app",
        ),
        (
            {"executor": "webhook", "revision": 2, "url": "https://deploy.example.com/hook"},
            "webhook https://deploy.example.com/hook, revision 2",
        ),
        ({"executor": "none", "revision": 0}, "no target yet"),
    ],
)  # fmt: skip
def test_the_statement_says_how_the_environment_is_reached(target, said, world):
    told = story(world.request())
    told.change_request.statement.document["target"] = target
    assert dict(statement_in_words(told))["How it is reached"] == said
    places = rows_of(told)[0].kind
    assert places.endswith("Deployment api, container app") == (target["executor"] == "kubernetes")


def test_a_request_that_nobody_evaluated_yet_has_no_statement(world, as_):
    fresh = world.request()
    ChangeRequest.objects.filter(pk=fresh.pk).update(
        state="checking", statement=None, policy_version=None, rules=[], waiting_for=[]
    )
    fresh.gate_results.all().delete()
    told = story(fresh)
    assert statement_in_words(told) == []
    assert next_step(told).title == "The gates are being checked"
    address = reverse("portal:change-request", args=[fresh.number])
    text = as_("tom").get(address).content.decode()
    assert "There is no statement yet" in text
    assert "No policy asks for a signature here." in text


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"tries": 3}, "The target does not answer"),
        ({"reason": "The image cannot start."}, "It is being put back"),
        ({}, "On its way to staging"),
    ],
)
def test_what_is_being_carried_out_says_what_it_waits_for(changes, title, world):
    begun = world.begun(world.request()).change_request
    told = story(begun)
    assert next_step(told).title == "Waits for word from outside"
    told.deployment.state = "running"
    for name, value in changes.items():
        setattr(told.deployment, name, value)
    assert next_step(told).title == title


def test_what_nobody_could_tell_is_not_called_failed(world):
    begun = world.begun(world.request())
    give_up_waiting_now(begun)
    told = story(begun.change_request)
    assert told.change_request.state == "errored"
    assert next_step(told).title == "It ended without a result"
    assert [step.state for step in steps_of(told)] == ["errored"]


def give_up_waiting_now(deployment):
    type(deployment).objects.filter(pk=deployment.pk).update(give_up_at=timezone.now())
    sweep()


@pytest.mark.parametrize(
    ("username", "why"),
    [
        ("vera", "none of your roles in staging counts for that"),
        ("tom", "Your signature counts as long as nothing that you signed changes."),
        ("tessa", "Every rule that counts you is met already."),
    ],
)
def test_whoever_may_not_sign_is_told_why(username, why, world):
    factories.member("tessa", world.project, "developer")
    waiting = world.signed(world.request(), "tom")
    assert why in decision_of(story(waiting, username)).why_not


def test_when_everybody_has_signed_the_others_are_told(world):
    factories.member("tessa", world.project, "developer")
    queued = world.signed(world.request())
    assert decision_of(story(queued, "tessa")).title == "Everybody has signed"


def test_evidence_about_the_whole_release_is_found_from_its_gate(world, as_):
    version = world.version()
    release = world.release(version, tested=False)
    evidence = world.evidence(release)
    waiting = world.request(release)
    page = reverse("releases:release", args=["payments", release.version])
    text = as_("tom").get(reverse("portal:change-request", args=[waiting.number])).content.decode()
    assert f"{page}#evidence-{evidence.pk}" in text
    assert f'id="evidence-{evidence.pk}"' in as_("tom").get(page).content.decode()


def test_a_blocked_request_shows_its_gates_with_remedy_and_evidence(world, as_):
    version = world.version()
    world.evidence(version, FAILED)
    blocked = world.request(world.release(version, tested=False))
    text = as_("tom").get(reverse("portal:change-request", args=[blocked.number])).content.decode()
    assert "All tests passed" in text
    evidence = version.evidence.get()
    assert (
        f"{reverse('releases:artifact-version', args=[version.pk])}#evidence-{evidence.pk}" in text
    )


def test_a_voided_signature_stays_on_the_page_with_the_reason(world, as_):
    waiting = world.signed(world.request(), "tom")
    world.evidence(waiting.release.items.get().artifact_version, FAILED)
    reevaluate(waiting.number, by=the_portal())
    text = as_("vera").get(reverse("portal:change-request", args=[waiting.number])).content.decode()
    assert "Other decisions" in text
    assert "The gate tests for payments-api" in text


def test_only_whoever_may_read_the_audit_log_is_led_there(world, as_):
    address = reverse("portal:change-request", args=[world.request().number])
    assert "In the audit log" in as_("audrey").get(address).content.decode()
    assert "In the audit log" not in as_("tom").get(address).content.decode()


# ── lists and search ────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_filtered_by_state_and_environment(world, as_):
    waiting = world.request()
    rejected = world.rejected(world.request(environment=world.production))
    address = reverse("releases:change-requests", args=["payments"])
    client = as_("vera")

    def shown(query):
        text = client.get(f"{address}?{query}").content.decode()
        return [each.label for each in (waiting, rejected) if f"<span>{each.label}</span>" in text]

    assert shown("") == [waiting.label, rejected.label]
    assert shown("state=open") == [waiting.label]
    assert shown("state=rejected") == [rejected.label]
    assert shown("environment=production") == [rejected.label]
    assert shown("state=nonsense") == [waiting.label, rejected.label]
    assert (
        "No change request fits the filter"
        in client.get(f"{address}?state=failed").content.decode()
    )


@pytest.mark.parametrize(
    "query", ["before=x", "after=%00", "before=99999999999999999999", "after=-1"]
)
def test_a_cursor_that_is_none_begins_anew(query, world, as_):
    label = world.request().label
    address = reverse("releases:change-requests", args=["payments"])
    answer = as_("vera").get(f"{address}?{query}")
    assert answer.status_code == 200
    assert label in answer.content.decode()


def test_search_finds_what_people_quote(world, as_):
    waiting = world.request()
    version = waiting.release.items.get().artifact_version
    client = as_("vera")
    page = reverse("portal:change-request", args=[waiting.number])
    for typed in (waiting.label, waiting.label.lower(), f"cr{waiting.number}"):
        assert client.get("/search/", {"q": typed})["Location"] == page
    found = {
        str(waiting.number): waiting.label,
        waiting.release.version: waiting.release.content_digest,
        waiting.release.content_digest: waiting.release.version,
        version.digest[7:20]: str(version),
        version.commit[:10]: str(version),
        "payments-a": version.digest,
        "paym": reverse("portal:project", args=["payments"]),
    }
    for typed, expected in found.items():
        assert expected in client.get("/search/", {"q": typed}).content.decode(), typed


def test_search_shows_an_outsider_nothing(world, as_):
    waiting = world.request()
    client = as_("olga")
    for typed in (waiting.label, str(waiting.number), waiting.release.version, "pay", "\x00", "%"):
        answer = client.get("/search/", {"q": typed})
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "Nothing found" in text or "Type into the field above" in text
    assert "Type into the field above" in client.get("/search/").content.decode()


def test_artifacts_are_found_by_the_beginning_of_their_name(world, as_):
    world.version(), world.version("worker")
    address = reverse("releases:artifacts", args=["payments"])
    text = as_("vera").get(address, {"q": "work"}).content.decode()
    assert "worker 1." in text
    assert "payments-api 1." not in text
    assert "No artifact" in as_("vera").get(address, {"q": "zzz"}).content.decode()


def test_what_nobody_compared_is_not_called_as_approved(world, as_):
    world.deployed()
    text = as_("vera").get(reverse("portal:project", args=["payments"])).content.decode()
    assert "Not seen" in text
    assert "Put there, but not compared:" in text
    assert "nobody compared digests" in text
    assert "As approved" not in text
