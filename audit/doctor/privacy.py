"""Whether personal data is under keys that this portal opens, and gone where the log says so."""

from audit.doctor.finding import Finding, judge, rows, value
from audit.privacy.errors import WrongPrivacyKey
from audit.privacy.wrapping import is_current, unwrap

_CAME_BACK = """
SELECT DISTINCT k.subject FROM audit_event e
JOIN audit_subjectkey k ON k.subject = e.facts #>> '{data,subject_id}'
WHERE e.type = 'audit.erased' AND k.wrapped IS NOT NULL ORDER BY 1 LIMIT 10
"""
_KEYS = "SELECT subject, wrapped FROM audit_subjectkey WHERE wrapped IS NOT NULL ORDER BY subject"


def check_personal_data() -> Finding:
    """PRIVACY_KEY opens every subject's key, and whoever the log says to be erased has none."""
    complaints = [
        f"The log says that {subject} was erased, and the key is there: a restore brought it back. "
        "Workers erase it again; do they run?"
        for (subject,) in rows(_CAME_BACK)
    ]
    closed, old = 0, 0
    for subject, wrapped in rows(_KEYS):
        try:
            unwrap(subject, bytes(wrapped))
            old += not is_current(bytes(wrapped))
        except WrongPrivacyKey:
            closed += 1
    if closed:
        complaints.append(
            f"{closed} keys of subjects were wrapped with another PRIVACY_KEY: their names cannot be read. "
            "Put the former secret behind the present one."
        )
    keys = value("SELECT count(*) FROM audit_subjectkey WHERE wrapped IS NOT NULL")
    more = f", {old} of them with a former secret (manage.py rewrap_subject_keys)" if old else ""
    return judge(
        "personal data",
        complaints,
        good=f"PRIVACY_KEY opens the keys of all {keys} subjects{more}; who was erased has none.",
    )
