"""``manage.py sync_models [PROJECT[/REGISTRY]]``: read model registries now, and say how it goes."""

import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from audit.origin import Origin, coming_from
from models_registry import work
from models_registry.models import ModelVersion, Registry, Sync, SyncPhase, SyncResult
from models_registry.reconcile import Tell

LINE_SECONDS: Final = 1.0
"""A phase that goes on is not told more often."""


class Command(BaseCommand):
    """Reads registries in this process, as a worker does; whoever comes next goes on where it stopped."""

    help = "Compare the model registries with MLflow now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which registries, and how thoroughly."""
        parser.add_argument("which", nargs="?", default="", help="a project, or project/registry")
        parser.add_argument(
            "--every-answer", action="store_true", help="compare answers too that did not change"
        )
        parser.add_argument(
            "--no-files", action="store_true", help="leave model files to the workers"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read them one after the other; exits with 1 if one could not be read."""
        registries = self._registries(options["which"])
        with coming_from(Origin("command")):
            well = [self._sync(each, options) for each in registries]
        if not all(well):
            raise SystemExit(1)

    def _registries(self, which: str) -> list[Registry]:
        slug, _, name = which.partition("/")
        found = Registry.objects.select_related("project").order_by("pk")
        found = found.filter(project__slug=slug) if slug else found
        found = found.filter(name=name) if name else found
        if not found:
            raise CommandError(
                f"There is no model registry {which}." if which else "There is none."
            )
        return list(found)

    def _sync(self, registry: Registry, options: dict[str, Any]) -> bool:
        label = f"{registry.project.slug}/{registry.name}"
        if not registry.is_active:
            self.stdout.write(f"{label}: switched off.")
            return True
        tell = self._telling(label)
        if not work.sync(registry.pk, every_answer=options["every_answer"], tell=tell):
            self.stdout.write(f"{label}: a worker is reading it just now.")
            return True
        sync = Sync.objects.get(pk=registry.pk)
        self.stdout.write(
            f"{label}: {sync.sentence} {sync.models_seen} models, {sync.versions_seen} versions."
        )
        if sync.result != SyncResult.SUCCEEDED:
            return False
        if not options["no_files"]:
            self._read_files(registry, label)
        return True

    def _telling(self, label: str) -> Tell:
        """Return what writes a line when a phase begins, and now and then while it goes on."""
        last: tuple[SyncPhase | None, float] = None, 0.0

        def tell(phase: SyncPhase, done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if phase == last[0] and now - last[1] < LINE_SECONDS:
                return
            last = phase, now
            how_far = f": {done} of {total}" if total else f": {done}" if done else ""
            self.stdout.write(f"{label}: {phase.label}{how_far}.")

        return tell

    def _read_files(self, registry: Registry, label: str) -> None:
        waiting = ModelVersion.objects.waiting_for_files().filter(model__registry=registry)
        total = waiting.count()
        done = 0

        def tell() -> None:
            nonlocal done
            done += 1
            if done % 50 == 0 or done == total:
                self.stdout.write(f"{label}: files of {done} of {total} versions.")

        if total:
            work.read_waiting_files(registry.pk, tell=tell)
