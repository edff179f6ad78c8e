"""OCSF 1.8 events (schema.ocsf.io), for SIEMs: one per entry, with its place in the log.

Signing in and out is Authentication (3002), giving and taking roles User Access Management (3005), reading
the log API Activity (6003); everything else changes a thing: Entity Management (3004).
"""

from datetime import datetime
from typing import Any, Final

from audit.packs.entries import Sealed

VERSION: Final = "1.8.0"
_PRODUCT: Final = {"name": "Gatehouse", "vendor_name": "Gatehouse"}

AUTHENTICATION: Final = 3002
ENTITY_MANAGEMENT: Final = 3004
USER_ACCESS: Final = 3005
API_ACTIVITY: Final = 6003
_NAMES: Final = {
    AUTHENTICATION: ("Authentication", 3, "Identity & Access Management"),
    ENTITY_MANAGEMENT: ("Entity Management", 3, "Identity & Access Management"),
    USER_ACCESS: ("User Access Management", 3, "Identity & Access Management"),
    API_ACTIVITY: ("API Activity", 6, "Application Activity"),
}
_OTHER: Final = 99
_CLASS: Final = {
    # type: class, activity, its name
    "catalog.signed_in": (AUTHENTICATION, 1, "Logon"),
    "catalog.sign_in_failed": (AUTHENTICATION, 1, "Logon"),
    "catalog.signed_out": (AUTHENTICATION, 2, "Logoff"),
    "catalog.membership_given": (USER_ACCESS, 1, "Assign Privileges"),
    "catalog.membership_ended": (USER_ACCESS, 2, "Revoke Privileges"),
    "catalog.membership_expired": (USER_ACCESS, 2, "Revoke Privileges"),
    "catalog.portal_permissions_changed": (USER_ACCESS, 1, "Assign Privileges"),
    "audit.pack_downloaded": (API_ACTIVITY, 2, "Read"),
    "audit.log_read": (API_ACTIVITY, 2, "Read"),
}
_VERBS: Final = (
    ("created", 1, "Create"),
    ("submitted", 1, "Create"),
    ("registered", 1, "Create"),
    ("added", 1, "Create"),
    ("removed", 4, "Delete"),
)
_STATUS: Final = {"success": (1, "Success"), "failure": (2, "Failure"), "denied": (2, "Failure")}
_SEVERITY: Final = {"success": (1, "Informational"), "denied": (3, "Medium")}
_USER_TYPE: Final = {"person": 1, "service": 99, "system": 3}


def ocsf(sealed: Sealed) -> dict[str, Any]:
    """Return the entry as an OCSF event."""
    body = sealed.body
    kind = str(body["type"])
    number, activity, verb = _class_of(kind)
    name, category, category_name = _NAMES[number]
    outcome = body.get("outcome", "success")
    status, status_name = _STATUS.get(outcome, (_OTHER, "Other"))
    severity, severity_name = _SEVERITY.get(outcome, (2, "Low"))
    actor = {
        "uid": body["actor"]["id"],
        "type_id": _USER_TYPE.get(str(body["actor"].get("kind")), 0),
    }
    event = {
        "activity_id": activity,
        "activity_name": verb,
        "actor": {"user": actor},
        "category_name": category_name,
        "category_uid": category,
        "class_name": name,
        "class_uid": number,
        "message": kind,
        "metadata": {
            "correlation_uid": sealed.entry["s"],
            "event_code": kind,
            "log_name": "audit",
            "product": _PRODUCT,
            "sequence": sealed.entry["seq"],
            "uid": sealed.uid,
            "version": VERSION,
        },
        "severity": severity_name,
        "severity_id": severity,
        "status": status_name,
        "status_id": status,
        "time": _milliseconds(sealed.entry["at"]),
        "type_name": f"{name}: {verb}",
        "type_uid": number * 100 + activity,
        "unmapped": {
            "leaf_hash": sealed.leaf_hash,
            "leaf_index": sealed.index,
            "outcome": outcome,
            "project": body.get("project"),
        },
    }
    return event | _about(number, body, actor)


def _class_of(kind: str) -> tuple[int, int, str]:
    if kind in _CLASS:
        return _CLASS[kind]
    for ending, activity, verb in _VERBS:
        if kind.endswith(ending):
            return ENTITY_MANAGEMENT, activity, verb
    return ENTITY_MANAGEMENT, 3, "Update"


def _about(number: int, body: Any, actor: dict[str, Any]) -> dict[str, Any]:
    thing = body.get("object") or {}
    entity = {
        "name": str(thing.get("label", "")),
        "type": str(thing.get("type", "")),
        "uid": str(thing.get("id", "")),
    }
    if number == AUTHENTICATION:
        return {"user": actor, "service": {"name": "Gatehouse"}}
    if number == USER_ACCESS:
        data = body.get("data") or {}
        user = {"uid": str(data.get("member") or thing.get("id", ""))}
        return {"privileges": [str(data.get("role", ""))], "user": user}
    if number == API_ACTIVITY:
        endpoint = {"name": "Gatehouse"}
        return {
            "api": {"operation": str(body["type"])},
            "src_endpoint": endpoint,
            "resources": [entity],
        }
    return {"entity": entity}


def _milliseconds(at: str) -> int:
    """Return the POSIX milliseconds of ``2026-11-20T12:00:00.123456Z``."""
    moment = datetime.fromisoformat(at[:26] + "+00:00")
    return round(moment.timestamp() * 1000)
