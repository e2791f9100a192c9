"""The messages with which a provider rejects orders; staff see new ones and may mark them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models import Provider
from orders.models.choices import Meaning


class RejectionText(models.Model):
    """One rejection message, with whatever changes from order to order folded away.

    Ambiguous ones are in ProviderAccount.ambiguous_phrases, too, which is what the client reads.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="refusal_texts")
    text = models.CharField(max_length=200)  # folded: catalog.upstream.error_texts.fold_text
    example = models.CharField(max_length=500)  # as it came the first time, the key blanked out
    count = models.PositiveBigIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    # empty: nobody has decided, so the built-in table counts, or else what the provider's balance
    # and a known order say
    meaning = models.CharField(max_length=10, choices=Meaning.choices, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)  # NULL: new, nobody of staff has looked
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )  # who looked, or who decided last

    class Meta:
        db_table = "orders_refusaltext"
        constraints = [
            models.UniqueConstraint(name="refusal_text_once", fields=["provider", "text"]),
            models.CheckConstraint(
                name="refusal_looked_at_by_someone",
                condition=Q(looked_at=None, looked_by=None)
                | Q(looked_at__isnull=False, looked_by__isnull=False),
            ),
            models.CheckConstraint(
                name="rejection_meaning_by_someone",
                condition=Q(meaning="") | Q(looked_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="refusal_text_new", fields=["provider"], condition=Q(looked_at=None))
        ]

    def __str__(self) -> str:
        return self.text
