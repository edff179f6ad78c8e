"""What calls about destinations take and answer."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.api.strict import Strict
from audit.streaming.actions.pause import LONGEST_REASON
from audit.streaming.actions.send_again import MOST_NAMED
from audit.streaming.lag import Lag
from audit.streaming.models import BodyLayout, Destination, DestinationKind, RecordFormat
from audit.streaming.wanted import LONGEST_NAME, LONGEST_URL

LARGEST: Final = 2**63 - 1
_LONGEST_FILE: Final = 100
_SECRET: Final = "Name of a file in STREAMING_SECRETS_DIR, never its content."  # noqa: S105 -- a sentence, no secret


class LagSerializer(serializers.Serializer[Any]):
    """How far behind the signed log it is."""

    entries = serializers.IntegerField()
    seconds = serializers.FloatField(help_text="Age of the oldest entry that it lacks.")
    dead_letters = serializers.IntegerField()


class TestSerializer(serializers.Serializer[Any]):
    """The last test record."""

    asked_at = serializers.DateTimeField(source="test_asked_at", allow_null=True)
    done_at = serializers.DateTimeField(source="test_done_at", allow_null=True)
    succeeded = serializers.BooleanField(source="test_succeeded", allow_null=True)
    result = serializers.CharField(source="test_result")


class DestinationSerializer(serializers.Serializer[Any]):
    """A destination. Of a webhook's address only the host is shown: its path may be a secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(DestinationKind.choices)
    format = serializers.ChoiceField(RecordFormat.choices)
    layout = serializers.ChoiceField(BodyLayout.choices)
    place = serializers.CharField()
    signing_secret = serializers.CharField()
    authorization_secret = serializers.CharField()
    ca_file = serializers.CharField()
    certificate_file = serializers.CharField()
    key_file = serializers.CharField()
    is_paused = serializers.BooleanField()
    paused_because = serializers.CharField()
    next_index = serializers.IntegerField(help_text="Every entry below it was acknowledged.")
    delivered = serializers.IntegerField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="Calls in a row that came to nothing.")
    trouble = serializers.CharField(help_text="Why the last one did; empty if it did not.")
    not_before = serializers.DateTimeField(allow_null=True)
    test = TestSerializer(source="*")
    lag = serializers.SerializerMethodField()

    @extend_schema_field(LagSerializer)
    def get_lag(self, destination: Destination) -> Any:
        """Return the lag, which the view looked up for all rows at once."""
        behind: dict[int, Lag] = self.context["lags"]
        return LagSerializer(behind.get(destination.pk, Lag())).data


class _SetUpSerializer(Strict):
    format = serializers.ChoiceField(RecordFormat.choices, required=False)
    layout = serializers.ChoiceField(BodyLayout.choices, required=False)
    url = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_URL, help_text="Of a webhook."
    )
    host = serializers.CharField(required=False, allow_blank=True, max_length=253)
    port = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=65_535,
        help_text="6514 unless told.",
    )
    file_name = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text="In STREAMING_ROOT."
    )
    signing_secret = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    authorization_secret = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    ca_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    certificate_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )
    key_file = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_FILE, help_text=_SECRET
    )


class NewDestinationSerializer(_SetUpSerializer):
    """A destination to set up: ``url`` for a webhook, ``host`` for syslog, ``file_name`` for a file."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    kind = serializers.ChoiceField(DestinationKind.choices)
    start = serializers.ChoiceField(
        ["beginning", "now"],
        required=False,
        help_text="`beginning`, with the log's first entry, unless told.",
    )


class DestinationChangesSerializer(_SetUpSerializer):
    """What is to change; what is not named stays. The kind never changes."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)


class PauseSerializer(Strict):
    """Why nothing is to be sent."""

    why = serializers.CharField(max_length=LONGEST_REASON)


class ReplaySerializer(Strict):
    """From where the log is to be sent again."""

    from_index = serializers.IntegerField(
        min_value=0, max_value=LARGEST, help_text="The index of the first entry that is sent again."
    )


class SendAgainSerializer(Strict):
    """Which dead letters; all of them unless told."""

    indexes = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST),
        required=False,
        min_length=1,
        max_length=MOST_NAMED,
    )


class SentAgainSerializer(serializers.Serializer[Any]):
    """How many are sent again."""

    count = serializers.IntegerField()


class DismissSerializer(SendAgainSerializer):
    """Which dead letters, all of them unless told, and why the place shall do without them."""

    why = serializers.CharField(max_length=LONGEST_REASON)


class DismissedSerializer(serializers.Serializer[Any]):
    """How many were dismissed."""

    count = serializers.IntegerField()


class DeadLetterSerializer(serializers.Serializer[Any]):
    """An entry that the destination refused for good."""

    index = serializers.IntegerField()
    type = serializers.CharField(source="event_type")
    reason = serializers.CharField()
    tries = serializers.IntegerField()
    refused_at = serializers.DateTimeField()
    again_at = serializers.DateTimeField(allow_null=True)
