"""People: accounts, not yet what they may do."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.change_person import change_person
from catalog.actions.create_person import create_person
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.reactivate_person import reactivate_person
from catalog.actions.set_portal_permissions import set_portal_permissions
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import Identity, IdentityKind, User, UserKind
from catalog.models import TokenScope as Scope
from catalog.permissions import PortalPermission, administers


class PersonSerializer(serializers.Serializer[Any]):
    """A person as everybody may see them."""

    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    job_title = serializers.CharField()
    is_active = serializers.BooleanField()


class IdentitySerializer(serializers.Serializer[Any]):
    """A name under which other systems know a person."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(IdentityKind.choices)
    value = serializers.CharField()


class PersonInFullSerializer(PersonSerializer):
    """A person; e-mail, identities and permissions only for themselves and for those who manage people."""

    email = serializers.CharField(allow_null=True)
    identities = IdentitySerializer(many=True, allow_null=True)
    portal_permissions = serializers.ListField(child=serializers.CharField(), allow_null=True)


class NewPersonSerializer(StrictSerializer):
    """An account to create; without a password it cannot sign in until it has one."""

    username = Text(max_length=150)
    full_name = Text(max_length=150, required=False, allow_blank=True)
    email = Text(max_length=254, required=False, allow_blank=True)
    job_title = Text(max_length=100, required=False, allow_blank=True)
    password = Text(max_length=128, required=False, trim_whitespace=False)


class PersonChangesSerializer(StrictSerializer):
    """What is to change; what is not named stays."""

    full_name = Text(max_length=150, required=False, allow_blank=True)
    email = Text(max_length=254, required=False, allow_blank=True)
    job_title = Text(max_length=100, required=False, allow_blank=True)


class PortalPermissionsSerializer(StrictSerializer):
    """Exactly what the person may do on the whole portal, such as ``add_project``."""

    permissions = serializers.ListField(child=Text(max_length=60), max_length=20)


class PersonFilter(filters.FilterSet):
    """Which people."""

    username = filters.CharFilter("username")
    is_active = filters.BooleanFilter("is_active")


class PeopleView(Endpoint):
    """``people/``."""

    queryset = User.objects.none()
    filterset_class = PersonFilter
    required_scope = Scope.ADMIN

    @call("people", "List the people", name="people_list", answer=PersonSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first; service accounts are listed with their projects."""
        return self.listed(User.objects.filter(kind=UserKind.PERSON), PersonSerializer)

    @call(
        "people",
        "Create an account",
        name="people_create",
        body=NewPersonSerializer,
        answer=PersonInFullSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs the portal permission ``manage_people``. The account holds no role yet."""
        person = create_person(**self.body(NewPersonSerializer), by=self.caller)
        return Response(_in_full(person, self.caller), status=201)


class PersonView(Endpoint):
    """``people/{username}/``."""

    required_scope = Scope.ADMIN

    @call("people", "Read a person", name="people_read", answer=PersonInFullSerializer)
    def get(self, request: Request, username: str) -> Response:
        """E-mail, identities and permissions are null for those whom they do not concern."""
        return Response(_in_full(person_named(username), self.caller))

    @call(
        "people",
        "Change a person",
        name="people_change",
        body=PersonChangesSerializer,
        answer=PersonInFullSerializer,
        scope=Scope.ADMIN,
    )
    def patch(self, request: Request, username: str) -> Response:
        """Needs the portal permission ``manage_people``, but for one's own name and job title."""
        fields = self.body(PersonChangesSerializer)
        person = change_person(person_named(username), **fields, by=self.caller)
        return Response(_in_full(person, self.caller))


class DeactivatePersonView(Endpoint):
    """``people/{username}/deactivate/``."""

    required_scope = Scope.ADMIN

    @call(
        "people",
        "Deactivate an account",
        name="people_deactivate",
        answer=PersonInFullSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_people``. Tokens are revoked for good; what the person decided stays on record."""
        person = deactivate_person(person_named(username), by=self.caller)
        return Response(_in_full(person, self.caller))


class ReactivatePersonView(Endpoint):
    """``people/{username}/reactivate/``."""

    required_scope = Scope.ADMIN

    @call(
        "people",
        "Let an account act again",
        name="people_reactivate",
        answer=PersonInFullSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_people``. Roles that are still in force hold again; tokens stay revoked."""
        person = reactivate_person(person_named(username), by=self.caller)
        return Response(_in_full(person, self.caller))


class PortalPermissionsView(Endpoint):
    """``people/{username}/portal-permissions/``."""

    required_scope = Scope.ADMIN

    @call(
        "people",
        "Say what a person may do on the whole portal",
        name="people_portal_permissions",
        body=PortalPermissionsSerializer,
        answer=PersonInFullSerializer,
        scope=Scope.ADMIN,
    )
    def put(self, request: Request, username: str) -> Response:
        """For superusers."""
        wanted = self.body(PortalPermissionsSerializer)["permissions"]
        person = set_portal_permissions(person_named(username), permissions=wanted, by=self.caller)
        return Response(_in_full(person, self.caller))


def person_named(username: str) -> User:
    """Return the person.

    Raises:
        NotFound: nobody is called so, or it is a machine.
    """
    people = User.objects.filter(kind=UserKind.PERSON)
    return one(people.filter(username=username), f"no person {username!r:.80}")


def _in_full(person: User, caller: User) -> dict[str, Any]:
    document = dict(PersonSerializer(person).data)
    concerned = caller.pk == person.pk or manages_people(caller)
    document["email"] = person.email if concerned else None
    document["identities"] = _identities(person) if concerned else None
    document["portal_permissions"] = _portal_permissions(person) if concerned else None
    return document


def manages_people(user: User) -> bool:
    """Return whether the account sees what concerns others."""
    return administers(user) or user.has_perm(PortalPermission.MANAGE_PEOPLE.value)


def _identities(person: User) -> Any:
    rows = Identity.objects.filter(user=person).order_by("id")
    return IdentitySerializer(rows, many=True).data


def _portal_permissions(person: User) -> list[str]:
    held = [name.value for name in PortalPermission if person.has_perm(name.value)]
    return [name.partition(".")[2] for name in held]
