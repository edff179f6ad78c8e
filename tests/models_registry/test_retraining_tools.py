"""Each tool is called once for a request, whatever dies in between."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from django.utils import timezone

from models_registry import retraining
from models_registry.actions import carry_out_retraining
from models_registry.errors import CoolingDown
from models_registry.models import RetrainingRequest
from tests.audit.sealing import SealedLog
from tests.models_registry.bench import KINDS, fresh, hurry, told

EVERY = list(KINDS)
LOOKING = ["airflow", "airflow-2", "github", "gitlab", "gitlab_inputs", "jenkins"]
CERTAIN = [*LOOKING, "webhook"]


class Killed(BaseException):
    """kill -9, as far as the row can tell."""


@pytest.fixture
def dies(monkeypatch):
    """Let the next worker die between the tool's answer and its own commit."""

    def die(*args, **kwargs):
        monkeypatch.undo_death()
        raise Killed

    real = carry_out_retraining.note_begun
    monkeypatch.undo_death = lambda: monkeypatch.setattr(carry_out_retraining, "note_begun", real)
    monkeypatch.setattr(carry_out_retraining, "note_begun", die)


@pytest.mark.parametrize("kind", EVERY)
def test_a_request_is_begun_in_its_tool_with_its_own_id(kind, make_bench):
    bench = make_bench(kind)
    request = bench.begun()
    assert bench.tool.begun == [request.own_id]
    assert request.state == "triggered"
    assert request.run_id
    assert "was begun in" in told(request)[-1]


@pytest.mark.parametrize("kind", CERTAIN)
def test_a_worker_that_died_after_the_call_leaves_one_training(kind, make_bench, dies):
    bench = make_bench(kind)
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    assert len(bench.tool.begun) == 1
    assert not retraining.see_to(request.pk)  # its lease holds
    request = bench.work(request)
    assert request.state == "triggered"
    assert request.run_id
    assert len(bench.tool.begun) == 1


def test_what_a_trigger_token_began_unseen_is_left_to_a_person(make_bench, dies):
    bench = make_bench("gitlab_trigger")
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    request = bench.work(request)
    assert request.state == "unclear"
    assert "cannot read which pipelines" in request.sentence
    bench.work(request)
    assert len(bench.tool.begun) == 1


@pytest.mark.parametrize("kind", ["airflow", "gitlab", "jenkins"])
def test_an_answer_that_was_lost_is_looked_for_before_calling_again(kind, make_bench):
    bench = make_bench(kind)
    bench.tool.faults = ["500-after" if kind == "airflow" else "lost"]
    request = bench.begun()
    assert (request.state, request.tries) == ("requested", 1)
    request = bench.work(request)
    assert request.state == "triggered"
    assert len(bench.tool.begun) == 1


@pytest.mark.parametrize("kind", ["github", "jenkins", "webhook"])
def test_a_call_that_did_nothing_is_made_again(kind, make_bench):
    bench = make_bench(kind)
    bench.tool.faults = ["500"]
    request = bench.begun()
    assert "answered 500: boom" in request.sentence
    request = bench.work(request)
    assert (request.state, len(bench.tool.begun)) == ("triggered", 1)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_page_instead_of_json_is_said(kind, make_bench):
    bench = make_bench(kind)
    bench.tool.faults = ["html"]
    request = bench.begun()
    assert "with a web page instead of JSON" in request.sentence
    assert request.state == "requested"


@pytest.mark.parametrize("kind", ["jenkins", "webhook"])
def test_a_redirect_is_not_followed_and_fails_it(kind, make_bench):
    bench = make_bench(kind)
    bench.tool.faults = ["redirect"]
    request = bench.begun()
    assert request.state == "failed"
    assert "a redirect, which is not followed" in request.sentence


