"""Which tool is which kind of trigger."""

from typing import Final

from models_registry.clients.triggers.airflow import AirflowTrigger
from models_registry.clients.triggers.github import GitHubTrigger
from models_registry.clients.triggers.gitlab import (
    GitLabInputsTrigger,
    GitLabTokenTrigger,
    GitLabTrigger,
)
from models_registry.clients.triggers.jenkins import JenkinsTrigger
from models_registry.clients.triggers.port import Trigger
from models_registry.clients.triggers.webhook import WebhookTrigger
from models_registry.models import TriggerKind

TOOLS: Final[dict[str, Trigger]] = {
    TriggerKind.GITLAB: GitLabTrigger(),
    TriggerKind.GITLAB_INPUTS: GitLabInputsTrigger(),
    TriggerKind.GITLAB_TRIGGER: GitLabTokenTrigger(),
    TriggerKind.GITHUB: GitHubTrigger(),
    TriggerKind.JENKINS: JenkinsTrigger(),
    TriggerKind.AIRFLOW: AirflowTrigger(),
    TriggerKind.WEBHOOK: WebhookTrigger(),
}
