"""Model cards over REST."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import Choice, Moment, StrictSerializer, Text, Whole
from catalog.errors import InvalidInput, NotFound
from catalog.models import ArtifactVersion, RiskTier, User
from catalog.models import TokenScope as Scope
from releases.actions.import_card import import_card
from releases.actions.review_card import LONGEST_TEXT, review_card
from releases.actions.save_card import save_card
from releases.api.uploads import ReportParser, stream_of
from releases.cards.files import cyclonedx_file, readme_file
from releases.cards.saving import LONGEST_NOTE, standing
from releases.cards.standing import missing_in
from releases.errors import EvidenceRefused
from releases.models import CardRevision, CardSource, ModelCard

_RELATED = ("artifact_version__artifact", "project", "owner")


class CardSummarySerializer(serializers.Serializer[Any]):
    """A model card in a list."""

    project = serializers.CharField(source="project.slug")
    artifact_version = serializers.IntegerField(source="artifact_version_id")
    model = serializers.CharField(source="artifact_version.artifact.name")
    version = serializers.CharField(source="artifact_version.version")
    revision = serializers.IntegerField(help_text="Number of the one that stands.")
    owner = serializers.CharField(source="owner.username", allow_null=True, default=None)
    risk_tier = serializers.ChoiceField(RiskTier.choices, allow_blank=True)
    is_complete = serializers.BooleanField()
    is_reviewed = serializers.BooleanField(
        help_text="Whether somebody else confirmed the revision that stands."
    )
    is_overdue = serializers.BooleanField()
    reviewed_at = serializers.DateTimeField(allow_null=True)
    next_review_at = serializers.DateTimeField()


class CardLeftOutSerializer(serializers.Serializer[Any]):
    """A place in an imported document that was not taken over."""

    path = serializers.CharField()
    why = serializers.CharField()


class CardImportReportSerializer(serializers.Serializer[Any]):
    """What an import did, by the fields' titles; ``kept`` had other words in the document."""

    taken = serializers.ListField(child=serializers.CharField(), required=False)
    replaced = serializers.ListField(child=serializers.CharField(), required=False)
    kept = serializers.ListField(child=serializers.CharField(), required=False)


class CardRevisionSerializer(serializers.Serializer[Any]):
    """One saved state of a card. Fields of ``content``: docs/models.md."""

    number = serializers.IntegerField()
    content = serializers.DictField()
    owner = serializers.CharField(source="owner.username", allow_null=True, default=None)
    risk_tier = serializers.ChoiceField(RiskTier.choices, allow_blank=True)
    is_complete = serializers.BooleanField()
    digest = serializers.CharField()
    source = serializers.ChoiceField(CardSource.choices)  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    evidence = serializers.IntegerField(source="evidence_id", allow_null=True)
    imported = CardImportReportSerializer(source="taken")
    left_out = CardLeftOutSerializer(many=True)
    note = serializers.CharField()
    saved_by = serializers.CharField(source="saved_by.username")
    saved_at = serializers.DateTimeField()


class CardSerializer(CardSummarySerializer):
    """A model card with the revision that stands."""

    missing = serializers.ListField(child=serializers.CharField())
    standing = CardRevisionSerializer()


class NewRevisionSerializer(StrictSerializer):
    """The whole card as it shall be; what is left out is empty."""

    content = serializers.DictField()
    owner = Text(max_length=150, required=False, allow_blank=True, help_text="A user name.")
    risk_tier = Choice(RiskTier.choices, required=False, allow_blank=True)
    note = Text(max_length=LONGEST_NOTE, required=False, allow_blank=True)
    expected = Whole(
        min_value=0,
        required=False,
        help_text="Number of the revision that was edited, 0 for none: another one answers 409.",
    )


class CardImportSerializer(StrictSerializer):
    """A document: as multipart with a ``file``, or as JSON with a ``document``."""

    file = serializers.FileField(required=False, allow_empty_file=True)
    document = serializers.JSONField(required=False)
    replace = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Take its words for fields that have others already.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and neither."""
        if ("file" in attrs) == ("document" in attrs):
            raise serializers.ValidationError(
                {"file": ["Send either a multipart file or, as JSON, a document."]}
            )
        return attrs


class NewCardReviewSerializer(StrictSerializer):
    """A confirmation of the revision that was read."""

    revision = Whole()
    next_review_at = Moment(required=False)
    reason = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)
    comment = Text(max_length=LONGEST_TEXT, required=False, allow_blank=True)


class CardReviewSerializer(serializers.Serializer[Any]):
    """A review."""

    revision = serializers.IntegerField(source="revision.number")
    reviewed_by = serializers.CharField(source="reviewed_by.username")
    reviewed_at = serializers.DateTimeField()
    next_review_at = serializers.DateTimeField()
    reason = serializers.CharField()
    comment = serializers.CharField()


class CardFilter(filters.FilterSet):
    """Which cards."""

    project = filters.CharFilter("project__slug")
    risk_tier = filters.ChoiceFilter(choices=RiskTier.choices)
    owner = filters.CharFilter("owner__username")
    complete = filters.BooleanFilter("is_complete")
    overdue = filters.BooleanFilter(method="by_time", help_text="Of versions that matter still.")

    def by_time(self, rows: Any, _name: str, value: bool) -> Any:  # noqa: FBT001 -- as django-filter calls it
        """Return those whose review is overdue, or those that are not due yet."""
        return rows.overdue() if value else rows.filter(next_review_at__gt=timezone.now())


class CardsView(Endpoint):
    """``model-cards/``."""

    queryset = ModelCard.objects.none()
    filterset_class = CardFilter

    @call(
        "model cards",
        "List model cards",
        name="model_cards_list",
        answer=CardSummarySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Of all projects that you may see, newest version first; ``overdue=true``: to be reviewed now."""
        rows = ModelCard.objects.visible_to(self.caller).select_related(*_RELATED)
        return self.listed(rows, CardSummarySerializer)


