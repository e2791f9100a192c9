"""Pausing a provider by itself when orders cannot go there, and counting the failures that lead to
it.
"""

import logging
from datetime import datetime

from django.db.models import F

from catalog.models import Provider

log = logging.getLogger(__name__)

MAX_FAILURES = 5  # order calls in a row without a usable answer
REASON_LENGTH = 300  # characters of Provider.pause_reason


def pause(*, provider_id: int, reason: str, now: datetime) -> None:
    """Pause the provider until its balance answers again; one that is paused already keeps its
    reason.
    """
    is_paused = Provider.objects.filter(pk=provider_id, paused_at=None).update(
        paused_at=now, pause_reason=reason[:REASON_LENGTH], is_pause_automatic=True
    )
    if is_paused:
        log.error("provider %s is paused: %s", provider_id, reason)


def note_answer(*, provider_id: int) -> None:
    """An order call got a definite answer: the failures are no longer in a row."""
    Provider.objects.filter(pk=provider_id, failures_in_row__gt=0).update(failures_in_row=0)


def note_failure(*, provider_id: int, problem: str, now: datetime) -> None:
    """An order call got no usable answer; after MOST_FAILURES in a row the provider is paused."""
    Provider.objects.filter(pk=provider_id).update(failures_in_row=F("failures_in_row") + 1)
    if Provider.objects.filter(pk=provider_id, failures_in_row__gte=MAX_FAILURES).exists():
        pause(
            provider_id=provider_id,
            reason=f"{MAX_FAILURES} orders in a row got no usable answer: {problem}",
            now=now,
        )
