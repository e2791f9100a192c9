"""Our account at a provider: how the provider behaves, and what balance, charges and top-ups say.

top-ups = balance + charges of every order there. All money here is in the provider's currency.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import RATE, Provider
from lib.row_locks import LockingQuerySet

if TYPE_CHECKING:
    from accounts.models import User


class ProviderAccountQuerySet(LockingQuerySet["ProviderAccount"]):
    """Selections of accounts in business words."""

    def of(self, provider: Provider) -> "ProviderAccount":
        """The provider's row: as `provider` has loaded it, or made now where there is none yet."""
        if not hasattr(provider, "account"):
            provider.account, _ = self.get_or_create(provider=provider)
        return provider.account

    def locked_of(self, provider: Provider) -> "ProviderAccount":
        """The provider's row under its lock, as it stands now."""
        self.get_or_create(provider=provider)
        return self.locked().get(provider=provider)

    def draining(self) -> "ProviderAccountQuerySet":
        """Accounts whose lane is kept empty while somebody reads them."""
        return self.filter(draining_until__isnull=False)


class ProviderAccount(models.Model):
    """What forwarding and the resolver know of a provider; made when it is first needed.

    Claims lock this row, so that a lane is drained only after every earlier claim is committed.
    """

    provider = models.OneToOneField(
        Provider, on_delete=models.CASCADE, primary_key=True, related_name="account"
    )
    # no claims until then: the resolver reads
    draining_until = models.DateTimeField(null=True, blank=True)
    # a rejection with one of these leaves the order unclear; added to the client's own list
    ambiguous_phrases = models.JSONField(default=list, blank=True)
    # Traits, found by a read-only self-test (unclear/provider_traits.py); None: not known yet.
    ids_monotonic = models.BooleanField(null=True)  # order ids grow with time
    # `status` of an id that is not ours is an error
    foreign_id_is_error = models.BooleanField(null=True)
    charge_is_net = models.BooleanField(null=True)  # `charge` falls when an order is refunded
    balance_exact = models.BooleanField(null=True)  # the balance shows every decimal of a charge
    remains_exact = models.BooleanField(null=True)  # all of a canceled order remains
    profile = models.JSONField(default=list, blank=True)  # what the self-test saw, a sentence each
    profiled_at = models.DateTimeField(null=True, blank=True)
    # Money moved without an explanation: nothing is taken for "not placed" until staff explain it.
    verdicts_paused_at = models.DateTimeField(null=True, blank=True)
    verdicts_pause_reason = models.CharField(max_length=300, blank=True)
    # what was missing at the last reading
    unexplained = models.DecimalField(**RATE, null=True, blank=True)

    objects = ProviderAccountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"our account at {self.provider}"

    @property
    def phrases(self) -> tuple[str, ...]:
        """The ambiguous phrases that staff have added here."""
        return tuple(map(str, self.ambiguous_phrases))

    def pause_verdicts(self, *, reason: str, now: datetime) -> bool:
        """Take nothing for "not placed" until staff explain; True where this paused it.

        What was paused before keeps its reason.
        """
        running = ProviderAccount.objects.filter(pk=self.pk, verdicts_paused_at=None)
        is_new = running.update(verdicts_paused_at=now, verdicts_pause_reason=reason[:300])
        self.refresh_from_db(fields=["verdicts_paused_at", "verdicts_pause_reason"])
        return bool(is_new)

    def resume_verdicts(self) -> None:
        """Staff have explained what moved."""
        self.verdicts_paused_at, self.verdicts_pause_reason, self.unexplained = None, "", None
        self.save(update_fields=["verdicts_paused_at", "verdicts_pause_reason", "unexplained"])

    def note_unexplained(self, amount: Decimal) -> bool:
        """Keep what is missing; True where the reading before missed the same."""
        is_repeated = self.unexplained == amount
        self.unexplained = amount
        self.save(update_fields=["unexplained"])
        return is_repeated


class TopUp(models.Model):
    """Money that we paid into our account there (negative: took out of it), entered by staff."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="top_ups")
    amount = models.DecimalField(**RATE)
    note = models.CharField(max_length=300, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # by the database's clock: counts where the baseline was read before
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="top_up_of_something", condition=~Q(amount=0))]

    def __str__(self) -> str:
        return f"{self.amount} to {self.provider}"


class Baseline(models.Model):
    """What balance and charges made together at one moment; only top-ups may change it.

    The newest row counts.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="baselines")
    # by the database's clock; NULL: staff asked for it
    read_at = models.DateTimeField(null=True, blank=True)
    balance = models.DecimalField(**RATE, null=True, blank=True)
    charges = models.DecimalField(**RATE, null=True, blank=True)  # of all orders known then
    reason = models.CharField(max_length=300, blank=True)  # why staff asked for a new one
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="baseline_is_whole",
                condition=Q(read_at=None) | Q(balance__isnull=False, charges__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"baseline {self.pk} of {self.provider}"

    @property
    def total(self) -> Decimal:
        """Balance and charges together when it was read."""
        return (self.balance or Decimal(0)) + (self.charges or Decimal(0))


class Orphan(models.Model):
    """An order on our account there that is none of ours as far as we know; remembered, since
    its charge counts.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="orphans")
    upstream_id = models.CharField(max_length=64)
    word = models.CharField(max_length=64)  # its status as sent
    charge = models.DecimalField(**RATE)
    remains = models.BigIntegerField(null=True, blank=True)
    seen_at = models.DateTimeField()
    # fits no unclear order: somebody else ordered on our key
    is_stranger = models.BooleanField(default=False)
    explained_at = models.DateTimeField(null=True, blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    explanation = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orphan_once", fields=["provider", "upstream_id"])
        ]

    def __str__(self) -> str:
        return f"orphan {self.upstream_id}"


class Proposal(models.Model):
    """A decision of staff about a dear unclear order, which a second person must confirm."""

    attempt = models.ForeignKey(
        "orders.Attempt", on_delete=models.PROTECT, related_name="proposals"
    )
    decision = models.CharField(
        max_length=10, choices=[("resend", "Send it again"), ("refund", "Refund it")]
    )
    reason = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    is_confirmed = models.BooleanField(default=False)

    objects = LockingQuerySet["Proposal"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="proposal_one_open", fields=["attempt"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="proposal_needs_two",
                condition=Q(is_confirmed=False)
                | Q(closed_by__isnull=False) & ~Q(closed_by=models.F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"proposal to {self.decision}: {self.attempt}"

    def close(self, *, actor: "User", now: datetime, is_confirmed: bool = False) -> None:
        """It is confirmed and carried out, or withdrawn. The caller holds its row lock."""
        self.closed_at, self.closed_by, self.is_confirmed = now, actor, is_confirmed
        self.save(update_fields=["closed_at", "closed_by", "is_confirmed"])
