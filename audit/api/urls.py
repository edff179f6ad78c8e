"""REST addresses of the app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from audit.api.events import EventsView, EventView

urlpatterns: list[URLPattern | URLResolver] = [
    path("audit/events/", EventsView.as_view()),
    path("audit/events/<int:pk>/", EventView.as_view()),
]
