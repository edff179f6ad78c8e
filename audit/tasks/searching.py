"""What workers do so that the log can be searched."""

from typing import Final

from celery import shared_task

from audit.search.indexing import BATCH, index_more

_BATCHES: Final = 50
"""At a time: a backlog must not keep a worker from everything else."""


@shared_task(name="audit.index_words", soft_time_limit=300)
def index_words() -> None:
    """Bring the index of the log's words up to date."""
    for _ in range(_BATCHES):
        if index_more() < BATCH:
            return