@pytest.mark.parametrize("kind", EVERY)
def test_a_refusal_fails_it_with_the_tools_own_reason(kind, make_bench, tokens):
    bench = make_bench(kind)
    words = {
        "github": "Unexpected inputs provided",
        "gitlab": "Reference not found",
        "gitlab_inputs": "Unknown input arguments: data",
        "gitlab_trigger": "404 Not Found",
        "jenkins": "answered 401",
        "airflow": "'other' not found",
        "airflow-2": "Unauthorized",
    }
    match kind:
        case "github":
            bench.tool.inputs = {"gatehouse_retraining_request"}
        case "gitlab":
            bench.change(ref="gone")
        case "gitlab_inputs":
            bench.tool.inputs = {"gatehouse_retraining_request"}
        case "airflow":
            bench.change(address=bench.tool.address.replace("train_credit", "other"))
        case "webhook":
            bench.tool.answer = lambda *args: (403, {"error": "not you"})
        case _:
            (tokens / "credit.train").write_text("robot:wrong")
    request = bench.begun()
    assert request.state == "failed"
    assert words.get(kind, "not you") in request.sentence
    assert "failed:" in told(request)[-1]


@pytest.mark.parametrize("kind", ["github", "gitlab_trigger", "webhook"])
def test_a_tool_that_is_away_or_busy_is_called_later_with_growing_pauses(kind, make_bench):
    bench = make_bench(kind)
    address = bench.trigger.address
    port = address.split(":")[2].partition("/")[0]
    bench.change(address=address.replace(port, "9"))
    request = bench.begun()
    assert "did not answer" in request.sentence
    assert (request.state, request.called_at) == ("requested", None)
    first = request.try_at - timezone.now()
    second = bench.work(request).try_at - timezone.now()
    assert second > first * 1.5
    bench.change(address=address)
    bench.tool.faults = ["429"]
    assert bench.work(request).called_at is None
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 1
    assert sum("came to nothing" in each for each in told(request)) == 1


def test_a_hung_tool_is_given_up_and_looked_after_later(make_bench, monkeypatch):
    monkeypatch.setattr("audit.outgoing.READ_SECONDS", 0.2)
    bench = make_bench("jenkins")
    bench.tool.faults = ["hang"]
    request = bench.begun()
    assert "did not answer" in request.sentence
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 1


def test_what_a_call_did_has_time_to_show(make_bench, settings, dies):
    settings.RETRAINING_SETTLE_SECONDS = 60
    bench = make_bench("github")
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    hidden, bench.tool.runs = bench.tool.runs, []
    request = bench.work(request)
    assert request.state == "requested"
    assert request.try_at > timezone.now() + timedelta(seconds=30)
    bench.tool.runs = hidden
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 1


@pytest.mark.parametrize("kind", ["jenkins", "webhook"])
def test_a_secret_that_is_gone_for_a_while_makes_nobody_forget_that_a_call_was_made(
    kind, make_bench, tokens, dies
):
    bench = make_bench(kind)
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    secret = tokens / "credit.train"
    held = secret.read_text()
    secret.unlink()
    request = bench.work(request)
    assert "RETRAINING_SECRETS_DIR" in request.sentence
    assert request.called_at is not None
    secret.write_text(held)
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 1


def test_a_refusal_of_the_second_call_does_not_prove_that_the_first_began_nothing(make_bench):
    bench = make_bench("webhook")
    bench.tool.faults = ["lost"]
    request = bench.begun()
    assert (request.state, len(bench.tool.begun)) == ("requested", 1)
    bench.tool.answer = lambda *args: (409, {"error": "known already"})
    request = bench.work(request)
    assert (request.state, request.called_at is not None) == ("failed", True)
    with pytest.raises(CoolingDown):
        bench.ask()


def test_a_second_worker_that_comes_too_late_changes_nothing(bench, monkeypatch):
    request = bench.ask()
    real = carry_out_retraining.note_call

    def taken_over(row, *, holder):
        real(row, holder=holder)
        RetrainingRequest.objects.update(lease_holder="another", try_at=timezone.now())

    monkeypatch.setattr(carry_out_retraining, "note_call", taken_over)
    assert not retraining.see_to(request.pk)
    assert fresh(request).state == "requested"
    monkeypatch.setattr(carry_out_retraining, "note_call", real)
    assert bench.work(request).state == "triggered"
    assert len(bench.tool.begun) == 1


def test_a_worker_that_slept_before_its_call_does_not_make_it(bench, settings):
    settings.RETRAINING_LEASE_SECONDS = -1
    request = bench.ask()
    assert not retraining.see_to(request.pk)
    assert bench.tool.begun == []


# ── what each tool is told ──────────────────────────────────────────────────────────────────────────


