"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path, register_converter

from audit import health, views
from audit.converters import StreamConverter

register_converter(StreamConverter, "stream")

app_name = "audit"

urlpatterns: list[URLPattern | URLResolver] = [
    path("metrics", health.metrics, name="metrics"),
    path("audit/", views.events, name="events"),
    path("audit/health/", health.health, name="health"),
    path("audit/events/<int:pk>/", views.event, name="event"),
    path("audit/events/<int:pk>/entry/", views.entry, name="entry"),
    path("audit/streams/<stream:name>/", views.stream, name="stream"),
]
