"""The payments project after some weeks, and two who look after personal data."""

import pytest

from tests.support.unguarded import unguarded


@pytest.fixture
def ledger(transactional_db, settings, tmp_path):
    from tests.audit.packs.ledger import Ledger  # noqa: PLC0415 -- needs Django
    from tests.support.log import Signing, sequence  # noqa: PLC0415 -- needs Django

    signing = Signing(tmp_path)

    class Published(Ledger):
        """Signed and published by the signer itself: a receipt holds a proof from the published files."""

        def seal(self, *more_keys, at=0):
            sequence()
            signing.sign()

    settings.LOG_ROOT = signing.root
    settings.WITNESS_POLICY_FILE = ""
    return Published(settings.LOG_ROOT, key=signing.key)


@pytest.fixture
def world(db):
    from tests.pages.world import World  # noqa: PLC0415 -- needs Django

    return World.make()


@pytest.fixture
def officers(db):
    """Vera and Dora, who look after personal data."""
    from catalog.actions.set_portal_permissions import (  # noqa: PLC0415 -- needs Django
        set_portal_permissions,
    )
    from tests import factories  # noqa: PLC0415 -- needs Django

    admin = factories.admin()
    return [
        set_portal_permissions(factories.person(username), permissions=["manage_privacy"], by=admin)
        for username in ("vera", "dora")
    ]


@pytest.fixture
def erased(ledger, officers):
    """Erase a person: ask, confirm, carry out, seal, prove."""
    from audit.privacy.models import Erasure  # noqa: PLC0415 -- needs Django
    from audit.privacy.receipts import prove  # noqa: PLC0415 -- needs Django
    from catalog.actions.confirm_erasure import confirm_erasure  # noqa: PLC0415 -- needs Django
    from catalog.actions.erase_person import erase_person  # noqa: PLC0415 -- needs Django
    from catalog.actions.request_erasure import request_erasure  # noqa: PLC0415 -- needs Django

    def run(person):
        vera, dora = officers
        erasure = request_erasure(person, basis="withdrawn", by=vera)
        confirm_erasure(erasure.pk, by=dora)
        erase_person(erasure.pk)
        ledger.seal()
        assert prove(erasure.pk)
        return Erasure.objects.get(pk=erasure.pk)

    return run


@pytest.fixture
def superuser_brings_back(transactional_db):
    """What a restored backup does: the account and the key are as they were, the log is not."""
    import psycopg  # noqa: PLC0415 -- only here

    from catalog.models import User  # noqa: PLC0415 -- needs Django
    from tests.support.log import url  # noqa: PLC0415 -- needs Django

    class Backup:
        def remember(self, person):
            with psycopg.connect(url("postgres")) as connection:
                key = connection.execute(
                    "SELECT wrapped FROM audit_subjectkey WHERE subject = %s", [person.pseudonym]
                ).fetchone()
            return User.objects.filter(pk=person.pk).values().get(), key

        def restore(self, kept):
            row, (wrapped,) = kept
            User.objects.filter(pk=row["id"]).update(**row)
            with (
                psycopg.connect(url("postgres")) as connection,
                unguarded(connection, "audit_subjectkey"),
            ):
                connection.execute(
                    "UPDATE audit_subjectkey SET wrapped = %s, destroyed_at = NULL WHERE subject = %s",
                    [wrapped, row["pseudonym"]],
                )

    return Backup()
