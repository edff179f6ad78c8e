"""What the adapter counts on: asked of the stand-in in every run, of a real server by `make test-mlflow`.

Whatever fails for one of the two is either wrong in the stand-in, or new in MLflow.
"""

import uuid

import httpx
import pytest

from models_registry.clients.paging import token_of
from models_registry.clients.port import RegistryRefused

DATASET = {
    "tags": [{"key": "mlflow.data.context", "value": "training"}],
    "dataset": {
        "name": "loans",
        "digest": "c4cf349b",
        "source_type": "s3",
        "source": '{"uri": "s3://lake/loans.parquet"}',
    },
}


@pytest.fixture
def name(anna):
    """A new registered model."""
    name = f"crédit risk {uuid.uuid4().hex[:8]}"
    anna.model(name)
    return name


def listed(registry, name):
    return [each for page in registry.model_pages() for each in page if each.name == name]


def test_what_is_empty_is_left_out_and_numbers_of_versions_are_text(anna, name):
    model = anna.call("GET", "registered-models/get", name=name)["registered_model"]
    assert not {"tags", "aliases", "latest_versions", "description"} & model.keys()
    assert anna.call("GET", "model-versions/search", filter=f'name="{name}"') == {}
    anna.version(name)
    (row,) = anna.call("GET", "model-versions/search", filter=f'name="{name}"')["model_versions"]
    assert row["version"] == "1"
    assert row["current_stage"] == "None"
    assert not {"tags", "aliases", "user_id"} & row.keys()


def test_models_and_versions_are_read_as_they_were_written(anna, registry, name):
    run_id = anna.run()
    anna.version(name, source="s3://m/1", run_id=run_id, tags=[{"key": "a", "value": "b"}])
    anna.version(name)
    (seen,) = listed(registry, name)
    assert seen == registry.model(name)
    first, second = registry.versions_of(name)
    assert (first.number, second.number) == (1, 2)
    assert (first.source, first.run_id, first.tags) == ("s3://m/1", run_id, {"a": "b"})
    assert first.status == "READY"
    assert first == registry.version(name, 1)


def test_the_whole_list_comes_in_the_order_of_names_and_numbers(anna, registry, name):
    for _ in range(11):
        anna.version(name)
    page = next(iter(registry.version_pages()))
    assert [number for each, number in page.keys if each == name] == list(range(1, 12))
    keys = [key for page in registry.version_pages() for key in page.keys]
    assert list(dict.fromkeys(each for each, _ in keys)) == sorted({each for each, _ in keys})


def test_pages_follow_each_other_by_a_token(anna, registry, name, monkeypatch):
    monkeypatch.setattr("models_registry.clients.mlflow.VERSIONS_PER_PAGE", 2)
    for _ in range(5):
        anna.version(name)
    assert [each.number for each in registry.versions_of(name)] == [1, 2, 3, 4, 5]


def test_a_page_token_says_how_many_rows_come_before_and_nothing_else(anna, name):
    for _ in range(3):
        anna.version(name)
    asked = {"filter": f'name="{name}"', "max_results": 2}
    first = anna.call("GET", "model-versions/search", **asked)
    assert first["next_page_token"] == token_of(2)
    beyond = anna.call("GET", "model-versions/search", **asked, page_token=token_of(100))
    assert beyond == {}


def test_several_pages_are_asked_for_at_once_and_come_in_order(anna, registry, name, monkeypatch):
    for _ in range(9):
        anna.version(name)
    whole = [key for page in registry.version_pages() for key in page.keys]
    size = len(whole) // 5 + 1
    monkeypatch.setattr("models_registry.clients.mlflow.VERSIONS_PER_PAGE", size)
    for about in (0, size + 1, len(whole), 2 * len(whole)):
        pages = registry.version_pages(about)
        assert [key for page in pages for key in page.keys] == whole


