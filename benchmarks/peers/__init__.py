"""The same change of a row, kept by django-auditlog, django-pghistory, django-simple-history, and by the log.

They live in an environment of their own (requirements/peers.lock): the portal does not install them.
"""
