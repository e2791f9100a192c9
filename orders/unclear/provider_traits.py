"""How a provider behaves, found out by asking about orders whose end we know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from catalog.upstream import Client, IdError, OrderStatus, Status
from catalog.upstream.error_texts import is_about_an_id
from orders import models
from orders.models import Attempt, AttemptState, Order, ProviderAccount
from orders.unclear.id_range import KnownOrder, are_rising
from orders.unclear.known_orders import id_range_of, latest_known_orders
from orders.unclear.match import STEP

SAMPLE = 45  # orders of each kind that are asked about: both kinds and the balance fit two calls
MIN_CANCELED = 3  # canceled orders of which all remains, before that is believed of others
MIN_FOLLOWERS = 2  # orders placed surely after another one, before ids are believed to grow
OLDEST = "1"  # the id of the provider's first order, hardly ever ours
GAPS = 3  # ids between two of ours that are asked about
BEYOND_CENTS = 3  # decimals: who rounds to fewer is found out when the balance does not add up
AGAIN = timedelta(days=1)
REFUNDED = {Status.CANCELED, Status.PARTIAL}
TRAITS = (
    "ids_monotonic",
    "foreign_id_is_error",
    "charge_is_net",
    "balance_exact",
    "remains_exact",
)  # of a Profile and of a ProviderAccount


@dataclass(slots=True)
class Profile:
    """What a self-test found; None: not known yet."""

    ids_monotonic: bool | None = None
    foreign_id_is_error: bool | None = None
    charge_is_net: bool | None = None
    balance_exact: bool | None = None
    remains_exact: bool | None = None
    findings: list[str] = field(default_factory=list)  # a sentence each


def is_due(account: ProviderAccount, *, now: datetime) -> bool:
    """Whether the last self-test is older than a day."""
    return account.profiled_at is None or account.profiled_at < now - AGAIN


def lacks(account: ProviderAccount) -> list[str]:
    """Why nothing may be settled automatically here; empty where nothing is lacking.

    Whether charges are net matters once an order of ours was canceled or ended partially, and is
    known by then.
    """
    needed = [
        (account.ids_monotonic, "its order ids grow with time", "its order ids do not grow"),
        (account.foreign_id_is_error, "it rejects ids that are not ours", "it shows other ids"),
        (account.balance_exact, "its balance is exact", "its balance is rounded"),
    ]
    if not account.charge_is_net and (
        account.charge_is_net is False or _refunded(account).exists()
    ):
        words = "its charges fall with refunds", "its charges do not fall with refunds"
        needed.append((account.charge_is_net, *words))
    return [
        f"not known yet whether {wanted}" if flag is None else opposite
        for flag, wanted, opposite in needed
        if not flag
    ]


def self_test(*, account: ProviderAccount, client: Client, now: datetime) -> Profile:
    """Ask about the balance, known orders and, where probing is allowed, ids that are not ours.

    Stores the result on the account; changes nothing there. Raises upstream.ProviderError.
    """
    known_orders, is_numeric = latest_known_orders(account.pk)
    profile = Profile()
    profile.ids_monotonic = _judge_ids(known_orders, profile, is_numeric=is_numeric)
    full, refunded = _sample(account)
    answers = _ask(client, [str(order.upstream_id) for order in [*full, *refunded]])
    profile.charge_is_net = _judge_charges(refunded, answers, profile)
    profile.remains_exact = _judge_remains(refunded, answers, profile)
    profile.balance_exact = _judge_balance(
        [client.balance().amount, *_earlier(account)], full, answers, profile
    )
    if account.provider.is_probe_allowed:
        profile.foreign_id_is_error = _judge_foreign(client, account, known_orders, profile)
    if profile.balance_exact is None:  # the sample was silent, but it was found exact before
        profile.balance_exact = account.balance_exact
    for name in TRAITS:
        setattr(account, name, getattr(profile, name))
    account.profile, account.profiled_at = profile.findings, now
    account.save(update_fields=[*TRAITS, "profile", "profiled_at"])
    return profile


def learn_remains(*, account: ProviderAccount, client: Client) -> None:
    """Find out from our own orders whether all of a canceled order remains, where not known yet.

    It tells lost orders apart that were canceled, as their charge cannot. Raises
    upstream.ProviderError.
    """
    canceled = _refunded(account).filter(status=models.Status.CANCELED).newest_first()[:SAMPLE]
    if account.remains_exact is None and len(canceled) >= MIN_CANCELED:
        answers = _ask(client, [str(order.upstream_id) for order in canceled])
        account.remains_exact = _judge_remains(canceled, answers, Profile())
        account.save(update_fields=["remains_exact"])


def _judge_ids(
    known_orders: Sequence[KnownOrder], profile: Profile, *, is_numeric: bool
) -> bool | None:
    if not is_numeric:
        profile.findings.append("Ids: some are not numbers.")
        return False
    is_rising = are_rising(known_orders, least=MIN_FOLLOWERS)
    words = {
        True: "each newer one has a higher id",
        False: "a newer one has a lower id",
        None: "too few to tell",
    }
    profile.findings.append(f"Ids of {len(known_orders)} orders: {words[is_rising]}.")
    return is_rising


def _refunded(account: ProviderAccount) -> models.OrderQuerySet:
    """Orders that providers refund; of a subscription the served posts stay paid."""
    ended = [models.Status.CANCELED, models.Status.PARTIAL]
    return Order.objects.filter(
        provider_id=account.pk, upstream_id__isnull=False, status__in=ended, posts=None
    )


def _sample(account: ProviderAccount) -> tuple[list[Order], list[Order]]:
    """The newest orders that should have been charged in full, and the newest that should not."""
    full = Order.objects.filter(
        provider_id=account.pk,
        upstream_id__isnull=False,
        status__in=[models.Status.RUNNING, models.Status.COMPLETED],
    )
    return list(full.newest_first()[:SAMPLE]), list(_refunded(account).newest_first()[:SAMPLE])


def _ask(client: Client, names: Sequence[str]) -> dict[str, OrderStatus]:
    answers = client.status(names).orders if names else {}
    return {name: answer for name, answer in answers.items() if isinstance(answer, OrderStatus)}


def _judge_charges(
    orders: Iterable[Order], answers: dict[str, OrderStatus], profile: Profile
) -> bool | None:
    right = wrong = 0
    for order in orders:
        answer, cost = answers.get(str(order.upstream_id)), _cost_of(order)
        if answer is None or answer.charge is None or not cost:
            continue
        is_part = 0 < (answer.remains or 0) < order.billed_quantity
        if answer.status is Status.CANCELED and (answer.charge == 0 or not is_part):
            is_net = answer.charge == 0
        elif answer.status in REFUNDED and answer.remains and order.billed_quantity > 1:
            delivered = order.billed_quantity - min(max(answer.remains, 0), order.billed_quantity)
            is_net = abs(cost * delivered / order.billed_quantity - answer.charge) <= STEP
        else:
            continue
        right, wrong = right + is_net, wrong + (not is_net)
    profile.findings.append(
        f"Charges of refunded orders: {right} fell with the refund, {wrong} did not."
    )
    return None if not right + wrong else not wrong


def _judge_remains(
    orders: Iterable[Order], answers: dict[str, OrderStatus], profile: Profile
) -> bool | None:
    """Whether a canceled order is shown with all that was bought as remaining."""
    right = wrong = 0
    for order in orders:
        answer = answers.get(str(order.upstream_id))
        if answer is not None and answer.status is Status.CANCELED:
            is_all = answer.remains == order.billed_quantity
            right, wrong = right + is_all, wrong + (not is_all)
    profile.findings.append(f"Canceled orders: all remains in {right}, not in {wrong}.")
    return False if wrong else True if right >= MIN_CANCELED else None


def _judge_balance(
    balances: Sequence[Decimal],
    orders: Iterable[Order],
    answers: dict[str, OrderStatus],
    profile: Profile,
) -> bool | None:
    """Whether a balance shows the decimals of charges, or beyond cents; one may end in 0."""
    told = [answers[name].charge for order in orders if (name := str(order.upstream_id)) in answers]
    charges = [charge for charge in told if charge is not None]
    finest = max((places(charge) for charge in charges), default=0)
    shown = max(map(places, balances))
    profile.findings.append(
        f"Decimals: up to {shown} in the balance, up to {finest} in {len(charges)} charges of ours."
    )
    return True if charges and shown >= min(finest, BEYOND_CENTS) else None


def _earlier(account: ProviderAccount) -> list[Decimal]:
    """Balances that were read before."""
    newest = models.Baseline.objects.filter(provider_id=account.pk).order_by("-pk").first()
    earlier = [account.provider.balance, newest.balance if newest else None]
    return [balance for balance in earlier if balance is not None]


def _judge_foreign(
    client: Client, account: ProviderAccount, known_orders: Sequence[KnownOrder], profile: Profile
) -> bool | None:
    names = [
        name for name in [OLDEST, *_gaps(account, known_orders)] if not _is_ours(account, name)
    ]
    answers = client.status(names).orders if names else {}
    errors = [
        name
        for name, answer in answers.items()
        if isinstance(answer, IdError) and is_about_an_id(answer.text)
    ]
    shown = [name for name, answer in answers.items() if isinstance(answer, OrderStatus)]
    profile.findings.append(
        f"Ids that are not ours ({', '.join(names)}): {len(errors)} are an error, {len(shown)} are"
        " shown to us."
    )
    # one in a gap may be an order of ours that we lost
    if OLDEST in shown or len(shown) > len(errors):
        return False
    return True if errors else None


def _gaps(account: ProviderAccount, known_orders: Sequence[KnownOrder]) -> list[str]:
    """Ids right after orders of ours that are most likely other people's.

    Only from before the oldest unclear order: a later one may be a lost order of ours.
    """
    unclear = Attempt.objects.sent_or_unknown().filter(provider_id=account.pk)
    oldest = unclear.order_by("sent_at").first()
    ceiling = id_range_of(oldest).lower if oldest else None
    if oldest and ceiling is None:
        return []
    numbers = sorted(
        order.upstream_id
        for order in known_orders
        if ceiling is None or order.upstream_id <= ceiling
    )
    gaps = [low + 1 for low, high in pairwise(numbers) if high - low > 1]
    return [str(number) for number in gaps[-GAPS:]]


def _is_ours(account: ProviderAccount, name: str) -> bool:
    return Order.objects.filter(provider_id=account.pk, upstream_id=name).exists()


def _cost_of(order: Order) -> Decimal | None:
    """What the order should have been charged in full, provider's currency."""
    placed = order.attempts.filter(state__in=[AttemptState.ACCEPTED, AttemptState.PLACED])
    return placed.order_by("-pk").values_list("cost", flat=True).first()


def places(amount: Decimal) -> int:
    """How many decimals an amount needs."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
