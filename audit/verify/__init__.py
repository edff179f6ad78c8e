"""The verifier: one file that an auditor takes away and runs without the portal."""
