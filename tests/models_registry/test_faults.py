"""MLflow at its worst: each ends in the right state, with a sentence, and no version by halves."""

import time

import pytest

from catalog.errors import InvalidInput
from models_registry import work
from models_registry.errors import RegistryUnfit
from models_registry.models import Intake, ModelVersion
from tests.models_registry.lab import trained

HTML = (200, b"<html><title>Sign in</title></html>", "text/html")
BROKEN = (500, b'{"error_code": "INTERNAL_ERROR", "message": "disk full"}', "application/json")


def always(answer, *calls):
    return lambda call, asked: answer if not calls or call in calls else None


@pytest.mark.parametrize(
    ("fault", "result", "words"),
    [
        (always(HTML), "errored", "is not JSON; it begins with '<html>"),
        (always(BROKEN), "errored", "with 500: disk full"),
        (always((200, b"[]", "application/json")), "errored", "is not a JSON object"),
        (always((200, b"", "application/json")), "errored", "is not JSON"),
        (always("close"), "errored", "did not answer"),
        (always((401, b"", "text/plain")), "refused", "credentials do not suffice"),
        (always((403, b"{}", "application/json")), "refused", "credentials do not suffice"),
        (always((302, b"", "text/html")), "refused", "redirect"),
        (always((404, b"<html>", "text/html")), "refused", "with 404"),
        (always((429, b"", "text/plain")), "errored", "with 429"),
        (
            always((200, b'{"model_versions": [{}]}', "application/json"), "model-versions/search"),
            "errored",
            "without a name or a number",
        ),
    ],
    ids=[
        "html", "500", "a list", "nothing", "hangs up", "401", "403", "redirect", "404", "429",
        "nameless",
    ],
)  # fmt: skip
def test_an_answer_that_is_of_no_use_ends_in_a_sentence(lab, anna, standin, fault, result, words):
    anna.model("credit-risk")
    trained(anna)
    standin.faults.append(fault)
    state = lab.sync()
    assert state.result == result
    assert words in state.sentence
    assert not ModelVersion.objects.exists()
    assert lab.events()[-1] == "models_registry.sync_failed"
    standin.faults.clear()
    assert lab.sync().result == "succeeded"
    assert "models_registry.sync_recovered" in lab.events()
    assert lab.version("credit-risk").intake == Intake.COMPLETE


def test_failing_again_and_again_is_recorded_once_and_tried_more_rarely(lab, standin):
    standin.faults.append(always(BROKEN))
    pauses = []
    for _ in range(4):
        state = lab.sync()
        pauses.append(round((state.due_at - state.ended_at).total_seconds()))
    assert pauses == [60, 120, 240, 480]
    assert lab.events().count("models_registry.sync_failed") == 1


def test_a_server_that_is_down_is_errored(lab, standin):
    standin.stop()
    assert lab.sync().result == "errored"
    assert "did not answer" in lab.state.sentence


def test_a_slow_server_is_given_up(lab, standin, monkeypatch):
    monkeypatch.setattr("models_registry.clients.transport.READ_SECONDS", 0.2)
    standin.faults.append(lambda call, asked: time.sleep(1))
    assert "did not answer in time" in lab.sync().sentence


def test_an_answer_without_end_is_given_up(lab, standin, monkeypatch):
    monkeypatch.setattr("models_registry.clients.transport.LARGEST_ANSWER", 1000)
    standin.faults.append(always((200, b" " * 2000, "application/json")))
    assert "more than 1000 bytes" in lab.sync().sentence


@pytest.mark.parametrize("call", ["registered-models/search", "model-versions/search"])
def test_a_page_token_that_repeats_ends_the_comparison(lab, standin, call):
    answer = (200, b'{"next_page_token": "round"}', "application/json")
    standin.faults.append(always(answer, call))
    assert "run in a circle" in lab.sync().sentence


def test_a_registry_that_shows_nothing_all_at_once_deletes_nothing_unasked(lab, anna, standin):
    anna.model("credit-risk")
    trained(anna)
    lab.sync()
    standin.faults.append(
        always(
            (200, b"{}", "application/json"), "registered-models/search", "model-versions/search"
        )
    )
    lab.sync()
    assert lab.findings == []
    assert lab.version("credit-risk").gone_at is None


def test_files_that_break_off_are_read_again_later(lab, anna, standin):
    anna.model("credit-risk")
    trained(anna)
    standin.faults.append(always("close", "artifacts"))
    lab.sync()
    version = lab.version("credit-risk")
    assert (version.intake, version.artifact_version) == (Intake.WAITING, None)
    assert "did not answer" in version.digest_sentence
    standin.faults.clear()
    lab.sync()
    assert lab.version("credit-risk").intake == Intake.WAITING  # not yet its time
    lab.hurry()
    lab.sync()
    assert lab.version("credit-risk").intake == Intake.COMPLETE


