"""A call costs the same number of queries however much there is; what pipelines do all day costs few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

_LEFT_OUT = ("SAVEPOINT", "BEGIN", "COMMIT", "UPDATE catalog_apitoken SET last_used_at")


def queries_of(ask) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        answer = ask()
    assert answer.status_code < 300, answer.content
    return [query["sql"] for query in seen if not any(word in query["sql"] for word in _LEFT_OUT)]


@pytest.fixture
def grow(world):
    """Make one more of everything that lists show."""
    world.policy()

    def grow():
        made = world.request()
        world.policy(name=f"policy-{made['number']}", environment="production")
        return made

    return grow


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/api/v1/projects/", 3),
        ("/api/v1/change-requests/", 2),
        ("/api/v1/change-requests/?state=awaiting_approval&environment=staging", 2),
        ("/api/v1/policies/", 4),
        ("/api/v1/projects/payments/releases/", 4),
        ("/api/v1/projects/payments/change-requests/", 3),
        ("/api/v1/projects/payments/artifact-versions/", 3),
        ("/api/v1/audit/events/?project=payments", 5),
    ],
)
def test_a_list_takes_few_queries_and_no_more_when_there_is_more(world, grow, path, most):
    grow()
    client = world.as_("admin")
    client.get(path)
    before = queries_of(lambda: client.get(path))
    grow()
    grow()
    after = queries_of(lambda: client.get(path))
    assert len(after) == len(before)
    assert len(before) <= most, before


@pytest.mark.django_db(transaction=True)  # keys are remembered once they are committed
def test_registering_a_version_takes_eight_statements(world):
    world.version()
    body = world.version_body()
    seen = queries_of(lambda: world.ci.post(world.at("artifact-versions/"), body))
    assert len(seen) == 8, seen
    assert sum("audit_event" in statement for statement in seen) == 1
