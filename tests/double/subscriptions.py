"""Subscriptions: posts appear one after the other, each is served and billed by itself."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NEVER = 1e12  # provider seconds
EXPIRY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(slots=True)
class Feed:
    """What a subscription has been served, and when more is due; all moments in provider
    seconds.
    """

    starts_at: float  # old posts and the first new one
    every: float
    posts: int  # new ones that are wanted; 0: without end
    old_posts: int
    expires_at: float = NEVER
    canceled_at: float = NEVER
    shown_at_once: int = 0  # posts that a test made appear
    served: int = 0
    is_paused: bool = False  # the money for the next post is not there

    def due(self, now: float) -> int:
        """Count the posts that should have been served by now."""
        until = min(now, self.expires_at, self.canceled_at)
        new = self.shown_at_once
        if until >= self.starts_at:
            new += 1 + int((until - self.starts_at) / self.every)
        new = min(new, self.posts) if self.posts else new
        return new + (self.old_posts if until >= self.starts_at else 0)

    def status(self, now: float) -> str:
        """Answer the word of a moment."""
        if self.posts and self.served >= self.posts + self.old_posts:
            return "Completed"
        if now >= self.canceled_at:
            return "Canceled"
        if now >= self.expires_at:
            return "Expired"
        if self.is_paused:
            return "Paused"
        return "Active" if now >= self.starts_at or self.served else "Pending"


def feed_of(*, fields: Mapping[str, str], now: float, pending: float, every: float) -> Feed:
    """Lay out a subscription that is placed now: it begins `pending` + its delay later."""
    return Feed(
        starts_at=now + pending + float(fields["delay"]) * 60,
        every=every,
        posts=int(fields.get("posts", 0)),
        old_posts=int(fields.get("old_posts", 0)),
        expires_at=now + _seconds_until(fields["expiry"]) if "expiry" in fields else NEVER,
    )


def _seconds_until(expiry: str) -> float:
    """The end of that day; raises ValueError where there is no such day."""
    found = EXPIRY.fullmatch(expiry)
    assert found is not None  # was checked
    day, month, year = map(int, found.groups())
    return (datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)).timestamp() - time.time()
