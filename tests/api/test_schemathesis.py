"""Every call of the OpenAPI document with values made from it: no 500, and nothing against its own word."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks as builtin
from schemathesis.specs.openapi import checks

from portal.wsgi import application
from tests import factories
from tests.support.callers import token_for

EXAMPLES = 3
CHECKS = [
    builtin.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def real(world):
    """Things that are there, by the names of the address's parts."""
    world.policy()
    asked = world.request()
    return {
        "slug": "payments",
        "name": "staging",
        "number": asked["number"],
        "username": "tom",
        "id": 1,
    }


@pytest.fixture
def _one_connection(real):
    """The calls run in the test's own transaction, as with Django's test client (which undoes this)."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # its client closes no download
@pytest.mark.usefixtures("_one_connection")
def test_no_call_breaks_and_every_answer_is_as_described(real):
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    headers = {"Authorization": f"Bearer {token_for(factories.admin())}"}
    tried = []
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.append(operation.label)
        _try(operation, headers, real)
    assert len(tried) > 60


def _try(operation, headers, real):
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def call(case, is_real):
        if is_real:
            parts = case.path_parameters or {}
            case.path_parameters = {name: real.get(name, value) for name, value in parts.items()}
        case.call_and_validate(headers=headers, checks=CHECKS)

    call()
