"""What the checks about models count: those in production, measured, described and validated or not."""

import io
import json

import pytest

from audit.controls.answer import Standing, results
from audit.controls.check import all_checks
from audit.controls.question import Question
from releases.actions.add_evidence import add_evidence
from releases.actions.review_card import review_card
from releases.actions.save_card import save_card
from releases.models import Approval, Evidence
from tests import factories
from tests.releases.cards_scene import CONTENT

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = ("models-validated", "models-measured", "models-data-named", "models-described")
TABLE = {"name": "loans", "digest": f"sha256:{'1' * 64}"}
DATASETS = {"schema": "gatehouse.datasets/v1", "datasets": [TABLE]}


@pytest.fixture
def world(transactional_db):
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()


@pytest.fixture
def model(world):
    return world.version("credit-model", kind="model")


def found(name):
    question = Question(projects=("payments",))
    return results([all_checks()[name]], question, whole=True)[name]


def into(world, model, environment):
    return world.deployed(world.request(world.release(model), environment))


def data_named(world, model, document=DATASETS):
    stream = io.BytesIO(json.dumps(document).encode())
    return add_evidence(
        model, kind="datasets", stream=stream, file_name="data.json", by=world.priya
    )


def described(world, model):
    factories.member("viktor", world.project, "validator")
    card = save_card(model, CONTENT, owner=world.ines, risk_tier="high", by=world.ines).card
    review_card(card, revision=card.revision, by=factories.person("viktor"))


def test_a_model_that_went_to_production_with_nothing_is_an_exception_to_each(world, model):
    change = into(world, model, world.production)
    for name in CHECKS:
        [exception] = found(name).shown
        assert (exception.label, "credit-model" in exception.why) == (change.label, True), name


def test_a_model_with_everything_is_none(world, model):
    world.evidence(model, {"auc": 0.81})
    data_named(world, model)
    described(world, model)
    change = into(world, model, world.production)
    Approval.objects.filter(change_request=change, person=world.tom).update(roles=["validator"])
    for name in CHECKS:
        result = found(name)
        assert (result.cases, result.exceptions) == (1, 0), name


def test_what_came_after_the_work_had_begun_does_not_count(world, model):
    into(world, model, world.production)
    world.evidence(model, {"auc": 0.81})
    data_named(world, model)
    described(world, model)
    for name in CHECKS:
        assert found(name).exceptions == 1, name


def test_a_report_that_says_nothing_does_not_count(world, model):
    world.evidence(model, {"auc": 0.81})
    data_named(world, model)
    Evidence.objects.update(outcome="inconclusive")
    world.evidence(model)
    into(world, model, world.production)
    assert found("models-measured").exceptions == 1
    assert found("models-data-named").exceptions == 1


def test_a_model_elsewhere_and_an_image_in_production_are_no_cases(world, model):
    into(world, model, world.staging)
    into(world, world.version("payments-api"), world.production)
    for name in CHECKS:
        assert found(name).standing == Standing.NOTHING, name
