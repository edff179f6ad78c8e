"""Transparency logs in the standard formats: RFC 6962 trees; C2SP notes, checkpoints, tiles, proofs.

Pure functions over bytes: no Django, no database, no files, no network. Formats as of signed-note v1.0.0,
tlog-checkpoint v1.0.0, tlog-cosignature v1.1.0-rc.1, tlog-tiles v0.1.0; tlog-proof and tlog-policy have
no version yet (c2sp.org).
"""
