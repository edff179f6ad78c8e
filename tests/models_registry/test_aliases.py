"""After a verified deployment the environment's alias says so in MLflow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.actions.create_environment import create_environment
from catalog.errors import InvalidInput
from models_registry import work
from models_registry.actions.choose_alias import choose_alias
from models_registry.aliases import alias_of, order_aliases, unsettled_orders
from models_registry.models import AliasOrder
from releases.actions.seal_release import seal_release
from tests import factories
from tests.models_registry.lab import trained
from tests.support.callers import client_of


@pytest.fixture
def risk(lab, anna):
    """Two versions of a model, each in a release."""
    anna.model("credit-risk")
    trained(anna)
    trained(anna)
    lab.sync()
    return lab


def release(lab, number):
    version = lab.version("credit-risk", number).artifact_version
    return seal_release(
        lab.project,
        version=f"model-{number}",
        artifact_versions=[version.pk],
        by=factories.person("priya"),
    )


def verified(lab, number, environment="production", change_request=1):
    """The release was verified in the environment."""
    place = lab.project.environments.get(name=environment)
    order_aliases(place, release(lab, number).pk, change_request=change_request)


def set_them(lab):
    done = work.set_waiting_aliases(lab.registry.pk)
    work.look_at_hints(lab.registry.pk)
    return done


def test_the_alias_is_set_in_mlflow_and_is_no_finding(risk, standin):
    verified(risk, 2)
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"champion": 2}
    risk.sync()
    assert risk.version("credit-risk", 2).aliases == ["champion"]
    assert risk.findings == []
    assert {"models_registry.alias_ordered", "models_registry.alias_set"} <= set(risk.events())


def test_a_champion_that_is_moved_afterwards_is_a_finding(risk, anna):
    verified(risk, 2)
    set_them(risk)
    anna.alias("credit-risk", "champion", 1)
    risk.sync()
    assert risk.findings == ["alias_moved"]


def test_an_alias_moved_back_to_an_earlier_champion_outside_is_a_finding(risk, anna):
    verified(risk, 1, change_request=1)
    set_them(risk)
    verified(risk, 2, change_request=2)
    set_them(risk)
    anna.alias("credit-risk", "champion", 1)
    risk.sync()
    assert risk.findings == ["alias_moved"]


def test_the_same_deployment_orders_once(risk):
    place = risk.project.environments.get(name="production")
    sealed = release(risk, 1)
    for _ in range(2):
        order_aliases(place, sealed.pk, change_request=7)
    assert AliasOrder.objects.count() == 1


def test_a_later_deployment_overtakes_an_order_that_was_not_carried_out(risk, standin):
    verified(risk, 1, change_request=1)
    verified(risk, 2, change_request=2)
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"champion": 2}
    states = AliasOrder.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["overtaken", "set"]


def test_mlflow_that_does_not_answer_is_asked_again_later(risk, standin):
    verified(risk, 1)
    standin.faults.append(lambda call, asked: (503, b"", "text/plain"))
    assert set_them(risk) == 0
    order = AliasOrder.objects.get()
    assert (order.state, order.tries) == ("setting", 1)
    assert "with 503" in order.sentence
    standin.faults.clear()
    assert set_them(risk) == 0  # not yet its time
    risk.hurry()
    assert set_them(risk) == 1


def test_a_registry_that_is_switched_off_is_not_called_and_gets_its_alias_when_it_is_on(
    risk, standin
):
    risk.change(is_active=False)
    verified(risk, 2)
    assert set_them(risk) == 0
    assert standin.models["credit-risk"].get("aliases", {}) == {}
    [sentence] = unsettled_orders(risk.version("credit-risk", 2).model)
    assert sentence.endswith(
        "Its alias champion is set when the registry main is switched on again."
    )
    risk.change(is_active=True)
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"champion": 2}


def test_a_version_that_is_gone_in_mlflow_gets_no_alias_and_that_is_said(risk, anna):
    verified(risk, 1)
    anna.delete_version("credit-risk", 1)
    assert set_them(risk) == 0
    order = AliasOrder.objects.get()
    assert (order.state, order.sentence) == (
        "refused",
        "MLflow has no version 1 of credit-risk any more.",
    )
    assert "models_registry.alias_refused" in risk.events()


def test_what_mlflow_does_not_show_yet_is_said_until_it_does(risk, standin):
    vera = client_of(factories.person("vera"))

    def said():
        return vera.get(f"/api/v1/models/{risk.model('credit-risk').pk}/").json()["unsettled"]

    assert said() == []
    verified(risk, 1)
    assert said() == [
        "credit-risk 1 was deployed to production (CR-1). A worker sets its alias champion in MLflow."
    ]
    standin.faults.append(lambda call, asked: (503, b"", "text/plain"))
    set_them(risk)
    (sentence,) = said()
    assert "could not be set yet, and is tried again by itself: MLflow answered" in sentence
    standin.faults[:] = [lambda call, asked: (403, b"{}", "application/json")]
    risk.hurry()
    set_them(risk)
    (sentence,) = said()
    assert "its alias champion was refused: MLflow answered" in sentence
    standin.faults.clear()
    verified(risk, 2, change_request=2)
    set_them(risk)
    assert said() == []


def test_while_one_is_on_its_way_to_mlflow_no_other_for_that_alias_is_sent_after_it(
    risk, standin, monkeypatch
):
    """The slower worker's call would arrive last, and MLflow would show the version before."""
    verified(risk, 1, change_request=1)
    late = []

    def connected(registry):
        client = connect(registry)
        set_alias = client.set_alias

        def slow(*args):
            if not late:
                late.append(args)
                verified(risk, 2, change_request=2)
                assert work.set_waiting_aliases(risk.registry.pk) == 0, "another worker waits"
            set_alias(*args)

        monkeypatch.setattr(client, "set_alias", slow)
        return client

    connect = work.connect
    monkeypatch.setattr(work, "connect", connected)
    assert set_them(risk) == 2
    assert late
    assert standin.models["credit-risk"]["aliases"] == {"champion": 2}
    risk.sync()
    assert risk.findings == []


