"""Pages of the app."""

from django.urls import URLPattern, URLResolver, path

from models_registry.views import models, registries, retraining

app_name = "models_registry"

PROJECT = "projects/<slug:slug>/"
REGISTRY = "model-registries/<int:pk>/"
RETRAINING = "retraining-requests/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{PROJECT}models/", models.ModelsPage.as_view(), name="models"),
    path("models/<int:pk>/", models.ModelPage.as_view(), name="model"),
    path("model-versions/<int:pk>/", models.ModelVersionPage.as_view(), name="version"),
    path("model-findings/<int:pk>/settle/", models.SettleFinding.as_view(), name="settle-finding"),
    path(f"{PROJECT}new-model-registry/", registries.NewRegistry.as_view(), name="new-registry"),
    path(REGISTRY, registries.RegistryPage.as_view(), name="registry"),
    path(f"{REGISTRY}live/", registries.SyncLive.as_view(), name="registry-live"),
    path(f"{REGISTRY}sync/", registries.SyncNow.as_view(), name="sync-now"),
    path(f"{REGISTRY}edit/", registries.EditRegistry.as_view(), name="edit-registry"),
    path(
        "models/<int:pk>/ask-for-retraining/",
        retraining.AskForRetraining.as_view(),
        name="ask-for-retraining",
    ),
    path(
        "models/<int:pk>/retraining-trigger/",
        retraining.ModelTriggerPage.as_view(),
        name="model-trigger",
    ),
    path(
        f"{PROJECT}retraining-trigger/",
        retraining.TriggerPage.as_view(),
        name="project-trigger",
    ),
    path(RETRAINING, retraining.RetrainingPage.as_view(), name="retraining"),
    path(f"{RETRAINING}live/", retraining.RetrainingLive.as_view(), name="retraining-live"),
    path(
        f"{RETRAINING}withdraw/",
        retraining.WithdrawRetraining.as_view(),
        name="withdraw-retraining",
    ),
    path(f"{RETRAINING}clear/", retraining.ClearRetraining.as_view(), name="clear-retraining"),
]
