"""The demo as a command: what it prints, what stands in it, and that a second start goes on where
the first ended.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from accounts.models import Role
from orders.models import HoldReason, RequestState, ReviewKind, Status
from panel.demo.users import ADMIN, CUSTOMER, STAFF
from panel.embedded import Postgres, make_secrets
from tests import prepared
from tests.stack import Stack

pytestmark = pytest.mark.stack

FACTS = """
from accounts.models import User
from orders.models import Cancellation, Review, Order, Proof, Refill
print(*sorted(set(User.objects.values_list("role", flat=True))))
print(*sorted(set(Order.objects.values_list("status", flat=True))))
print(*sorted({order.customer_status for order in Order.objects.filter(status="running")}))
print(*sorted(set(Order.objects.filter(status="held").values_list("hold_reason", flat=True))))
print(*sorted(set(Refill.objects.values_list("state", flat=True))))
print(*sorted(set(Cancellation.objects.values_list("state", flat=True))))
print(*sorted(Review.objects.filter(closed_at=None).values_list("kind", flat=True)))
"""

SOMEBODY = """
from django.core.management import call_command as manage
manage("create_user", "somebody@example.com", role="customer")
"""


class Demo(Stack):
    """The same as `up`, with another command."""

    def launch(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `manage.py demo` and return at once."""
        place = ("--port", "0", "--data-dir", str(self.data_dir))
        return self._launch("demo", *place, *arguments)

    @property
    def api_key(self) -> str:
        """The customer's, as it was printed."""
        found = re.search(r"API key: (\w+)$", self.said(), re.MULTILINE)
        assert found, self.said()
        return found[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo") / "data", env={"STATIC_STORAGE": "plain"})
    running.start()
    yield running
    running.end()


def facts(demo: Demo) -> list[list[str]]:
    return [line.split() for line in demo.ask(FACTS).splitlines()]


def count_orders(demo: Demo) -> int:
    return int(demo.ask("from orders.models import Order; print(Order.objects.count())"))


def test_demo_has_an_order_a_refill_and_a_cancellation_in_every_state_that_lasts(
    demo: Demo,
) -> None:
    roles, statuses, words, holds, refills, cancellations, reviews = facts(demo)

    assert roles == sorted(Role.values)
    assert set(statuses) >= set(Status.values) - {Status.SUBMITTING}
    assert set(words) == {"Pending", "Processing", "In", "progress"}  # the last two are one
    assert holds == [HoldReason.LOSS]
    lasting = {
        RequestState.REQUESTED,
        RequestState.RUNNING,
        RequestState.COMPLETED,
        RequestState.REJECTED,
    }
    assert set(refills) >= lasting
    assert set(cancellations) >= lasting
    assert set(reviews) >= {
        ReviewKind.NO_REMAINS,
        ReviewKind.UNKNOWN_STATUS,
        ReviewKind.PER_ORDER_PARTIAL,
    }
    demo.audit()


def test_demo_prints_the_log_ins_and_serves(demo: Demo) -> None:
    assert requests.get(f"{demo.url}/services", timeout=10).status_code == requests.codes.ok
    assert all(f"  {email}" in demo.said() for email in (CUSTOMER, STAFF, ADMIN))
    assert len(demo.api_key) == 40


def test_a_second_start_keeps_the_data_and_the_provider_knows_its_orders(demo: Demo) -> None:
    key, count = demo.api_key, count_orders(demo)
    assert demo.stop() == 0

    demo.start()

    assert (demo.api_key, count_orders(demo)) == (key, count)
    truths = re.findall(r"http\S+/_control/orders", demo.said())
    placed = [order for truth in truths for order in requests.get(truth, timeout=10).json()]
    assert len(placed) > count / 2
    demo.audit()


def test_demo_does_not_touch_a_real_panel(tmp_path: Path) -> None:
    panel = Stack(tmp_path / "data", env={"STATIC_STORAGE": "plain"})
    with database_of(panel):
        made = panel.manage("shell", "-v0", "-c", SOMEBODY)
    demo = Demo(tmp_path / "data", env={"STATIC_STORAGE": "plain"})

    code = demo.launch().wait(180)

    assert made.returncode == 0, made.stderr
    assert code == 1
    assert "holds a real panel" in demo.said()
    assert not (demo.data_dir / "log" / "worker-submit.log").exists()


@contextmanager
def database_of(panel: Stack) -> Iterator[None]:
    """The panel's server by itself: what stands in it later is as if the panel had run."""
    prepared.copy_into(panel.data_dir)
    make_secrets(panel.data_dir)
    postgres = Postgres(panel.data_dir, is_throwaway=True)
    postgres.start()
    try:
        yield
    finally:
        postgres.stop()
