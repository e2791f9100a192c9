"""Subscribing: charging the posts of a subscription one by one, each exactly once, as the provider
serves them.

Nothing is charged in advance. What was served is owed: where the balance does not cover a post, the
provider is asked to stop, staff see the debt, and it is charged as soon as there is money. No
wallet falls below its credit limit.
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
    RequestState,
    Review,
    ReviewKind,
    Status,
    Subscription,
)

log = logging.getLogger(__name__)

MAX_LOOKED_AT = 500  # orders that owe, in one sweep; the others wait for the next


class NothingToCount(Exception):
    """No count of posts is in doubt for this order."""


def charge_owed(*, now: datetime) -> Counter[str]:
    """Charge every post that is owed and can be paid; returns how many were, and how many could not
    be.

    An order whose ledger contradicts it keeps no other waiting: it is logged as an error, and the
    audit finds it.
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
    """The orders that owe posts, the oldest first; one that could not pay is looked at again
    when there is money.
    """
    known = Review.objects.filter(
        order=OuterRef("pk"), kind=ReviewKind.UNPAID_POSTS, closed_at=None
    )
    purse = Account.objects.filter(
        owner=OuterRef("user"), balance__gte=OuterRef("price") - F("credit_limit")
    )
    orders = Order.objects.filter(subscription__owed__gt=0).exclude(status=Status.PARTIAL)
    return list(
        orders.filter(~Exists(known) | Exists(purse))
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
    order = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user", "service")
        .get(pk=order_id)
    )
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
        order.reviews.filter(kind=ReviewKind.UNPAID_POSTS, closed_at=None).update(
            closed_at=now, decision="The posts were paid since"
        )
    return tally


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
    subscription.owed -= 1
    subscription.save(update_fields=["owed"])
    order.record(kind=EventKind.POST, text=f"Post {number} charged: {plain(amount)}", now=now)


def _stop_serving(
    order: Order, subscription: Subscription, short: ledger.InsufficientFunds, now: datetime
) -> None:
    """The balance does not cover what was served: staff see it, and the provider is asked to
    serve no more.
    """
    text = (
        f"{subscription.owed} posts were served and are not paid: {short}. They are charged when there is money; "
        "closing this forgives them."
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
    Cancellation.objects.create(
        order=order,
        provider_id=order.provider_id,
        requested_by=order.user,
        requested_at=now,
        state=RequestState.APPROVED,
        decided_at=now,
        send_at=now,
    )
    text = "Cancellation requested: the balance does not cover the posts that were served"
    order.record(kind=EventKind.CANCEL, text=text, now=now)


def forgive_posts(*, order: Order, now: datetime, actor: User) -> int:
    """Let go of what was served and is not paid; returns how many posts.

    The caller holds the order's row lock.
    """
    owing = Subscription.objects.filter(order=order, owed__gt=0)
    posts = sum(owing.values_list("owed", flat=True))
    if posts:
        owing.update(owed=0)
        text = f"{posts} posts that were not paid are forgiven"
        order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
    return posts


@transaction.atomic
def count_posts(*, order: Order, posts: int, actor: User, reason: str, now: datetime) -> None:
    """A person says how many posts the provider has served that are not counted yet; they are owed
    from now on.

    Its charge so far counts as explained, and the service's present rate is the rate of the posts
    to come. Closes the doubt about it. Raises NothingToCount where there is none, or a second
    person was first.
    """
    order = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("service")
        .get(pk=order.pk)
    )
    reviews = order.reviews.filter(kind=ReviewKind.UNCOUNTED_POSTS, closed_at=None)
    if not order.is_subscription or not reviews.exists():
        raise NothingToCount("No count of posts is in doubt for this order.")
    subscription = Subscription.objects.get(order_id=order.pk)
    subscription.owed += posts
    subscription.counted = (
        order.upstream_charge if order.upstream_charge is not None else subscription.counted
    )
    subscription.save(update_fields=["owed", "counted"])
    order.rate = order.service.rate
    order.save(update_fields=["rate"])
    reviews.update(closed_at=now, closed_by=actor, decision=reason[:300])
    text = f"{posts} posts counted by hand: {reason}"
    order.record(kind=EventKind.DECISION, text=text, now=now, actor=actor, is_internal=True)
