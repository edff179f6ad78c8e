"""A model that can be trained again, and a tool that does it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.models import Event
from audit.sentences import with_sentences
from models_registry import retraining
from models_registry.actions.request_retraining import request_retraining
from models_registry.actions.set_trigger import TriggerSpec, change_trigger, create_trigger
from models_registry.models import RegisteredModel, RetrainingRequest, RetrainingTrigger
from tests import factories
from tests.support import training_tools as tools

KINDS = {
    "airflow": tools.Airflow,
    "airflow-2": lambda: tools.Airflow(version=2),
    "github": tools.GitHub,
    "gitlab": tools.GitLab,
    "gitlab_inputs": tools.GitLab,
    "gitlab_trigger": tools.GitLab,
    "jenkins": tools.Jenkins,
    "webhook": tools.Receiver,
}


@dataclass
class Bench:
    """``tool`` is the stand-in, ``model`` what it trains."""

    model: RegisteredModel
    tool: Any
    trigger: RetrainingTrigger

    @classmethod
    def make(cls, model, kind, directory):
        tool = KINDS[kind]()
        slug = model.registry.project.slug
        secret = tool.trigger_token if kind == "gitlab_trigger" else tool.secret
        (directory / f"{slug}.train").write_text(secret)
        spec = spec_of(tool, kind, slug)
        trigger = create_trigger(model.registry.project, model, spec, by=factories.admin())
        return cls(model, tool, trigger)

    def change(self, **changes):
        fields = ("kind", "address", "ref", "secret", "parameters", "cooldown_seconds",
                  "timeout_seconds", "is_active")  # fmt: skip
        now = {name: getattr(self.trigger, name) for name in fields}
        spec = TriggerSpec(**{**now, **changes})
        self.trigger = change_trigger(self.trigger, spec, by=factories.admin())

    def ask(self, by="tom", **more):
        more = {"reason": "Drift in the north.", **more}
        return request_retraining(self.model, by=factories.person(by), **more)

    def work(self, request):
        """Let a worker see to it now; return it as it is then."""
        hurry()
        retraining.see_to(request.pk)
        return fresh(request)

    def begun(self, **more):
        return self.work(self.ask(**more))


def spec_of(tool, kind, slug, **more):
    fields = {
        "kind": kind.partition("-")[0],
        "address": tool.address,
        "ref": "main",
        "secret": f"{slug}.train",
        "parameters": {"DATA" if kind == "jenkins" else "data": "2026-10"},
        "cooldown_seconds": 3600,
    }
    return TriggerSpec(**{**fields, **more})


def hurry():
    """Let the time of everything come, dead workers' leases included."""
    RetrainingRequest.objects.update(try_at=timezone.now() - timedelta(seconds=1))


def fresh(request):
    return RetrainingRequest.objects.select_related("model", "trigger", "version").get(
        pk=request.pk
    )


def told(request):
    """The sentences of the request's events, in order."""
    events = Event.objects.filter(stream=request.audit_stream).order_by("pk")
    return [event.sentence for event in with_sentences(events)]
