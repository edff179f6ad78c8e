"""Run by the set-up: the baseline's one account. Prints its token and session, as JSON."""

import json
import sys

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402 -- Django has to be set up first
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402 -- Django has to be set up first
from rest_framework.authtoken.models import Token  # noqa: E402 -- Django has to be set up first

from benchmarks.baseline.models import Account  # noqa: E402 -- Django has to be set up first


def main() -> None:
    """Build, and say who may call."""
    account = Account.objects.create_user("plain", "plain@example.com", "three-quiet-harbours")
    token = Token.objects.create(user=account)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    sys.stdout.write(json.dumps({"token": token.key, "session": session.session_key}))


if __name__ == "__main__":
    main()
