"""A change as its entries tell it: what the report, the samples and the attestations say of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.packs.entries import Sealed
from audit.parts import part_of
from audit.sentences import ERASED


@dataclass(frozen=True)
class Signature:
    """Somebody's yes or no, as it is shown to people (21 CFR 11.50: name, time, meaning)."""

    event: str
    actor: str
    name: str
    decision: str
    roles: str
    at: str
    statement_digest: str
    comment: str


@dataclass
class ToldChange:
    """What the entries of a change request and its release say.

    Attributes:
        approved_first: whether every deployment began while all rules were met; None without one.
        nobody_own: whether nobody who counted had asked for it or sealed it; None when nobody counted.
        standing: who signed which approval, without those that were voided.
        granted: whether all rules are met at this point of the story.
    """

    label: str
    project: str = ""
    environment: str = ""
    release: str = ""
    content_digest: str = ""
    kind: str = ""
    requester: str = ""
    requester_name: str = ""
    reason: str = ""
    sealer: str = ""
    state: str = ""
    at: str = ""
    last_at: str = ""
    deployed_at: str = ""
    events: int = 0
    approved_first: bool | None = None
    nobody_own: bool | None = None
    signatures: list[Signature] = field(default_factory=list)
    standing: dict[Any, str] = field(default_factory=dict)
    granted: bool = False

    def take(self, sealed: Sealed, said: dict[str, str]) -> None:
        """Take the next of the change's own entries; ``said`` is what is disclosed of it."""
        data = part_of(sealed.body, "data")
        self.events += 1
        self.last_at = sealed.entry["at"]
        self.state = str(data.get("after") or self.state)
        match sealed.body["type"]:
            case "releases.submitted":
                self._submitted(sealed, data, said)
            case "releases.approved" | "releases.rejected":
                self._signed(sealed, data, said)
            case "deployments.started":
                self.approved_first = self.granted and self.approved_first is not False
            case "releases.deployed":
                self.deployed_at = sealed.entry["at"]
            case other:
                self._rules(other, data)

    def _rules(self, event: str, data: dict[str, Any]) -> None:
        match event:
            case "releases.approvals_voided":
                for approval in _numbers(data.get("approvals")):
                    self.standing.pop(approval, None)
            case "releases.checking":
                self.granted = False
            case "releases.all_rules_met":
                self.granted = True
                named = [each for each in _list(data.get("counted")) if isinstance(each, Mapping)]
                approvals = _numbers([each.get("approval") for each in named])
                counted = {self.standing.get(approval) for approval in approvals}
                if counted:
                    own = counted & {self.requester, self.sealer}
                    self.nobody_own = not own and self.nobody_own is not False

    def _submitted(self, sealed: Sealed, data: dict[str, Any], said: dict[str, str]) -> None:
        if self.at:
            return  # a second one was written past the portal; the first is what was asked for
        self.project = str(sealed.body.get("project") or "")
        self.environment = str(data.get("environment", ""))
        self.release = str(data.get("release", ""))
        self.content_digest = str(data.get("content_digest", ""))
        self.kind = str(data.get("kind", ""))
        self.requester = sealed.body["actor"]["id"]
        self.requester_name = said.get("actor", "")
        self.reason = said.get("reason", "")
        self.at = sealed.entry["at"]

    def _signed(self, sealed: Sealed, data: dict[str, Any], said: dict[str, str]) -> None:
        actor, decision = sealed.body["actor"]["id"], sealed.body["type"].rpartition(".")[2]
        self.signatures.append(
            Signature(
                event=sealed.uid,
                actor=actor,
                name=said.get("actor", ERASED),
                decision=decision,
                roles=", ".join(map(str, _list(data.get("roles")))),
                at=sealed.entry["at"],
                statement_digest=str(data.get("statement_digest", "")),
                comment=said.get("comment", ""),
            )
        )
        if decision == "approved":
            for approval in _numbers([data.get("approval")]):
                self.standing[approval] = actor


def _list(value: Any) -> list[Any]:
    """Return a list as it is; whatever else was recorded past the portal is none."""
    return value if isinstance(value, list) else []


def _numbers(value: Any) -> list[int]:
    return [each for each in _list(value) if isinstance(each, int)]


def tell(label: str, entries: Iterable[Sealed], names: Mapping[str, dict[str, str]]) -> ToldChange:
    """Return the story of a change.

    Args:
        label: such as ``CR-12``.
        entries: of the sample, in the order of the log.
        names: by event, what its disclosures say.
    """
    change = ToldChange(label)
    own = f"change-request/{label.removeprefix('CR-')}"
    for sealed in entries:
        if sealed.body["type"] == "releases.sealed":
            change.sealer = sealed.body["actor"]["id"]
        if sealed.entry["s"] == own:
            change.take(sealed, names.get(sealed.uid, {}))
    return change
