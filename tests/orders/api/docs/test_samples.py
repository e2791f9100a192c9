"""The samples of the API page are run as they stand there, against the running panel with a real
key.
"""

import ast
import html
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from catalog.models import Service
from catalog.upstream.service_types import TYPES
from orders.api.docs.reply_schemas import ORDER_STATUSES
from orders.models import Order, Refill, Status
from tests.factories import fund, make_order, make_provider, make_service, make_user, signed_in
from tests.orders.api.api_client import key_of
from tests.sample_languages import installed

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAMS = {
    "curl": ["bash", "-euo", "pipefail"],
    "python": [sys.executable, "-I"],
    "php": ["php"],
    "javascript": ["node"],
}
NEEDED = {"curl": "curl", "python": sys.executable, "php": "php", "javascript": "node"}
SUFFIXES = {"curl": "sh", "python": "py", "php": "php", "javascript": "mjs"}
ADDS = [f"add-{kind.name.lower().replace(' ', '-')}" for kind in TYPES]


def samples(user: User, language: str) -> dict[str, str]:
    """The programs on the user's page by their place."""
    page = signed_in(user).get(f"/api?code={language}").content.decode()
    found = re.findall(r'<code id="sample-([\w-]+)">(.*?)</code>', page, re.DOTALL)
    return {anchor: html.unescape(text) for anchor, text in found}


def run(program: str, *, language: str, folder: Path, name: str, key: str) -> object:
    """What the program prints, which is the answer."""
    file = folder / f"{name}.{SUFFIXES[language]}"
    file.write_text(program)
    done = subprocess.run(
        [*PROGRAMS[language], str(file)],
        env={"API_KEY": key, "PATH": os.environ["PATH"], "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return ast.literal_eval(done.stdout) if language == "python" else json.loads(done.stdout)


@pytest.mark.parametrize("language", installed(NEEDED))
@pytest.mark.slow
def test_every_sample_runs_as_it_stands(
    language: str, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    settings.SITE_URL = live_server.url
    settings.API_REQUESTS_PER_MINUTE = 10_000
    ann, key = shop_for_ann()
    completed, running, refill = (
        Order.objects.order_by("-pk")[1],
        Order.objects.latest("pk"),
        Refill.objects.get(),
    )
    written = samples(ann, language)

    def go(anchor: str) -> object:
        return run(written[anchor], language=language, folder=tmp_path, name=anchor, key=key)

    with ThreadPoolExecutor(4) as threads:
        answers = dict(zip(written, threads.map(go, written), strict=True))

    assert sorted(written) == sorted([*ADDS, *ASKED, "idempotency"])
    placed = {order.pk: order for order in ann.orders.exclude(pk__in=[completed.pk, running.pk])}
    assert {service_type(placed[order_of(answers[anchor])]) for anchor in ADDS} == {
        kind.name for kind in TYPES
    }
    assert len(placed) == len(TYPES) + 1
    assert go("idempotency") == answers["idempotency"]
    sheet = answers["status"]
    assert isinstance(sheet, dict)
    assert list(sheet) == ["charge", "start_count", "status", "remains", "currency"]
    assert sheet["status"] in ORDER_STATUSES
    assert answers["status-many"] == {
        str(running.pk): sheet,
        str(completed.pk): {**sheet, **COMPLETED},
    }
    assert answers["refill"] == {"error": "Refill is not available for this order"}
    assert answers["refill-many"] == [
        {"order": running.pk, "refill": {"error": "Refill is not available for this order"}},
        {
            "order": completed.pk,
            "refill": {"error": "The refill task is not completed for this order"},
        },
    ]
    assert answers["refill_status"] == {"status": "Pending"}
    assert answers["refill_status-many"] == [{"refill": refill.pk, "status": "Pending"}]
    assert answers["cancel"] == [
        {"order": running.pk, "cancel": 1},
        {"order": completed.pk, "cancel": {"error": "Cancel is not available for this order"}},
    ]
    assert isinstance(answers["balance"], dict)
    assert isinstance(answers["orders"], list)
    assert {running.pk, completed.pk} <= {row["order"] for row in answers["orders"]}
    assert isinstance(answers["services"], list)
    assert len(answers["services"]) == len(TYPES)


ASKED = [
    "services",
    "status",
    "status-many",
    "refill",
    "refill-many",
    "refill_status",
    "refill_status-many",
    "cancel",
    "balance",
    "orders",
]
COMPLETED = {"status": "Completed", "remains": "0"}


def shop_for_ann() -> tuple[User, str]:
    """A customer with a key, an ended order that is being refilled, a running order, and money
    for one of each type.
    """
    ann = make_user(balance="1000")
    provider = make_provider()
    for kind in TYPES:
        make_service(
            provider=provider, type=kind.name, min_quantity=3, is_refill=True, is_cancel=True
        )
    first = Service.objects.order_by("pk")[0]
    completed = make_order(
        user=ann, service=first, link="https://example.com/1", status=Status.COMPLETED
    )
    make_order(user=ann, service=first, link="https://example.com/2", status=Status.RUNNING)
    Refill.objects.create(
        order=completed, provider=provider, requested_by=ann, requested_at=completed.created_at
    )
    fund(user=ann, amount="1")
    return ann, key_of(ann)


def order_of(answer: object) -> int:
    """The order that an `add` answered."""
    assert isinstance(answer, dict)
    assert list(answer) == ["order"], answer
    return int(answer["order"])


def service_type(order: Order) -> str:
    """The type of what was ordered."""
    return order.service.type
