"""Each model of the release against the version that serves there now."""

from django.utils import timezone

from deployments.models import DeploymentState
from portal.change_requests.story import Story
from releases.comparing.champion import champions_in
from releases.comparing.comparison import Comparison, compare
from releases.comparing.drawn import Panel, panel_of
from releases.comparing.known import known_of
from releases.comparing.pages import is_compared


def comparisons_of(story: Story) -> list[Panel]:
    """Return the comparisons as the page draws them."""
    name = story.change_request.environment.name
    return [panel_of(each, name) for each in compared(story)]


def compared(story: Story) -> list[Comparison]:
    """Return one comparison per model; three queries for any number of them, none without a model.

    For a request that has been carried out, the champion is what served before it.
    """
    versions = [item.artifact_version for item in story.items]
    models = [version for version in versions if is_compared(version)]
    if not models:
        return []
    environment = story.change_request.environment_id
    done = story.deployment
    before = done.pk if done and done.state == DeploymentState.SUCCEEDED else None
    champions = champions_in(
        [environment], [version.artifact_id for version in models], before=before
    )
    others = [champion.version for champion in champions.values()]
    known = known_of([*models, *others], at=timezone.now())
    found = []
    for version in models:
        serving = champions.get((environment, version.artifact_id))
        theirs = known[serving.version.pk] if serving else None
        found.append(compare(known[version.pk], theirs, serving, story.policy))
    return found