class _OfVersion(Endpoint):
    """What is below ``artifact-versions/{id}/``."""

    required_scope = Scope.ARTIFACTS

    def version(self, pk: int) -> ArtifactVersion:
        """Return the version of the address."""
        visible = ArtifactVersion.objects.visible_to(self.caller)
        return one(
            visible.filter(pk=pk).select_related("artifact__project"), f"no artifact version {pk}"
        )

    def card(self, pk: int) -> ModelCard:
        """Return the version's card."""
        visible = ModelCard.objects.visible_to(self.caller).select_related(*_RELATED)
        return one(visible.filter(artifact_version=pk), f"no card of an artifact version {pk}")

    def revision(self, pk: int) -> CardRevision:
        """Return the revision that stands."""
        revision = standing(self.card(pk))
        if revision is None:
            raise NotFound(f"There is no card of an artifact version {pk} that you may see.")
        return revision

    def answer(self, pk: int, status: int = 200) -> Response:
        """Answer with the card."""
        revision = self.revision(pk)
        card = revision.card
        shown: dict[str, Any] = {
            name: getattr(card, name)
            for name in (
                "project", "artifact_version", "artifact_version_id", "revision", "owner", "risk_tier",
                "is_complete", "is_reviewed", "reviewed_at", "next_review_at",
            )
        }  # fmt: skip
        shown |= {"is_overdue": card.is_overdue(), "missing": missing_in(revision)}
        return Response(CardSerializer({**shown, "standing": revision}).data, status=status)

    def owner(self, fields: Mapping[str, Any]) -> User | None:
        """Return the account that the body names."""
        name = fields.get("owner", "")
        account = User.objects.filter(username=name).first() if name else None
        if name and account is None:
            raise InvalidInput.of("owner", f"Nobody here has the user name {name!r:.80}.")
        return account


class CardView(_OfVersion):
    """``artifact-versions/{id}/card/``."""

    @call("model cards", "Read a model card", name="model_cards_read", answer=CardSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """With the revision that stands, and what is missing."""
        return self.answer(pk)

    @call(
        "model cards",
        "Save a model card",
        name="model_cards_save",
        body=NewRevisionSerializer,
        answer=CardSerializer,
        scope=Scope.ARTIFACTS,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Needs ``edit_model_card``. Makes a revision; the same again makes none."""
        version = self.version(pk)
        fields = self.body(NewRevisionSerializer)
        owner = self.owner(fields)
        save_card(version, by=self.caller, **{**fields, "owner": owner})
        return self.answer(pk)


class CardImportView(_OfVersion):
    """``artifact-versions/{id}/card/import/``."""

    parser_classes = [*Endpoint.parser_classes, ReportParser]

    @call(
        "model cards",
        "Import a model card",
        name="model_cards_import",
        body=CardImportSerializer,
        answer=CardSerializer,
        status=201,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Hugging Face's README.md, Google's model card as JSON, or CycloneDX 1.5 to 1.7 as JSON.

        Needs ``edit_model_card``. Makes a revision: ``imported`` says which fields were taken and which
        stayed, ``left_out`` what the card has no field for. The bytes are kept as evidence.
        """
        version = self.version(pk)
        fields = self.body(CardImportSerializer)
        stream, file_name = stream_of(fields)
        try:
            import_card(
                version, stream, file_name=file_name, replace=fields["replace"], by=self.caller
            )
        except (EvidenceRefused, InvalidInput) as refusal:
            if "document" in fields and "file" in refusal.fields:
                refusal.fields["document"] = refusal.fields.pop("file")  # as its sender calls it
            raise
        return self.answer(pk, 201)


class CardReviewsView(_OfVersion):
    """``artifact-versions/{id}/card/reviews/``."""

    @call(
        "model cards",
        "Review a model card",
        name="model_cards_review",
        body=NewCardReviewSerializer,
        answer=CardReviewSerializer,
        status=201,
        scope=Scope.ARTIFACTS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``edit_model_card``; nobody reviews what they wrote. The next review is due by the tier."""
        card = self.card(pk)
        review = review_card(card, **self.body(NewCardReviewSerializer), by=self.caller)
        return Response(CardReviewSerializer(review).data, status=201)


class CardRevisionsView(_OfVersion):
    """``artifact-versions/{id}/card/revisions/``."""

    queryset = CardRevision.objects.none()

    @call(
        "model cards",
        "List the revisions of a model card",
        name="model_cards_revisions",
        answer=CardRevisionSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """Newest first, each as it was saved."""
        rows = self.card(pk).revisions.select_related("owner", "saved_by")
        return self.listed(rows, CardRevisionSerializer)


class CardCycloneDXView(_OfVersion):
    """``artifact-versions/{id}/card.cdx.json``."""

    @extend_schema(
        tags=["model cards"],
        summary="Take a model card away as CycloneDX 1.7",
        operation_id="model_cards_cyclonedx",
        responses={(200, "application/vnd.cyclonedx+json"): OpenApiTypes.OBJECT},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """One machine-learning model with its digest and ``modelCard``.

        A revision gives the same bytes until somebody reviews it; then ``version`` is one more.
        """
        return cyclonedx_file(self.revision(pk))


class CardReadmeView(_OfVersion):
    """``artifact-versions/{id}/card.md``."""

    @extend_schema(
        tags=["model cards"],
        summary="Take a model card away as Hugging Face's README.md",
        operation_id="model_cards_readme",
        responses={(200, "text/markdown"): OpenApiTypes.STR},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Front matter with ``model-index``, and the sections of its template."""
        return readme_file(self.revision(pk))
