"""Projects: which there are, and the settings of each. What runs where is on the portal's page of one."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property

from catalog.actions.change_environment import change_environment
from catalog.actions.change_project import change_project
from catalog.actions.create_environment import create_environment
from catalog.actions.create_project import create_project
from catalog.forms.projects import (
    EnvironmentForm,
    NewEnvironmentForm,
    NewProjectForm,
    ProjectForm,
)
from catalog.held import Held, held_in
from catalog.models import Environment, Project
from catalog.permissions import (
    Permission,
    PortalPermission,
    allowed_portal,
    require,
    require_portal,
)
from catalog.seen import project_with_held
from catalog.views.page import FormPage, Page
from catalog.views.paging import slice_of

Crumbs = list[tuple[str, str]]

_TABS = (
    ("Overview", "portal:project"),
    ("Change requests", "releases:change-requests"),
    ("Releases", "releases:releases"),
    ("Artifacts", "releases:artifacts"),
    ("Models", "models_registry:models"),
    ("Members", "catalog:project-members"),
    ("Machines", "catalog:project-service-accounts"),
)


class ProjectsPage(Page):
    """``/projects/``."""

    template_name = "catalog/projects.html"

    def context(self) -> dict[str, Any]:
        """List the projects that this account may see."""
        projects = Project.objects.visible_to(self.caller).prefetch_related(_path())
        shown = slice_of(projects, self.request, key="slug")
        return {
            "shown": shown,
            "may_create": allowed_portal(self.caller, PortalPermission.ADD_PROJECT),
        }


class NewProject(FormPage):
    """``/new-project/``."""

    template_name = "catalog/project_form.html"
    form_class = NewProjectForm

    def context(self) -> dict[str, Any]:
        """Refuse those who may not before they have typed anything."""
        require_portal(PortalPermission.ADD_PROJECT, self.caller)
        return {
            "crumbs": [("Projects", reverse("catalog:projects"))],
            "title": "New project",
            "lead": "What a team ships: software, models or both. You become its administrator.",
            "submit_label": "Create the project",
            "cancel_url": reverse("catalog:projects"),
        }

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Create it and go there."""
        project = create_project(**fields, by=self.caller)
        return redirect("portal:project", project.slug)


class ProjectPage(Page):
    """A page about one project that this account may see."""

    tab = ""

    _held_along: Held | None = None

    @cached_property
    def project(self) -> Project:
        """The project of the address; 404 for one that may not be seen."""
        found = project_with_held(self.kwargs["slug"], caller=self.caller)
        if found is None:
            raise Http404("There is no such project.")
        project, self._held_along = found
        return project

    @cached_property
    def held(self) -> Held:
        """What whoever looks may do here."""
        project = self.project
        return self._held_along or held_in(project, self.caller)

    @property
    def crumbs(self) -> Crumbs:
        """The way here, without the page itself."""
        return [("Projects", reverse("catalog:projects")), self.project_crumb]

    @property
    def project_crumb(self) -> tuple[str, str]:
        """The link to the project's own page."""
        return self.project.name, reverse("portal:project", args=[self.project.slug])

    def context(self) -> dict[str, Any]:
        """Return what every page of a project shows."""
        return {
            "project": self.project,
            "held": self.held,
            "crumbs": self.crumbs,
            "tabs": [self._tab(*tab) for tab in _TABS],
        }

    def _tab(self, label: str, route: str) -> dict[str, Any]:
        url = reverse(route, args=[self.project.slug])
        return {"label": label, "url": url, "is_current": route == self.tab}

    def require(self, permission: Permission) -> None:
        """Refuse the page itself to those whose form would be refused.

        Raises:
            NotPermitted: they do not hold it on the project.
        """
        if not self.held.may(permission):
            require(permission, self.caller, self.project)


class ProjectSettings(FormPage, ProjectPage):
    """``/projects/<slug>/settings/``."""

    template_name = "catalog/project_form.html"
    form_class = ProjectForm

    def form(self, data: Any = None) -> ProjectForm:
        """Begin with what is there."""
        names = ProjectForm.base_fields
        return ProjectForm(data, initial={name: getattr(self.project, name) for name in names})

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": "Settings",
            "lead": "Every change is an entry of the audit log.",
            "submit_label": "Save",
            "cancel_url": self.back(),
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Change it."""
        change_project(self.project, **fields, by=self.caller)
        return "The project is saved."

    def back(self) -> str:
        """Return the project's page."""
        return reverse("portal:project", args=[self.project.slug])


class NewEnvironment(FormPage, ProjectPage):
    """``/projects/<slug>/new-environment/``."""

    template_name = "catalog/project_form.html"
    form_class = NewEnvironmentForm

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": "New environment",
            "lead": "A place a release can be put. Next you say how it is reached, and which policy holds.",
            "submit_label": "Create the environment",
            "cancel_url": reverse("portal:project", args=[self.project.slug]),
        }

    def act(self, fields: dict[str, Any]) -> HttpResponse:
        """Create it and go there."""
        environment = create_environment(self.project, **fields, by=self.caller)
        return redirect("deployments:environment", self.project.slug, environment.name)


class EnvironmentPart(ProjectPage):
    """A page about one environment of a project."""

    @cached_property
    def environment(self) -> Environment:
        """The environment of the address; 404 for one that may not be seen."""
        visible = self.environments().select_related("project")
        return get_object_or_404(
            visible, project__slug=self.kwargs["slug"], name=self.kwargs["name"]
        )

    def environments(self) -> "QuerySet[Environment]":
        """Return what may be seen, with what the page needs along."""
        return Environment.objects.visible_to(self.caller)

    @cached_property
    def project(self) -> Project:
        """The project of the environment."""
        return self.environment.project

    @property
    def crumbs(self) -> Crumbs:
        """The way here."""
        return [*super().crumbs, (self.environment.name, self.environment_url)]

    @property
    def environment_url(self) -> str:
        """The environment's page."""
        return reverse("deployments:environment", args=[self.project.slug, self.environment.name])

    def context(self) -> dict[str, Any]:
        """Return what every page of an environment shows."""
        return {**super().context(), "environment": self.environment}


class EnvironmentSettings(FormPage, EnvironmentPart):
    """``/projects/<slug>/environments/<name>/settings/``."""

    template_name = "catalog/project_form.html"
    form_class = EnvironmentForm

    def form(self, data: Any = None) -> EnvironmentForm:
        """Begin with what is there."""
        there = {"tier": self.environment.tier, "position": self.environment.position}
        return EnvironmentForm(data, initial=there)

    def context(self) -> dict[str, Any]:
        """Show the form."""
        self.require(Permission.MANAGE_PROJECT)
        return {
            **super().context(),
            "title": f"Settings of {self.environment.name}",
            "lead": "If another environment has the position, the others move, as in a list.",
            "submit_label": "Save",
            "cancel_url": self.environment_url,
        }

    def act(self, fields: dict[str, Any]) -> str:
        """Change it."""
        change_environment(self.environment, **fields, by=self.caller)
        return "The environment is saved."

    def back(self) -> str:
        """Return the environment's page."""
        return self.environment_url


def _path() -> "Prefetch[str, QuerySet[Environment]]":
    return Prefetch("environments", Environment.objects.order_by("position"))
