"""`flush` for transactional tests: back to the moment after `migrate`.

Django's own would TRUNCATE the audit tables, which refuse it, and would lose what migrations seed.
"""

from django.core.management.commands import flush
from django.db import connection

from tests.support import database


class Command(flush.Command):
    def handle(self, **options):
        connection.close()
        database.restore()
