"""Pause a provider automatically when orders cannot go there, and count the failures before."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q

from catalog.models import Provider
from orders.models import REASON_LENGTH

log = logging.getLogger(__name__)

MAX_FAILURES: Final = 5  # order calls in a row without a usable answer
# before held orders go on once more, where they went on in vain before
FIRST_REST: Final = timedelta(minutes=1)
MAX_REST: Final = timedelta(hours=1)


def pause(*, provider_id: int, reason: str, now: datetime) -> None:
    """Pause the provider until its balance answers again; a paused one keeps its reason."""
    is_paused = Provider.objects.filter(pk=provider_id, paused_at=None).update(
        paused_at=now, pause_reason=reason[:REASON_LENGTH], is_pause_automatic=True
    )
    if is_paused:
        log.error("provider %s is paused: %s", provider_id, reason)


def note_answer(*, provider_id: int) -> None:
    """An order call got a definite answer: failures and resumes are no longer in a row."""
    counted = Q(failures_in_row__gt=0) | Q(resumes_in_row__gt=0)
    Provider.objects.filter(counted, pk=provider_id).update(
        failures_in_row=0, resumes_in_row=0, resume_at=None
    )


def note_resume(*, provider: Provider, now: datetime) -> None:
    """Held orders go on. If none is accepted, they rest longer each time, up to an hour."""
    rest = min(MAX_REST, FIRST_REST * 2 ** min(provider.resumes_in_row, 10))
    Provider.objects.filter(pk=provider.pk).update(
        resumes_in_row=F("resumes_in_row") + 1, resume_at=now + rest
    )


def note_failure(*, provider_id: int, problem: str, now: datetime) -> None:
    """An order call got no usable answer; MAX_FAILURES in a row pause the provider."""
    Provider.objects.filter(pk=provider_id).update(failures_in_row=F("failures_in_row") + 1)
    if Provider.objects.filter(pk=provider_id, failures_in_row__gte=MAX_FAILURES).exists():
        reason = f"{MAX_FAILURES} orders in a row got no usable answer: {problem}"
        pause(provider_id=provider_id, reason=reason, now=now)


def lift_pause(*, provider_id: int) -> bool:
    """End an automatic pause; a pause that a person set stays."""
    paused = Provider.objects.filter(pk=provider_id, is_pause_automatic=True)
    is_lifted = paused.filter(paused_at__isnull=False).update(
        paused_at=None, pause_reason="", is_pause_automatic=False, failures_in_row=0
    )
    if is_lifted:
        log.info("provider %s answers again: its pause is lifted", provider_id)
    return bool(is_lifted)
