"""Callers of the REST API. Django is not loaded yet when pytest reads this file."""

import pytest


@pytest.fixture
def anybody(django_user_model, db):
    return django_user_model.objects.create_user("anybody", full_name="Any Body")


@pytest.fixture
def api(anybody):
    """A client whose account holds no role anywhere."""
    from tests.support.callers import client_of  # noqa: PLC0415 -- needs Django

    return client_of(anybody)


@pytest.fixture
def nobody(db):
    """A client without a token."""
    from rest_framework.test import APIClient  # noqa: PLC0415 -- needs Django

    return APIClient(raise_request_exception=False)


@pytest.fixture
def world(kept_payments):
    """The payments project, its people and its CI, each with a client."""
    from tests.support.api_world import ApiWorld  # noqa: PLC0415 -- needs Django

    return ApiWorld(kept_payments)
