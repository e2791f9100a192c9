"""What customers do with their webhooks: endpoints, secrets, tests and sending again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction

from accounts.models import User
from lib.encryption import seal
from lib.row_locks import LockingQuerySet
from orders.models import PING, WebhookDelivery, WebhookEndpoint
from orders.webhooks.signature import make_secret

MAX_ENDPOINTS = 5  # of one customer
# both secrets sign meanwhile, so that a receiver can change over in peace
OLD_SECRET_FOR = timedelta(hours=24)
BETWEEN_TESTS = timedelta(seconds=5)


class UrlTaken(Exception):
    """The customer has an endpoint with this URL; nothing was changed."""


class TooManyEndpoints(Exception):
    """The customer has as many endpoints as anybody may; none was made."""


class RotationOpen(Exception):
    """An older secret still signs beside the present one; nothing was changed."""


class SwitchedOff(Exception):
    """Nothing is sent to an endpoint that is switched off."""


class UnderWay(Exception):
    """It is on its way already, or was sent a moment ago; nothing was changed."""


@transaction.atomic
def add_endpoint(
    *, user: User, url: str, events: Sequence[str], now: datetime
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint, switched on, and its secret: the only moment at which that can be seen.

    Raises UrlTaken or TooManyEndpoints.
    """
    # so that the count holds for two forms at once
    LockingQuerySet(User).locked().get(pk=user.pk)
    if user.webhook_endpoints.kept().count() >= MAX_ENDPOINTS:
        raise TooManyEndpoints
    secret = make_secret()
    endpoint = WebhookEndpoint(
        user=user, url=url, events=list(events), sealed_secret=seal(secret), created_at=now
    )
    _save_url_once(endpoint)
    return endpoint, secret


def change_endpoint(*, endpoint: WebhookEndpoint, url: str, events: Sequence[str]) -> None:
    """Another URL or other events from now on; what waits goes to the new URL. Raises UrlTaken."""
    changed = ["url", "events"]
    if url != endpoint.url:
        endpoint.is_proven = False
        changed.append("is_proven")
    endpoint.url = url
    endpoint.events = list(events)
    _save_url_once(endpoint, update_fields=changed)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, now: datetime) -> str:
    """A new secret, which is returned this once. The old one signs beside it for a day.

    Raises RotationOpen while an older one still signs: a second click must not end the secret that
    the receiver knows.
    """
    endpoint = WebhookEndpoint.objects.locked().get(pk=endpoint.pk)
    if endpoint.has_two_secrets(now=now):
        raise RotationOpen
    secret = make_secret()
    endpoint.sealed_old_secret, endpoint.sealed_secret = endpoint.sealed_secret, seal(secret)
    endpoint.old_secret_until = now + OLD_SECRET_FOR
    endpoint.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    return secret


def end_old_secret(*, endpoint: WebhookEndpoint) -> None:
    """Only the new secret signs from now on."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        sealed_old_secret="", old_secret_until=None
    )


@transaction.atomic
def switch_off(*, endpoint: WebhookEndpoint, now: datetime, reason: str = "") -> None:
    """Send nothing and record no events until it is switched on again; what waited is given up.

    `reason` tells the owner why, where they did not do it. Switching off twice keeps the first.
    """
    WebhookEndpoint.objects.active().filter(pk=endpoint.pk).update(
        switched_off_at=now, switched_off_reason=reason
    )
    waiting = endpoint.deliveries.waiting().idle(now=now)
    waiting.filter(tries=0).update(problem="disabled before it was sent")
    waiting.give_up()


def switch_on(*, endpoint: WebhookEndpoint) -> None:
    """Send new events from now on; older ones can be sent again from the log."""
    WebhookEndpoint.objects.kept().filter(pk=endpoint.pk).update(
        switched_off_at=None,
        switched_off_reason="",
        failing_since=None,
        failures_in_row=0,
        is_proven=False,
    )


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Send nothing more and delete its secrets at once. Removing twice changes nothing."""
    switch_off(endpoint=endpoint, now=now)
    WebhookEndpoint.objects.kept().filter(pk=endpoint.pk).update(
        removed_at=now, sealed_secret="", sealed_old_secret="", old_secret_until=None
    )


def send_test(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Make a test event, to be sent next and once.

    Raises SwitchedOff, and UnderWay where one was just made.
    """
    _check_on(endpoint)
    if endpoint.deliveries.tests().filter(happened_at__gt=now - BETWEEN_TESTS).exists():
        raise UnderWay
    return endpoint.deliveries.create(
        event_id=uuid4(), type=PING, happened_at=now, next_at=now, is_urgent=True
    )


def resend(*, delivery: WebhookDelivery, now: datetime) -> None:
    """Send it again next, with the same id and body, and tried anew as if for the first time.

    Raises SwitchedOff, and UnderWay while a sweep has it.
    """
    _check_on(delivery.endpoint)
    if not WebhookDelivery.objects.idle(now=now).filter(pk=delivery.pk).send_again(now=now):
        raise UnderWay


def _check_on(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise SwitchedOff


def _save_url_once(endpoint: WebhookEndpoint, *, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            endpoint.save(update_fields=update_fields)
    except IntegrityError:
        raise UrlTaken from None
