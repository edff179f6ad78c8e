"""What the database must hold.

Kept here and not read from the SQL files: whoever changes one must say so in the other, and a test holds
them together.
"""

OWNER, APP, SEQUENCER = "gatehouse_owner", "gatehouse_app", "gatehouse_sequencer"

# SHA-256 of each function's source (pg_proc.prosrc).
FUNCTIONS = {
    "audit_compose_entry": "8520b321a6c39aa88b4dc553bf2bd6eb0e1c61614698f5f92a3410676218b98a",
    "audit_protect": "d08c56c56febf18b590d053b1f6473b38f102d294bb91a6505e9e0e99651ccc3",
    "audit_refuse_change": "ca47ab9df37dee46e259e461b1c238876ff1d4fe1d6479874c8dd4eb1c237648",
    "audit_require_event": "0815aa59ea97f1be313f123d23b64325617c49fc8079f5469671d95b50eb3348",
}

# (table, trigger): its function. All of them fire in every mode of replication ("ENABLE ALWAYS").
TRIGGERS = {
    ("audit_event", "audit_event_is_composed_here"): "audit_compose_entry",
    ("audit_event", "audit_event_refuses_change"): "audit_refuse_change",
    ("audit_event", "audit_event_refuses_truncate"): "audit_refuse_change",
    ("audit_stream", "audit_stream_refuses_truncate"): "audit_refuse_change",
}

# Tables whose changes need an event in the same transaction: by name, since they belong to apps above.
WATCHED = (
    "deployments_deployment",
    "deployments_target",
    "releases_approval",
    "releases_changerequest",
    "releases_policyactivation",
    "releases_policyversion",
    "releases_release",
)

# What the application may do with the audit tables, and nothing more.
TABLE_PRIVILEGES = {
    "audit_event": {"SELECT"},
    "audit_stream": {"SELECT"},
    "audit_pending": {"SELECT"},
    "audit_disclosure": {"SELECT", "INSERT", "DELETE"},
}
COLUMNS_OF_AN_EVENT = {"stream", "body"}
"""The columns of an event that the application writes; the trigger fills the others."""
