"""Evidence packs: what an auditor takes away, and verifies without us (docs/evidence-packs.md)."""
