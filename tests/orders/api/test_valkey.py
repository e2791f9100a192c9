"""Valkey counts for all processes and remembers the last requests; without it the API goes on and
hardly waits.
"""

import socket
import time
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from redis import Redis

from orders.api import rate_limit
from orders.api.answers import ApiError
from orders.api.rate_limit import Counts, Limiter
from orders.api.recent_requests import MAX_KEPT, Recent, recent, remember
from orders.api.valkey import TIMEOUT, Memory
from panel.embedded import Paths, Valkey, broker_url
from tests.conftest import DATA_DIR
from tests.factories import NOW, make_service, make_user
from tests.orders.api.api_client import key_of, post
from tests.waiting import wait_for

MANY = 10_000


SOON = 60.0  # seconds; what is waited for comes within a second, on a busy machine within a few


@pytest.fixture
def shared(valkey: Valkey) -> Memory:
    """Another client of the Valkey that this process counts in, which is empty."""
    del valkey
    found = Memory(url=broker_url(DATA_DIR), timeout=SOON)
    found.run(lambda pipeline: pipeline.flushall())
    return found


def count(limiter: Limiter, *, ip: str = "203.0.113.1", key: str = "key0") -> Counts:
    return limiter.count(ip=ip, key=key, now=NOW)


def test_counters_are_those_of_all_processes_and_end_with_their_window(shared: Memory) -> None:
    one, other = Limiter(), Limiter()

    counts = [count(one), count(other, ip="203.0.113.2"), count(one, key="key1")]
    later = one.count(ip="203.0.113.1", key="key0", now=NOW + timedelta(minutes=1))

    assert [(each.of_ip, each.of_key) for each in [*counts, later]] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (1, 1),
    ]
    [lives] = (
        shared.run(lambda pipeline: pipeline.ttl(f"api:{int(NOW.timestamp()) // 60}:key:key0"))
        or []
    )
    assert 0 < lives <= 120


def test_wrong_keys_are_counted_for_all_processes(shared: Memory) -> None:
    one, other = Limiter(), Limiter()
    for _ in range(rate_limit.MAX_WRONG_KEYS):
        one.count_wrong_key(ip="203.0.113.1", now=NOW)

    other.learn(key="known", most=MANY)

    with pytest.raises(ApiError) as refusal:
        count(other)
    assert refusal.value.status == HTTPStatus.TOO_MANY_REQUESTS
    assert count(other, key="known").wrong_of_ip == rate_limit.MAX_WRONG_KEYS


def test_silent_valkey_costs_one_time_out_and_then_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = Memory(url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", silence=3600)
        began = time.monotonic()
        answers = [away.run(lambda pipeline: pipeline.get("anything")) for _ in range(20)]
        took = time.monotonic() - began
        asked = _callers(silent)

    assert answers == [None] * 20
    assert asked == 1  # the other 19 did not even try
    assert took >= 0.9 * TIMEOUT


def _callers(server: socket.socket) -> int:
    """How many have connected since it listens."""
    server.setblocking(False)
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_valkey_that_comes_back_is_found_after_the_silence(valkey: Valkey, tmp_path: Path) -> None:
    del valkey
    real, link = Paths.of(DATA_DIR).valkey_socket, tmp_path / "valkey"
    url = broker_url(DATA_DIR).replace(str(real), str(link))
    silent, hasty = (Memory(url=url, silence=silence, timeout=SOON) for silence in (3600.0, 0.0))

    def ping() -> list[object]:
        return [memory.run(lambda pipeline: pipeline.ping()) for memory in (silent, hasty)]

    away = ping()
    link.symlink_to(real)

    assert away == [None, None]
    assert [ping(), ping()] == [[None, [True]]] * 2


def test_processes_count_for_themselves_while_valkey_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = Memory(url="redis://127.0.0.1:9/0")
    monkeypatch.setattr(rate_limit, "memory", lambda: away)
    one, other = Limiter(), Limiter()
    one.learn(key="key0", most=2)

    assert [count(one).of_key for _ in range(2)] == [1, 2]
    with pytest.raises(ApiError):
        count(one)
    assert count(other).of_key == 1
    assert one.count(ip="203.0.113.1", key="key0", now=NOW + timedelta(minutes=1)).of_key == 1


@pytest.mark.django_db
def test_last_requests_are_remembered_without_key_and_values(shared: Memory) -> None:
    user = make_user(balance="1")
    key = key_of(user, name="shop")
    post({"key": key, "action": "balance"})
    post(
        {
            "key": key,
            "action": "add",
            "service": make_service().pk,
            "link": "https://secret.example",
            "quantity": 1,
        }
    )
    post({"key": key, "action": "<hostile>"})
    post({"key": "x" * 40, "action": "balance"})
    wait_for(lambda: len(recent(user_id=user.pk)) == 3)

    found = recent(user_id=user.pk)

    assert [(each.action, each.status, each.error, each.ip, each.key_name) for each in found] == [
        ("", 200, "Incorrect request", "127.0.0.1", "shop"),
        ("add", 200, "neworder.error.min_quantity", "127.0.0.1", "shop"),
        ("balance", 200, "", "127.0.0.1", "shop"),
    ]
    assert all(each.milliseconds > 0 for each in found)
    stored = str(
        Redis(unix_socket_path=str(Paths.of(DATA_DIR).valkey_socket)).lrange(
            f"api:recent:{user.pk}", 0, -1
        )
    )
    assert key not in stored
    assert "secret.example" not in stored


def test_the_newest_20_of_each_user_are_kept(shared: Memory) -> None:
    for number in range(MAX_KEPT + 5):
        remember(user_id=7, request=_recent(number))
    remember(user_id=8, request=_recent(0))
    wait_for(lambda: bool(recent(user_id=8)))  # the last that is written down

    assert recent(user_id=7) == [_recent(number) for number in reversed(range(5, MAX_KEPT + 5))]
    assert recent(user_id=8) == [_recent(0)]
    assert recent(user_id=9) == []


def _recent(number: int) -> Recent:
    return Recent(
        at=NOW,
        action="balance",
        status=200,
        error="",
        milliseconds=float(number),
        ip="127.0.0.1",
        key_name="k",
    )
