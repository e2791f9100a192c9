"""A worker that is killed loses no webhook, and two sweeps at once send none twice."""

import os
import re
from collections import Counter
from itertools import chain
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from orders.lifecycle.end import complete
from orders.models import Order, Status, WebhookDelivery, WebhookEndpoint
from orders.webhooks.deliveries import MAX_IN_FLIGHT, PER_ENDPOINT, claim
from orders.webhooks.endpoints import (
    MAX_ENDPOINTS,
    RotationOpen,
    TooManyEndpoints,
    add_endpoint,
    end_old_secret,
    remove_endpoint,
    rotate_secret,
)
from orders.webhooks.sweep import deliver_due
from tests.factories import NOW, make_order
from tests.guards_off import at_once_without
from tests.orders.webhooks.endpoints import make_delivery, make_endpoint
from tests.orders.webhooks.receiver import Receiver
from tests.threads import at_once
from tests.warm_process import warm_process

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = re.compile(r"SELECT COUNT\(\*\)")

PROGRAM = "from orders.webhooks.sweep import deliver_due; deliver_due()"


def die_at(point: str) -> int:
    """Run a sweep in a process of its own that is killed at `point`; its exit code."""
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    process = warm_process(DATABASE_URL=url, WEBHOOK_ALLOW_PRIVATE="on")
    code, _ = process.start(PROGRAM, env={"FAULT_POINT": point}).end()
    return code


def test_worker_that_is_killed_before_it_writes_down_the_answer_is_repeated(
    receiver: Receiver,
) -> None:
    delivery = make_delivery(make_endpoint(url=receiver.url))

    code = die_at("after_send")
    held = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(next_at=NOW)  # its lease is over
    note = deliver_due()

    assert code == -9
    assert (held.state, held.tries) == ("waiting", 1)
    assert note == "1 delivered"
    ids = Counter(got.headers["webhook-id"] for got in receiver.received)
    assert ids == {f"msg_{delivery.event_id.hex}": 2}


def test_four_sweeps_at_once_take_each_delivery_once() -> None:
    for number in range(MAX_IN_FLIGHT):
        make_delivery(make_endpoint(url=f"http://127.0.0.1:9/{number}"))
    WebhookEndpoint.objects.update(is_proven=True)

    taken = at_once(lambda _: [each.delivery_id for each in claim(owner=uuid4())], times=4)

    assert sorted(chain.from_iterable(taken)) == sorted(
        WebhookDelivery.objects.values_list("pk", flat=True)
    )


def test_control_without_the_row_lock_sweeps_take_the_same_ones() -> None:
    endpoint = make_endpoint(url="http://127.0.0.1:9/")
    for _ in range(PER_ENDPOINT):
        make_delivery(endpoint)
    WebhookEndpoint.objects.update(is_proven=True)

    taken = at_once_without(lambda _: len(claim(owner=uuid4())), times=4)

    assert taken == [PER_ENDPOINT] * 4


def test_order_that_ends_while_its_webhook_is_removed_ends_all_the_same() -> None:
    order = make_order(status=Status.RUNNING)
    endpoint = make_endpoint(user=order.user)
    barrier = Barrier(2)

    def end(_: int) -> None:
        with transaction.atomic():
            fresh = Order.objects.select_for_update().get()
            complete(order=fresh, now=NOW)
            barrier.wait(timeout=30)

    def remove(_: int) -> None:
        barrier.wait(timeout=30)
        remove_endpoint(endpoint=endpoint, now=timezone.now())

    at_once(lambda number: (end, remove)[number](number), times=2)

    assert Order.objects.get().status == Status.COMPLETED
    assert WebhookEndpoint.objects.get().removed_at is not None
    assert deliver_due() == "nothing due"


def test_forms_at_once_make_no_more_endpoints_than_allowed() -> None:
    user = make_order().user

    def add(number: int) -> bool:
        try:
            add_endpoint(user=user, url=f"http://127.0.0.1:9/{number}", events=[], now=NOW)
        except TooManyEndpoints:
            return False
        return True

    made = at_once(add, times=8)

    assert sum(made) == MAX_ENDPOINTS == WebhookEndpoint.objects.count()
    WebhookEndpoint.objects.all().delete()
    assert (
        sum(at_once_without(add, times=8, meet=COUNT)) == 8
    )  # the control: without the user's lock


def test_second_click_on_a_new_secret_keeps_the_first(receiver: Receiver) -> None:
    endpoint = make_endpoint(url=receiver.url)

    def rotate(_: int) -> str:
        try:
            return rotate_secret(endpoint=endpoint, now=timezone.now())
        except RotationOpen:
            return ""

    secrets = at_once(rotate, times=4)

    assert sum(1 for secret in secrets if secret) == 1
    end_old_secret(endpoint=endpoint)
    # the control: without the endpoint's lock three are shown a secret that signs nothing
    assert all(at_once_without(rotate, times=4))
