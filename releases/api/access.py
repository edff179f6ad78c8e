"""Who may do what in a project, and the reviews of it, for machines that read and people who review."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.reach import reach_of
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.api.strict import Choice, Moment, StrictSerializer, Text
from catalog.errors import InvalidInput, NotFound, NotPermitted
from catalog.models import Project, User
from catalog.models import TokenScope as Scope
from releases.access.access import access_in, notes_of, reviewed
from releases.access.export import as_csv, signed_csv
from releases.access.looking import may_look
from releases.access.standing import standings_of
from releases.actions.decide_access import LONGEST_NOTE, Wish, decide_access
from releases.actions.open_access_review import open_access_review
from releases.actions.sign_access_review import sign_access_review
from releases.models import AccessReview, AccessReviewState, AccessVerdict

_MOST_DECISIONS = 10_000


class AccessRightSerializer(serializers.Serializer[Any]):
    """A right of one account."""

    key = serializers.CharField()
    account = serializers.CharField(source="account.username")
    kind = serializers.CharField(source="account.kind")
    way = serializers.ChoiceField(["direct", "team", "portal", "superuser"])
    role = serializers.CharField()
    team = serializers.CharField(source="team.slug", default=None, allow_null=True)
    environments = serializers.ListField(child=serializers.CharField())
    verbs = serializers.ListField(
        child=serializers.CharField(), source="held", help_text="What its holder really has by it."
    )
    counts_for = serializers.ListField(child=serializers.CharField())
    given_at = serializers.DateTimeField(allow_null=True)
    given_by = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    last_used = serializers.DateTimeField(allow_null=True)


class AccessCombinationSerializer(serializers.Serializer[Any]):
    """Rights in one hand that weaken the separation of duties."""

    name = serializers.CharField()
    account = serializers.CharField(source="account.username")
    environment = serializers.CharField(help_text="Empty: in all of them.")
    sentence = serializers.CharField()
    rights = serializers.ListField(child=serializers.CharField(), source="keys")


class AccessSerializer(serializers.Serializer[Any]):
    """Who may do what in a project now."""

    project = serializers.CharField(source="access.project.slug")
    standing = serializers.ChoiceField(
        ["first", "current", "open", "due", "overdue"],
        help_text="`first`: nobody has reviewed it yet, and the first review is not due soon.",
    )
    due_at = serializers.DateTimeField()
    rights = AccessRightSerializer(many=True, source="access.rights")
    combinations = AccessCombinationSerializer(many=True, source="access.combinations")


class AccessReviewSerializer(serializers.Serializer[Any]):
    """An access review in a list."""

    id = serializers.IntegerField()
    project = serializers.CharField(source="project.slug")
    owner = serializers.CharField(source="owner.username")
    state = serializers.ChoiceField(AccessReviewState.choices)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    signed_at = serializers.DateTimeField(allow_null=True)
    comment = serializers.CharField()


class AccessNoteSerializer(serializers.Serializer[Any]):
    """A note on a decision: base64url(SHA-256(salt, `note`, 0x00, note)) is its commitment."""

    right = serializers.CharField()
    note = serializers.CharField()
    salt = serializers.CharField(help_text="Hexadecimal.")


class ReviewWithDocumentSerializer(AccessReviewSerializer):
    """An access review with what was signed, or what would be signed now."""

    digest = serializers.CharField(source="shown_digest", help_text="Of `document`; sign this one.")
    document = serializers.DictField(source="shown_document")
    notes = AccessNoteSerializer(
        many=True, help_text="The notes that `document` commits to, as far as they are not erased."
    )
    refused = serializers.ListField(
        child=serializers.CharField(), help_text="Revocations that were refused just now."
    )


class NewReviewSerializer(StrictSerializer):
    """A review to open."""

    owner = Text(max_length=150, help_text="User name of who signs it.")
    due_at = Moment(required=False, allow_null=True)


class AccessDecisionSerializer(StrictSerializer):
    """What becomes of one right."""

    right = Text(max_length=120, help_text="Its key.")
    verdict = Choice(AccessVerdict.values)
    note = Text(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class AccessDecisionsSerializer(StrictSerializer):
    """What becomes of some rights."""

    decisions = serializers.ListField(
        child=AccessDecisionSerializer(), allow_empty=False, max_length=_MOST_DECISIONS
    )


class AccessSignatureSerializer(StrictSerializer):
    """The owner's signature under what they saw."""

    digest = Text(max_length=71)
    comment = Text(required=False, allow_blank=True, max_length=4000)


class AccessView(Endpoint):
    """``projects/{slug}/access/``."""

    @call(
        "access", "Read who may do what in a project", name="access_read", answer=AccessSerializer
    )
    def get(self, request: Request, slug: str) -> Response:
        """Needs ``view_audit`` or ``manage_members`` there."""
        project = _project(slug, self.caller)
        [standing] = standings_of([project])
        found = {
            "access": access_in(project),
            "standing": str(standing.standing),
            "due_at": standing.due_at,
        }
        return Response(AccessSerializer(found).data)


