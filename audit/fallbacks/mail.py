"""Checkpoints by mail: a mailbox that the operator of the log does not administer remembers them."""

from collections.abc import Sequence
from smtplib import SMTPException

from django.core.mail import EmailMessage

from audit.fallbacks.port import NotKept
from audit.tlog.checkpoints import Checkpoint

_ABOUT = """\
This is the newest signed checkpoint of the audit log {origin}: {size} entries.

Keep this message. Whoever keeps it can later prove that the log was cut back, restored or
rewritten: a checkpoint that is shown later must be consistent with this one.

    gatehouse_verify.py --help   says how to compare.

"""


def mail_checkpoint(to: Sequence[str], checkpoint: Checkpoint, note: bytes) -> None:
    """Send the signed checkpoint as text and as an attachment.

    Raises:
        NotKept: no mail server took it.
    """
    message = EmailMessage(
        subject=f"Checkpoint of {checkpoint.origin}: {checkpoint.size} entries",
        body=_ABOUT.format(origin=checkpoint.origin, size=checkpoint.size) + note.decode(),
        to=list(to),
    )
    message.attach(f"checkpoint-{checkpoint.size}.txt", note, "application/octet-stream")
    try:
        message.send()
    except (SMTPException, OSError) as error:
        raise NotKept(f"No mail server took the checkpoint: {error}") from error