def test_a_refused_alias_is_tried_again_once_an_hour_and_told_about_once(risk, standin):
    verified(risk, 1)
    standin.faults[:] = [lambda call, asked: (403, b"{}", "application/json")]
    for _ in range(2):
        set_them(risk)
        order = AliasOrder.objects.get()
        assert order.state == "refused"
        assert order.try_at - timezone.now() > timedelta(minutes=59)
        assert set_them(risk) == 0
        risk.hurry()
    assert risk.events().count("models_registry.alias_refused") == 1
    standin.faults.clear()
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"champion": 1}
    assert unsettled_orders(order.model) == []


def test_a_refused_alias_of_a_version_that_is_gone_is_not_tried_again(risk, anna):
    verified(risk, 1)
    anna.delete_version("credit-risk", 1)
    set_them(risk)
    risk.sync()
    risk.hurry()
    assert not AliasOrder.objects.waiting().exists()


def choose(lab, alias, environment="production"):
    place = lab.project.environments.get(name=environment)
    choose_alias(place, alias, by=factories.person("oskar"))


def refused(lab, standin):
    verified(lab, 1)
    standin.faults[:] = [lambda call, asked: (403, b"{}", "application/json")]
    set_them(lab)
    standin.faults.clear()


def test_an_alias_that_was_renamed_is_set_under_its_new_name_only(risk, standin):
    refused(risk, standin)
    choose(risk, "live")
    model = risk.model("credit-risk")
    assert unsettled_orders(model) == [
        "credit-risk 1 was deployed to production (CR-1). A worker sets its alias live in MLflow."
    ]
    left = AliasOrder.objects.get(alias="champion")
    assert (left.state, left.sentence) == ("overtaken", "production has the alias live now.")
    assert set_them(risk) == 1
    risk.hurry()
    assert set_them(risk) == 0
    assert standin.models["credit-risk"]["aliases"] == {"live": 1}
    assert unsettled_orders(model) == []
    assert risk.events().count("models_registry.alias_left") == 1


def test_an_environment_without_an_alias_asks_for_none_any_more(risk, standin):
    refused(risk, standin)
    choose(risk, "")
    risk.hurry()
    assert set_them(risk) == 0
    assert AliasOrder.objects.get().sentence == "production has no alias any more."
    assert standin.models["credit-risk"].get("aliases", {}) == {}
    assert unsettled_orders(risk.model("credit-risk")) == []


def test_a_champion_beside_a_second_production_is_none_any_more(risk, standin):
    refused(risk, standin)
    create_environment(risk.project, name="us", tier="production", by=factories.admin())
    risk.hurry()
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"production": 1}


def test_an_alias_that_is_renamed_and_renamed_back_is_set(risk, standin):
    refused(risk, standin)
    choose(risk, "live")
    choose(risk, "champion")
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"champion": 1}


def test_what_was_replaced_meanwhile_gets_no_alias_under_the_new_name(risk, standin):
    refused(risk, standin)
    verified(risk, 2, change_request=2)
    choose(risk, "live")
    assert set_them(risk) == 1
    assert standin.models["credit-risk"]["aliases"] == {"live": 2}


def test_an_order_without_an_answer_that_came_late_under_the_former_name_is_no_finding(
    risk, standin, anna
):
    verified(risk, 1)
    standin.faults[:] = [lambda call, asked: (503, b"", "text/plain")]
    set_them(risk)
    standin.faults.clear()
    choose(risk, "live")
    anna.alias("credit-risk", "champion", 1)  # MLflow did it, and its answer was lost
    set_them(risk)
    risk.sync()
    assert risk.findings == []
    anna.alias("credit-risk", "champion", 2)
    risk.sync()
    assert risk.findings == ["alias_moved"]


def test_unless_chosen_the_alias_is_champion_or_the_environments_name(lab):
    staging, production = lab.project.environments.order_by("position")
    assert (alias_of(staging), alias_of(production)) == ("staging", "champion")
    choose_alias(production, "live", by=factories.person("oskar"))
    choose_alias(staging, "", by=factories.person("oskar"))
    assert (alias_of(staging), alias_of(production)) == ("", "live")


def test_two_production_environments_do_not_share_the_champion(db):
    made = factories.project(environments=[("eu", "production"), ("us", "production")])
    assert [alias_of(each) for each in made.environments.all()] == ["eu", "us"]


@pytest.mark.parametrize("alias", ["latest", "v1", "V12", "a b", "é", "x" * 101])
def test_an_alias_that_mlflow_would_not_take_is_refused(lab, alias):
    production = lab.project.environments.get(name="production")
    with pytest.raises(InvalidInput):
        choose_alias(production, alias, by=factories.person("oskar"))
