"""Charge the posts of a subscription one by one, each exactly once, after delivery.

Where the balance does not cover a post, the provider is asked to stop, staff see the debt, and it
is charged as soon as there is money. No wallet falls below its credit limit.
"""

import logging
from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import User
from billing import ledger
from billing.models import Account
from billing.reference import order_post
from lib.decimals import plain
from orders.lifecycle.costs import post_charge
from orders.models import (
    Cancellation,
    EventKind,
    Order,
    Review,
    ReviewKind,
    Status,
    Subscription,
)

log = logging.getLogger(__name__)

MAX_LOOKED_AT = 500  # orders that owe, in one sweep; the others wait for the next


class NothingToCount(Exception):
    """The order has no posts whose count is under review."""


def charge_owed(*, now: datetime) -> Counter[str]:
    """Charge every post that is owed and can be paid; returns how many were, and were not.

    An order that its ledger contradicts is logged as an error and keeps no other waiting; the audit
    finds it.
    """
    tally: Counter[str] = Counter()
    for order_id in _owing():
        try:
            tally += charge_posts(order_id=order_id, now=now)
        except ledger.LedgerError:
            log.exception("the posts of order %s cannot be charged", order_id)
            tally["orders contradicted by the ledger"] += 1
    return tally


def _owing() -> list[int]:
    """The orders that owe posts, the oldest first; one that could not pay waits for money."""
    known = Review.objects.open().of_kind(ReviewKind.UNPAID_POSTS).filter(order=OuterRef("pk"))
    wallet = Account.objects.filter(
        owner=OuterRef("user"), balance__gte=OuterRef("price") - F("credit_limit")
    )
    orders = Order.objects.filter(subscription__in=Subscription.objects.owing()).exclude(
        status=Status.PARTIAL
    )
    return list(
        orders.filter(~Exists(known) | Exists(wallet))
        .order_by("pk")
        .values_list("pk", flat=True)[:MAX_LOOKED_AT]
    )


@transaction.atomic
def charge_posts(*, order_id: int, now: datetime) -> Counter[str]:
    """Charge the posts that one order owes, as far as its customer's balance goes.

    Each post has its own reference, and the order its own lock: however often and wherever this
    runs, a post is charged once. Raises ledger.LedgerError where a post was booked without the
    order's knowledge.
    """
    order = _locked(order_id)
    # read under the lock, and changed only under it
    subscription = Subscription.objects.get(order_id=order_id)
    tally: Counter[str] = Counter()
    while subscription.owed and order.status != Status.PARTIAL:
        try:
            _charge_post(order, subscription, now)
        except ledger.InsufficientFunds as short:
            _stop_serving(order, subscription, short, now)
            tally["posts unpaid"] += subscription.owed
            break
        tally["posts charged"] += 1
    if not subscription.owed:
        reviews = order.reviews.of_kind(ReviewKind.UNPAID_POSTS)
        reviews.close(decision="The posts have been paid", now=now)
    return tally


def _locked(order_id: int) -> Order:
    return Order.objects.locked().select_related("user", "service").get(pk=order_id)


def _charge_post(order: Order, subscription: Subscription, now: datetime) -> None:
    """Book the next post. Raises InsufficientFunds, with nothing changed."""
    number, amount = (order.posts or 0) + 1, post_charge(order)
    unit_cost = order.cost / order.billed_quantity  # of one post: both grow together
    if amount:
        transfer = ledger.charge(
            customer=order.user,
            amount=amount,
            reference=order_post(order.pk, number=number),
            now=now,
        )
        if transfer is None:
            raise ledger.LedgerError(
                f"order {order.pk}: post {number} was booked without the order's knowledge"
            )
    order.posts = order.billed_quantity = number
    order.charge += amount
    order.cost = unit_cost * number
    order.save(update_fields=["posts", "billed_quantity", "charge", "cost"])
    subscription.pay_one()
    order.record(kind=EventKind.POST, text=f"Post {number} charged: {plain(amount)}", now=now)


def _stop_serving(
    order: Order, subscription: Subscription, short: ledger.InsufficientFunds, now: datetime
) -> None:
    """The balance does not cover what was delivered: staff see it, and the provider is to stop."""
    text = (
        f"{subscription.owed} posts were delivered and are not paid: {short}. They are charged "
        "once the balance allows; closing this review waives them."
    )
    order.open_review(kind=ReviewKind.UNPAID_POSTS, text=text, now=now)
    # asked before: not once a sweep
    if order.status != Status.RUNNING or order.cancellations.exists():
        return
    if not order.service.is_cancel:
        log.error(
            "order %s: posts are not paid, and the provider takes no cancellations of this service",
            order.pk,
        )
        return
    cancellation = Cancellation.new(order, actor=order.user, now=now)
    cancellation.skip_approval(now=now)
    cancellation.save()
    text = "Cancellation requested: the balance does not cover the posts delivered"
    order.record(kind=EventKind.CANCEL, text=text, now=now)


def waive_posts(*, order: Order, now: datetime, actor: User) -> None:
    """Let go of what was delivered and is not paid. The caller holds the order's row lock."""
    subscription = Subscription.objects.owing().filter(order=order).first()
    if subscription is not None:
        text = f"{subscription.waive()} unpaid posts waived"
        order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)


@transaction.atomic
def count_posts(*, order: Order, posts: int, actor: User, reason: str, now: datetime) -> None:
    """A person says how many delivered posts are not counted yet: they are owed from now on.

    The provider's charge so far counts as explained, and the service's present rate is that of the
    posts to come. Closes the review. Raises NothingToCount where there is none, or a second person
    was first.
    """
    order = _locked(order.pk)
    reviews = order.reviews.open().of_kind(ReviewKind.UNCOUNTED_POSTS)
    if not order.is_subscription or not reviews.exists():
        raise NothingToCount("No posts of this order are waiting to be counted.")
    Subscription.objects.get(order_id=order.pk).owe(posts, charge=order.upstream_charge)
    order.rate = order.service.rate
    order.save(update_fields=["rate"])
    reviews.close(decision=reason, now=now, actor=actor)
    text = f"{posts} posts counted by hand: {reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
