"""The halt: when money does not add up, orders stop leaving and top-ups stop until a person has
looked.
"""

import logging
from datetime import datetime

from accounts.models import User
from billing.models import Halt

log = logging.getLogger(__name__)

REASON_LENGTH = 300  # characters of Halt.clear_reason


class NotHalted(Exception):
    """No halt stands: somebody else has cleared it, or there never was one."""


class NoReason(Exception):
    """A halt is cleared with a reason only."""


def standing_halt() -> Halt | None:
    """The halt that stands now, or None. One read of a table that is all but empty."""
    return Halt.objects.filter(is_standing=True).first()


def halt(*, reason: str, now: datetime) -> bool:
    """Stop outgoing orders and top-ups; returns whether it is news.

    One that stands keeps its time and reason.
    """
    _, is_new = Halt.objects.get_or_create(
        is_standing=True, defaults={"reason": reason, "set_at": now}
    )
    if is_new:
        log.error("outgoing orders and top-ups are halted: %s", reason)
    return is_new


def clear_halt(*, actor: User, reason: str, now: datetime) -> None:
    """Let orders and top-ups go on: a person has looked. Raises NoReason or NotHalted.

    The next proof that does not add up halts again.
    """
    if not reason.strip():
        raise NoReason("Say why: a halt is cleared with its reason.")
    cleared = Halt.objects.filter(is_standing=True).update(
        is_standing=False,
        cleared_at=now,
        cleared_by=actor,
        clear_reason=reason.strip()[:REASON_LENGTH],
    )
    if not cleared:
        raise NotHalted("Nothing is halted by now.")
    log.warning("user %s cleared the halt: %s", actor.pk, reason)
