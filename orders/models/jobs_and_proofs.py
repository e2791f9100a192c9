"""The results of audits, and when each periodic job last ran."""

from django.db import models

from orders.models.limits import REASON_LENGTH


class Proof(models.Model):
    """The result of one audit, shown to staff: of all money, or of what changed since the last
    sound one.
    """

    made_at = models.DateTimeField()
    is_full = models.BooleanField(default=True)  # of all money; else of what changed
    is_sound = models.BooleanField()
    # how many wallets, transfers and orders were checked, and sums
    figures = models.JSONField(default=dict)
    findings = models.JSONField(default=list)  # one sentence per thing that does not add up
    # one sentence per thing that is overdue, or that staff must explain
    concerns = models.JSONField(default=list)
    # PostgreSQL's 64-bit transaction id; no transaction committed later has a lower one
    horizon = models.BigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"proof {self.made_at:%Y-%m-%d %H:%M}: {'sound' if self.is_sound else 'NOT SOUND'}"


class Sweep(models.Model):
    """When a periodic job last ran, which shows staff the ones that stopped."""

    name = models.CharField(max_length=40, primary_key=True)
    ran_at = models.DateTimeField()
    # the first of its runs since the last gap
    since = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0)
    note = models.CharField(max_length=REASON_LENGTH, blank=True)

    def __str__(self) -> str:
        return self.name
