"""Accounts, transfers, halts and proposed adjustments. Only billing/ledger.py moves money.

A balance is credits less debits. A wallet is money that we owe its customer: a top-up credits it,
an order debits it. Every transfer has an account on each side, so all accounts add up to zero.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.models import User
from billing.triggers import (
    ACCOUNT_MOVES_BY_STEPS,
    TRANSFER_APPEND_ONLY,
    TRANSFER_MOVES_ITS_WALLET,
    WALLET_MOVES_WITH_ITS_TRANSFER,
)
from lib.decimals import Digits
from lib.row_locks import LockingQuerySet

# booked money: the API's own five decimals
MONEY: Final[Digits] = {"max_digits": 20, "decimal_places": 5}


class AccountKind(models.TextChoices):
    """Whose account it is."""

    WALLET = "wallet", "Wallet"
    HOUSE = "house", "House"


class AccountQuerySet(LockingQuerySet["Account"]):
    """Selections of accounts."""


class Account(models.Model):
    """A customer's wallet with a running balance, or a house account, which is only a sum."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    # NULL: a wallet has none
    code = models.CharField(max_length=60, unique=True, null=True, blank=True)
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="wallet",
        null=True,
        blank=True,
    )
    balance = models.DecimalField(**MONEY, default=0)
    # transfers of this wallet so far, numbered without gaps
    seq = models.BigIntegerField(default=0)
    credit_limit = models.DecimalField(**MONEY, default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountQuerySet.as_manager()
    triggers = (ACCOUNT_MOVES_BY_STEPS, WALLET_MOVES_WITH_ITS_TRANSFER)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_is_wallet_or_house",
                condition=Q(kind="wallet", owner__isnull=False, code__isnull=True)
                | Q(
                    kind="house",
                    owner__isnull=True,
                    code__isnull=False,
                    balance=0,
                    seq=0,
                    credit_limit=0,
                ),
            ),
            models.CheckConstraint(
                name="wallet_within_credit_limit", condition=Q(balance__gte=-F("credit_limit"))
            ),
            models.CheckConstraint(
                name="credit_limit_not_negative", condition=Q(credit_limit__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return self.code or f"wallet {self.pk}"


class TransferKind(models.TextChoices):
    """Why money moved."""

    TOP_UP = "top_up", "Top-up"
    CHARGE = "charge", "Order"
    REFUND = "refund", "Refund"
    CORRECTION = "correction", "Correction"


class SubjectKind(models.TextChoices):
    """What a transfer is about, of which the ledger knows a kind and a number and no more."""

    ORDER = "order", "Order"


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Selections of transfers in business words."""

    def about(self, kind: SubjectKind, number: int) -> Self:
        """Those of one subject, in the order in which its wallet moved."""
        return self.filter(subject_kind=kind, subject_id=number).order_by("wallet_seq")


class Transfer(models.Model):
    """`amount` moved from the debit to the credit account; never changed, never deleted."""

    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    amount = models.DecimalField(**MONEY)
    kind = models.CharField(max_length=12, choices=TransferKind.choices)
    # made by billing/reference.py and read back by nobody; a repeated reference moves nothing
    reference = models.CharField(max_length=120, unique=True)
    subject_kind = models.CharField(max_length=10, choices=SubjectKind.choices, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    gateway = models.CharField(max_length=60, blank=True)  # that a top-up came in through
    # the side that is a wallet
    wallet = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="movements")
    wallet_seq = models.BigIntegerField()
    balance_after = models.DecimalField(**MONEY)  # of the wallet
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    objects = TransferQuerySet.as_manager()
    triggers = (TRANSFER_APPEND_ONLY, TRANSFER_MOVES_ITS_WALLET)

    class Meta:
        constraints = [
            models.CheckConstraint(name="transfer_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="transfer_has_two_sides", condition=~Q(debit=F("credit"))),
            models.CheckConstraint(
                name="transfer_wallet_is_a_side",
                condition=Q(wallet=F("debit")) | Q(wallet=F("credit")),
            ),
            models.CheckConstraint(
                name="transfer_direction_fits_kind",
                condition=Q(kind="charge", wallet=F("debit"))
                | Q(kind__in=["top_up", "refund"], wallet=F("credit"))
                | Q(kind="correction"),
            ),
            models.CheckConstraint(
                name="transfer_reference_names_subject",
                condition=Q(~Q(reference__startswith="order:"), subject_kind="", subject_id=None)
                | Q(
                    subject_kind="order",
                    subject_id__isnull=False,
                    reference__startswith=Concat(
                        Value("order:"), Cast("subject_id", models.CharField()), Value(":")
                    ),
                ),
            ),
            models.CheckConstraint(
                name="transfer_gateway_of_top_up",
                condition=Q(~Q(gateway=""), kind="top_up") | Q(~Q(kind="top_up"), gateway=""),
            ),
            models.UniqueConstraint(name="transfer_wallet_seq", fields=["wallet", "wallet_seq"]),
        ]
        indexes = [
            models.Index(
                name="transfer_subject",
                fields=["subject_kind", "subject_id"],
                condition=Q(subject_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def signed_amount(self) -> Decimal:
        """Positive into the wallet, negative out of it."""
        return self.amount if self.credit_id == self.wallet_id else -self.amount


class Halt(models.Model):
    """Money did not add up: while it stands, no order is sent and no top-up booked."""

    is_standing = models.BooleanField(default=True)
    reason = models.TextField()
    set_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    clear_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="halt_one_stands", fields=["is_standing"], condition=Q(is_standing=True)
            ),
            models.CheckConstraint(
                name="halt_cleared_by_someone",
                condition=Q(is_standing=True, cleared_at=None)
                | Q(is_standing=False, cleared_at__isnull=False, cleared_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"halt since {self.set_at:%Y-%m-%d %H:%M}"


class AdjustmentKind(models.TextChoices):
    """What an admin does to a wallet by hand."""

    TOP_UP = "top_up", "Funds added"
    CORRECTION = "correction", "Correction"


class AdjustmentOutcome(models.TextChoices):
    """How a proposed adjustment ended."""

    AGREED = "agreed", "Agreed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AdjustmentQuerySet(LockingQuerySet["Adjustment"]):
    """Proposed adjustments, in business words."""

    def to_agree(self) -> Self:
        """Open proposals, oldest first, with the people they name."""
        return self.filter(closed_at=None).select_related("customer", "proposed_by").order_by("pk")

    def settled(self) -> Self:
        """Closed proposals, latest first, with the people they name."""
        return (
            self.exclude(closed_at=None)
            .select_related("proposed_by", "closed_by")
            .order_by("-closed_at", "-pk")
        )


class Adjustment(models.Model):
    """An adjustment above SECOND_PERSON_ABOVE, which a second admin confirms.

    `act_id` identifies its form and its booking; `amount` is negative out of the wallet.
    """

    act_id = models.UUIDField(unique=True)  # a form sent twice proposes once
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="adjustments"
    )
    kind = models.CharField(max_length=10, choices=AdjustmentKind.choices)
    amount = models.DecimalField(**MONEY)
    reason = models.CharField(max_length=300)  # shown to the customer once it is booked
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    outcome = models.CharField(max_length=10, choices=AdjustmentOutcome.choices, blank=True)

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="adjustment_amount_fits_kind",
                condition=Q(kind="top_up", amount__gt=0) | Q(kind="correction") & ~Q(amount=0),
            ),
            models.CheckConstraint(
                name="adjustment_closed_by_someone",
                condition=Q(outcome="", closed_at=None, closed_by=None)
                | Q(
                    outcome__in=["agreed", "withdrawn"],
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="adjustment_needs_two",
                condition=~Q(outcome="agreed") | ~Q(closed_by=F("proposed_by")),
            ),
        ]
        indexes = [
            models.Index(name="adjustment_to_agree", fields=["id"], condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.act_id}"

    def close(self, *, outcome: AdjustmentOutcome, actor: User, now: datetime) -> None:
        """Record who closed it and how."""
        self.outcome, self.closed_by, self.closed_at = outcome, actor, now
        self.save(update_fields=["outcome", "closed_by", "closed_at"])
