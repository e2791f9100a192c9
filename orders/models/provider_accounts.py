"""What is written down about our account at a provider, so that an unclear order can be settled by
proof.

The books of an account: top-ups = balance + what every order there has been charged. All money here
is in the provider's currency.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import RATE, Provider


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
