"""An erased person's name in MLflow is gone, and the person still signs for no model of theirs."""

import json

import pytest
from django.db import connection, transaction

from audit.models import Event
from audit.privacy.disclosures import disclosed
from catalog import erasure as of_the_catalog
from catalog.actions.add_identity import add_identity
from catalog.models import ArtifactVersion, User
from models_registry import erasure
from models_registry.models import ModelVersion
from releases.eligibility import authors_of
from tests import factories
from tests.models_registry.lab import trained
from tests.support.removal import say_pruned

pytestmark = pytest.mark.django_db


def rows_that_say(word):
    found = []
    with connection.cursor() as cursor:
        for table in (
            "models_registry_modelversion",
            "catalog_artifactversion",
            "catalog_identity",
        ):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")  # noqa: S608 -- the names above
            found += [table for (row,) in cursor.fetchall() if f'"{word}"' in row.lower()]
    return found


def test_who_trained_and_registered_a_model_is_erased_and_stays_its_author(lab, anna):
    tom = factories.person("tom")
    add_identity(tom, kind="mlflow", value="anna", by=factories.admin())
    anna.model("credit-risk")
    trained(anna, user="anna", tags={"mlflow.user": "anna", "team": "risk"})
    lab.sync()
    assert rows_that_say("anna")
    told = Event.objects.get(type="models_registry.version_taken_in").pk
    assert disclosed([told])[told]["trained_by"] == "anna"
    before = ModelVersion.objects.get()

    with transaction.atomic():
        say_pruned()  # or no disclosure goes
        erased = erasure.erase(tom)
        of_the_catalog.erase(User.objects.get(pk=tom.pk))

    assert erased.counts["models"] == 1
    assert [each.field for each in erased.taken] == ["trained_by"]
    assert rows_that_say("anna") == []
    assert "trained_by" not in disclosed([told])[told]
    version = ModelVersion.objects.get()
    assert version.trained_by == tom.pseudonym
    assert version.run_tags["team"] == "risk"
    assert version.snapshot_digest == before.snapshot_digest
    assert "anna" not in json.dumps(ArtifactVersion.objects.get().authors)
    versions = ArtifactVersion.objects.select_related("artifact")
    assert authors_of(versions).known == {tom.pk: "trained or registered credit-risk 1"}
