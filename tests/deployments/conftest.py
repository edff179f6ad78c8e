import pytest


@pytest.fixture
def ground(kept_ground):
    return kept_ground


@pytest.fixture
def shared_ground(transactional_db):
    """The ground where threads and workers see each other's commits."""
    from tests.deployments.ground import Ground  # noqa: PLC0415 -- needs Django

    return Ground.make()


@pytest.fixture
def api(sandbox_cluster):
    """The sandbox cluster past the portal, with the project's namespace."""
    from tests.deployments.ground import Api  # noqa: PLC0415 -- needs Django

    api = Api(sandbox_cluster.url)
    api.namespace()
    return api


@pytest.fixture
def payments(ground, api):
    """The ground with staging on the sandbox cluster and one binding: payments-api runs in api."""
    ground.on_cluster(api.url)
    ground.bind()
    return ground
