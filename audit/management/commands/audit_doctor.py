"""``manage.py audit_doctor`` says whether the audit log is protected as it claims to be."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.doctor.examine import examine


class Command(BaseCommand):
    """Exit status 0: all is well; 1: something is not."""

    help = "Check roles, privileges, triggers, settings and numbers of the audit log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--json", action="store_true", help="write one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found, one sentence per check."""
        findings = examine()
        ok = all(finding.ok for finding in findings)
        if options["json"]:
            checks = [finding.as_dict() for finding in findings]
            self.stdout.write(json.dumps({"ok": ok, "checks": checks}, indent=2))
        else:
            for finding in findings:
                mark = self.style.SUCCESS("ok  ") if finding.ok else self.style.ERROR("BAD ")
                self.stdout.write(f"{mark} {finding.name}: {finding.sentence}")
        if not ok:
            raise SystemExit(1)
