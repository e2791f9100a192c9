"""When the resolver looks at an attempt that was perhaps placed."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models

from orders.models.attempts import Attempt

MAX_WAIT: Final = timedelta(minutes=30)  # between two looks at the same attempt
MAX_CALLS: Final = 20  # with ids that are not ours, for one attempt; after that staff decide


class Investigation(models.Model):
    """How often the resolver has looked at one unknown attempt, and when it may look again."""

    attempt = models.OneToOneField(
        Attempt, on_delete=models.CASCADE, primary_key=True, related_name="investigation"
    )
    looks = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)  # with ids that are perhaps not ours
    next_look_at = models.DateTimeField(null=True, blank=True)  # by the database's clock
    # when the account was read for it, by the database's clock
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"investigation of attempt {self.pk}"

    @classmethod
    def of(cls, attempt: Attempt) -> "Investigation":
        """The attempt's row, or a new one that is not saved yet."""
        return attempt.investigation if hasattr(attempt, "investigation") else cls(attempt=attempt)

    @property
    def has_calls_left(self) -> bool:
        """Whether the provider may be asked about ids that are perhaps not ours."""
        return self.calls < MAX_CALLS

    def is_due(self, *, now: datetime) -> bool:
        """Whether it may be looked at now."""
        return self.next_look_at is None or self.next_look_at <= now

    def note_look(self, *, calls: int, now: datetime, read_at: datetime | None = None) -> None:
        """Count one look that took `calls`; each further one comes after twice the time."""
        seconds = settings.RESOLVE_EVERY * (2 ** min(self.looks, 20) - 0.5)
        self.looks, self.calls = self.looks + 1, self.calls + calls
        self.next_look_at = now + min(MAX_WAIT, timedelta(seconds=seconds))
        self.read_at = read_at or self.read_at
        self.save()
