"""Who may have a model trained again, how often, and what becomes of the request."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event
from audit.sentences import ERASED, with_sentences
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted
from models_registry.actions.clear_retraining import clear_retraining
from models_registry.actions.set_trigger import create_trigger
from models_registry.actions.withdraw_retraining import withdraw_retraining
from models_registry.erasure import erase
from models_registry.errors import AlreadyAsked, CoolingDown, NotNow, NoTrigger, TriggerUnfit
from models_registry.models import Origin, RetrainingRequest, RetrainingTrigger
from models_registry.retraining_rules import move
from models_registry.states import OPEN, TRANSITIONS, RetrainingState, RetrainingVerb
from models_registry.tasks import sweep_retraining
from tests import factories
from tests.models_registry.bench import fresh, spec_of, told
from tests.models_registry.lab import model_of

# ── its life ────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_in_the_table_is_refused():
    refused = 0
    for state in RetrainingState:
        for verb in RetrainingVerb:
            row = RetrainingRequest(pk=7, state=state, expires_at=timezone.now())
            if (state, verb) in TRANSITIONS:
                move(row, verb)
                assert row.state == TRANSITIONS[state, verb]
                assert (row.ended_at is None) == (row.state in OPEN)
                continue
            refused += 1
            with pytest.raises(NotNow, match=r"RT-7 is .*; one cannot .* it then"):
                move(row, verb)
    assert refused > 30


def test_what_has_ended_stays_so_but_for_a_version_that_comes_late():
    ended = set(RetrainingState) - set(OPEN)
    assert {(state, verb) for state, verb in TRANSITIONS if state in ended} == {
        (RetrainingState.FAILED, RetrainingVerb.RETURN),
        (RetrainingState.EXPIRED, RetrainingVerb.RETURN),
    }


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────


def test_asking_leaves_a_row_an_event_and_a_reason(bench):
    request = bench.ask()
    assert (request.state, request.origin) == ("requested", Origin.PERSON)
    assert told(request) == [
        "Tom Becker asked for credit-risk to be trained again: Drift in the north."
    ]
    assert request.expires_at - request.requested_at == timedelta(hours=24)


def test_a_reason_is_needed(bench):
    for reason in ("", "   ", "x" * 2001, "\x00"):
        with pytest.raises(InvalidInput):
            bench.ask(reason=reason)
    assert not RetrainingRequest.objects.exists()


def test_who_may_only_look_may_not_ask(bench):
    factories.member("vera", bench.model.registry.project)
    for somebody in ("vera", "olga"):
        with pytest.raises(NotPermitted):
            bench.ask(by=somebody)
    assert not RetrainingRequest.objects.exists()


def test_a_service_account_may_ask_for_a_monitor_and_a_person_may_not_say_so(bench):
    machine = factories.service_account(bench.model.registry.project, "drift-watch").user
    with pytest.raises(InvalidInput, match="service account"):
        bench.ask(for_monitor=True)
    assert bench.ask(by=machine.username, for_monitor=True).origin == Origin.MONITOR


def test_a_model_has_one_open_request(bench):
    first = bench.ask()
    with pytest.raises(AlreadyAsked, match=rf"RT-{first.pk} for credit-risk is open \(requested\)"):
        bench.ask()


def test_the_database_itself_holds_one_open_request_per_model(bench, monkeypatch):
    bench.ask()
    monkeypatch.setattr("models_registry.actions.request_retraining._refuse_second", lambda m: None)
    with pytest.raises(AlreadyExists):
        bench.ask()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_one_is_told(make_bench):
    bench = make_bench()
    answers = []

    def ask():
        try:
            answers.append(bench.ask().pk)
        except AlreadyAsked:
            answers.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("told") == 2


def test_without_a_trigger_nobody_can_ask(bench):
    bench.change(is_active=False)
    with pytest.raises(NoTrigger, match="switched off"):
        bench.ask()
    bench.model = model_of(bench.model.registry.project, "fraud")
    with pytest.raises(NoTrigger, match="Nobody has said yet how fraud is trained again"):
        bench.ask()


def test_a_model_without_its_own_trigger_has_its_projects(bench):
    project = bench.model.registry.project
    whole = create_trigger(
        project, None, spec_of(bench.tool, "airflow", "credit"), by=factories.admin()
    )
    assert RetrainingTrigger.objects.of_model(bench.model) == bench.trigger
    assert RetrainingTrigger.objects.of_model(model_of(project, "fraud")) == whole


def test_a_model_that_was_deleted_is_not_trained_again(bench):
    bench.model.gone_at = timezone.now()
    bench.model.save()
    with pytest.raises(NotNow, match="was deleted in MLflow"):
        bench.ask()


# ── the cooldown ────────────────────────────────────────────────────────────────────────────────────


def ended(request):
    withdraw_retraining(request, comment="enough", by=factories.admin())


def test_after_a_training_the_model_is_left_alone_for_a_while(bench):
    ended(bench.begun())
    with pytest.raises(
        CoolingDown, match=r"the next time is possible from 20\d\d-.* UTC on"
    ) as refused:
        bench.ask()
    assert refused.value.extra["possible_from"].endswith("Z")
    RetrainingRequest.objects.update(called_at=timezone.now() - timedelta(hours=1, seconds=1))
    assert bench.ask()


def test_another_trigger_does_not_cool_the_model_faster(bench):
    ended(bench.begun())
    RetrainingTrigger.objects.update(model=None)
    project = bench.model.registry.project
    create_trigger(
        project, bench.model, spec_of(bench.tool, "airflow", "credit"), by=factories.admin()
    )
    with pytest.raises(CoolingDown):
        bench.ask()


def test_who_runs_the_project_may_cut_it_short_with_a_reason_that_is_told(bench):
    factories.member("oskar", bench.model.registry.project)
    ended(bench.begun())
    with pytest.raises(NotPermitted):
        bench.ask(override="I am in a hurry.")
    request = bench.ask(by="oskar", override="The data was wrong.")
    assert "The cooldown was cut short: The data was wrong." in told(request)[0]


def test_an_override_that_was_not_needed_is_not_told(bench):
    request = bench.ask(by="admin", override="In case of need.")
    assert request.override == ""
    assert "cut short" not in told(request)[0]


def test_a_call_that_surely_began_nothing_cools_nothing(bench, tokens):
    (tokens / "credit.train").write_text("robot:wrong")
    assert bench.begun().state == "failed"
    assert bench.ask()


# ── ending ──────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_asked_may_withdraw_and_others_need_to_run_the_project(bench):
    project = bench.model.registry.project
    factories.member("priya", project)
    request = bench.ask()
    with pytest.raises(NotPermitted):
        withdraw_retraining(request, comment="no", by=factories.person("priya"))
    with pytest.raises(InvalidInput):
        withdraw_retraining(request, comment=" ", by=factories.person("tom"))
    withdraw_retraining(request, comment="Found the bug.", by=factories.person("tom"))
    request = fresh(request)
    assert (request.state, request.sentence) == ("withdrawn", "It was withdrawn.")
    assert told(request)[-1].endswith(f"withdrew RT-{request.pk} of credit-risk: Found the bug.")
    bench.work(request)
    assert bench.tool.begun == []
    with pytest.raises(NotNow, match="is withdrawn"):
        withdraw_retraining(request, comment="again", by=factories.person("tom"))


def unclear(make_bench):
    bench = make_bench("gitlab_trigger")
    bench.tool.faults = ["lost"]
    request = bench.work(bench.begun())
    assert request.state == "unclear"
    return bench, request


def test_a_person_who_looked_says_that_it_was_begun(make_bench):
    bench, request = unclear(make_bench)
    tom = factories.person("tom")
    with pytest.raises(InvalidInput):
        clear_retraining(request, has_begun=True, comment="", by=tom)
    clear_retraining(request, has_begun=True, comment="Pipeline 42.", by=tom)
    assert fresh(request).state == "triggered"
    assert "says that it was begun: Pipeline 42." in told(request)[-1]
    with pytest.raises(NotNow):
        clear_retraining(request, has_begun=True, comment="again", by=tom)
    request = bench.work(request)
    assert request.try_at == request.expires_at  # a trigger token cannot ask how far it is


def test_a_person_who_looked_has_it_called_again(make_bench):
    bench, request = unclear(make_bench)
    with pytest.raises(NotPermitted):
        clear_retraining(request, has_begun=False, comment="x", by=factories.person("vera"))
    clear_retraining(request, has_begun=False, comment="None.", by=factories.person("tom"))
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 2  # the person erred, and was asked for that


def test_what_does_not_come_back_in_time_expires(bench):
    request = bench.begun()
    sweep_retraining()
    assert fresh(request).state == "triggered"
    RetrainingRequest.objects.update(expires_at=timezone.now())
    sweep_retraining()
    sweep_retraining()
    request = fresh(request)
    assert request.state == "expired"
    assert told(request)[-1] == (
        f"RT-{request.pk} of credit-risk ran out: no version with its id has come from MLflow in time."
    )
    assert len(told(request)) == 3


def test_what_could_not_be_begun_in_time_says_why(bench, tokens):
    (tokens / "credit.train").unlink()
    request = bench.begun()
    assert (request.state, request.called_at) == ("requested", None)
    RetrainingRequest.objects.update(expires_at=timezone.now())
    sweep_retraining()
    assert "could not be begun in time. The secret credit.train" in told(request)[-1]


# ── what is called ──────────────────────────────────────────────────────────────────────────────────


def test_the_settings_are_told_and_the_secret_is_named_only(bench):
    bench.change(cooldown_seconds=60, parameters={"data": "2026-11"})
    events = with_sentences(Event.objects.filter(stream=bench.trigger.audit_stream).order_by("pk"))
    first, second = (event.sentence for event in events)
    assert first == "Admin chose what trains credit-risk again: Airflow DAG at 127.0.0.1."
    assert "parameters from data=2026-10 to data=2026-11" in second
    bench.change()  # the same again
    assert Event.objects.filter(stream=bench.trigger.audit_stream).count() == 2


UNFIT = {
    "metadata": ("address", {"address": "https://169.254.169.254/api/v2/dags/x"}),
    "plain http": ("address", {"address": "http://airflow.example.com/api/v2/dags/x"}),
    "other path": ("address", {"address": "https://airflow.example.com/dags/x"}),
    "query": ("address", {"address": "https://airflow.example.com/api/v2/dags/x?a=b"}),
    "up": ("address", {"address": "https://a.example.com/../api/v2/dags/.."}),
    "user": ("address", {"address": "https://u:p@a.example.com/api/v2/dags/x"}),
    "kind": ("kind", {"kind": "carrier pigeon"}),
    "another's secret": ("secret", {"secret": "payments.train"}),
    "no secret": ("secret", {"secret": ""}),
    "a path as secret": ("secret", {"secret": "credit./etc/passwd"}),
    "reserved": ("parameters", {"parameters": {"Gatehouse_model": "x"}}),
    "odd name": ("parameters", {"parameters": {"a-b": "x"}}),
    "two lines": ("parameters", {"parameters": {"a": "x\ny"}}),
    "too many": ("parameters", {"parameters": {f"a{n}": "x" for n in range(21)}}),
    "no ref": (
        "ref",
        {"kind": "gitlab", "ref": "", "address": "https://g.example.com/api/v4/projects/1"},
    ),
    "long cooldown": ("cooldown_seconds", {"cooldown_seconds": 91 * 86400}),
    "no time": ("timeout_seconds", {"timeout_seconds": 1}),
}


def test_a_trigger_that_could_not_work_is_refused_at_its_field(bench):
    found = {}
    for name, (_, change) in UNFIT.items():
        with pytest.raises(InvalidInput) as refused:
            bench.change(**change)
        found[name] = list(refused.value.fields)
    assert found == {name: [field] for name, (field, _) in UNFIT.items()}


def test_there_is_one_trigger_for_a_model_and_one_for_the_rest(bench):
    project, spec = bench.model.registry.project, spec_of(bench.tool, "airflow", "credit")
    with pytest.raises(AlreadyExists):
        create_trigger(project, bench.model, spec, by=factories.admin())
    create_trigger(project, None, spec, by=factories.admin())
    with pytest.raises(AlreadyExists):
        create_trigger(project, None, spec, by=factories.admin())
    other = factories.project("payments", environments=[])
    with pytest.raises(TriggerUnfit, match="no such model"):
        create_trigger(other, bench.model, spec, by=factories.admin())


def test_only_who_runs_the_project_says_what_is_called(bench):
    project, spec = bench.model.registry.project, spec_of(bench.tool, "airflow", "credit")
    with pytest.raises(NotPermitted):
        create_trigger(project, None, spec, by=factories.person("tom"))


def test_of_somebody_erased_the_words_go_and_the_request_stays(bench):
    request = bench.ask(by="admin")
    RetrainingRequest.objects.update(override="In a hurry.")
    assert erase(factories.admin()).counts["reasons"] == 1
    request = fresh(request)
    assert (request.reason, request.override) == (ERASED, ERASED)
