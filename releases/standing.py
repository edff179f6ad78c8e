"""How the approval rules stand, in the form that the API and the pages read."""

from typing import Any

from catalog.models import User
from releases.evaluation import Evaluation


def rules_as_read(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return ``[{name, title, required, given, missing, eligible, signed_by, excluded}]``.

    ``eligible`` are those who could still sign; ``excluded`` those who hold the role and may not sign this
    change, with the reason.
    """
    if evaluation.policy is None or evaluation.approvers is None:
        return []
    titles = {rule.name: rule.title or rule.name for rule in evaluation.policy.approvals}
    signed = {approval.person_id for approval in evaluation.approvals}
    people = evaluation.approvers.people
    excluded = evaluation.approvers.excluded
    rules = []
    for standing in evaluation.quorum.rules:
        holders = sorted(
            evaluation.approvers.holders[standing.name], key=lambda pk: people[pk].display_name
        )
        rules.append(
            {
                "name": standing.name,
                "title": titles[standing.name],
                "required": standing.required,
                "given": standing.given,
                "missing": standing.missing,
                "eligible": [
                    _person(people[pk]) for pk in holders if pk not in excluded and pk not in signed
                ],
                "signed_by": [_person(people[pk]) for pk in standing.signed_by],
                "excluded": [
                    {**_person(people[pk]), "why": excluded[pk]} for pk in holders if pk in excluded
                ],
            }
        )
    return rules


def _person(user: User) -> dict[str, str]:
    return {"username": user.username, "name": user.display_name}
