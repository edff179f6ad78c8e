"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path, register_converter

from audit import health, views
from audit.controls import pages as controls
from audit.converters import StreamConverter
from audit.list_export import page as export_page
from audit.packs import pages
from audit.saved import pages as saved_pages
from audit.streaming import pages as streaming

register_converter(StreamConverter, "stream")

app_name = "audit"

urlpatterns: list[URLPattern | URLResolver] = [
    path("metrics", health.metrics, name="metrics"),
    path("audit/", views.events, name="events"),
    path("audit/health/", health.health, name="health"),
    path("audit/health/verify/", health.verify, name="verify"),
    path("audit/health/verifying/", health.verifying, name="verifying"),
    path("audit/destinations/", streaming.destinations, name="destinations"),
    path("audit/destinations/new/<str:kind>/", streaming.new, name="destination-new"),
    path("audit/destinations/<int:pk>/", streaming.destination, name="destination"),
    path("audit/destinations/<int:pk>/live/", streaming.live, name="destination-live"),
    path("audit/destinations/<int:pk>/change/", streaming.change, name="destination-change"),
    path("audit/destinations/<int:pk>/pause/", streaming.pause, name="destination-pause"),
    path("audit/destinations/<int:pk>/resume/", streaming.resume, name="destination-resume"),
    path("audit/destinations/<int:pk>/replay/", streaming.replay, name="destination-replay"),
    path("audit/destinations/<int:pk>/test/", streaming.test, name="destination-test"),
    path("audit/destinations/<int:pk>/again/", streaming.again, name="destination-again"),
    path("audit/destinations/<int:pk>/dismiss/", streaming.dismiss, name="destination-dismiss"),
    path("audit/destinations/<int:pk>/remove/", streaming.remove, name="destination-remove"),
    path("audit/events/<int:pk>/", views.event, name="event"),
    path("audit/events/<int:pk>/entry/", views.entry, name="entry"),
    path("audit/events/<int:pk>/proof/", views.proof, name="proof"),
    path("audit/export/", export_page.export, name="export"),
    path("audit/views/", saved_pages.saved_views, name="views"),
    path("audit/views/<int:pk>/", saved_pages.saved_view, name="view"),
    path("audit/compliance/", controls.compliance, name="compliance"),
    path("audit/compliance/<slug:framework>/<str:name>/", controls.control, name="control"),
    path("audit/packs/", pages.packs, name="packs"),
    path("audit/packs/<int:pk>/", pages.pack, name="pack"),
    path("audit/packs/<int:pk>/live/", pages.live, name="pack-live"),
    path("audit/packs/<int:pk>/file/", pages.file, name="pack-file"),
    path("audit/streams/<stream:name>/", views.stream, name="stream"),
]
