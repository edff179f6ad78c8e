"""Personal data outside the entries: keys, disclosures, erasure, holds, retention (docs/privacy.md)."""