class ReviewsView(Endpoint):
    """``projects/{slug}/access-reviews/``."""

    queryset = AccessReview.objects.none()

    @call(
        "access",
        "List the access reviews of a project",
        name="access_reviews_list",
        answer=AccessReviewSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first. Needs ``view_audit`` or ``manage_members`` there."""
        project = _project(slug, self.caller)
        rows = AccessReview.objects.filter(project=project).select_related("project", "owner")
        return self.listed(rows.defer("document"), AccessReviewSerializer)

    @call(
        "access",
        "Open an access review",
        name="access_reviews_open",
        body=NewReviewSerializer,
        answer=AccessReviewSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, slug: str) -> Response:
        """Needs ``manage_members`` there, and so does its owner. One is open at a time."""
        project = self.project(slug)
        asked = self.body(NewReviewSerializer)
        owner = User.objects.filter(username=asked["owner"]).first()
        if owner is None:
            raise InvalidInput.of("owner", f"There is no account {asked['owner']!r:.80}.")
        review = open_access_review(
            project, owner=owner, due_at=asked.get("due_at"), by=self.caller
        )
        return Response(AccessReviewSerializer(review).data, status=201)


class ReviewView(Endpoint):
    """``access-reviews/{id}/``."""

    @call(
        "access",
        "Read an access review",
        name="access_reviews_read",
        answer=ReviewWithDocumentSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """With what was signed; an open one with what would be signed now."""
        return _written(_review(pk, self.caller))


class DecideView(Endpoint):
    """``access-reviews/{id}/decide/``."""

    @call(
        "access",
        "Keep or revoke rights",
        name="access_reviews_decide",
        body=AccessDecisionsSerializer,
        answer=ReviewWithDocumentSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_members``; nobody decides about their own. A revocation ends the right at once."""
        review = _review(pk, self.caller)
        asked = self.body(AccessDecisionsSerializer)["decisions"]
        wishes = {each["right"]: Wish(each["verdict"], each.get("note", "")) for each in asked}
        refused = decide_access(review, wishes, by=self.caller)
        return _written(review, refused)


class SignView(Endpoint):
    """``access-reviews/{id}/sign/``."""

    @call(
        "access",
        "Sign an access review",
        name="access_reviews_sign",
        body=AccessSignatureSerializer,
        answer=ReviewWithDocumentSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Its owner only, once everything is decided and carried out; 409 if access changed meanwhile."""
        review = _review(pk, self.caller)
        signed = sign_access_review(review, **self.body(AccessSignatureSerializer), by=self.caller)
        return _written(signed)


class ReviewTableView(Endpoint):
    """``access-reviews/{id}/csv/``."""

    @extend_schema(
        tags=["access"],
        summary="Take an access review away as CSV",
        operation_id="access_reviews_csv",
        responses={(200, "text/csv"): OpenApiTypes.STR},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """One row per right; of a signed one as it was signed."""
        review = _review(pk, self.caller)
        if review.state == AccessReviewState.SIGNED:
            data = signed_csv(review)
        else:
            found = reviewed(review)
            data = as_csv(found.access, found)
        headers = {"Content-Disposition": f'attachment; filename="access-review-{pk}.csv"'}
        return HttpResponse(data, content_type="text/csv; charset=utf-8", headers=headers)


def _project(slug: str, caller: User) -> Project:
    """Return the project; also to who reads the whole log, and has no role in it."""
    found = Project.objects.filter(slug=slug).first()
    if found is None or not _is_seen(found, caller):
        raise NotFound(f"There is no project {slug} that you may see.")
    return _looked_at(found, caller)


def _is_seen(project: Project, caller: User) -> bool:
    visible = Project.objects.visible_to(caller).filter(pk=project.pk)
    return reach_of(caller).whole or visible.exists()


def _looked_at(project: Project, caller: User) -> Project:
    if not may_look(caller, project):
        raise NotPermitted(
            f"Who may do what in {project.slug} is for those who audit it or give its roles: a role with the "
            "permission 'view_audit' or 'manage_members' there would allow it."
        )
    return project


def _review(pk: int, caller: User) -> AccessReview:
    rows = AccessReview.objects.select_related("project", "owner", "opened_by")
    found = rows.filter(pk=pk).first() if pk < 2**63 else None
    if found is None or not _is_seen(found.project, caller):
        raise NotFound(f"There is no access review {pk} that you may see.")
    _looked_at(found.project, caller)
    return found


def _written(review: AccessReview, refused: Any = ()) -> Response:
    is_signed = review.state == AccessReviewState.SIGNED
    found = None if is_signed else reviewed(review)
    names = ("id", "project", "owner", "state", "opened_at", "due_at", "signed_at", "comment")
    body = {
        **{name: getattr(review, name) for name in names},
        "shown_digest": found.digest if found else review.digest,
        "shown_document": found.document if found else review.document,
        "notes": notes_of(review),
        "refused": list(refused),
    }
    return Response(ReviewWithDocumentSerializer(body).data)
