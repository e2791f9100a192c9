"""Providers and exchange rates."""

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lib.decimals import Digits
from lib.row_locks import LockingQuerySet

RATE: Digits = {"max_digits": 20, "decimal_places": 8}
TEXT_LENGTH: Final = 300  # characters of a reason that staff read
WORD_LENGTH: Final = 16  # characters of a currency as replies name it


class Contact(models.TextChoices):
    """What came of the last question to a provider."""

    NONE = "", "Not contacted yet"
    ANSWERED = "answered", "Active"
    REJECTED = "rejected", "Rejects our account"
    UNREACHABLE = "unreachable", "Unreachable"


class DripfeedMode(models.TextChoices):
    """Which services of a provider take runs and interval."""

    LISTED = "listed", "As the catalog says"
    ASSUMED = "assumed", "All default services, unless the catalog says no"
    NONE = "none", "None"


class ProviderQuerySet(LockingQuerySet["Provider"]):
    """Selections of providers in business words."""

    def stopped(self) -> "ProviderQuerySet":
        """Providers whose replies name another currency, which an admin decides about."""
        return self.exclude(other_currency="").order_by("name", "pk")

    def to_sync(self, *, now: datetime, older_than: timedelta) -> "ProviderQuerySet":
        """Providers whose last sync is older, or whose sync was requested, by id."""
        return self.filter(
            Q(synced_at=None) | Q(synced_at__lt=now - older_than) | Q(sync_wanted_at__isnull=False)
        ).order_by("pk")


class Provider(models.Model):
    """An upstream panel that we buy from."""

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=300)
    sealed_key = models.TextField()  # encrypted, see lib/encryption.py
    currency = models.CharField(max_length=3)
    # what its replies name instead; not empty: orders and syncs wait until the admin decides
    other_currency = models.CharField(max_length=WORD_LENGTH, blank=True)
    other_currency_at = models.DateTimeField(null=True, blank=True)
    # words for `currency`, as the admin has decided
    own_words = models.JSONField(default=list, blank=True)
    # words that statuses of old orders may still name
    former_words = models.JSONField(default=list, blank=True)
    is_review_first = models.BooleanField(default=False)  # new services wait for the admin
    # foreign ids may be read to resolve unclear orders
    is_probe_allowed = models.BooleanField(default=False)
    is_idempotent = models.BooleanField(default=False)  # honours Idempotency-Key on `add`
    # may have placed an order that it answers with 429
    is_429_unclear = models.BooleanField(default=False)
    dripfeed = models.CharField(
        max_length=10, choices=DripfeedMode.choices, default=DripfeedMode.LISTED
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True)
    # lifts by itself when the cause is gone
    is_pause_automatic = models.BooleanField(default=False)
    contact = models.CharField(max_length=12, choices=Contact.choices, blank=True)
    contact_text = models.CharField(max_length=TEXT_LENGTH, blank=True)  # why it was none
    contact_at = models.DateTimeField(null=True, blank=True)  # when that began
    failures_in_row = models.PositiveIntegerField(default=0)  # of order calls
    # how often orders went on after a pause or hold without one being accepted since
    resumes_in_row = models.PositiveIntegerField(default=0)
    resume_at = models.DateTimeField(null=True, blank=True)  # not before; NULL: at once
    balance = models.DecimalField(**RATE, null=True, blank=True)  # provider's currency
    balance_checked_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)  # the last sync that was applied
    sync_wanted_at = models.DateTimeField(null=True, blank=True)  # the admin asked for one now
    # so many may go at the next sync
    accepted_gone = models.PositiveIntegerField(null=True, blank=True)
    # "order" and "refill": folded word → status; a copy of the StatusMappings that count
    status_words = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProviderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether orders for this provider wait."""
        return self.paused_at is not None

    @property
    def trouble(self) -> str:
        """Why orders cannot go there although nobody has paused it, or ""."""
        if self.other_currency:
            return (
                f"Its replies name the currency {self.other_currency}, but {self.currency} is "
                "stored. Orders and price syncs wait until an admin decides."
            )
        if self.contact in {Contact.REJECTED, Contact.UNREACHABLE}:
            return f"{self.get_contact_display()}: {self.contact_text}"
        return ""

    def note_contact(self, contact: Contact, *, text: str = "") -> None:
        """What came of the last question; writes only what is news."""
        if (self.contact, self.contact_text) == (contact, text[:TEXT_LENGTH]):
            return
        self.contact, self.contact_text = contact, text[:TEXT_LENGTH]
        Provider.objects.filter(pk=self.pk).update(
            contact=self.contact, contact_text=self.contact_text, contact_at=Now()
        )

    def stop_for_currency(self, word: str) -> bool:
        """Stop orders and syncs: its replies name another currency; True where this stopped them.

        Nothing where the admin has changed the currency meanwhile.
        """
        same = Provider.objects.filter(pk=self.pk, currency=self.currency, other_currency="")
        is_new = same.exclude(own_words__contains=[word]).update(
            other_currency=word[:WORD_LENGTH], other_currency_at=Now()
        )
        self.refresh_from_db(fields=["currency", "other_currency", "own_words"])
        return bool(is_new)


class ExchangeRate(models.Model):
    """How many units of the panel's currency one unit of another currency costs."""

    currency = models.CharField(max_length=3, unique=True)
    rate = models.DecimalField(**RATE)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="exchange_rate_positive", condition=Q(rate__gt=0))
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate}"
