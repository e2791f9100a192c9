"""Endpoints and deliveries for tests."""

import re
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from accounts.models import User
from lib.encryption import unseal
from orders.models import WebhookDelivery, WebhookEndpoint, WebhookType
from orders.webhooks.endpoints import add_endpoint
from tests.factories import NOW, make_user

ALL = list(WebhookType.values)
FORM = {
    "url": "https://shop.example/hook?token=t0ken",
    "events": ["order.completed", "order.partial"],
}


def make_endpoint(
    *,
    user: User | None = None,
    url: str = "http://127.0.0.1:9/hook",
    events: list[str] | None = None,
) -> WebhookEndpoint:
    """An endpoint that is told everything; nobody answers at port 9."""
    endpoint, _ = add_endpoint(
        user=user or make_user(), url=url, events=ALL if events is None else events, now=NOW
    )
    return endpoint


def make_delivery(
    endpoint: WebhookEndpoint, *, order_id: int = 7, happened_at: datetime | None = None
) -> WebhookDelivery:
    """An order's end, just now, that is due: as the trigger writes it."""
    facts = {
        "status": "partial",
        "upstream_status": "In progress",
        "charge": "1.20000",
        "refunded": "0.12000",
        "billed_quantity": 1000,
        "start_count": 3572,
        "remains": 100,
    }
    return WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id=uuid4(),
        type="order.partial",
        facts=facts,
        order_id=order_id,
        happened_at=happened_at or timezone.now(),
    )


def secret_of(endpoint: WebhookEndpoint) -> str:
    """The secret that signs now."""
    return unseal(WebhookEndpoint.objects.get(pk=endpoint.pk).sealed_secret)


def told(endpoint: WebhookEndpoint) -> list[str]:
    """What was written down for the endpoint, oldest first."""
    return list(endpoint.deliveries.order_by("pk").values_list("type", flat=True))


def fresh(delivery: WebhookDelivery) -> WebhookDelivery:
    """The row as it stands now."""
    return WebhookDelivery.objects.select_related("endpoint").get(pk=delivery.pk)


def make_due_again(delivery: WebhookDelivery) -> None:
    """Do as if the wait, or the lease of a dead worker, were over."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_at=NOW)


def secret_on(page: str) -> str:
    """The secret that a page shows."""
    match = re.search(r'id="new-secret">([^<]+)<', page)
    assert match is not None
    return match[1]
