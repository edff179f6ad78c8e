"""What somebody outside says about a deployment that waits for their word."""

from django.db.models import TextChoices
from django.utils import timezone

from audit.names import EventName
from audit.record import record
from catalog.errors import InvalidInput
from catalog.models import User
from catalog.validation import check_text
from deployments import endings
from deployments.models import Deployment, StepState, StepVerb

LONGEST_COMMENT = 2000


class Result(TextChoices):
    """How it went."""

    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


def checked(result: object, comment: object) -> tuple[Result, str]:
    """Return both if they can be taken.

    Raises:
        InvalidInput: the result is no result, the comment too long, or a failure without a reason.
    """
    if result not in Result.values:
        raise InvalidInput.of("result", f"Use one of {', '.join(Result.values)}.")
    said = check_text("comment", comment, longest=LONGEST_COMMENT).strip()
    if result == Result.FAILED and not said:
        raise InvalidInput.of("comment", "Say why it failed.")
    return Result(str(result)), said


def take(
    deployment: Deployment, result: Result, comment: str, *, event: EventName, by: User, who: str
) -> None:
    """End the deployment by somebody's word, on a row that the caller has locked.

    Args:
        comment: free text; it may name people, so the entries hold only a commitment to it.
        who: the witness, for people and without a name, such as "The executor".
    """
    succeeded = result == Result.SUCCEEDED
    record(
        event,
        subject=deployment,
        by=by,
        outcome="success" if succeeded else "failure",
        private={"comment": comment},
        result=str(result),
    )
    if succeeded:
        deployment.steps.filter(verb=StepVerb.ATTEST).update(
            state=StepState.DONE,
            sentence=f"{who} reported success. {comment}".strip(),
            finished_at=timezone.now(),
        )
        endings.succeed(deployment, what=f"{who.lower()} reported success")
    else:
        endings.fail(deployment, why=f"{who} reported a failure.", in_their_words=comment)
