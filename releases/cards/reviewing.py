"""When a card is to be reviewed. The intervals are settings.MODEL_CARD_REVIEW_MONTHS."""

import calendar
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from catalog.models import RiskTier

FIRST_REVIEW: Final = timedelta(days=30)
"""A new card is to be reviewed within this time."""


def months_of(risk_tier: str) -> int:
    """Return the tier's interval in months; a card without a tier is reviewed like a high one."""
    months: int = settings.MODEL_CARD_REVIEW_MONTHS[risk_tier or RiskTier.HIGH.value]
    return months


def usual_next(risk_tier: str, *, after: datetime) -> datetime:
    """Return when the next review is due if nobody gives a reason for another time."""
    return _add_months(after, months_of(risk_tier))


def _add_months(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or its last one."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
