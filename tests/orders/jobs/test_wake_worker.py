"""The doorbell is heard at once, and a broker that is gone costs a moment, once."""

import socket
import time
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import Celery, current_app
from django.test import Client
from redis import Redis

from orders.jobs import wake_worker
from orders.jobs.wake_worker import TASK, Doorbell
from orders.models import Order
from orders.placing.price_quote import quote
from panel.embedded import Valkey
from tests.factories import make_service, make_user

# Seconds that a broker which does not answer may keep an order: 2, or what a busy machine makes of
# it. Without the time-out it would be for ever. `make figures` measures it on an idle one.
SLOWEST = 20


def _app_at(port: int) -> Celery:
    """The panel's Celery settings, with the broker on that port."""
    app = Celery("doorbell", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = f"redis://127.0.0.1:{port}/0"
    return app


def _closed_port() -> int:
    with _listen() as server:
        return int(server.getsockname()[1])


def _listen() -> socket.socket:
    """A broker that accepts and never answers."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def _count_connections(server: socket.socket) -> int:
    """How many have connected since the last look."""
    server.setblocking(False)
    count = 0
    while True:
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def test_ring_reaches_the_queue_of_the_submitting_worker(valkey: Valkey) -> None:
    del valkey
    parts = urlsplit(str(current_app.conf.broker_url))
    broker = Redis(unix_socket_path=parts.path, db=0)
    broker.flushall()

    assert Doorbell().ring() is True

    assert broker.llen("submit") == 1
    assert TASK.encode() in broker.lrange("submit", 0, -1)[0]
    broker.close()


def test_broker_that_refuses_costs_nothing_and_raises_nothing() -> None:
    bell = Doorbell(app=_app_at(_closed_port()))

    started = time.monotonic()
    assert bell.ring() is False

    assert time.monotonic() - started < SLOWEST


def test_silent_broker_costs_two_seconds_once_and_then_nothing() -> None:
    with _listen() as silent:
        bell = Doorbell(app=_app_at(silent.getsockname()[1]))
        started = time.monotonic()
        assert bell.ring() is False
        took = time.monotonic() - started
        tries = _count_connections(silent)
        rung = [bell.ring() for _ in range(100)]
        later_tries = _count_connections(silent)

    assert took < SLOWEST
    assert tries > 0
    assert (rung, later_tries) == ([False] * 100, 0)


def test_bell_tries_again_after_its_silence() -> None:
    bell = Doorbell(app=_app_at(_closed_port()), silence=0.05)
    bell.ring()
    first_silence = bell.silent_until

    time.sleep(0.1)
    bell.ring()

    assert bell.silent_until > first_silence


@pytest.mark.django_db(transaction=True)
def test_orders_are_taken_while_the_broker_is_silent_and_only_the_first_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, service = make_user(balance="10"), make_service()
    client = Client()
    client.force_login(user)

    def order() -> None:
        form = {
            "service": service.pk,
            "quote": quote(customer=user, service=service),
            "idempotency_key": uuid4(),
            "link": f"@{uuid4()}",
            "quantity": "100",
        }
        assert client.post("/order", form).status_code == 302

    with _listen() as silent:
        monkeypatch.setattr(
            wake_worker, "_doorbell", Doorbell(app=_app_at(silent.getsockname()[1]))
        )
        tries = []
        for _ in range(3):
            order()
            tries.append(_count_connections(silent))

    assert Order.objects.count() == 3
    assert tries[0] > 0
    assert tries[1:] == [0, 0]
