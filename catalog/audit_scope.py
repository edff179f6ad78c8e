"""Whether what a pack is asked about exists; settings.AUDIT_SCOPE_EXISTS names ``exists``."""

from catalog.models import Environment, Project


def exists(project: str, environment: str | None) -> bool:
    """Return whether there is such a project, and such an environment in it if one is named."""
    if environment is None:
        return Project.objects.filter(slug=project).exists()
    return Environment.objects.filter(project__slug=project, name=environment).exists()
