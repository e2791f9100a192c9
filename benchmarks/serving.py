"""The served API under load, by gunicorn as in production: 20,000 services, the status of 100
orders, the balance.

The limit is an empty answer to the same authenticated caller by the same server. All subjects take
turns in short rounds, so that a machine that slows down slows all of them; the medians of the
rounds count.
"""

import gzip
import json
import os
import random
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.api_keys import issue_key
from accounts.models import User
from benchmarks.__main__ import Measured
from benchmarks.load import Crowd, Load, request
from catalog.models import Service
from orders.models import Status
from panel.embedded import Valkey
from tests.factories import make_category, make_order, make_provider, make_service, make_user

PROJECT: Final = Path(__file__).resolve().parent.parent
SERVICES, IDS = 20_000, 100
ROUNDS, SECONDS = 15, 0.5  # of each subject; a first round warms up
# too slow for more, and far from where it matters
HABITS, HABIT_ROUNDS = ("services habit", "status habit"), 2
WORDS: Final = (
    "Instagram TikTok YouTube Telegram Followers Likes Views Members Comments Real HQ Fast Instant Refill 30 Days"
    " Worldwide No Drop Cheapest Premium Exclusive Max 10K 100K Day Non Server 1 2 3"
)


def measure() -> list[Measured]:
    """Each subject beside the peer habit and the empty answer, as seconds of the whole server
    for one request.
    """
    user = fill()
    key = issue_key(user=user, name="bench", now=timezone.now())
    ids = ",".join(str(pk) for pk in user.orders.order_by("pk").values_list("pk", flat=True))
    packed = {"Accept-Encoding": "gzip, deflate"}
    asked = {
        "nothing": request({"key": key, "action": "nothing"}),
        "gzip": request({"key": key, "action": "services"}, headers=packed),
        "br": request({"key": key, "action": "services"}, headers={"Accept-Encoding": "br"}),
        "plain": request({"key": key, "action": "services"}),
        "unchanged": request({"key": key, "action": "services"}, headers={"If-None-Match": "*"}),
        "status": request({"key": key, "action": "status", "orders": ids}),
        "balance": request({"key": key, "action": "balance"}),
        "services habit": request({"key": key, "action": "habitual_services"}),
        "status habit": request({"key": key, "action": "habitual_status", "orders": ids}),
    }
    with serving() as port:
        crowd = Crowd(port)
        sizes = check(crowd, asked)
        each = take_turns(crowd, asked)
        crowd.close()
    habit, nothing = each["services habit"], each["nothing"]
    return [
        Measured(
            f"services, {SERVICES:,}, gzip ({sizes['gzip']:,} KB)", each["gzip"], habit, nothing
        ),
        Measured(
            f"services, {SERVICES:,}, brotli ({sizes['br']:,} KB)", each["br"], habit, nothing
        ),
        Measured(f"services, {SERVICES:,}, unchanged (304)", each["unchanged"], habit, nothing),
        Measured(
            f"services, {SERVICES:,}, uncompressed ({sizes['plain']:,} KB)",
            each["plain"],
            habit,
            nothing,
        ),
        Measured(f"status of {IDS} ids", each["status"], each["status habit"], nothing),
        Measured("balance", each["balance"], None, nothing),  # one row: no panel can do much else
    ]


