"""A machine that may act in one project."""

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.locking import locked
from catalog.models import Project, ServiceAccount, User, UserKind
from catalog.models.project import SLUG
from catalog.permissions import Permission, require
from catalog.validation import check_fields, check_text, check_with, refusing_duplicates


@transaction.atomic(durable=True)
def create_service_account(
    project: Project, *, username: str, description: str = "", by: User
) -> ServiceAccount:
    """Create a service account of the project. It may do nothing until it gets a role there.

    Raises:
        NotPermitted: without ``manage_service_accounts`` there.
        InvalidInput: a field does not fit; the user name is a slug.
        AlreadyExists: there is an account of that name.
    """
    project = locked(project)
    require(Permission.MANAGE_SERVICE_ACCOUNTS, by, project)
    check_with(SLUG, "username", check_text("username", username, longest=63))
    machine = User(username=username, kind=UserKind.SERVICE)
    machine.set_unusable_password()
    account = ServiceAccount(user=machine, project=project, description=description, created_by=by)
    check_fields(account, "description")
    with refusing_duplicates("username", f"There is an account {username!r} already."):
        machine.save(force_insert=True)
    account.save(force_insert=True)
    record(
        CatalogEvent.SERVICE_ACCOUNT_CREATED,
        subject=project,
        by=by,
        account=machine.username,
        account_id=machine.pseudonym,
    )
    return account
