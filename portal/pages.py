"""The portal's own pages: inbox, health, search."""

from django.urls import URLPattern, URLResolver, path

from portal import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.alive, name="livez"),
    path("readyz", health.ready, name="readyz"),
]
