"""Kubernetes API servers that targets may name."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.describe import call
from catalog.api.endpoint import Endpoint, one
from catalog.api.strict import StrictSerializer, Text
from catalog.models import TokenScope as Scope
from deployments.actions.create_cluster import create_cluster
from deployments.models import Cluster


class ClusterSerializer(serializers.Serializer[Any]):
    """A cluster. Its credentials are a file that the operator mounts; only the name is kept."""

    name = serializers.CharField()
    server = serializers.CharField()
    created_at = serializers.DateTimeField()


class NewClusterSerializer(StrictSerializer):
    """A cluster to add; ``credentials`` names the mounted file."""

    name = Text(max_length=63)
    server = Text(max_length=300, required=False, allow_blank=True)
    credentials = Text(max_length=100, required=False, allow_blank=True)


class ClusterFilter(filters.FilterSet):
    """Which clusters."""

    class Meta:
        model = Cluster
        fields = ["name"]


class ClustersView(Endpoint):
    """``clusters/``."""

    queryset = Cluster.objects.none()
    filterset_class = ClusterFilter
    required_scope = Scope.ADMIN

    @call(
        "clusters", "List the clusters", name="clusters_list", answer=ClusterSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Clusters are shared by all projects."""
        return self.listed(Cluster.objects.all(), ClusterSerializer)

    @call(
        "clusters",
        "Add a cluster",
        name="clusters_create",
        body=NewClusterSerializer,
        answer=ClusterSerializer,
        status=201,
        scope=Scope.ADMIN,
    )
    def post(self, request: Request) -> Response:
        """For administrators of the portal."""
        cluster = create_cluster(**self.body(NewClusterSerializer), by=self.caller)
        return Response(ClusterSerializer(cluster).data, status=201)


class ClusterView(Endpoint):
    """``clusters/{name}/``."""

    @call("clusters", "Read a cluster", name="clusters_read", answer=ClusterSerializer)
    def get(self, request: Request, name: str) -> Response:
        """By its name."""
        return Response(
            ClusterSerializer(one(Cluster.objects.filter(name=name), f"no cluster {name}")).data
        )
