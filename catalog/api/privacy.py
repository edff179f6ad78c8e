"""Personal data for machines: erasures with their receipts, legal holds, retention."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.privacy.models import Erasure, ErasureBasis, HoldKind, LegalHold
from audit.privacy.retention import retention_classes
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.lift_hold import lift_hold
from catalog.actions.place_hold import LONGEST_REASON, place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.actions.set_retention import LONGEST, set_retention
from catalog.actions.take_receipt import take_receipt
from catalog.actions.withdraw_erasure import withdraw_erasure
from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.people import person_named
from catalog.api.strict import Choice, StrictSerializer, Text, Whole
from catalog.erasures import require_sight
from catalog.models import TokenScope as Scope


class ErasureSerializer(serializers.Serializer[Any]):
    """The erasure of one person's data."""

    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="The pseudonym.")
    state = serializers.CharField()
    basis = serializers.CharField()
    requested_by = serializers.CharField(source="requested_by.pseudonym")
    requested_at = serializers.DateTimeField()
    confirmed_by = serializers.CharField(
        source="confirmed_by.pseudonym", default=None, allow_null=True
    )
    confirmed_at = serializers.DateTimeField(allow_null=True)
    waits_for = serializers.CharField(help_text="Why it was not carried out yet.")
    erased_at = serializers.DateTimeField(allow_null=True)
    event = serializers.IntegerField(allow_null=True)
    erased = serializers.DictField(source="counts", child=serializers.IntegerField())
    commitments_sha256 = serializers.CharField(source="listing_sha256")
    receipt_sha256 = serializers.CharField()


class NewErasureSerializer(StrictSerializer):
    """On what basis somebody's data is erased."""

    basis = Choice(ErasureBasis.choices)


class HoldSerializer(serializers.Serializer[Any]):
    """A legal hold."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    about = serializers.CharField()
    reason = serializers.CharField()
    placed_by = serializers.CharField(source="placed_by.pseudonym")
    placed_at = serializers.DateTimeField()
    lifted_by = serializers.CharField(source="lifted_by.pseudonym", default=None, allow_null=True)
    lifted_at = serializers.DateTimeField(allow_null=True)


class NewHoldSerializer(StrictSerializer):
    """What is to be held: a user name or pseudonym, a project's slug, or a request's number."""

    kind = Choice(HoldKind.choices)
    about = Text(max_length=200)
    reason = Text(max_length=LONGEST_REASON)


class RetentionSerializer(serializers.Serializer[Any]):
    """How long a class of data is kept."""

    name = serializers.CharField()
    title = serializers.CharField()
    what = serializers.CharField()
    days = serializers.IntegerField(allow_null=True, help_text="Null is without end.")


class RetentionListSerializer(serializers.Serializer[Any]):
    """All classes."""

    results = RetentionSerializer(many=True)


class NewRetentionSerializer(StrictSerializer):
    """The period from now on; null is without end."""

    days = Whole(max_value=LONGEST, allow_null=True)


class RequestErasureView(Endpoint):
    """``people/{username}/erasure/``."""

    required_scope = Scope.ADMIN

    @call(
        "privacy",
        "Ask for the erasure of a person's data",
        name="erasures_request",
        body=NewErasureSerializer,
        answer=ErasureSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, username: str) -> Response:
        """Needs ``manage_privacy``. Somebody else confirms it; a legal hold refuses it."""
        basis = self.body(NewErasureSerializer)["basis"]
        erasure = request_erasure(person_named(username), basis=basis, by=self.caller)
        return Response(ErasureSerializer(erasure).data, status=201)


class ErasuresView(Endpoint):
    """``privacy/erasures/``."""

    queryset = Erasure.objects.none()

    @call("privacy", "List the erasures", name="erasures_list", answer=ErasureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first; for those with ``manage_privacy`` or ``view_whole_audit``."""
        require_sight(self.caller)
        return self.listed(_erasures(), ErasureSerializer)


