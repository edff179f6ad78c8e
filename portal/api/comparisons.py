"""Champion against challenger for a change request."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint
from catalog.errors import NotFound
from portal.change_requests.comparisons import compared
from portal.change_requests.story import Story
from releases.api.comparisons import ComparisonSerializer, comparison_document


class ChangeRequestComparisonsView(Endpoint):
    """``change-requests/{number}/comparisons/``."""

    pagination_class = None  # as many as the release has models

    @call(
        "change requests",
        "Compare the models of a change request with what serves",
        name="change_request_comparisons",
        answer=ComparisonSerializer(many=True),
    )
    def get(self, request: Request, number: int) -> Response:
        """One comparison per model in the release; after the deployment, with what served before it."""
        story = Story.of(number, self.caller)
        if story is None:
            raise NotFound(f"There is no change request CR-{number}.")
        name = story.change_request.environment.name
        return Response([comparison_document(each, name) for each in compared(story)])
