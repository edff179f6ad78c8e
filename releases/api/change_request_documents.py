"""What calls about change requests take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.api.strict import LARGEST_ID, Choice, Moment, StrictSerializer, Text
from releases.models import ChangeKind
from releases.models.change_request import ApprovalDecision
from releases.outcomes import GateVerdict
from releases.states import ChangeRequestState


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]})
class ReleaseName(serializers.Field[Any, Any, Any, Any]):
    """A release by its id (a number) or its version (a text)."""

    def to_internal_value(self, data: Any) -> int | str:
        """Return the id or the version."""
        if isinstance(data, str) and 0 < len(data) <= 128 and "\x00" not in data:  # noqa: PLR2004 -- of the model
            return data
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= LARGEST_ID:
            return data
        raise serializers.ValidationError("Give the release's id (a number) or version (a text).")

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


class NewChangeRequestSerializer(StrictSerializer):
    """A change request to open. ``release`` is an id or a version, ``environment`` a name."""

    release = ReleaseName()
    environment = Text(max_length=63)
    kind = Choice(ChangeKind.choices, required=False)
    reason = Text(max_length=4000)
    not_before = Moment(required=False, allow_null=True)


class DecisionSerializer(StrictSerializer):
    """A yes to what ``statement_digest`` of the change request says."""

    statement_digest = Text(max_length=71)
    comment = Text(max_length=4000, required=False, allow_blank=True)


class RejectionSerializer(StrictSerializer):
    """A no, with its reason."""

    statement_digest = Text(max_length=71)
    comment = Text(max_length=4000)


class WithdrawalSerializer(StrictSerializer):
    """Why it is withdrawn; both may be left out."""

    statement_digest = Text(max_length=71, required=False)
    comment = Text(max_length=4000, required=False, allow_blank=True)


class PersonReadSerializer(serializers.Serializer[Any]):
    """A person in a document."""

    username = serializers.CharField()
    name = serializers.CharField()


class ReleaseReadSerializer(serializers.Serializer[Any]):
    """The release that is to be put there."""

    id = serializers.IntegerField()
    version = serializers.CharField()
    content_digest = serializers.CharField()


class PolicyReadSerializer(serializers.Serializer[Any]):
    """The policy version that it was evaluated against."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()


class GateSerializer(serializers.Serializer[Any]):
    """One gate's outcome; only pass, warn and waived let through."""

    name = serializers.CharField()
    outcome = serializers.ChoiceField([str(word) for word in GateVerdict])
    detail = serializers.CharField()
    satisfied_by = serializers.CharField(help_text="What would satisfy it.")
    artifact_version = serializers.IntegerField(allow_null=True)
    evidence = serializers.IntegerField(allow_null=True)


class ExcludedSerializer(PersonReadSerializer):
    """Somebody who holds the role and may not sign this change."""

    why = serializers.CharField()


class RuleSerializer(serializers.Serializer[Any]):
    """How an approval rule stands; rules are never summed."""

    name = serializers.CharField()
    title = serializers.CharField()
    required = serializers.IntegerField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    given = serializers.IntegerField()
    missing = serializers.IntegerField()
    eligible = PersonReadSerializer(many=True)
    signed_by = PersonReadSerializer(many=True)
    excluded = ExcludedSerializer(many=True)


class ApprovalSerializer(serializers.Serializer[Any]):
    """One person's signed yes or no."""

    id = serializers.IntegerField()
    person = PersonReadSerializer()
    roles = serializers.ListField(child=serializers.CharField())
    decision = serializers.ChoiceField(ApprovalDecision.choices)
    comment = serializers.CharField()
    statement_digest = serializers.CharField()
    given_at = serializers.DateTimeField()
    voided_at = serializers.DateTimeField(allow_null=True)
    void_reason = serializers.CharField()


class DeploymentReadSerializer(serializers.Serializer[Any]):
    """The newest attempt to carry it out."""

    id = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ChangeRequestSerializer(serializers.Serializer[Any]):
    """A change request with everything that decides it; describes ``change_request.sql``."""

    number = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    project = serializers.CharField()
    environment = serializers.CharField()
    release = ReleaseReadSerializer()
    kind = serializers.ChoiceField(ChangeKind.choices)
    reason = serializers.CharField()
    state = serializers.ChoiceField(ChangeRequestState.choices)
    state_since = serializers.DateTimeField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    not_before = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    deployed_at = serializers.DateTimeField(allow_null=True)
    policy = PolicyReadSerializer(allow_null=True)
    statement_digest = serializers.CharField(allow_null=True)
    gates = GateSerializer(many=True)
    rules = RuleSerializer(many=True)
    approvals = ApprovalSerializer(many=True)
    blocking = serializers.ListField(child=serializers.CharField())
    deployment = DeploymentReadSerializer(allow_null=True)


class ChangeRequestSummarySerializer(serializers.Serializer[Any]):
    """A change request in a list."""

    number = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field's name that the base class uses otherwise
    project = serializers.CharField()
    environment = serializers.CharField()
    release = ReleaseReadSerializer()
    kind = serializers.ChoiceField(ChangeKind.choices)
    state = serializers.ChoiceField(ChangeRequestState.choices)
    state_since = serializers.DateTimeField()
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    deployed_at = serializers.DateTimeField(allow_null=True)
    statement_digest = serializers.CharField(allow_null=True)


class VerdictSerializer(serializers.Serializer[Any]):
    """One word for CI. ``done`` says that it is the last one."""

    decision = serializers.ChoiceField(
        ["pending", "blocked", "approved", "rejected", "deployed", "failed"]
    )
    done = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(ChangeRequestState.choices)