class ErasureView(Endpoint):
    """``privacy/erasures/{id}/``."""

    @call("privacy", "See how far an erasure is", name="erasures_read", answer=ErasureSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Its state, what it erased, and the hash of its receipt."""
        require_sight(self.caller)
        return Response(ErasureSerializer(one(_erasures().filter(pk=pk), f"no erasure {pk}")).data)


class ConfirmErasureView(Endpoint):
    """``privacy/erasures/{id}/confirm/``."""

    required_scope = Scope.ADMIN

    @call(
        "privacy",
        "Confirm an erasure that somebody else asked for",
        name="erasures_confirm",
        answer=ErasureSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_privacy``. A worker carries it out; there is no way back."""
        return Response(ErasureSerializer(confirm_erasure(pk, by=self.caller)).data)


class WithdrawErasureView(Endpoint):
    """``privacy/erasures/{id}/withdraw/``."""

    required_scope = Scope.ADMIN

    @call(
        "privacy",
        "Withdraw an erasure that was not carried out",
        name="erasures_withdraw",
        answer=ErasureSerializer,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_privacy``."""
        return Response(ErasureSerializer(withdraw_erasure(pk, by=self.caller)).data)


class ReceiptView(Endpoint):
    """``privacy/erasures/{id}/receipt/``."""

    @extend_schema(
        tags=["privacy"],
        summary="Download the receipt of an erasure",
        operation_id="erasures_receipt",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        extensions={"x-scope": "read"},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """A ZIP that verifies with ``gatehouse_verify.py``. Taking it away is an event."""
        erasure = take_receipt(pk, by=self.caller)
        name = f'attachment; filename="{erasure.file_name}"'
        return HttpResponse(
            bytes(erasure.receipt),
            content_type="application/zip",
            headers={"Content-Disposition": name},
        )


class HoldsView(Endpoint):
    """``privacy/holds/``."""

    queryset = LegalHold.objects.none()
    required_scope = Scope.ADMIN

    @call("privacy", "List the legal holds", name="holds_list", answer=HoldSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first, lifted ones too; for those with ``manage_privacy`` or ``view_whole_audit``."""
        require_sight(self.caller)
        return self.listed(
            LegalHold.objects.select_related("placed_by", "lifted_by"), HoldSerializer
        )

    @call(
        "privacy",
        "Place a legal hold",
        name="holds_place",
        body=NewHoldSerializer,
        answer=HoldSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """Needs ``manage_privacy``. What it is on is neither erased nor removed until it is lifted."""
        hold = place_hold(**self.body(NewHoldSerializer), by=self.caller)
        return Response(HoldSerializer(hold).data, status=201)


class LiftHoldView(Endpoint):
    """``privacy/holds/{id}/lift/``."""

    required_scope = Scope.ADMIN

    @call(
        "privacy", "Lift a legal hold", name="holds_lift", answer=HoldSerializer, scope=Scope.ADMIN
    )
    def post(self, request: Request, pk: int) -> Response:
        """Needs ``manage_privacy``. Twice is no harm."""
        return Response(HoldSerializer(lift_hold(pk, by=self.caller)).data)


class RetentionView(Endpoint):
    """``privacy/retention/``."""

    @call(
        "privacy",
        "Read how long what is kept",
        name="retention_read",
        answer=RetentionListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Every class of data; for those with ``manage_privacy`` or ``view_whole_audit``."""
        require_sight(self.caller)
        rows = RetentionSerializer(retention_classes(), many=True).data
        return Response({"results": rows})


class RetentionClassView(Endpoint):
    """``privacy/retention/{name}/``."""

    required_scope = Scope.ADMIN

    @call(
        "privacy",
        "Say how long a class of data is kept",
        name="retention_set",
        body=NewRetentionSerializer,
        answer=RetentionSerializer,
        scope=Scope.ADMIN,
    )
    def put(self, request: Request, name: str) -> Response:
        """Needs ``manage_privacy``. What is older is removed in the next night, but for what is held."""
        days = self.body(NewRetentionSerializer)["days"]
        return Response(RetentionSerializer(set_retention(name, days=days, by=self.caller)).data)


def _erasures() -> Any:
    people = ("requested_by", "confirmed_by")
    return Erasure.objects.select_related(*people).defer("listing", "receipt")