def test_aliases_are_shown_by_the_model_and_never_by_the_list_of_versions(anna, registry, name):
    anna.version(name)
    anna.version(name)
    anna.alias(name, "champion", 2)
    assert registry.model(name).aliases == {"champion": 2}
    (seen,) = listed(registry, name)
    assert seen.aliases == {"champion": 2}
    rows = anna.call("GET", "model-versions/search", filter=f'name="{name}"')["model_versions"]
    assert not [row for row in rows if row.get("aliases")]


def test_the_time_of_the_last_change_stays_when_a_tag_or_an_alias_is_set(anna, name):
    anna.version(name)

    def changed_at():
        row = anna.call("GET", "model-versions/get", name=name, version="1")["model_version"]
        return row["last_updated_timestamp"]

    before = changed_at()
    anna.tag(name, 1, "reviewed", "yes")
    anna.alias(name, "champion", 1)
    assert changed_at() == before


def test_a_set_tag_changes_the_fingerprint_and_an_alias_that_of_the_model(anna, registry, name):
    anna.version(name)
    model, version = registry.model(name), registry.version(name, 1)
    anna.tag(name, 1, "reviewed", "yes")
    assert registry.version(name, 1).fingerprint != version.fingerprint
    assert registry.model(name).fingerprint == model.fingerprint
    anna.alias(name, "champion", 1)
    assert registry.model(name).fingerprint != model.fingerprint


def test_a_deleted_version_is_absent_everywhere_and_its_alias_with_it(anna, registry, name):
    anna.version(name)
    anna.version(name)
    anna.alias(name, "champion", 1)
    anna.delete_version(name, 1)
    assert registry.version(name, 1) is None
    assert [each.number for each in registry.versions_of(name)] == [2]
    assert registry.model(name).aliases == {}
    assert anna.version(name) == 3  # numbers are not used again


def test_what_runs_measured_of_a_logged_model_is_read_with_run_and_data(anna, registry):
    own, other = anna.run(finished=False), anna.run(finished=False)
    model_id = anna.logged_model(own)
    assert registry.logged_metrics(model_id) == []
    anna.measure(own, model_id, ("auc", 0.8, 1))
    anna.measure(other, model_id, ("auc", 0.75, 2), ("loss", 0, 0), dataset=("holdout", "c4cf349b"))
    found = {(each["run"], each["key"]): each for each in registry.logged_metrics(model_id)}
    assert found.keys() == {(own, "auc"), (other, "auc"), (other, "loss")}
    assert found[own, "auc"]["value"] == 0.8
    assert "dataset" not in found[own, "auc"]
    told = found[other, "auc"]
    assert (told["value"], told["step"], told["dataset"]) == (0.75, 2, "holdout")
    assert told["dataset_digest"] == "c4cf349b"
    assert (found[other, "loss"]["value"], found[other, "loss"]["said"]) == (None, "0 or NaN")
    assert registry.runs([own])[own].metrics[0]["value"] == 0.8
    assert registry.logged_metrics(f"m-{uuid.uuid4().hex}") == []


def test_a_logged_model_keeps_nan_as_nothing_that_can_be_told_from_0(anna, registry):
    run_id = anna.run(finished=False)
    model_id = anna.logged_model(run_id)
    anna.measure(run_id, model_id, ("auc", "NaN", 0))
    (metric,) = registry.logged_metrics(model_id)
    assert (metric["value"], metric["said"]) == (None, "0 or NaN")


def test_what_does_not_exist_is_absent_and_no_error(anna, registry, name):
    assert registry.model(f"{name} not") is None
    assert registry.version(name, 7) is None
    assert registry.versions_of(f"{name} not") == []
    assert registry.runs([uuid.uuid4().hex]) == {}
    assert registry.runs([uuid.uuid4().hex for _ in range(20)]) == {}


def test_a_renamed_model_keeps_its_age_and_its_versions(anna, registry, name):
    anna.version(name)
    before = registry.model(name)
    anna.rename(name, f"{name} new")
    after = registry.model(f"{name} new")
    assert after.created_at == before.created_at
    assert registry.model(name) is None
    assert registry.version(f"{name} new", 1).model == f"{name} new"


