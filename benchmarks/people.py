"""Run by the set-up: people, a policy, and one change request, all through the actions.

Prints who may call, as JSON.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import django
import psycopg

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402 -- Django has to be set up first
from django.contrib.sessions.backends.cached_db import SessionStore  # noqa: E402 -- Django has to be set up first

from benchmarks.data import projects  # noqa: E402 -- Django has to be set up first
from catalog.grants import sync_grants  # noqa: E402 -- Django has to be set up first
from catalog.models import Project, User  # noqa: E402 -- Django has to be set up first
from portal.demo.policies import DOCUMENTS  # noqa: E402 -- Django has to be set up first
from portal.demo.reports import junit, metrics, sarif  # noqa: E402 -- Django has to be set up first
from releases.actions.activate_policy import activate_policy  # noqa: E402 -- Django has to be set up first
from releases.actions.add_evidence import add_evidence  # noqa: E402 -- Django has to be set up first
from releases.actions.approve import approve  # noqa: E402 -- Django has to be set up first
from releases.actions.create_policy import create_policy  # noqa: E402 -- Django has to be set up first
from releases.actions.publish_policy import publish_policy  # noqa: E402 -- Django has to be set up first
from releases.actions.save_policy_version import save_policy_version  # noqa: E402 -- Django has to be set up first
from releases.actions.seal_release import seal_release  # noqa: E402 -- Django has to be set up first
from releases.actions.submit import submit  # noqa: E402 -- Django has to be set up first
from releases.models import ChangeRequest  # noqa: E402 -- Django has to be set up first
from tests import factories  # noqa: E402 -- Django has to be set up first

CALLERS = ("admin", "sofia", "tom", "bench-ci")


def main() -> None:
    """Build, and say who may call."""
    # Nudges are lost here, where no worker listens; that is no news.
    logging.disable(logging.WARNING)
    request = _pattern()
    _projects()
    people = {name: User.objects.get(username=name) for name in CALLERS}
    answer: dict[str, Any] = {
        "pattern": request.number,
        "tokens": {name: factories.token(user) for name, user in people.items()},
        "sessions": {name: session_of(people[name]) for name in ("admin", "sofia")},
    }
    sys.stdout.write(json.dumps(answer))


def _pattern() -> ChangeRequest:
    """Return a change request that lacks one signature of two."""
    project = factories.staffed_project("pattern")
    machine = factories.service_account(project, "bench-ci").user
    title, document = DOCUMENTS["staging"]
    policy = create_policy(name="staging", title=title, by=factories.admin())
    draft = save_policy_version(policy, document=document, by=factories.admin())
    version = publish_policy(draft, by=factories.admin())
    environment = project.environments.get(name="staging")
    activate_policy(environment, version, by=factories.admin())
    built = factories.version(project, "api", by=machine)
    reports = {"junit": junit("api"), "metrics": metrics(coverage=91), "sarif": sarif()}
    for kind, content in reports.items():
        add_evidence(built, kind=kind, stream=io.BytesIO(content), by=machine)
    release = seal_release(project, version="2026.0", artifact_versions=[built.pk], by=machine)
    request = submit(release, environment, reason="the spring release", by=machine)
    _sign(request, "tom")
    request.refresh_from_db()
    assert request.state == "awaiting_approval", request.blocking
    return request


def _sign(request: ChangeRequest, username: str) -> None:
    request.refresh_from_db()
    assert request.statement is not None, request.state
    digest = request.statement.digest
    approve(
        request.number,
        statement_digest=digest,
        comment="reads well",
        by=factories.person(username),
    )


def _projects() -> None:
    owner = os.environ["DATABASE_URL"].replace("//gatehouse_app@", "//postgres@")
    with psycopg.connect(owner) as superuser:
        superuser.execute(projects())
    sync_grants(*Project.objects.filter(pk__gt=1000))


def session_of(user: Any, store: Callable[[], Any] = SessionStore) -> str:
    """Return the key of a session in which the person is signed in."""
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    key: str = session.session_key
    return key


if __name__ == "__main__":
    main()
