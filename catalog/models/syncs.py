"""Syncs and the changes that they made."""

from django.db import models

from catalog.models.providers import Provider
from catalog.models.services import Service


class SyncOutcome(models.TextChoices):
    """How a sync ended."""

    APPLIED = "applied", "Applied"
    UNCHANGED = "unchanged", "Nothing changed"
    REFUSED = "refused", "Rejected by the guard"
    FAILED = "failed", "The provider did not answer with a catalog"


class SyncRun(models.Model):
    """One sync of one provider, with its figures."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="sync_runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=SyncOutcome.choices)
    message = models.TextField(blank=True)  # why it was rejected or failed
    listed = models.PositiveIntegerField(default=0)  # rows in the provider's reply
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)  # rows that could not be read
    held = models.PositiveIntegerField(default=0)  # rows that wait for the admin's review
    lost = models.PositiveIntegerField(default=0)  # of our services: what the guard checks

    def __str__(self) -> str:
        return f"{self.provider} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class ServiceChange(models.Model):
    """One field of a service that a sync changed."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="changes")
    service = models.ForeignKey(
        Service, on_delete=models.CASCADE, related_name="changes", null=True, blank=True
    )
    upstream_id = models.CharField(max_length=64)
    what = models.CharField(max_length=20)  # new, gone, back, skipped, held, or the field's name
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.upstream_id} {self.what}: {self.before} → {self.after}"
