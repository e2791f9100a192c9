"""The halt of sending and top-ups when money does not add up, until an admin resumes them."""

import logging
from datetime import datetime

from accounts.models import User
from billing.models import Halt

log = logging.getLogger(__name__)

MAX_REASON = 300  # characters of Halt.clear_reason


class NotHalted(Exception):
    """There is no standing halt."""


class NoReason(Exception):
    """The reason is empty."""


def standing_halt() -> Halt | None:
    """The halt in force, or None."""
    return Halt.objects.filter(is_standing=True).first()


def halt(*, reason: str, now: datetime) -> bool:
    """Stop outgoing orders and top-ups; whether it is new. A standing halt keeps its reason."""
    _, is_new = Halt.objects.get_or_create(
        is_standing=True, defaults={"reason": reason, "set_at": now}
    )
    if is_new:
        log.error("outgoing orders and top-ups are halted: %s", reason)
    return is_new


def clear_halt(*, actor: User, reason: str, now: datetime) -> None:
    """Resume orders and top-ups. Raises NoReason or NotHalted.

    The next audit that does not add up halts again.
    """
    if not reason.strip():
        raise NoReason("Enter a reason.")
    cleared = Halt.objects.filter(is_standing=True).update(
        is_standing=False,
        cleared_at=now,
        cleared_by=actor,
        clear_reason=reason.strip()[:MAX_REASON],
    )
    if not cleared:
        raise NotHalted("The halt has already been cleared.")
    log.warning("user %s cleared the halt: %s", actor.pk, reason)