def test_airflow_gets_the_id_as_the_runs_own_and_in_its_conf(bench):
    request = bench.begun()
    run = bench.tool.runs[request.own_id]
    assert run["conf"] == {
        "data": "2026-10",
        "gatehouse_retraining_request": request.own_id,
        "gatehouse_model": "credit-risk",
    }
    assert request.run_url.endswith(f"/dags/train_credit/runs/{request.own_id}")


def test_an_older_github_that_cannot_name_the_run_is_asked_by_the_runs_name(make_bench):
    bench = make_bench("github")
    bench.tool.knows_details = False
    request = bench.begun()
    assert (request.state, request.run_id) == ("triggered", "")
    bench.tool.state("in_progress")
    request = bench.work(request)
    assert (request.state, request.run_id) == ("running", "42")


def test_a_run_without_a_name_of_its_own_is_left_to_a_person(make_bench, dies):
    bench = make_bench("github")
    bench.tool.run_name = False
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    request = bench.work(request)
    assert request.state == "unclear"
    assert "run-name" in request.sentence
    assert len(bench.tool.begun) == 1


def test_other_requests_runs_are_no_reason_for_doubt(make_bench):
    bench = make_bench("github")
    bench.tool.run("gatehouse-00000000-0000-4000-8000-000000000000")
    bench.tool.faults = ["500"]
    request = bench.begun()
    assert bench.work(request).state == "triggered"


def test_variables_that_may_not_be_read_are_a_reason_for_doubt(make_bench, dies):
    bench = make_bench("gitlab")
    bench.tool.shows_variables = False
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    request = bench.work(request)
    assert request.state == "unclear"
    assert "403 Forbidden" in request.sentence


def test_inputs_go_as_inputs_and_no_variable_is_set(make_bench):
    bench = make_bench("gitlab_inputs")
    request = bench.begun()
    (pipeline,) = bench.tool.pipelines
    assert pipeline["variables"] == {}
    assert pipeline["name"] == f"Retrain {request.own_id}"


def test_a_pipeline_whose_name_says_no_request_is_left_to_a_person(make_bench, dies):
    bench = make_bench("gitlab_inputs")
    bench.tool.names_runs = False
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    request = bench.work(request)
    assert request.state == "unclear"
    assert "workflow name hold inputs.gatehouse_retraining_request" in request.sentence
    assert len(bench.tool.begun) == 1


def test_a_job_that_does_not_declare_the_parameter_is_left_to_a_person(make_bench, dies):
    bench = make_bench("jenkins")
    bench.tool.declared = {"DATA"}
    request = bench.ask()
    with pytest.raises(Killed):
        bench.work(request)
    request = bench.work(request)
    assert request.state == "unclear"
    assert "declare the parameter GATEHOUSE_RETRAINING_REQUEST" in request.sentence


def test_jenkins_asks_for_a_crumb_where_the_secret_is_a_password(make_bench, tokens):
    bench = make_bench("jenkins")
    (tokens / "credit.train").write_text(bench.tool.password)
    assert bench.begun().state == "triggered"
    assert ("GET", "/ci/crumbIssuer/api/json") in bench.tool.calls


def test_a_place_in_jenkins_queue_becomes_a_build(make_bench):
    bench = make_bench("jenkins")
    request = bench.begun()
    assert request.run_id == "queue/42"
    request = bench.work(request)
    assert (request.state, request.run_id) == ("triggered", "queue/42")
    assert "quiet period" in request.sentence
    bench.tool.start()
    bench.tool.forget()
    request = bench.work(bench.work(request))
    assert (request.state, request.run_id) == ("running", "build/1")
    assert request.run_url == f"{bench.tool.address}/1/"
    bench.tool.end("FAILURE")
    request = bench.work(request)
    assert (request.state, request.sentence) == ("failed", "The build ended in Jenkins: FAILURE.")


def test_a_webhook_is_signed_and_has_the_same_id_when_it_is_sent_again(make_bench):
    bench = make_bench("webhook")
    bench.tool.faults = ["500"]
    request = bench.work(bench.begun())
    assert bench.tool.begun == [request.own_id]
    headers, message = bench.tool.received[0]
    assert headers["webhook-id"] == headers["idempotency-key"] == request.own_id
    assert message["mlflow_tag"] == {
        "key": "gatehouse.retraining_request",
        "value": request.own_id,
    }
    assert message["parameters"] == {"data": "2026-10"}
    assert message["log_checkpoint"] is None  # nothing of this log is signed


