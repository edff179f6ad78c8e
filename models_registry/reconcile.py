"""Compare everything in a registry with what is known of it: the truth, of which webhooks are only hints.

No transaction is open while MLflow is waited for: what it answered is written by actions, page by page.
Whoever goes on after a worker that died finds what was taken in until then and lists again; what is
known already costs a comparison and no write.

MLflow's pages are offsets into a sorted list. Rows that are added while it is read come twice or later,
but where a row vanished the next page begins one row too late. So the seam between two pages is looked
at once more, model by model, and nothing is called deleted before MLflow was asked for it by name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from catalog.models import User
from models_registry.actions.follow_versions import follow_versions
from models_registry.actions.lease import say
from models_registry.actions.note_absences import note_model_gone, note_versions_gone
from models_registry.actions.take_in_models import rename_model, swap_names, take_in_models
from models_registry.actions.take_in_versions import take_in_versions
from models_registry.clients.port import ModelRegistry, ModelSeen, VersionPage, VersionSeen
from models_registry.models import ModelVersion, RegisteredModel, Registry, SyncPhase
from models_registry.naming import belongs

AT_ONCE: Final = 200
"""New versions per transaction, and runs per question."""

SAY_EVERY: Final = 50
"""Single questions between two renewals of the lease."""

T = TypeVar("T")
Key = tuple[str, int]
Tell = Callable[[SyncPhase, int, int], None]
"""Hears the phase, how much of it is done, and of how much; 0 while nobody knows."""


def in_silence(_phase: SyncPhase, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass
class Reconcile:
    """One comparison, by the worker that holds the registry's lease.

    Attributes:
        between: called between two pages or portions, when nothing that was read waits to be compared;
            looks at hints.
        tell: hears how far it is.
    """

    registry: Registry
    client: ModelRegistry
    holder: str
    by: User
    between: Callable[[], None] = lambda: None
    tell: Tell = in_silence
    names: list[str] = field(default_factory=list)
    """All models in MLflow's order, those of other projects too."""
    seen: set[Key] = field(default_factory=set)
    taken_in: int = 0
    changed: int = 0
    gone: int = 0
    pages: list[str] = field(default_factory=list)

    def everything(self, *, pages_before: Sequence[str] = (), about: int = 0) -> None:
        """Compare the whole registry.

        Args:
            pages_before: digests of the answers that were compared last. If all come again, nothing
                about versions is new.
            about: how many versions there probably are.

        Raises:
            RegistryUnavailable, RegistryRefused: MLflow is of no use now.
            LeaseLost: another worker took over.
        """
        self._say(SyncPhase.MODELS)
        for page in self.client.model_pages():
            self.names += [each.name for each in page]
            self._compare_models(page)
        self._say(SyncPhase.VERSIONS)
        self._versions(pages_before, about)
        self._absent_models()
        if self.pages != list(pages_before):
            self._absent_versions()

    def of_model(self, name: str) -> None:
        """Compare one model and its versions."""
        if not belongs(name, self.registry.name_pattern):
            return
        seen = self.client.model(name)
        if seen is not None:
            self._compare_models([seen])
            versions = self.client.versions_of(name)
            self.seen |= {(each.model, each.number) for each in versions}
            self._compare_versions(versions)
        self._absent_models(name)
        if seen is not None:
            self._absent_versions(name)

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        done = [
            f"{count} {what}"
            for count, what in (
                (self.taken_in, "new versions"),
                (self.changed, "changed"),
                (self.gone, "gone"),
            )
            if count
        ]
        return f"Compared: {', '.join(done) or 'nothing new'}."

    def _say(self, phase: SyncPhase, done: int = 0, total: int = 0) -> None:
        say(self.registry, phase, done=done, total=total, holder=self.holder)
        self.tell(phase, done, total)

    # ── models ──────────────────────────────────────────────────────────────────────────────────

    def _compare_models(self, page: Iterable[ModelSeen]) -> None:
        mine = [each for each in page if belongs(each.name, self.registry.name_pattern)]
        known = {row.name: row for row in self._known_models()}
        different = [
            each
            for each in mine
            if each.name not in known or known[each.name].fingerprint != each.fingerprint
        ]
        # New names first: a model that was renamed leaves its own to another one.
        for each in sorted(different, key=lambda each: each.name in known):
            self._follow_name(each, known)
        if different:
            take_in_models(self.registry, different, holder=self.holder, by=self.by)

    def _follow_name(self, seen: ModelSeen, known: dict[str, RegisteredModel]) -> None:
        """A name of the same age as a model that has its own no more: it was renamed, or two swapped theirs.

        Where more than two changed their names in a circle, one of them counts as new.

        Args:
            known: by name; kept up to date.
        """
        there = known.get(seen.name)
        if seen.created_at is None or (there and there.created_in_mlflow_at == seen.created_at):
            return
        for row in [
            each for each in known.values() if each.created_in_mlflow_at == seen.created_at
        ]:
            if self._is_called_so_now(row, seen, instead_of=there):
                del known[row.name]
                row.registry = self.registry
                if there is None:
                    rename_model(row, seen, holder=self.holder, by=self.by)
                else:
                    there.registry = self.registry
                    swap_names(row, there, holder=self.holder, by=self.by)
                    known[there.name] = there
                known[row.name] = row
                return

    def _is_called_so_now(
        self, row: RegisteredModel, seen: ModelSeen, *, instead_of: RegisteredModel | None
    ) -> bool:
        """Ask who has its former name: nobody or a later one; or the one whose name it has now."""
        now = self.client.model(row.name)
        if instead_of is not None:
            return now is not None and now.created_at == instead_of.created_in_mlflow_at
        return now is None or now.created_at != seen.created_at

    def _known_models(self) -> list[RegisteredModel]:
        return list(RegisteredModel.objects.filter(registry=self.registry, gone_at=None))

    # ── versions ────────────────────────────────────────────────────────────────────────────────

    def _versions(self, pages_before: Sequence[str], about: int) -> None:
        last: Key | None = None
        was_known = True
        for number, page in enumerate(self.client.version_pages(about)):
            self.pages.append(page.digest)
            self.seen |= set(page.keys)
            is_known = page.digest in pages_before[number : number + 1]
            if not is_known:
                self._compare_versions(page.versions)
            # Between two pages that are as they were, nothing came or went before they were made.
            if not (is_known and was_known):
                self._look_at_seam(last, page)
            last, was_known = page.keys[-1] if page.keys else last, is_known
            self._say(SyncPhase.VERSIONS, len(self.seen))
            self.between()

    def _look_at_seam(self, last: Key | None, page: VersionPage) -> None:
        """Ask for the versions between the end of one page and the beginning of the next."""
        if last is None or not page.keys or page.keys[0] == (last[0], last[1] + 1):
            return
        first_name, first_number = page.keys[0]
        for name in self._names_between(last[0], first_name):
            if name == first_name != last[0] and first_number == 1:
                continue  # nothing comes before it
            unseen = [
                each
                for each in self.client.versions_of(name)
                if (each.model, each.number) not in self.seen
                and (name != first_name or each.number < first_number)
            ]
            self.seen |= {(each.model, each.number) for each in unseen}
            self._compare_versions(unseen)

    def _names_between(self, first: str, last: str) -> list[str]:
        if first in self.names and last in self.names:
            begin, end = self.names.index(first), self.names.index(last)
            if begin <= end:
                return self.names[begin : end + 1]
        return list(dict.fromkeys([first, last]))

    def _compare_versions(self, versions: Sequence[VersionSeen]) -> None:
        pattern = self.registry.name_pattern
        fits = {name: belongs(name, pattern) for name in {each.model for each in versions}}
        mine = [each for each in versions if fits[each.model]]
        self._take_in_missed_models({each.model for each in mine})
        known = self._fingerprints({each.model for each in mine})
        changed = [
            each
            for each in mine
            if known.get((each.model, each.number), each.fingerprint) != each.fingerprint
        ]
        if changed:
            self.changed += len(changed)
            follow_versions(self.registry, changed, holder=self.holder, by=self.by)
        self._take_in([each for each in mine if (each.model, each.number) not in known])

    def _take_in(self, new: Sequence[VersionSeen]) -> None:
        for start in range(0, len(new), AT_ONCE):
            self._say(SyncPhase.RUNS, start, len(new))
            portion = new[start : start + AT_ONCE]
            runs = self.client.runs([each.run_id for each in portion if each.run_id])
            self.taken_in += take_in_versions(
                self.registry, portion, runs, holder=self.holder, by=self.by
            )
            self.between()

    def _take_in_missed_models(self, names: set[str]) -> None:
        """Models that were registered after their list was read, or that its pages skipped."""
        missed = names - {row.name for row in self._known_models()}
        found = [seen for name in sorted(missed) if (seen := self.client.model(name)) is not None]
        if found:
            self._compare_models(found)

    def _fingerprints(self, names: set[str]) -> dict[Key, str]:
        """Return what is known of the models' versions; a version that was called gone has no fingerprint."""
        rows = ModelVersion.objects.filter(
            model__registry=self.registry, model__gone_at=None, model__name__in=names
        ).values_list("model__name", "number", "fingerprint", "gone_at")
        return {(name, number): "" if gone else print_ for name, number, print_, gone in rows}

    # ── absences ────────────────────────────────────────────────────────────────────────────────

    def _absent_models(self, only: str | None = None) -> None:
        listed = set(self.names)
        missing = [
            row
            for row in self._known_models()
            if (row.name == only if only else row.name not in listed)
            and belongs(row.name, self.registry.name_pattern)
        ]
        for row in self._asked_for(missing, len(missing)):
            if self.client.model(row.name) is None:
                row.registry = self.registry
                note_model_gone(row, holder=self.holder, by=self.by)
                self.gone += 1

    def _absent_versions(self, only: str | None = None) -> None:
        self._say(SyncPhase.ABSENCES)
        numbers = self._numbers_known(only)
        rows = [
            row
            for row in self._known_models()
            if (not only or row.name == only) and belongs(row.name, self.registry.name_pattern)
        ]
        missing = {
            row: theirs
            for row in rows
            if (theirs := [n for n in numbers.get(row.pk, ()) if (row.name, n) not in self.seen])
        }
        total, before = sum(map(len, missing.values())), 0
        for row, theirs in missing.items():
            asked = self._asked_for(theirs, total, before)
            absent = [n for n in asked if self.client.version(row.name, n) is None]
            before += len(theirs)
            if absent:
                row.registry = self.registry
                note_versions_gone(row, absent, holder=self.holder, by=self.by)
                self.gone += len(absent)

    def _asked_for(self, things: Iterable[T], total: int, before: int = 0) -> Iterator[T]:
        """Yield what MLflow is asked for by name, one by one; the lease is renewed meanwhile."""
        for count, thing in enumerate(things, start=before + 1):
            yield thing
            if count % SAY_EVERY == 0:
                self._say(SyncPhase.ABSENCES, count, total)

    def _numbers_known(self, only: str | None) -> dict[int, list[int]]:
        """Return the numbers of the versions that are there as far as is known, by model."""
        rows = ModelVersion.objects.filter(
            model__registry=self.registry, model__gone_at=None, gone_at=None
        )
        if only:
            rows = rows.filter(model__name=only)
        numbers: dict[int, list[int]] = {}
        for model_id, number in rows.order_by("number").values_list("model_id", "number"):
            numbers.setdefault(model_id, []).append(number)
        return numbers
