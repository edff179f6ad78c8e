"""A staffed portal and whoever looks at its pages."""

import pytest


@pytest.fixture
def payments(kept_payments):
    """The project in which each of the cast has their role."""
    return kept_payments


@pytest.fixture
def browse(client):
    """Sign in as one of the cast and return the client."""
    from tests import factories  # noqa: PLC0415 -- needs Django

    def signed_in(username):
        person = factories.admin() if username == "admin" else factories.person(username)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def policy(payments):
    """A policy with a published version and a draft of the next, in force in staging."""
    from releases.actions.activate_policy import activate_policy  # noqa: PLC0415 -- needs Django
    from releases.actions.create_policy import create_policy  # noqa: PLC0415 -- needs Django
    from releases.actions.publish_policy import publish_policy  # noqa: PLC0415 -- needs Django
    from releases.actions.save_policy_version import (  # noqa: PLC0415 -- needs Django
        save_policy_version,
    )
    from tests import factories  # noqa: PLC0415 -- needs Django
    from tests.releases.scene import (  # noqa: PLC0415 -- needs Django
        COVERAGE,
        TESTS_PASS,
        policy_document,
    )

    admin = factories.admin()
    made = create_policy(name="standard", title="Standard", by=admin)
    first = save_policy_version(made, document=policy_document(), by=admin)
    first = publish_policy(first, by=admin)
    activate_policy(payments.environments.get(name="staging"), first, by=admin)
    save_policy_version(made, document=policy_document(gates=[TESTS_PASS, COVERAGE]), by=admin)
    return made


@pytest.fixture
def furnished(payments, policy):
    """The same with a team, a custom role, a machine with tokens, and a policy without versions."""
    from catalog.actions.add_team_member import add_team_member  # noqa: PLC0415 -- needs Django
    from catalog.actions.create_role import create_role  # noqa: PLC0415 -- needs Django
    from catalog.actions.create_team import create_team  # noqa: PLC0415 -- needs Django
    from catalog.actions.give_membership import give_membership  # noqa: PLC0415 -- needs Django
    from catalog.models import Role  # noqa: PLC0415 -- needs Django
    from releases.actions.create_policy import create_policy  # noqa: PLC0415 -- needs Django
    from tests import factories  # noqa: PLC0415 -- needs Django

    admin = factories.admin()
    create_policy(name="empty", title="Empty", by=admin)
    create_role(
        slug="on-call", title="On call", permissions=["view_project", "approve_change"], by=admin
    )
    team = create_team(slug="platform", name="Platform", by=admin)
    add_team_member(team, factories.person("tom"), by=admin)
    staging = payments.environments.get(name="staging")
    give_membership(
        payments,
        role=Role.objects.get(slug="on-call"),
        team=team,
        environments=[staging],
        by=admin,
    )
    machine = factories.service_account(payments)
    factories.token(machine.user)
    factories.token(admin)
    return payments
