"""What this app erases of a person: what they said about deployments that waited for their word."""

from audit.models import Event
from audit.privacy.erasers import Erased
from audit.sentences import ERASED
from catalog.models import User
from deployments.audit_events import DeploymentEvent
from deployments.models import Deployment, DeploymentStep, StepVerb


def erase(person: User) -> Erased:
    """The result stays; the words that came with it go."""
    events = Event.objects.filter(
        actor=person.pseudonym, type=str(DeploymentEvent.ATTESTED)
    ).values_list("facts__object__id", flat=True)
    # Whoever records past the portal may name anything; what names no deployment stops no erasure.
    attested = [each for each in events if type(each) is int]
    deployments = Deployment.objects.filter(pk__in=attested)
    steps = DeploymentStep.objects.filter(deployment__in=deployments, verb=StepVerb.ATTEST)
    said = steps.exclude(sentence=ERASED).update(sentence=ERASED)
    deployments.exclude(reason="").update(reason=ERASED)
    return Erased({"attestations": said})