@pytest.mark.parametrize("path", ["../../etc/passwd", "..", ""])
def test_a_file_with_a_path_that_leads_elsewhere_is_not_read(lab, anna, standin, path):
    anna.model("credit-risk")
    trained(anna)
    listed = f'{{"files": [{{"path": "{path}", "is_dir": false}}]}}'.encode()
    standin.faults.append(
        lambda call, asked: (
            (200, listed, "application/json") if call == "artifacts" and not asked["path"] else None
        )
    )
    lab.sync()
    assert "which is none" in lab.version("credit-risk").digest_sentence


def test_an_mlmodel_file_that_is_no_yaml_is_remarked(lab, anna, standin):
    anna.model("credit-risk")
    trained(anna)
    for path in standin.files:
        if path.endswith("MLmodel"):
            standin.files[path] = b"{[\xff"
    lab.sync()
    version = lab.version("credit-risk")
    assert version.remarks[-1].startswith("Its MLmodel file is not YAML")
    assert version.digest_basis == "files"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254", "https://169.254.169.254/latest", "https://[fe80::1]",
        "https://100.100.100.200", "https://[fd00:ec2::254]", "https://[fd00:ec2::23]",
        "https://192.0.0.192", "https://[::ffff:169.254.169.254]", "https://[64:ff9b::a9fe:a9fe]",
    ],
)  # fmt: skip
def test_a_registry_in_the_metadata_range_is_refused_even_if_the_operator_allows_it(
    lab, settings, url
):
    settings.OUTGOING_ALLOWED_HOSTS = ["169.254.169.254", "fe80::1", "100.100.100.200"]
    with pytest.raises(RegistryUnfit, match="never calls it"):
        lab.change(tracking_url=url)


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.254.43518"])
def test_an_address_written_as_a_number_is_none(lab, settings, host):
    settings.OUTGOING_ALLOWED_HOSTS = [host]
    with pytest.raises(InvalidInput, match="valid URL"):
        lab.change(tracking_url=f"http://{host}")


def test_a_name_that_leads_into_the_metadata_range_is_not_called(lab, settings, monkeypatch):
    settings.OUTGOING_ALLOWED_HOSTS = ["mlflow.example"]
    lab.change(tracking_url="http://mlflow.example")
    found = [(2, 1, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr("audit.outgoing.socket.getaddrinfo", lambda *a, **o: found)
    state = lab.sync()
    assert state.result == "refused"
    assert "169.254.169.254, where machines keep their own metadata" in state.sentence


def test_a_private_address_is_called_only_if_the_operator_allows_it(lab, settings):
    settings.OUTGOING_ALLOWED_HOSTS = []
    assert "is not a public address" in lab.fresh().sentence


def test_a_redirect_is_not_followed_wherever_it_leads(lab, standin):
    elsewhere = f"{standin.url}/elsewhere"
    standin.faults.append(always((307, b"", "text/html", elsewhere), "registered-models/search"))
    assert "with a redirect, which is not followed" in lab.sync().sentence
    assert [call for call, _ in standin.calls] == ["registered-models/search"]


def test_proxies_of_the_environment_are_not_used(lab, monkeypatch):
    """Else a proxy would resolve the name, and nobody would have checked the address."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert lab.fresh().result == "succeeded"


def test_a_missing_secret_is_said(lab, secrets):
    lab.change(credentials="credit.token")
    state = lab.sync()
    assert (state.result, state.sentence) == (
        "refused",
        "The secret credit.token cannot be read. The operator mounts it as a file in MLFLOW_CREDENTIALS_DIR.",
    )


@pytest.mark.parametrize(
    ("secret", "sent"),
    [("s3cret-token", "Bearer s3cret-token"), ("anna:pass", "Basic YW5uYTpwYXNz")],
    ids=["token", "password"],
)
def test_the_credentials_are_read_from_the_mounted_file(lab, secrets, standin, secret, sent):
    (secrets / "credit.mlflow").write_text(f"{secret}\n")
    lab.change(credentials="credit.mlflow")
    lab.sync()
    assert standin.authorizations[-1] == sent


def test_another_projects_secret_cannot_be_named(lab):
    with pytest.raises(RegistryUnfit, match=r"its name is 'credit' or begins with 'credit\."):
        lab.change(credentials="payments.token")


def test_what_mlflow_says_may_hold_anything(lab, anna, standin):
    anna.model("credit-risk", description="\x00 \ud7ff <script>")
    anna.version("credit-risk", tags=[{"key": "ключ", "value": "x" * 6000}], description="\x00")
    lab.sync()
    version = lab.version("credit-risk")
    assert len(version.tags["ключ"]) == 5000


def test_two_hundred_models_of_few_versions_are_read_page_by_page(lab, standin, monkeypatch):
    monkeypatch.setattr("models_registry.clients.mlflow.MODELS_PER_PAGE", 70)
    monkeypatch.setattr("models_registry.clients.mlflow.VERSIONS_PER_PAGE", 150)
    for number in range(200):
        name = f"model-{number:03d}"
        standin.answer("POST", "registered-models/create", {"name": name})
        for _ in range(2):
            standin.answer("POST", "model-versions/create", {"name": name, "source": "s3://m/x"})
    work.sync(lab.registry.pk)
    assert len(lab.names) == 200
    assert ModelVersion.objects.count() == 400