def test_a_model_made_anew_is_younger(anna, registry, name):
    before = registry.model(name)
    anna.delete_model(name)
    assert registry.model(name) is None
    anna.model(name)
    assert registry.model(name).created_at > before.created_at


def test_a_stage_is_shown(anna, registry, name):
    anna.version(name)
    anna.stage(name, 1, "Production")
    assert registry.version(name, 1).stage == "Production"


def test_runs_come_the_same_one_by_one_and_many_at_once(anna, registry):
    facts = {
        "tags": {"mlflow.source.git.commit": "4f1c"},
        "params": {"C": 0.5},
        "metrics": [("auc", 0.7, 0), ("auc", 0.9, 2), ("bad", "NaN", 0), ("inf", "Infinity", 0)],
        "datasets": [DATASET],
        "run_name": "first",
    }
    ids = [anna.run(**facts), *(anna.run() for _ in range(9))]
    single, many = registry.runs(ids[:1]), registry.runs(ids)
    assert many.keys() == set(ids)
    run = many[ids[0]]
    assert run == single[ids[0]]
    assert (run.name, run.user, run.status) == ("first", "anna", "FINISHED")
    assert run.parameters == {"C": "0.5"}
    assert run.tags["mlflow.source.git.commit"] == "4f1c"
    found = {each["key"]: (each["value"], each.get("said"), each["step"]) for each in run.metrics}
    assert found == {
        "auc": (0.9, None, 2),
        "bad": (None, "NaN", 0),
        "inf": (None, "Infinity", 0),
    }
    (dataset,) = run.datasets
    assert (dataset["digest"], dataset["strength"], dataset["context"]) == (
        "c4cf349b",
        "weak",
        "training",
    )


def test_files_are_listed_with_their_folders_and_read_as_they_are(anna, registry, name):
    run_id = anna.run()
    place = f"0/{run_id}/artifacts/model"
    content = bytes(range(256)) * 5000
    anna.file(f"{place}/MLmodel", b"flavors: {}")
    anna.file(f"{place}/data/weights ü.bin", content)
    anna.version(name, source=f"mlflow-artifacts:/{place}", run_id=run_id)
    uri = registry.download_uri(name, 1)
    assert registry.can_read(uri)
    listed = [(file.path, file.size) for file in registry.files(uri)]
    assert listed == [("MLmodel", 11), ("data/weights ü.bin", len(content))]
    assert b"".join(registry.read(uri, "data/weights ü.bin")) == content
    with pytest.raises(RegistryRefused, match="has no file 'nothing'"):
        list(registry.read(uri, "nothing"))
    assert registry.files(f"{uri}/nothing") == []


def test_an_alias_is_set_and_moved(anna, registry, name):
    anna.version(name)
    anna.version(name)
    registry.set_alias(name, "champion", 1)
    registry.set_alias(name, "champion", 2)
    assert registry.model(name).aliases == {"champion": 2}


def test_an_alias_of_a_version_that_is_gone_is_refused(anna, registry, name):
    anna.version(name)
    anna.delete_version(name, 1)
    with pytest.raises(RegistryRefused, match="has no version 1"):
        registry.set_alias(name, "champion", 1)


@pytest.mark.parametrize("wrong", ["credit/risk", "credit:risk"])
def test_names_with_a_slash_or_a_colon_are_not_taken(anna, wrong):
    with pytest.raises(httpx.HTTPStatusError):
        anna.model(wrong)


@pytest.mark.parametrize("part", ["it's", 'a "b"', "模型", "a  b", "50%", "a&b=c", "a+b", "a\\b"])
def test_any_other_name_is_found_by_its_name(anna, registry, part):
    name = f"{part} {uuid.uuid4().hex[:8]}"
    anna.model(name)
    anna.version(name)
    assert registry.model(name).name == name
    assert [each.number for each in registry.versions_of(name)] == [1]
    assert registry.version(name, 1).model == name
