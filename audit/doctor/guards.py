"""What the database enforces by itself: triggers, their functions, and durable commits."""

import hashlib
from collections.abc import Iterator

from audit.doctor.expected import APP, FUNCTIONS, SEQUENCER, SIGNER, TRIGGERS, WATCHED
from audit.doctor.finding import Finding, judge, rows, value

_TRIGGERS = """
SELECT c.relname::text, t.tgname::text, p.proname::text, t.tgenabled::text,
       t.tgdeferrable AND t.tginitdeferred
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND p.proname LIKE 'audit\\_%'
"""
ALWAYS = "A"
DISABLED = "D"


def check_triggers() -> Finding:
    """The triggers of the audit tables are there, call what they should, and fire always."""
    found = {(table, name): rest for table, name, *rest in rows(_TRIGGERS)}
    complaints = []
    for (table, name), function in TRIGGERS.items():
        called, enabled, _ = found.get((table, name), (None, None, None))
        if called is None:
            complaints.append(f"The trigger {name} on {table} is missing.")
        elif called != function:
            complaints.append(f"The trigger {name} on {table} calls {called}, not {function}.")
        elif enabled != ALWAYS:
            complaints.append(f"The trigger {name} on {table} is not enabled always.")
    return judge(
        "triggers", complaints, good="The audit tables' triggers are there and fire always."
    )


def check_watched_tables() -> Finding:
    """Every watched table asks for an event when the transaction commits."""
    watching = {
        table: (enabled, at_commit)
        for table, _, function, enabled, at_commit in rows(_TRIGGERS)
        if function == "audit_require_event"
    }
    complaints = []
    for table in WATCHED:
        enabled, at_commit = watching.get(table, (DISABLED, False))
        if enabled == DISABLED or not at_commit:
            complaints.append(
                f"{table} can change without an event: its constraint trigger is missing or off."
            )
    return judge(
        "watched tables",
        complaints,
        good=f"A change of {', '.join(WATCHED)} without an event is refused at commit.",
    )


def check_functions() -> Finding:
    """The functions behind the triggers are the ones of this version."""
    statement = "SELECT proname::text, prosrc FROM pg_proc WHERE proname = ANY(%s)"
    found = dict(rows(statement, list(FUNCTIONS)))
    complaints = []
    for name, expected in FUNCTIONS.items():
        if name not in found:
            complaints.append(f"The function {name} is missing.")
        elif hash_of(found[name]) != expected:
            complaints.append(f"The function {name} is not the one that this version brings.")
    return judge(
        "functions", complaints, good="The functions behind the triggers are this version's."
    )


def hash_of(source: str) -> str:
    """Return the SHA-256 of a function's source."""
    return hashlib.sha256(source.encode()).hexdigest()


def check_durability() -> Finding:
    """A commit that was acknowledged is on the disk."""
    complaints = list(_settings_off())
    good = "A commit is on the disk before it is acknowledged (fsync, full_page_writes, synchronous_commit)."
    return judge("durability", complaints, good=good)


def _settings_off() -> Iterator[str]:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        if value("SELECT current_setting(%s)", setting) == "off":
            yield f"{setting} is off: a crash may lose events that people were told of."
    for (role,) in rows(_NOT_DURABLE, [APP, SEQUENCER, SIGNER]):
        yield f"synchronous_commit is off for the role {role}."


# What a role gets when it signs in: its own setting here, its own everywhere, the database's, in this order.
_NOT_DURABLE = """
SELECT r.rolname::text FROM pg_roles r CROSS JOIN LATERAL (
    SELECT lower(split_part(option, '=', 2)) AS chosen
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) option
    WHERE s.setrole IN (r.oid, 0)
        AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND split_part(option, '=', 1) = 'synchronous_commit'
    ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1
) c
WHERE r.rolname = ANY(%s) AND c.chosen IN ('off', 'false', 'no', '0') ORDER BY 1
"""
