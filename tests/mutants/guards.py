"""The fourteen guards: how each is switched off, and the scenario that fails then. Nothing here
touches the panel's code.

A guard that is a function is replaced while the scenario runs; one that is the database's is
dropped from the scenario's own database.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from unittest import mock
from uuid import uuid4

from django.db import connection, transaction

from accounts.models import User
from billing import ledger
from billing.models import Account, SubjectKind, Transfer
from billing.reference import Reference
from catalog.upstream import AddOutcome, Client, NotSent, OrderStatus, Reason, Unclear, add_reply
from orders.aftercare import requests
from orders.forwarding import choose_order, drain, expired_leases
from orders.forwarding import send as forwarding_send
from orders.forwarding import sweep as forwarding_sweep
from orders.forwarding.claim import Claim
from orders.forwarding.send import Withheld
from orders.lifecycle import end as lifecycle_end
from orders.models import Order, Status, Watch
from orders.tracking import apply_reports as tracking_apply_reports
from orders.tracking import sweep as tracking_sweep
from orders.unclear import apply_verdict, decisions, known_orders, open_attempts
from orders.unclear import sweep as unclear_sweep
from tests.mutants import refunds, transfers
from tests.mutants.ground import Ground
from tests.mutants.lost_orders import (
    answered_with_5xx,
    canceled_while_unclear,
    placed_late,
    set_waiting_by_hand,
)
from tests.mutants.sender import NO_LOCK
from tests.mutants.status_reports import all_canceled_for_a_moment, answers_in_reverse
from tests.mutants.stopped_sender import sends_after_the_quiet_time

SERVER_ERROR = 500  # HTTP


@dataclass(frozen=True)
class Guard:
    """One guard and its proof: the scenario passes, and fails without the guard."""

    name: str
    off: str  # what is done to switch it off, in words
    switch_off: Callable[[], AbstractContextManager[object]]
    scenario: Callable[[Ground], list[str]]  # what was wrong, a sentence each


def _replaced(new: object, *places: tuple[object, str]) -> AbstractContextManager[object]:
    stack = ExitStack()
    for module, name in places:
        stack.enter_context(mock.patch.object(module, name, new))
    return stack


@contextmanager
def _executed(*statements: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    yield


def _no_index() -> AbstractContextManager[object]:
    return _executed("DROP INDEX attempt_at_most_once")


def _no_quiet_time() -> AbstractContextManager[object]:
    modules = (choose_order, apply_verdict, known_orders, open_attempts)
    return _replaced(lambda: timedelta(0), *((module, "quiet") for module in modules))


def _no_bracket() -> AbstractContextManager[object]:
    def choose_ids(*, id_ranges: Mapping[int, object], **_: object) -> tuple[list[int], set[int]]:
        return [], set(id_ranges)

    return _replaced(choose_ids, (unclear_sweep, "choose_ids"))


def _no_pulse() -> AbstractContextManager[object]:
    return mock.patch.dict(os.environ, MUTANT=NO_LOCK)


def _adding_refund() -> AbstractContextManager[object]:
    @transaction.atomic
    def refund_added(*, order: Order, owed: Decimal, now: datetime, **_: object) -> Decimal:
        ledger.refund(
            customer=order.user,
            amount=owed,
            reference=Reference(f"order:{order.pk}:refund:{uuid4()}", SubjectKind.ORDER, order.pk),
            now=now,
        )
        order.refunded += owed
        order.save(update_fields=["refunded"])
        return owed

    return _replaced(refund_added, (lifecycle_end, "refund_up_to"), (transfers, "refund_up_to"))


def _any_observation() -> AbstractContextManager[object]:
    apply_reports = tracking_apply_reports.apply_reports

    def apply_any(
        *,
        upstream_ids: Mapping[int, str],
        reports: Mapping[str, OrderStatus],
        observed_at: datetime,
        now: datetime,
    ) -> object:
        Watch.objects.filter(order_id__in=upstream_ids).update(observed_at=None)
        return apply_reports(
            upstream_ids=upstream_ids, reports=reports, observed_at=observed_at, now=now
        )

    return _replaced(apply_any, (tracking_sweep, "apply_reports"))


def _no_mass_guard() -> AbstractContextManager[object]:
    def hold_none(orders: Sequence[Order], *, now: datetime) -> set[int]:
        return set()

    return _replaced(hold_none, (tracking_apply_reports, "hold_mass_endings"))


def _trusting_5xx() -> AbstractContextManager[object]:
    def send(*, claim: Claim, client: Client) -> AddOutcome | Withheld:
        outcome = forwarding_send.send(claim=claim, client=client)
        if isinstance(outcome, Unclear) and (outcome.raw.http_status or 0) >= SERVER_ERROR:
            return NotSent(detail=outcome.detail, raw=outcome.raw)
        return outcome

    return _replaced(send, (forwarding_sweep, "send"))


def _no_triggers() -> AbstractContextManager[object]:
    return _executed(
        "DROP TRIGGER transfer_append_only ON billing_transfer",
        "DROP TRIGGER transfer_moves_its_wallet ON billing_transfer",
        "DROP TRIGGER wallet_moves_with_its_transfer ON billing_account",
        "DROP TRIGGER account_moves_by_steps ON billing_account",
    )


@contextmanager
def _repeatable_reference() -> Iterator[None]:
    def insert(transfer: Transfer) -> bool:
        transfer.save(force_insert=True)  # ON CONFLICT needs the index that is gone
        return True

    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Transfer._meta.db_table)
    [name] = [
        name for name, each in found.items() if each["unique"] and each["columns"] == ["reference"]
    ]
    with (
        _executed(f'ALTER TABLE billing_transfer DROP CONSTRAINT "{name}"'),
        _replaced(insert, (ledger, "_insert")),
    ):
        yield


def _no_wallet_lock() -> AbstractContextManager[object]:
    def wallet_of(*, owner: User) -> Account:
        return Account.objects.get(pk=ledger.open_wallet(owner=owner).pk)

    return _replaced(wallet_of, (ledger, "_locked_wallet"))


@contextmanager
def _everybody_dead() -> Iterator[None]:
    def is_dead(*, attempt_id: int) -> bool:
        return True

    def nobody(attempt_ids: object) -> set[int]:
        return set()

    asking, looking = (expired_leases, apply_verdict, decisions), (drain, open_attempts)
    with (
        _replaced(is_dead, *((module, "is_sender_dead") for module in asking)),
        _replaced(nobody, *((module, "living_senders") for module in looking)),
    ):
        yield


def _cancel_at_any_time() -> AbstractContextManager[object]:
    def is_unsent(order: Order) -> bool:
        return order.status in {Status.WAITING, Status.HELD, Status.SUBMITTING}

    return _replaced(is_unsent, (requests, "is_unsent"))


def _customer_to_blame() -> AbstractContextManager[object]:
    def meaning_of(text: str, *, http_status: int | None = None) -> Reason:
        return Reason.CUSTOMER

    return _replaced(meaning_of, (add_reply, "meaning_of"))


GUARDS = (
    Guard("at-most-once index", "attempt_at_most_once dropped", _no_index, set_waiting_by_hand),
    Guard("quiet time", "UNCLEAR_QUIET taken as 0 s", _no_quiet_time, placed_late),
    Guard("bracket", "its ids are not asked for", _no_bracket, canceled_while_unclear),
    Guard("advisory lock", "a sender takes no lock", _no_pulse, sends_after_the_quiet_time),
    Guard("refund up to", "refunds are added", _adding_refund, transfers.refund_repeated),
    Guard("observed_at", "whatever arrives last counts", _any_observation, answers_in_reverse),
    Guard("mass-cancel guard", "holds nothing", _no_mass_guard, all_canceled_for_a_moment),
    Guard("no retry on 5xx", "a 5xx counts as not sent", _trusting_5xx, answered_with_5xx),
    Guard("transfer triggers", "all four dropped", _no_triggers, transfers.careless_hands),
    Guard(
        "unique reference",
        "constraint dropped",
        _repeatable_reference,
        transfers.payment_reported_again,
    ),
    Guard(
        "row lock on the wallet",
        "read without FOR UPDATE",
        _no_wallet_lock,
        transfers.orders_at_once,
    ),
    Guard(
        "owner-dead check",
        "every sender counts as dead",
        _everybody_dead,
        sends_after_the_quiet_time,
    ),
    Guard(
        "cancel of what is sent",
        "refunded at any time",
        _cancel_at_any_time,
        refunds.canceled_while_it_is_sent,
    ),
    Guard(
        "unknown message",
        "taken for the customer's mistake",
        _customer_to_blame,
        refunds.rejected_for_our_account,
    ),
)
