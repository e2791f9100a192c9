"""Status words of a provider: those that nobody understands, and what the admin says they mean."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.providers import Provider

WORD_LENGTH = 64  # characters of a word, as the client keeps it
FOLDED_LENGTH = 3 * WORD_LENGTH  # without case: one letter becomes three at most


class StatusSubject(models.TextChoices):
    """What a status word is about."""

    ORDER = "order", "Orders"
    REFILL = "refill", "Refills"


class StatusMapping(models.Model):
    """The admin's decision what a provider's status word means."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="status_mappings")
    subject = models.CharField(max_length=10, choices=StatusSubject.choices)
    word = models.CharField(max_length=WORD_LENGTH)  # as the provider writes it
    folded = models.CharField(max_length=FOLDED_LENGTH)  # what it is looked up by
    status = models.CharField(max_length=20)  # a value of upstream.Status or RefillState
    mapped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    mapped_at = models.DateTimeField()
    reverted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reverted_at = models.DateTimeField(null=True, blank=True)  # it counts until then

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="status_mapping_once",
                fields=["provider", "subject", "folded"],
                condition=Q(reverted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.word} → {self.status}"

    @property
    def meaning(self) -> str:
        """The status as people read it."""
        return self.status.replace("_", " ").capitalize()


class UnknownStatus(models.Model):
    """A status word that a provider has sent and that was not understood."""

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="unknown_statuses"
    )
    subject = models.CharField(max_length=10, choices=StatusSubject.choices)
    word = models.CharField(max_length=WORD_LENGTH)  # as first sent
    folded = models.CharField(max_length=FOLDED_LENGTH)
    met_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="unknown_status_once", fields=["provider", "subject", "folded"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.word}"
