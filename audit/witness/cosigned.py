"""How much of the log is witnessed."""

from audit.models import Checkpoint, Quorum


def witnessed_checkpoint(origin: str) -> Checkpoint | None:
    """Return the largest checkpoint that has the cosignatures that the policy asks for."""
    quorums = Quorum.objects.filter(checkpoint__origin=origin).select_related("checkpoint")
    newest = quorums.order_by("-checkpoint__size").first()
    return newest.checkpoint if newest else None


def witnessed_size(origin: str) -> int:
    """Return how many entries are witnessed: those with a smaller leaf index."""
    checkpoint = witnessed_checkpoint(origin)
    return checkpoint.size if checkpoint else 0
