"""Money that moves at the same time, again, or by a hand that knows no rules."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from billing import ledger
from billing.models import Account, AccountKind, Transfer, TransferKind
from orders.lifecycle.refund import refund_up_to
from orders.placing.place_order import place_order
from orders.tracking.sweep import track_due
from tests.connected_provider import connect, mirror_service, run_order
from tests.factories import make_service, make_user
from tests.mutants.ground import Ground
from tests.mutants.status_reports import look_twice
from tests.threads import at_once

TIMES = 20
MONEY_FOR = 10
AMOUNT = Decimal(25)


def orders_at_once(ground: Ground) -> list[str]:
    """Twenty orders at one moment on money for ten: exactly ten are placed, ten are refused for
    want of money.
    """
    customer, service = make_user(balance=str(MONEY_FOR)), make_service(cost="1", price="1")

    def order(number: int) -> None:
        values = {"link": f"https://example.com/{number}", "quantity": "1000"}
        place_order(customer=customer, service=service, values=values, now=timezone.now())

    ends = _together(order)
    expected = Counter({"done": MONEY_FOR, "InsufficientFunds": TIMES - MONEY_FOR})
    wrongs = [
        f"{count} of {TIMES} orders ended as {end}"
        for end, count in sorted((ends - expected).items())
    ]
    return wrongs + _wrong_balance(customer, Decimal(0)) + ground.wrongs()


def payment_reported_again(ground: Ground) -> list[str]:
    """A gateway reports one payment twenty times at once."""
    customer = make_user()

    def report(_number: int) -> None:
        ledger.top_up(
            customer=customer, amount=AMOUNT, gateway="cards", payment_id="p-1", now=timezone.now()
        )

    ends = _together(report)
    wrongs = [
        f"{count} reports ended as {end}" for end, count in sorted(ends.items()) if end != "done"
    ]
    return wrongs + _wrong_balance(customer, AMOUNT) + ground.wrongs()


def careless_hands(ground: Ground) -> list[str]:
    """Six statements that forget the ledger's rules, as a console or a new door might run them."""
    customer = make_user(balance=str(AMOUNT))
    wallet, kept = Account.objects.filter(owner=customer), Transfer.objects.all()
    hands: dict[str, Callable[[], object]] = {
        "a balance was changed": lambda: wallet.update(balance=F("balance") + 5),
        "a balance was changed one step on": lambda: wallet.update(
            balance=F("balance") + 5, seq=F("seq") + 1
        ),
        "an amount was changed": lambda: kept.update(amount=F("amount") + 1),
        "a transfer was made that moved no wallet": lambda: _book_beside(customer),
        "a wallet was opened with money in it": lambda: _open_filled(make_user()),
        "the transfers were deleted": kept.delete,
    }
    wrongs = [f"{what}, and nobody objected" for what, hand in hands.items() if _is_taken(hand)]
    return wrongs + _wrong_balance(customer, AMOUNT) + ground.wrongs()


def refund_repeated(ground: Ground) -> list[str]:
    """A partial end is refunded, and the same refund comes again: from a message, a second
    worker, a restart.
    """
    service = mirror_service(ground.double, connect(ground.double))
    order = run_order(service)
    ground.double.set_order(order.upstream_id or "", status="Partial", remains=400)
    look_twice(track_due)
    order.refresh_from_db()
    owed = order.refunded

    again = _is_taken(lambda: refund_up_to(order=order, owed=owed, now=timezone.now()))
    return ([] if again else ["the repetition broke off"]) + ground.wrongs()


def _together(act: Callable[[int], None]) -> Counter[str]:
    """How `act(0) … act(19)` ended, begun at one moment in sessions of their own: done, or the
    error's name.
    """

    def run(number: int) -> str:
        try:
            # whoever waits for the wallet shall not give up on a busy machine
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '25s'")
            act(number)
        except (DatabaseError, ledger.LedgerError) as error:
            return type(error).__name__
        return "done"

    return Counter(at_once(run, times=TIMES))


def _is_taken(hand: Callable[[], object]) -> bool:
    try:
        hand()
    except DatabaseError:
        return False
    return True


def _wrong_balance(customer: User, expected: Decimal) -> list[str]:
    balance = Account.objects.get(owner=customer).balance
    return [] if balance == expected else [f"the wallet holds {balance}, it should be {expected}"]


def _book_beside(customer: User) -> None:
    wallet = Account.objects.get(owner=customer)
    Transfer.objects.create(
        debit=Account.objects.exclude(pk=wallet.pk).earliest("pk"),
        credit=wallet,
        amount=AMOUNT,
        kind=TransferKind.TOP_UP,
        reference="beside",
        gateway="beside",
        wallet=wallet,
        wallet_seq=wallet.seq + 1,
        balance_after=wallet.balance + AMOUNT,
        created_at=timezone.now(),
    )


def _open_filled(owner: User) -> None:
    Account.objects.create(owner=owner, kind=AccountKind.WALLET, balance=AMOUNT)
