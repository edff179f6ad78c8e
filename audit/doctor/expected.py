"""What the database must hold.

Kept here and not read from the SQL files: whoever changes one must say so in the other, and a test holds
them together.
"""

OWNER, APP = "gatehouse_owner", "gatehouse_app"
SEQUENCER, SIGNER = "gatehouse_sequencer", "gatehouse_signer"
ROLES = (OWNER, APP, SEQUENCER, SIGNER)

# SHA-256 of each function's source (pg_proc.prosrc).
FUNCTIONS = {
    "audit_compose_entry": "8520b321a6c39aa88b4dc553bf2bd6eb0e1c61614698f5f92a3410676218b98a",
    "audit_draw_words": "02e10ddf08454d65a307507e86585bc89b995884e04c5de50c0d9d0a51977318",
    "audit_guard_subject_key": "df35612934670334e8cbcb5ffed7edaf85e15ad9f03fe8b7818c622315af9349",
    "audit_protect": "5c3604acaa3385e86050e7d05e2a3109423479ce8ae131bc7e1eced31207e274",
    "audit_protect_privacy": "1fa684f60ea5e8dfccfc8d65c02705d5600f23b9bab247a3bb78c6f96973099f",
    "audit_protect_refused": "f05db55fbe718d135649ca1456732afec79b15bd1b635bf16e8b6ea9fa59e758",
    "audit_protect_words": "7696bae2b4d53f2cfb74d941ee0b69d717a5feef5a8b0500e234dedb84870348",
    "audit_refuse_change": "ca47ab9df37dee46e259e461b1c238876ff1d4fe1d6479874c8dd4eb1c237648",
    "audit_refuse_shrinking": "8360e10bbf834a18e7d9e45587a2d31f7ca35facba7c54ff2f6ab0b791cbbaaf",
    "audit_require_erasure": "bf1565bc23ebebd35204785e47399fca565035cb98a427a5a497c578d4b86eb8",
    "audit_require_event": "0815aa59ea97f1be313f123d23b64325617c49fc8079f5469671d95b50eb3348",
    "audit_require_removal_event": "a39f8743f6caaf306cecefa90da818d567560d36165bd46afb285368407cac8b",
    "audit_words_of": "4ddf922e317207cea61995b79f130012bba68474e32744eb85b669b0472ed091",
}

# (table, trigger): its function. All of them fire in every mode of replication ("ENABLE ALWAYS").
TRIGGERS = {
    ("audit_event", "audit_event_is_composed_here"): "audit_compose_entry",
    ("audit_event", "audit_event_refuses_change"): "audit_refuse_change",
    ("audit_event", "audit_event_refuses_truncate"): "audit_refuse_change",
    ("audit_stream", "audit_stream_refuses_truncate"): "audit_refuse_change",
    ("audit_tree", "audit_tree_only_grows"): "audit_refuse_shrinking",
    ("audit_tree", "audit_tree_stays"): "audit_refuse_change",
    ("audit_leaf", "audit_leaf_refuses_change"): "audit_refuse_change",
    ("audit_checkpoint", "audit_checkpoint_refuses_change"): "audit_refuse_change",
    ("audit_cosignature", "audit_cosignature_refuses_change"): "audit_refuse_change",
    ("audit_quorum", "audit_quorum_refuses_change"): "audit_refuse_change",
    ("audit_anchor", "audit_anchor_refuses_change"): "audit_refuse_change",
    ("audit_refusedentry", "audit_refusedentry_refuses_change"): "audit_refuse_change",
    ("audit_subjectkey", "audit_subjectkey_never_comes_back"): "audit_guard_subject_key",
    ("audit_subjectkey", "audit_subjectkey_stays"): "audit_refuse_change",
    ("audit_subjectkey", "audit_subjectkey_goes_with_an_erasure"): "audit_require_erasure",
    ("audit_disclosure", "audit_disclosure_goes_with_an_event"): "audit_require_removal_event",
    ("audit_words", "audit_words_are_drawn_here"): "audit_draw_words",
    ("audit_verificationrun", "audit_verificationrun_refuses_change"): "audit_refuse_change",
}

# Tables whose changes need an event in the same transaction: by name, since they belong to apps above.
WATCHED = (
    "audit_erasure",
    "audit_legalhold",
    "audit_destination",
    "audit_deadletter",
    "deployments_deployment",
    "deployments_target",
    "models_registry_finding",
    "models_registry_registry",
    "models_registry_retrainingrequest",
    "models_registry_retrainingtrigger",
    "releases_accessreview",
    "releases_approval",
    "releases_changerequest",
    "releases_modelcard",
    "releases_policyactivation",
    "releases_policyversion",
    "releases_release",
)

# What each role may do with the audit tables, and nothing more.
TABLES = (
    "audit_event",
    "audit_stream",
    "audit_pending",
    "audit_disclosure",
    "audit_leaf",
    "audit_tree",
    "audit_checkpoint",
    "audit_cosignature",
    "audit_quorum",
    "audit_anchor",
    "audit_halt",
    "audit_refusedentry",
    "audit_subjectkey",
    "audit_words",
)
PRIVILEGES: dict[str, dict[str, set[str]]] = {
    APP: {
        **{table: {"SELECT"} for table in TABLES},
        "audit_disclosure": {"SELECT", "INSERT", "DELETE"},
        "audit_subjectkey": {"SELECT", "INSERT"},
        "audit_words": {"SELECT", "INSERT"},
    },
    SEQUENCER: {
        "audit_event": {"SELECT"},
        "audit_stream": {"SELECT"},
        "audit_pending": {"SELECT", "DELETE"},
        "audit_leaf": {"SELECT", "INSERT"},
        "audit_tree": {"SELECT", "UPDATE"},
        "audit_checkpoint": {"SELECT"},
        "audit_halt": {"SELECT", "INSERT"},
        "audit_refusedentry": {"SELECT", "INSERT"},
    },
    SIGNER: {
        "audit_event": {"SELECT"},
        "audit_leaf": {"SELECT"},
        "audit_tree": {"SELECT"},
        "audit_checkpoint": {"SELECT", "INSERT"},
        "audit_cosignature": {"SELECT", "INSERT"},
        "audit_quorum": {"SELECT", "INSERT"},
        "audit_anchor": {"SELECT", "INSERT"},
        "audit_halt": {"SELECT", "INSERT"},
    },
}
COLUMNS_OF_AN_EVENT = {"stream", "body"}
"""The columns of an event that the application writes; the trigger fills the others."""
