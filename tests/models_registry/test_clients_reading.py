"""MLflow's words as plain data: what a dataset's digest is worth, and what no model can be called."""

import json

import pytest

from models_registry.clients.port import RegistryUnavailable
from models_registry.clients.reading import dataset_of, model_of, strength_of, version_of

TABLE = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9"
COMMIT = "5d1c" * 10


def logged(source_type, source, digest="c4cf349b"):
    dataset = {"name": "loans", "digest": digest, "source_type": source_type}
    read = dataset_of({"dataset": {**dataset, "source": json.dumps(source)}})
    return read["digest"], read["strength"], read.get("said")


@pytest.mark.parametrize(
    ("digest", "strength"),
    [
        ("", "none"), ("c4cf349b", "weak"), ("a" * 32, "strong"), (f"md5:{'a' * 32}.dir", "strong"),
        (f"sha256:{'b' * 64}", "strong"), (f"etag:{'a' * 32}", "weak"), ("v3 of may", "weak"),
        (f"md5-dos2unix:{'a' * 32}", "weak"), ("sha256:zz", "weak"), ("delta:t@4", "strong"),
    ],
)  # fmt: skip
def test_a_digest_is_worth_what_its_form_shows(digest, strength):
    assert strength_of(digest) == strength


@pytest.mark.parametrize("source_type", ["delta_table", "hugging_face", "dvc", "oci", "git", "s3"])
def test_mlflows_own_digest_is_weak_whatever_the_data_comes_from(source_type):
    """MLflow hashes the first 10,000 rows of every kind of source alike."""
    assert logged(source_type, {"path": "x"}) == ("c4cf349b", "weak", None)


def test_a_version_of_a_delta_table_with_its_id_names_the_state():
    source = {"delta_table_name": "main.risk.loans", "delta_table_version": 214}
    assert logged("delta_table", source) == ("c4cf349b", "weak", None)
    known = {**source, "delta_table_id": TABLE}
    assert logged("delta_table", known) == (f"delta:{TABLE}@214", "strong", "c4cf349b")
    assert logged("s3", known) == ("c4cf349b", "weak", None)


def test_a_revision_names_the_state_only_as_a_commit():
    assert logged("hugging_face", {"path": "x", "revision": COMMIT})[0] == f"git:{COMMIT}"
    assert logged("hugging_face", {"path": "x", "revision": "main"})[0] == "c4cf349b"


@pytest.mark.parametrize("source", ["plain text", "[1]", '"x"', "{", "1" * 5000])
def test_a_source_that_is_nothing_of_the_kind_is_kept_as_it_is(source):
    read = dataset_of({"dataset": {"digest": "c4", "source_type": "delta_table", "source": source}})
    assert (read["digest"], read["source"]) == ("c4", source[:2000])


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "1e3", "x", True, None])
def test_a_version_with_a_number_that_no_version_has_is_refused(number):
    with pytest.raises(RegistryUnavailable, match="without a name or a number"):
        version_of({"name": "credit", "version": number})


@pytest.mark.parametrize("name", ["", "x" * 501, None])
def test_a_model_without_a_name_that_can_be_kept_is_refused(name):
    with pytest.raises(RegistryUnavailable, match="empty or far too long"):
        model_of({"name": name})
    with pytest.raises(RegistryUnavailable):
        version_of({"name": name, "version": "1"})
