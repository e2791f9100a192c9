"""What the provider is started with, and what may be changed while it runs."""

import argparse
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Self

BALANCE = Decimal(10000)


def amount(text: str) -> Decimal:
    """Read an amount; raises ValueError, which argparse understands, unlike Decimal's own error."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def told(default: Any, words: str) -> Any:
    """Declare an option with what `--help` says about it."""
    return field(default=default, metadata={"help": words})


@dataclass(frozen=True, slots=True)
class Options:
    """Fixed for the life of the process; a reset returns to these."""

    host: str = told(
        "127.0.0.1",
        "the address to listen on; control is answered to loopback only, whatever it is",
    )
    port: int = told(0, "the API's port; 0: a free one")
    control_port: int = told(0, "the port that only steers and never closes; 0: a free one")
    key: str = told("demo-provider-key", "our API key")
    other_key: str = told(
        "another-customers-key", "the key of somebody else, whose orders are foreign to ours"
    )
    services: int = told(60, "how many services are on sale")
    seed: int = told(1, "makes the catalog, the lots and the faults repeatable")
    speed: float = told(1.0, "provider seconds per real second; 0 stands still")
    journal: str = told("", "a file that is told everything, one JSON object a line")
    state: str = told("", "a file that keeps its state over a restart")
    currency: str = told("USD", "of all its money")
    balance: Decimal = field(default=BALANCE, metadata={"help": "what each account holds at first"})
    first_id: int = told(23501, "the number of the first order")
    partial: float = told(0.06, "the share of orders that end Partial")
    canceled: float = told(0.04, "the share of orders that end Canceled")
    jitter: float = told(0.5, "an order takes 1 ± this times the usual duration")
    until_eof: bool = told(False, "stop when standard input ends, that is, when the parent is gone")

    @classmethod
    def from_command_line(cls, arguments: list[str] | None = None) -> Self:
        """Read `--first-id 5` and the like; exits with a message when an argument is wrong."""
        parser = argparse.ArgumentParser(
            prog="python -m tests.double",
            description="A provider for tests and the demo: API v2 over real HTTP.",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        for option in fields(cls):
            flag, words = "--" + option.name.replace("_", "-"), option.metadata["help"]
            if isinstance(option.default, bool):
                parser.add_argument(flag, action="store_true", help=words)
            else:
                kind = amount if isinstance(option.default, Decimal) else type(option.default)
                parser.add_argument(
                    flag, type=kind, default=option.default, metavar="…", help=words
                )
        return cls(**vars(parser.parse_args(arguments)))


@dataclass(slots=True)
class Settings:
    """How the provider behaves; all durations in provider seconds, all shares 0…1."""

    partial_share: float = 0.0  # of the orders that no one steers
    canceled_share: float = 0.0
    gap_share: float = 0.0  # after so many of our orders, somebody else's take the next ids
    is_idempotent: bool = False  # honours Idempotency-Key
    is_one_order_a_link: bool = False  # refuses a second running order for a link
    pending: float = 15.0
    processing: float = 10.0
    delivering: float = 90.0
    cancel_delay: float = 20.0
    refill_delay: float = 20.0  # before a refill starts
    refilling: float = 60.0
    post_every: float = 600.0  # a new post of whomever a subscription follows
    jitter: float = 0.0  # an order takes 1 ± jitter of the durations above