def fill() -> User:
    """A customer with 100 orders, and a shop of 20,000 services with names as they are in this
    trade.
    """
    dice = random.Random(20_000)
    Service.objects.update(is_hidden=True)  # of the benchmarks before this one
    provider = make_provider()
    categories = [
        make_category(name=f"⭐ {' '.join(dice.choices(WORDS.split(), k=3))} {n}")
        for n in range(250)
    ]
    Service.objects.bulk_create(
        (
            Service(
                provider=provider,
                category=categories[n // 80],
                upstream_id=str(n),
                upstream_name=f"🔥 {' '.join(dice.choices(WORDS.split(), k=9))} [{dice.randint(1, 500)}K/Day]",
                type="Default",
                rate=(rate := Decimal(dice.randint(1, 30_000)) / 10_000),
                cost=rate,
                price=rate * 2,
                min_quantity=dice.choice([10, 50, 100]),
                max_quantity=dice.choice([1_000, 10_000, 1_000_000]),
                is_refill=dice.random() < 0.4,
                is_cancel=dice.random() < 0.4,
            )
            for n in range(SERVICES)
        ),
        # one statement of 20,000 rows takes a busy machine longer than a session may be idle
        batch_size=1_000,
    )
    user = make_user(balance="100000")
    service = make_service()
    for _ in range(IDS):
        make_order(user=user, service=service, status=Status.RUNNING)
    Service.objects.filter(pk=service.pk).update(is_hidden=True)
    return user


@contextmanager
def serving() -> Iterator[int]:
    """Serve as `manage.py up` does, logs and limits included, with limits that nobody reaches;
    gives the port.
    """
    data_dir = Path(settings.PANEL_DATA_DIR)
    (data_dir / "static").mkdir(exist_ok=True)
    valkey = Valkey(data_dir)
    valkey.start()
    unreached = {
        "API_REQUESTS_PER_MINUTE": "1000000000",
        "API_IP_REQUESTS_PER_MINUTE": "1000000000",
    }
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        (data_dir / "web.log").open("wb") as log,
    ):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the panel's own
        server = subprocess.Popen(
            # No worker retires, and no connection of ours is closed, in the middle of what is
            # measured
            [
                *(sys.executable, "-m", "gunicorn", "-c", "python:panel.gunicorn"),
                *("--max-requests", "0", "--keep-alive", "60"),
                *("--bind", f"fd://{listener.fileno()}", "benchmarks.application"),
            ],
            cwd=PROJECT,
            env={**os.environ, **unreached, "LOG_LEVEL": "INFO"},
            pass_fds=(listener.fileno(),),
            stdout=log,
            stderr=log,
        )
        try:
            yield listener.getsockname()[1]
        except RuntimeError:
            print("".join((data_dir / "web.log").read_text().splitlines(keepends=True)[-40:]))
            raise
        finally:
            server.terminate()
            server.wait(timeout=60)
            valkey.stop()


def check(crowd: Crowd, asked: Mapping[str, bytes]) -> dict[str, int]:
    """The size of each answer in KB.

    Raises RuntimeError where the answers are not what they are compared as.
    """
    answers = {name: crowd.ask_once(each) for name, each in asked.items()}
    plain = json.loads(answers["plain"])
    if len(plain) != SERVICES or plain != json.loads(gzip.decompress(answers["gzip"])):
        raise RuntimeError("the list is not what it should be")
    if (
        len(json.loads(answers["services habit"])) != SERVICES
        or len(json.loads(answers["status"])) != IDS
    ):
        raise RuntimeError("the habit or the status is not what it should be")
    return {name: round(len(answer) / 1000) for name, answer in answers.items()}


def take_turns(crowd: Crowd, asked: Mapping[str, bytes]) -> dict[str, float]:
    """The median over the rounds of each subject's seconds for one request."""
    loads: dict[str, list[Load]] = {name: [] for name in asked}
    for number in range(ROUNDS + 1):
        names = [name for name in asked if name not in HABITS or number <= HABIT_ROUNDS]
        # another one goes first each time: nobody always follows the same one
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            loads[name].append(crowd.ask_for(SECONDS, asked[name]))
    for name, (_, *rounds) in loads.items():
        requests = sum(load.requests for load in rounds)
        busy = sum(load.busy * load.seconds for load in rounds) / sum(
            load.seconds for load in rounds
        )
        print(f"  {name}: {requests:,} requests; the load itself took {busy:.0%} of one core")
    return {
        name: statistics.median(load.each for load in rounds)
        for name, (_, *rounds) in loads.items()
    }
