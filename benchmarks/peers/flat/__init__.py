"""A row that changes, and nothing that watches it."""
