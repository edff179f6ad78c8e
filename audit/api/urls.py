"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from audit.api.controls import ControlsView, ControlView
from audit.api.destinations.dead_letters import DeadLettersView, DismissView, SendAgainView
from audit.api.destinations.deeds import (
    DestinationPauseView,
    DestinationReplayView,
    DestinationResumeView,
    DestinationTestView,
)
from audit.api.destinations.lists import DestinationsView, DestinationView
from audit.api.events import EventsView, EventView
from audit.api.packs import PackFileView, PacksView, PackView
from audit.api.published import CheckpointView, ConsistencyView, ProofView, TileView
from audit.api.saved_views import SavedViewsView, SavedViewView

urlpatterns: list[URLPattern | URLResolver] = [
    path("audit/destinations/", DestinationsView.as_view()),
    path("audit/destinations/<int:pk>/", DestinationView.as_view()),
    path("audit/destinations/<int:pk>/pause/", DestinationPauseView.as_view()),
    path("audit/destinations/<int:pk>/resume/", DestinationResumeView.as_view()),
    path("audit/destinations/<int:pk>/replay/", DestinationReplayView.as_view()),
    path("audit/destinations/<int:pk>/test/", DestinationTestView.as_view()),
    path("audit/destinations/<int:pk>/dead-letters/", DeadLettersView.as_view()),
    path("audit/destinations/<int:pk>/dead-letters/dismiss/", DismissView.as_view()),
    path("audit/destinations/<int:pk>/dead-letters/send-again/", SendAgainView.as_view()),
    path("audit/events/", EventsView.as_view()),
    path("audit/events/<int:pk>/", EventView.as_view()),
    # The formats of transparency logs have no slash at the end of an address.
    path("audit/events/<uuid:uid>/proof", ProofView.as_view()),
    path("audit/log/checkpoint", CheckpointView.as_view()),
    path("audit/log/consistency", ConsistencyView.as_view()),
    path("audit/log/tile/<path:tile>", TileView.as_view()),
    path("audit/controls/", ControlsView.as_view()),
    path("audit/controls/<slug:framework>/<str:name>/", ControlView.as_view()),
    path("audit/views/", SavedViewsView.as_view()),
    path("audit/views/<int:pk>/", SavedViewView.as_view()),
    path("audit/packs/", PacksView.as_view()),
    path("audit/packs/<int:pk>/", PackView.as_view()),
    path("audit/packs/<int:pk>/file/", PackFileView.as_view()),
]
