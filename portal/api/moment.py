"""An environment as it was at a moment."""

from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions.record_reading import Way
from audit.reach import reach_of
from catalog.api.describe import call, query
from catalog.api.endpoint import Endpoint
from catalog.errors import InvalidInput
from portal.moment.document import MomentSerializer, document_of
from portal.moment.moment import moment_of
from portal.moment.reading import record_moment_read


class MomentView(Endpoint):
    """``projects/{slug}/environments/{name}/at/``."""

    @call(
        "environments",
        "Read what an environment was at a moment",
        name="environments_at",
        answer=MomentSerializer,
        parameters=[query("time", datetime, "When, such as `2026-03-03T14:05:00Z`; required.")],
    )
    def get(self, request: Request, slug: str, name: str) -> Response:
        """What ran, who had signed it, under which policy, on which evidence, and who might do what.

        Computed from the log, each fact with the entry that proves it. Needs ``view_audit`` in the project.
        """
        environment = self.environment(slug, name)
        at = _time(request.query_params.get("time", ""))
        body = document_of(moment_of(environment, at, reach_of(self.caller)))
        record_moment_read(Way.API, environment, by=self.caller)
        return Response(body)


def _time(asked: str) -> datetime:
    try:
        at = parse_datetime(asked)
    except ValueError:
        at = None
    if at is None:
        raise InvalidInput.of("time", "Give a time, such as 2026-03-03T14:05:00Z.")
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInput.of("time", "That is no time the log could know.") from None