@pytest.mark.django_db(transaction=True)
def test_a_webhook_holds_the_newest_checkpoint_of_the_log(make_bench, tmp_path, settings):
    note = SealedLog(tmp_path / "log", settings).grow(3)
    bench = make_bench("webhook")
    bench.begun()
    assert bench.tool.received[0][1]["log_checkpoint"].encode() == bytes(note)


def test_the_webhooks_signature_is_over_id_time_and_body(make_bench):
    bench = make_bench("webhook")
    kept = []
    answer = bench.tool.answer
    bench.tool.answer = lambda m, p, a, headers, body: (
        kept.append((headers, body)),
        answer(m, p, a, headers, body),
    )[1]
    bench.begun()
    headers, body = kept[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = b"0123456789abcdef0123456789abcdef"
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


# ── how far it is ───────────────────────────────────────────────────────────────────────────────────

ENDS = {
    "airflow": ("running", "success", "failed"),
    "github": (("in_progress",), ("completed", "success"), ("completed", "failure")),
    "gitlab": ("running", "success", "failed"),
    "gitlab_inputs": ("running", "success", "failed"),
}


def set_state(tool, state):
    tool.state(*state) if isinstance(state, tuple) else tool.state(state)


@pytest.mark.parametrize("kind", ENDS)
def test_the_request_follows_its_training(kind, make_bench):
    bench = make_bench(kind)
    running, well, _ = ENDS[kind]
    request = bench.begun()
    assert bench.work(request).state == "triggered"
    set_state(bench.tool, running)
    request = bench.work(request)
    assert request.state == "running"
    assert "The training of" in told(request)[-1]
    set_state(bench.tool, well)
    request = bench.work(request)
    assert request.state == "running"
    assert "Its version has not come from MLflow yet." in request.sentence


@pytest.mark.parametrize("kind", ENDS)
def test_a_training_that_failed_fails_its_request(kind, make_bench):
    bench = make_bench(kind)
    request = bench.begun()
    set_state(bench.tool, ENDS[kind][2])
    request = bench.work(request)
    assert request.state == "failed"
    assert "fail" in request.sentence


@pytest.mark.parametrize("kind", ["airflow", "github", "gitlab"])
def test_a_training_that_is_gone_fails_its_request(kind, make_bench):
    bench = make_bench(kind)
    request = bench.begun()
    getattr(bench.tool, "runs" if hasattr(bench.tool, "runs") else "pipelines").clear()
    assert "no more" in bench.work(request).sentence


def test_a_look_that_is_refused_does_not_fail_what_runs(make_bench, tokens):
    bench = make_bench("github")
    request = bench.begun()
    (tokens / "credit.train").write_text("expired")
    request = bench.work(request)
    assert (request.state, request.called_at is not None) == ("triggered", True)
    assert "Bad credentials" in request.sentence
    (tokens / "credit.train").unlink()
    assert "RETRAINING_SECRETS_DIR" in bench.work(request).sentence


@pytest.mark.parametrize("kind", ["webhook", "gitlab_trigger"])
def test_what_cannot_be_asked_is_not_asked(kind, make_bench):
    request = make_bench(kind).begun()
    assert request.try_at == request.expires_at


# ── where it may be ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["airflow", "webhook"])
def test_an_address_that_leads_inside_is_never_called(kind, make_bench, settings):
    bench = make_bench(kind)
    address = bench.trigger.address.replace("http://127.0.0.1", "https://localhost")
    bench.change(address=address)
    settings.OUTGOING_ALLOWED_HOSTS = []
    request = bench.begun()
    assert request.state == "failed"
    assert "not a public address" in request.sentence
    assert bench.tool.calls == []


def test_nonsense_from_a_tool_is_no_answer(make_bench):
    bench = make_bench("gitlab")
    request = bench.begun()
    RetrainingRequest.objects.update(triggered_at=None, state="requested")
    for nonsense in ([{"id": "x"}], [7], {"a": 1}):
        bench.tool.answer = lambda *args, said=nonsense: (200, said)
        hurry()
        retraining.see_to(request.pk)
        assert "another form than it documents" in fresh(request).sentence
