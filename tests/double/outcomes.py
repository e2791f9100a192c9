"""What becomes of an order: its timetable and its end, steered by the link or drawn by lot."""

import re
from dataclasses import dataclass, replace
from random import Random

from tests.double.options import Settings

SLOW = 30  # times the usual duration
NEVER = 1e12  # provider seconds
STEER = re.compile(r"#(?:.*&)?fate=([a-z]+)(?::(\d+))?")
STEER_REFILL = re.compile(r"#(?:.*&)?refill=([a-z]+)")


@dataclass(frozen=True, slots=True)
class Fate:
    """How an order is meant to end; `undelivered` is a share 0…1 of its quantity."""

    end: str
    undelivered: float = 0.0
    pace: float = 1.0
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The timetable of one order in provider seconds, and the units it is heading for."""

    quantity: int
    processing_at: float
    starts_at: float
    runs_until: float
    target: int  # units delivered when it runs to its end
    end: str
    stops_at: float  # the end, or earlier where a cancel cuts it short

    def delivered(self, now: float) -> int:
        """Answer the units delivered by a moment; never falls."""
        now = min(now, self.stops_at)
        if now < self.starts_at:
            return 0
        if now >= self.runs_until:
            return self.target
        return int(self.target * (now - self.starts_at) / (self.runs_until - self.starts_at))

    def status(self, now: float) -> str:
        """Answer the documented status word of a moment."""
        if now >= self.stops_at:
            return self.end
        if now < self.processing_at:
            return "Pending"
        return "Processing" if now < self.starts_at else "In progress"

    def cut(self, *, at: float) -> "Plan":
        """End it early: Canceled where nothing was delivered by then, else Partial; no
        change once it is over.
        """
        if at >= self.stops_at:
            return self
        return replace(self, stops_at=at, end="Partial" if self.delivered(at) else "Canceled")


def fate_of(*, text: str, settings: Settings, luck: Random) -> Fate:
    """Read `#fate=partial:40` (per cent undelivered), canceled, completed, slow, stuck, refuse;
    else draw lots.
    """
    steered = STEER.search(text)
    word = steered[1] if steered else ""
    share = int(steered[2]) / 100 if steered and steered[2] else 0.5
    known = {
        "completed": Fate("Completed"),
        "partial": Fate("Partial", undelivered=min(share, 1.0)),
        "canceled": Fate("Canceled", undelivered=1.0),
        "slow": Fate("Completed", pace=SLOW),
        "stuck": Fate("Completed", pace=NEVER),
        "refuse": Fate("Canceled", is_refused=True),
    }
    if word in known:
        return known[word]
    draw = luck.random()
    if draw < settings.partial_share:
        return Fate("Partial", undelivered=luck.uniform(0.05, 0.8))
    if draw < settings.partial_share + settings.canceled_share:
        return known["canceled"]
    return known["completed"]


def plan_of(
    *, fate: Fate, quantity: int, drip_seconds: float, now: float, settings: Settings, luck: Random
) -> Plan:
    """Lay out the timetable; `drip_seconds` is the wait between the first and the last run of a
    drip-feed.
    """
    pace = fate.pace * luck.uniform(1 - settings.jitter, 1 + settings.jitter)
    processing_at = now + settings.pending * pace
    starts_at = processing_at + settings.processing * pace
    ends_at = starts_at + settings.delivering * pace + drip_seconds
    missing = 0 if fate.end == "Completed" else max(1, int(quantity * fate.undelivered))
    if fate.end == "Canceled":
        ends_at = starts_at
    return Plan(quantity, processing_at, starts_at, ends_at, quantity - missing, fate.end, ends_at)


def refill_end(text: str) -> str:
    """Read `#refill=rejected` from a link; refills end Completed otherwise."""
    steered = STEER_REFILL.search(text)
    return "Rejected" if steered and steered[1] == "rejected" else "Completed"
