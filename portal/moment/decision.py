"""How it was decided that something may run: what was signed, by whom, by which policy, on which evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audit.models import Event
from audit.parts import part_of
from audit.streams import streams_of_environment
from catalog.models import Environment
from portal.moment.history import History, data_of, object_id
from releases.audit_events import ReleaseEvent
from releases.models import ChangeRequest, Statement
from releases.statement import digest_of_statement

MOST_REPORTS: Final = 500
LOOK_BACK: Final = 20
"""Entries of another shape that may stand before the newest one that counts."""

_SIGNED: Final = (
    ReleaseEvent.SUBMITTED,
    ReleaseEvent.APPROVED,
    ReleaseEvent.REJECTED,
    ReleaseEvent.APPROVALS_VOIDED,
    ReleaseEvent.ALL_RULES_MET,
    ReleaseEvent.DEPLOYING,
)


@dataclass(frozen=True)
class Signature:
    """One signature that counted.

    Attributes:
        rule: the approval rule that it counted for.
        roles: in which the person signed.
        event: its entry, with the name of then.
    """

    rule: str
    roles: Sequence[str]
    event: Event


@dataclass(frozen=True)
class GateSeen:
    """One gate as it stood in what was signed.

    Attributes:
        evidence: digest of the report it was read from; empty without one.
        event: the entry of that report.
    """

    name: str
    item: str
    outcome: str
    evidence: str
    event: Event | None


@dataclass
class Decision:
    """How one change request came to be carried out.

    Attributes:
        request: its row.
        submitted: who asked for it.
        rules_met: when every approval rule was met, before it was carried out.
        statement_digest: what was signed.
        policy: of the statement: name, version, digest; None when there was none.
        signatures: those that counted.
        gates: of the statement.
        more_reports: further reports about the same things that had come by then.
        problems: sentences.
    """

    request: ChangeRequest
    submitted: Event | None = None
    rules_met: Event | None = None
    statement_digest: str = ""
    policy: Mapping[str, Any] | None = None
    policy_published: Event | None = None
    signatures: list[Signature] = field(default_factory=list)
    gates: list[GateSeen] = field(default_factory=list)
    more_reports: int = 0
    problems: list[str] = field(default_factory=list)


def decision_about(request: ChangeRequest, history: History) -> Decision:
    """Return how it was decided, as the entries up to the moment say; as many queries for any request."""
    decision = Decision(request)
    _read_stream(decision, history)
    statement = Statement.objects.filter(
        change_request=request, digest=decision.statement_digest
    ).first()
    document = _document(decision, statement)
    decision.policy = document.get("policy")
    if decision.policy:
        label = f"{decision.policy['name']} v{decision.policy['version']}"
        published = history.events(ReleaseEvent.POLICY_PUBLISHED)
        decision.policy_published = history.keep(
            published.filter(facts__object__label=label).order_by("-pk").first()
        )
    _add_gates(decision, document.get("gates", []), history)
    return decision


def _read_stream(decision: Decision, history: History) -> None:
    """Read what was signed, and which signatures counted, from the request's own stream; one query."""
    signed: dict[int, Event] = {}
    events = history.events(*_SIGNED).of_stream(decision.request.audit_stream)
    for event in history.sound(events):
        if event.type == ReleaseEvent.SUBMITTED:
            decision.submitted = history.keep(event)
        elif event.type == ReleaseEvent.APPROVED:
            signed[data_of(event)["approval"]] = event
        elif event.type == ReleaseEvent.ALL_RULES_MET:
            decision.rules_met = event
    history.keep(decision.rules_met)
    _count(decision, signed, history)


def _count(decision: Decision, signed: Mapping[int, Event], history: History) -> None:
    """Keep the signatures that the rules were met by."""
    met = decision.rules_met
    if met is None:
        sentence = f"No entry says that the approval rules of {decision.request} were met."
        decision.problems.append(sentence)
        return
    decision.statement_digest = data_of(met).get("statement_digest") or ""
    for counted in data_of(met).get("counted") or []:
        event = signed.get(counted["approval"])
        if event is None:
            decision.problems.append("A signature that was counted has no entry.")
            continue
        if data_of(event).get("statement_digest") != decision.statement_digest:
            decision.problems.append("A signature that was counted is about another statement.")
        roles = data_of(event).get("roles") or []
        decision.signatures.append(Signature(counted["rule"], roles, history.kept(event)))


def _document(decision: Decision, statement: Statement | None) -> Mapping[str, Any]:
    if not decision.statement_digest:
        return {}
    if statement is None:
        decision.problems.append("The statement that was signed is not kept any more.")
        return {}
    if digest_of_statement(statement.document) != decision.statement_digest:
        decision.problems.append("The statement that is kept is not the one that was signed.")
        return {}
    found: Mapping[str, Any] = statement.document
    return found


def _add_gates(decision: Decision, gates: Sequence[Mapping[str, Any]], history: History) -> None:
    release = decision.request.release
    items = [item.artifact_version for item in release.items.all()]
    streams = {str(version): version.audit_stream for version in items}
    reports = history.events(ReleaseEvent.EVIDENCE_ADDED).filter(
        stream__in=[release.audit_stream, *streams.values()]
    )
    found = {
        (event.stream, part_of(event.facts, "object").get("digest")): event
        for event in history.sound(reports.order_by("-pk")[:MOST_REPORTS])
    }
    used = set()
    for gate in gates:
        about = [streams.get(gate["item"], ""), release.audit_stream]
        keys = [(stream, gate["evidence"]) for stream in about]
        report = next((found[key] for key in keys if key in found), None)
        used.update(keys)
        if gate["evidence"] and report is None:
            decision.problems.append(
                f"No entry says that the report behind the gate {gate['gate']} had come by then."
            )
        decision.gates.append(_seen(gate, history.keep(report)))
    decision.more_reports = len(found.keys() - used)


def _seen(gate: Mapping[str, Any], report: Event | None) -> GateSeen:
    return GateSeen(
        gate["gate"], gate["item"] or "", gate["outcome"], gate["evidence"] or "", report
    )


def policy_in_force(environment: Environment, history: History) -> Event | None:
    """Return the entry that put the policy in force that held at the moment; None when none held."""
    activated = history.events(ReleaseEvent.POLICY_ACTIVATED)
    return history.keep(
        activated.filter(stream=environment.audit_stream).order_by("-stream_seq").first()
    )


def under_way(environment: Environment, history: History) -> tuple[int, Event] | None:
    """Return the change request that was being carried out at the moment, if one was, and since when."""
    own = streams_of_environment(environment.name, history.project)
    ends = (ReleaseEvent.DEPLOYED, ReleaseEvent.FAILED, ReleaseEvent.ERRORED)
    events = history.events(ReleaseEvent.DEPLOYING, ReleaseEvent.VERIFYING, *ends)
    here = events.filter(project=history.project, stream__in=own)
    last = next(history.sound(here.order_by("-pk")[:LOOK_BACK]), None)
    if last is None or last.type in {*map(str, ends)}:
        return None
    return object_id(last), history.kept(last)
