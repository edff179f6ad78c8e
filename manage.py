#!/usr/bin/env python
"""Django's command line. In the checkout it finds the services of a running `make run`."""

import os
import sys

from django.core.management import execute_from_command_line

from audit.witness.command import run as run_witness

if __name__ == "__main__":
    if "witness" in sys.argv[1:2]:
        # Runs where neither settings nor a database of the portal are.
        sys.exit(run_witness(sys.argv[2:], "manage.py witness"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.embedded")
    if "migrate" in sys.argv[1:2]:
        # The schema belongs to the owner; web and workers may not change it.
        os.environ.setdefault("GATEHOUSE_DB_ROLE", "owner")
    execute_from_command_line(sys.argv)
