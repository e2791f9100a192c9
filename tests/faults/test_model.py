"""The acts in any order, crashes between any two of them: after each step the books are right and
no order is twice.

A model of many workers in one process: what a crash leaves behind is made by not going on, a late
answer by recording it later. Real PostgreSQL, and a provider over real HTTP.
"""

from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django import Settings

from accounts.models import Role
from billing import ledger
from billing.models import Account
from catalog.models import Provider
from catalog.provider_client import open_client
from catalog.upstream import AddOutcome
from orders.aftercare.requests import AlreadyOpen, NotOffered, request_cancel
from orders.forwarding.claim import Claim, claim
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.record_outcome import record_outcome
from orders.forwarding.send import Withheld, send
from orders.models import Attempt, AttemptState, Order, Status, Watch
from orders.tracking.sweep import track_batch
from orders.unclear.decide import attach, refund, resend
from orders.unclear.sweep import resolve
from tests.double.handle import ProviderDouble
from tests.factories import make_user
from tests.faults.customers import open_shop, place
from tests.faults.oracle import judge
from tests.orders.attempts import let_leases_end
from tests.orders.unclear.lost_orders import pass_time

pytestmark = pytest.mark.slow

EXAMPLES, STEPS = 15, 25
FAULTS = (
    "commit_reset",
    "commit_http500",
    "commit_truncated",
    "commit_internal_error",
    "nocommit_close",
    "nocommit_html200",
    "nocommit_http429",
    "refuse",
)
FATES = ("", "#fate=partial:40", "#fate=canceled", "#fate=completed")


