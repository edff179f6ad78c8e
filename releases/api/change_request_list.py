"""The list of change requests: which there are, and which of them are asked for."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import rest_framework as filters

from catalog.api.listing import UTC, Fetch, Listing, checked
from catalog.models import Project, User
from releases.models import ChangeKind, ChangeRequest
from releases.seen import AMONG_VISIBLE_PROJECTS, parameters_of
from releases.states import ChangeRequestState


class ChangeRequestFilter(filters.FilterSet):
    """Which change requests. What they mean in SQL is said in ``LISTING``."""

    project = filters.CharFilter("project__slug")
    environment = filters.CharFilter("environment__name")
    state = filters.MultipleChoiceFilter(choices=ChangeRequestState.choices)
    kind = filters.ChoiceFilter(choices=ChangeKind.choices)
    release = filters.CharFilter("release__version")
    requested_by = filters.CharFilter("requested_by__username")
    waiting_for_me = filters.BooleanFilter(method="only_waiting")

    def only_waiting(
        self, queryset: QuerySet[ChangeRequest], name: str, value: object
    ) -> QuerySet[ChangeRequest]:
        """Return those that the caller's signature would bring nearer."""
        mine = ChangeRequest.objects.waiting_for(self.request.user).values("pk")
        return queryset.filter(pk__in=mine) if value else queryset.exclude(pk__in=mine)


LISTING: Final = Listing(
    key="cr.number",
    source="releases_changerequest cr",
    document=f"""json_build_object(
        'number', cr.number,
        'label', 'CR-' || cr.number,
        'project', p.slug,
        'environment', e.name,
        'release', json_build_object(
            'id', r.id, 'version', r.version, 'content_digest', r.content_digest
        ),
        'kind', cr.kind,
        'state', cr.state,
        'state_since', {UTC.format("cr.state_since")},
        'requested_by', u.username,
        'requested_at', {UTC.format("cr.requested_at")},
        'deployed_at', {UTC.format("cr.deployed_at")},
        'statement_digest', s.digest
    )""",
    joins="""
        JOIN catalog_project p ON p.id = cr.project_id
        JOIN catalog_environment e ON e.id = cr.environment_id
        JOIN releases_release r ON r.id = cr.release_id
        JOIN catalog_user u ON u.id = cr.requested_by_id
        LEFT JOIN releases_statement s ON s.id = cr.statement_id
    """,
    conditions={
        "of": "cr.project_id = %(of)s",
        "project": "cr.project_id = (SELECT id FROM catalog_project WHERE slug = %(project)s)",
        "environment": (
            "cr.environment_id IN (SELECT id FROM catalog_environment WHERE name = %(environment)s)"
        ),
        "kind": "cr.kind = %(kind)s",
        "release": "cr.release_id IN (SELECT id FROM releases_release WHERE version = %(release)s)",
        "requested_by": (
            "cr.requested_by_id = (SELECT id FROM catalog_user WHERE username = %(requested_by)s)"
        ),
        "waiting_for_me": (
            "(cr.state = 'awaiting_approval' AND cr.waiting_for @> ARRAY[%(caller)s]::bigint[])"
            " = %(waiting_for_me)s"
        ),
    },
)


def change_requests(asked: QueryDict, caller: User, of: Project | None = None) -> Fetch:
    """Return how to get the change requests that are asked for.

    Args:
        asked: the query of the address.
        caller: who asks; without ``of`` only what this account may see is listed.
        of: the project whose list it is, which the caller may see.

    Raises:
        ValidationError: a filter holds what it cannot hold.
    """
    parameters: dict[str, Any] = {**checked(_form()(asked)), **parameters_of(caller)}
    always = _in_states(parameters.pop("state", []))
    if of is not None:
        parameters["of"] = of.pk
    elif not parameters["sees_everything"]:
        always.append(AMONG_VISIBLE_PROJECTS)
    return LISTING.fetch(always, parameters)


def _in_states(states: Iterable[str]) -> list[str]:
    """Return the condition with its words in it: only then can the database tell a rare state from most.

    A prepared statement is planned without its parameters, and would sort all that was ever deployed.
    """
    words = sorted({ChangeRequestState(state).value for state in states})
    return [f"cr.state IN ({', '.join(repr(word) for word in words)})"] if words else []


@cache
def _form() -> type[forms.Form]:
    """Return the form; composing it anew takes longer than the query."""
    form: type[forms.Form] = ChangeRequestFilter(
        queryset=ChangeRequest.objects.none()
    ).get_form_class()
    return form
