"""Whether the audit log is what it claims to be.

What this cannot see: a superuser of the database can undo every one of these protections and put it back.
"""
