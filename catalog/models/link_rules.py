"""Link rules: which links a service or a category takes."""

import re
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalog.models.services import Category, Service

HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.([a-z0-9-]{2,}|\*)")


class LinkCheck(models.TextChoices):
    """What happens to a link that does not fit."""

    WARN = "warn", "Warn in the form; the customer may order anyway"
    REJECT = "reject", "Reject, also in mass orders and the API"
    OFF = "off", "Accept any link"


class LinkTarget(models.TextChoices):
    """What the links lead to."""

    ANY = "", "Profile or post"
    PROFILE = "profile", "Profile, channel or group"
    POST = "post", "Post or video"


class LinkRule(models.Model):
    """The links of one service, or of all services of a category without a rule of their own.

    A learnt rule comes from orders that the provider accepted; it only ever warns, and the admin's
    replaces it.
    """

    service = models.OneToOneField(
        Service, on_delete=models.CASCADE, related_name="link_rule", null=True, blank=True
    )
    category = models.OneToOneField(
        Category, on_delete=models.CASCADE, related_name="link_rule", null=True, blank=True
    )
    # separated by spaces, with their subdomains; empty: any site
    hosts = models.CharField(max_length=500, blank=True)
    target = models.CharField(max_length=10, choices=LinkTarget.choices, blank=True)
    are_names_allowed = models.BooleanField(default=True)  # @name instead of a link
    check_mode = models.CharField(max_length=10, choices=LinkCheck.choices, default=LinkCheck.WARN)
    is_learnt = models.BooleanField(default=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="link_rule_of_a_service_or_a_category",
                condition=Q(service__isnull=False, category=None)
                | Q(service=None, category__isnull=False),
            ),
            models.CheckConstraint(
                name="link_rule_learnt_only_warns",
                condition=Q(is_learnt=False) | Q(check_mode="warn", service__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service or self.category}: {self.hosts or 'any site'}"

    @property
    def host_names(self) -> frozenset[str]:
        """The hosts, one by one."""
        return frozenset(self.hosts.split())
