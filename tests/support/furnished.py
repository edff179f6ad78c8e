"""One of everything in the payments project, and the name of each for the addresses that lead to it."""

from django.utils import timezone

from audit.models import Event
from audit.packs.request import request_pack
from audit.packs.scope import Scope
from audit.saved.changes import save_view
from audit.streaming.actions.create import create_destination
from audit.streaming.wanted import Wanted
from catalog.actions.create_role import create_role
from catalog.actions.create_team import create_team
from catalog.models import ApiToken, Identity, Membership
from deployments.models import Deployment
from models_registry.actions.request_retraining import request_retraining
from models_registry.actions.set_trigger import TriggerSpec, create_trigger
from models_registry.findings import find
from models_registry.models import FindingKind
from releases.actions.open_access_review import open_access_review
from releases.actions.save_card import save_card
from releases.models import Evidence
from tests import factories
from tests.models_registry.lab import model_of
from tests.support.api_world import ApiWorld


def furnish(world: ApiWorld) -> dict[str, object]:
    """Fill the world; return what its things are called in addresses."""
    world.policy()
    world.as_("admin").put(world.at("environments/staging/target/"), {"executor": "manual"})
    asked = world.request()
    factories.person("olga")
    admin = factories.admin()
    create_team(slug="team", name="Team", by=admin)
    create_role(slug="custom", title="C", permissions=["view_project"], by=admin)
    environment = world.project.environments.get(name="staging")
    now = timezone.now()
    deployment = Deployment.objects.create(
        change_request_id=asked["number"], environment=environment, give_up_at=now, lease_until=now
    )
    finding = _model_finding(world.project)
    wanted = Wanted(name="siem", kind="file", file_name="audit.jsonl")
    destination = create_destination(wanted, by=admin)
    retraining = _retraining_of(finding.model)
    event = Event.objects.filter(project="payments").first()
    return {
        "registry": finding.model.registry_id,
        "model": finding.model.pk,
        "trigger": retraining.trigger.pk,
        "retraining": retraining.pk,
        "finding": finding.pk,
        "review": open_access_review(world.project, owner=admin, by=admin).pk,
        "membership": Membership.objects.get(project=world.project, user__username="tom").pk,
        "token": ApiToken.objects.filter(user=world.machine.user).first().pk,
        "version": world.version()["id"],
        "carded": _carded(world.project).pk,
        "evidence": Evidence.objects.first().pk,
        "release": asked["release"]["id"],
        "sealed": asked["release"]["version"],
        "number": asked["number"],
        "deployment": deployment.pk,
        "destination": destination.pk,
        "view": save_view("Mine", "", by=admin).pk,
        "identity": Identity.objects.filter(user__username="tom").first().pk,
        "pack": request_pack(Scope(project="payments"), by=admin).pk,
        "event": event.pk,
        "uid": event.uid,
        "stream": event.stream,
    }


def _carded(project):
    """A model version with a card."""
    version = factories.version(project, "scorer", kind="model")
    save_card(version, {"task": "classification"}, by=factories.admin())
    return version


def _model_finding(project):
    """Something changed in the project's model registry."""
    sentence, by = "It was deleted in MLflow.", factories.admin()
    return find(model_of(project), FindingKind.MODEL_DELETED, sentence, by=by)


def _retraining_of(model):
    """The model is to be trained again."""
    admin = factories.admin()
    spec = TriggerSpec(kind="webhook", address="https://t.example.com/", secret="payments")
    create_trigger(model.registry.project, model, spec, by=admin)
    return request_retraining(model, reason="drift", by=admin)
