"""The names under which other systems know a person: they decide who wrote what."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actions.add_identity import add_identity
from catalog.actions.remove_identity import remove_identity
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.people import IdentitySerializer, person_named
from catalog.api.strict import Choice, StrictSerializer, Text
from catalog.models import Identity, IdentityKind
from catalog.models import TokenScope as Scope


class NewIdentitySerializer(StrictSerializer):
    """A name to note."""

    kind = Choice(IdentityKind.choices)
    value = Text(max_length=254)


class IdentitiesView(Endpoint):
    """``people/{username}/identities/``."""

    required_scope = Scope.ADMIN

    @call(
        "people",
        "Note under which name another system knows a person",
        name="people_add_identity",
        body=NewIdentitySerializer,
        answer=IdentitySerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_people``. Nobody notes their own: it decides what they may not sign."""
        person = person_named(username)
        identity = add_identity(person, **self.body(NewIdentitySerializer), by=self.caller)
        return Response(IdentitySerializer(identity).data, status=201)


class IdentityView(Endpoint):
    """``people/{username}/identities/{id}/``."""

    required_scope = Scope.ADMIN

    @call(
        "people",
        "Remove a person's name in another system",
        name="people_remove_identity",
        status=204,
        scope=Scope.ADMIN,
    )
    def delete(self, request: Request, username: str, pk: int) -> Response:
        """Needs ``manage_people``. Nobody removes their own."""
        rows = Identity.objects.filter(user=person_named(username), pk=pk)
        remove_identity(one(rows, f"no identity {pk} of {username}"), by=self.caller)
        return Response(status=204)