class Panel(RuleBasedStateMachine):
    """One customer, one provider, and workers that die at any point."""

    double: ClassVar[ProviderDouble]

    @initialize()
    def open(self) -> None:
        """Begin with a shop of its own; what earlier examples left behind is nobody's any more."""
        self.double.reset()
        Watch.objects.all().delete()
        Provider.objects.update(paused_at=timezone.now(), is_pause_automatic=False)
        self.customer, self.staff = make_user(balance="100000"), make_user(role=Role.STAFF)
        self.service = open_shop(self.double, name=f"Model {uuid4()}", is_probe_allowed=True)
        self.client = open_client(self.provider)
        self.count = 0
        self.late: list[tuple[Claim, AddOutcome | Withheld]] = []
        self.paid = Decimal(100_000)
        self.resolve()  # begins the books

    def teardown(self) -> None:
        """Close what was opened."""
        if hasattr(self, "client"):
            self.client.__exit__(None, None, None)

    @property
    def provider(self) -> Provider:
        return Provider.objects.get(pk=self.service.provider_id)

    def orders(self, *statuses: Status) -> list[Order]:
        chosen = Order.objects.filter(provider_id=self.service.provider_id)
        return list((chosen.filter(status__in=statuses) if statuses else chosen).order_by("pk"))

    def claim(self) -> Claim | None:
        """Claim the next order; a customer orders first where none waits."""
        if not self.orders(Status.WAITING):
            self.place(fate="", quantity=100 + 7 * self.count**3 % 997)
        Provider.objects.filter(pk=self.provider.pk).update(paused_at=None, failures_in_row=0)
        Order.objects.filter(provider=self.provider, status=Status.WAITING).update(
            submit_at=timezone.now()
        )
        return claim(provider_id=self.service.provider_id, owner=uuid4())

    @rule(fate=st.sampled_from(FATES), quantity=st.integers(100, 5000))
    def place(self, fate: str, quantity: int) -> None:
        """A customer orders."""
        self.count += 1
        link = f"https://example.com/{self.count}{fate}"
        place(self.customer, self.service, link=link, quantity=quantity)

    @rule(fault=st.sampled_from((None, None, *FAULTS)))
    def send(self, fault: str | None) -> None:
        """A worker forwards the next order."""
        if fault:
            self.double.fault("add", fault, times=1)
        taken = self.claim()
        if taken is not None:
            outcome = send(claim=taken, client=self.client)
            record_outcome(attempt_id=taken.attempt_id, outcome=outcome, now=timezone.now())
        self.double.clear_faults()

    @rule(is_reaped=st.booleans())
    def crash_after_the_claim(self, is_reaped: bool) -> None:
        """RP1: nothing may be sent any more."""
        self.claim()
        if is_reaped:
            self.reap()

    @rule(is_reaped=st.booleans())
    def crash_after_rp2(self, is_reaped: bool) -> None:
        """Written down as sent, but no byte has left."""
        taken = self.claim()
        if taken is not None:
            Attempt.objects.filter(pk=taken.attempt_id).update(
                state=AttemptState.SENT, sent_at=timezone.now()
            )
        if is_reaped:
            self.reap()

    @rule(
        fault=st.sampled_from((None, None, *FAULTS)), is_late=st.booleans(), is_reaped=st.booleans()
    )
    def crash_after_the_answer(self, fault: str | None, is_late: bool, is_reaped: bool) -> None:
        """The answer is in memory: it is lost, or it is recorded later than anybody expects."""
        if fault:
            self.double.fault("add", fault, times=1)
        taken = self.claim()
        if taken is not None:
            outcome = send(claim=taken, client=self.client)
            if is_late:
                self.late.append((taken, outcome))
        self.double.clear_faults()
        if is_reaped:
            self.reap()

    @precondition(lambda self: self.late)
    @rule(is_repeated=st.booleans())
    def answer_comes_late(self, is_repeated: bool) -> None:
        """A worker that stood still goes on; some record twice."""
        taken, outcome = self.late[0] if is_repeated else self.late.pop(0)
        record_outcome(attempt_id=taken.attempt_id, outcome=outcome, now=timezone.now())

    @rule()
    def reap(self) -> None:
        """A minute passes."""
        let_leases_end()
        settle_expired_leases(now=timezone.now())

    @rule(seconds=st.sampled_from((30, 3600)))
    def poll(self, seconds: int) -> None:
        """Time passes at the provider, and it is asked."""
        self.double.advance(seconds)
        Watch.objects.filter(provider=self.provider).update(due_at=timezone.now())
        track_batch(provider=self.provider, client=self.client)

    @rule()
    def resolve(self) -> None:
        """Five minutes pass, and the resolver looks."""
        pass_time()
        resolve(provider=self.provider, client=self.client, stop_at=float("inf"))

    @rule(number=st.integers(0, 20))
    def cancel(self, number: int) -> None:
        """The customer wants out; at once only where nothing was sent."""
        orders = self.orders(Status.WAITING, Status.HELD, Status.UNCLEAR, Status.RUNNING)
        if not orders:
            return
        try:
            request_cancel(
                order=orders[number % len(orders)], actor=self.customer, now=timezone.now()
            )
        except (NotOffered, AlreadyOpen):
            return

    @rule(is_resent=st.booleans())
    def staff_decide(self, is_resent: bool) -> None:
        """Staff have looked the order up in the provider's own panel, so they know."""
        orders = self.orders(Status.UNCLEAR)
        if not orders:
            return
        order, now = orders[0], timezone.now()
        placed = [row for row in self.double.placed() if row.link == order.link]
        if placed:
            number = str(placed[0].order)
            attach(order=order, upstream_id=number, actor=self.staff, reason="seen", now=now)
        elif is_resent:
            resend(order=order, actor=self.staff, reason="not there", now=now)
        else:
            refund(order=order, actor=self.staff, reason="not there", now=now)

    @rule(payment=st.integers(1, 4))
    def top_up(self, payment: int) -> None:
        """A payment is reported, perhaps again."""
        name = f"{self.customer.pk}-{payment}"
        amount = Decimal(payment)
        now = timezone.now()
        if ledger.top_up(
            customer=self.customer, amount=amount, gateway="model", payment_id=name, now=now
        ):
            self.paid += amount

    @invariant()
    def nothing_is_wrong(self) -> None:
        """At most once, no wrong id, no refund for what was placed, every cent where it belongs."""
        if not hasattr(self, "late"):
            return
        mine = Order.objects.filter(provider_id=self.service.provider_id)
        violations = judge(self.double.placed(), orders=mine).violations
        assert not violations, violations
        spent = sum((order.net_charge for order in self.orders()), Decimal(0))
        assert Account.objects.get(owner=self.customer).balance == self.paid - spent


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_in_whatever_order_nothing_is_placed_twice_and_no_cent_is_lost(
    double: ProviderDouble, settings: Settings
) -> None:
    settings.REFUND_CONFIRM = 0.001  # two looks are two looks, however soon
    settings.PROVIDER_TIMEOUT = 3
    settings.PROBE_EVERY = 0.001
    Panel.double = double
    run_state_machine_as_test(
        Panel,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # a failure is told as it was met: shrinking it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
