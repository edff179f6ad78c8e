"""A moment as the REST API shows it."""

from typing import Any

from rest_framework import serializers

from audit.models import Event
from audit.times import in_utc
from portal.moment.decision import Decision
from portal.moment.moment import Moment
from portal.moment.running import Ran


class ProofSerializer(serializers.Serializer[Any]):
    """The entry that says so; null where the caller may not read it."""

    event = serializers.IntegerField()
    uid = serializers.UUIDField()
    index = serializers.IntegerField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    sentence = serializers.CharField()
    seal = serializers.ChoiceField(["recorded", "sealed", "witnessed"])


class RanSerializer(serializers.Serializer[Any]):
    """An artifact version that ran."""

    artifact = serializers.CharField()
    kind = serializers.CharField()
    version = serializers.CharField()
    artifact_version = serializers.IntegerField()
    digest = serializers.CharField()
    release = serializers.CharField()
    change_request = serializers.IntegerField()
    put_there = ProofSerializer(allow_null=True)
    verified = ProofSerializer(allow_null=True, help_text="That its digest was compared.")


class SignatureAtSerializer(serializers.Serializer[Any]):
    """A signature that counted."""

    rule = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    account = serializers.CharField()
    name = serializers.CharField(help_text="As it was then, while it is disclosed.")
    proof = ProofSerializer(allow_null=True)


class GateAtSerializer(serializers.Serializer[Any]):
    """A gate as it stood in what was signed."""

    name = serializers.CharField()
    item = serializers.CharField()
    outcome = serializers.CharField()
    evidence = serializers.CharField(help_text="Digest of the report; empty without one.")
    proof = ProofSerializer(allow_null=True)


class PolicyAtSerializer(serializers.Serializer[Any]):
    """A policy version."""

    policy = serializers.CharField(help_text="Name and version, such as `standard v3`.")
    digest = serializers.CharField()
    proof = ProofSerializer(allow_null=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """How it was decided that the release may run."""

    change_request = serializers.IntegerField()
    kind = serializers.CharField()
    statement_digest = serializers.CharField()
    policy = PolicyAtSerializer(allow_null=True, help_text="Under which it was signed.")
    submitted = ProofSerializer(allow_null=True)
    rules_met = ProofSerializer(allow_null=True)
    signatures = SignatureAtSerializer(many=True)
    gates = GateAtSerializer(many=True)


class HolderSerializer(serializers.Serializer[Any]):
    """Somebody who had a right."""

    account = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    role = serializers.CharField()
    team = serializers.CharField(help_text="Empty unless through a team.")
    proof = ProofSerializer(allow_null=True)


class RightSerializer(serializers.Serializer[Any]):
    """A right, and who had it."""

    permission = serializers.CharField()
    holders = HolderSerializer(many=True)


class MomentSerializer(serializers.Serializer[Any]):
    """An environment as it was at a moment."""

    project = serializers.CharField()
    environment = serializers.CharField()
    time = serializers.DateTimeField()
    release = serializers.CharField(allow_null=True, help_text="That was put there last.")
    since = ProofSerializer(allow_null=True)
    until = ProofSerializer(allow_null=True, help_text="What came instead, if anything did.")
    runs = RanSerializer(many=True)
    decision = DecisionSerializer(allow_null=True)
    policy_in_force = PolicyAtSerializer(allow_null=True)
    being_carried_out = serializers.IntegerField(allow_null=True, help_text="A change request.")
    rights = RightSerializer(many=True)
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Where tables and entries disagree."
    )


def document_of(moment: Moment) -> dict[str, Any]:
    """Return the moment as plain values."""
    running = moment.running
    return {
        "project": moment.environment.project.slug,
        "environment": moment.environment.name,
        "time": in_utc(moment.at),
        "release": running.newest.release.version if running.newest else None,
        "since": _proof(running.since),
        "until": _proof(running.until),
        "runs": [_ran(each) for each in running.runs],
        "decision": _decision(moment.decision) if moment.decision else None,
        "policy_in_force": _policy(moment.policy_label, moment.policy_digest, moment.policy),
        "being_carried_out": moment.under_way[0] if moment.under_way else None,
        "rights": [
            {
                "permission": right.permission.codename,
                "holders": [
                    {
                        "account": holder.pseudonym,
                        "name": holder.name,
                        "kind": holder.kind,
                        "role": holder.membership.role,
                        "team": holder.membership.team,
                        "proof": _proof(holder.membership.event),
                    }
                    for holder in right.holders
                ],
            }
            for right in moment.rights
        ],
        "problems": moment.problems,
    }


def _ran(each: Ran) -> dict[str, Any]:
    return {
        "artifact": each.version.artifact.name,
        "kind": each.version.artifact.kind,
        "version": each.version.version,
        "artifact_version": each.version.pk,
        "digest": each.version.digest,
        "release": each.release,
        "change_request": each.number,
        "put_there": _proof(each.put_there),
        "verified": _proof(each.verified),
    }


def _decision(decision: Decision) -> dict[str, Any]:
    policy = decision.policy
    return {
        "change_request": decision.request.pk,
        "kind": decision.request.kind,
        "statement_digest": decision.statement_digest,
        "policy": policy
        and _policy(
            f"{policy['name']} v{policy['version']}", policy["digest"], decision.policy_published
        ),
        "submitted": _proof(decision.submitted),
        "rules_met": _proof(decision.rules_met),
        "signatures": [
            {
                "rule": each.rule,
                "roles": each.roles,
                "account": each.event.actor,
                "name": each.event.actor_name,  # type: ignore[attr-defined]  # by with_sentences
                "proof": _proof(each.event),
            }
            for each in decision.signatures
        ],
        "gates": [
            {
                "name": each.name,
                "item": each.item,
                "outcome": each.outcome,
                "evidence": each.evidence,
                "proof": _proof(each.event),
            }
            for each in decision.gates
        ],
    }


def _policy(label: str, digest: str, event: Event | None) -> dict[str, Any] | None:
    return {"policy": label, "digest": digest, "proof": _proof(event)} if label else None


def _proof(event: Any) -> dict[str, Any] | None:
    if event is None or not event.is_readable:
        return None
    return {
        "event": event.pk,
        "uid": event.uid,
        "index": event.sealing.index,
        "recorded_at": event.recorded_at,
        "sentence": event.sentence,
        "seal": event.sealing.seal,
    }
