"""Hold a destination's row until the end of the transaction."""

from audit.streaming.errors import StreamingWrongMoment
from audit.streaming.models import Destination


def held(pk: int) -> Destination:
    """Return the destination, locked.

    Raises:
        StreamingWrongMoment: it is gone.
    """
    destination = Destination.objects.select_for_update().filter(pk=pk).first()
    if destination is None:
        raise StreamingWrongMoment("This destination was removed.")
    return destination
