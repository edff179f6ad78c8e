"""The tests: real PostgreSQL and Valkey, started by tests/conftest.py before Django loads.

Without that session (mypy, `makemigrations --check`) the addresses lead nowhere.
"""

import os

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_HOME = os.environ.get("TEST_HOME", "/nonexistent")
_SOCKETS = os.environ.get("TEST_POSTGRES_SOCKETS", _HOME).replace("/", "%2F")
_VALKEY = os.environ.get("TEST_VALKEY_URL", "redis://127.0.0.1:1")
# pytest-xdist's workers share the servers; each has its own database and its own two of Valkey.
_NUMBER = 2 * int(_WORKER.removeprefix("gw")) + 2 if _WORKER.startswith("gw") else 0

os.environ["SECRET_KEY"] = "only-for-tests-0123456789-0123456789-0123456789"
os.environ["PRIVACY_KEY"] = "only-for-tests-abcdefghi-abcdefghi-abcdefghi"
os.environ["DATABASE_URL"] = f"postgresql://gatehouse_app@{_SOCKETS}/test_{_WORKER}"
os.environ["DATABASE_OWNER_URL"] = f"postgresql://gatehouse_owner@{_SOCKETS}/test_{_WORKER}"
os.environ["DATABASE_SEQUENCER_URL"] = f"postgresql://gatehouse_sequencer@{_SOCKETS}/test_{_WORKER}"
os.environ["DATABASE_SIGNER_URL"] = f"postgresql://gatehouse_signer@{_SOCKETS}/test_{_WORKER}"
os.environ["REDIS_URL"] = f"{_VALKEY}/{_NUMBER}"
os.environ["CACHE_URL"] = f"{_VALKEY}/{_NUMBER + 1}"
os.environ["EVIDENCE_ROOT"] = f"{_HOME}/evidence-{_WORKER}"
os.environ["PACKS_ROOT"] = f"{_HOME}/packs-{_WORKER}"
os.environ["PACK_KEY_FILE"] = f"{_HOME}/pack-key-{_WORKER}"

from portal.settings.base import *  # noqa: E402 -- the variables above must be set before

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # nothing is collected for tests
OUTGOING_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
CARRY_OUT_LEASE_SECONDS = 3
CARRY_OUT_RETRY_SECONDS = 0
CARRY_OUT_PATIENCE_SECONDS = 2
