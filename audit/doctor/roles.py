"""Who may do what: roles and privileges."""

from collections.abc import Iterator

from audit.doctor.expected import (
    APP,
    COLUMNS_OF_AN_EVENT,
    OWNER,
    PRIVILEGES,
    ROLES,
    SEQUENCER,
    SIGNER,
    TABLES,
)
from audit.doctor.finding import Finding, judge, rows, value

_POWERS = """
SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
FROM pg_roles WHERE rolname = ANY(%s)
"""
_NAMES_OF_POWERS = ("a superuser", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
_ALL_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def check_roles() -> Finding:
    """The roles exist, without powers over the database."""
    found = {row[0]: row[1:] for row in rows(_POWERS, list(ROLES))}
    complaints = [
        f"The role {name} does not exist; run audit/sql/roles.sql as a superuser."
        for name in ROLES
        if name not in found
    ]
    for name, powers in found.items():
        held = [word for word, has in zip(_NAMES_OF_POWERS, powers, strict=True) if has]
        if held:
            complaints.append(f"The role {name} is {', '.join(held)}, and must not be.")
    good = "The roles of owner, application, sequencer and signer exist without powers over the database."
    return judge("roles", complaints, good=good)


def check_connection() -> Finding:
    """The portal connects as somebody who can neither own nor bypass the audit tables."""
    user = value("SELECT session_user::text")
    complaints = []
    if value("SELECT rolsuper FROM pg_roles WHERE rolname = session_user"):
        complaints.append(
            f"The portal connects as {user}, a superuser, who can undo every protection. "
            f"Let DATABASE_URL name {APP}."
        )
    elif rows(_MINE, list(TABLES)):
        complaints.append(
            f"The portal connects as {user}, to whom the audit tables belong, and who can switch their "
            f"triggers off. Let DATABASE_URL name {APP}."
        )
    good = f"The portal connects as {user}, who is no superuser and does not own the audit tables."
    return judge("connection", complaints, good=good)


def check_writers() -> Finding:
    """Entries are written in the names of the roles that are meant for it, never in a superuser's."""
    complaints = [
        f"{number} entries were written as {name}{', a superuser' if is_super else ''}, the newest on "
        f"{newest:%Y-%m-%d %H:%M} UTC: find out who holds that sign-in."
        for name, is_super, number, newest in rows(_OTHER_WRITERS, RECENT_DAYS, [APP, OWNER])
    ]
    return judge(
        "writers",
        complaints,
        good=f"In the last {RECENT_DAYS} days entries were written as {APP} or {OWNER} only.",
    )


RECENT_DAYS = 30
"""What was found once is not told for ever: the entries themselves stay."""
_OTHER_WRITERS = """
SELECT e.db_user, coalesce(bool_or(r.rolsuper), false), count(*), max(e.recorded_at)
FROM audit_event e LEFT JOIN pg_roles r ON r.rolname = e.db_user
WHERE e.recorded_at > clock_timestamp() - make_interval(days => %s) AND e.db_user <> ALL(%s)
GROUP BY e.db_user ORDER BY e.db_user
"""


def check_ownership() -> Finding:
    """The audit tables and functions belong to the owner, and the other roles are not its members."""
    complaints = [
        f"{name} belongs to {owner}, not to {OWNER}."
        for name, owner in rows(_OWNERS, list(TABLES))
        if owner != OWNER
    ]
    complaints += [
        f"{name} is a member of {OWNER}, and so can do what the owner can."
        for (name,) in rows(_MEMBERS, [APP, SEQUENCER, SIGNER], OWNER)
    ]
    return judge(
        "ownership", complaints, good=f"The audit tables and functions belong to {OWNER} only."
    )


_MINE = """
SELECT FROM pg_class
WHERE relname = ANY(%s) AND pg_has_role(session_user, relowner, 'MEMBER')
"""
_OWNERS = """
SELECT relname::text, pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = ANY(%s)
UNION ALL
SELECT proname || '()', pg_get_userbyid(proowner)::text FROM pg_proc WHERE proname LIKE 'audit\\_%%'
"""
_MEMBERS = """
SELECT m.rolname::text FROM pg_auth_members a
JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
WHERE m.rolname = ANY(%s) AND g.rolname = %s
"""


def check_privileges() -> Finding:
    """Each role holds exactly what it needs, in its own name or through PUBLIC."""
    complaints = []
    for role in PRIVILEGES:
        if not rows("SELECT FROM pg_roles WHERE rolname = %s", role):
            complaints.append(f"There is no role {role}.")
            continue
        complaints += _wrong_on_tables(role)
        if value("SELECT has_schema_privilege(%s, 'public', 'CREATE')", role):
            complaints.append(f"{role} may create things in the schema public.")
    if not any(f"no role {APP}" in each for each in complaints):
        complaints += _wrong_on_columns()
    good = (
        f"{APP} may add events and read them; {SEQUENCER} adds leaves and {SIGNER} checkpoints; none may "
        "change or remove any."
    )
    return judge("privileges", complaints, good=good)


def _wrong_on_tables(role: str) -> Iterator[str]:
    for table in TABLES:
        wanted = PRIVILEGES[role].get(table, set())
        held = {
            privilege
            for privilege in _ALL_PRIVILEGES
            if value("SELECT has_table_privilege(%s, %s::regclass, %s)", role, table, privilege)
        }
        if more := held - wanted:
            yield f"{role} holds {', '.join(sorted(more))} on {table}, and must not."
        if less := wanted - held:
            yield f"{role} lacks {', '.join(sorted(less))} on {table}."


def _wrong_on_columns() -> Iterator[str]:
    writable = {name for (name,) in rows(_WRITABLE, APP)}
    if writable != COLUMNS_OF_AN_EVENT:
        yield f"{APP} may write the columns {', '.join(sorted(writable))} of audit_event."
    changeable = [name for (name,) in rows(_CHANGEABLE, APP)]
    if changeable:
        yield f"{APP} may update columns of audit_event: {', '.join(changeable)}."


_WRITABLE = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = 'audit_event'::regclass AND attnum > 0 AND NOT attisdropped
  AND has_column_privilege(%s, attrelid, attnum, 'INSERT')
"""
_CHANGEABLE = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = 'audit_event'::regclass AND attnum > 0 AND NOT attisdropped
  AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')
"""
